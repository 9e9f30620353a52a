/*
 * /proc/sys: the few settings that programs read. They say how this kernel is; most cannot be changed, since there is one way of doing each
 * thing here. A number that stands for a constant of another folder names it beside it: the two must agree.
 */
#include "device/random.h"
#include "file/open_file.h"
#include "file/pipe.h"
#include "fs/mount.h"
#include "kernelfs/proc_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "log/log.h"
#include "log/panic.h"
#include "memory/frame.h"
#include "process/descriptor_table.h"
#include "process/exec.h"
#include "scheduler/id.h"
#include "syscall/system_name.h"
#include "uapi/capability.h"
#include "uapi/limits.h"
#include "uapi/stat.h"
#include "uapi/utsname.h"
#include "vm/reclaim.h"

static int show_ostype(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_string(text, "Linux\n");
    return 0;
}

static int show_osrelease(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_string(text, SYSTEM_RELEASE "\n");
    return 0;
}

static int show_version(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_string(text, SYSTEM_VERSION "\n");
    return 0;
}

static int show_hostname(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    struct uapi_utsname name;
    system_name_get(&name);
    text_format(text, "%s\n", name.nodename);
    return 0;
}

/* Of a name that one write brings: up to its line end, and no more than a name may have. */
static size_t line_length(const char *data, size_t bytes)
{
    size_t length = 0;
    while (length < MIN(bytes, (size_t)UTSNAME_FIELD_SIZE - 1) && data[length] != '\n' &&
           data[length] != '\0') {
        length++;
    }
    return length;
}

static ssize_t store_hostname(const struct generated_key *key, const char *data, size_t bytes)
{
    (void)key;
    system_node_name_set(data, line_length(data, bytes));
    return (ssize_t)bytes;
}

static int show_domainname(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    struct uapi_utsname name;
    system_name_get(&name);
    text_format(text, "%s\n", name.domainname);
    return 0;
}

static ssize_t store_domainname(const struct generated_key *key, const char *data, size_t bytes)
{
    (void)key;
    system_domain_name_set(data, line_length(data, bytes));
    return (ssize_t)bytes;
}

/* A number from `low` to `high`, alone or with a line end. */
static int parse_number(const char *data, int64_t low, int64_t high, int64_t *number)
{
    const char *end;
    uint64_t value;
    bool is_negative = data[0] == '-';
    int error = string_to_u64(data + (is_negative ? 1 : 0), 10, &value, &end);
    if (error != 0 || value > INT32_MAX || (end[0] != '\0' && (end[0] != '\n' || end[1] != '\0'))) {
        return -EINVAL;
    }
    int64_t wanted = is_negative ? -(int64_t)value : (int64_t)value;
    if (wanted < low || wanted > high) {
        return -EINVAL;
    }
    *number = wanted;
    return 0;
}

/* Seconds until a panic reboots. */
static int show_panic(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_format(text, "%d\n", panic_timeout());
    return 0;
}

static ssize_t store_panic(const struct generated_key *key, const char *data, size_t bytes)
{
    (void)key;
    int64_t seconds;
    int error = parse_number(data, INT32_MIN, INT32_MAX, &seconds);
    if (error == 0) {
        panic_set_timeout((int)seconds);
    }
    return error != 0 ? error : (ssize_t)bytes;
}

/* 1: clean pages, 2: what the kernel keeps of names and files, 3: both. They go together here. */
static ssize_t store_drop_caches(const struct generated_key *key, const char *data, size_t bytes)
{
    (void)key;
    int64_t kinds;
    int error = parse_number(data, 1, 4, &kinds);
    if (error == 0 && kinds != 4) { /* 4 only silences the log, which tells nothing of it */
        vm_drop_caches();
    }
    return error != 0 ? error : (ssize_t)bytes;
}

static int show_least_free(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    struct frame_statistics frames;
    frame_get_statistics(&frames);
    text_format(text, "%zu\n", frames.low_mark_frames * (PAGE_SIZE / 1024));
    return 0;
}

static int show_randomness(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_format(text, "%d\n", exec_randomness());
    return 0;
}

