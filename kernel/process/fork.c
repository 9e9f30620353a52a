// Making processes from programs: fork, vfork, clone.
//
// First everything that can fail is made (process, task, copies of what is not shared), then the child enters the tree in one short
// step under process_tree_lock, then it starts. A signal that arrived before that step makes the call start over, so that a signal to
// the group reaches the child too. The child runs from a copy of the parent's registers with 0 as result. See clone(2).
#include "arch/context.h"
#include "arch/page.h"
#include "device/terminal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "log/log.h"
#include "memory/kernel_map.h"
#include "memory/user_copy.h"
#include "process/descriptor_table.h"
#include "process/ipc_ops.h"
#include "process/process_file.h"
#include "process/process_internal.h"
#include "uapi/capability.h"
#include "uapi/sched.h"

#define CLONE_NAMESPACES                                                                           \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET | CLONE_NEWTIME)

// Linux's checks, then what is not there yet.
static int clone_check(const struct clone_request *request)
{
    uint64_t flags = request->flags;
    if ((flags & CLONE_SIGHAND) != 0 && (flags & CLONE_VM) == 0) {
        return -EINVAL;
    }
    if ((flags & CLONE_THREAD) != 0 && (flags & CLONE_SIGHAND) == 0) {
        return -EINVAL;
    }
    // It would clear the handlers of everybody who shares them.
    if ((flags & CLONE_SIGHAND) != 0 && (flags & CLONE_CLEAR_SIGHAND) != 0) {
        return -EINVAL;
    }
    if ((flags & (CLONE_PARENT)) != 0 && process_current() == process_first) {
        return -EINVAL;
    }
    if ((flags & CLONE_NAMESPACES) != 0) {
        return -EINVAL;
    }
    // Loaded into a register at the first switch to the child, where an address that is not canonical would fault in the kernel.
    if ((flags & CLONE_SETTLS) != 0 && request->tls >= USER_TOP) {
        return -EPERM;
    }
    if ((flags & CLONE_PIDFD) != 0 && (flags & (CLONE_THREAD | CLONE_DETACHED)) != 0) {
        return -EINVAL;
    }
    const uint64_t both = CLONE_PIDFD | CLONE_PARENT_SETTID;
    if ((flags & both) == both && request->process_file == request->parent_tid) {
        return -EINVAL;
    }
    return (flags & CLONE_INTO_CGROUP) != 0 ? -ENOSYS : 0;
}

// Processes of one user. Walks by number, so that no lock is held for long.
static unsigned count_of_user(uint32_t uid)
{
    unsigned count = 0;
    struct id *id = id_next(1);
    while (id != NULL) {
        spin_lock(&process_tree_lock);
        const struct task *task = id->task;
        count += task != NULL && task->credentials->uid == uid;
        spin_unlock(&process_tree_lock);
        int next = id->number + 1;
        id_put(id);
        id = id_next(next);
    }
    return count;
}

// RLIMIT_NPROC. Counting is needed only where the whole machine has that many tasks.
static int clone_check_limit(const struct task *parent)
{
    uint64_t limit = process_limit(parent->process, RLIMIT_NPROC);
    const struct credentials *credentials = parent->credentials;
    if (process_task_total() < limit || credentials->uid == 0 ||
        credentials_can(credentials, CAP_SYS_RESOURCE) ||
        credentials_can(credentials, CAP_SYS_ADMIN)) {
        return 0;
    }
    return count_of_user(credentials->uid) >= limit ? -EAGAIN : 0;
}

static int clone_space(uint64_t flags, struct task *parent, struct task *child)
{
    if ((flags & CLONE_VM) != 0) {
        address_space_get(parent->space);
        child->space = parent->space;
    } else {
        int error = address_space_clone(parent->space, &child->space);
        if (error != 0) {
            return error;
        }
        limits_apply(parent->process, child->space);
    }
    page_table_get(child->space->page_table);
    child->thread.page_table = child->space->page_table;
    return 0;
}

