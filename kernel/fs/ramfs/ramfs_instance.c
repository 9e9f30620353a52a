// RamFS's instances: making, status, remount, teardown; and the types `rootfs`, `tmpfs` and
// `ramfs`.
#include "fs/ramfs/ramfs.h"

#include "fs/name_entry.h"
#include "fs/ramfs/ramfs_internal.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "uapi/limits.h"

static const struct file_system_ops tmpfs_ops = {
    .status = ramfs_status,
    .remount = ramfs_remount,
    .describe = ramfs_options_describe,
    .destroy = ramfs_destroy,
};

static const struct file_system_ops ramfs_ops = {
    .destroy = ramfs_destroy,
};

int ramfs_instance_create(const struct file_system_type *type,
                          const struct ramfs_parameters *parameters,
                          const struct file_system_ops *ops, struct file_system **result)
{
    struct ramfs_instance *instance = heap_alloc_zeroed(sizeof(*instance));
    if (instance == NULL) {
        return -ENOMEM;
    }
    file_system_init(&instance->file_system, type, ops != NULL ? ops : &tmpfs_ops);
    instance->parameters = *parameters;
    struct vnode *root;
    int error = ramfs_node_create(instance, S_IFDIR | parameters->root_mode, 0, &root);
    if (error != 0) {
        goto free_instance;
    }
    root->uid = parameters->uid;
    root->gid = parameters->gid;
    instance->file_system.root = name_entry_create_root(&instance->file_system, root);
    if (instance->file_system.root == NULL) {
        error = -ENOMEM;
        goto free_instance;
    }
    *result = &instance->file_system;
    return 0;
free_instance:
    heap_free(instance);
    return error;
}

// Takes the tree down from its leaves: a directory goes when its last child has gone.
void ramfs_destroy(struct file_system *file_system)
{
    struct name_entry *root = file_system->root, *at = root;
    for (;;) {
        struct name_entry *child = name_entry_next_child(at, NULL);
        if (child != NULL) {
            at = child;
            continue;
        }
        if (at == root) {
            break;
        }
        struct name_entry *parent = at->parent;
        name_entry_detach(at);
        at = parent;
    }
    name_entry_put(root);
    heap_free(ramfs_instance_of(file_system));
}

// Who counts up and finds that it was too much counts down again: for a moment more is used than there may be.
static uint64_t what_is_left(uint64_t most, const struct atomic64 *used)
{
    return most - MIN(atomic64_load(used), most);
}

int ramfs_status(struct file_system *file_system, struct uapi_statfs *status)
{
    struct ramfs_instance *instance = ramfs_instance_of(file_system);
    uint64_t max_pages = instance->parameters.max_pages;
    uint64_t max_inodes = instance->parameters.max_inodes;
    if (max_pages != 0) {
        status->f_blocks = max_pages;
        status->f_bfree = what_is_left(max_pages, &instance->used_pages);
        status->f_bavail = status->f_bfree;
    }
    if (max_inodes != 0) {
        status->f_files = max_inodes;
        status->f_ffree = what_is_left(max_inodes, &instance->used_inodes);
    }
    return 0;
}

// New limits may not be below what is used, nor appear where there was none.
int ramfs_remount(struct file_system *file_system, unsigned long flags, const char *options)
{
    (void)flags;
    struct ramfs_instance *instance = ramfs_instance_of(file_system);
    struct ramfs_parameters wanted = instance->parameters;
    int error = ramfs_options_parse(options, &wanted);
    if (error != 0) {
        return error;
    }
    bool pages_fit =
        wanted.max_pages == 0 || atomic64_load(&instance->used_pages) <= wanted.max_pages;
    bool inodes_fit =
        wanted.max_inodes == 0 || atomic64_load(&instance->used_inodes) <= wanted.max_inodes;
    bool adds_limit = (instance->parameters.max_pages == 0 && wanted.max_pages != 0) ||
                      (instance->parameters.max_inodes == 0 && wanted.max_inodes != 0);
    if (!pages_fit || !inodes_fit || adds_limit) {
        return -EINVAL;
    }
    instance->parameters.max_pages = wanted.max_pages;
    instance->parameters.max_inodes = wanted.max_inodes;
    return 0;
}

// ---- types --------------------------------------------------------------------------------------

static int tmpfs_mount(const struct file_system_type *type, const char *source, const char *options,
                       unsigned long flags, struct file_system **result)
{
    (void)source, (void)flags;
    struct ramfs_parameters parameters;
    ramfs_parameters_default(&parameters);
    int error = ramfs_options_parse(options, &parameters);
    return error != 0 ? error : ramfs_instance_create(type, &parameters, NULL, result);
}

static int rootfs_mount(const struct file_system_type *type, const char *source,
                        const char *options, unsigned long flags, struct file_system **result)
{
    (void)source, (void)flags;
    struct ramfs_parameters parameters;
    ramfs_parameters_default(&parameters);
    parameters.always_describes = true;
    int error = ramfs_options_parse(options, &parameters);
    return error != 0 ? error : ramfs_instance_create(type, &parameters, NULL, result);
}

// Linux's ramfs knows `mode=` and takes everything else in silence.
static int ramfs_mount(const struct file_system_type *type, const char *source, const char *options,
                       unsigned long flags, struct file_system **result)
{
    (void)source, (void)flags;
    struct ramfs_parameters read = {.root_mode = 0755}, parameters = {.root_mode = 0755};
    if (ramfs_options_parse(options, &read) == 0) {
        parameters.root_mode = read.root_mode;
    }
    return ramfs_instance_create(type, &parameters, &ramfs_ops, result);
}

static struct file_system_type rootfs_type = {
    .name = "rootfs",
    .is_internal = true,
    .magic = TMPFS_MAGIC,
    .mount = rootfs_mount,
};
static struct file_system_type tmpfs_type = {
    .name = "tmpfs",
    .magic = TMPFS_MAGIC,
    .mount = tmpfs_mount,
};
static struct file_system_type ramfs_type = {
    .name = "ramfs",
    .magic = RAMFS_MAGIC,
    .mount = ramfs_mount,
};

void ramfs_init(void)
{
    ramfs_node_init();
    file_system_type_register(&tmpfs_type);
    file_system_type_register(&ramfs_type);
    file_system_type_register(&rootfs_type);
}
