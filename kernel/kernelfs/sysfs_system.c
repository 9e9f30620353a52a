/*
 * /sys/devices/system: the CPUs, each a package of one core as /proc/cpuinfo has it, and memory, one node. See sysfs's ABI
 * documents of Linux (sysfs-devices-system-cpu, sysfs-devices-node).
 */
#include "arch/boot_info.h"
#include "kernelfs/sysfs.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "memory/frame.h"
#include "sync/percpu.h"
#include "uapi/stat.h"
#include "vm/reclaim.h"

enum { SYSFS_FILE_BYTES = 4096 };
#define SHOW_ROW(NAME, FUNCTION)                                                                   \
    {                                                                                              \
        .name = NAME, .mode = S_IFREG | 0444, .show = FUNCTION, .size = SYSFS_FILE_BYTES           \
    }

static int show_cpus(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    unsigned count = percpu_cpu_count();
    text_format(text, count == 1 ? "0\n" : "0-%u\n", count - 1);
    return 0;
}

static int show_no_cpus(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_char(text, '\n');
    return 0;
}

static int show_last_cpu(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_format(text, "%u\n", CPU_MAX - 1);
    return 0;
}

static int show_cpu_mask(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_format(text, "%llx\n", (unsigned long long)percpu_cpu_mask());
    return 0;
}

/* ---- one CPU: the key's first value is its number ------------------------------------------------ */

static int show_own_number(const struct generated_key *key, struct text_buffer *text)
{
    text_format(text, "%llu\n", (unsigned long long)key->value[0]);
    return 0;
}

static int show_own_mask(const struct generated_key *key, struct text_buffer *text)
{
    text_format(text, "%llx\n", 1ULL << key->value[0]);
    return 0;
}

static int show_zero(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_string(text, "0\n");
    return 0;
}

static const struct generated_row topology_rows[] = {
    SHOW_ROW("core_cpus", show_own_mask),
    SHOW_ROW("core_cpus_list", show_own_number),
    SHOW_ROW("core_id", show_zero),
    SHOW_ROW("core_siblings", show_own_mask),
    SHOW_ROW("core_siblings_list", show_own_number),
    SHOW_ROW("die_id", show_zero),
    SHOW_ROW("package_cpus", show_own_mask),
    SHOW_ROW("package_cpus_list", show_own_number),
    SHOW_ROW("physical_package_id", show_own_number),
    SHOW_ROW("thread_siblings", show_own_mask),
    SHOW_ROW("thread_siblings_list", show_own_number),
    {0},
};
static const struct generated_directory topology_directory = {.rows = topology_rows,
                                                              .remembers_missing = true};
static const struct generated_row one_cpu_rows[] = {
    {.name = "topology", .mode = S_IFDIR | 0755, .directory = &topology_directory},
    {0},
};
static const struct generated_directory one_cpu_directory = {.rows = one_cpu_rows,
                                                             .remembers_missing = true};
static const struct generated_row one_cpu_row = {
    .name = "cpu", .mode = S_IFDIR | 0755, .directory = &one_cpu_directory};

/* cpu0, cpu1, ...: programs count them. */
static int cpu_look_up(const struct generated_key *key, const char *name, size_t length,
                       const struct generated_row **row, struct generated_key *child_key)
{
    const char *end;
    uint64_t number;
    (void)key;
    if (length < 4 || memcmp(name, "cpu", 3) != 0 ||
        string_to_u64(name + 3, 10, &number, &end) != 0 || end != name + length ||
        number >= percpu_cpu_count() || (length > 4 && name[3] == '0')) {
        return -ENOENT;
    }
    *child_key = (struct generated_key){.value = {number}};
    *row = &one_cpu_row;
    return 0;
}

static int cpu_next(const struct generated_key *key, uint64_t *cursor,
                    struct generated_child *child)
{
    (void)key;
    if (*cursor >= percpu_cpu_count()) {
        return -ENOENT;
    }
    child->key = (struct generated_key){.value = {*cursor}};
    child->row = &one_cpu_row;
    (void)format_string(child->name, sizeof(child->name), "cpu%u", (unsigned)(*cursor)++);
    return 0;
}

static const struct generated_row cpu_rows[] = {
    SHOW_ROW("isolated", show_no_cpus),
    SHOW_ROW("kernel_max", show_last_cpu),
    SHOW_ROW("offline", show_no_cpus),
    SHOW_ROW("online", show_cpus),
    SHOW_ROW("possible", show_cpus),
    SHOW_ROW("present", show_cpus),
    {0},
};
static const struct generated_directory cpu_directory = {
    .rows = cpu_rows, .remembers_missing = true, .look_up = cpu_look_up, .next = cpu_next};

/* ---- memory ---------------------------------------------------------------------------------------- */

static void add_node_line(struct text_buffer *text, const char *name, size_t frames)
{
    text_format(text, "Node 0 %-15s %8zu kB\n", name, frames * (PAGE_SIZE / 1024));
}

static int show_node_memory(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    struct frame_statistics frames;
    struct vm_statistics vm;
    frame_get_statistics(&frames);
    vm_get_statistics(&vm);
    add_node_line(text, "MemTotal:", frames.total_frames);
    add_node_line(text, "MemFree:", frames.free_frames);
    add_node_line(text, "MemUsed:", frames.total_frames - frames.free_frames);
    add_node_line(text, "Dirty:", vm.dirty_frames);
    add_node_line(text, "FilePages:", vm.page_cache_frames);
    add_node_line(text, "AnonPages:", vm.anonymous_frames);
    add_node_line(text, "Shmem:", vm.shared_frames);
    add_node_line(text, "PageTables:", frames.kind_frames[FRAME_PAGE_TABLE]);
    add_node_line(text, "Slab:", frames.kind_frames[FRAME_SLAB]);
    return 0;
}

static int show_distance(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_string(text, "10\n");
    return 0;
}

static const struct generated_row one_node_rows[] = {
    SHOW_ROW("cpulist", show_cpus),
    SHOW_ROW("cpumap", show_cpu_mask),
    SHOW_ROW("distance", show_distance),
    SHOW_ROW("meminfo", show_node_memory),
    {0},
};
static const struct generated_directory one_node_directory = {.rows = one_node_rows,
                                                              .remembers_missing = true};
static const struct generated_row node_rows[] = {
    SHOW_ROW("has_cpu", show_zero),
    SHOW_ROW("has_memory", show_zero),
    SHOW_ROW("has_normal_memory", show_zero),
    {.name = "node0", .mode = S_IFDIR | 0755, .directory = &one_node_directory},
    SHOW_ROW("online", show_zero),
    SHOW_ROW("possible", show_zero),
    {0},
};
static const struct generated_directory node_directory = {.rows = node_rows,
                                                          .remembers_missing = true};

static const struct generated_row system_rows[] = {
    {.name = "cpu", .mode = S_IFDIR | 0755, .directory = &cpu_directory},
    {.name = "node", .mode = S_IFDIR | 0755, .directory = &node_directory},
    {0},
};
const struct generated_directory sysfs_system_directory = {.rows = system_rows,
                                                           .remembers_missing = true};