static int clone_resources(uint64_t flags, struct task *parent, struct task *child)
{
    if ((flags & CLONE_FILES) != 0) {
        descriptor_table_join(parent->descriptors);
        child->descriptors = parent->descriptors;
    } else {
        child->descriptors = descriptor_table_copy(parent->descriptors);
    }
    if ((flags & CLONE_FS) != 0) {
        fs_state_join(parent->fs);
        child->fs = parent->fs;
    } else {
        child->fs = fs_state_copy(parent->fs);
    }
    if (child->descriptors == NULL || child->fs == NULL) {
        return -ENOMEM;
    }
    int error = (flags & CLONE_SYSVSEM) != 0 ? task_share_undo(parent, child) : 0;
    return error != 0 ? error : clone_space(flags, parent, child);
}

// What a process inherits without sharing it.
static int clone_process_state(uint64_t flags, const struct process *parent, struct process *child)
{
    child->actions = (flags & CLONE_SIGHAND) != 0 ? signal_actions_get(parent->actions)
                                                  : signal_actions_copy(parent->actions);
    if (child->actions == NULL) {
        return -ENOMEM;
    }
    if ((flags & CLONE_CLEAR_SIGHAND) != 0) {
        assert(refcount_read(&child->actions->references) == 1);
        for (unsigned i = 0; i < SIGNAL_COUNT; i++) {
            if (child->actions->actions[i].sa_handler != SIG_IGN) {
                child->actions->actions[i] = (struct uapi_sigaction){0};
            }
        }
    }
    spin_lock(&process_tree_lock);
    child->limits = parent->limits;
    spin_unlock(&process_tree_lock);
    child->is_dumpable = parent->is_dumpable;
    child->refuses_huge_pages = READ_ONCE(parent->refuses_huge_pages);
    child->has_private_barriers = parent->has_private_barriers;
    child->oom_score_adjust = parent->oom_score_adjust;
    child->oom_score_minimum = parent->oom_score_minimum;
    child->personality = parent->personality;
    return 0;
}

// SCHED_RESET_ON_FORK: a privileged thread's children start as anybody's.
static void clone_scheduling(const struct task *parent, struct task *child)
{
    child->thread.affinity = parent->thread.affinity;
    child->io_priority = parent->io_priority;
    child->timer_slack_ns = child->first_timer_slack_ns = parent->timer_slack_ns;
    child->failure_policy = parent->failure_policy;
    child->is_io_flusher = parent->is_io_flusher;
    child->memory_policy = parent->memory_policy;
    child->memory_policy_has_nodes = parent->memory_policy_has_nodes;
    child->thread.nice = parent->thread.nice;
    child->thread.policy = parent->thread.policy;
    child->thread.real_time_priority = parent->thread.real_time_priority;
    if (READ_ONCE(parent->resets_scheduling_on_fork)) {
        child->thread.nice = MAX(parent->thread.nice, 0);
        bool is_real_time = parent->thread.real_time_priority != 0;
        child->thread.nice = is_real_time ? 0 : child->thread.nice;
        child->thread.policy = is_real_time ? THREAD_NORMAL : parent->thread.policy;
        child->thread.real_time_priority = 0;
    }
}

