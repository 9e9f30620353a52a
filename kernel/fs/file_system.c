// File system types by name, and the life of mounted instances.
#include "fs/mount.h"

#include "fs/name_entry.h"
#include "lib/string.h"
#include "uapi/device_number.h"

static struct spinlock types_lock = SPINLOCK_INIT(LOCK_RANK_MOUNT);
static struct list_head types = LIST_INIT(types); // [l types_lock] only ever grows

// Instances without a device get numbers of major 0. The low ones are left to the root, which is
// 0:2 as in Linux (mount_root).
static struct atomic32 anonymous_devices = ATOMIC_INIT(15);

void file_system_type_register(struct file_system_type *type)
{
    spin_lock(&types_lock);
    list_add_tail(&types, &type->link);
    spin_unlock(&types_lock);
}

struct file_system_type *file_system_type_find(const char *name)
{
    struct file_system_type *type, *found = NULL;
    spin_lock(&types_lock);
    list_for_each_entry(type, &types, link) {
        if (strcmp(type->name, name) == 0) {
            found = type;
            break;
        }
    }
    spin_unlock(&types_lock);
    return found;
}

void file_system_type_visit(bool (*visit)(const struct file_system_type *type, void *context),
                            void *context)
{
    // Types are never unregistered, so the list can be walked without the lock.
    struct file_system_type *type;
    list_for_each_entry_rcu(type, &types, link)
    {
        if (!type->is_internal && !visit(type, context)) {
            return;
        }
    }
}

void file_system_init(struct file_system *file_system, const struct file_system_type *type,
                      const struct file_system_ops *ops)
{
    memset(file_system, 0, sizeof(*file_system));
    refcount_init(&file_system->references, 1);
    file_system->type = type;
    file_system->ops = ops;
    file_system->device_number = device_number_make(0, atomic32_add(&anonymous_devices, 1));
}

void file_system_get(struct file_system *file_system)
{
    refcount_get(&file_system->references);
}

void file_system_put(struct file_system *file_system)
{
    if (!refcount_put(&file_system->references)) {
        return;
    }
    name_cache_shrink(file_system);
    if (file_system->ops->destroy != NULL) {
        file_system->ops->destroy(file_system);
    }
}

uint64_t file_system_next_inode(struct file_system *file_system)
{
    return __atomic_add_fetch(&file_system->next_inode_number, 1, __ATOMIC_RELAXED);
}
