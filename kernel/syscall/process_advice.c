/*
 * process_madvise: advice about another program's memory. Taken is what takes nothing away from it (process_madvise(2)).
 *
 * As on Linux the vector is looked at first, then the descriptor, then the advice, then who asks; ranges are advised in order, and what
 * goes wrong behind the first is told by a smaller count.
 */
#include "process/process.h"
#include "syscall/call.h"
#include "syscall/process_files.h"
#include "syscall/user_vector.h"
#include "uapi/capability.h"
#include "uapi/mman.h"

static bool is_harmless(int advice)
{
    return advice == MADV_COLD || advice == MADV_PAGEOUT || advice == MADV_WILLNEED;
}

/* Bytes advised, or the error of the first range. */
static long advise_ranges(struct address_space *space, const struct uapi_iovec *ranges,
                          size_t count, int advice)
{
    size_t done = 0;
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].iov_len == 0) {
            continue;
        }
        int error = address_space_advise(space, ranges[i].iov_base, ranges[i].iov_len, advice);
        if (error != 0) {
            return done != 0 ? (long)done : error;
        }
        done += ranges[i].iov_len;
    }
    return (long)done;
}

static long advise_process(struct process *process, const struct uapi_iovec *ranges, size_t count,
                           int advice)
{
    if (!is_harmless(advice)) {
        return -EINVAL;
    }
    struct task *task = task_find(process->id->number);
    struct address_space *space;
    int error = task != NULL ? task_trace_space(task, &space) : -ESRCH;
    if (task != NULL) {
        task_put(task);
    }
    if (error != 0) {
        return error == -EPERM ? -EACCES : error;
    }
    long result = -EPERM;
    if (credentials_can(task_current()->credentials, CAP_SYS_NICE)) {
        result = advise_ranges(space, ranges, count, advice);
    }
    address_space_put(space);
    return result;
}

SYSTEM_CALL5(process_madvise, int, descriptor, const struct uapi_iovec __user *, user, size_t,
             count, int, advice, unsigned, flags)
{
    struct user_vector_copy ranges;
    if (flags != 0) {
        return -EINVAL;
    }
    long result = user_vector_copy_begin(&ranges, user, count);
    if (result != 0) {
        return result;
    }
    struct process *process;
    bool is_nonblocking;
    result = process_from_descriptor(descriptor, &process, &is_nonblocking);
    if (result == 0) {
        result = advise_process(process, ranges.entries, count, advice);
        process_put(process);
    }
    user_vector_copy_end(&ranges);
    return result;
}
