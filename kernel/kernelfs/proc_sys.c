/*
 * /proc/sys: the few settings that programs read.
 */
#include "device/random.h"
#include "kernelfs/proc_internal.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "log/log.h"
#include "scheduler/id.h"
#include "syscall/system_name.h"
#include "uapi/capability.h"
#include "uapi/limits.h"
#include "uapi/stat.h"
#include "uapi/utsname.h"

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

/* What one write brings, up to its line end. */
static ssize_t store_hostname(const struct generated_key *key, const char *data, size_t bytes)
{
    (void)key;
    size_t length = 0;
    while (length < bytes && data[length] != '\n' && data[length] != '\0') {
        length++;
    }
    system_node_name_set(data, MIN(length, (size_t)UTSNAME_FIELD_SIZE - 1));
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

static int show_printk(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_format(text, "%d\t4\t1\t7\n", log_console_level());
    return 0;
}

/* A setting that does not change: its text is the whole of it. */
#define SHOW_TEXT(NAME, TEXT)                                                                      \
    static int show_##NAME(const struct generated_key *key, struct text_buffer *text)              \
    {                                                                                              \
        (void)key;                                                                                 \
        text_add_string(text, TEXT "\n");                                                          \
        return 0;                                                                                  \
    }
SHOW_TEXT(zero, "0")
SHOW_TEXT(one, "1")
SHOW_TEXT(overflow_id, "65534")    /* stands for ids that do not fit */
SHOW_TEXT(randomize, "2")          /* stack, mmap base, programs and heap lie at random places */
SHOW_TEXT(lowest_address, "65536") /* USER_BOTTOM */
SHOW_TEXT(most_areas, "65530")     /* AREAS_MAX */
SHOW_TEXT(most_files, "9223372036854775807") /* of the whole system: memory is the limit */
SHOW_TEXT(most_descriptors, "1048576")       /* DESCRIPTORS_MAX */
SHOW_TEXT(largest_pipe, "1048576")           /* without CAP_SYS_RESOURCE */
SHOW_TEXT(most_threads, "32767")             /* ID_MAX - 1 */
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

/* RFC 4122 version 4. */
static int show_uuid(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    uint8_t bytes[16];
    random_bytes(bytes, sizeof(bytes));
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    for (int i = 0; i < 16; i++) {
        text_format(text, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", bytes[i]);
    }
    text_add_char(text, '\n');
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
    {.name = "entropy_avail", .mode = S_IFREG | 0444, .show = show_entropy},
    {.name = "uuid", .mode = S_IFREG | 0444, .show = show_uuid},
    {0},
};
static const struct generated_directory random_directory = {.rows = random_rows};

#define SETTING_ROW(setting)                                                                       \
    {                                                                                              \
        .name = #setting, .mode = S_IFREG | 0644, .show = proc_show_##setting,                     \
        .store = proc_store_##setting                                                              \
    }
static const struct generated_row kernel_rows[] = {
    {.name = "cap_last_cap", .mode = S_IFREG | 0444, .show = show_cap_last_cap},
    {.name = "dmesg_restrict", .mode = S_IFREG | 0444, .show = show_one},
    {.name = "domainname", .mode = S_IFREG | 0444, .show = show_domainname},
    {.name = "hostname", .mode = S_IFREG | 0644, .show = show_hostname, .store = store_hostname},
    {.name = "ngroups_max", .mode = S_IFREG | 0444, .show = show_ngroups_max},
    {.name = "osrelease", .mode = S_IFREG | 0444, .show = show_osrelease},
    {.name = "ostype", .mode = S_IFREG | 0444, .show = show_ostype},
    {.name = "overflowgid", .mode = S_IFREG | 0444, .show = show_overflow_id},
    {.name = "overflowuid", .mode = S_IFREG | 0444, .show = show_overflow_id},
    {.name = "pid_max", .mode = S_IFREG | 0444, .show = show_pid_max},
    {.name = "printk", .mode = S_IFREG | 0444, .show = show_printk},
    {.name = "random", .mode = S_IFDIR | 0555, .directory = &random_directory},
    {.name = "randomize_va_space", .mode = S_IFREG | 0444, .show = show_randomize},
    SETTING_ROW(shmall),
    SETTING_ROW(shmmax),
    SETTING_ROW(shmmni),
    {.name = "tainted", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "threads-max", .mode = S_IFREG | 0444, .show = show_most_threads},
    {.name = "version", .mode = S_IFREG | 0444, .show = show_version},
    {0},
};
static const struct generated_directory kernel_directory = {.rows = kernel_rows};

/* Links in sticky directories and hard links to others' files are restricted, as Debian's kernel has it. */
static const struct generated_row fs_rows[] = {
    {.name = "file-max", .mode = S_IFREG | 0444, .show = show_most_files},
    {.name = "nr_open", .mode = S_IFREG | 0444, .show = show_most_descriptors},
    {.name = "overflowgid", .mode = S_IFREG | 0444, .show = show_overflow_id},
    {.name = "overflowuid", .mode = S_IFREG | 0444, .show = show_overflow_id},
    {.name = "pipe-max-size", .mode = S_IFREG | 0444, .show = show_largest_pipe},
    {.name = "protected_fifos", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "protected_hardlinks", .mode = S_IFREG | 0444, .show = show_one},
    {.name = "protected_regular", .mode = S_IFREG | 0444, .show = show_zero},
    {.name = "protected_symlinks", .mode = S_IFREG | 0444, .show = show_one},
    {.name = "suid_dumpable", .mode = S_IFREG | 0444, .show = show_zero},
    {0},
};
static const struct generated_directory fs_directory = {.rows = fs_rows};

static const struct generated_row vm_rows[] = {
    {.name = "max_map_count", .mode = S_IFREG | 0444, .show = show_most_areas},
    {.name = "mmap_min_addr", .mode = S_IFREG | 0444, .show = show_lowest_address},
    {.name = "overcommit_memory", .mode = S_IFREG | 0444, .show = show_zero},
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
