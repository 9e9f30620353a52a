/*
 * /proc/<pid>/stat, status and statm: one snapshot of a process, shown in three formats (proc(5)).
 */
#include "device/terminal.h"
#include "interrupt/clock.h"
#include "kernelfs/proc_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "process/descriptor_table.h"
#include "process/process.h"
#include "process/signal.h"
#include "sync/percpu.h"
#include "uapi/time.h"

struct snapshot {
    int pid, thread_group, parent, group, session, foreground, thread_count;
    uint32_t terminal;
    char name[16];
    char state;
    const char *state_name;
    struct process_usage usage, children_usage;
    int nice, policy, real_time_priority, effective_priority, cpu;
    uint64_t started_ns;
    uint64_t pending, shared_pending, blocked, ignored, caught;
    int exit_signal, exit_status;
    unsigned queued; /* signals */
    uint64_t limit_queued, affinity;
    unsigned descriptor_capacity;
    bool has_umask;
    uint32_t umask;
    uint32_t uids[4], gids[4];
    uint64_t capabilities[5];
    bool no_new_privileges;
    /* Of the address space; 0 without one. */
    bool has_space;
    uint64_t total, data, stack, executable, locked, anonymous, file, shared; /* pages */
    vaddr_t code_start, code_end, data_start, data_end, break_start, argument_start, argument_end,
        environment_start, environment_end, stack_top;
    uint64_t limit_resident;
};

static void snapshot_state(struct snapshot *s, const struct process *process,
                           const struct task *task)
{
    static const struct {
        char letter;
        const char *name;
    } states[] = {
        [THREAD_RUNNABLE] = {'R', "R (running)"},
        [THREAD_BLOCKED] = {'D', "D (disk sleep)"},
        [THREAD_BLOCKED_INTERRUPTIBLE] = {'S', "S (sleeping)"},
        [THREAD_STOPPED] = {'T', "T (stopped)"},
        [THREAD_DEAD] = {'Z', "Z (zombie)"},
    };
    /* The table has no holes: every state of a thread is in it. */
    unsigned state =
        process->is_zombie || task == NULL ? THREAD_DEAD : atomic32_load(&task->thread.state);
    assert(state < sizeof(states) / sizeof(states[0]) && states[state].name != NULL);
    s->state = states[state].letter;
    s->state_name = states[state].name;
}

/* Everything under the tree lock. */
static void snapshot_family_locked(struct snapshot *s, struct process *process)
{
    assert(spin_is_held(&process_tree_lock));
    s->parent = process->parent_number;
    s->group = process->group == NULL ? 0 : process->group->number;
    s->session = process->session == NULL ? 0 : process->session->number;
    s->foreground = -1;
    if (process->terminal != NULL) {
        s->terminal = process->terminal->number;
        s->foreground = process->terminal->foreground_group == NULL
                            ? -1
                            : process->terminal->foreground_group->number;
    }
    assert(process->task_count <= process->present_count);
    s->thread_count = process->is_zombie ? 1 : (int)process->task_count;
    s->children_usage = process->children_usage;
    s->exit_signal = process->exit_signal;
    s->exit_status = process->is_zombie ? process->exit_status : 0;
    s->limit_resident = process->limits.entries[RLIMIT_RSS].rlim_cur;
}

/* Signals below 32 make up stat's old fields, all 64 status's; the sets are read under one hold of the lock, so they agree. */
static void snapshot_signals(struct snapshot *s, struct process *process, struct task *task)
{
    struct signal_actions *actions = signal_lock(process);
    s->shared_pending = process->pending.set;
    s->queued = (unsigned)process->pending.count;
    s->limit_queued = process_limit(process, RLIMIT_SIGPENDING);
    if (task != NULL) {
        s->queued += (unsigned)task->pending.count;
        s->affinity = task->thread.affinity & percpu_cpu_mask();
        s->pending = task->pending.set;
        s->blocked = task->signal_mask;
    }
    for (int number = 1; number <= SIGNAL_COUNT; number++) {
        uint64_t handler = actions->actions[number - 1].sa_handler;
        if (handler == SIG_IGN) {
            s->ignored |= signal_bit(number);
        } else if (handler != SIG_DFL) {
            s->caught |= signal_bit(number);
        }
    }
    signal_unlock(actions);
}

