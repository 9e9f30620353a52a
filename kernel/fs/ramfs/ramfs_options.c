// tmpfs's mount options, from text and back: see tmpfs(5) of the manual pages.
#include "fs/ramfs/ramfs.h"

#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "lib/text.h"
#include "memory/frame.h"

enum { TMPFS_ENTRY_BYTES = 20, TMPFS_ROOT_MODE = 01777, OPTION_BYTES_MAX = 64 };

void ramfs_parameters_default(struct ramfs_parameters *parameters)
{
    *parameters = (struct ramfs_parameters){
        .max_pages = frame_total_count() / 2,
        .max_inodes = frame_total_count() / 2,
        .root_mode = TMPFS_ROOT_MODE,
        .entry_bytes = TMPFS_ENTRY_BYTES,
    };
}

// ---- reading ------------------------------------------------------------------------------------

// A number with the letters k, m, g, t, p, e behind it.
static int option_read_scaled(const char *text, uint64_t *value, const char **end)
{
    static const char letters[] = "kmgtpe";
    int error = string_to_u64(text, 0, value, end);
    if (error != 0) {
        return -EINVAL;
    }
    char letter = (char)(**end | 0x20);
    const char *found = letter != '\0' && **end != '\0' ? strchr(letters, letter) : NULL;
    if (found != NULL && **end != '%') {
        unsigned shift = 10 * (unsigned)(found - letters + 1);
        if (*value > UINT64_MAX >> shift) {
            return -EINVAL;
        }
        *value <<= shift;
        (*end)++;
    }
    return 0;
}

static int option_set_size(struct ramfs_parameters *parameters, const char *text)
{
    uint64_t bytes;
    const char *end;
    if (option_read_scaled(text, &bytes, &end) != 0) {
        return -EINVAL;
    }
    if (*end == '%') {
        bytes = frame_total_count() * PAGE_SIZE / 100 * bytes;
        end++;
    }
    parameters->max_pages = bytes / PAGE_SIZE + (bytes % PAGE_SIZE != 0);
    return *end == '\0' ? 0 : -EINVAL;
}

static int option_set_count(uint64_t *count, const char *text)
{
    const char *end;
    int error = option_read_scaled(text, count, &end);
    return error == 0 && *end == '\0' ? 0 : -EINVAL;
}

static int option_set_blocks(struct ramfs_parameters *parameters, const char *text)
{
    return option_set_count(&parameters->max_pages, text);
}

static int option_set_inodes(struct ramfs_parameters *parameters, const char *text)
{
    return option_set_count(&parameters->max_inodes, text);
}

static int option_read_word(const char *text, unsigned base, uint32_t *word)
{
    uint64_t value;
    const char *end;
    if (string_to_u64(text, base, &value, &end) != 0 || *end != '\0' || value >= UINT32_MAX) {
        return -EINVAL;
    }
    *word = (uint32_t)value;
    return 0;
}

static int option_set_mode(struct ramfs_parameters *parameters, const char *text)
{
    uint32_t mode;
    int error = option_read_word(text, 8, &mode);
    if (error == 0) {
        parameters->root_mode = mode & S_IALLUGO;
    }
    return error;
}

static int option_set_uid(struct ramfs_parameters *parameters, const char *text)
{
    return option_read_word(text, 10, &parameters->uid);
}

static int option_set_gid(struct ramfs_parameters *parameters, const char *text)
{
    return option_read_word(text, 10, &parameters->gid);
}

static int option_ignore(struct ramfs_parameters *parameters, const char *text)
{
    (void)parameters, (void)text;
    return 0;
}

static const struct option_row {
    const char *name; // with '=' where a value follows
    int (*set)(struct ramfs_parameters *parameters, const char *text);
} option_rows[] = {
    {"size=", option_set_size},        {"nr_blocks=", option_set_blocks},
    {"nr_inodes=", option_set_inodes}, {"mode=", option_set_mode},
    {"uid=", option_set_uid},          {"gid=", option_set_gid},
    {"huge=", option_ignore},          {"mpol=", option_ignore},
    {"inode64", option_ignore},        {"inode32", option_ignore},
};

static int option_apply(const char *option, struct ramfs_parameters *parameters)
{
    for (size_t i = 0; i < ARRAY_SIZE(option_rows); i++) {
        const struct option_row *row = &option_rows[i];
        size_t length = strlen(row->name);
        bool has_value = row->name[length - 1] == '=';
        if (has_value ? string_has_prefix(option, row->name) : strcmp(option, row->name) == 0) {
            return row->set(parameters, option + length);
        }
    }
    return -EINVAL;
}

int ramfs_options_parse(const char *options, struct ramfs_parameters *parameters)
{
    while (options != NULL && *options != '\0') {
        const char *comma = strchr(options, ',');
        size_t length = comma != NULL ? (size_t)(comma - options) : strlen(options);
        char option[OPTION_BYTES_MAX];
        if (length >= sizeof(option)) {
            return -EINVAL;
        }
        memcpy(option, options, length);
        option[length] = '\0';
        int error = length > 0 ? option_apply(option, parameters) : 0;
        if (error != 0) {
            return error;
        }
        options += length + (comma != NULL ? 1 : 0);
    }
    return 0;
}

// ---- writing ------------------------------------------------------------------------------------

void ramfs_options_describe(struct file_system *file_system, char *text, size_t size)
{
    const struct ramfs_parameters *now = &ramfs_instance_of(file_system)->parameters;
    struct ramfs_parameters usual;
    ramfs_parameters_default(&usual);
    struct text_buffer out;
    text_init(&out, text, size - 1, 0);
    if (now->max_pages != usual.max_pages || now->always_describes) {
        text_format(&out, "size=%luk,", (unsigned long)(now->max_pages * (PAGE_SIZE / 1024)));
    }
    if (now->max_inodes != usual.max_inodes || now->always_describes) {
        text_format(&out, "nr_inodes=%lu,", (unsigned long)now->max_inodes);
    }
    if (now->root_mode != usual.root_mode) {
        text_format(&out, "mode=%03o,", now->root_mode);
    }
    if (now->uid != 0) {
        text_format(&out, "uid=%u,", now->uid);
    }
    if (now->gid != 0) {
        text_format(&out, "gid=%u,", now->gid);
    }
    text_add_string(&out, "inode64");
    text[out.used] = '\0';
}
