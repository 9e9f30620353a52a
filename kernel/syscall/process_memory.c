/*
 * process_vm_readv, process_vm_writev: bytes between the caller's memory and another program's, through one page of the kernel's, so
 * that no lock of the one is held while the other is touched.
 *
 * As on Linux what is wrong with the vectors is told before whether there is such a process, and a transfer that met bad memory on
 * either side gives what it had moved.
 */
#include "arch/page.h"
#include "lib/macros.h"
#include "memory/fail_nth.h"
#include "memory/heap.h"
#include "scheduler/thread.h"
#include "syscall/call.h"
#include "syscall/user_vector.h"

struct vm_transfer {
    struct address_space *space; /* the other program's; a reference */
    struct io_iter *local;
    char *page;
    bool is_write; /* into the other program */
};

/* Up to the end of the other side's page. Bytes moved: fewer than asked (or -EFAULT) where the caller's memory ends. */
static ssize_t move_piece(struct vm_transfer *transfer, vaddr_t address, size_t bytes)
{
    bytes = MIN(bytes, PAGE_SIZE - address % PAGE_SIZE);
    size_t ready =
        transfer->is_write ? io_iter_read(transfer->local, transfer->page, bytes) : bytes;
    if (ready == 0) {
        return -EFAULT;
    }
    ssize_t got =
        address_space_access(transfer->space, address, transfer->page, ready, transfer->is_write);
    if (got <= 0) {
        if (transfer->is_write) {
            io_iter_rewind(transfer->local, ready);
        }
        return got == -ENOMEM ? -ENOMEM : -EFAULT;
    }
    if (!transfer->is_write) {
        got = (ssize_t)io_iter_write(transfer->local, transfer->page, (size_t)got);
    }
    if (got != 0) {
        fail_nth_commit();
    }
    return got != 0 ? got : -EFAULT;
}

/* One part of the other side. 0, or the error that ends the whole. */
static int move_part(struct vm_transfer *transfer, const struct uapi_iovec *part)
{
    uint64_t address = part->iov_base;
    size_t left = part->iov_len;
    while (left != 0 && io_iter_remaining(transfer->local) != 0) {
        size_t wanted = MIN(left, io_iter_remaining(transfer->local));
        ssize_t moved = move_piece(transfer, address, wanted);
        if (moved < 0 || thread_is_killed()) {
            return moved < 0 ? (int)moved : -EINTR;
        }
        address += (uint64_t)moved;
        left -= (size_t)moved;
    }
    return 0;
}

static bool is_nothing(const struct uapi_iovec *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (parts[i].iov_len != 0) {
            return false;
        }
    }
    return true;
}

static long move_parts(struct vm_transfer *transfer, const struct uapi_iovec *parts, size_t count)
{
    transfer->page = heap_alloc(PAGE_SIZE);
    if (transfer->page == NULL) {
        return -ENOMEM;
    }
    size_t before = io_iter_remaining(transfer->local);
    int error = 0;
    for (size_t i = 0; i < count && error == 0; i++) {
        error = move_part(transfer, &parts[i]);
    }
    heap_free(transfer->page);
    size_t moved = before - io_iter_remaining(transfer->local);
    return moved != 0 ? (long)moved : error;
}

static long transfer_with(int number, struct vm_transfer *transfer,
                          const struct uapi_iovec __user *user, size_t count)
{
    struct user_vector_copy parts;
    int error = user_vector_copy_begin(&parts, user, count);
    if (error != 0) {
        return error;
    }
    long result = 0;
    if (!is_nothing(parts.entries, count)) {
        struct task *task = task_find(number);
        result = task == NULL ? -ESRCH : task_trace_space(task, &transfer->space);
        if (result == 0) {
            result = move_parts(transfer, parts.entries, count);
            address_space_put(transfer->space);
        }
        if (task != NULL) {
            task_put(task);
        }
    }
    user_vector_copy_end(&parts);
    return result;
}

static long process_vm_move(int number, const struct uapi_iovec __user *user_local,
                            size_t local_count, const struct uapi_iovec __user *user_remote,
                            size_t remote_count, bool is_write)
{
    struct user_vector local;
    int error = user_vector_begin(&local, user_local, local_count);
    if (error != 0) {
        return error;
    }
    long result = 0;
    if (io_iter_remaining(&local.iter) != 0) {
        struct vm_transfer transfer = {.local = &local.iter, .is_write = is_write};
        result = transfer_with(number, &transfer, user_remote, remote_count);
    }
    user_vector_end(&local);
    return result;
}

SYSTEM_CALL6(process_vm_readv, int, number, const struct uapi_iovec __user *, local, size_t,
             local_count, const struct uapi_iovec __user *, remote, size_t, remote_count, uint64_t,
             flags)
{
    return flags != 0 ? -EINVAL
                      : process_vm_move(number, local, local_count, remote, remote_count, false);
}

SYSTEM_CALL6(process_vm_writev, int, number, const struct uapi_iovec __user *, local, size_t,
             local_count, const struct uapi_iovec __user *, remote, size_t, remote_count, uint64_t,
             flags)
{
    return flags != 0 ? -EINVAL
                      : process_vm_move(number, local, local_count, remote, remote_count, true);
}