// Registers, and the words that the child's C library wants.
static void clone_task_state(const struct clone_request *request, struct task *parent,
                             struct task *child)
{
    assert(parent == task_current() && child->space != NULL && child->credentials == NULL);
    struct trap_frame frame = *arch_user_frame(&parent->thread.arch);
    system_call_set_result(&frame, 0);
    if (request->stack != 0) {
        trap_set_stack_pointer(&frame, request->stack);
    }
    arch_thread_init_user(&child->thread.arch, child->thread.stack_base + KERNEL_STACK_BYTES,
                          &frame, &parent->thread.arch);
    child->no_new_privileges = parent->no_new_privileges;
    if ((request->flags & CLONE_SETTLS) != 0) {
        child->thread.arch.user_fs_base = request->tls;
    }
    if ((request->flags & CLONE_CHILD_SETTID) != 0) {
        child->set_tid_address = request->child_tid;
        task_set_work(child, THREAD_WORK_NOTIFY);
    }
    if ((request->flags & CLONE_CHILD_CLEARTID) != 0) {
        child->clear_tid_address = request->child_tid;
    }
    if ((request->flags & CLONE_VM) == 0) {
        restartable_inherit(child, parent);
    }
    fail_nth_inherit(&child->thread.fail_nth, &parent->thread.fail_nth);
    child->credentials = credentials_get(parent->credentials);
    child->signal_mask = parent->signal_mask;
    clone_scheduling(parent, child);
    // A thread, or a child in the same memory that runs at the same time, must not take the same alternate stack (sigaltstack(2)); one of
    // vfork runs while the parent waits.
    if ((request->flags & (CLONE_VM | CLONE_VFORK)) != CLONE_VM) {
        child->alternate_stack = parent->alternate_stack;
    }
}

// One more task of the caller's process. 0 and the task, or -errno.
static int clone_make_thread(const struct clone_request *request, struct task *parent,
                             struct task **made)
{
    struct task *child = task_create(parent->process, parent->thread.name);
    if (child == NULL) {
        return -EAGAIN;
    }
    int error = clone_resources(request->flags, parent, child);
    if (error != 0) {
        task_discard(child);
        return error;
    }
    clone_task_state(request, parent, child);
    *made = child;
    return 0;
}

// A new process. Everything about the child that nobody else can see yet. 0 and the child, or -errno.
static int clone_make_process(const struct clone_request *request, struct task *parent,
                              struct task **made)
{
    struct process *process = process_create();
    if (process == NULL) {
        return -ENOMEM;
    }
    struct task *child = task_create(process, parent->thread.name);
    if (child == NULL) {
        process_put(process);
        return -EAGAIN;
    }
    process->exit_signal =
        (request->flags & CLONE_PARENT) != 0 ? parent->process->exit_signal : request->exit_signal;
    int error = clone_process_state(request->flags, parent->process, process);
    if (error == 0) {
        error = clone_resources(request->flags, parent, child);
    }
    if (error != 0) {
        task_discard(child);
        process_put(process);
        return error;
    }
    clone_task_state(request, parent, child);
    *made = child;
    return 0;
}

static int clone_make(const struct clone_request *request, struct task *parent, struct task **made)
{
    return (request->flags & CLONE_THREAD) != 0 ? clone_make_thread(request, parent, made)
                                                : clone_make_process(request, parent, made);
}

// A thread joins its process, unless that is ending or being replaced by another task's execve.
static int clone_publish_thread(struct task *parent, struct task *child)
{
    struct process *process = parent->process;
    spin_lock(&process_tree_lock);
    struct signal_actions *actions = signal_lock(process);
    int error = thread_is_interrupted() || process->is_exiting || process->exec_task != NULL
                    ? -ERESTARTNOINTR
                    : 0;
    if (error == 0) {
        task_publish_locked(child);
    }
    signal_unlock(actions);
    spin_unlock(&process_tree_lock);
    return error;
}

// The child joins the tree; from here on everybody sees it.
static int clone_publish(uint64_t flags, struct task *parent, struct task *child)
{
    struct process *self = parent->process;
    struct process *process = child->process;
    int error = 0;
    if (process == self) {
        return clone_publish_thread(parent, child);
    }
    spin_lock(&process_tree_lock);
    // A signal to the group that came since would miss the child, which is not a member yet: so the parent takes it first, and forks anew.
    if (thread_is_interrupted()) {
        error = -ERESTARTNOINTR;
    } else {
        assert((flags & CLONE_PARENT) == 0 || self->parent != NULL); // pid 1 was refused
        family_add_locked(process, (flags & CLONE_PARENT) != 0 ? self->parent : self);
        process_join_group_locked(process, self->group, self->session);
        process->terminal = self->terminal;
        if (process->terminal != NULL) {
            terminal_get(process->terminal);
        }
        task_publish_locked(child);
    }
    spin_unlock(&process_tree_lock);
    return error;
}

