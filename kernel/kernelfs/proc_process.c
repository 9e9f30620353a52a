/*
 * /proc/<pid>: the directory of one process. Reading races with the process's life: each file takes what it needs with references and
 * answers -ESRCH when the process is gone.
 *
 * What may be looked at by whom (proc(5)): the numbers of stat, status and the like by everybody; what lies in memory, what is open and
 * where the process stands only by who may inspect it (ptrace's rule for reading). The rule is asked with exec kept out, and what was
 * found is taken by reference before that ends: a set-id program's things are never reached by the right to look at the one before it.
 */
#include "file/open_file.h"
#include "fs/vfs.h"
#include "kernelfs/proc_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "process/descriptor_table.h"
#include "process/exec.h"
#include "process/process.h"
#include "uapi/capability.h"
#include "uapi/prctl.h"
#include "uapi/stat.h"

struct address_space *proc_space_get(int number)
{
    struct task *task = task_find(number);
    if (task == NULL) {
        return NULL;
    }
    struct address_space *space = task_space_get(task);
    task_put(task);
    return space;
}

struct descriptor_table *proc_descriptors_get(int number)
{
    struct task *task = task_find(number);
    if (task == NULL) {
        return NULL;
    }
    struct descriptor_table *table = task_descriptors_get(task);
    task_put(task);
    return table;
}

int proc_may_inspect(int number)
{
    struct task *task = task_find(number);
    if (task == NULL) {
        return -ESRCH;
    }
    int error = task_may_inspect(task) ? 0 : -EACCES;
    task_put(task);
    return error;
}

no_lock_analysis int proc_inspect_begin(int number, struct task **task)
{
    *task = task_find(number);
    if (*task == NULL) {
        return -ESRCH;
    }
    mutex_lock(&(*task)->process->exec_mutex);
    int error = task_may_inspect(*task) ? 0 : -EACCES;
    if (error != 0) {
        proc_inspect_end(*task); /* *task is not to be used then */
    }
    return error;
}

no_lock_analysis void proc_inspect_end(struct task *task)
{
    assert(mutex_is_held(&task->process->exec_mutex));
    mutex_unlock(&task->process->exec_mutex);
    task_put(task);
}

int proc_inspected_space_get(const struct generated_key *key, struct address_space **space)
{
    struct task *task;
    int error = proc_inspect_begin(proc_key_pid(key), &task);
    if (error == 0) {
        *space = task_space_get(task);
        proc_inspect_end(task);
    }
    return error;
}

int proc_bind_space(const struct generated_key *key, uint64_t *token)
{
    struct address_space *space;
    int error = proc_inspected_space_get(key, &space);
    *token = 0;
    if (error == 0 && space != NULL) {
        *token = space->serial;
        address_space_put(space);
    }
    return error;
}

struct address_space *proc_bound_space_get(const struct generated_key *key)
{
    struct address_space *space = proc_space_get(proc_key_pid(key));
    if (space != NULL && space->serial != key->value[1]) {
        address_space_put(space);
        return NULL;
    }
    return space;
}

static int show_comm(const struct generated_key *key, struct text_buffer *text)
{
    struct task *task = task_find(proc_key_pid(key));
    if (task == NULL) {
        return -ESRCH;
    }
    text_format(text, "%.15s\n", task->thread.name);
    task_put(task);
    return 0;
}

/* The threads of a process name each other. A longer name is cut off, a line end is part of it, as on Linux. */
static ssize_t store_comm(const struct generated_key *key, const char *data, size_t bytes)
{
    char name[TASK_COMM_LEN];
    struct task *task = task_find(proc_key_pid(key));
    if (task == NULL) {
        return -EINVAL;
    }
    ssize_t result = -EINVAL;
    if (task->process == process_current()) {
        (void)strscpy(name, data, sizeof(name));
        thread_set_name(&task->thread, name);
        result = (ssize_t)bytes;
    }
    task_put(task);
    return result;
}

