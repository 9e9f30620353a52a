/*
 * The robust list (get_robust_list(2)): futexes that a task holds, linked in its own memory, so that others learn of its death. The list is
 * the program's: it may be damaged or endless, so its length is bounded and every fault ends the walk.
 */
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/user_copy.h"
#include "process/futex.h"
#include "process/process.h"
#include "uapi/futex.h"

/* Marks one futex whose owner was this task and wakes a waiter. -EFAULT ends the walk. */
static int entry_end(const struct task *task, uint64_t address, bool is_pending, bool is_pi)
{
    uint32_t __user *word = (uint32_t __user *)address;
    uint32_t value;
    uint32_t seen;
    if (address % sizeof(uint32_t) != 0 || user_copy_in(&value, word, sizeof(value)) != 0) {
        return -EFAULT;
    }
    const struct futex_word futex = {.address = word};
    if (is_pending && !is_pi && value == 0) {
        (void)futex_wake(&futex, 1, FUTEX_BITSET_MATCH_ANY);
        return 0;
    }
    /* Compare and exchange, since other threads take and wait for the same lock at this moment. Another owner's word is left alone. */
    while ((value & FUTEX_TID_MASK) == (uint32_t)task->thread.number) {
        uint32_t dead = (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
        if (user_fault_in(word, sizeof(*word), true) != 0) {
            return -EFAULT;
        }
        if (user_cmpxchg32_nofault(word, value, dead, &seen) != 0) {
            continue; /* the page went again: another thread's fork has made it read-only */
        }
        if (seen == value) {
            if ((value & FUTEX_WAITERS) != 0 && !is_pi) {
                (void)futex_wake(&futex, 1, FUTEX_BITSET_MATCH_ANY);
            }
            return 0;
        }
        value = seen;
    }
    return 0;
}

/* Bit 0 of an entry's address says that it is a priority-inheriting futex, whose waiters futex_pi_end tells. */
static uint64_t entry_address(uint64_t entry)
{
    return entry & ~1ULL;
}

static bool entry_is_pi(uint64_t entry)
{
    return (entry & 1) != 0;
}

static void list_end(const struct task *task, const struct uapi_robust_list_head *head,
                     uint64_t head_address)
{
    uint64_t pending = entry_address(head->list_op_pending);
    uint64_t entry = head->list;
    for (unsigned i = 0; i < ROBUST_LIST_LIMIT && entry_address(entry) != head_address; i++) {
        uint64_t next;
        bool is_readable =
            user_copy_in(&next, (const void __user *)entry_address(entry), sizeof(next)) == 0;
        if (entry_address(entry) != pending &&
            entry_end(task, entry_address(entry) + (uint64_t)head->futex_offset, false,
                      entry_is_pi(entry)) != 0) {
            return;
        }
        if (!is_readable) {
            return;
        }
        entry = next;
    }
    if (pending != 0) {
        (void)entry_end(task, pending + (uint64_t)head->futex_offset, true,
                        entry_is_pi(head->list_op_pending));
    }
}

void futex_robust_list_end(struct task *task)
{
    assert(task == task_current()); // whose memory is read
    struct uapi_robust_list_head head;
    const void __user *address = task->robust_list;
    task->robust_list = NULL;
    if (address != NULL && task->space != NULL && user_copy_in(&head, address, sizeof(head)) == 0) {
        list_end(task, &head, (uint64_t)(uintptr_t)address);
    }
}
