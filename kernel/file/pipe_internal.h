// What pipe.c (the object, its files) and pipe_transfer.c (moving bytes) share.
#pragma once

#include "file/pipe.h"
#include "interrupt/clock.h"
#include "memory/frame.h"
#include "scheduler/mutex.h"
#include "scheduler/wait_queue.h"

enum {
    PIPE_DEFAULT_PAGES = 16,
    PIPE_MAX_PAGES = 256, // 1 MiB: what F_SETPIPE_SZ gives at most
};

// One page of the ring: the bytes [offset, offset + length) of the frame wait for a reader. A packet (O_DIRECT) is read in one go:
// what a reader leaves of it is lost.
struct pipe_page {
    struct frame *frame;
    uint32_t offset;
    uint16_t length; // at most PAGE_SIZE
    bool is_packet;
};

// Pages are used from `first` on, `used` of them, in a ring of `capacity` (a power of two). Readers take from the first page,
// writers fill the last one up or add one.
struct pipe {
    struct refcount references; // [a] one per open file, one per holder
    struct mutex mutex;
    struct pipe_page *pages;       // [l] capacity entries
    unsigned capacity;             // [l], read without it by poll
    unsigned first, used;          // [l], `used` read without it by waiters and poll
    unsigned readers, writers;     // [l] open ends, read without it by waiters and poll
    uint32_t reader_opens;         // [l] how often an end was opened: FIFO opens wait for a change
    uint32_t writer_opens;         // [l]
    struct wait_queue read_queue;  // readers, exclusive; and FIFO readers that wait for a writer
    struct wait_queue write_queue; // writers, exclusive; and FIFO writers that wait for a reader
    uint64_t number;               // [I] inode number
    bool is_nameless; // [I] made by pipe(2): opened again through /proc, it waits for nobody
    struct pipe_attributes attributes; // [l], of pipes without a name; torn reads are harmless
};

ssize_t pipe_read(struct open_file *file, struct io_iter *iter, uint64_t *position);
ssize_t pipe_write(struct open_file *file, struct io_iter *iter, uint64_t *position);

static inline struct pipe_page *pipe_page_at(struct pipe *pipe, unsigned index)
{
    return &pipe->pages[(pipe->first + index) & (pipe->capacity - 1)];
}

// Bytes that wait; mutex held.
size_t pipe_bytes_locked(struct pipe *pipe);
// Throws everything away; mutex held (or nobody else knows the pipe).
void pipe_clear(struct pipe *pipe);
