// File system types, mounted instances, and the mount table: mounts are found during the walk by
// (mount, covered entry).
#pragma once

#include "fs/path.h"
#include "fs/vnode.h"
#include "lib/list.h"
#include "scheduler/rcu.h"
#include "sync/refcount.h"
#include "uapi/statfs.h"

struct file_system_type {
    const char *name;    // "tmpfs", "proc"
    bool needs_device;   // /proc/filesystems without "nodev"
    bool is_internal;    // only mount_root makes it: not in /proc/filesystems, unknown to mount(2)
    bool passes_covered; // names that its root lacks are looked for in the directory that it covers
    unsigned long magic; // statfs f_type
    // Makes an instance: source and options are kernel copies, may be empty strings. 0 and one
    // reference in *result, or -errno.
    int (*mount)(const struct file_system_type *type, const char *source, const char *options,
                 unsigned long flags, struct file_system **result);
    struct list_head link;
};
// `type` is static storage. Registered names appear in /proc/filesystems in order.
void file_system_type_register(struct file_system_type *type);
struct file_system_type *file_system_type_find(const char *name);
void file_system_type_visit(bool (*visit)(const struct file_system_type *type, void *context),
                            void *context);

struct file_system_ops {
    int (*status)(struct file_system *file_system,
                  struct uapi_statfs *status); // default: magic, block size, zeros
    int (*sync)(struct file_system *file_system);
    int (*remount)(struct file_system *file_system, unsigned long flags,
                   const char *options); // default: 0
    // Writes the options as /proc/mounts shows them after rw/ro ("size=1024k,mode=755"), may be
    // empty.
    void (*describe)(struct file_system *file_system, char *text, size_t size);
    void (*destroy)(struct file_system *file_system); // last reference: frees the embedding object
};

// An instance; one may be mounted in several places (bind).
struct file_system {
    struct refcount references;
    const struct file_system_type *type; // [I]
    const struct file_system_ops *ops;   // [I]
    struct name_entry *root;             // [I] a reference
    uint64_t device_number;              // [I] st_dev: an anonymous number from file_system_init
    uint64_t next_inode_number;          // [a]
    bool is_read_only;                   // [l mount] wherever it is mounted
    void *private_data;
};
void file_system_init(struct file_system *file_system, const struct file_system_type *type,
                      const struct file_system_ops *ops);
void file_system_get(struct file_system *file_system);
void file_system_put(struct file_system *file_system);
uint64_t file_system_next_inode(struct file_system *file_system);

// As many as there may be: what is asked of all of them is asked under a spin lock. Linux's setting fs.mount-max, 100000 at first.
enum { MOUNTS_MAX = 4096 };

struct mount {
    struct refcount references;
    struct file_system *file_system; // [I] a reference
    struct name_entry *root; // [I] what it shows at its top (bind mounts: any directory or file)
    bool passes_covered;     // [I] of the type, where the top is the instance's root
    struct path covered;     // [l mount] where it stands; empty for the root mount
    unsigned long flags;     // [l mount] MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_NOATIME...
    struct atomic32 writers; // [a] regular files open for writing, and areas that map such files:
                             //     it cannot become read-only
    unsigned expiry_mark;    // [a] MNT_EXPIRE asked once: how many more walks into it leave it so
    char source[64];         // [I] for /proc/mounts
    int id, parent_id;       // [I] for mountinfo
    bool is_internal;      // [I] the kernel's own, mounted nowhere: its paths are shown as they are
    bool is_detached;      // [l mount] MNT_DETACH
    struct list_head link; // [l mount] all, in order
    struct hlist_node hash_link; // [l mount; read under RCU] by (covered mount, covered entry)
    struct rcu_head rcu;
};

// mount(2) on a looked-up place. All paths are borrowed. 0 or -errno as Linux's call.
must_check int mount_new(const char *type, const char *source, const char *options,
                         unsigned long flags, const struct path *place);
must_check int mount_bind(const struct path *source, const struct path *place, bool recursive);
must_check int mount_move(const struct path *from, const struct path *place);
must_check int mount_remount(const struct path *place, unsigned long flags, const char *options);
must_check int mount_remove(const struct path *place, unsigned flags); // umount2; -EBUSY, -EINVAL
// The first mount: an instance of `type` becomes the global root.
must_check int mount_root(const char *type, const char *source, const char *options,
                          unsigned long flags);
// The topmost mount standing on the place: *path becomes its root (references exchanged). False:
// nothing there.
bool mount_cross_down(struct path *path);
// MS_* flags that hold for files below it.
static inline unsigned long mount_flags(const struct mount *mount)
{
    return mount->flags | (mount->file_system->is_read_only ? 1 : 0); // MS_RDONLY
}
// A walk goes into the mount: what umount2 with MNT_EXPIRE looks at. A lost count only keeps a mount a little longer.
static inline void mount_note_crossing(struct mount *mount)
{
    unsigned mark = READ_ONCE(mount->expiry_mark);
    if (unlikely(mark != 0)) {
        WRITE_ONCE(mount->expiry_mark, mark - 1);
    }
}
// From a mount's root to the place it covers. False: at the global root.
bool mount_cross_up(struct path *path);
struct path mount_global_root(void); // borrowed, never changes after pivot-free boot
// The place that `mount` covers, borrowed; false: none. Without a lock, under RCU: a pair that
// changes meanwhile may not belong together, which the walk sequence then tells.
bool mount_peek_covered(const struct mount *mount, struct path *covered);
// Each mount in order whose number is greater than `id`, for /proc/mounts. Stops at false.
void mount_visit(int id, bool (*visit)(struct mount *mount, void *context), void *context);
void mount_sync_all(void);
// Before power-off: syncs and unmounts what can be.
void mount_shut_down(void);
// After mount_shut_down, when nobody can walk any more: unmounts the root too (the leak check of debug kernels).
void mount_remove_root(void);
must_check int mount_want_write(const struct path *path); // 0 or -EROFS
// A mount of the kernel's own that no path leads to, with one reference. NULL: out of memory.
must_check struct mount *mount_create_internal(struct file_system *file_system, const char *source);
// Changes with every mount and unmount: poll on /proc/mounts.
uint64_t mount_event_count(void);

// The mount that stands on (mount, entry), borrowed; NULL: none. For path walk: under RCU.
struct mount *mount_find_covering(const struct mount *mount, const struct name_entry *entry);
void mount_get(struct mount *mount);
void mount_put(struct mount *mount);

void fs_init(void); // caches, ramfs, devfs types
