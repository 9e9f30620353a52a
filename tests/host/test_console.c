/*
 * Which terminal console= makes /dev/console, and which ones show the log.
 *
 * host-sources: device/console.c
 */
#include "support.h"

#include "device/terminal.h"
#include "log/boot_parameters.h"

struct boot_parameters boot_parameters;

void terminal_get(struct terminal *terminal)
{
    terminal->references.count.value++;
}

void terminal_put(struct terminal *terminal)
{
    assert_true(--terminal->references.count.value > 0);
}

static struct terminal serial, screen;

static void start(const char *first, const char *second)
{
    struct terminal *last = terminal_console();
    boot_parameters.consoles[0] = first;
    boot_parameters.consoles[1] = second;
    boot_parameters.console_count = (first != NULL) + (second != NULL);
    strcpy(serial.name, "ttyS0");
    strcpy(screen.name, "tty1");
    serial.references.count.value = screen.references.count.value = 1;
    if (last != NULL) {
        last->references.count.value++;
    }
}

/* console.c keeps what it chose: each test runs as a process of its own would, in the order below. */
static void without_a_choice_the_first_one_stays(void **state)
{
    start(NULL, NULL);
    assert_null(terminal_console());
    terminal_set_console(&serial);
    terminal_set_console(&screen);
    assert_ptr_equal(terminal_console(), &serial);
    assert_true(console_takes_log(&serial));
    assert_true(console_takes_log(&screen));
    assert_false(console_is_chosen());
}

static void one_that_is_named_replaces_one_that_is_not(void **state)
{
    start("tty0", NULL);
    terminal_set_console(&screen);
    assert_ptr_equal(terminal_console(), &screen);
    assert_int_equal(serial.references.count.value, 1);
    assert_true(console_is_chosen());
    assert_true(console_takes_log(&screen));
    assert_false(console_takes_log(&serial));
}

static void the_last_one_named_is_the_console_and_all_show_the_log(void **state)
{
    start("tty1", "ttyS0,115200n8");
    terminal_set_console(&serial);
    terminal_set_console(&screen);
    assert_ptr_equal(terminal_console(), &serial);
    assert_true(console_takes_log(&serial));
    assert_true(console_takes_log(&screen));
}

static void a_name_that_is_longer_is_another_one(void **state)
{
    start("ttyS01", "tty12");
    assert_false(console_takes_log(&screen));
    assert_true(console_takes_log(&serial)); /* being the console, for want of another */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_choice_the_first_one_stays),
        cmocka_unit_test(one_that_is_named_replaces_one_that_is_not),
        cmocka_unit_test(the_last_one_named_is_the_console_and_all_show_the_log),
        cmocka_unit_test(a_name_that_is_longer_is_another_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
