// Processes and tasks. A process owns what its tasks share: address space, descriptors, signal actions, place in the family. A task
// is a thread that runs (or could run) user code; it embeds scheduler/'s thread, so the current task is the current thread.
//
// States of a process: alive; stopped (every task stops on the way to user mode); exiting (no task will run user code again); zombie
// (all tasks are gone, the parent has not waited yet); reaped. The family (parent, children, group, session, ids' members) is under
// process_tree_lock; it is short: nothing sleeps under it.
//
// Legends: [l tree] process_tree_lock; [l signal] the lock of process->actions (process_internal.h's signal_lock); [l both] written
// with both held, so either is enough to read; [o] the current task, or the only task of the process.
#pragma once

#include "fs/fs_context.h"
#include "lib/compiler.h"
#include "lib/list.h"
#include "process/signal.h"
#include "scheduler/credentials.h"
#include "scheduler/id.h"
#include "scheduler/mutex.h"
#include "scheduler/thread.h"
#include "scheduler/timer.h"
#include "uapi/resource.h"
#include "vm/address_space.h"

struct completion;
struct pi_waiter;
struct descriptor_table;
struct semaphore_undo_list;
struct terminal;
struct task;

// cwd, root and umask; shared with CLONE_FS.
struct fs_state {
    struct refcount references; // [a] of tasks and of those who look at it
    struct atomic32 users;      // [a] tasks that have it as theirs; above 1: CLONE_FS
    struct spinlock lock;       // over changes
    struct fs_places *places;   // [l; read under RCU] a reference
    uint32_t umask;             // [a]
};

// Resource use, summed from tasks and from children that were waited for.
struct process_usage {
    uint64_t user_ns, kernel_ns;
    uint64_t minor_faults, major_faults;
    uint64_t voluntary_switches, involuntary_switches;
    uint64_t peak_resident_kib;
    struct thread_io io;
};

struct process {
    struct refcount references;    // [a] the family's, one per task, one per finder
    struct id *id;                 // [I] the process's number: that of its first task
    struct list_head id_link;      // [l tree] in id->members[ID_PROCESS] until reaped
    struct process *parent;        // [l tree] NULL only for pid 1 and for a reaped process
    int parent_number;             // [a] its number, 0 where there is none: getppid takes no lock
    struct list_head children;     // [l tree] by sibling_link
    struct list_head sibling_link; // [l tree]
    struct list_head tasks;        // [l both] live ones, by process_link
    unsigned task_count;           // [l both] live ones
    unsigned
        present_count;   // [l tree] live ones, and those that have not yet given up what they share
    struct task *leader; // [l tree] first task, a reference; NULL once the process was reaped
    struct id *group, *session; // [l tree] references; NULL once the process was reaped
    struct list_head group_link, session_link; // [l tree] in id->members
    struct terminal *terminal;            // [l tree] controlling terminal, a reference; NULL: none
    bool is_session_leader;               // [l tree]
    unsigned executions;                  // [a] successful execve calls since fork
    bool is_zombie;                       // [l tree]
    bool is_reaper;                       // [a] PR_SET_CHILD_SUBREAPER: takes orphans below it
    bool refuses_huge_pages;              // [a] PR_SET_THP_DISABLE: kept and told
    bool is_exiting;                      // [l signal] exit_group or a fatal signal began
    bool is_unkillable;                   // [l signal] pid 1: default actions do nothing
    bool is_stopping;                     // [l signal] a group stop began and nothing continued it
    bool is_stopped;                      // [l signal] ... and every task has stopped
    bool stop_reported, continue_pending; // [l signal] for WUNTRACED, WCONTINUED
    bool stop_was_taken; // [l signal] a stop signal was dequeued; SIGCONT since then clears it
    bool must_report_continue; // [l signal] the parent has to hear of SIGCONT
    unsigned tasks_to_stop;    // [l signal] tasks that have not stopped yet
    unsigned stop_number;      // [l signal] of the present or last group stop: they are counted
    int stop_signal;           // [l signal]
    int exit_status;           // [l signal] as wait gives it; fixed once is_exiting
    int exit_signal;        // [l tree] sent to the parent at the end; SIGCHLD after exec, 0: none
    struct task *exec_task; // [l both] its execve ends the other tasks; NULL: none
    struct wait_queue task_gone;    // a task has given up everything; execve waits here
    struct wait_queue ended;        // it is a zombie: poll of a pidfd
    struct wait_queue child_events; // wait4 of the parent sleeps here (its own queue)
    struct signal_actions *actions; // [l both] shared with CLONE_SIGHAND; replaced by exec only
    struct pending_signals pending; // [l signal] sent to the process
    struct rlimit_table {
        struct uapi_rlimit entries[RLIM_NLIMITS];
    } limits;                            // [l tree]; single words may be read without
    struct process_usage usage;          // [l tree] of tasks that ended
    struct process_usage children_usage; // [l tree]
    struct timer real_timer;             // [l posix_timers.mutex] ITIMER_REAL and alarm
    uint64_t real_timer_interval_ns;     // [l signal]
    uint64_t virtual_timer_ns, virtual_timer_interval_ns, profile_timer_ns,
        profile_timer_interval_ns; // [l signal]
    struct posix_timer_list {
        struct mutex mutex;      // rank POSIX_TIMERS
        struct list_head timers; // [l mutex] struct posix_timer
        unsigned count;          // [l mutex]
        int next_id;             // [l mutex]
    } posix_timers;
    uint64_t started_ns;       // [I] monotonic
    struct mutex exec_mutex;   // rank PROCESS_EXEC: address space and name change together
    bool is_dumpable;          // [a]
    bool has_private_barriers; // [a] announced, for membarrier
    bool is_kernel_shell;      // [I] pid 1 without init: runs kernel code
    int oom_score_adjust;      // [a]
    int oom_score_minimum;     // [a] what its owner may lower oom_score_adjust to
    uint32_t personality;      // [o]
};

