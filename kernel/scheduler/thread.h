// Threads: what the scheduler runs. A thread of a program is process/'s struct task, which embeds
// this one; a kernel thread is bare.
//
// States: Running or Ready (on a run queue), Blocked (on nobody's list but its waiters'), Dead
// (switched away for the last time; the reaper gives its stack back and calls release). A thread
// sets its own state to Blocked before it checks what it waits for; wake-ups set Ready.
#pragma once

#include "arch/context.h"
#include "arch/cpu_block.h"
#include "lib/compiler.h"
#include "lib/list.h"
#include "lib/types.h"
#include "memory/fail_nth.h"
#include "scheduler/rcu.h"
#include "sync/atomic.h"
#include "sync/lock_debug.h"
#include "sync/refcount.h"

struct page_table;

enum thread_state {
    THREAD_RUNNABLE, // running or on a run queue
    THREAD_BLOCKED,  // sleeps, not interruptible
    THREAD_BLOCKED_INTERRUPTIBLE,
    THREAD_STOPPED, // job control; woken by SIGCONT or SIGKILL only
    THREAD_DEAD,
};

// Bits of arch.work: looked at on the way to user mode.
enum thread_work {
    THREAD_WORK_SIGNAL = 1,       // a signal may be deliverable: interruptible waits end
    THREAD_WORK_STOP = 2,         // the group stops
    THREAD_WORK_KILL = 4,         // the group exits: waits that are killable end
    THREAD_WORK_RESTORE_MASK = 8, // sigsuspend, ppoll: put the saved mask back
    THREAD_WORK_TRACE = 16,       // kept free for ptrace and trace
    THREAD_WORK_NOTIFY = 32,      // deferred per-thread work of process/
    THREAD_WORK_SWITCHED = 64,    // it has left the CPU, and wants to know (notices_switches)
};

enum thread_policy {
    THREAD_NORMAL,
    THREAD_FIFO,
    THREAD_ROUND_ROBIN,
    THREAD_BATCH,
    THREAD_IDLE = 5
};

struct thread {
    struct arch_thread arch;    // first: the entry code reaches arch.work through cpu_block.current
    char name[16];              // [o] writers: the thread itself; readers may see a mix
    struct refcount references; // [a] one for "not dead yet", one per holder
    struct atomic32 state;      // [a] enum thread_state
    uint8_t is_on_cpu;          // [l run queue] still on a CPU's stack
    uint8_t is_queued;          // [l run queue]
    uint8_t is_kernel;          // [I] never enters user mode
    uint8_t user_faults_off;    // [o] more than 0: a user copy must not resolve faults
    uint8_t has_woken;          // [o] somebody, since it came onto the CPU
    uint8_t notices_switches;   // [o] each switch away from it sets THREAD_WORK_SWITCHED
    uint8_t hands_over;         // [o] last time it slept soon after it had woken somebody
    int cpu;                    // [l run queue] CPU whose queue it belongs to
    int policy;                 // [l run queue] enum thread_policy
    int nice;                   // [l run queue] -20..19
    int real_time_priority;     // [l run queue] 1..99, 0 for normal
    int inherited_priority;     // [l run queue] lent by who waits for it, 0: nothing
    uint64_t affinity;          // [l run queue] bit per CPU
    struct list_head run_link;  // [l run queue]
    int64_t slice_left_ns;      // [l run queue] less than 0: overdrawn; 0: given up
    uint64_t turn;              // [l run queue] slices used up, to be compared between threads
    int64_t
        credit_ns; // [l run queue] time off the CPU less time on it, bounded: who may overtake whom
    uint64_t off_cpu_since_ns;              // [l run queue] monotonic, while it is off the CPU
    vaddr_t stack_base;                     // [I] lowest address of the kernel stack
    struct page_table *page_table;          // [o] a reference; NULL: borrows whatever is loaded
    void (*entry)(void *argument);          // [I] kernel threads
    void *argument;                         // [I]
    void (*release)(struct thread *thread); // [I] last reference: frees the embedding object
    // Accounting.
    uint64_t run_ns;                                   // [o] time on a CPU in all
    uint64_t user_ns, kernel_ns;                       // [o] split by samples
    uint64_t told_user_ns, told_kernel_ns;             // [l run queue] last answer to who asked
    uint64_t switched_in_ns;                           // [o]
    uint64_t started_ns;                               // [I] monotonic
    uint64_t voluntary_switches, involuntary_switches; // [o]
    uint64_t minor_faults, major_faults;               // [o]
    struct thread_io {
        uint64_t read_bytes, written_bytes, reads, writes;
    } io;                             // [o] through open files, devices and pipes included
    const char *waiting_for;          // [o] text for ps and the panic, NULL while it runs
    struct list_head all_link;        // [l scheduler's list of all threads]
    int number;                       // [I] thread id once known, 0 for the boot and idle threads
    struct lock_holds sleeping_locks; // [o] debug
    struct fail_nth fail_nth;         // [o] debug: which of its allocations fail
    struct rcu_head rcu;              // [o] the reaper's, once it is dead
};

static inline struct thread *thread_current(void)
{
    return cpu_block_get(current);
}

// Fills in a thread whose memory the caller owns (embedding object): a stack, one reference, state
// BLOCKED; it is not started. A user thread also gets memory for arch.fpu_state, which
// arch_thread_init_user fills. The reference is the one for "not dead yet". entry NULL: a user
// thread, whose registers the caller prepares by arch_thread_init_user. 0 or -ENOMEM.
must_check int thread_init(struct thread *thread, const char *name, void (*entry)(void *),
                           void *argument, void (*release)(struct thread *));