static void snapshot_task(struct snapshot *s, struct task *task)
{
    memcpy(s->name, task->thread.name, sizeof(s->name));
    s->name[sizeof(s->name) - 1] = '\0';
    s->no_new_privileges = task->no_new_privileges;
    s->nice = task->thread.nice;
    s->policy = task->thread.policy;
    s->real_time_priority = task->thread.real_time_priority;
    s->effective_priority = thread_priority(&task->thread);
    s->cpu = task->thread.cpu;
    struct fs_state *fs = task_fs_get(task);
    if (fs != NULL) {
        s->has_umask = true;
        s->umask = READ_ONCE(fs->umask);
        fs_state_put(fs);
    }
    struct credentials *c = task_credentials_get(task);
    const uint32_t uids[4] = {c->uid, c->euid, c->suid, c->fsuid};
    const uint32_t gids[4] = {c->gid, c->egid, c->sgid, c->fsgid};
    const uint64_t capabilities[5] = {c->capabilities_inheritable, c->capabilities_permitted,
                                      c->capabilities_effective, c->capabilities_bounding,
                                      c->capabilities_ambient};
    memcpy(s->uids, uids, sizeof(uids));
    memcpy(s->gids, gids, sizeof(gids));
    memcpy(s->capabilities, capabilities, sizeof(capabilities));
    credentials_put(c);
}

/* Without the space's mutex: each is one word, and who looks on must not wait for a long mmap. */
static void snapshot_space(struct snapshot *s)
{
    struct address_space *space = proc_space_get(s->pid);
    if (space == NULL) {
        return;
    }
    s->has_space = true;
    s->total = space->total_pages;
    s->data = space->data_pages;
    s->stack = space->stack_pages;
    s->executable = space->executable_pages;
    s->locked = space->locked_pages;
    s->anonymous = atomic64_load(&space->resident_anonymous);
    s->file = atomic64_load(&space->resident_file);
    s->shared = atomic64_load(&space->resident_shared);
    s->code_start = space->code_start;
    s->code_end = MAX(space->code_end, space->code_start);
    s->data_start = space->data_start;
    s->data_end = space->data_end;
    s->break_start = space->break_start;
    s->argument_start = space->argument_start;
    s->argument_end = space->argument_end;
    s->environment_start = space->environment_start;
    s->environment_end = space->environment_end;
    s->stack_top = space->stack_top;
    address_space_put(space);
}

/* Where things lie is for those alone who may look into the process: to others 1 says that there is a program. */
static void snapshot_hide_places(struct snapshot *s)
{
    s->code_start = s->code_end = s->has_space ? 1 : 0;
    s->data_start = s->data_end = s->break_start = s->stack_top = 0;
    s->argument_start = s->argument_end = s->environment_start = s->environment_end = 0;
    s->exit_status = 0;
}

/* The number of the process stands for all its threads; another thread's for that one alone. */
static void snapshot_usage(struct snapshot *s, struct process *process, struct task *task)
{
    if (task != NULL && s->pid != s->thread_group) {
        task_get_usage(task, &s->usage);
        s->started_ns = task->thread.started_ns;
    } else {
        process_get_usage(process, &s->usage);
        s->started_ns = process->started_ns;
    }
}

/*
 * All that the three files tell, taken before any text is made: a text that grows is made again, and must not mix two moments more than it
 * has to. Each lock is held for its own part only; what the parts say may be of moments a little apart, as on Linux.
 */
static int snapshot_take(struct snapshot *s, int number)
{
    memset(s, 0, sizeof(*s));
    struct task *task = task_find(number);
    struct process *process = task != NULL ? task->process : process_find_of_task(number);
    if (process == NULL) {
        return -ESRCH;
    }
    s->pid = number;
    s->thread_group = process->id->number;
    snapshot_usage(s, process, task);
    spin_lock(&process_tree_lock);
    snapshot_family_locked(s, process);
    snapshot_state(s, process, task);
    spin_unlock(&process_tree_lock);
    snapshot_signals(s, process, task);
    if (task != NULL) {
        snapshot_task(s, task);
        task_put(task);
    } else {
        process_put(process);
    }
    snapshot_space(s);
    struct descriptor_table *table = proc_descriptors_get(number);
    if (table != NULL) {
        s->descriptor_capacity = descriptor_capacity(table);
        descriptor_table_put(table);
    }
    return 0;
}

