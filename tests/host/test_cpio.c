/*
 * The newc reader: what it reports, whatever the pieces in which the archive comes.
 *
 * host-sources: lib/cpio.c lib/cpio_links.c lib/string_text.c
 */
#include "support.h"

#include "lib/cpio.h"
#include "lib/errno.h"
#include "uapi/stat.h"

/* --- an archive under construction --- */

static uint8_t archive[65536];
static size_t archive_size;

static void put(const void *bytes, size_t size)
{
    memcpy(archive + archive_size, bytes, size);
    archive_size += size;
}

static void pad(void)
{
    while (archive_size % 4) {
        archive[archive_size++] = 0;
    }
}

static void put_entry_sized(const char *name, size_t name_size, uint32_t mode, uint32_t inode,
                            uint32_t link_count, const char *body)
{
    char header[128];
    snprintf(header, sizeof(header), "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X",
             inode, mode, 1000, 100, link_count, 0x12345678, strlen(body), 8, 1, 5, 7, name_size,
             0);
    put(header, CPIO_HEADER_SIZE);
    put(name, name_size);
    pad();
    put(body, strlen(body));
    pad();
}

static void put_entry(const char *name, uint32_t mode, uint32_t inode, uint32_t links,
                      const char *body)
{
    put_entry_sized(name, strlen(name) + 1, mode, inode, links, body);
}

static void put_trailer(void)
{
    put_entry("TRAILER!!!", 0, 0, 1, "");
}

/* --- what the parser says, as text --- */

static char report[8192];
static int allocations;
static int refused_entry; /* entry() fails with this on a file named "refused" */

static void report_text(const char *text)
{
    strncat(report, text, sizeof(report) - strlen(report) - 1);
}

static int on_entry(void *context, const struct cpio_entry *entry)
{
    char line[512];
    if (strcmp(entry->name, "refused") == 0) {
        return refused_entry;
    }
    snprintf(line, sizeof(line), "%s %o%s%s%s%s (", entry->name, entry->mode,
             entry->link_target ? " -> " : "", entry->link_target ? entry->link_target : "",
             entry->hard_link ? " = " : "", entry->hard_link ? entry->hard_link : "");
    report_text(line);
    return 0;
}

static int on_data(void *context, const uint8_t *bytes, size_t size)
{
    char piece[512];
    snprintf(piece, sizeof(piece), "%.*s", (int)size, (const char *)bytes);
    report_text(piece);
    return 0;
}

static int on_entry_end(void *context)
{
    report_text(")\n");
    return 0;
}

static void *links_alloc(size_t bytes)
{
    allocations++;
    return malloc(bytes);
}

static void links_free(void *memory)
{
    allocations--;
    free(memory);
}

static const struct cpio_ops ops = {
    .entry = on_entry,
    .data = on_data,
    .entry_end = on_entry_end,
    .alloc = links_alloc,
    .free = links_free,
};

static struct cpio_parser parser;

/* Feeds the archive in pieces; the last result, or how much was taken. */
static ssize_t parse(size_t piece)
{
    size_t taken = 0;
    report[0] = '\0';
    cpio_init(&parser, &ops, NULL);
    while (taken < archive_size) {
        size_t count = archive_size - taken < piece ? archive_size - taken : piece;
        ssize_t result = cpio_feed(&parser, archive + taken, count);
        if (result < 0) {
            return result;
        }
        taken += (size_t)result;
        if ((size_t)result < count) {
            break;
        }
    }
    return (ssize_t)taken;
}

static int start(void **state)
{
    archive_size = 0;
    refused_entry = 0;
    return allocations;
}

static int stop(void **state)
{
    cpio_fini(&parser);
    return allocations;
}

/* --- tests --- */

static void all_kinds_of_entries_arrive_whole_in_pieces_of_any_size(void **state)
{
    put_entry(".", S_IFDIR | 0755, 1, 2, "");
    put_entry("bin/file", S_IFREG | 0644, 2, 1, "hello");
    put_entry("empty", S_IFREG | 0600, 3, 1, "");
    put_entry("link", S_IFLNK | 0777, 4, 1, "bin/file");
    put_entry("dev/null", S_IFCHR | 0666, 5, 1, "");
    put_trailer();
    for (size_t piece = 1; piece < 200; piece += piece < 9 ? 1 : 37) {
        assert_int_equal(parse(piece), archive_size);
        assert_string_equal(report, ". 40755 ()\nbin/file 100644 (hello)\nempty 100600 ()\n"
                                    "link 120777 -> bin/file ()\ndev/null 20666 ()\n");
        assert_true(cpio_is_between_entries(&parser));
    }
}

static void fields_of_the_header_are_passed_on(void **state)
{
    put_entry("a", S_IFREG | 0644, 77, 1, "xyz");
    parse(1000);
    assert_int_equal(parser.entry.inode, 77);
    assert_int_equal(parser.entry.uid, 1000);
    assert_int_equal(parser.entry.gid, 100);
    assert_int_equal(parser.entry.mtime, 0x12345678);
    assert_int_equal(parser.entry.size, 3);
    assert_int_equal(parser.entry.device_major, 8);
    assert_int_equal(parser.entry.rdev_minor, 7);
}

/* What the digits before the first other character say. */
static uint32_t number_before_a_foreign_character(const char *text)
{
    char digits[9] = {0};
    memcpy(digits, text, strspn(text, "0123456789abcdefABCDEF"));
    return (uint32_t)strtoul(digits, NULL, 16);
}

