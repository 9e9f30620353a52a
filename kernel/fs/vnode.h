// A file of any kind, independent of its names. A file system embeds it in its own node and gives
// it a typed table of operations; every empty slot has a default, named below.
#pragma once

#include "file/open_file.h"
#include "fs/fs_context.h"
#include "lib/compiler.h"
#include "lib/types.h"
#include "scheduler/mutex.h"
#include "scheduler/rcu.h"
#include "sync/refcount.h"
#include "uapi/stat.h"
#include "vm/page_cache.h"

struct vnode;
struct name_entry;
struct file_system; // a mounted instance (fs/mount.h)
struct pipe;

struct file_time {
    int64_t seconds;
    uint32_t nanoseconds;
};

// What setattr changes; only fields in `valid` count.
enum attribute_bit {
    ATTRIBUTE_MODE = 1,
    ATTRIBUTE_UID = 2,
    ATTRIBUTE_GID = 4,
    ATTRIBUTE_SIZE = 8,
    ATTRIBUTE_ACCESS_TIME = 16,
    ATTRIBUTE_MODIFY_TIME = 32,
    ATTRIBUTE_CHANGE_TIME = 64,
};
struct attributes {
    unsigned valid;
    uint32_t mode, uid, gid;
    uint64_t size;
    struct file_time access_time, modify_time, change_time;
};

// All operations on a directory are called with its vnode mutex held (rename: both, and the rename
// mutex); permissions and existence were checked by the caller. Names come as a negative or
// positive name entry whose parent is the directory.
struct vnode_ops {
    // Finds entry->name in `directory` and calls name_entry_attach (or leaves it negative). 0 or
    // -errno; -ENOENT: not there, and never to be made or remembered as missing. Default: nothing
    // is there beyond the cached entries (RamFS: entries are the directory).
    int (*lookup)(struct vnode *directory, struct name_entry *entry);
    // Make a node of `mode` (S_IFREG, S_IFDIR, S_IFCHR, ... with permission bits, umask applied)
    // and attach it. Default -EPERM.
    int (*create)(struct vnode *directory, struct name_entry *entry,
                  const struct fs_context *context, uint32_t mode, uint64_t device);
    int (*symlink)(struct vnode *directory, struct name_entry *entry,
                   const struct fs_context *context, const char *target);
    int (*link)(struct vnode *directory, struct name_entry *entry, struct vnode *target);
    int (*unlink)(struct vnode *directory, struct name_entry *entry);
    int (*rmdir)(struct vnode *directory, struct name_entry *entry); // -ENOTEMPTY
    // `to` may be positive: it is replaced. flags RENAME_NOREPLACE was handled above;
    // RENAME_EXCHANGE: -EINVAL unless supported.
    int (*rename)(struct vnode *from_directory, struct name_entry *from, struct vnode *to_directory,
                  struct name_entry *to, unsigned flags);
    // Directory entries from *position on, without . and .. (the caller gives them). Default:
    // cached children, newest first.
    int (*read_directory)(struct vnode *directory, struct name_entry *entry,
                          struct directory_sink *sink, uint64_t *position);
    // A symbolic link's target as text, NUL-terminated. Length or -errno. Default -EINVAL.
    long (*read_link)(struct vnode *vnode, char *text, size_t size);
    // A link that jumps to a path (vnode.is_magic_link): fills *result with references.
    int (*follow)(struct vnode *vnode, struct path *result);
    int (*get_attributes)(struct vnode *vnode,
                          struct uapi_stat *status); // default: the vnode's fields
    int (*set_attributes)(struct vnode *vnode,
                          const struct attributes *attributes); // default: sets the fields
    int (*permission)(struct vnode *vnode, const struct credentials *credentials,
                      unsigned access); // default: mode bits
    // May a cached name still lead to this vnode? Asked at each walk through it, under RCU: must
    // not sleep. Default: yes.
    bool (*is_valid)(struct vnode *vnode);
    // Called at open: may replace file->ops, set private_data. Default: regular files get
    // vnode_file_ops, directories directory_file_ops, devices their node's, FIFOs a pipe's.
    int (*open)(struct vnode *vnode, struct open_file *file);
    int (*sync)(struct vnode *vnode, bool data_only); // default 0 if nothing is stored
    // An unnamed regular file in `directory` (O_TMPFILE), returned with a reference. Default
    // -EOPNOTSUPP.
    int (*create_unnamed)(struct vnode *directory, const struct fs_context *context, uint32_t mode,
                          struct vnode **result);
    // Last reference: give the data back now, free the embedding node's memory through vnode->rcu
    // (path walks may still look at it).
    void (*inactive)(struct vnode *vnode);
};

// Several vnodes' mutexes are taken in this order: the first directory (with two: the ancestor, else the lower address), the
// second one, and last what loses its name.
enum vnode_mutex_level { VNODE_MUTEX_FIRST, VNODE_MUTEX_SECOND, VNODE_MUTEX_VICTIM };

