/*
 * sysfs: so that `mount -t sysfs` works and programs find how many CPUs there are. Devices and classes are empty directories until the
 * device manager's tree is shown here. A tree may keep things of its own below /sys: what the root lacks is looked for in the
 * directory that the mount covers.
 */
#include "kernelfs/sysfs.h"

#include "fs/generated.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "sync/percpu.h"
#include "uapi/stat.h"
#include "uapi/statfs.h"

static const struct generated_row no_rows[] = {{0}};
static const struct generated_directory empty_directory = {.rows = no_rows,
                                                           .remembers_missing = true};

static int show_cpus(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    unsigned count = percpu_cpu_count();
    text_format(text, count == 1 ? "0\n" : "0-%u\n", count - 1);
    return 0;
}

static const struct generated_row cpu_rows[] = {
    {.name = "online", .mode = S_IFREG | 0444, .show = show_cpus},
    {.name = "possible", .mode = S_IFREG | 0444, .show = show_cpus},
    {.name = "present", .mode = S_IFREG | 0444, .show = show_cpus},
    {0},
};
static const struct generated_row one_cpu_row = {
    .name = "cpu", .mode = S_IFDIR | 0755, .directory = &empty_directory};

/* cpu0, cpu1, ...: programs count them. */
static int cpu_look_up(const struct generated_key *key, const char *name, size_t length,
                       const struct generated_row **row, struct generated_key *child_key)
{
    const char *end;
    uint64_t number;
    if (length < 4 || memcmp(name, "cpu", 3) != 0 ||
        string_to_u64(name + 3, 10, &number, &end) != 0 || end != name + length ||
        number >= percpu_cpu_count() || (length > 4 && name[3] == '0')) {
        return -ENOENT;
    }
    *child_key = *key;
    *row = &one_cpu_row;
    return 0;
}

static int cpu_next(const struct generated_key *key, uint64_t *cursor, char *name, size_t size,
                    const struct generated_row **row)
{
    (void)key;
    if (*cursor >= percpu_cpu_count()) {
        return -ENOENT;
    }
    format_string(name, size, "cpu%u", (unsigned)(*cursor)++);
    *row = &one_cpu_row;
    return 0;
}

static const struct generated_directory cpu_directory = {
    .rows = cpu_rows, .remembers_missing = true, .look_up = cpu_look_up, .next = cpu_next};
static const struct generated_row system_rows[] = {
    {.name = "cpu", .mode = S_IFDIR | 0755, .directory = &cpu_directory},
    {0},
};
static const struct generated_directory system_directory = {.rows = system_rows,
                                                            .remembers_missing = true};
static const struct generated_row devices_rows[] = {
    {.name = "system", .mode = S_IFDIR | 0755, .directory = &system_directory},
    {0},
};
static const struct generated_directory devices_directory = {.rows = devices_rows,
                                                             .remembers_missing = true};

static const struct generated_row root_rows[] = {
    {.name = "block", .mode = S_IFDIR | 0755, .directory = &empty_directory},
    {.name = "bus", .mode = S_IFDIR | 0755, .directory = &empty_directory},
    {.name = "class", .mode = S_IFDIR | 0755, .directory = &empty_directory},
    {.name = "dev", .mode = S_IFDIR | 0755, .directory = &empty_directory},
    {.name = "devices", .mode = S_IFDIR | 0755, .directory = &devices_directory},
    {.name = "firmware", .mode = S_IFDIR | 0755, .directory = &empty_directory},
    {.name = "fs", .mode = S_IFDIR | 0755, .directory = &empty_directory},
    {.name = "kernel", .mode = S_IFDIR | 0755, .directory = &empty_directory},
    {.name = "module", .mode = S_IFDIR | 0755, .directory = &empty_directory},
    {.name = "power", .mode = S_IFDIR | 0755, .directory = &empty_directory},
    {0},
};
static const struct generated_directory root_directory = {.rows = root_rows,
                                                          .remembers_missing = true};

static int sysfs_mount(const struct file_system_type *type, const char *source, const char *options,
                       unsigned long flags, struct file_system **result)
{
    (void)source;
    (void)options;
    (void)flags;
    return generated_mount(type, &root_directory, result);
}

static struct file_system_type sysfs_type = {
    .name = "sysfs", .passes_covered = true, .magic = SYSFS_MAGIC, .mount = sysfs_mount};

void sysfs_init(void)
{
    file_system_type_register(&sysfs_type);
}