static unsigned long long ticks(uint64_t ns)
{
    return ns / (NS_PER_SECOND / USER_HZ);
}

static unsigned long long number(uint64_t value)
{
    return value;
}

/* As `priority` of stat: 20 + nice for normal threads, -1 - rt for real-time ones, by own right or lent. */
static int shown_priority(const struct snapshot *s)
{
    return s->effective_priority != 0 ? -1 - s->effective_priority : 20 + s->nice;
}

int proc_show_process_stat(const struct generated_key *key, struct text_buffer *text)
{
    struct snapshot s;
    int error = snapshot_take(&s, proc_key_pid(key));
    if (error != 0) {
        return error;
    }
    /* Addresses would undo the random places of a program (proc(5): fields marked PT). */
    if (proc_may_inspect(s.pid) != 0) {
        snapshot_hide_places(&s);
    }
    /* proc(5), stat: fields 1 to 52, in order. The name is in brackets since it may hold blanks, and brackets: parsers look for the last. */
    text_format(text, "%d (%s) %c %d %d %d %u %d 0 %llu %llu %llu 0 ", s.pid, s.name, s.state,
                s.parent, s.group, s.session, s.terminal, s.foreground,
                number(s.usage.minor_faults), number(s.children_usage.minor_faults),
                number(s.usage.major_faults));
    text_format(text, "%llu %llu %llu %llu %d %d %d 0 %llu ", ticks(s.usage.user_ns),
                ticks(s.usage.kernel_ns), ticks(s.children_usage.user_ns),
                ticks(s.children_usage.kernel_ns), shown_priority(&s), s.nice, s.thread_count,
                ticks(s.started_ns));
    text_format(text, "%llu %llu %llu %llu %llu %llu 0 0 ", number(s.total * PAGE_SIZE),
                number(s.anonymous + s.file + s.shared), number(s.limit_resident),
                number(s.code_start), number(s.code_end), number(s.stack_top));
    text_format(text, "%llu %llu %llu %llu 0 0 0 %d %d %d %d 0 0 0 ",
                number(s.pending & 0x7fffffff), number(s.blocked & 0x7fffffff),
                number(s.ignored & 0x7fffffff), number(s.caught & 0x7fffffff), s.exit_signal, s.cpu,
                s.real_time_priority, s.policy);
    text_format(text, "%llu %llu %llu %llu %llu %llu %llu %d\n", number(s.data_start),
                number(s.data_end), number(s.break_start), number(s.argument_start),
                number(s.argument_end), number(s.environment_start), number(s.environment_end),
                s.exit_status);
    return 0;
}

int proc_show_process_statm(const struct generated_key *key, struct text_buffer *text)
{
    struct snapshot s;
    int error = snapshot_take(&s, proc_key_pid(key));
    if (error == 0) {
        text_format(text, "%llu %llu %llu %llu 0 %llu 0\n", number(s.total),
                    number(s.anonymous + s.file + s.shared), number(s.file + s.shared),
                    number(s.executable), number(s.data + s.stack));
    }
    return error;
}

static unsigned long long kib(uint64_t pages)
{
    return pages * (PAGE_SIZE / 1024);
}

