/*
 * /proc/<pid>/limits, oom_score_adj and oom_adj: what a process may use, and how readily it is ended when memory is out.
 */
#include "kernelfs/proc_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "process/process.h"
#include "uapi/capability.h"

static const char *const limit_names[RLIM_NLIMITS][2] = {
    [RLIMIT_CPU] = {"Max cpu time", "seconds"},
    [RLIMIT_FSIZE] = {"Max file size", "bytes"},
    [RLIMIT_DATA] = {"Max data size", "bytes"},
    [RLIMIT_STACK] = {"Max stack size", "bytes"},
    [RLIMIT_CORE] = {"Max core file size", "bytes"},
    [RLIMIT_RSS] = {"Max resident set", "bytes"},
    [RLIMIT_NPROC] = {"Max processes", "processes"},
    [RLIMIT_NOFILE] = {"Max open files", "files"},
    [RLIMIT_MEMLOCK] = {"Max locked memory", "bytes"},
    [RLIMIT_AS] = {"Max address space", "bytes"},
    [RLIMIT_LOCKS] = {"Max file locks", "locks"},
    [RLIMIT_SIGPENDING] = {"Max pending signals", "signals"},
    [RLIMIT_MSGQUEUE] = {"Max msgqueue size", "bytes"},
    [RLIMIT_NICE] = {"Max nice priority", ""},
    [RLIMIT_RTPRIO] = {"Max realtime priority", ""},
    [RLIMIT_RTTIME] = {"Max realtime timeout", "us"},
};

/* proc(5), limits: columns of fixed width, which programs cut by position. */
static void limit_text(uint64_t value, char *text, size_t size)
{
    if (value == RLIM_INFINITY) {
        (void)strscpy(text, "unlimited", size);
    } else {
        (void)format_string(text, size, "%llu", (unsigned long long)value);
    }
}

int proc_show_limits(const struct generated_key *key, struct text_buffer *text)
{
    struct process *process = process_find_of_task(proc_key_pid(key));
    if (process == NULL) {
        return -ESRCH;
    }
    text_format(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for (int i = 0; i < RLIM_NLIMITS; i++) {
        char soft[24];
        char hard[24];
        assert(limit_names[i][0] != NULL);
        limit_text(process->limits.entries[i].rlim_cur, soft, sizeof(soft));
        limit_text(process->limits.entries[i].rlim_max, hard, sizeof(hard));
        text_format(text, "%-25s %-20s %-20s %-10s\n", limit_names[i][0], soft, hard,
                    limit_names[i][1]);
    }
    process_put(process);
    return 0;
}

int proc_show_oom_score_adjust(const struct generated_key *key, struct text_buffer *text)
{
    struct process *process = process_find_of_task(proc_key_pid(key));
    if (process == NULL) {
        return -ESRCH;
    }
    text_format(text, "%d\n", process->oom_score_adjust);
    process_put(process);
    return 0;
}

/* A number from -most to most, alone or with a line end. */
static int parse_adjust(const char *data, uint64_t most, int *adjust)
{
    const char *digits = data[0] == '-' ? data + 1 : data;
    const char *end;
    uint64_t value;
    if (string_to_u64(digits, 10, &value, &end) != 0 || value > most ||
        (end[0] != '\0' && (end[0] != '\n' || end[1] != '\0'))) {
        return -EINVAL;
    }
    *adjust = digits != data ? -(int)value : (int)value;
    return 0;
}

/* Below what a privileged process set last only another one may go: else anybody could exempt himself. */
ssize_t proc_store_oom_score_adjust(const struct generated_key *key, const char *data, size_t bytes)
{
    int adjust;
    if (bytes == 0 || parse_adjust(data, 1000, &adjust) != 0) {
        return -EINVAL;
    }
    struct process *process = process_find_of_task(proc_key_pid(key));
    if (process == NULL) {
        return -ESRCH;
    }
    bool is_privileged = credentials_can(task_current()->credentials, CAP_SYS_RESOURCE);
    bool is_permitted = is_privileged || adjust >= READ_ONCE(process->oom_score_minimum);
    if (is_permitted) {
        WRITE_ONCE(process->oom_score_adjust, adjust);
    }
    if (is_privileged) {
        WRITE_ONCE(process->oom_score_minimum, adjust);
    }
    process_put(process);
    return is_permitted ? (ssize_t)bytes : -EACCES;
}

/* The same in the unit that came before: from -17, never, to 15. */
enum { OOM_ADJUST_MOST = 15, OOM_ADJUST_NEVER = 17, OOM_SCORE_MOST = 1000 };

int proc_show_oom_adjust(const struct generated_key *key, struct text_buffer *text)
{
    struct process *process = process_find_of_task(proc_key_pid(key));
    if (process == NULL) {
        return -ESRCH;
    }
    int score = READ_ONCE(process->oom_score_adjust);
    process_put(process);
    text_format(text, "%d\n", MIN(score * OOM_ADJUST_NEVER / OOM_SCORE_MOST, OOM_ADJUST_MOST));
    return 0;
}

/* Less than what is set now is for the privileged. */
ssize_t proc_store_oom_adjust(const struct generated_key *key, const char *data, size_t bytes)
{
    int adjust;
    if (bytes == 0 || parse_adjust(data, OOM_ADJUST_NEVER, &adjust) != 0 ||
        adjust > OOM_ADJUST_MOST) {
        return -EINVAL;
    }
    int score =
        adjust == OOM_ADJUST_MOST ? OOM_SCORE_MOST : adjust * OOM_SCORE_MOST / OOM_ADJUST_NEVER;
    struct process *process = process_find_of_task(proc_key_pid(key));
    if (process == NULL) {
        return -ESRCH;
    }
    bool is_permitted = score >= READ_ONCE(process->oom_score_adjust) ||
                        credentials_can(task_current()->credentials, CAP_SYS_RESOURCE);
    if (is_permitted) {
        WRITE_ONCE(process->oom_score_adjust, score);
    }
    process_put(process);
    return is_permitted ? (ssize_t)bytes : -EACCES;
}
