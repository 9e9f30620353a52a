// DevFS: a RamFS instance that the kernel fills. Every published device node gets a file of its
// name ("pts/0": directories are made on the way), which goes when the node is unpublished.
// Programs may add, change and remove names like anywhere else; what they made under a node's name
// is left alone. Every mount shows the same instance, as Linux's devtmpfs does.
#include "fs/devfs/devfs.h"

#include "device/node.h"
#include "fs/mount.h"
#include "fs/name_entry.h"
#include "fs/ramfs/ramfs.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "log/log.h"

static struct file_system *devfs_instance; // [I] from devfs_start to devfs_end

// One name below `directory`: made by ramfs's create if it is missing. Returns the entry with a
// reference, or NULL.
static struct name_entry *devfs_make(struct name_entry *directory, const char *name, size_t length,
                                     uint32_t mode, const struct device_node *node)
{
    struct name_entry *entry;
    struct vnode *vnode = directory->vnode;
    mutex_lock(&vnode->mutex);
    int error = name_entry_look_up_to_make(directory, name, length, &entry);
    if (error == 0 && name_entry_is_negative(entry)) {
        uint64_t number = node != NULL ? node->number : 0;
        error = vnode->ops->create(vnode, entry, &fs_context_kernel, mode, number);
        if (error == 0 && node != NULL) {
            entry->vnode->gid = node->gid;
            entry->private_data = (void *)(uintptr_t)node;
        }
        if (error != 0) {
            name_entry_put(entry);
        }
    }
    mutex_unlock(&vnode->mutex);
    return error == 0 ? entry : NULL;
}

// The directory that a node's file stands in, with a reference; *last gets the name's last part.
// Missing ones are made where `may_make`. NULL: out of memory, or not there.
static struct name_entry *devfs_parent(const char *name, bool may_make, const char **last)
{
    struct name_entry *at = devfs_instance->root;
    name_entry_get(at);
    const char *slash;
    while ((slash = strchr(name, '/')) != NULL) {
        size_t length = (size_t)(slash - name);
        struct name_entry *next = may_make ? devfs_make(at, name, length, S_IFDIR | 0755, NULL)
                                           : name_entry_find(at, name, length);
        name_entry_put(at);
        if (next == NULL) {
            return NULL;
        }
        if (name_entry_is_negative(next) || !vnode_is_directory(next->vnode)) {
            name_entry_put(next);
            return NULL;
        }
        at = next;
        name = slash + 1;
    }
    *last = name;
    return at;
}

static void devfs_node_added(struct device_node_subscriber *subscriber, struct device_node *node)
{
    (void)subscriber;
    const char *last;
    struct name_entry *directory = devfs_parent(node->name, true, &last);
    struct name_entry *entry = NULL;
    if (directory != NULL) {
        uint32_t type = node->kind == DEVICE_BLOCK ? S_IFBLK : S_IFCHR;
        entry = devfs_make(directory, last, strlen(last), type | node->mode, node);
        name_entry_put(directory);
    }
    if (entry == NULL) {
        log_error("devfs: no file for device %s", node->name);
        return;
    }
    name_entry_put(entry);
}

// Only the entry that was made for the node goes: a program may have put a file of its own under that name.
static void devfs_node_removed(struct device_node_subscriber *subscriber, struct device_node *node)
{
    (void)subscriber;
    const char *last;
    struct name_entry *directory = devfs_parent(node->name, false, &last);
    if (directory == NULL) {
        return;
    }
    struct vnode *vnode = directory->vnode;
    mutex_lock(&vnode->mutex);
    struct name_entry *entry = name_entry_find(directory, last, strlen(last));
    if (entry != NULL && entry->private_data == node && !name_entry_is_negative(entry)) {
        mutex_lock(&entry->vnode->mutex);
        (void)vnode->ops->unlink(vnode, entry);
        mutex_unlock(&entry->vnode->mutex);
    }
    mutex_unlock(&vnode->mutex);
    if (entry != NULL) {
        name_entry_put(entry);
    }
    name_entry_put(directory);
}

static struct device_node_subscriber devfs_subscriber = {
    .added = devfs_node_added,
    .removed = devfs_node_removed,
};

static int devfs_mount(const struct file_system_type *type, const char *source, const char *options,
                       unsigned long flags, struct file_system **result)
{
    (void)type, (void)source, (void)options, (void)flags;
    if (devfs_instance == NULL) {
        return -ENODEV;
    }
    file_system_get(devfs_instance);
    *result = devfs_instance;
    return 0;
}

static struct file_system_type devtmpfs_type = {
    .name = "devtmpfs",
    .magic = TMPFS_MAGIC,
    .mount = devfs_mount,
};
static struct file_system_type devfs_type = {
    .name = "devfs",
    .magic = TMPFS_MAGIC,
    .mount = devfs_mount,
};

void devfs_start(void)
{
    struct ramfs_parameters parameters;
    ramfs_parameters_default(&parameters);
    parameters.root_mode = 0755;
    parameters.always_describes = true;
    if (ramfs_instance_create(&devtmpfs_type, &parameters, NULL, &devfs_instance) != 0) {
        log_error("devfs: out of memory");
    } else {
        device_node_subscribe(&devfs_subscriber);
    }
}

void devfs_end(void)
{
    if (devfs_instance != NULL) {
        device_node_unsubscribe(&devfs_subscriber);
        file_system_put(devfs_instance);
        devfs_instance = NULL;
    }
}

void devfs_init(void)
{
    file_system_type_register(&devtmpfs_type);
    file_system_type_register(&devfs_type);
    devpts_init();
}
