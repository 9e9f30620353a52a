/*
 * Refused allocations in debug kernels (memory/fail_nth.h).
 *
 * /proc/self/fail-nth: writing N lets the Nth allocation of the writer's next system call fail, 0 lets none fail; reading tells of
 * that call whether one was refused (1 or 0) and how many it asked for. Writing `sweep` begins a sweep of the writer's calls and of
 * its children's, `off` ends it. Only a thread's own file does that.
 * /proc/fail-nth: what the sweeps found, a line for each call that asked for memory.
 */
#include "kernelfs/proc_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "lib/text.h"
#include "memory/fail_nth.h"
#include "scheduler/thread.h"
#include "syscall/table.h"

#if ASTRA_DEBUG

int proc_show_fail_nth(const struct generated_key *key, struct text_buffer *text)
{
    struct fail_nth_result result = fail_nth_get_result();
    (void)key;
    text_format(text, "%d %u\n", result.has_failed, result.allocations);
    return 0;
}

/* Is the line that was written this word? */
static bool is_word(const char *word, const char *data, size_t bytes)
{
    size_t length = strlen(word);
    bool has_end = bytes == length || (bytes == length + 1 && data[length] == '\n');
    return has_end && memcmp(word, data, length) == 0;
}

ssize_t proc_store_fail_nth(const struct generated_key *key, const char *data, size_t bytes)
{
    const char *end;
    uint64_t nth;
    if (proc_key_pid(key) != thread_current()->number) {
        return -EINVAL;
    }
    if (is_word("sweep", data, bytes) || is_word("off", data, bytes)) {
        fail_nth_sweep(data[0] == 's');
        return (ssize_t)bytes;
    }
    if (bytes == 0 || string_to_u64(data, 10, &nth, &end) != 0 || nth > UINT32_MAX) {
        return -EINVAL;
    }
    fail_nth_ask((uint32_t)nth);
    return (ssize_t)bytes;
}

static void show_tally(struct text_buffer *text, const char *name, unsigned unit)
{
    struct fail_nth_tally tally = fail_nth_get_tally(unit);
    if (tally.allocating != 0 || tally.pairs != 0) {
        text_format(text, "%s allocating %u pairs %u failed %u survived %u\n", name,
                    tally.allocating, tally.pairs, tally.failed, tally.survived);
    }
}

int proc_show_fail_nth_tallies(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    for (unsigned number = 0; number < SYSTEM_CALL_LIMIT; number++) {
        show_tally(text, system_call_table[number].name, number);
    }
    show_tally(text, "page-fault", FAIL_NTH_PAGE_FAULT);
    return 0;
}

#endif