static ssize_t store_randomness(const struct generated_key *key, const char *data, size_t bytes)
{
    (void)key;
    int64_t wanted;
    int error = parse_number(data, EXEC_RANDOM_NOTHING, EXEC_RANDOM_ALL, &wanted);
    if (error == 0) {
        exec_randomness_set((int)wanted);
    }
    return error != 0 ? error : (ssize_t)bytes;
}

static int show_largest_pipe(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_format(text, "%zu\n", pipe_largest_size());
    return 0;
}

static ssize_t store_largest_pipe(const struct generated_key *key, const char *data, size_t bytes)
{
    (void)key;
    int64_t wanted;
    int error = parse_number(data, 0, INT32_MAX, &wanted);
    if (error == 0) {
        error = pipe_set_largest_size((size_t)wanted);
    }
    return error != 0 ? error : (ssize_t)bytes;
}

static int show_last_pid(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_format(text, "%d\n", id_last_number());
    return 0;
}

/* How readily memory is swapped out: kept and told, since there is nowhere to swap to. */
enum { SWAPPINESS_MOST = 200 };
static int swappiness = 60; /* [a] */

static int show_swappiness(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_format(text, "%d\n", READ_ONCE(swappiness));
    return 0;
}

static ssize_t store_swappiness(const struct generated_key *key, const char *data, size_t bytes)
{
    (void)key;
    int64_t wanted;
    int error = parse_number(data, 0, SWAPPINESS_MOST, &wanted);
    if (error == 0) {
        WRITE_ONCE(swappiness, (int)wanted);
    }
    return error != 0 ? error : (ssize_t)bytes;
}

#define MOST_FILES "9223372036854775807" /* of the whole system: memory is the limit */

static int show_file_count(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_format(text, "%zu\t0\t" MOST_FILES "\n", open_file_count());
    return 0;
}

static int show_printk(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_format(text, "%d\t4\t1\t7\n", log_console_level());
    return 0;
}

/* The console's level first; the other three are as they are. */
static ssize_t store_printk(const struct generated_key *key, const char *data, size_t bytes)
{
    (void)key;
    int64_t level;
    char first[2] = {data[0], '\0'};
    size_t length = line_length(data, bytes);
    bool is_whole = length == 1 || (length == 7 && memcmp(data + 1, "\t4\t1\t7", 6) == 0) ||
                    (length == 7 && memcmp(data + 1, " 4 1 7", 6) == 0);
    if (!is_whole || parse_number(first, 1, 8, &level) != 0) {
        return -EINVAL;
    }
    log_console_level_set((int)level);
    return (ssize_t)bytes;
}

/* A setting that does not change: its text is the whole of it. */
#define SHOW_TEXT(NAME, TEXT)                                                                      \
    static int show_##NAME(const struct generated_key *key, struct text_buffer *text)              \
    {                                                                                              \
        (void)key;                                                                                 \
        text_add_string(text, TEXT "\n");                                                          \
        return 0;                                                                                  \
    }
static_assert(DESCRIPTORS_MAX == 1048576 && ID_MAX == 32768 && MOUNTS_MAX == 4096,
              "as the texts below say");
SHOW_TEXT(zero, "0")
SHOW_TEXT(empty, "") /* no name: nothing is written where a program crashes */
SHOW_TEXT(one, "1")
SHOW_TEXT(overflow_id, "65534")    /* stands for ids that do not fit */
SHOW_TEXT(lowest_address, "65536") /* USER_BOTTOM */
SHOW_TEXT(most_areas, "65530")     /* AREAS_MAX */
SHOW_TEXT(most_files, MOST_FILES)
SHOW_TEXT(most_descriptors, "1048576") /* DESCRIPTORS_MAX */
SHOW_TEXT(most_mounts, "4096")         /* MOUNTS_MAX */
SHOW_TEXT(machine, "x86_64")
SHOW_TEXT(round_robin, "100") /* a round-robin thread's slice, ms */
SHOW_TEXT(real_time_period, "1000000")
SHOW_TEXT(real_time_share, "-1") /* of it: real-time threads are not held back */
SHOW_TEXT(commit_ratio, "50")    /* CommitLimit is half of the memory */
SHOW_TEXT(pool_size, "256")      /* bits of the generator's key */
SHOW_TEXT(most_threads, "32767") /* ID_MAX - 1 */
#undef SHOW_TEXT