static void add_memory_lines(struct text_buffer *text, const struct snapshot *s)
{
    uint64_t resident = s->anonymous + s->file + s->shared;
    text_format(text,
                "VmPeak:\t%8llu kB\nVmSize:\t%8llu kB\nVmLck:\t%8llu kB\nVmPin:\t       0 kB\n",
                kib(s->total), kib(s->total), kib(s->locked));
    text_format(
        text,
        "VmHWM:\t%8llu kB\nVmRSS:\t%8llu kB\nRssAnon:\t%8llu kB\nRssFile:\t%8llu kB\nRssShmem:\t%8llu kB\n",
        (unsigned long long)MAX(s->usage.peak_resident_kib, (uint64_t)kib(resident)), kib(resident),
        kib(s->anonymous), kib(s->file), kib(s->shared));
    text_format(text,
                "VmData:\t%8llu kB\nVmStk:\t%8llu kB\nVmExe:\t%8llu kB\nVmLib:\t       0 kB\n"
                "VmSwap:\t       0 kB\nHugetlbPages:\t       0 kB\nCoreDumping:\t0\n"
                "THP_enabled:\t0\n",
                kib(s->data), kib(s->stack), number((s->code_end - s->code_start) / 1024));
}

static void add_signal_lines(struct text_buffer *text, const struct snapshot *s)
{
    text_format(
        text,
        "SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\nSigIgn:\t%016llx\nSigCgt:\t%016llx\n",
        number(s->pending), number(s->shared_pending), number(s->blocked), number(s->ignored),
        number(s->caught));
    text_format(
        text,
        "CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\nCapBnd:\t%016llx\nCapAmb:\t%016llx\n",
        number(s->capabilities[0]), number(s->capabilities[1]), number(s->capabilities[2]),
        number(s->capabilities[3]), number(s->capabilities[4]));
    text_format(text, "NoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0\n", s->no_new_privileges);
}

/* The CPUs that the task may run on, as a mask and as ranges; memory has one node. */
static void add_cpu_lines(struct text_buffer *text, uint64_t affinity)
{
    text_add_string(text, "Cpus_allowed:\t");
    if (affinity >> 32 != 0) {
        text_format(text, "%llx,%08llx", number(affinity >> 32), number(affinity & UINT32_MAX));
    } else {
        text_format(text, "%llx", number(affinity));
    }
    text_add_string(text, "\nCpus_allowed_list:\t");
    const char *separator = "";
    for (unsigned first = 0; first < 64; first++) {
        if ((affinity >> first & 1) == 0) {
            continue;
        }
        unsigned last = first;
        while (last < 63 && (affinity >> (last + 1) & 1) != 0) {
            last++;
        }
        text_format(text, "%s%u", separator, first);
        if (last > first) {
            text_format(text, "-%u", last);
        }
        separator = ",";
        first = last;
    }
    text_add_string(text, "\nMems_allowed:\t1\nMems_allowed_list:\t0\n");
}

/* Supplementary groups, each followed by a blank; Linux closes the line with one more. */
static void add_groups_line(struct text_buffer *text, int pid)
{
    struct task *task = task_find(pid);
    text_add_string(text, "Groups:\t");
    if (task != NULL) {
        struct credentials *credentials = task_credentials_get(task);
        for (uint32_t i = 0; i < credentials->group_count; i++) {
            text_format(text, "%u ", credentials->groups[i]);
        }
        credentials_put(credentials);
        task_put(task);
    }
    text_add_string(text, " \n");
}

int proc_show_process_status(const struct generated_key *key, struct text_buffer *text)
{
    struct snapshot s;
    int error = snapshot_take(&s, proc_key_pid(key));
    if (error != 0) {
        return error;
    }
    text_format(text, "Name:\t%s\n", s.name);
    if (s.has_umask) {
        text_format(text, "Umask:\t%04o\n", s.umask);
    }
    text_format(text, "State:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
                s.state_name, s.thread_group, s.pid, s.parent);
    text_format(text, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t%u\n", s.uids[0],
                s.uids[1], s.uids[2], s.uids[3], s.gids[0], s.gids[1], s.gids[2], s.gids[3],
                s.descriptor_capacity);
    add_groups_line(text, s.pid);
    text_format(text, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", s.thread_group, s.pid,
                s.group, s.session);
    if (s.has_space) {
        add_memory_lines(text, &s);
    }
    text_format(text, "Threads:\t%d\nSigQ:\t%u/%llu\n", s.thread_count, s.queued,
                number(s.limit_queued));
    add_signal_lines(text, &s);
    add_cpu_lines(text, s.affinity);
    text_format(text, "voluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n",
                number(s.usage.voluntary_switches), number(s.usage.involuntary_switches));
    return 0;
}
