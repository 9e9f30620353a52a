// devpts: where pseudo-terminals appear. Every mount is an instance of its own with a `ptmx` in it,
// which opens what the registry has under that number (nothing yet: -ENXIO).
#include "fs/devfs/devfs.h"
#include "fs/mount.h"
#include "fs/name_entry.h"
#include "fs/ramfs/ramfs.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "uapi/device_number.h"

enum { PTMX_MAJOR = 5, PTMX_MINOR = 2 };

// Modes (permission bits, whatever else was said) and owner of the terminals to come, and of ptmx. Kept for /proc/mounts.
struct devpts_options {
    uint32_t mode, ptmx_mode, uid, gid, max;
    bool has_uid, has_gid;
};

static int devpts_option(const char *option, size_t length, struct devpts_options *options)
{
    static const struct {
        const char *name;
        unsigned base;
        size_t value, flag; // places in struct devpts_options; flag 0: none
    } rows[] = {
        {"mode=", 8, offsetof(struct devpts_options, mode), 0},
        {"ptmxmode=", 8, offsetof(struct devpts_options, ptmx_mode), 0},
        {"uid=", 10, offsetof(struct devpts_options, uid),
         offsetof(struct devpts_options, has_uid)},
        {"gid=", 10, offsetof(struct devpts_options, gid),
         offsetof(struct devpts_options, has_gid)},
        {"max=", 10, offsetof(struct devpts_options, max), 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (!string_has_prefix(option, rows[i].name)) {
            continue;
        }
        uint64_t value;
        const char *end;
        int error = string_to_u64(option + strlen(rows[i].name), rows[i].base, &value, &end);
        if (error != 0 || end != option + length || value >= UINT32_MAX) {
            return -EINVAL;
        }
        *(uint32_t *)(void *)((char *)options + rows[i].value) = (uint32_t)value;
        if (rows[i].flag != 0) {
            *((bool *)options + rows[i].flag) = true;
        }
        return 0;
    }
    return string_has_prefix(option, "newinstance") ? 0 : -EINVAL;
}

static int devpts_options_parse(const char *text, struct devpts_options *options)
{
    while (text != NULL && *text != '\0') {
        const char *comma = strchr(text, ',');
        size_t length = comma != NULL ? (size_t)(comma - text) : strlen(text);
        int error = length > 0 ? devpts_option(text, length, options) : 0;
        if (error != 0) {
            return error;
        }
        text += length + (comma != NULL ? 1 : 0);
    }
    return 0;
}

static void devpts_describe(struct file_system *file_system, char *text, size_t size)
{
    const struct devpts_options *options = file_system->private_data;
    char uid[24] = "", gid[24] = "";
    if (options->has_uid) {
        format_string(uid, sizeof(uid), "uid=%u,", options->uid);
    }
    if (options->has_gid) {
        format_string(gid, sizeof(gid), "gid=%u,", options->gid);
    }
    format_string(text, size, "%s%smode=%03o,ptmxmode=%03o", uid, gid, options->mode,
                  options->ptmx_mode);
}

static void devpts_destroy(struct file_system *file_system)
{
    heap_free(file_system->private_data);
    ramfs_destroy(file_system);
}

static const struct file_system_ops devpts_ops = {
    .describe = devpts_describe,
    .destroy = devpts_destroy,
};

static int devpts_make_ptmx(struct file_system *file_system, uint32_t mode)
{
    struct name_entry *root = file_system->root, *entry;
    mutex_lock(&root->vnode->mutex);
    int error = name_entry_look_up(root, "ptmx", 4, &entry);
    if (error == 0) {
        error = root->vnode->ops->create(root->vnode, entry, &fs_context_kernel, S_IFCHR | mode,
                                         device_number_make(PTMX_MAJOR, PTMX_MINOR));
        name_entry_put(entry);
    }
    mutex_unlock(&root->vnode->mutex);
    return error;
}

static int devpts_mount(const struct file_system_type *type, const char *source,
                        const char *options_text, unsigned long flags, struct file_system **result)
{
    (void)source, (void)flags;
    struct devpts_options *options = heap_alloc_zeroed(sizeof(*options));
    if (options == NULL) {
        return -ENOMEM;
    }
    options->mode = 0600;
    int error = devpts_options_parse(options_text, options);
    struct file_system *file_system = NULL;
    if (error == 0) {
        struct ramfs_parameters parameters = {.root_mode = 0755};
        error = ramfs_instance_create(type, &parameters, &devpts_ops, &file_system);
    }
    if (error != 0) {
        heap_free(options);
        return error;
    }
    options->mode &= S_IALLUGO;
    options->ptmx_mode &= S_IALLUGO;
    file_system->private_data = options;
    error = devpts_make_ptmx(file_system, options->ptmx_mode);
    if (error != 0) {
        file_system_put(file_system);
        return error;
    }
    *result = file_system;
    return 0;
}

static struct file_system_type devpts_type = {
    .name = "devpts",
    .magic = DEVPTS_SUPER_MAGIC,
    .mount = devpts_mount,
};

void devpts_init(void)
{
    file_system_type_register(&devpts_type);
}
