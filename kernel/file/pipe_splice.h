// What splice, tee and vmsplice ask of pipes: pages that go from one to another, and bytes that are lent to or reserved for a file.
#pragma once

#include "file/pipe.h"
#include "lib/compiler.h"
#include "memory/io_iter.h"

enum { PIPE_BATCH_PAGES = 16 };

// All of these wait only where `may_wait`, else give -EAGAIN; -ERESTARTSYS where a signal ends the wait; -EPIPE: the pipe that is
// written to has no readers (the signal is the caller's).

// Moves up to `bytes` from one pipe to another, pages rather than bytes; waits for the first. Bytes, 0 at the end of `in`.
ssize_t pipe_move(struct pipe *in, struct pipe *out, size_t bytes, bool may_wait);
// The same bytes again: they stay in `in`. The pages are shared.
ssize_t pipe_duplicate(struct pipe *in, struct pipe *out, size_t bytes, bool may_wait);

// vmsplice: from user memory, as much as there is room for; each part of a user page takes a page of the pipe.
ssize_t pipe_write_pages(struct pipe *pipe, struct io_iter *iter, bool may_wait);
// To user memory, what is there; packets are as other bytes.
ssize_t pipe_read_pages(struct pipe *pipe, struct io_iter *iter, bool may_wait);

// The first bytes of a pipe, while they are written to a file. Until they are given back nobody else takes from the pipe.
struct pipe_loan {
    struct pipe *pipe;
    struct io_segment segments[PIPE_BATCH_PAGES]; // IO_FRAMES
    size_t count;
};
// Up to `bytes`. How many, 0 at the end of the pipe: then nothing is lent.
ssize_t pipe_borrow(struct pipe_loan *loan, struct pipe *pipe, size_t bytes, bool may_wait);
// The first `consumed` of them are gone, the others still stand first.
void pipe_give_back(struct pipe_loan *loan, size_t consumed);

// A file's bytes, up to a page's end after a position or what a stream gives at once, in pages of the pipe. Moves *position (NULL:
// the file's own, or a stream). Bytes, 0 at the end of the file; -EINVAL: not a file to splice from.
ssize_t pipe_fill_from_file(struct pipe *pipe, struct open_file *file, uint64_t *position,
                            size_t bytes, bool may_wait);
