// Pipes and FIFOs: a ring of pages, 64 KiB by default, PIPE_BUF atomicity, as POSIX has them.
#pragma once

#include "file/open_file.h"
#include "lib/compiler.h"

struct pipe;

// pipe(2): two files with one reference each. `flags` O_NONBLOCK, O_DIRECT (-EINVAL). 0, -ENOMEM, -ENFILE.
must_check int pipe_create(unsigned flags, struct credentials *credentials, struct open_file *ends[2]);

// FIFOs: fs/ keeps one struct pipe per vnode while it is open.
must_check struct pipe *pipe_object_create(void);          // one reference; NULL: out of memory
void pipe_object_get(struct pipe *pipe);
void pipe_object_put(struct pipe *pipe);
// Opens an end of `pipe` for a file that is being opened by name, with POSIX's blocking rules: sets file->ops and private_data.
// 0, -ENXIO (O_WRONLY | O_NONBLOCK without a reader), -ERESTARTSYS.
must_check int pipe_open_fifo(struct pipe *pipe, struct open_file *file);
// Is it one? For F_GETPIPE_SZ, splice.
struct pipe *pipe_from_file(struct open_file *file);
long pipe_get_size(struct pipe *pipe);
long pipe_set_size(struct pipe *pipe, size_t bytes);
