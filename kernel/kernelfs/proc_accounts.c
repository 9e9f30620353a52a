/*
 * /proc/<pid>/io, oom_score, timerslack_ns and children: what a process has moved, how it stands where memory is out, and whose parent
 * it is. See proc(5).
 */
#include "kernelfs/proc_internal.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/frame.h"
#include "process/oom.h"
#include "process/process.h"
#include "scheduler/id.h"
#include "uapi/capability.h"
#include "uapi/prctl.h"

static void add_io(struct text_buffer *text, const struct thread_io *io)
{
    text_format(text, "rchar: %llu\nwchar: %llu\nsyscr: %llu\nsyscw: %llu\n",
                (unsigned long long)io->read_bytes, (unsigned long long)io->written_bytes,
                (unsigned long long)io->reads, (unsigned long long)io->writes);
    /* No file lies on a device that could be read or written for it. */
    text_add_string(text, "read_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n");
}

int proc_show_io(const struct generated_key *key, struct text_buffer *text)
{
    struct task *task;
    struct process_usage usage;
    int error = proc_inspect_begin(proc_key_pid(key), &task);
    if (error == 0) {
        process_get_usage(task->process, &usage);
        proc_inspect_end(task);
        add_io(text, &usage.io);
    }
    return error;
}

int proc_show_task_io(const struct generated_key *key, struct text_buffer *text)
{
    struct task *task;
    struct process_usage usage;
    int error = proc_inspect_begin(proc_key_pid(key), &task);
    if (error == 0) {
        task_get_usage(task, &usage);
        proc_inspect_end(task);
        add_io(text, &usage.io);
    }
    return error;
}

/* Of all memory in thousandths, shifted and scaled so that 666 stands for one that uses nothing and is not adjusted; 0: never chosen. */
int proc_show_oom_score(const struct generated_key *key, struct text_buffer *text)
{
    struct process *process = process_find_of_task(proc_key_pid(key));
    if (process == NULL) {
        return -ESRCH;
    }
    int64_t points;
    int64_t score = 0;
    if (oom_points(process, &points)) {
        int64_t total = (int64_t)frame_total_count();
        score = MAX((1000 + points * 1000 / total) * 2 / 3, (int64_t)0);
    }
    process_put(process);
    text_format(text, "%lld\n", (long long)score);
    return 0;
}

/* The task's own value is its own business; another's takes the right to change priorities. */
static int slack_task_find(int number, struct task **result)
{
    struct task *task = task_find(number);
    if (task == NULL) {
        return -ESRCH;
    }
    if (task != task_current() && !credentials_can(task_current()->credentials, CAP_SYS_NICE)) {
        task_put(task);
        return -EPERM;
    }
    *result = task;
    return 0;
}

int proc_show_timer_slack(const struct generated_key *key, struct text_buffer *text)
{
    struct task *task;
    int error = slack_task_find(proc_key_pid(key), &task);
    if (error == 0) {
        uint64_t slack = READ_ONCE(task->timer_slack_ns);
        task_put(task);
        text_format(text, "%llu\n", (unsigned long long)slack);
    }
    return error;
}

ssize_t proc_store_timer_slack(const struct generated_key *key, const char *data, size_t bytes)
{
    const char *end;
    uint64_t slack;
    struct task *task;
    if (string_to_u64(data, 10, &slack, &end) != 0 ||
        (end[0] != '\0' && (end[0] != '\n' || end[1] != '\0'))) {
        return -EINVAL;
    }
    int error = slack_task_find(proc_key_pid(key), &task);
    if (error != 0) {
        return error;
    }
    WRITE_ONCE(task->timer_slack_ns, slack != 0 ? slack : task->first_timer_slack_ns);
    task_put(task);
    return (ssize_t)bytes;
}

static bool is_child_of(int number, const struct process *parent)
{
    struct process *process = process_find(number);
    if (process == NULL) {
        return false;
    }
    spin_lock(&process_tree_lock);
    bool is_child = process->parent == parent;
    spin_unlock(&process_tree_lock);
    process_put(process);
    return is_child;
}

/* By number. A process's children are all its first thread's: another thread's list is empty. */
int proc_show_children(const struct generated_key *key, struct text_buffer *text)
{
    struct process *parent = process_find(proc_key_pid(key));
    if (parent == NULL) {
        return 0;
    }
    struct id *id = id_next(1);
    while (id != NULL && !text_is_full(text)) {
        int number = id->number;
        id_put(id);
        if (is_child_of(number, parent)) {
            text_format(text, "%d ", number);
        }
        id = id_next(number + 1);
    }
    if (id != NULL) {
        id_put(id);
    }
    process_put(parent);
    return 0;
}