/* Adds [start, end) of the process's memory, as far as it can be read. */
static void add_memory(struct text_buffer *text, struct address_space *space, vaddr_t start,
                       vaddr_t end)
{
    char piece[256];
    while (start < end && !text_is_full(text)) {
        size_t bytes = MIN(sizeof(piece), (size_t)(end - start));
        /* In small pieces: the text grows as it is needed, and a program may have said that its arguments are gigabytes. */
        ssize_t got = address_space_access(space, start, piece, bytes, false);
        assert(got <= (ssize_t)bytes);
        if (got <= 0) {
            return;
        }
        text_add(text, piece, (size_t)got);
        start += (size_t)got;
    }
}

/*
 * A title that the process has written over its arguments, and perhaps on into its environment: up to the first 0 byte, a page of
 * it at most.
 */
static void add_title(struct text_buffer *text, struct address_space *space)
{
    char piece[256];
    vaddr_t start = space->argument_start;
    vaddr_t end = MIN(space->environment_end, start + PAGE_SIZE);
    while (start < end && !text_is_full(text)) {
        size_t bytes = MIN(sizeof(piece), (size_t)(end - start));
        ssize_t got = address_space_access(space, start, piece, bytes, false);
        if (got <= 0) {
            return;
        }
        size_t length = strnlen(piece, (size_t)got);
        if (length < (size_t)got) {
            text_add(text, piece, length + 1);
            return;
        }
        text_add(text, piece, length);
        start += length;
    }
}

/* The arguments, each with its 0 byte. Where the last one has lost its own, a title stands there (setproctitle). */
static int show_cmdline(const struct generated_key *key, struct text_buffer *text)
{
    struct address_space *space = proc_space_get(proc_key_pid(key));
    if (space == NULL) {
        return 0; /* zombies and the kernel shell have no arguments */
    }
    char last = 0;
    if (space->argument_end > space->argument_start) {
        (void)address_space_access(space, space->argument_end - 1, &last, 1, false);
    }
    if (last != 0) {
        add_title(text, space);
    } else {
        add_memory(text, space, space->argument_start, space->argument_end);
    }
    address_space_put(space);
    return 0;
}

static int show_environ(const struct generated_key *key, struct text_buffer *text)
{
    struct address_space *space = proc_bound_space_get(key);
    if (space == NULL) {
        return 0;
    }
    add_memory(text, space, space->environment_start, space->environment_end);
    address_space_put(space);
    return 0;
}

static int show_auxv(const struct generated_key *key, struct text_buffer *text)
{
    struct address_space *space = proc_bound_space_get(key);
    if (space == NULL) {
        return 0;
    }
    assert(space->saved_auxv_words <= sizeof(space->saved_auxv) / sizeof(space->saved_auxv[0]));
    text_add(text, (const char *)space->saved_auxv,
             space->saved_auxv_words * sizeof(space->saved_auxv[0]));
    address_space_put(space);
    return 0;
}

/* Nobody logs in through an audited door here: never set, as on a Linux without one. */
static int show_loginuid(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_string(text, "4294967295");
    return 0;
}

static int show_personality(const struct generated_key *key, struct text_buffer *text)
{
    struct process *process = process_find_of_task(proc_key_pid(key));
    if (process == NULL) {
        return -ESRCH;
    }
    text_format(text, "%08x\n", process->personality);
    process_put(process);
    return 0;
}

/* There is one user namespace, in which ids are what they are, and everybody may give up groups. */
static int show_id_map(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_format(text, "%10u %10u %10u\n", 0, 0, UINT32_MAX);
    return 0;
}

static int show_setgroups(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_string(text, "allow\n");
    return 0;
}

/* Where a process sleeps in the kernel is not told: 0, as on a Linux that hides it. */
static int show_wchan(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_char(text, '0');
    return 0;
}

/* task/<tid>: this kernel's processes show their tasks by number; each holds the same files as the process. */
static const struct generated_row task_row;

/* `member` names the process: any of its tasks, or its own number when the first task has gone. */
static bool task_is_of(int number, int member)
{
    struct task *task = task_find(number);
    struct process *process = task == NULL ? NULL : process_find_of_task(member);
    bool is_of = process != NULL && task->process == process;
    if (process != NULL) {
        process_put(process);
    }
    if (task != NULL) {
        task_put(task);
    }
    return is_of;
}

