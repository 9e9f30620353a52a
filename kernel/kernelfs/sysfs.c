/*
 * sysfs: so that `mount -t sysfs` works and programs find what the machine is made of (sysfs_system.c). Devices and classes are empty directories until the
 * device manager's tree is shown here. A tree may keep things of its own below /sys: what the root lacks is looked for in the
 * directory that the mount covers.
 */
#include "kernelfs/sysfs.h"

#include "fs/generated.h"
#include "lib/assert.h"
#include "uapi/stat.h"
#include "uapi/statfs.h"

static const struct generated_row no_rows[] = {{0}};
static const struct generated_directory empty_directory = {.rows = no_rows,
                                                           .remembers_missing = true};

static const struct generated_row devices_rows[] = {
    {.name = "system", .mode = S_IFDIR | 0755, .directory = &sysfs_system_directory},
    {0},
};
static const struct generated_directory devices_directory = {.rows = devices_rows,
                                                             .remembers_missing = true};

/* Devices by their numbers. */
static const struct generated_row dev_rows[] = {
    {.name = "block", .mode = S_IFDIR | 0755, .directory = &empty_directory},
    {.name = "char", .mode = S_IFDIR | 0755, .directory = &empty_directory},
    {0},
};
static const struct generated_directory dev_directory = {.rows = dev_rows,
                                                         .remembers_missing = true};

static const struct generated_row root_rows[] = {
    {.name = "block", .mode = S_IFDIR | 0755, .directory = &empty_directory},
    {.name = "bus", .mode = S_IFDIR | 0755, .directory = &empty_directory},
    {.name = "class", .mode = S_IFDIR | 0755, .directory = &empty_directory},
    {.name = "dev", .mode = S_IFDIR | 0755, .directory = &dev_directory},
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
