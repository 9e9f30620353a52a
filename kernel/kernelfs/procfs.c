/*
 * procfs: the root directory's table, its live children (one directory per process), and the file system type.
 *
 * A directory is a number, not a process: each file looks for who has the number when it is read, and says -ESRCH where nobody has. So an
 * open directory keeps nobody from being reaped, and a name that is cached is asked again whether anybody still has its number
 * (is_valid). A number that was given out again shows the new process.
 */
#include "kernelfs/kernelfs.h"

#include "kernelfs/proc_internal.h"
#include "kernelfs/sysfs.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "process/process.h"
#include "uapi/stat.h"
#include "uapi/statfs.h"

static long read_self(const struct generated_key *key, char *text, size_t size)
{
    (void)key;
    if (!thread_is_task(thread_current())) {
        return -ENOENT;
    }
    return format_string(text, size, "%d", process_current()->id->number);
}

static long read_thread_self(const struct generated_key *key, char *text, size_t size)
{
    (void)key;
    if (!thread_is_task(thread_current())) {
        return -ENOENT;
    }
    return format_string(text, size, "%d/task/%d", process_current()->id->number,
                         thread_current()->number);
}

static long read_mounts_link(const struct generated_key *key, char *text, size_t size)
{
    (void)key;
    return format_string(text, size, "self/mounts");
}

/* There is no swap: the head of the list only. */
static int show_swaps(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_string(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    return 0;
}

/* There are no control groups: the head of the list of what they control. */
static int show_cgroups(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_string(text, "#subsys_name\thierarchy\tnum_cgroups\tenabled\n");
    return 0;
}

static const struct generated_row tty_rows[] = {
    {.name = "drivers", .mode = S_IFREG | 0444, .show = proc_show_tty_drivers},
    {0},
};
static const struct generated_directory tty_directory = {.rows = tty_rows};

/* Those that show nothing are lists of what is not there: disks, modules. */
static const struct generated_row root_rows[] = {
    {.name = "self", .mode = S_IFLNK | 0777, .read_link = read_self},
    {.name = "thread-self", .mode = S_IFLNK | 0777, .read_link = read_thread_self},
    {.name = "mounts", .mode = S_IFLNK | 0777, .read_link = read_mounts_link, .size = 11},
    {.name = "buddyinfo", .mode = S_IFREG | 0444, .show = proc_show_buddyinfo},
    {.name = "cgroups", .mode = S_IFREG | 0444, .show = show_cgroups},
    {.name = "cmdline", .mode = S_IFREG | 0444, .show = proc_show_command_line},
    {.name = "consoles", .mode = S_IFREG | 0444, .show = proc_show_consoles},
    {.name = "cpuinfo", .mode = S_IFREG | 0444, .show = proc_show_cpuinfo},
    {.name = "diskstats", .mode = S_IFREG | 0444, .show = proc_show_nothing},
    {.name = "devices", .mode = S_IFREG | 0444, .show = proc_show_devices},
    {.name = "execdomains", .mode = S_IFREG | 0444, .show = proc_show_execdomains},
    {.name = "filesystems", .mode = S_IFREG | 0444, .show = proc_show_filesystems},
    {.name = "interrupts", .mode = S_IFREG | 0444, .show = proc_show_interrupts},
    {.name = "iomem", .mode = S_IFREG | 0444, .show = proc_show_iomem},
    {.name = "kallsyms", .mode = S_IFREG | 0444, .show = proc_show_kallsyms},
    {.name = "loadavg", .mode = S_IFREG | 0444, .show = proc_show_loadavg},
    {.name = "locks", .mode = S_IFREG | 0444, .show = proc_show_locks},
    {.name = "meminfo", .mode = S_IFREG | 0444, .show = proc_show_meminfo},
    {.name = "modules", .mode = S_IFREG | 0444, .show = proc_show_nothing},
    {.name = "partitions", .mode = S_IFREG | 0444, .show = proc_show_nothing},
    {.name = "slabinfo", .mode = S_IFREG | 0400, .show = proc_show_slabinfo},
    {.name = "stat", .mode = S_IFREG | 0444, .show = proc_show_system_stat},
    {.name = "swaps", .mode = S_IFREG | 0444, .show = show_swaps},
    {.name = "tty", .mode = S_IFDIR | 0555, .directory = &tty_directory},
    {.name = "uptime", .mode = S_IFREG | 0444, .show = proc_show_uptime},
    {.name = "version", .mode = S_IFREG | 0444, .show = proc_show_version},
    {.name = "vmstat", .mode = S_IFREG | 0444, .show = proc_show_vmstat},
    {.name = "sys", .mode = S_IFDIR | 0555, .directory = &proc_sys_directory},
    {.name = "sysvipc", .mode = S_IFDIR | 0555, .directory = &proc_sysv_directory},
    PROC_ROOT_LAST_ROWS,
};

/* A further name for a number would be a second directory for its process. */
int proc_number_from_name(const char *name, size_t length)
{
    int number = 0;
    if (length == 0 || length > 7 || (name[0] == '0' && length > 1)) {
        return -ENOENT;
    }
    for (size_t i = 0; i < length; i++) {
        if (name[i] < '0' || name[i] > '9') {
            return -ENOENT;
        }
        number = number * 10 + (name[i] - '0');
    }
    return number;
}

static int root_look_up(const struct generated_key *key, const char *name, size_t length,
                        const struct generated_row **row, struct generated_key *child_key)
{
    (void)key;
    int number = proc_number_from_name(name, length);
    struct process *process = number <= 0 ? NULL : process_find_of_task(number);
    if (process == NULL) {
        return -ENOENT;
    }
    *row = &proc_process_row;
    *child_key = (struct generated_key){.value = {(uint64_t)number, process->started_ns}};
    process_put(process);
    return 0;
}

/* A directory lists processes; the numbers of their other threads are found by name only. */
static int root_next(const struct generated_key *key, uint64_t *cursor,
                     struct generated_child *child)
{
    (void)key;
    /* The cursor is the last number told, which a program may set to anything by lseek. */
    int from = *cursor >= ID_MAX ? ID_MAX : (int)*cursor + 1;
    for (;;) {
        struct id *id = id_next(from);
        if (id == NULL) {
            return -ENOENT;
        }
        assert(id->number >= from);
        int number = id->number;
        id_put(id);
        struct process *process = process_find(number);
        if (process != NULL) {
            *cursor = (uint64_t)number;
            (void)format_string(child->name, sizeof(child->name), "%d", number);
            child->row = &proc_process_row;
            child->key.value[0] = (uint64_t)number;
            child->key.value[1] = process->started_ns;
            process_put(process);
            return 0;
        }
        from = number + 1;
    }
}

static const struct generated_directory root_directory = {
    .rows = root_rows,
    .look_up = root_look_up,
    .next = root_next,
    .is_valid = proc_process_is_valid,
    .owner = proc_process_owner,
};

static int proc_mount(const struct file_system_type *type, const char *source, const char *options,
                      unsigned long flags, struct file_system **result)
{
    (void)source;
    (void)options;
    (void)flags;
    return generated_mount(type, &root_directory, result);
}

static struct file_system_type proc_type = {
    .name = "proc", .magic = PROC_SUPER_MAGIC, .mount = proc_mount};

void kernelfs_init(void)
{
    file_system_type_register(&proc_type);
    sysfs_init();
}