struct restart_block {
    long (*restart)(struct task *task); // called by restart_syscall
    uint64_t deadline_ns;
    uint64_t argument[4];
};

#define TIMER_SLACK_DEFAULT_NS UINT64_C(50000)

struct task {
    struct thread thread;          // first
    struct process *process;       // [I] a reference
    struct id *id;                 // [I] a reference; thread.number is its number
    struct list_head process_link; // [l both]
    struct address_space *
        space; // [o, changes with the tree lock] a reference; NULL for the kernel shell and after exit
    struct descriptor_table *descriptors; // [o, changes with the tree lock] a reference
    struct fs_state *fs;                  // [o, changes with the tree lock] a reference
    struct credentials *
        credentials; // [o, changes with the tree lock] a reference; others read it with the tree lock
    uint64_t signal_mask;              // [o, changes with the signal lock]
    uint64_t saved_signal_mask;        // [o] with THREAD_WORK_RESTORE_MASK
    unsigned joined_stop;              // [l signal] the last group stop that it was counted for
    struct pending_signals pending;    // [l signal] sent to this task
    struct uapi_stack alternate_stack; // [o]
    struct restart_block restart;      // [o]
    void (*first_run)(
        struct task *
            task); // [o] with THREAD_WORK_NOTIFY: kernel code before the first instruction of a program
    void *first_run_argument; // [o]
    void __user *robust_list; // [o] set_robust_list: futexes to release at the end
    struct restartable {
        void __user *area;                 // NULL: not registered
        uint32_t signature;                // what stands before each abort handler
    } restartable;                         // [o] rseq: kept up to date on the way to user mode
    struct list_head pi_locks;             // [l futex_pi] what it holds and others wait for
    struct pi_waiter *pi_waiter;           // [l futex_pi] its own wait
    bool pi_is_over;                       // [l futex_pi] nobody can wait for it any more
    uint32_t __user *clear_tid_address;    // [o] set_tid_address, CLONE_CHILD_CLEARTID
    uint32_t __user *set_tid_address;      // [o] CLONE_CHILD_SETTID: written by the child itself
    struct semaphore_undo_list *undo_list; // [o] ipc/'s: what to undo at the end; NULL: nothing yet
    struct completion *vfork_done;         // [l tree] the parent that waits for exec or exit
    uint16_t memory_policy;                // [o] set_mempolicy: mode and flags
    bool memory_policy_has_nodes;          // [o] it names the one node
    uint16_t io_priority;                  // [a] ioprio_set: class and level
    bool resets_scheduling_on_fork;        // [a] SCHED_RESET_ON_FORK
    bool no_new_privileges;                // [a] PR_SET_NO_NEW_PRIVS; never taken back, inherited
    uint8_t failure_policy;                // [o] PR_MCE_KILL: kept and told; 0: the default
    bool is_io_flusher;                    // [o] PR_SET_IO_FLUSHER: kept and told
    uint64_t parent_death_signal;          // [o] PR_SET_PDEATHSIG
    uint64_t timer_slack_ns;               // [a] PR_SET_TIMERSLACK
    uint64_t first_timer_slack_ns;         // [I] what it was created with, and goes back to
    struct rcu_head rcu;
};

extern struct spinlock process_tree_lock;
extern struct process *process_first; // pid 1

static inline struct task *task_from_thread(struct thread *thread)
{
    return (struct task *)thread;
}
bool thread_is_task(const struct thread *thread);
// The current task; the caller knows that this is no kernel thread (asserted).
static inline struct task *task_current(void)
{
    assert(thread_is_task(thread_current()));
    return task_from_thread(thread_current());
}
static inline struct process *process_current(void)
{
    return task_current()->process;
}

void process_get(struct process *process);
void process_put(struct process *process); // not under a spin lock
// By number, with a reference: -> NULL if there is none (zombies are found).
must_check struct process *process_find(int number);
// The same by the number of any of its threads: kill, getpgid and /proc take those as well.
must_check struct process *process_find_of_task(int number);
must_check struct task *task_find(int number); // any thread's number; thread reference
void task_put(struct task *task);

