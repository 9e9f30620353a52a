/*
 * /proc/<pid>/mem: the memory of a process, at the position that is the address. Whether the caller may look into the process is asked
 * at the open, and what was opened is the memory that the process had then: else a program could open its own, become a set-id program
 * by exec, and have that one write into itself what it meant for its standard error. After an exec nothing is there. See proc(5).
 */
#include "file/open_file.h"
#include "kernelfs/proc_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "process/process.h"

enum { PIECE_BYTES = 512 };

struct address_space *proc_file_space_get(const struct open_file *file)
{
    struct generated_key key;
    (void)generated_file_row(file, &key);
    return proc_bound_space_get(&key);
}

/* One piece. Bytes moved, or -errno: -EIO where nothing is mapped, -ENOMEM, -EFAULT for the caller's own memory. */
static ssize_t move_piece(struct address_space *space, struct io_iter *iter, vaddr_t address,
                          bool is_write)
{
    /* Through a piece on the stack: both address spaces cannot be locked at once, since either may be the other one. */
    char piece[PIECE_BYTES];
    size_t bytes = MIN(io_iter_remaining(iter), sizeof(piece));
    if (is_write && io_iter_read(iter, piece, bytes) != bytes) {
        return -EFAULT;
    }
    ssize_t got = address_space_access(space, address, piece, bytes, is_write);
    if (got <= 0) {
        return got == -ENOMEM ? -ENOMEM : -EIO;
    }
    assert((size_t)got <= bytes);
    if (!is_write && io_iter_write(iter, piece, (size_t)got) != (size_t)got) {
        return -EFAULT;
    }
    return got;
}

static ssize_t move(struct open_file *file, struct io_iter *iter, uint64_t *position, bool is_write)
{
    struct address_space *space = proc_file_space_get(file);
    ssize_t done = 0, got = 0;
    if (space == NULL) {
        return 0;
    }
    /* Two gigabytes take a while: who is killed meanwhile does not finish them. */
    while (io_iter_remaining(iter) != 0 && !thread_is_killed()) {
        got = move_piece(space, iter, *position, is_write);
        if (got <= 0) {
            break;
        }
        *position += (uint64_t)got;
        done += got;
    }
    address_space_put(space);
    return done != 0 ? done : got;
}

static ssize_t memory_read(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    return move(file, iter, position, false);
}

static ssize_t memory_write(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    return move(file, iter, position, true);
}

/* Addresses end far below INT64_MAX. */
const struct file_ops proc_memory_ops = {
    .name = "mem",
    .read = memory_read,
    .write = memory_write,
    .seek = file_seek_endless,
};
