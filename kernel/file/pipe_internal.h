// What pipe.c (the object, its files) and pipe_transfer.c (moving bytes) share.
#pragma once

#include "file/pipe.h"
#include "interrupt/clock.h"
#include "memory/frame.h"
#include "scheduler/mutex.h"
#include "scheduler/wait_queue.h"

enum {
    PIPE_DEFAULT_PAGES = 16,
    PIPE_MAX_PAGES = 256,    // 1 MiB: what F_SETPIPE_SZ gives at most, until that is set otherwise
    PIPE_RING_PAGES = 65536, // 256 MiB: what it gives anybody
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
    unsigned reserved;             // [l] places behind the used ones that are promised to a splice
    bool is_lent;                  // [l] a splice has the first pages: who wants to take any waits
    struct wait_queue loan_queue;  // for the end of a loan
    unsigned readers, writers;     // [l] open ends, read without it by waiters and poll
    uint32_t reader_opens;         // [l] how often an end was opened: FIFO opens wait for a change
    uint32_t writer_opens;         // [l]
    struct wait_queue read_queue;  // readers, exclusive; and FIFO readers that wait for a writer
    struct wait_queue write_queue; // writers, exclusive; and FIFO writers that wait for a reader
    uint64_t number;               // [I] inode number
    bool is_nameless; // [I] made by pipe(2): opened again through /proc, it waits for nobody
    struct file_locks *locks;          // [l file locks] flock and record locks; NULL: none
    struct pipe_attributes attributes; // [l], of pipes without a name; torn reads are harmless
};

ssize_t pipe_read(struct open_file *file, struct io_iter *iter, uint64_t *position);
ssize_t pipe_write(struct open_file *file, struct io_iter *iter, uint64_t *position);

// No place for another page; also looked at without the mutex.
static inline bool pipe_is_full(const struct pipe *pipe)
{
    return READ_ONCE(pipe->used) + READ_ONCE(pipe->reserved) >= READ_ONCE(pipe->capacity);
}

static inline struct pipe_page *pipe_page_at(struct pipe *pipe, unsigned index)
{
    return &pipe->pages[(pipe->first + index) & (pipe->capacity - 1)];
}

// Sleeps, mutex not held, until there are bytes or no writers, room or no readers. 0 or -ERESTARTSYS. Who has slept here and leaves
// while there is something left wakes the next of its kind (pipe_pass_on).
must_check int pipe_wait_to_read(struct pipe *pipe);
must_check int pipe_wait_to_write(struct pipe *pipe);
// Wakes one reader if there are bytes, and one writer if there is room. Mutex not held.
void pipe_pass_on(struct pipe *pipe);
// Takes the mutex when the first pages are not lent. -ERESTARTSYS: a signal came first.
must_check int pipe_lock_to_take(struct pipe *pipe) acquires_if(0, &pipe->mutex);
// Takes what is there. Bytes moved, or -EFAULT if none could be. `is_read`: a packet ends it, and what does not fit of one is lost.
ssize_t pipe_take_locked(struct pipe *pipe, struct io_iter *iter, bool is_read);
// Drops `bytes` of the first page, which goes when it is empty.
void pipe_consume_locked(struct pipe *pipe, size_t bytes);
// Adds a page, which there is room for, with the iterator's next `bytes`, at most a page. Bytes moved (all), -ENOMEM, -EFAULT.
ssize_t pipe_append_locked(struct pipe *pipe, struct io_iter *iter, size_t bytes, bool is_packet);
// Adds the page, which there is room for, and takes its reference.
void pipe_add_page_locked(struct pipe *pipe, struct pipe_page page);

// Bytes that wait; mutex held.
size_t pipe_bytes_locked(struct pipe *pipe);
// Throws everything away; mutex held (or nobody else knows the pipe).
void pipe_clear(struct pipe *pipe);
