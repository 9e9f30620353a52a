/*
 * From the CPU's upcall to the handler: one bounds check, one table load, one call. Counting is per CPU and costs one
 * increment; a traced task (THREAD_WORK_TRACE is kept free for that) would be found here by its work word.
 */
#include "arch/trap_frame.h"
#include "arch/upcalls.h"
#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/errno.h"
#include "memory/fail_nth.h"
#include "scheduler/thread.h"
#include "sync/lock_debug.h"
#include "sync/percpu.h"
#include "syscall/system_call.h"
#include "syscall/table.h"

static PERCPU_DEFINE(uint32_t, system_call_counts[SYSTEM_CALL_LIMIT]);

/* The table is indexed by what a program puts into a register: the bound that is tested is the table's own size. */
static_assert(sizeof(system_call_table) / sizeof(system_call_table[0]) == SYSTEM_CALL_LIMIT,
              "every number below the limit has a row");

/* A result that means "again" is only for a task that delivers a signal next: the program must not see it. */
static bool is_restart(long result)
{
    return result == -ERESTARTSYS || result == -ERESTARTNOINTR || result == -ERESTARTNOHAND ||
           result == -ERESTART_RESTARTBLOCK;
}

/* Once, but in a debug kernel that refuses it memory (memory/fail_nth.h). */
static inline long call_make(system_call_handler *handler, uint32_t number,
                             const struct trap_frame *frame)
{
    struct fail_nth_attempt outer;
    long result;
    fail_nth_begin(number, &outer);
    do {
        result = handler(system_call_argument(frame, 0), system_call_argument(frame, 1),
                         system_call_argument(frame, 2), system_call_argument(frame, 3),
                         system_call_argument(frame, 4), system_call_argument(frame, 5));
    } while (fail_nth_again(result));
    fail_nth_end(&outer);
    return result;
}

void upcall_system_call(struct trap_frame *frame)
{
    /* Only 32 bits of the number count, as on Linux: what stands above them in the register is the program's leftover. */
    uint32_t number = (uint32_t)system_call_number(frame);
    long result = -ENOSYS;
    if (likely(number < SYSTEM_CALL_LIMIT)) {
        (*percpu_this(system_call_counts))[number]++;
        system_call_handler *handler = system_call_table[number].handler;
        if (likely(handler != NULL)) {
            result = call_make(handler, number, frame);
        }
    }
    /*
     * A call comes back as it began: no spin lock, no sleeping lock, interrupts as they were. What one forgets here shows as a hang
     * somewhere else, much later.
     */
    lock_debug_check_sleep(NULL);
    lock_debug_check_exit(&thread_current()->sleeping_locks);
    /* Such a result without a signal would reach the program as an error that no manual page knows. */
    assert(!is_restart(result) || thread_is_interrupted() || system_call_number(frame) < 0);
    system_call_set_result(frame, result);
}

uint64_t system_call_count(unsigned number)
{
    uint64_t total = 0;
    for (unsigned cpu = 0; number < SYSTEM_CALL_LIMIT && cpu < percpu_cpu_count(); cpu++) {
        total += (*percpu_of(system_call_counts, cpu))[number];
    }
    return total;
}
