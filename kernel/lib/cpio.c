/*
 * The newc reader. Each state has a function that takes some of the bytes at hand; `collected`
 * gathers what must be whole before it can be read (a header; a name, with a symbolic link's text
 * behind it). Offsets count from the archive's start, and header, name and body each end on a
 * multiple of four.
 */
#include "lib/cpio.h"

#include "lib/assert.h"
#include "lib/cpio_internal.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "uapi/stat.h"

#define FIELD_SIZE 8
#define MAGIC_SIZE 6

/* The header's fields of eight hexadecimal digits, in their order. */
enum cpio_field {
    FIELD_INODE,
    FIELD_MODE,
    FIELD_UID,
    FIELD_GID,
    FIELD_LINK_COUNT,
    FIELD_MTIME,
    FIELD_SIZE_OF_BODY,
    FIELD_DEVICE_MAJOR,
    FIELD_DEVICE_MINOR,
    FIELD_RDEV_MAJOR,
    FIELD_RDEV_MINOR,
    FIELD_SIZE_OF_NAME,
    FIELD_CHECKSUM,
    FIELD_COUNT
};
_Static_assert(MAGIC_SIZE + FIELD_SIZE * FIELD_COUNT == CPIO_HEADER_SIZE, "newc header");

void cpio_init(struct cpio_parser *parser, const struct cpio_ops *ops, void *context)
{
    memset(parser, 0, offsetof(struct cpio_parser, collected));
    parser->ops = ops;
    parser->context = context;
    parser->state = CPIO_BETWEEN;
}

void cpio_fini(struct cpio_parser *parser)
{
    cpio_links_forget(parser);
}

void cpio_set_offset(struct cpio_parser *parser, uint64_t offset)
{
    assert(parser->state == CPIO_BETWEEN);
    parser->offset = offset;
}

static int fail(struct cpio_parser *parser, const char *problem)
{
    parser->problem = problem;
    return -EINVAL;
}

static void collect(struct cpio_parser *parser, enum cpio_state state, size_t size)
{
    assert(size > 0 && size < sizeof(parser->collected));
    parser->state = state;
    parser->collect_size = size;
    parser->collect_used = 0;
}

static bool is_regular(const struct cpio_parser *parser)
{
    return S_ISREG(parser->entry.mode);
}

/* What is left before the next header is passed over. */
static void skip_to_next(struct cpio_parser *parser)
{
    assert(parser->offset <= parser->next_header);
    parser->state = parser->offset == parser->next_header ? CPIO_BETWEEN : CPIO_SKIP;
}

/* --- header --- */

/*
 * Eight hexadecimal digits at once, one a byte. They count where they read the same when they are
 * written again in small letters; if not, *value is untouched.
 */
static bool read_digits(const char *text, uint32_t *value)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t word;
    memcpy(&word, text, sizeof(word));
    uint64_t small = word | (word >> 1 & 0x20 * ones);
    uint64_t digits = ((word & 0xF * ones) + (word >> 6 & ones) * 9) & 0xF * ones;
    uint64_t is_letter = (digits + 6 * ones) >> 4 & ones;
    if (small != digits + '0' * ones + is_letter * ('a' - '9' - 1)) {
        return false;
    }
    digits = __builtin_bswap64(digits);
    digits = (digits | digits >> 4) & 0x00FF00FF00FF00FF;
    digits = (digits | digits >> 8) & 0x0000FFFF0000FFFF;
    *value = (uint32_t)(digits | digits >> 16);
    return true;
}

/* As Linux does, reading stops at the first character that is no digit. */
static uint32_t read_field(const struct cpio_parser *parser, enum cpio_field field)
{
    const char *text = parser->collected + MAGIC_SIZE + (size_t)field * FIELD_SIZE;
    char digits[FIELD_SIZE + 1] = {0};
    uint32_t whole;
    uint64_t value = 0;
    if (read_digits(text, &whole)) {
        return whole;
    }
    memcpy(digits, text, FIELD_SIZE);
    return string_to_u64(digits, 16, &value, NULL) == 0 ? (uint32_t)value : 0;
}

static void read_entry(struct cpio_parser *parser)
{
    parser->entry = (struct cpio_entry){
        .name = parser->collected,
        .inode = read_field(parser, FIELD_INODE),
        .mode = read_field(parser, FIELD_MODE),
        .uid = read_field(parser, FIELD_UID),
        .gid = read_field(parser, FIELD_GID),
        .link_count = read_field(parser, FIELD_LINK_COUNT),
        .mtime = read_field(parser, FIELD_MTIME),
        .device_major = read_field(parser, FIELD_DEVICE_MAJOR),
        .device_minor = read_field(parser, FIELD_DEVICE_MINOR),
        .rdev_major = read_field(parser, FIELD_RDEV_MAJOR),
        .rdev_minor = read_field(parser, FIELD_RDEV_MINOR),
    };
}

