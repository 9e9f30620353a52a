// Signals: actions, pending queues, sending, delivery on the way to user mode.
#pragma once

#include "arch/trap_frame.h"
#include "lib/compiler.h"
#include "lib/list.h"
#include "scheduler/rcu.h"
#include "scheduler/wait_queue.h"
#include "sync/refcount.h"
#include "sync/spinlock.h"
#include "uapi/signal.h"

struct task;
struct process;
struct id;

enum { SIGNAL_COUNT = 64 };

static inline uint64_t signal_bit(int number)
{
    return 1ULL << (number - 1);
}

struct queued_signal {
    struct list_head link;
    const void *source; // the timer that it is from; NULL: none. Only compared
    struct uapi_siginfo info;
};

struct pending_signals {
    uint64_t set;           // [l] numbers that are pending
    struct list_head queue; // [l] struct queued_signal; a standard signal at most once
    unsigned count;         // [l] entries of queue
};

struct signal_actions {
    struct refcount references; // [a]
    struct rcu_head rcu;
    struct spinlock
        lock; // rank SIGNAL; also guards masks and pending queues of the tasks that share it
    struct uapi_sigaction actions[SIGNAL_COUNT]; // [l]
    struct wait_queue signalled;                 // sigtimedwait and signalfd sleep here
};

// Sending. info NULL: from the kernel (SI_KERNEL). 0, -ESRCH (already gone), -EAGAIN (queue limit, real-time signals). Any thread context.
int signal_send_process(struct process *process, int number, const struct uapi_siginfo *info);
int signal_send_task(struct task *task, int number, const struct uapi_siginfo *info);
// What the running task did costs it a signal (SIGPIPE, SIGXFSZ): told as if it had sent it itself, as on Linux.
void signal_send_self(int number);
// Every member of a group; process_tree_lock is taken inside. 0 if one was reached, -ESRCH, -EPERM; checks permission when `check`.
int signal_send_group(struct id *group, int number, const struct uapi_siginfo *info, bool check);
// A fault of the current task: cannot be blocked or ignored.
void signal_force(int number, const struct uapi_siginfo *info);
// The lock of the process's actions, safe against exec replacing them. Returns what was locked.
struct signal_actions *signal_lock(struct process *process);
void signal_unlock(struct signal_actions *actions);
// Forgets what waits for the caller's process: for the kernel shell, which has no handlers that could take it.
void signal_discard_pending(void);
// May the current task signal that process? 0, -EPERM, -ESRCH (reaped), -EINVAL (no such signal; 0 only asks).
must_check int signal_permission(struct process *target, int number);

// sigqueue(3) to one thread: as signal_kill_task, with what the caller says of the signal.
long signal_queue_task(int group, int number, int signal, const struct uapi_siginfo *info);
// kill(2) in all its forms; tkill and tgkill (group 0: any).
long signal_kill(int number, int signal);
long signal_kill_task(int group, int number, int signal);

// Calls of the current task. `old` may be NULL.
must_check int signal_set_action(int number, const struct uapi_sigaction *action,
                                 struct uapi_sigaction *old);
void signal_set_mask(uint64_t mask); // SIGKILL and SIGSTOP stay unblocked
// Waits until a signal is pending that is in `mask`'s complement: sigsuspend; always -ERESTARTNOHAND.
long signal_suspend(uint64_t mask);
// Takes a signal of `set` that is pending for the current task, its own before the process's. Its number, 0: none.
int signal_take(uint64_t set, struct uapi_siginfo *info);
// sigtimedwait: takes a pending signal of `set`. Its number, -EAGAIN at the deadline, -EINTR.
long signal_wait(uint64_t set, uint64_t deadline_ns, struct uapi_siginfo *info);
uint64_t signal_pending_set(struct task *task);        // process's and task's
bool signal_is_ignored(struct task *task, int number); // blocked counts too: what the terminal asks
// Temporary mask for pselect, ppoll, epoll_pwait: restored on the way to user mode or by the handler's return.
void signal_set_temporary_mask(uint64_t mask);
// The former mask comes back at once: the call did not wait for a handler. Nothing where no temporary mask is set.
void signal_end_temporary_mask(void);

// exec: handlers back to default, alternate stack gone, pending kept.
void signal_reset_for_exec(struct task *task);
struct signal_actions *signal_actions_create(void);
struct signal_actions *signal_actions_copy(struct signal_actions *source);
void signal_actions_put(struct signal_actions *actions);

// The queue by itself (signal_queue.c): the caller holds the lock of the actions.
void signal_queue_init(void); // the cache of entries
void pending_signals_init(struct pending_signals *pending);
// Adds; `entry` (consumed) may be NULL: then only the number is remembered. A standard signal that is pending already is dropped,
// but for a timer's.
void pending_signals_add(struct pending_signals *pending, int number, struct queued_signal *entry);
// Takes the first signal of `set` in Linux's order (the faults first, then by number) with its information. 0: none.
int pending_signals_take(struct pending_signals *pending, uint64_t set, struct uapi_siginfo *info);
void pending_signals_discard(struct pending_signals *pending, uint64_t set);
// The entry that this source (not NULL) has in the queue. NULL: none.
must_check struct queued_signal *pending_signals_find(const struct pending_signals *pending,
                                                      const void *source);
must_check struct queued_signal *queued_signal_alloc(void);
void queued_signal_free(struct queued_signal *entry);
