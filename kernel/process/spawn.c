// A child of the kernel shell: `run PROGRAM`. Like fork and exec in one, but there is no program to copy: the child starts in kernel
// mode, becomes a group of its own in the terminal's foreground, and executes. The parent waits until that worked or failed.
#include "device/terminal.h"
#include "fs/walk.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "process/descriptor_table.h"
#include "process/exec.h"
#include "process/init.h"
#include "process/process_internal.h"
#include "uapi/wait.h"

struct spawn_request {
    const char *program;
    const char *const *argv, *const *envp;
    struct completion done;
    int error; // set before `done`
};

static int spawn_exec(const struct spawn_request *request)
{
    struct exec_arguments *arguments = exec_arguments_create();
    if (arguments == NULL) {
        return -ENOMEM;
    }
    int error = exec_arguments_from_kernel(arguments, request->argv, request->envp);
    if (error == 0) {
        error = exec_program(NULL, request->program, WALK_FOLLOW, arguments);
    }
    exec_arguments_destroy(arguments);
    return error;
}

static void enter_foreground(struct process *process)
{
    spin_lock(&process_tree_lock);
    struct id *session = process->session;
    id_get(session);
    process_leave_group_locked(process);
    process_join_group_locked(process, process->id, session);
    id_put(session);
    struct terminal *terminal = process->terminal;
    if (terminal != NULL && terminal->session == session) {
        struct id *old = terminal->foreground_group;
        id_get(process->id);
        terminal->foreground_group = process->id;
        if (old != NULL) {
            id_put(old);
        }
    }
    spin_unlock(&process_tree_lock);
}

static void spawn_first_run(struct task *task)
{
    struct spawn_request *request = task->first_run_argument;
    assert(request != NULL && task->process->parent == process_first);
    enter_foreground(task->process);
    int error = spawn_exec(request);
    request->error = error;
    completion_signal(&request->done); // the request is the parent's again
    if (error != 0) {
        process_exit(wait_status_exited(127));
    }
}

static int spawn_resources(struct task *parent, struct process *process, struct task *child)
{
    process->exit_signal = SIGCHLD;
    process->limits = parent->process->limits;
    process->actions = signal_actions_create();
    child->credentials = credentials_get(parent->credentials);
    child->descriptors = descriptor_table_copy(parent->descriptors);
    child->fs = fs_state_copy(parent->fs);
    return process->actions == NULL || child->descriptors == NULL || child->fs == NULL ? -ENOMEM
                                                                                       : 0;
}

// 0 and a child that is in the tree, but does not run yet.
static int spawn_make(struct spawn_request *request, struct task **made)
{
    struct task *parent = task_current();
    struct process *process = process_create();
    if (process == NULL) {
        return -ENOMEM;
    }
    struct task *child = task_create(process, request->program);
    if (child == NULL) {
        process_put(process);
        return -EAGAIN;
    }
    int error = spawn_resources(parent, process, child);
    if (error != 0) {
        task_discard(child);
        process_put(process);
        return error;
    }
    task_prepare_kernel_start(child, spawn_first_run, request);
    spin_lock(&process_tree_lock);
    family_add_locked(process, parent->process);
    process_join_group_locked(process, parent->process->group, parent->process->session);
    process->terminal = parent->process->terminal;
    if (process->terminal != NULL) {
        terminal_get(process->terminal);
    }
    task_publish_locked(child);
    spin_unlock(&process_tree_lock);
    *made = child;
    return 0;
}

long process_spawn_kernel(const char *program, const char *const *argv, const char *const *envp)
{
    struct spawn_request request = {.program = program, .argv = argv, .envp = envp};
    struct task *child;
    completion_init(&request.done);
    int error = spawn_make(&request, &child);
    if (error != 0) {
        return error;
    }
    int number = child->id->number;
    thread_start(&child->thread);
    while (completion_wait_killable(&request.done) != 0) {
        scheduler_yield(); // the child still uses the request: pid 1 waits it out
    }
    if (request.error != 0) {
        struct wait_result result;
        (void)process_wait(P_PID, number, WEXITED | __WALL, &result);
        return request.error;
    }
    return number;
}
