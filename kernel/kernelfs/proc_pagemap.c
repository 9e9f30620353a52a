/*
 * /proc/<pid>/pagemap: eight bytes for each page of the address space, at eight times its number. Bit 63: it is in memory, 61: it belongs
 * to a file or is shared, 56: nobody else maps it, 0 to 54: its frame, for those alone who administer the system. See proc(5).
 */
#include "file/open_file.h"
#include "kernelfs/proc_internal.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "process/process.h"
#include "uapi/capability.h"

enum { ENTRIES_PER_PIECE = 32 };
#define PAGEMAP_PRESENT   BIT(63)
#define PAGEMAP_FILE      BIT(61)
#define PAGEMAP_EXCLUSIVE BIT(56)

static uint64_t entry_of(const struct page_state *state, bool shows_frames)
{
    if (!state->is_present) {
        return 0;
    }
    return PAGEMAP_PRESENT | (state->is_file ? PAGEMAP_FILE : 0) |
           (state->is_exclusive ? PAGEMAP_EXCLUSIVE : 0) | (shows_frames ? state->frame : 0);
}

/* Up to one piece from page `number` on. Bytes moved or -EFAULT. */
static ssize_t move_piece(struct address_space *space, struct io_iter *iter, uint64_t number,
                          bool shows_frames)
{
    struct page_state states[ENTRIES_PER_PIECE];
    uint64_t entries[ENTRIES_PER_PIECE];
    size_t count = MIN(io_iter_remaining(iter) / sizeof(uint64_t), (size_t)ENTRIES_PER_PIECE);
    count = MIN(count, (size_t)((USER_TOP >> PAGE_SHIFT) - number));
    address_space_page_states(space, number << PAGE_SHIFT, count, states);
    for (size_t i = 0; i < count; i++) {
        entries[i] = entry_of(&states[i], shows_frames);
    }
    size_t moved = io_iter_write(iter, entries, count * sizeof(entries[0]));
    return moved == count * sizeof(entries[0]) ? (ssize_t)moved : -EFAULT;
}

static ssize_t move(struct address_space *space, struct io_iter *iter, uint64_t *position,
                    bool shows_frames)
{
    ssize_t done = 0, got = 0;
    while (io_iter_remaining(iter) != 0 && *position / sizeof(uint64_t) < USER_TOP >> PAGE_SHIFT) {
        if (thread_is_killed()) {
            got = -EINTR; /* a whole address space takes long */
            break;
        }
        got = move_piece(space, iter, *position / sizeof(uint64_t), shows_frames);
        if (got < 0) {
            break;
        }
        *position += (uint64_t)got;
        done += got;
    }
    return done != 0 ? done : got;
}

static ssize_t pagemap_read(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    if (*position % sizeof(uint64_t) != 0 || io_iter_remaining(iter) % sizeof(uint64_t) != 0) {
        return -EINVAL;
    }
    struct address_space *space = proc_file_space_get(file);
    if (space == NULL) {
        return 0;
    }
    ssize_t result = move(space, iter, position, credentials_can(file->credentials, CAP_SYS_ADMIN));
    address_space_put(space);
    return result;
}

const struct file_ops proc_pagemap_ops = {
    .name = "pagemap",
    .read = pagemap_read,
    .seek = file_seek_endless,
};
