// The one description of "where the bytes go": user segments, kernel memory, or frames. Every read
// and write takes one, so that the program loader, the loop device, sendfile and system calls share
// a path.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

struct file_writer;
struct frame;

enum io_kind { IO_USER, IO_KERNEL, IO_FRAMES };

struct io_segment {
    union {
        void __user *user;
        void *kernel;
        struct frame *frame; // heads a block that holds offset + bytes
    };
    size_t bytes;
    size_t offset; // within the frame, IO_FRAMES only
};

struct io_iter {
    enum io_kind kind;
    const struct io_segment *segments; // current one; borrowed
    size_t segment_count;              // including the current one
    size_t segment_offset;             // consumed of the current one
    size_t remaining;                  // bytes in all
    const struct file_writer *writer; // borrowed: for whom a regular file is written (file/); NULL:
                                      // for the kernel itself
    struct io_segment
        single; // storage for one segment (a plain copy would point to the original's:
                // use io_iter_copy)
};

void io_iter_init_user(struct io_iter *iter, void __user *pointer, size_t bytes);
void io_iter_init_kernel(struct io_iter *iter, void *pointer, size_t bytes);
// The sum of the segments' bytes must not overflow (the caller checked it).
void io_iter_init_segments(struct io_iter *iter, enum io_kind kind,
                           const struct io_segment *segments, size_t count);
void io_iter_copy(struct io_iter *destination, const struct io_iter *source);

// Moves bytes between the iterator's place and kernel memory and advances. Returns the number moved:
// less than asked only at the end of the iterator or at a bad user page (the caller reports -EFAULT
// if nothing moved and io_iter_remaining is not 0).
must_check size_t io_iter_write(struct io_iter *iter, const void *source,
                                size_t bytes); // source -> iter (a read call)
must_check size_t io_iter_read(struct io_iter *iter, void *destination,
                               size_t bytes); // iter -> destination (a write call)
must_check size_t io_iter_write_zeros(struct io_iter *iter, size_t bytes);
// Takes back what the last calls moved, at most what was consumed.
void io_iter_rewind(struct io_iter *iter, size_t bytes);
void io_iter_advance(struct io_iter *iter, size_t bytes);

// Nothing beyond the next `bytes` will be moved.
static inline void io_iter_truncate(struct io_iter *iter, uint64_t bytes)
{
    if (iter->remaining > bytes) {
        iter->remaining = bytes;
    }
}

static inline size_t io_iter_remaining(const struct io_iter *iter)
{
    return iter->remaining;
}