/* Chooses what to collect or to skip after a header; the offset stands behind it. */
static int header_done(struct cpio_parser *parser)
{
    if (memcmp(parser->collected, "070701", MAGIC_SIZE) != 0 &&
        memcmp(parser->collected, "070702", MAGIC_SIZE) != 0) {
        return fail(parser, memcmp(parser->collected, "070707", MAGIC_SIZE) == 0
                                ? "a cpio header of the old format, not newc"
                                : "no cpio header");
    }
    read_entry(parser);
    uint64_t body = read_field(parser, FIELD_SIZE_OF_BODY);
    parser->name_size = read_field(parser, FIELD_SIZE_OF_NAME);
    uint64_t name_end = ALIGN_UP(parser->offset + parser->name_size, 4);
    size_t name_space = name_end - parser->offset;
    bool is_link = S_ISLNK(parser->entry.mode);
    parser->next_header = ALIGN_UP(name_end + body, 4);
    parser->body_left = body;
    if (parser->name_size == 0 || parser->name_size > PATH_MAX || (is_link && body > PATH_MAX) ||
        (!is_link && !is_regular(parser) && body > 0)) {
        skip_to_next(parser);
    } else {
        collect(parser, CPIO_NAME, name_space + (is_link ? body : 0));
    }
    return 0;
}

/* --- name --- */

static bool may_have_links(uint32_t mode)
{
    return !S_ISDIR(mode) && !S_ISLNK(mode);
}

static int name_done(struct cpio_parser *parser)
{
    struct cpio_entry *entry = &parser->entry;
    parser->collected[parser->collect_size] = '\0';
    if (parser->collected[parser->name_size - 1] != '\0') {
        return fail(parser, "a name without its end");
    }
    if (strcmp(entry->name, "TRAILER!!!") == 0) {
        cpio_links_forget(parser);
    }
    if (strcmp(entry->name, "TRAILER!!!") == 0 || entry->name[0] == '\0') {
        skip_to_next(parser);
        return 0;
    }
    if (S_ISLNK(entry->mode)) {
        entry->link_target = parser->collected + parser->collect_size - parser->body_left;
    } else if (entry->link_count > 1 && may_have_links(entry->mode)) {
        int result = cpio_link_find_or_add(parser, &entry->hard_link);
        if (result < 0) {
            return result;
        }
    }
    entry->size = is_regular(parser) ? parser->body_left : 0;
    int result = parser->ops->entry(parser->context, entry);
    if (result < 0) {
        return result;
    }
    if (entry->size > 0) {
        parser->state = CPIO_BODY;
        return 0;
    }
    skip_to_next(parser);
    return parser->ops->entry_end(parser->context);
}

/* --- one step of each state: how many bytes it took, or an error --- */

static ssize_t step_between(struct cpio_parser *parser, const uint8_t *data, size_t size)
{
    size_t zeros = 0;
    while (zeros < size && data[zeros] == 0) {
        zeros++;
    }
    parser->offset += zeros;
    if (zeros < size && data[zeros] == '0') {
        if (parser->offset % 4 != 0) {
            return fail(parser, "a cpio header at an offset that is no multiple of four");
        }
        collect(parser, CPIO_HEADER, CPIO_HEADER_SIZE);
    }
    return (ssize_t)zeros;
}

static ssize_t step_collect(struct cpio_parser *parser, const uint8_t *data, size_t size)
{
    size_t count = MIN(size, parser->collect_size - parser->collect_used);
    memcpy(parser->collected + parser->collect_used, data, count);
    parser->collect_used += count;
    parser->offset += count;
    if (parser->collect_used < parser->collect_size) {
        return (ssize_t)count;
    }
    int result = parser->state == CPIO_HEADER ? header_done(parser) : name_done(parser);
    return result < 0 ? result : (ssize_t)count;
}

static ssize_t step_body(struct cpio_parser *parser, const uint8_t *data, size_t size)
{
    assert(parser->body_left > 0);
    size_t count = MIN(size, parser->body_left);
    int result = parser->ops->data(parser->context, data, count);
    if (result < 0) {
        return result;
    }
    parser->offset += count;
    parser->body_left -= count;
    if (parser->body_left == 0) {
        skip_to_next(parser);
        result = parser->ops->entry_end(parser->context);
    }
    return result < 0 ? result : (ssize_t)count;
}

static ssize_t step_skip(struct cpio_parser *parser, const uint8_t *data, size_t size)
{
    (void)data;
    size_t count = MIN(size, parser->next_header - parser->offset);
    parser->offset += count;
    skip_to_next(parser);
    return (ssize_t)count;
}

static ssize_t step_failed(struct cpio_parser *parser, const uint8_t *data, size_t size)
{
    (void)parser;
    (void)data;
    (void)size;
    return -EINVAL;
}

ssize_t cpio_feed(struct cpio_parser *parser, const uint8_t *data, size_t size)
{
    static ssize_t (*const steps[])(struct cpio_parser *, const uint8_t *, size_t) = {
        [CPIO_BETWEEN] = step_between, [CPIO_HEADER] = step_collect, [CPIO_NAME] = step_collect,
        [CPIO_BODY] = step_body,       [CPIO_SKIP] = step_skip,      [CPIO_FAILED] = step_failed,
    };
    size_t taken = 0;
    while (taken < size) {
        ssize_t count = steps[parser->state](parser, data + taken, size - taken);
        if (count < 0) {
            parser->state = CPIO_FAILED;
            return count;
        }
        taken += (size_t)count;
        if (count == 0 && parser->state == CPIO_BETWEEN) {
            break;
        }
    }
    return (ssize_t)taken;
}
