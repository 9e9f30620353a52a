/*
 * /proc/self/fail-nth of debug kernels: writing N lets the Nth allocation of the writer's next system call fail, 0 lets none fail;
 * reading tells of that call whether one was refused (1 or 0) and how many it asked for. Only a thread's own file does that.
 */
#include "kernelfs/proc_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "lib/text.h"
#include "memory/fail_nth.h"
#include "scheduler/thread.h"

#if ASTRA_DEBUG

int proc_show_fail_nth(const struct generated_key *key, struct text_buffer *text)
{
    struct fail_nth_result result = fail_nth_get_result();
    (void)key;
    text_format(text, "%d %u\n", result.has_failed, result.allocations);
    return 0;
}

ssize_t proc_store_fail_nth(const struct generated_key *key, const char *data, size_t bytes)
{
    const char *end;
    uint64_t nth;
    if (proc_key_pid(key) != thread_current()->number || bytes == 0 ||
        string_to_u64(data, 10, &nth, &end) != 0 || nth > UINT32_MAX) {
        return -EINVAL;
    }
    fail_nth_ask((uint32_t)nth);
    return (ssize_t)bytes;
}

#endif