/* The second value is whose task it is: the number may be given out again, to another process. */
static struct generated_key task_key(int number, const struct generated_key *process)
{
    return (struct generated_key){.value = {(uint64_t)number, process->value[0]}};
}

static int task_look_up(const struct generated_key *key, const char *name, size_t length,
                        const struct generated_row **row, struct generated_key *child_key)
{
    int number = proc_number_from_name(name, length);
    if (number <= 0 || number >= ID_MAX || !task_is_of(number, proc_key_pid(key))) {
        return -ENOENT;
    }
    *row = &task_row;
    *child_key = task_key(number, key);
    return 0;
}

static int task_next(const struct generated_key *key, uint64_t *cursor,
                     struct generated_child *child)
{
    int from = (int)MIN(*cursor, (uint64_t)ID_MAX - 1) + 1;
    for (struct id *id = id_next(from); id != NULL; id = id_next(from)) {
        int number = id->number;
        id_put(id);
        if (task_is_of(number, proc_key_pid(key))) {
            *cursor = (uint64_t)number;
            (void)format_string(child->name, sizeof(child->name), "%d", number);
            child->row = &task_row;
            child->key = task_key(number, key);
            return 0;
        }
        from = number + 1;
    }
    return -ENOENT;
}

static bool task_is_valid(const struct generated_key *key)
{
    return task_is_of(proc_key_pid(key), (int)key->value[1]);
}

static const struct generated_row no_rows[] = {{0}};
static const struct generated_directory task_directory = {
    .rows = no_rows, .look_up = task_look_up, .next = task_next, .is_valid = task_is_valid};

#define PROCESS_FILES                                                                              \
    {.name = "auxv", .mode = S_IFREG | 0400, .show = show_auxv, .bind = proc_bind_space},          \
        {.name = "cgroup", .mode = S_IFREG | 0444, .show = proc_show_nothing},                     \
        {.name = "cmdline", .mode = S_IFREG | 0444, .show = show_cmdline},                         \
        {.name = "comm", .mode = S_IFREG | 0644, .show = show_comm, .store = store_comm},          \
        {.name = "cwd",                                                                            \
         .mode = S_IFLNK | 0777,                                                                   \
         .read_link = proc_read_cwd,                                                               \
         .follow = proc_follow_cwd},                                                               \
        {.name = "environ",                                                                        \
         .mode = S_IFREG | 0400,                                                                   \
         .show = show_environ,                                                                     \
         .bind = proc_bind_space},                                                                 \
        {.name = "exe",                                                                            \
         .mode = S_IFLNK | 0777,                                                                   \
         .read_link = proc_read_exe,                                                               \
         .follow = proc_follow_exe},                                                               \
        {.name = "fd", .mode = S_IFDIR | 0500, .directory = &proc_fd_directory},                   \
        {.name = "fdinfo", .mode = S_IFDIR | 0555, .directory = &proc_fdinfo_directory},           \
        {.name = "gid_map", .mode = S_IFREG | 0444, .show = show_id_map},                          \
        {.name = "limits", .mode = S_IFREG | 0444, .show = proc_show_limits},                      \
        {.name = "loginuid", .mode = S_IFREG | 0444, .show = show_loginuid},                       \
        {.name = "maps",                                                                           \
         .mode = S_IFREG | 0444,                                                                   \
         .show_records = proc_show_maps,                                                           \
         .bind = proc_bind_space},                                                                 \
        {.name = "mem", .mode = S_IFREG | 0600, .ops = &proc_memory_ops, .bind = proc_bind_space}, \
        {.name = "mountinfo", .mode = S_IFREG | 0444, .show_records = proc_show_mountinfo},        \
        {.name = "mounts", .mode = S_IFREG | 0444, .show_records = proc_show_mounts},              \
        {.name = "oom_adj",                                                                        \
         .mode = S_IFREG | 0644,                                                                   \
         .show = proc_show_oom_adjust,                                                             \
         .store = proc_store_oom_adjust},                                                          \
        {.name = "oom_score", .mode = S_IFREG | 0444, .show = proc_show_oom_score},                \
        {.name = "oom_score_adj",                                                                  \
         .mode = S_IFREG | 0644,                                                                   \
         .show = proc_show_oom_score_adjust,                                                       \
         .store = proc_store_oom_score_adjust},                                                    \
        {.name = "pagemap",                                                                        \
         .mode = S_IFREG | 0400,                                                                   \
         .ops = &proc_pagemap_ops,                                                                 \
         .bind = proc_bind_space},                                                                 \
        {.name = "personality", .mode = S_IFREG | 0400, .show = show_personality},                 \
        {.name = "projid_map", .mode = S_IFREG | 0444, .show = show_id_map},                       \
        {.name = "root",                                                                           \
         .mode = S_IFLNK | 0777,                                                                   \
         .read_link = proc_read_root,                                                              \
         .follow = proc_follow_root},                                                              \
        {.name = "sessionid", .mode = S_IFREG | 0444, .show = show_loginuid},                      \
        {.name = "setgroups", .mode = S_IFREG | 0444, .show = show_setgroups},                     \
        {.name = "smaps",                                                                          \
         .mode = S_IFREG | 0444,                                                                   \
         .show_records = proc_show_smaps,                                                          \
         .bind = proc_bind_space},                                                                 \
        {.name = "smaps_rollup",                                                                   \
         .mode = S_IFREG | 0444,                                                                   \
         .show = proc_show_smaps_rollup,                                                           \
         .bind = proc_bind_space},                                                                 \
        {.name = "stat", .mode = S_IFREG | 0444, .show = proc_show_process_stat},                  \
        {.name = "statm", .mode = S_IFREG | 0444, .show = proc_show_process_statm},                \
        {.name = "status", .mode = S_IFREG | 0444, .show = proc_show_process_status},              \
        {.name = "uid_map", .mode = S_IFREG | 0444, .show = show_id_map},                          \
    {                                                                                              \
        .name = "wchan", .mode = S_IFREG | 0444, .show = show_wchan                                \
    }