// What another task has at this moment, with a reference, or NULL (kernel shell, ended).
must_check struct address_space *task_space_get(struct task *task);
must_check struct descriptor_table *task_descriptors_get(struct task *task);
must_check struct fs_state *task_fs_get(struct task *task);
must_check struct credentials *task_credentials_get(struct task *task);
// New credentials of the current task; consumes the reference. A change of the effective or file ids, or a gain, makes the process
// undumpable and forgets its parent-death signal, as on Linux.
void task_set_credentials(struct task *task, struct credentials *credentials);

// The task's view of the tree: references are held in *context until fs_context_end. Cheap where nothing is shared.
void fs_context_begin(struct task *task, struct fs_context *context);
void fs_context_end(struct fs_context *context);
must_check struct fs_state *
fs_state_create(const struct path *root); // root and working directory; references are taken
must_check struct fs_state *fs_state_copy(struct fs_state *source);
void fs_state_put(struct fs_state *state); // may sleep
// A task takes it as its own too, with a reference (CLONE_FS), or gives its own up; may sleep.
void fs_state_join(struct fs_state *state);
void fs_state_leave(struct fs_state *state);
// The places as they are now, of any state that the caller has a reference of. Take references of the path.
void fs_state_get_root(struct fs_state *state, struct path *path);
void fs_state_get_working_directory(struct fs_state *state, struct path *path);
// Of the current task's own state. Consume the path's references in any case; may sleep. 0 or -ENOMEM.
must_check int fs_state_set_root(struct fs_state *state, const struct path *path);
must_check int fs_state_set_working_directory(struct fs_state *state, const struct path *path);
uint32_t fs_state_set_umask(struct fs_state *state, uint32_t umask); // the old one

// fork, vfork, clone.
struct clone_request {
    uint64_t flags; // CLONE_*
    int exit_signal;
    vaddr_t stack; // 0: the parent's
    uint64_t tls;
    uint32_t __user *parent_tid;
    uint32_t __user *child_tid;
    uint32_t __user *process_file; // CLONE_PIDFD: gets the descriptor
};
// Number of the child, or -errno (-EAGAIN: limits; -ENOMEM; -EINVAL; -ENOSYS for combinations not there yet;
// -ERESTARTNOINTR when a signal came first). With CLONE_VFORK returns after the child's exec or exit.
long process_clone(const struct clone_request *request);

// rseq: the current task's area of sequences that must not be interrupted, of uapi/rseq.h's size and alignment. 0, -EINVAL, -EPERM (another
// signature), -EBUSY (there already), -EFAULT.
must_check int restartable_register(void __user *area, size_t bytes, uint32_t signature);
must_check int restartable_unregister(void __user *area, size_t bytes, uint32_t signature);

// May the current task look into that one? (ptrace's rule: by the ids for files, for what is a file of /proc, and by the real ones)
bool task_may_inspect(struct task *task);
bool task_may_trace(struct task *task);
// The address space of a task, with a reference, for who may trace it or has the same. -ESRCH: it has none; -EPERM.
must_check int task_trace_space(struct task *task, struct address_space **space);

// unshare: CLONE_FS, CLONE_FILES and CLONE_SYSVSEM part, CLONE_THREAD, SIGHAND and VM are checked. 0, -EINVAL, -ENOMEM.
long process_unshare(uint64_t flags);

// Ends the current task (exit) or the whole process (exit_group). `status` as wait gives it (uapi/wait.h).
_Noreturn void task_exit(int status);
_Noreturn void process_exit(int status);

// wait4/waitid: `which` P_ALL, P_PID, P_PGID; `options` W* with WEXITED said openly (wait4 adds it). Returns the child's number,
// 0 (WNOHANG), -ECHILD, -ERESTARTSYS.
struct wait_result {
    int number, status; // status as wait4 stores it
    uint32_t uid;
    int code; // CLD_* for waitid
    struct process_usage usage;
};
long process_wait(int which, int number, int options, struct wait_result *result);

// Group and session calls, with Linux's errors.
must_check int process_set_group(int number, int group);
int process_get_group(int number); // number 0: caller
int process_get_session(int number);
int process_new_session(void); // setsid: the new session's number or -EPERM

void process_get_usage(struct process *process, struct process_usage *usage); // live tasks included
void task_get_usage(struct task *task, struct process_usage *usage);          // of one task alone
uint64_t process_limit(const struct process *process, int resource);          // soft limit
// prlimit: either pointer may be NULL. 0, -EINVAL (soft above hard), -EPERM (hard raised without the right).
must_check int process_set_limit(struct process *process, int resource,
                                 const struct uapi_rlimit *wanted, struct uapi_rlimit *old);

// The limit on locked memory that counts for the task, by its rights. It is current, or the tree lock is held.
void limits_apply_locking(const struct task *task);

// ITIMER_REAL and alarm: time to the first expiry and interval, ns, 0 first: off. `old` may be NULL.
void process_set_real_timer(uint64_t first_ns, uint64_t interval_ns, uint64_t *old_first_ns,
                            uint64_t *old_interval_ns);
void process_get_real_timer(uint64_t *first_ns, uint64_t *interval_ns);

// Caches, the answers to device/ and vm/. Before process_start_first (process/init.h).
void process_init(void);