static void a_field_ends_at_the_first_character_that_is_no_digit(void **state)
{
    char text[] = "89aBcDeF";
    char *field = (char *)archive + 6 + 5 * 8; /* the time */
    put_entry("a", S_IFREG | 0644, 77, 1, "");
    for (size_t place = 0; place < 8; place++) {
        for (int character = 0; character < 256; character++) {
            char changed[sizeof(text)];
            memcpy(changed, text, sizeof(text));
            changed[place] = (char)character;
            memcpy(field, changed, 8);
            parse(1000);
            assert_int_equal(parser.entry.mtime, number_before_a_foreign_character(changed));
        }
    }
}

static void later_names_of_one_file_are_hard_links_to_the_first(void **state)
{
    put_entry("one", S_IFREG | 0644, 9, 3, "");
    put_entry("dir", S_IFDIR | 0755, 9, 3, "");
    put_entry("two", S_IFREG | 0644, 9, 3, "");
    put_entry("three", S_IFREG | 0644, 9, 3, "body");
    put_entry("other", S_IFREG | 0644, 9, 1, "");
    parse(64);
    assert_string_equal(report, "one 100644 ()\ndir 40755 ()\ntwo 100644 = one ()\n"
                                "three 100644 = one (body)\nother 100644 ()\n");
}

static void the_trailer_forgets_links_and_another_archive_may_follow(void **state)
{
    put_entry("one", S_IFREG | 0644, 9, 2, "");
    put_trailer();
    put("\0\0\0\0\0\0\0\0", 8);
    put_entry("two", S_IFREG | 0644, 9, 2, "");
    put_trailer();
    assert_int_equal(parse(50), archive_size);
    assert_string_equal(report, "one 100644 ()\ntwo 100644 ()\n");
    assert_int_equal(allocations, 0);
}

static void bodies_of_other_kinds_and_odd_names_are_skipped(void **state)
{
    static char long_name[PATH_MAX + 10];
    memset(long_name, 'n', sizeof(long_name) - 1);
    put_entry("pipe", S_IFIFO | 0644, 1, 1, "a fifo has no body");
    put_entry(long_name, S_IFREG | 0644, 2, 1, "x");
    put_entry("", S_IFREG | 0644, 3, 1, "y");
    put_entry_sized("", 0, S_IFREG | 0644, 4, 1, "z");
    put_entry("last", S_IFREG | 0644, 5, 1, "q");
    assert_int_equal(parse(100), archive_size);
    assert_string_equal(report, "last 100644 (q)\n");
}

static void a_foreign_byte_between_entries_stops_without_an_error(void **state)
{
    put_entry("a", S_IFREG | 0644, 1, 1, "x");
    size_t good = archive_size;
    put("\x1F\x8B", 2);
    assert_int_equal(parse(1000), good);
    assert_true(cpio_is_between_entries(&parser));
}

static void damage_is_reported_with_its_place(void **state)
{
    put_entry("a", S_IFREG | 0644, 1, 1, "x");
    size_t good = archive_size;
    put_entry("b", S_IFREG | 0644, 2, 1, "y");
    archive[good + 5] = '9';
    assert_int_equal(parse(33), -EINVAL);
    assert_string_equal(parser.problem, "no cpio header");
    assert_true(parser.offset >= good && parser.offset <= good + CPIO_HEADER_SIZE);
    assert_string_equal(report, "a 100644 (x)\n");
    assert_int_equal(cpio_feed(&parser, archive, 1), -EINVAL);
    memcpy(archive + good, "070707", 6);
    assert_int_equal(parse(33), -EINVAL);
    assert_string_equal(parser.problem, "a cpio header of the old format, not newc");
}

static void a_header_out_of_step_and_an_endless_name_are_damage(void **state)
{
    put("\0\0", 2);
    put_entry("a", S_IFREG | 0644, 1, 1, "");
    assert_int_equal(parse(1000), -EINVAL);
    archive_size = 0;
    put_entry_sized("abc", 3, S_IFREG | 0644, 1, 1, "");
    assert_int_equal(parse(1000), -EINVAL);
    assert_string_equal(parser.problem, "a name without its end");
}

static void what_a_callback_returns_stops_the_parser(void **state)
{
    put_entry("refused", S_IFREG | 0644, 1, 1, "x");
    refused_entry = -ENOSPC;
    assert_int_equal(parse(1000), -ENOSPC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_kinds_of_entries_arrive_whole_in_pieces_of_any_size,
                                        start, stop),
        cmocka_unit_test_setup_teardown(fields_of_the_header_are_passed_on, start, stop),
        cmocka_unit_test_setup_teardown(a_field_ends_at_the_first_character_that_is_no_digit, start,
                                        stop),
        cmocka_unit_test_setup_teardown(later_names_of_one_file_are_hard_links_to_the_first, start,
                                        stop),
        cmocka_unit_test_setup_teardown(the_trailer_forgets_links_and_another_archive_may_follow,
                                        start, stop),
        cmocka_unit_test_setup_teardown(bodies_of_other_kinds_and_odd_names_are_skipped, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_foreign_byte_between_entries_stops_without_an_error,
                                        start, stop),
        cmocka_unit_test_setup_teardown(damage_is_reported_with_its_place, start, stop),
        cmocka_unit_test_setup_teardown(a_header_out_of_step_and_an_endless_name_are_damage, start,
                                        stop),
        cmocka_unit_test_setup_teardown(what_a_callback_returns_stops_the_parser, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