static const struct generated_row task_rows[] = {
    PROCESS_FILES,
    {.name = "children", .mode = S_IFREG | 0444, .show = proc_show_children},
    {.name = "io", .mode = S_IFREG | 0400, .show = proc_show_task_io},
    {0},
};
static const struct generated_row process_rows[] = {
    PROCESS_FILES,
    {.name = "io", .mode = S_IFREG | 0400, .show = proc_show_io},
    {.name = "mountstats", .mode = S_IFREG | 0400, .show_records = proc_show_mountstats},
    {.name = "timerslack_ns",
     .mode = S_IFREG | 0666,
     .show = proc_show_timer_slack,
     .store = proc_store_timer_slack},
    {.name = "task", .mode = S_IFDIR | 0555, .directory = &task_directory},
    PROC_LAST_ROWS,
};

/* Its number may be another's by now, which then started at another time: the key's second value. */
static int folder_process(const struct generated_key *key, struct process **result)
{
    struct process *process = process_find_of_task(proc_key_pid(key));
    if (process != NULL && process->started_ns != key->value[1]) {
        process_put(process);
        process = NULL;
    }
    *result = process;
    return process != NULL ? 0 : -ESRCH;
}

bool proc_process_is_valid(const struct generated_key *key)
{
    struct process *process;
    bool is_valid = folder_process(key, &process) == 0;
    if (is_valid) {
        process_put(process);
    }
    return is_valid;
}

void proc_process_owner(const struct generated_key *key, uint32_t *uid, uint32_t *gid)
{
    struct task *task = task_find(proc_key_pid(key));
    *uid = 0;
    *gid = 0;
    if (task != NULL) {
        struct credentials *credentials = task_credentials_get(task);
        *uid = credentials->euid;
        *gid = credentials->egid;
        credentials_put(credentials);
        task_put(task);
    }
}

const struct generated_directory proc_process_directory = {.rows = process_rows,
                                                           .process = folder_process};
static const struct generated_directory one_task_directory = {.rows = task_rows};

const struct generated_row proc_process_row = {.mode = S_IFDIR | 0555,
                                               .directory = &proc_process_directory};
static const struct generated_row task_row = {.mode = S_IFDIR | 0555,
                                              .directory = &one_task_directory};
