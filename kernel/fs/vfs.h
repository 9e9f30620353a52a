// The calls on names: what the system-call floor, the loader and the kernel shell use. `start` as
// in walk_path (NULL: working directory). Names are kernel memory. Results are 0 or -errno with
// Linux's choice and precedence of errors.
#pragma once

#include "fs/fs_context.h"
#include "fs/mount.h"
#include "fs/vnode.h"
#include "fs/walk.h"
#include "lib/compiler.h"

// open(2): `flags` O_*, `mode` permission bits for O_CREAT. One reference in *file. Also
// -ERESTARTSYS (FIFO), -ETXTBSY, -ENXIO, -ELOOP...
must_check int vfs_open(const struct fs_context *context, const struct path *start,
                        const char *name, unsigned flags, uint32_t mode, struct open_file **file);
// Opens what a path already names (magic links, O_PATH reopen, exec).
must_check int vfs_open_path(const struct fs_context *context, const struct path *path,
                             unsigned flags, struct open_file **file);
// The same for what the caller has just made: no rights are asked for.
must_check int vfs_open_made(const struct fs_context *context, const struct path *path,
                             unsigned flags, struct open_file **file);
must_check int vfs_make_node(const struct fs_context *context, const struct path *start,
                             const char *name, uint32_t mode, uint64_t device);
must_check int vfs_make_directory(const struct fs_context *context, const struct path *start,
                                  const char *name, uint32_t mode);
must_check int vfs_symlink(const struct fs_context *context, const char *target,
                           const struct path *start, const char *name);
must_check int vfs_link(const struct fs_context *context, const struct path *old_start,
                        const char *old_name, const struct path *new_start, const char *new_name,
                        unsigned walk_flags);
must_check int vfs_unlink(const struct fs_context *context, const struct path *start,
                          const char *name);
must_check int vfs_rmdir(const struct fs_context *context, const struct path *start,
                         const char *name);
must_check int vfs_rename(const struct fs_context *context, const struct path *old_start,
                          const char *old_name, const struct path *new_start, const char *new_name,
                          unsigned flags);
long vfs_read_link(const struct fs_context *context, const struct path *start, const char *name,
                   char *text, size_t size);

// What statx shows beyond stat, of a file with a path.
struct vfs_extra_status {
    struct file_time birth_time;
    bool has_birth_time; // the file system keeps it
    bool is_mount_root;
    int mount_id; // 0: no path
};
void vfs_extra_status(const struct path *path, struct vfs_extra_status *extra);

// On a path (after walk_path) or an open file's path.
must_check int vfs_status(const struct path *path, struct uapi_stat *status);
must_check int vfs_file_status(struct open_file *file,
                               struct uapi_stat *status); // any open file, pipes too
must_check int vfs_fs_status(const struct path *path, struct uapi_statfs *status);
must_check int vfs_change_mode(const struct fs_context *context, const struct path *path,
                               uint32_t mode);
must_check int vfs_change_owner(const struct fs_context *context, const struct path *path,
                                uint32_t uid, uint32_t gid); // -1: keep
// times: NULL pointers mean "now"; omit by the flags. Permission as utimensat(2).
enum { VFS_TIME_NOW = 1, VFS_TIME_OMIT = 2 };
must_check int vfs_change_times(const struct fs_context *context, const struct path *path,
                                const struct file_time *access_time, unsigned access_flags,
                                const struct file_time *modify_time, unsigned modify_flags);
must_check int vfs_truncate(const struct fs_context *context, const struct path *path,
                            uint64_t size);
// `credentials`: whoever asks for it, which need not be who opened the file.
must_check int vfs_file_truncate(struct open_file *file, const struct credentials *credentials,
                                 uint64_t size, uint64_t limit_file_size);
// A write at the end of a file of the page cache, whatever its position; *end becomes the position after it. Bytes, or as file_write;
// -EOPNOTSUPP for other files.
must_check ssize_t vfs_file_append(struct open_file *file, struct io_iter *iter, uint64_t *end);
// Before a write by these credentials: the set-id bits that it costs a regular file. Other files: nothing.
void vfs_file_drop_set_id(struct open_file *file, const struct credentials *credentials);
// access(2): `access` ACCESS_* bits or 0; which ids count is decided by the credentials in the
// context.
must_check int vfs_check_access(const struct fs_context *context, const struct path *path,
                                unsigned access);

// The path of an open file (borrowed); false for pipes.
bool vfs_file_path(const struct open_file *file, struct path *path);
struct vnode *path_vnode(const struct path *path); // borrowed, not NULL for a path from walk_path
// A path, with references, for an open file without one: a pipe becomes a FIFO that can be opened
// again. -ENXIO: other kinds; -ENOMEM.
must_check int vfs_anonymous_path(struct open_file *file, struct path *path);
void anonymous_init(void); // by fs_init
// A file of memory that no directory shows (memfd_create), open for reading and writing; `flags`: further O_ flags. `name`: how /proc
// shows it, of at most NAME_MAX bytes. 0, -ENOMEM.
struct memory_file_request {
    const char *name;
    size_t length;
    unsigned flags;
    bool is_sealable;
};
must_check int vfs_memory_file(const struct fs_context *context,
                               const struct memory_file_request *request, struct open_file **file);
// Seals, F_SEAL_*. get: the seals or -EINVAL; add: 0, -EINVAL, -EPERM, -EBUSY (mapped for writing).
int vfs_file_get_seals(const struct open_file *file);
must_check int vfs_file_add_seals(struct open_file *file, unsigned seals);
void memory_file_init(void); // by fs_init, after ramfs_init
