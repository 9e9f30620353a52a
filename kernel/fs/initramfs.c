// Unpacking initial RAM disks into the tree at the global root, in Linux's manner.
//
// The input is a row of archives, plain or gzip, with zero bytes between them; the reader of
// lib/cpio.h tells where one ends. Entries are made through the ordinary calls: a name that exists
// with another type is replaced, a file of the same type is overwritten, a hard link to an earlier
// entry is linked. Times of directories are set at the end, when nothing is made in them any more.
//
// What Linux has in its built-in archive (/dev, /dev/console, /root) is there first.
#include "fs/initramfs.h"

#include "fs/vfs.h"
#include "lib/cpio.h"
#include "lib/errno.h"
#include "lib/inflate.h"
#include "lib/list.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "log/log.h"
#include "memory/heap.h"
#include "uapi/device_number.h"

struct directory_time {
    struct list_head link;
    int64_t modify_seconds;
    char name[];
};

struct initramfs {
    struct cpio_parser parser;
    struct open_file *file;       // being filled, or NULL
    uint64_t written;             // bytes of it
    int64_t modify_seconds;       // of the present entry
    struct list_head directories; // struct directory_time, oldest first
    char name[PATH_MAX];          // of the present entry, for messages
};

// ---- small calls by name ------------------------------------------------------------------------

static int entry_walk(const char *name, struct path *path)
{
    return walk_path(&fs_context_kernel, NULL, name, 0, path);
}

static int path_set_owner_and_mode(const struct path *path, const struct cpio_entry *entry)
{
    int error = vfs_change_owner(&fs_context_kernel, path, entry->uid, entry->gid);
    if (error == 0 && !S_ISLNK(entry->mode)) {
        error = vfs_change_mode(&fs_context_kernel, path, entry->mode & S_IALLUGO);
    }
    return error;
}

static int path_set_time(const struct path *path, int64_t seconds)
{
    struct file_time time = {seconds, 0};
    return vfs_change_times(&fs_context_kernel, path, &time, 0, &time, 0);
}

// Owner, mode and time of what was just made.
static int entry_finish_name(const struct cpio_entry *entry, bool with_time)
{
    struct path path;
    int error = entry_walk(entry->name, &path);
    if (error != 0) {
        return error;
    }
    error = path_set_owner_and_mode(&path, entry);
    if (error == 0 && with_time) {
        error = path_set_time(&path, entry->mtime);
    }
    path_put(&path);
    return error;
}

// Takes away what stands under the name with another type (links: with any).
static void entry_clear_name(const struct cpio_entry *entry)
{
    struct path path;
    if (entry_walk(entry->name, &path) != 0) {
        return;
    }
    uint32_t mode = path_vnode(&path)->mode;
    path_put(&path);
    if (((mode ^ entry->mode) & S_IFMT) == 0 && !S_ISLNK(entry->mode)) {
        return;
    }
    int error = S_ISDIR(mode) ? vfs_rmdir(&fs_context_kernel, NULL, entry->name)
                              : vfs_unlink(&fs_context_kernel, NULL, entry->name);
    if (error != 0) {
        log_debug("initramfs: %s stays in the way (%d)", entry->name, -error);
    }
}

// ---- kinds of entries ---------------------------------------------------------------------------

static int entry_link(const struct cpio_entry *entry)
{
    int error = vfs_unlink(&fs_context_kernel, NULL, entry->name);
    if (error != 0 && error != -ENOENT) {
        return error;
    }
    return vfs_link(&fs_context_kernel, NULL, entry->hard_link, NULL, entry->name, 0);
}

// A hard link opens what it names; its own body, if it has one, is the contents of both.
static int entry_regular(struct initramfs *unpack, const struct cpio_entry *entry)
{
    int error = entry->hard_link != NULL ? entry_link(entry) : 0;
    if (error != 0) {
        return error;
    }
    bool keeps_contents = entry->hard_link != NULL && entry->size == 0;
    unsigned flags = O_WRONLY | O_CREAT | O_LARGEFILE | (keeps_contents ? 0 : O_TRUNC);
    error = vfs_open(&fs_context_kernel, NULL, entry->name, flags, entry->mode & S_IALLUGO,
                     &unpack->file);
    if (error != 0) {
        unpack->file = NULL;
        return error;
    }
    unpack->written = 0;
    struct path path;
    if (vfs_file_path(unpack->file, &path)) {
        error = path_set_owner_and_mode(&path, entry);
    }
    return error;
}