struct vnode {
    const struct vnode_ops *ops;     // [I]
    struct file_system *file_system; // [I]
    struct refcount references;      // [a]
    struct mutex mutex;     // directory: entries; file: contents and size (enum vnode_mutex_level)
    uint64_t number;        // [I] inode number
    uint32_t mode;          // [l mutex] type bits [I]
    uint32_t uid, gid;      // [l mutex]
    uint32_t link_count;    // [l mutex]
    uint64_t device_number; // [I] of a device file
    struct file_time access_time, modify_time, change_time,
        birth_time; // [l mutex], torn reads are possible and harmless
    struct page_cache
        pages; // contents; pages.size_bytes is the size (also of directories, as stat shows it)
    uint64_t extra_blocks;    // [l mutex] 512-byte blocks beyond pages.page_count * 8
    struct pipe *fifo;        // [l mutex] made at a FIFO's first open, kept as long as the vnode
    const char *link_text;    // [I] a symbolic link's target if it is in memory; NULL: read_link
    bool is_magic_link;       // [I] ops->follow is where it leads, whatever its text says
    bool is_sealable;         // [I] made so by memfd_create
    unsigned seals;           // [l mutex] F_SEAL_*
    uint8_t write_hint;       // [a] F_SET_RW_HINT: kept and told
    bool is_linkable;         // [l mutex] link count 0, but link(2) may name it (O_TMPFILE)
    struct file_locks *locks; // [l file locks] flock and record locks; NULL: none
    struct atomic32 writer_count; // [a] open for writing; negative side: deny_write_count (ETXTBSY)
    struct atomic32 deny_write_count; // [a] running as a program
    void *private_data;               // [I] file system's
    struct rcu_head rcu;
};

// Fills the common fields: one reference, current times, file mode and owner from the context
// (set-group-id directories: see create).
void vnode_init(struct vnode *vnode, struct file_system *file_system, const struct vnode_ops *ops,
                uint64_t number, uint32_t mode);
// Owner of a new node in `directory` as Linux gives it: the context's ids; below a set-group-id
// directory its group, which directories pass on. Also drops a set-group-id bit that the context
// may not give.
void vnode_init_owner(struct vnode *vnode, const struct vnode *directory,
                      const struct fs_context *context);
void vnode_fini(struct vnode *vnode); // before the embedding object is freed
void vnode_get(struct vnode *vnode);
void vnode_put(struct vnode *vnode); // may sleep at the last one

static inline bool vnode_is_directory(const struct vnode *v)
{
    return S_ISDIR(v->mode);
}
static inline bool vnode_is_regular(const struct vnode *v)
{
    return S_ISREG(v->mode);
}
static inline bool vnode_is_symlink(const struct vnode *v)
{
    return S_ISLNK(v->mode);
}

enum vnode_access { ACCESS_EXECUTE = 1, ACCESS_WRITE = 2, ACCESS_READ = 4 };
// May these credentials do that? 0, -EACCES, -EROFS (the mount is checked by the caller).
must_check int vnode_permission(struct vnode *vnode, const struct credentials *credentials,
                                unsigned access);
// The default of vnode_ops.permission, for file systems that only prepare something before it.
must_check int vnode_permission_by_mode(const struct vnode *vnode,
                                        const struct credentials *credentials, unsigned access);
must_check int vnode_get_status(struct vnode *vnode, struct uapi_stat *status);
struct file_time file_time_now(void);

// file_ops that a file system can use as they are.
extern const struct file_ops vnode_file_ops; // regular files by the page cache
extern const struct file_ops directory_file_ops;

// The vnode of an open file that was opened by name.
static inline struct vnode *vnode_from_file(const struct open_file *file)
{
    return file->vnode;
}
// A read happened through this path: the access time as the mount's flags want it (relatime,
// noatime, strictatime).
void vnode_touch_access(struct vnode *vnode, const struct path *path);
// Contents changed: modification and change time now.
void vnode_touch_modify(struct vnode *vnode);
// Owner, or CAP_FOWNER: who may change mode and times.
bool vnode_is_owner(const struct vnode *vnode, const struct credentials *credentials);
// set_attributes or its default; mutex held.
must_check int vnode_set_attributes_locked(struct vnode *vnode,
                                           const struct attributes *attributes);

// The default of set_attributes: the vnode's own fields. Mutex held.
void vnode_apply_attributes_locked(struct vnode *vnode, const struct attributes *attributes);

// Regular file or not, for loaders: denies writing while a program runs from it. 0 or -ETXTBSY.
must_check int vnode_deny_write(struct vnode *vnode);
void vnode_allow_write(struct vnode *vnode);
// The other side: somebody opens the file for writing, or truncates it. 0 or -ETXTBSY.
must_check int vnode_begin_write(struct vnode *vnode);
void vnode_end_write(struct vnode *vnode);
// A symbolic link's target: link_text or read_link. Length (without the terminating zero, which is
// written) or -errno.
must_check long vnode_read_link(struct vnode *vnode, char *text, size_t size);