// Undoes thread_init of a thread that never started.
void thread_fini(struct thread *thread);
// Puts it on a run queue for the first time.
void thread_start(struct thread *thread);

// Makes and starts a kernel thread. NULL: out of memory. It ends by returning from entry.
struct thread *thread_create_kernel(const char *name, void (*entry)(void *), void *argument);

void thread_get(struct thread *thread);
void thread_put(struct thread *thread);

// The current thread ends; its stack is reaped later. Its page table must have been given up
// (page_table == NULL).
_Noreturn void thread_exit(void);

// Runs other threads until somebody wakes this one; the caller has set its state
// (thread_prepare_to_block). With state RUNNABLE it is a yield.
void scheduler_yield(void);
void scheduler_block(void);
static inline void thread_prepare_to_block(enum thread_state state)
{
    __atomic_store_n(&thread_current()->state.value, (uint32_t)state, __ATOMIC_SEQ_CST);
}
static inline void thread_cancel_block(void)
{
    atomic32_store(&thread_current()->state, THREAD_RUNNABLE);
}

// Makes a thread runnable if its state is in the mask of (1 << thread_state) bits. True if it was.
// Any context.
bool thread_wake_states(struct thread *thread, unsigned states);
static inline bool thread_wake(struct thread *thread)
{
    return thread_wake_states(thread, 1u << THREAD_BLOCKED | 1u << THREAD_BLOCKED_INTERRUPTIBLE);
}
// Sets work bits and wakes it where it sleeps interruptibly (KILL, STOP: also STOPPED); kicks its CPU if
// it runs user code.
void thread_notify(struct thread *thread, uint32_t work);

// Must the current thread come to an end? Long work in the kernel stops then.
static inline bool thread_is_killed(void)
{
    return (__atomic_load_n(&thread_current()->arch.work, __ATOMIC_RELAXED) & THREAD_WORK_KILL) !=
           0;
}

// Would an interruptible wait of the current thread end now?
static inline bool thread_is_interrupted(void)
{
    return (__atomic_load_n(&thread_current()->arch.work, __ATOMIC_RELAXED) &
            (THREAD_WORK_SIGNAL | THREAD_WORK_STOP | THREAD_WORK_KILL)) != 0;
}

void thread_set_name(struct thread *thread, const char *name);
// Switches the page table of the current thread (exec, process exit): consumes `table`, may be NULL
// (keeps the kernel's).
void thread_set_page_table(struct page_table *table);

// Scheduling parameters (nice, sched_setscheduler, affinity). 0 or -EINVAL.
// The real-time priority that it runs with: its own or what it was lent. Read without the lock as a hint.
static inline int thread_priority(const struct thread *thread)
{
    return thread->real_time_priority > thread->inherited_priority ? thread->real_time_priority
                                                                   : thread->inherited_priority;
}
// Lends it a real-time priority (0: takes it back), whatever its policy.
void thread_set_inherited_priority(struct thread *thread, int priority);
must_check int thread_set_policy(struct thread *thread, int policy, int real_time_priority);
void thread_set_nice(struct thread *thread, int nice);
// The time slice that its policy gives it; UINT64_MAX: none, it runs until it blocks.
uint64_t thread_slice_ns(const struct thread *thread);
must_check int thread_set_affinity(struct thread *thread, uint64_t mask);

// Sleep until an absolute monotonic time. 0, or -EINTR when interruptible and interrupted before.
int thread_sleep_until(uint64_t deadline_ns, bool interruptible);

// What a sample of the accounting found, for limits and timers on CPU time: set once by process/. Interrupt context.
typedef void thread_charge_function(struct thread *thread, uint64_t user_ns, uint64_t kernel_ns);
void thread_set_charge_hook(thread_charge_function *charge);

// Every thread, for ps and /proc: each is passed with a reference held during the call; may sleep
// between. Stops at false.
void thread_visit_all(bool (*visit)(struct thread *thread, void *context), void *context);

void scheduler_init(void); // makes the boot code CPU 0's idle-to-be, and what all CPUs share
// Makes the code that runs, on a CPU of which nobody knows yet, that CPU's idle-to-be.
void scheduler_cpu_init(struct thread *idle);
_Noreturn void scheduler_idle(void); // what the boot thread becomes
// Load averages, fixed point with 11 fractional bits as in /proc/loadavg, and counts.
void scheduler_load(uint32_t load[3], unsigned *runnable, unsigned *total);
// CPU time by kind since boot in ns, for /proc/stat. Busy and idle time are exact; busy time is
// split by what the samples saw, and interrupts are part of what they interrupt (interrupt_ns is
// 0).
struct cpu_times {
    uint64_t user_ns, nice_ns, system_ns, idle_ns, interrupt_ns;
};
void scheduler_cpu_times(unsigned cpu, struct cpu_times *times);
uint64_t scheduler_switch_count(void);
// What a thread has used so far: the sum is exact, the split is by samples, and neither part is ever
// less than in an answer before. For times, getrusage, /proc.
void thread_cpu_times(struct thread *thread, uint64_t *user_ns, uint64_t *kernel_ns);

// How to make another CPU choose again (an interrupt there); set once by whoever starts the other
// CPUs. The hook is called with a run queue locked.
void scheduler_set_kick(void (*kick)(unsigned cpu));
