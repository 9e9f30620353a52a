// An open file: what a descriptor refers to. Position, mode, the opener's credentials, a table of operations.
#pragma once

#include "file/poll.h"
#include "lib/compiler.h"
#include "lib/types.h"
#include "memory/io_iter.h"
#include "scheduler/credentials.h"
#include "scheduler/mutex.h"
#include "scheduler/rcu.h"
#include "sync/refcount.h"
#include "uapi/fcntl.h"
#include "vm/address_space.h"
#include "vm/backing.h"

struct file_locks;
struct open_file;
struct text_buffer;
struct uapi_stat;

// One control command. The system-call floor copies `bytes_in` in before and `bytes_out` out after; the handler sees kernel memory.
struct ioctl_row {
    uint32_t command;
    uint16_t bytes_in;
    uint16_t bytes_out;
    // `data` is a buffer of the larger size (NULL if both are 0); `argument` the raw third argument. Result or -errno.
    long (*handler)(struct open_file *file, void *data, unsigned long argument);
};
enum { IOCTL_BYTES_MAX = 256 };

// Takes directory entries. False: full, stop; the entry was not taken.
struct directory_sink {
    bool (*add)(struct directory_sink *sink, const char *name, size_t length, uint64_t inode,
                unsigned type, uint64_t next_position);
};

enum file_ops_flag {
    FILE_OPS_STREAM = 1,           // no position: lseek, pread, pwrite give ESPIPE
    FILE_OPS_NO_SEEK = 2,          // lseek gives ESPIPE, pread works (some devices)
    FILE_OPS_NO_POSITION_LOCK = 4, // position is not used
    FILE_OPS_NONSEEK_ZERO =
        8, // lseek succeeds and returns 0 (/dev/null, /dev/zero; with STREAM: eventfd)
    FILE_OPS_NO_SPLICE = 32,             // splice neither from nor to it (eventfd and its like)
    FILE_OPS_STRANGE_IOCTL_INVALID = 16, // an unknown ioctl is -EINVAL, not -ENOTTY (/dev/urandom)
};

// Every slot may be empty: then the default stands. Results as the system calls', -ERESTARTSYS where a signal interrupts.
// The file is referenced by the caller. `position` is the place and is advanced by the operation.
struct file_ops {
    const char *name; // for /proc/<pid>/fd and debugging: "pipe", "terminal"
    unsigned flags;   // enum file_ops_flag
    ssize_t (*read)(struct open_file *file, struct io_iter *iter,
                    uint64_t *position); // default -EINVAL
    ssize_t (*write)(struct open_file *file, struct io_iter *iter,
                     uint64_t *position); // default -EINVAL
    // Position lock held. The new position (stored by the caller) or -errno. Default: file_seek_within by get_status's size.
    int64_t (*seek)(struct open_file *file, int64_t offset, int whence);
    unsigned (*poll)(struct open_file *file, struct poll_context *context); // default: always ready
    const struct ioctl_row *ioctls;                                         // default -ENOTTY
    size_t ioctl_count;
    int (*map)(struct open_file *file,
               struct map_request *request); // fills cache and backing; default -ENODEV
    int (*read_directory)(struct open_file *file, struct directory_sink *sink); // default -ENOTDIR
    int (*sync)(struct open_file *file, bool data_only);                        // default -EINVAL
    int (*truncate)(struct open_file *file, uint64_t size);                     // default -EINVAL
    int (*allocate)(struct open_file *file, int mode, uint64_t offset,
                    uint64_t bytes); // fallocate; default -ENODEV
    int (*get_status)(struct open_file *file,
                      struct uapi_stat *status); // pipes and the like; vnode files: by their vnode
    // Lines of its own in /proc/<pid>/fdinfo. Sleeping is allowed. Default: none.
    void (*describe)(struct open_file *file, struct text_buffer *text);
    bool (*is_dead)(const struct open_file *file); // hung up: every ioctl is -EIO; default: never
    int (*set_flags)(struct open_file *file,
                     unsigned flags); // veto of F_SETFL; default: all but O_DIRECT
    // A descriptor of it was closed, of this table (which a fork that failed may have made). Default: nothing.
    void (*close_descriptor)(struct open_file *file, const void *table);
    void (*release)(struct open_file *file); // last reference
};