// Waits for the child's exec or exit. Killed meanwhile: the child must not signal what lies on this stack.
static void clone_wait_vfork(struct task *child, struct completion *done)
{
    if (completion_wait_killable(done) == 0) {
        return;
    }
    spin_lock(&process_tree_lock);
    child->vfork_done = NULL;
    spin_unlock(&process_tree_lock);
}

// CLONE_PIDFD: the file and its number; the file NULL where none is wanted.
struct clone_descriptor {
    struct open_file *file;
    int number;
};

static void clone_descriptor_undo(struct task *parent, struct clone_descriptor *descriptor)
{
    if (descriptor->file != NULL) {
        descriptor_cancel(parent->descriptors, descriptor->number);
        open_file_put(descriptor->file);
        descriptor->file = NULL;
    }
}

// Before the child is published, since a number may not be found, or the address be bad, and then there must be no child. Other threads
// find the file only when the child is there too. 0 or -errno.
static int clone_descriptor_make(const struct clone_request *request, struct task *parent,
                                 struct task *child, struct clone_descriptor *descriptor)
{
    descriptor->file = NULL;
    if ((request->flags & CLONE_PIDFD) == 0) {
        return 0;
    }
    int number =
        descriptor_reserve(parent->descriptors, 0, process_limit(parent->process, RLIMIT_NOFILE));
    if (number < 0) {
        return number;
    }
    struct open_file *file = process_file_create(child->process, 0, parent->credentials);
    if (file == NULL) {
        descriptor_cancel(parent->descriptors, number);
        return -ENOMEM;
    }
    *descriptor = (struct clone_descriptor){.file = file, .number = number};
    if (user_copy_out(request->process_file, &number, sizeof(number)) != 0) {
        clone_descriptor_undo(parent, descriptor);
        return -EFAULT;
    }
    return 0;
}

// Undoes clone_make.
static void clone_discard(struct task *parent, struct task *child)
{
    struct process *made = child->process != parent->process ? child->process : NULL;
    task_discard(child);
    if (made != NULL) {
        process_put(made);
    }
}

long process_clone(const struct clone_request *request)
{
    struct task *parent = task_current();
    struct task *child;
    struct completion done;
    struct clone_descriptor descriptor;
    int error = clone_check(request);
    if (error == 0) {
        error = thread_is_interrupted() ? -ERESTARTNOINTR : clone_check_limit(parent);
    }
    if (error == 0) {
        error = clone_make(request, parent, &child);
    }
    if (error != 0) {
        return error;
    }
    error = clone_descriptor_make(request, parent, child, &descriptor);
    if (error != 0) {
        clone_discard(parent, child);
        return error;
    }
    bool is_vfork = (request->flags & CLONE_VFORK) != 0;
    if (is_vfork) {
        completion_init(&done);
        child->vfork_done = &done;
        thread_get(&child->thread);
    }
    error = clone_publish(request->flags, parent, child);
    if (error != 0) {
        if (is_vfork) {
            thread_put(&child->thread);
        }
        clone_descriptor_undo(parent, &descriptor);
        clone_discard(parent, child);
        return error;
    }
    if (descriptor.file != NULL) {
        descriptor_fill(parent->descriptors, descriptor.number, descriptor.file, true);
    }
    // It does not run before this is written, so that it finds its number there; from its start on it may be gone at any time.
    uint32_t number = (uint32_t)child->id->number;
    if ((request->flags & CLONE_PARENT_SETTID) != 0 &&
        user_copy_out(request->parent_tid, &number, sizeof(number)) != 0) {
        log_debug("process: clone with a bad address for the thread id");
    }
    thread_start(&child->thread);
    if (is_vfork) {
        clone_wait_vfork(child, &done);
        thread_put(&child->thread);
    }
    return number;
}
