// execve: a process runs another program.
//
// The order: find and check the file (scripts lead to their interpreter), read the headers, settle the credentials, make the new
// address space. Up to here a failure leaves the old program as it was. Then the point of no return: other tasks of the process are
// gone, tables that are shared are copied, the old address space is given up, the new one is filled, and the task's user frame is
// set. A failure there kills the process with SIGSEGV, as on Linux. See execve(2).
#include "arch/context.h"
#include "device/random.h"
#include "fs/vfs.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/fail_nth.h"
#include "memory/heap.h"
#include "process/descriptor_table.h"
#include "process/exec_internal.h"
#include "process/vdso.h"
#include "uapi/limits.h"

#define STACK_PAGES (1UL << 22) // random pages above the stack: 16 GiB
#define MAP_PAGES   (1UL << 28) // random pages above the mappings
#define STACK_GAP   (1UL << 20) // kept free below the stack's limit

// ---- before the point of no return ---------------------------------------------------------------

static int interpreter_open(struct exec_call *call)
{
    const struct elf_program *program = &call->program;
    if (program->interpreter_bytes == 0) {
        return 0;
    }
    if (program->interpreter_bytes > PATH_MAX) {
        return -ENOEXEC;
    }
    struct exec_interpreter *interpreter = heap_alloc(sizeof(*interpreter));
    if (interpreter == NULL) {
        return -ENOMEM;
    }
    call->interpreter = interpreter;
    interpreter->image.vnode = NULL;
    interpreter->bias = 0;
    size_t bytes = (size_t)program->interpreter_bytes;
    int error =
        exec_image_read(&call->image, interpreter->name, bytes, program->interpreter_offset);
    if (error != 0) {
        return error;
    }
    if (interpreter->name[bytes - 1] != '\0') {
        return -ENOEXEC;
    }
    error = exec_image_open(call, &interpreter->image, NULL, interpreter->name, WALK_FOLLOW);
    if (error != 0) {
        return error;
    }
    error = exec_image_parse(&interpreter->image, &interpreter->program);
    return error == -ENOEXEC ? -ELIBBAD : error;
}

static int randomness = EXEC_RANDOM_ALL; // [a]

int exec_randomness(void)
{
    return READ_ONCE(randomness);
}

void exec_randomness_set(int wanted)
{
    assert(wanted >= EXEC_RANDOM_NOTHING && wanted <= EXEC_RANDOM_ALL);
    WRITE_ONCE(randomness, wanted);
}

static int make_space(struct exec_call *call)
{
    const struct process *process = call->task->process;
    uint64_t stack_limit = process_limit(process, RLIMIT_STACK);
    uint64_t gap = CLAMP(stack_limit, MiB(128), USER_TOP / 6 * 5);
    bool is_random = exec_is_random(call);
    random_bytes(&call->random, sizeof(call->random));
    uint64_t stack_pages = is_random ? call->random.stack % STACK_PAGES : 0;
    uint64_t map_pages = is_random ? call->random.map % MAP_PAGES : 0;
    struct address_space_layout layout = {.stack_top = USER_TOP - stack_pages * PAGE_SIZE};
    layout.map_base = ALIGN_DOWN(
        USER_TOP - STACK_PAGES * PAGE_SIZE - gap - STACK_GAP - map_pages * PAGE_SIZE, PAGE_SIZE);
    call->space = address_space_create(&layout);
    return call->space == NULL ? -ENOMEM : 0;
}

static int prepare(struct exec_call *call, const struct path *start, unsigned walk_flags)
{
    int error = exec_image_open(call, &call->image, start, call->name, walk_flags);
    if (error == 0) {
        error = exec_resolve_scripts(call);
    }
    if (error == 0) {
        error = exec_image_parse(&call->image, &call->program);
    }
    if (error == 0) {
        error = interpreter_open(call);
    }
    if (error == 0) {
        error = exec_prepare_credentials(call);
    }
    return error == 0 ? make_space(call) : error;
}

// Copies of what the task shares with other processes, so that the new program has its own.
static int unshare(struct task *task)
{
    struct process *process = task->process;
    struct descriptor_table *table = NULL;
    struct signal_actions *actions = NULL;
    struct descriptor_table *old_table = task->descriptors;
    struct signal_actions *old_actions = process->actions;
    if (descriptor_table_is_shared(old_table)) {
        table = descriptor_table_copy(old_table);
        if (table == NULL) {
            return -ENOMEM;
        }
    }
    if (refcount_read(&old_actions->references) > 1) {
        actions = signal_actions_copy(old_actions);
        if (actions == NULL) {
            goto fail_actions;
        }
    }
    spin_lock(&process_tree_lock);
    struct signal_actions *locked = signal_lock(process);
    if (actions != NULL) {
        rcu_assign(process->actions, actions);
    }
    signal_unlock(locked);
    if (table != NULL) {
        task->descriptors = table;
    }
    spin_unlock(&process_tree_lock);
    if (actions != NULL) {
        signal_actions_put(old_actions);
    }
    if (table != NULL) {
        descriptor_table_leave(old_table);
    }
    return 0;

fail_actions:
    if (table != NULL) {
        descriptor_table_discard(table);
    }
    return -ENOMEM;
}