static int show_pid_max(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_format(text, "%d\n", ID_MAX);
    return 0;
}

static int show_ngroups_max(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_format(text, "%d\n", NGROUPS_MAX);
    return 0;
}

static int show_cap_last_cap(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_format(text, "%d\n", CAP_LAST_CAP);
    return 0;
}

enum { UUID_BYTES = 16 };

/* RFC 4122 version 4. */
static void add_uuid(struct text_buffer *text, uint8_t bytes[UUID_BYTES])
{
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    for (int i = 0; i < 16; i++) {
        text_format(text, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", bytes[i]);
    }
    text_add_char(text, '\n');
}

static int show_uuid(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    uint8_t bytes[UUID_BYTES];
    random_bytes(bytes, sizeof(bytes));
    add_uuid(text, bytes);
    return 0;
}

static struct spinlock boot_id_lock = SPINLOCK_INIT(LOCK_RANK_FS_STATE);
static uint8_t boot_id[UUID_BYTES]; /* [l] */
static bool boot_id_is_drawn;       /* [l] */

/* Drawn when it is first asked for. */
static int show_boot_id(const struct generated_key *key, struct text_buffer *text)
{
    uint8_t bytes[UUID_BYTES];
    (void)key;
    random_bytes(bytes, sizeof(bytes));
    spin_lock(&boot_id_lock);
    if (!boot_id_is_drawn) {
        memcpy(boot_id, bytes, sizeof(boot_id));
        boot_id_is_drawn = true;
    }
    memcpy(bytes, boot_id, sizeof(bytes));
    spin_unlock(&boot_id_lock);
    add_uuid(text, bytes);
    return 0;
}

/* The generator has all the bits of its key, or cannot vouch for any. */
static int show_entropy(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_string(text, random_is_weak() ? "0\n" : "256\n");
    return 0;
}

static const struct generated_row random_rows[] = {
    {.name = "boot_id", .mode = S_IFREG | 0444, .show = show_boot_id},
    {.name = "entropy_avail", .mode = S_IFREG | 0444, .show = show_entropy},
    {.name = "poolsize", .mode = S_IFREG | 0444, .show = show_pool_size},
    {.name = "uuid", .mode = S_IFREG | 0444, .show = show_uuid},
    {0},
};
static const struct generated_directory random_directory = {.rows = random_rows};

static const struct generated_row kernel_rows[] = {
    {.name = "arch", .mode = S_IFREG | 0444, .show = show_machine},
    {.name = "cap_last_cap", .mode = S_IFREG | 0444, .show = show_cap_last_cap},
    {.name = "core_pattern", .mode = S_IFREG | 0444, .show = show_empty},
    {.name = "core_uses_pid", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "dmesg_restrict", .mode = S_IFREG | 0444, .show = show_one},
    {.name = "domainname",
     .mode = S_IFREG | 0644,
     .show = show_domainname,
     .store = store_domainname},
    {.name = "hostname", .mode = S_IFREG | 0644, .show = show_hostname, .store = store_hostname},
    PROC_SETTING_ROW(msgmax),
    PROC_SETTING_ROW(msgmnb),
    PROC_SETTING_ROW(msgmni),
    {.name = "ngroups_max", .mode = S_IFREG | 0444, .show = show_ngroups_max},
    {.name = "ns_last_pid", .mode = S_IFREG | 0444, .show = show_last_pid},
    {.name = "osrelease", .mode = S_IFREG | 0444, .show = show_osrelease},
    {.name = "ostype", .mode = S_IFREG | 0444, .show = show_ostype},
    {.name = "overflowgid", .mode = S_IFREG | 0444, .show = show_overflow_id},
    {.name = "overflowuid", .mode = S_IFREG | 0444, .show = show_overflow_id},
    {.name = "panic", .mode = S_IFREG | 0644, .show = show_panic, .store = store_panic},
    {.name = "panic_on_oops", .mode = S_IFREG | 0444, .show = show_one},
    {.name = "pid_max", .mode = S_IFREG | 0444, .show = show_pid_max},
    {.name = "printk", .mode = S_IFREG | 0644, .show = show_printk, .store = store_printk},
    {.name = "random", .mode = S_IFDIR | 0555, .directory = &random_directory},
    {.name = "randomize_va_space",
     .mode = S_IFREG | 0644,
     .show = show_randomness,
     .store = store_randomness},
    {.name = "sched_rr_timeslice_ms", .mode = S_IFREG | 0444, .show = show_round_robin},
    {.name = "sched_rt_period_us", .mode = S_IFREG | 0444, .show = show_real_time_period},
    {.name = "sched_rt_runtime_us", .mode = S_IFREG | 0444, .show = show_real_time_share},
    PROC_SETTING_ROW(sem),
    {.name = "shm_rmid_forced", .mode = S_IFREG | 0444, .show = show_zero},
    PROC_SETTING_ROW(shmall),
    PROC_SETTING_ROW(shmmax),
    PROC_SETTING_ROW(shmmni),
    {.name = "tainted", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "threads-max", .mode = S_IFREG | 0444, .show = show_most_threads},
    {.name = "version", .mode = S_IFREG | 0444, .show = show_version},
    {0},
};
static const struct generated_directory kernel_directory = {.rows = kernel_rows};

/* Links in sticky directories and hard links to others' files are restricted, as Debian's kernel has it. */
static const struct generated_row fs_rows[] = {
    {.name = "dir-notify-enable", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "file-max", .mode = S_IFREG | 0444, .show = show_most_files},
    {.name = "file-nr", .mode = S_IFREG | 0444, .show = show_file_count},
    {.name = "leases-enable", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "mount-max", .mode = S_IFREG | 0444, .show = show_most_mounts},
    {.name = "mqueue", .mode = S_IFDIR | 0555, .directory = &proc_mqueue_directory},
    {.name = "nr_open", .mode = S_IFREG | 0444, .show = show_most_descriptors},
    {.name = "overflowgid", .mode = S_IFREG | 0444, .show = show_overflow_id},
    {.name = "overflowuid", .mode = S_IFREG | 0444, .show = show_overflow_id},
    {.name = "pipe-max-size",
     .mode = S_IFREG | 0644,
     .show = show_largest_pipe,
     .store = store_largest_pipe},
    {.name = "pipe-user-pages-hard", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "pipe-user-pages-soft", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "protected_fifos", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "protected_hardlinks", .mode = S_IFREG | 0444, .show = show_one},
    {.name = "protected_regular", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "protected_symlinks", .mode = S_IFREG | 0444, .show = show_one},
    {.name = "suid_dumpable", .mode = S_IFREG | 0444, .show = show_zero},
    {0},
};
static const struct generated_directory fs_directory = {.rows = fs_rows};

static const struct generated_row vm_rows[] = {
    {.name = "drop_caches", .mode = S_IFREG | 0200, .store = store_drop_caches},
    {.name = "legacy_va_layout", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "max_map_count", .mode = S_IFREG | 0444, .show = show_most_areas},
    {.name = "min_free_kbytes", .mode = S_IFREG | 0444, .show = show_least_free},
    {.name = "mmap_min_addr", .mode = S_IFREG | 0444, .show = show_lowest_address},
    {.name = "nr_hugepages", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "nr_overcommit_hugepages", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "oom_kill_allocating_task", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "overcommit_kbytes", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "overcommit_memory", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "overcommit_ratio", .mode = S_IFREG | 0444, .show = show_commit_ratio},
    {.name = "panic_on_oom", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "swappiness",
     .mode = S_IFREG | 0644,
     .show = show_swappiness,
     .store = store_swappiness},
    {0},
};
static const struct generated_directory vm_directory = {.rows = vm_rows};

static const struct generated_row sys_rows[] = {
    {.name = "fs", .mode = S_IFDIR | 0555, .directory = &fs_directory},
    {.name = "kernel", .mode = S_IFDIR | 0555, .directory = &kernel_directory},
    {.name = "vm", .mode = S_IFDIR | 0555, .directory = &vm_directory},
    {0},
};
const struct generated_directory proc_sys_directory = {.rows = sys_rows};
