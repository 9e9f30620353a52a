/*
 * /proc/<pid>/fd: a magic link per descriptor. Where the file has a path the link jumps there; pipes jump to a FIFO made of them.
 * /proc/<pid>/fdinfo: a text per descriptor about its open file.
 */
#include "file/file_lock.h"
#include "file/open_file.h"
#include "fs/vfs.h"
#include "kernelfs/proc_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "process/descriptor_table.h"
#include "process/process.h"
#include "uapi/stat.h"

/* With a reference, or NULL: there is none (any more), or it is not the caller's to see. */
static struct open_file *file_get(const struct generated_key *key)
{
    struct task *task;
    if (proc_inspect_begin(proc_key_pid(key), &task) != 0) {
        return NULL;
    }
    struct descriptor_table *table = task_descriptors_get(task);
    proc_inspect_end(task);
    if (table == NULL) {
        return NULL;
    }
    struct open_file *file = descriptor_get_foreign(table, (int)key->value[1]);
    descriptor_table_put(table);
    return file;
}

static int fd_follow(const struct generated_key *key, struct path *result)
{
    struct open_file *file = file_get(key);
    if (file == NULL) {
        return -ENOENT;
    }
    int error = 0;
    /* A jump, not a walk along the text: the file may have been removed or lie outside of the caller's root (proc(5)). */
    if (vfs_file_path(file, result)) {
        path_get(result);
    } else {
        error = vfs_anonymous_path(file, result);
    }
    open_file_put(file);
    return error;
}

/* What has no path shows its kind, as Linux writes it: pipe:[inode], anon_inode:[eventfd]. */
static long fd_read_link(const struct generated_key *key, char *text, size_t size)
{
    struct open_file *file = file_get(key);
    if (file == NULL) {
        return -ENOENT;
    }
    struct path path;
    struct uapi_stat status;
    long length;
    if (vfs_file_path(file, &path)) {
        length = path_describe(&path, NULL, text, size, true);
    } else if (file->ops->get_status != NULL && vfs_file_status(file, &status) == 0) {
        length = format_string(text, size, "%s:[%llu]", file->ops->name,
                               (unsigned long long)status.st_ino);
    } else {
        length = format_string(text, size, "anon_inode:[%s]", file->ops->name);
    }
    open_file_put(file);
    return length;
}

#define FD_LINK_ROW(rights)                                                                        \
    {                                                                                              \
        .mode = S_IFLNK | (rights), .read_link = fd_read_link, .follow = fd_follow, .size = 64     \
    }

/* The link's mode shows how the file was opened; its size is the one number that Linux gives them all. */
static const struct generated_row fd_rows[] = {
    [O_RDONLY] = FD_LINK_ROW(0500),
    [O_WRONLY] = FD_LINK_ROW(0300),
    [O_RDWR] = FD_LINK_ROW(0700),
};

static const struct generated_row *row_of(const struct generated_key *key)
{
    struct open_file *file = file_get(key);
    if (file == NULL) {
        return NULL;
    }
    unsigned mode = file->flags & O_ACCMODE;
    open_file_put(file);
    return &fd_rows[mode > O_RDWR ? O_RDWR : mode];
}

/* The number in a name, with the process's: what a child is about. */
static int child_key_of(const struct generated_key *key, const char *name, size_t length,
                        struct generated_key *child_key)
{
    int number = proc_number_from_name(name, length);
    if (number < 0) {
        return -ENOENT;
    }
    *child_key = (struct generated_key){.value = {key->value[0], (uint64_t)number}};
    return 0;
}

static int fd_look_up(const struct generated_key *key, const char *name, size_t length,
                      const struct generated_row **row, struct generated_key *child_key)
{
    if (child_key_of(key, name, length, child_key) != 0) {
        return -ENOENT;
    }
    *row = row_of(child_key);
    return *row == NULL ? -ENOENT : 0;
}

/* The cursor is the descriptor plus one, so that 0 stands for the beginning. */
static int next_number(const struct generated_key *key, uint64_t *cursor,
                       struct generated_child *child)
{
    struct descriptor_table *table = proc_descriptors_get(proc_key_pid(key));
    if (table == NULL) {
        return -ENOENT;
    }
    int number = descriptor_next(table, (int)*cursor);
    descriptor_table_put(table);
    assert(number < DESCRIPTORS_MAX);
    if (number < 0) {
        return -ENOENT;
    }
    *cursor = (uint64_t)number + 1;
    (void)format_string(child->name, sizeof(child->name), "%d", number);
    child->key = (struct generated_key){.value = {key->value[0], (uint64_t)number}};
    return 0;
}

/* What was closed in this moment is passed over. */
static int fd_next(const struct generated_key *key, uint64_t *cursor, struct generated_child *child)
{
    int error;
    do {
        error = next_number(key, cursor, child);
        child->row = error == 0 ? row_of(&child->key) : NULL;
    } while (error == 0 && child->row == NULL);
    return error;
}

static int show_fdinfo(const struct generated_key *key, struct text_buffer *text)
{
    struct open_file *file = file_get(key);
    struct descriptor_table *table = proc_descriptors_get(proc_key_pid(key));
    if (file != NULL && table != NULL) {
        int flag = descriptor_get_flag(table, (int)key->value[1]);
        struct path path;
        struct uapi_stat status;
        bool has_path = vfs_file_path(file, &path);
        bool has_status = vfs_file_status(file, &status) == 0;
        text_format(
            text, "pos:\t%lld\nflags:\t0%o\nmnt_id:\t%d\nino:\t%llu\n", (long long)file->position,
            file->flags | (flag == FD_CLOEXEC ? (unsigned)O_CLOEXEC : 0),
            has_path ? path.mount->id : 0, has_status ? (unsigned long long)status.st_ino : 0);
        struct proc_locks_text locks = {.text = text, .prefix = "lock:\t"};
        file_lock_visit_file(file, table, proc_add_lock, &locks);
        if (file->ops->describe != NULL && (file->flags & O_PATH) == 0) {
            file->ops->describe(file, text);
        }
    }
    bool was_there = file != NULL && table != NULL;
    if (file != NULL) {
        open_file_put(file);
    }
    if (table != NULL) {
        descriptor_table_put(table);
    }
    return was_there ? 0 : -ENOENT;
}

static const struct generated_row fdinfo_row = {.mode = S_IFREG | 0444, .show = show_fdinfo};

static int fdinfo_look_up(const struct generated_key *key, const char *name, size_t length,
                          const struct generated_row **row, struct generated_key *child_key)
{
    if (child_key_of(key, name, length, child_key) != 0) {
        return -ENOENT;
    }
    *row = &fdinfo_row;
    return row_of(child_key) == NULL ? -ENOENT : 0;
}

static int fdinfo_next(const struct generated_key *key, uint64_t *cursor,
                       struct generated_child *child)
{
    child->row = &fdinfo_row;
    return next_number(key, cursor, child);
}

/* A number may mean another file at each look, and asking would sleep: names are never kept. */
static bool fd_is_valid(const struct generated_key *key)
{
    (void)key;
    return false;
}

static const struct generated_row no_rows[] = {{0}};

const struct generated_directory proc_fd_directory = {
    .rows = no_rows, .look_up = fd_look_up, .next = fd_next, .is_valid = fd_is_valid};
const struct generated_directory proc_fdinfo_directory = {
    .rows = no_rows, .look_up = fdinfo_look_up, .next = fdinfo_next, .is_valid = fd_is_valid};