// ---- after it ------------------------------------------------------------------------------------

static void take_identity(struct exec_call *call)
{
    struct task *task = call->task;
    struct process *process = task->process;
    if (call->credentials != NULL) {
        task_set_credentials(task, call->credentials);
        call->credentials = NULL;
    }
    if (call->is_secure) {
        task->parent_death_signal = 0;
    }
    process->personality = call->personality;
    spin_lock(&process_tree_lock);
    process->exit_signal = SIGCHLD;
    spin_unlock(&process_tree_lock);
    // After the ids, which make it undumpable by themselves where they changed: an ordinary program is dumpable again.
    process->is_dumpable = !call->is_secure && !call->is_unreadable;
    WRITE_ONCE(process->has_private_barriers, false);
    thread_set_name(&task->thread, call->command_name);
    WRITE_ONCE(process->executions, process->executions + 1);
    signal_reset_for_exec(task);
    descriptor_close_on_exec(task->descriptors);
}

static int enter_space(struct exec_call *call)
{
    struct task *task = call->task;
    struct process *process = task->process;
    assert(READ_ONCE(process->present_count) == 1 && call->space != NULL);
    limits_apply(process, call->space);
    executable_to_backing(&call->image.path, &call->space->executable);
    backing_get(&call->space->executable);
    // Kept out until all is the new program's: who may look into a process is judged by its credentials, and must not see a set-id program's
    // memory by the right to look at the one before (proc_inspect_begin).
    mutex_lock(&process->exec_mutex);
    task_change_space(task, call->space);
    take_identity(call);
    int error = exec_load_program(call);
    if (error == 0) {
        error = vdso_map(call->space, &call->vdso);
    }
    if (error == 0) {
        error = exec_build_stack(call);
    }
    mutex_unlock(&process->exec_mutex);
    return error;
}

static void set_user_frame(struct exec_call *call)
{
    struct arch_thread *thread = &call->task->thread.arch;
    const struct exec_interpreter *interpreter = call->interpreter;
    uint64_t entry = interpreter != NULL ? interpreter->program.entry + interpreter->bias
                                         : call->program.entry + call->bias;
    arch_user_state_reset();
    trap_set_user_entry(arch_user_frame(thread), entry, call->stack_pointer);
}

static struct exec_call *call_begin(const char *name, struct exec_arguments *arguments)
{
    struct exec_call *call = heap_alloc(sizeof(*call));
    if (call == NULL) {
        return NULL;
    }
    memset(call, 0, offsetof(struct exec_call, image));
    call->image.vnode = NULL;
    call->task = task_current();
    call->personality = call->task->process->personality;
    call->randomness = exec_randomness();
    call->arguments = arguments;
    call->name = name;
    const char *slash = strrchr(name, '/');
    call->command_name = slash != NULL ? slash + 1 : name;
    fs_context_begin(call->task, &call->context);
    return call;
}

static void call_end(struct exec_call *call)
{
    exec_image_close(&call->image);
    if (call->interpreter != NULL) {
        exec_image_close(&call->interpreter->image);
        heap_free(call->interpreter);
    }
    if (call->credentials != NULL) {
        credentials_put(call->credentials);
    }
    for (unsigned i = 0; i < call->script_depth; i++) {
        heap_free(call->script_lines[i]);
    }
    fs_context_end(&call->context);
    heap_free(call);
}

// The last step that may fail with the old program going on, but for its other threads: once they are gone there is no way back.
static int become_alone(struct task *task)
{
    if (READ_ONCE(task->process->present_count) == 1) {
        return unshare(task);
    }
    fail_nth_commit();
    int error = thread_group_take_over(task);
    if (error == 0) {
        error = unshare(task);
        if (error != 0) {
            signal_force_fatal(SIGKILL);
        }
    }
    return error;
}

int exec_program(const struct path *start, const char *name, unsigned walk_flags,
                 struct exec_arguments *arguments)
{
    struct exec_call *call = call_begin(name, arguments);
    if (call == NULL) {
        return -ENOMEM;
    }
    int error = prepare(call, start, walk_flags);
    if (error == 0) {
        error = become_alone(call->task);
    }
    if (error != 0) {
        if (call->space != NULL) {
            address_space_put(call->space);
        }
        call_end(call);
        return error;
    }
    fail_nth_commit();
    posix_timers_end(call->task->process);
    if (enter_space(call) != 0) {
        signal_force_fatal(SIGSEGV);
    } else {
        set_user_frame(call);
    }
    call_end(call);
    return 0;
}