static int entry_directory(struct initramfs *unpack, const struct cpio_entry *entry)
{
    int error = vfs_make_directory(&fs_context_kernel, NULL, entry->name, entry->mode & S_IALLUGO);
    if (error != 0 && error != -EEXIST) {
        return error;
    }
    error = entry_finish_name(entry, false);
    size_t bytes = strlen(entry->name) + 1;
    struct directory_time *time = heap_alloc(sizeof(*time) + bytes);
    if (error != 0 || time == NULL) {
        heap_free(time);
        return error != 0 ? error : -ENOMEM;
    }
    time->modify_seconds = entry->mtime;
    memcpy(time->name, entry->name, bytes);
    list_add_tail(&unpack->directories, &time->link);
    return 0;
}

static int entry_special(const struct cpio_entry *entry)
{
    if (entry->hard_link != NULL) {
        return entry_link(entry);
    }
    uint64_t device = device_number_make(entry->rdev_major, entry->rdev_minor);
    int error = vfs_make_node(&fs_context_kernel, NULL, entry->name, entry->mode, device);
    return error == 0 || error == -EEXIST ? entry_finish_name(entry, true) : error;
}

// Names are seldom taken, so the link is tried before anything is cleared away.
static int entry_symlink(const struct cpio_entry *entry)
{
    int error = vfs_symlink(&fs_context_kernel, entry->link_target, NULL, entry->name);
    if (error == -EEXIST) {
        entry_clear_name(entry);
        error = vfs_symlink(&fs_context_kernel, entry->link_target, NULL, entry->name);
    }
    return error == 0 ? entry_finish_name(entry, true) : error;
}

// ---- the reader's callbacks ---------------------------------------------------------------------

// One entry that cannot be made does not end the archive: it is named in the log, its body goes
// nowhere.
static int unpack_entry(void *context, const struct cpio_entry *entry)
{
    struct initramfs *unpack = context;
    unpack->modify_seconds = entry->mtime;
    (void)strscpy(unpack->name, entry->name, sizeof(unpack->name));
    if (!S_ISLNK(entry->mode)) {
        entry_clear_name(entry);
    }
    int error = 0;
    switch (entry->mode & S_IFMT) {
    case S_IFREG: error = entry_regular(unpack, entry); break;
    case S_IFDIR: error = entry_directory(unpack, entry); break;
    case S_IFLNK: error = entry_symlink(entry); break;
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK: error = entry_special(entry); break;
    default: break;
    }
    if (error != 0) {
        log_warning("initramfs: %s: error %d", entry->name, -error);
    }
    return error == -ENOMEM || error == -ENOSPC ? error : 0;
}

static int unpack_data(void *context, const uint8_t *bytes, size_t size)
{
    struct initramfs *unpack = context;
    if (unpack->file == NULL) {
        return 0;
    }
    struct io_iter iter;
    io_iter_init_kernel(&iter, (void *)(uintptr_t)bytes, size);
    ssize_t done = file_write_at(unpack->file, &iter, unpack->written);
    if (done < 0 || (size_t)done != size) {
        int error = done < 0 ? (int)done : -ENOSPC;
        log_error("initramfs: %s: writing failed, error %d", unpack->name, -error);
        return error;
    }
    unpack->written += size;
    return 0;
}

static int unpack_entry_end(void *context)
{
    struct initramfs *unpack = context;
    struct path path;
    if (unpack->file == NULL) {
        return 0;
    }
    int error =
        vfs_file_path(unpack->file, &path) ? path_set_time(&path, unpack->modify_seconds) : 0;
    open_file_put(unpack->file);
    unpack->file = NULL;
    return error;
}

static const struct cpio_ops unpack_ops = {
    .entry = unpack_entry,
    .data = unpack_data,
    .entry_end = unpack_entry_end,
    .alloc = heap_alloc,
    .free = heap_free,
};

