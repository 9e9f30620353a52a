/*
 * The command line: how words are split, which ones are the kernel's, and what is left for init.
 *
 * host-sources: log/boot_parameters.c lib/string_text.c
 */
#include "support.h"

#include "arch/page.h"
#include "log/boot_parameters.h"

static void known_words_are_taken(void **state)
{
    boot_parameters_parse("console=ttyS0 init=/a rdinit=/b root=/dev/vda rootfstype=fat32 "
                          "rootflags=x rw quiet loglevel=3 panic=-1 mem=64M maxcpus=2 noapic");
    assert_string_equal(boot_parameters.console, "ttyS0");
    assert_string_equal(boot_parameters.init, "/a");
    assert_string_equal(boot_parameters.rdinit, "/b");
    assert_string_equal(boot_parameters.root, "/dev/vda");
    assert_string_equal(boot_parameters.root_fs_type, "fat32");
    assert_string_equal(boot_parameters.root_flags, "x");
    assert_false(boot_parameters.root_read_only);
    assert_true(boot_parameters.quiet);
    assert_int_equal(boot_parameters.log_level, 3);
    assert_int_equal(boot_parameters.panic_seconds, -1);
    assert_true(boot_parameters.memory_limit == 64 << 20);
    assert_int_equal(boot_parameters.max_cpus, 2);
    assert_true(boot_parameters.no_apic);
    assert_null(boot_parameters.init_arguments[0]);
    assert_null(boot_parameters.init_environment[0]);
}

static void an_empty_line_gives_the_defaults(void **state)
{
    boot_parameters_parse("  ");
    assert_null(boot_parameters.console);
    assert_true(boot_parameters.root_read_only);
    assert_int_equal(boot_parameters.log_level, -1);
    assert_int_equal(boot_parameters.max_cpus, CPU_MAX);
    assert_true(boot_parameters.memory_limit == 0);
}

static void unknown_words_go_to_init(void **state)
{
    boot_parameters_parse("single COLOR=red some.module=1 COLOR=blue -- root=/x last");
    assert_string_equal(boot_parameters.init_arguments[0], "single");
    assert_string_equal(boot_parameters.init_arguments[1], "root=/x");
    assert_string_equal(boot_parameters.init_arguments[2], "last");
    assert_null(boot_parameters.init_arguments[3]);
    assert_string_equal(boot_parameters.init_environment[0], "COLOR=blue");
    assert_null(boot_parameters.init_environment[1]);
    assert_null(boot_parameters.root);
}

static void a_dot_in_the_value_is_no_module_word(void **state)
{
    boot_parameters_parse("SERVER=10.0.0.2 a.b a.c=d.e");
    assert_string_equal(boot_parameters.init_environment[0], "SERVER=10.0.0.2");
    assert_null(boot_parameters.init_arguments[0]);
    assert_string_equal(boot_parameter_find("a.c"), "d.e");
    assert_null(boot_parameter_find("a.b"));
    assert_null(boot_parameter_find("a"));
}

static void quotes_group_and_vanish(void **state)
{
    boot_parameters_parse("X=\"two words\" \"bare word\" Y=\"\"");
    assert_string_equal(boot_parameters.init_environment[0], "X=two words");
    assert_string_equal(boot_parameters.init_arguments[0], "bare word");
    assert_string_equal(boot_parameters.init_environment[1], "Y=");
}

static void naming_init_drops_the_arguments_before_it(void **state)
{
    boot_parameters_parse("first init=/bin/sh second");
    assert_string_equal(boot_parameters.init_arguments[0], "second");
    assert_null(boot_parameters.init_arguments[1]);
}

static void sizes_take_suffixes_and_nonsense_is_ignored(void **state)
{
    boot_parameters_parse("mem=0x1000k");
    assert_true(boot_parameters.memory_limit == 4 << 20);
    boot_parameters_parse("mem=2G");
    assert_true(boot_parameters.memory_limit == 2ull << 30);
    boot_parameters_parse("mem=abc loglevel=x panic=99999999999 maxcpus=0");
    assert_true(boot_parameters.memory_limit == 0);
    assert_int_equal(boot_parameters.log_level, -1);
    assert_int_equal(boot_parameters.panic_seconds, 0);
    assert_int_equal(boot_parameters.max_cpus, 1);
}

static void too_many_words_are_dropped_without_harm(void **state)
{
    char line[4096] = "";
    for (int i = 0; i < 300; i++) {
        snprintf(line + strlen(line), sizeof(line) - strlen(line), "w%d K%d=1 ", i, i);
    }
    boot_parameters_parse(line);
    assert_string_equal(boot_parameters.init_arguments[BOOT_INIT_ARGUMENTS_MAX - 1], "w63");
    assert_null(boot_parameters.init_arguments[BOOT_INIT_ARGUMENTS_MAX]);
    assert_null(boot_parameters.init_environment[BOOT_INIT_ENVIRONMENT_MAX]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_words_are_taken),
        cmocka_unit_test(an_empty_line_gives_the_defaults),
        cmocka_unit_test(unknown_words_go_to_init),
        cmocka_unit_test(a_dot_in_the_value_is_no_module_word),
        cmocka_unit_test(quotes_group_and_vanish),
        cmocka_unit_test(naming_init_drops_the_arguments_before_it),
        cmocka_unit_test(sizes_take_suffixes_and_nonsense_is_ignored),
        cmocka_unit_test(too_many_words_are_dropped_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
