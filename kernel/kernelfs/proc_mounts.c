/*
 * /proc/<pid>/mounts, mountinfo and mountstats: the mount table as text. All processes see the same table, with paths as seen from the
 * reader's root.
 */
#include "fs/mount.h"
#include "kernelfs/proc_internal.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "memory/heap.h"
#include "process/process.h"
#include "uapi/device_number.h"
#include "uapi/limits.h"
#include "uapi/mount.h"

struct mounts_visit {
    struct text_buffer *text;
    uint64_t *cursor; /* the number of the last mount that was told */
    bool has_more;    /* the next one did not fit */
    struct fs_context context;
    char *buffer;      /* PATH_MAX bytes: where the mount stands, then its options */
    char *root_buffer; /* the same: what of its file system stands there; */
    void (*add_line)(struct mounts_visit *visit, const struct mount *mount);
};

static const struct {
    unsigned long flag;
    const char *text;
} mount_options[] = {
    {MS_NOSUID, ",nosuid"},           {MS_NODEV, ",nodev"},           {MS_NOEXEC, ",noexec"},
    {MS_NOATIME, ",noatime"},         {MS_NODIRATIME, ",nodiratime"}, {MS_RELATIME, ",relatime"},
    {MS_NOSYMFOLLOW, ",nosymfollow"},
};

/* White space and backslashes are written in octal, so that fields stay fields. */
static void add_escaped(struct text_buffer *text, const char *string)
{
    for (; *string != '\0'; string++) {
        if (*string == ' ' || *string == '\t' || *string == '\n' || *string == '\\') {
            text_format(text, "\\%03o", (unsigned)*string);
        } else {
            text_add_char(text, *string);
        }
    }
}

static void add_options(struct text_buffer *text, unsigned long flags)
{
    text_add_string(text, (flags & MS_RDONLY) != 0 ? "ro" : "rw");
    for (size_t i = 0; i < sizeof(mount_options) / sizeof(mount_options[0]); i++) {
        if ((flags & mount_options[i].flag) != 0) {
            text_add_string(text, mount_options[i].text);
        }
    }
}

static void add_file_system_options(struct mounts_visit *visit, const struct mount *mount)
{
    visit->buffer[0] = '\0';
    if (mount->file_system->ops->describe != NULL) {
        mount->file_system->ops->describe(mount->file_system, visit->buffer, PATH_MAX);
    }
    if (visit->buffer[0] != '\0') {
        text_add_char(visit->text, ',');
        text_add_string(visit->text, visit->buffer);
    }
}

/* Where it stands, into the buffer. False: not reachable from the reader's root. */
static bool describe_place(struct mounts_visit *visit, struct mount *mount)
{
    const struct path top = {.mount = mount, .entry = mount->root};
    long length = path_describe(&top, &visit->context.root, visit->buffer, PATH_MAX, false);
    return length >= 0 && visit->buffer[0] == '/';
}

static void add_mounts_line(struct mounts_visit *visit, const struct mount *mount)
{
    add_escaped(visit->text, mount->source);
    text_add_char(visit->text, ' ');
    add_escaped(visit->text, visit->buffer);
    text_format(visit->text, " %s ", mount->file_system->type->name);
    add_options(visit->text, mount_flags(mount));
    add_file_system_options(visit, mount);
    text_add_string(visit->text, " 0 0\n");
}

static void add_mountinfo_line(struct mounts_visit *visit, const struct mount *mount)
{
    uint64_t device = mount->file_system->device_number;
    text_format(visit->text, "%d %d %u:%u ", mount->id, mount->parent_id,
                device_number_major(device), device_number_minor(device));
    add_escaped(visit->text, visit->root_buffer);
    text_add_char(visit->text, ' ');
    add_escaped(visit->text, visit->buffer);
    text_add_char(visit->text, ' ');
    add_options(visit->text, mount->flags);
    text_format(visit->text, " - %s ", mount->file_system->type->name);
    add_escaped(visit->text, mount->source);
    text_add_string(visit->text, mount->file_system->is_read_only ? " ro" : " rw");
    add_file_system_options(visit, mount);
    text_add_char(visit->text, '\n');
}

static void add_mountstats_line(struct mounts_visit *visit, const struct mount *mount)
{
    text_add_string(visit->text, "device ");
    add_escaped(visit->text, mount->source);
    text_add_string(visit->text, " mounted on ");
    add_escaped(visit->text, visit->buffer);
    text_format(visit->text, " with fstype %s\n", mount->file_system->type->name);
}

static bool visit_mount(struct mount *mount, void *context)
{
    struct mounts_visit *visit = context;
    size_t before = visit->text->used;
    if (describe_place(visit, mount) &&
        name_entry_describe(mount->root, visit->root_buffer, PATH_MAX) >= 0) {
        visit->add_line(visit, mount);
    }
    if (text_is_full(visit->text)) {
        visit->text->used = before;
        visit->has_more = true;
        return false;
    }
    *visit->cursor = (uint64_t)mount->id;
    return true;
}

static int show(uint64_t *cursor, struct text_buffer *text,
                void (*add_line)(struct mounts_visit *visit, const struct mount *mount))
{
    struct mounts_visit visit = {
        .text = text, .cursor = cursor, .add_line = add_line, .buffer = heap_alloc(2 * PATH_MAX)};
    if (visit.buffer == NULL) {
        return -ENOMEM;
    }
    visit.root_buffer = visit.buffer + PATH_MAX;
    /* One mount table, but the reader's root: what stands outside of it is left out, or its place would be told to who was shut in. */
    fs_context_begin(task_current(), &visit.context);
    mount_visit((int)*cursor, visit_mount, &visit);
    fs_context_end(&visit.context);
    heap_free(visit.buffer);
    return visit.has_more ? GENERATED_MORE : 0;
}

int proc_show_mounts(const struct generated_key *key, uint64_t *cursor, struct text_buffer *text)
{
    (void)key;
    return show(cursor, text, add_mounts_line);
}

int proc_show_mountinfo(const struct generated_key *key, uint64_t *cursor, struct text_buffer *text)
{
    (void)key;
    return show(cursor, text, add_mountinfo_line);
}

int proc_show_mountstats(const struct generated_key *key, uint64_t *cursor,
                         struct text_buffer *text)
{
    (void)key;
    return show(cursor, text, add_mountstats_line);
}
