// What the files of process/ share.
#pragma once

#include "process/process.h"
#include "scheduler/completion.h"

// NULL: the current thread is a kernel thread (or an interrupt's).
static inline struct process *process_current_or_null(void)
{
    struct thread *thread = thread_current();
    return thread_is_task(thread) ? task_from_thread(thread)->process : NULL;
}

// ---- making and ending (process.c, task.c) ----
void task_cache_init(void);
// A process without tasks and family, one reference. NULL: out of memory.
must_check struct process *process_create(void);
// Its task with a stack and a number, not started. NULL: out of memory or numbers. The first one is the leader.
must_check struct task *task_create(struct process *process, const char *name);
// Undoes task_create of a task that never ran; gives up what it holds.
void task_discard(struct task *task);
// A finished task joins its process and can be found by its number; the process gets its reference on the leader.
void task_publish_locked(struct task *task);
// A new task that runs first_run in kernel mode before it enters user mode.
void task_prepare_kernel_start(struct task *task, void (*first_run)(struct task *), void *argument);
// Gives up the address space (exec: for `replacement`, consumed, else NULL): tells whoever waits in vfork, clears the tid word.
void task_change_space(struct task *task, struct address_space *replacement);
unsigned process_task_total(void); // live tasks of the machine

// execve: ends the other tasks of the process; the caller becomes its first. 0, -EAGAIN, -EINTR (the caller is dying).
must_check int thread_group_take_over(struct task *task);

// ---- family (family.c, group.c) ----
// Puts a new process into the tree under `parent`, with its group, session and terminal.
void family_add_locked(struct process *process, struct process *parent);
// Takes a zombie out of the tree; the family's reference passes to the caller, who puts it (and the ids) by family_release.
void family_remove_locked(struct process *process);
void family_release(struct process *process);
// Gives the children of an ending process to pid 1; takes the lock itself.
void family_give_children_away(struct process *process);
// Tells the parent that a process ended. True: nobody will wait, the caller reaps.
bool family_notify_exit_locked(struct process *process);
// Tells the parent of a stop or a continue.
void family_notify_state(struct process *process, int code);
void process_join_group_locked(struct process *process, struct id *group, struct id *session);
void process_leave_group_locked(struct process *process);
extern struct id id_zero; // group and session of pid 1 until it makes its own, as on Linux

// ---- signals ----
static inline void task_set_work(struct task *task, uint32_t work)
{
    __atomic_fetch_or(&task->thread.arch.work, work, __ATOMIC_SEQ_CST);
}
// The task goes to user mode: a sequence that it was interrupted in is aborted, and the area tells the CPU. After a switch, and before a
// handler runs.
void restartable_update(struct task *task, struct trap_frame *frame);
// A child in memory of its own has the parent's; memory that is left has none any more.
void restartable_inherit(struct task *child, const struct task *parent);
void restartable_forget(struct task *task);

static inline void task_clear_work(struct task *task, uint32_t work)
{
    __atomic_fetch_and(&task->thread.arch.work, ~work, __ATOMIC_SEQ_CST);
}
enum signal_default { SIGNAL_TERMINATES, SIGNAL_IGNORED, SIGNAL_STOPS, SIGNAL_CONTINUES };
enum signal_default signal_default_action(int number);
#define SIGNAL_STOP_SET                                                                            \
    (SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU))
#define SIGNAL_UNBLOCKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))
int signal_send_process_locked(struct process *process, struct task *task, int number,
                               const struct uapi_siginfo *info);
// A timer's signal, of info->si_signo, with an entry of its own that pending_signals_find finds by `source`. False: ignored, or no
// memory.
bool signal_send_timer_locked(struct process *process, struct task *task,
                              const struct uapi_siginfo *info, const void *source);
// Members of a group with the tree lock held; see signal_send_group.
int signal_send_group_locked(struct id *group, int number, const struct uapi_siginfo *info,
                             bool check);
int signal_permission_locked(struct process *target, int number);
// SIGKILL by the kernel's own decision, pid 1 included.
void signal_force_fatal(int number);
void signal_info_from_user(struct uapi_siginfo *info, int number, int code);
// Sets or clears THREAD_WORK_SIGNAL by what is pending and not blocked.
void signal_recalculate_locked(struct task *task);
// Signals of the process that `task` was told of and no longer takes go to another task that does.
void signal_pass_on_locked(struct task *task, uint64_t set);
// Group exit: all other tasks are told to die. Keeps the first status.
void process_begin_exit_locked(struct process *process, int status);
// Stops (signal_stop.c): `number` was taken from the queue with a default action that stops.
void signal_stop_begin(struct task *task, int number);
void signal_stop_join(struct task *task);
// A live task leaves its process. True: the others have stopped already, and the parent has to hear of it.
must_check bool signal_stop_leave_locked(struct task *task);
void signal_continue_locked(struct process *process);

// ---- use of resources (usage.c) ----
uint64_t space_peak_kib(const struct address_space *space);
void usage_of_task_locked(struct task *task,
                          struct process_usage *usage); // the tree lock is held
void usage_add(struct process_usage *sum, const struct process_usage *part);

// ---- the rest ----
void job_control_session_ends(struct process *process); // its leader dies
void job_control_check_orphans_locked(struct process *process, struct process *parent,
                                      bool is_leaving);
void oom_init(void);
void limits_init(struct process *process);
void limits_apply(struct process *process, struct address_space *space);
void cpu_limit_init(void); // once, by process_init
void real_timer_init(struct process *process);
void real_timer_stop(struct process *process);
void posix_timers_init(struct process *process);
// exec, and the end of the last task: all timers of the process go. May sleep.
void posix_timers_end(struct process *process);
must_check struct signal_actions *
signal_actions_get(struct signal_actions *actions); // returns its argument