// Sets the directories' times, and frees the list.
static void unpack_directory_times(struct initramfs *unpack)
{
    while (!list_is_empty(&unpack->directories)) {
        struct directory_time *time =
            list_first_entry(&unpack->directories, struct directory_time, link);
        struct path path;
        if (entry_walk(time->name, &path) == 0) {
            if (path_set_time(&path, time->modify_seconds) != 0) {
                log_debug("initramfs: %s: its time cannot be set", time->name);
            }
            path_put(&path);
        }
        list_remove(&time->link);
        heap_free(time);
    }
}

// ---- the row of archives ------------------------------------------------------------------------

static int unpack_inflated(void *context, const uint8_t *bytes, size_t size)
{
    struct initramfs *unpack = context;
    ssize_t taken = cpio_feed(&unpack->parser, bytes, size);
    if (taken < 0) {
        return (int)taken;
    }
    return (size_t)taken == size ? 0 : -EINVAL;
}

static int unpack_gzip(struct initramfs *unpack, const uint8_t *data, size_t bytes,
                       size_t *consumed)
{
    struct inflate *state = heap_alloc(sizeof(*state));
    uint8_t *window = heap_alloc(INFLATE_WINDOW_SIZE);
    int error = -ENOMEM;
    *consumed = 0;
    if (state != NULL && window != NULL) {
        cpio_set_offset(&unpack->parser, 0);
        inflate_init(state, window, unpack_inflated, unpack);
        error = inflate_gzip(state, data, bytes, consumed);
    }
    heap_free(window);
    heap_free(state);
    return error;
}

// Feeds pieces, alternately plain and compressed, as they stand one behind the other.
static int unpack_all(struct initramfs *unpack, const uint8_t *data, size_t bytes)
{
    size_t offset = 0;
    while (offset < bytes) {
        ssize_t taken = cpio_feed(&unpack->parser, data + offset, bytes - offset);
        if (taken < 0) {
            return (int)taken;
        }
        offset += (size_t)taken;
        if (offset == bytes) {
            break;
        }
        if (!inflate_is_gzip(data + offset, bytes - offset)) {
            log_error("initramfs: neither newc nor gzip at offset %zu", offset);
            return -EINVAL;
        }
        size_t consumed;
        int error = unpack_gzip(unpack, data + offset, bytes - offset, &consumed);
        offset += consumed;
        if (error != 0) {
            log_error("initramfs: damaged gzip data before offset %zu", offset);
            return error;
        }
        cpio_set_offset(&unpack->parser, offset);
    }
    if (!cpio_is_between_entries(&unpack->parser)) {
        log_error("initramfs: the archive ends in the middle of an entry");
        return -EINVAL;
    }
    return 0;
}

int initramfs_make_base(void)
{
    static const struct {
        const char *name;
        uint32_t mode;
        uint64_t device;
    } rows[] = {
        {"/dev", S_IFDIR | 0755, 0},
        {"/dev/console", S_IFCHR | 0600, 0x501},
        {"/root", S_IFDIR | 0700, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint32_t mode = rows[i].mode;
        int error = S_ISDIR(mode) ? vfs_make_directory(&fs_context_kernel, NULL, rows[i].name, mode)
                                  : vfs_make_node(&fs_context_kernel, NULL, rows[i].name, mode,
                                                  rows[i].device);
        if (error != 0 && error != -EEXIST) {
            return error;
        }
    }
    return 0;
}

int initramfs_unpack(const void *data, size_t bytes)
{
    struct initramfs *unpack = heap_alloc_zeroed(sizeof(*unpack));
    if (unpack == NULL) {
        return -ENOMEM;
    }
    list_init(&unpack->directories);
    cpio_init(&unpack->parser, &unpack_ops, unpack);
    int error = initramfs_make_base();
    if (error == 0) {
        error = unpack_all(unpack, data, bytes);
    }
    if (unpack->parser.problem != NULL) {
        log_error("initramfs: %s at offset %lu", unpack->parser.problem,
                  (unsigned long)unpack->parser.offset);
    }
    if (unpack->file != NULL) {
        open_file_put(unpack->file);
    }
    unpack_directory_times(unpack);
    cpio_fini(&unpack->parser);
    heap_free(unpack);
    return error;
}
