// pid 1: made at the end of boot, runs init or the kernel shell, and takes the machine with it.
//
// It starts in kernel mode (first_run), opens the console as its first three descriptors, and tries the programs in Linux's order.
// As Linux's init it is in group and session 0 until it makes its own. The kernel shell is an ordinary session leader on the console.
#include "process/init.h"

#include "device/terminal.h"
#include "fs/mount.h"
#include "fs/vfs.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "log/boot_parameters.h"
#include "log/log.h"
#include "log/panic.h"
#include "process/descriptor_table.h"
#include "process/exec.h"
#include "process/process_internal.h"
#include "uapi/wait.h"

enum { ENVIRONMENT_MAX = BOOT_INIT_ENVIRONMENT_MAX + 2 };

// ---- what pid 1 is given -------------------------------------------------------------------------

// Three descriptors on /dev/console. Without one init goes on, as Linux's does.
static void open_console(struct task *task)
{
    struct fs_context context;
    struct open_file *file;
    fs_context_begin(task, &context);
    int error = vfs_open(&context, NULL, "/dev/console", O_RDWR, 0, &file);
    fs_context_end(&context);
    if (error != 0) {
        log_warning("init: no /dev/console (%s): no first descriptors", errno_name(error));
        return;
    }
    for (int i = 0; i < 3; i++) {
        int number = descriptor_install(task->descriptors, open_file_get(file), 0, false, 3);
        if (number < 0) {
            open_file_put(file);
        }
    }
    open_file_put(file);
}

static bool has_same_name(const char *one, const char *other)
{
    const char *end = strchr(other, '=');
    return end != NULL && strncmp(one, other, (size_t)(end - other) + 1) == 0;
}

// HOME, TERM, then what the command line gives; a later word replaces an earlier one of the same name.
static void build_environment(const char *environment[ENVIRONMENT_MAX + 1])
{
    size_t count = 2;
    environment[0] = "HOME=/";
    environment[1] = "TERM=linux";
    for (size_t i = 0; boot_parameters.init_environment[i] != NULL; i++) {
        const char *word = boot_parameters.init_environment[i];
        size_t place = 0;
        while (place < count && !has_same_name(environment[place], word)) {
            place++;
        }
        environment[place] = word;
        count += place == count;
    }
    assert(count <= ENVIRONMENT_MAX);
    environment[count] = NULL;
}

// ---- trying programs -----------------------------------------------------------------------------

// 0: the user frame is init's.
static int try_program(const char *name)
{
    const char *argv[BOOT_INIT_ARGUMENTS_MAX + 2] = {name};
    const char *environment[ENVIRONMENT_MAX + 1];
    for (size_t i = 0; boot_parameters.init_arguments[i] != NULL; i++) {
        argv[i + 1] = boot_parameters.init_arguments[i];
        argv[i + 2] = NULL;
    }
    build_environment(environment);
    struct exec_arguments *arguments = exec_arguments_create();
    if (arguments == NULL) {
        return -ENOMEM;
    }
    int error = exec_arguments_from_kernel(arguments, argv, environment);
    if (error == 0) {
        error = exec_program(NULL, name, WALK_FOLLOW, arguments);
    }
    exec_arguments_destroy(arguments);
    if (error == 0) {
        log_info("init: running %s", name);
    } else if (error != -ENOENT) {
        log_error("init: %s: cannot be run (%s)", name, errno_name(error));
    }
    return error;
}

// A root= was mounted over the initial RAM disk's tree: then it may bring its own init.
static bool has_mounted_root(void)
{
    const struct path root = mount_global_root();
    return boot_parameters.root != NULL && root.mount->file_system->type->needs_device;
}

static int try_from_root(void)
{
    static const char *const names[] = {"/sbin/init", "/etc/init", "/bin/init", "/bin/sh"};
    if (boot_parameters.init != NULL) {
        int error = try_program(boot_parameters.init);
        if (error == -ENOENT) {
            log_error("init: init=%s is not there", boot_parameters.init);
        }
        return error;
    }
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (try_program(names[i]) == 0) {
            return 0;
        }
    }
    return -ENOENT;
}

static int try_all(void)
{
    const char *first = boot_parameters.rdinit != NULL ? boot_parameters.rdinit : "/init";
    int error = try_program(first);
    if (error == -ENOENT && boot_parameters.rdinit != NULL) {
        log_error("init: rdinit=%s is not there", first);
    }
    if (error != 0 && has_mounted_root()) {
        error = try_from_root();
    }
    return error;
}

// ---- the kernel shell ----------------------------------------------------------------------------

static _Noreturn void run_shell(struct task *task, process_shell_main *shell)
{
    struct terminal *console = terminal_console();
    task->process->is_kernel_shell = true;
    thread_set_name(&task->thread, "shell");
    if (process_new_session() < 0) {
        log_warning("init: the kernel shell has no session");
    }
    spin_lock(&process_tree_lock);
    if (console != NULL && console->session == NULL) {
        id_get(task->process->session);
        console->session = task->process->session;
        id_get(task->process->group);
        console->foreground_group = task->process->group;
        terminal_get(console);
        task->process->terminal = console;
    }
    spin_unlock(&process_tree_lock);
    process_exit(wait_status_exited(shell()));
}

static void first_run(struct task *task)
{
    process_shell_main *shell = (process_shell_main *)(uintptr_t)task->first_run_argument;
    open_console(task);
    boot_stage_mark("init");
    if (try_all() != 0) {
        run_shell(task, shell);
    }
}

// ---- making pid 1 --------------------------------------------------------------------------------

static int first_resources(struct process *process, struct task *task)
{
    const struct path root = mount_global_root();
    limits_init(process);
    process->is_unkillable = true;
    task->credentials = credentials_get(&credentials_root);
    process->actions = signal_actions_create();
    task->descriptors = descriptor_table_create();
    task->fs = fs_state_create(&root);
    return process->actions == NULL || task->descriptors == NULL || task->fs == NULL ? -ENOMEM : 0;
}

void process_start_first(process_shell_main *shell)
{
    struct process *process = process_create();
    struct task *task = process != NULL ? task_create(process, "init") : NULL;
    if (task == NULL || first_resources(process, task) != 0) {
        panic("init: no memory for the first process");
    }
    assert_always(task->id->number == 1);
    task_prepare_kernel_start(task, first_run, (void *)(uintptr_t)shell);
    spin_lock(&process_tree_lock);
    process_first = process;
    family_add_locked(process, NULL);
    process_join_group_locked(process, &id_zero, &id_zero);
    task_publish_locked(task);
    spin_unlock(&process_tree_lock);
    thread_start(&task->thread);
}
