// Pipes and FIFOs: a ring of pages, 64 KiB by default, PIPE_BUF atomicity, as POSIX has them.
#pragma once

#include "file/open_file.h"
#include "lib/compiler.h"

struct pipe;

// What stat shows of a pipe without a name, and fchmod, fchown and utimensat change. Times on the wall clock.
struct pipe_attributes {
    uint32_t mode, uid, gid; // mode: permission bits
    uint64_t access_ns, modify_ns, change_ns;
};
void pipe_get_attributes(struct pipe *pipe, struct pipe_attributes *attributes);
void pipe_set_attributes(struct pipe *pipe, const struct pipe_attributes *attributes);

// pipe(2): two files with one reference each. `flags` O_NONBLOCK, O_DIRECT (writes of at most a page stay packets). 0, -ENOMEM,
// -ENFILE.
must_check int pipe_create(unsigned flags, struct credentials *credentials,
                           struct open_file *ends[2]);

// FIFOs: fs/ keeps one struct pipe per vnode, made at the first open; what is in it goes away when the last end is closed, so it
// may be kept until the vnode dies.
must_check struct pipe *pipe_object_create(void); // one reference; NULL: out of memory
void pipe_object_get(struct pipe *pipe);
void pipe_object_put(struct pipe *pipe);
// Opens an end of `pipe` for a file that is being opened by name, with POSIX's blocking rules: sets file->ops and
// private_data and locks and takes a reference to the pipe; on failure the file is unchanged. May sleep (hold no vnode lock).
// 0, -ENXIO (O_WRONLY | O_NONBLOCK without a reader), -ERESTARTSYS.
must_check int pipe_open_fifo(struct pipe *pipe, struct open_file *file);
// The pipe of an open file, borrowed; NULL: it is none. For F_GETPIPE_SZ, splice.
struct pipe *pipe_from_file(struct open_file *file);
long pipe_get_size(struct pipe *pipe); // capacity in bytes
// F_SETPIPE_SZ: rounded up to a power of two of pages. The new size; -EBUSY (holds more), -EPERM (over the largest size and not
// may_exceed), -EINVAL, -ENOMEM.
long pipe_set_size(struct pipe *pipe, size_t bytes, bool may_exceed);

// What F_SETPIPE_SZ gives those without the right to more, in bytes: 1 MiB at first. Setting it rounds up to a power of two of pages: 0, or -EINVAL (over PIPE_SIZE_MAX).
#define PIPE_SIZE_MAX ((size_t)1 << 31)
size_t pipe_largest_size(void);
must_check int pipe_set_largest_size(size_t bytes);

void pipe_init(void); // by file_init
