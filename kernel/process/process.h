// Processes and tasks. A process owns what its tasks share: address space, descriptors, signal actions, place in the family. A task is
// a thread that runs (or could run) user code; it embeds scheduler/'s thread, so the current task is the current thread.
//
// States of a process: alive; stopped (every task stops on the way to user mode); exiting (no task will run user code again); zombie
// (all tasks are gone, the parent has not waited yet); reaped. The family (parent, children, group, session, ids' members) is under
// process_tree_lock; it is short: nothing sleeps under it.
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

struct descriptor_table;
struct terminal;
struct task;

// cwd, root and umask; shared with CLONE_FS.
struct fs_state {
    struct refcount references;
    struct spinlock lock;
    struct path root, working_directory; // [l] references
    uint32_t umask;                      // [l]
};

// Resource use, summed from tasks and from children that were waited for.
struct process_usage {
    uint64_t user_ns, kernel_ns;
    uint64_t minor_faults, major_faults;
    uint64_t voluntary_switches, involuntary_switches;
    uint64_t peak_resident_kib;
};

struct process {
    struct refcount references;        // [a]
    struct id *id;                     // [I] the process's number: that of its first task
    struct process *parent;            // [l tree] never NULL but for pid 1
    struct list_head children;         // [l tree] by sibling_link
    struct list_head sibling_link;     // [l tree]
    struct list_head tasks;            // [l tree] by process_link
    unsigned task_count;               // [l tree]
    struct task *leader;               // [l tree] first task
    struct id *group, *session;        // [l tree] references
    struct list_head group_link, session_link; // [l tree] in id->members
    struct terminal *terminal;         // [l tree] controlling terminal, a reference; NULL: none
    bool is_session_leader;            // [l tree]
    bool has_executed;                 // [l tree] called execve since fork (setpgid's EACCES)
    bool is_zombie;                    // [l tree]
    bool is_exiting;                   // [l tree] exit_group or a fatal signal began
    bool is_stopped;                   // [l tree] group stop is complete or under way
    bool stop_reported, continue_pending; // [l tree] for WUNTRACED, WCONTINUED
    int stop_signal;                   // [l tree]
    int exit_status;                   // [l tree] as wait gives it
    int exit_signal;                   // [I] sent to the parent at the end, SIGCHLD as a rule, 0: none
    struct wait_queue child_events;    // wait4 of the parent sleeps here (its own queue)
    struct signal_actions *actions;    // [I] shared with CLONE_SIGHAND
    struct pending_signals pending;    // [l actions->lock] sent to the process
    struct rlimit_table {
        struct uapi_rlimit entries[RLIM_NLIMITS];
    } limits;                          // [l tree]; single words may be read without
    struct process_usage usage;        // [l tree] of tasks that ended
    struct process_usage children_usage; // [l tree]
    struct timer real_timer;           // ITIMER_REAL and alarm
    uint64_t real_timer_interval_ns;   // [l actions->lock]
    uint64_t virtual_timer_ns, virtual_timer_interval_ns, profile_timer_ns, profile_timer_interval_ns; // [l actions->lock]
    uint64_t started_ns;               // [I] monotonic
    struct mutex exec_mutex;           // rank PROCESS_EXEC: address space and name change together
    bool is_dumpable, no_new_privileges; // [a]
    bool is_kernel_shell;              // [I] pid 1 without init: runs kernel code
    int oom_score_adjust;              // [a]
    uint32_t personality;              // [o]
};

struct restart_block {
    long (*restart)(struct task *task); // called by restart_syscall
    uint64_t deadline_ns;
    uint64_t argument[4];
};

struct task {
    struct thread thread;              // first
    struct process *process;           // [I] a reference
    struct id *id;                     // [I] a reference; thread.number is its number
    struct list_head process_link;     // [l tree]
    struct address_space *space;       // [o] a reference; others take exec_mutex; NULL for pid 1 in the kernel shell
    struct descriptor_table *descriptors; // [o] a reference; others take exec_mutex
    struct fs_state *fs;               // [o] a reference
    struct credentials *credentials;   // [o] a reference; others read it under RCU
    uint64_t signal_mask;              // [l actions->lock to write by others; o]
    uint64_t saved_signal_mask;        // [o] with THREAD_WORK_RESTORE_MASK
    struct pending_signals pending;    // [l actions->lock] sent to this task
    struct uapi_stack alternate_stack; // [o]
    struct restart_block restart;      // [o]
    uint32_t __user *clear_tid_address; // [o] set_tid_address, CLONE_CHILD_CLEARTID
    uint32_t __user *set_tid_address;   // [o] CLONE_CHILD_SETTID: written by the child itself
    struct completion *vfork_done;     // [l tree] the parent that waits for exec or exit
    uint64_t parent_death_signal;      // [o] PR_SET_PDEATHSIG
    struct rcu_head rcu;
};

extern struct spinlock process_tree_lock;
extern struct process *process_first; // pid 1

static inline struct task *task_from_thread(struct thread *thread)
{
    return (struct task *)thread;
}
// The current task; asserts that this is no kernel thread.
struct task *task_current(void);
static inline struct process *process_current(void)
{
    return task_current()->process;
}
bool thread_is_task(const struct thread *thread);

void process_get(struct process *process);
void process_put(struct process *process);
// By number, with a reference: -> NULL if there is none (zombies are found).
must_check struct process *process_find(int number);
must_check struct task *task_find(int number); // any thread's number; thread reference
void task_put(struct task *task);

// The task's view of the tree: references are held in *context until fs_context_end. Cheap where nothing is shared.
void fs_context_begin(struct task *task, struct fs_context *context);
void fs_context_end(struct fs_context *context);

// fork, vfork, clone.
struct clone_request {
    uint64_t flags;                 // CLONE_*
    int exit_signal;
    vaddr_t stack;                  // 0: the parent's
    uint64_t tls;
    uint32_t __user *parent_tid;
    uint32_t __user *child_tid;
};
// Number of the child, or -errno (-EAGAIN: limits; -ENOMEM; -EINVAL; -ENOSYS for combinations not there yet). With CLONE_VFORK returns after
// the child's exec or exit.
long process_clone(const struct clone_request *request);

// exec: `path_name` etc. are kernel memory; strings were copied into *arguments. On success does not return to the old program: the user
// frame is the new one's. Errors after the point of no return kill the process.
struct exec_arguments; // process/exec.h
// Ends the current task (exit) or the whole process (exit_group).
_Noreturn void task_exit(int status);
_Noreturn void process_exit(int status);

// wait4/waitid: `which` P_ALL, P_PID, P_PGID. Returns the child's number, 0 (WNOHANG), -ECHILD, -ERESTARTSYS.
struct wait_result {
    int number, status; // status as wait4 stores it
    uint32_t uid;
    int code;           // CLD_* for waitid
    struct process_usage usage;
};
long process_wait(int which, int number, int options, struct wait_result *result);

// Group and session calls, with Linux's errors.
must_check int process_set_group(int number, int group);
int process_get_group(int number);   // number 0: caller
int process_get_session(int number);
int process_new_session(void);       // setsid: the new session's number or -EPERM

void process_get_usage(struct process *process, struct process_usage *usage); // live tasks included
uint64_t process_limit(const struct process *process, int resource); // soft limit

// Makes pid 1 and starts it: it runs the initramfs's or root's init, or else the kernel shell through `shell_main`, which boot/ hands
// in (process/ does not know shell/). pid 1's end powers off, see process/init.h.
void process_init(void);