struct open_file {
    struct refcount references;      // [a]
    unsigned flags;                  // [a] O_ACCMODE and status flags as F_GETFL gives them
    const struct file_ops *ops;      // [I]
    struct mutex position_lock;      // read/write of files that have a position
    uint64_t position;               // [l position_lock]
    struct credentials *credentials; // [I] the opener's; a reference
    struct backing backing;          // [I] the path, for files opened by name; a reference
    void *private_data;              // [I] for ops
    void (*vnode_release)(
        struct open_file
            *file); // [I] fs/'s part of the last put, after ops->release; NULL: nothing
    void *vnode;    // [I] fs/'s struct vnode for files opened by name, else NULL; kept by backing
    struct file_locks **locks; // [I] where the locks on its object are kept; NULL: none are
    int owner_kind;            // [a] F_OWNER_*, of F_SETOWN and F_SETOWN_EX
    int owner_number;          // [a]
    int async_signal;
    bool has_late_readers;     // [a] set before the last put: its memory is kept for a grace period
    uint64_t directory_cursor; // [l position_lock] for generated trees
    union {
        struct list_head poll_links; // [l epoll] kept for epoll; empty
        struct rcu_head rcu;         // after the last put
    };
};

// A file with one reference. Takes references of its own of `credentials` and of `*backing` (NULL: nothing behind, as for pipes).
// What `ops` and private_data are may be replaced until the file is published (device nodes, FIFOs). NULL: out of memory.
must_check struct open_file *open_file_create(const struct file_ops *ops, unsigned flags,
                                              void *private_data, struct credentials *credentials,
                                              const struct backing *backing);
struct open_file *open_file_get(struct open_file *file); // returns its argument
void open_file_put(struct open_file *file);              // may sleep at the last one
// From now on somebody may look at its references who has none, under RCU. By who has a reference, and puts it afterwards.
void open_file_expect_late_readers(struct open_file *file);

static inline bool open_file_can_read(const struct open_file *file)
{
    return (file->flags & O_ACCMODE) != O_WRONLY && (file->flags & O_PATH) == 0;
}
static inline bool open_file_can_write(const struct open_file *file)
{
    return (file->flags & O_ACCMODE) != O_RDONLY && (file->flags & O_PATH) == 0;
}
static inline bool open_file_is_nonblocking(const struct open_file *file)
{
    return (file->flags & O_NONBLOCK) != 0;
}

// How many there are; exact while nobody opens or closes.
size_t open_file_count(void);

// The calls' middle layer: mode checks (-EBADF), position handling, limits on size. All take a borrowed file.
ssize_t file_read(struct open_file *file, struct io_iter *iter);
ssize_t file_write(struct open_file *file, struct io_iter *iter);
ssize_t file_read_at(struct open_file *file, struct io_iter *iter,
                     uint64_t position); // -ESPIPE for streams
ssize_t file_write_at(struct open_file *file, struct io_iter *iter, uint64_t position);
int64_t file_seek(struct open_file *file, int64_t offset, int whence);
// The rules of lseek for an object of `size` bytes without holes, for seek operations. -EINVAL, -EOVERFLOW, -ENXIO (SEEK_DATA and
// SEEK_HOLE beyond the end).
int64_t file_seek_within(struct open_file *file, int64_t offset, int whence, uint64_t size);
// The same for what has no end that a program could ask for (directories, generated texts, memory by address): from the start or from
// where it is. -EINVAL.
int64_t file_seek_endless(struct open_file *file, int64_t offset, int whence);
// getdents: the operation under the position lock. -EBADF, -ENOTDIR.
int file_read_directory(struct open_file *file, struct directory_sink *sink);
// The remaining operations with their mode checks and defaults.
int file_sync(struct open_file *file, bool data_only);
int file_truncate(struct open_file *file, uint64_t size);
int file_allocate(struct open_file *file, int mode, uint64_t offset, uint64_t bytes);
// F_SETFL: changes O_APPEND, O_NONBLOCK, O_DIRECT, O_NOATIME and O_ASYNC only, after the operation's veto.
int file_set_flags(struct open_file *file, unsigned flags);
// Whole-buffer kernel read for loaders: bytes read (less only at the end of file) or -errno.
ssize_t file_read_kernel(struct open_file *file, void *buffer, size_t bytes, uint64_t position);
// Looks the command up in the file's table. NULL: not there (-ENOTTY).
const struct ioctl_row *file_ioctl_find(const struct open_file *file, uint32_t command);
// For whom a regular file is written: what a write is held to, and what it costs the file beside its bytes. Handed down with the
// io_iter, since only under the file's own lock is it known where an append begins.
struct file_writer {
    const struct credentials *credentials; // whoever may not keep set-id bits clears them
    uint64_t size_limit;                   // RLIMIT_FSIZE; what begins there or beyond is -EFBIG
};
// Copies up to `bytes` from one file to another through the kernel: sendfile. Positions may be NULL (use the file's own). Bytes
// moved; -EBADF, -EINVAL (the source has no position: pipe, terminal; or the target appends), -ESPIPE (a position for a stream).
ssize_t file_transfer(struct open_file *out, uint64_t *out_position, struct open_file *in,
                      uint64_t *in_position, size_t bytes, const struct file_writer *writer);

void file_init(void);
