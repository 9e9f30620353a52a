// RamFS's nodes: making and freeing them, and the instance's counts of pages and inodes.
//
// A node lives as long as its vnode; its pages go back at the last reference, its memory after a
// grace period. Pages are counted where the page cache adds and removes them, so a file that is
// mapped or has holes counts what it really uses.
#include "fs/ramfs/ramfs.h"
#include "fs/ramfs/ramfs_internal.h"

#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/heap.h"

enum {
    SHORT_LINK_BYTES = 128
}; // with the terminating zero: kept beside the node, no page is counted

static struct slab_cache ramfs_node_cache;

static bool ramfs_count_up(struct atomic64 *used, uint64_t limit)
{
    if (atomic64_add(used, 1) > limit && limit != 0) {
        atomic64_subtract(used, 1);
        return false;
    }
    return true;
}

static int ramfs_may_add_page(struct page_cache *cache, uint64_t index)
{
    (void)index;
    const struct vnode *vnode = cache->owner;
    struct ramfs_instance *instance = ramfs_instance_of(vnode->file_system);
    return ramfs_count_up(&instance->used_pages, instance->parameters.max_pages) ? 0 : -ENOSPC;
}

static void ramfs_removed_page(struct page_cache *cache, uint64_t index)
{
    (void)index;
    const struct vnode *vnode = cache->owner;
    atomic64_subtract(&ramfs_instance_of(vnode->file_system)->used_pages, 1);
}

// The vnode's mutex may not be waited for in a fault: a torn time is possible and harmless.
static void ramfs_page_written(struct page_cache *cache)
{
    vnode_touch_modify(cache->owner);
}

static const struct page_cache_ops ramfs_page_ops = {
    .written = ramfs_page_written,
    .may_add = ramfs_may_add_page,
    .removed = ramfs_removed_page,
    .is_shared_memory = true,
};

int ramfs_inode_reserve(struct ramfs_instance *instance)
{
    return ramfs_count_up(&instance->used_inodes, instance->parameters.max_inodes) ? 0 : -ENOSPC;
}

void ramfs_inode_release(struct ramfs_instance *instance)
{
    atomic64_subtract(&instance->used_inodes, 1);
}

int ramfs_node_create(struct ramfs_instance *instance, uint32_t mode, uint64_t device,
                      struct vnode **result)
{
    int error = ramfs_inode_reserve(instance);
    if (error != 0) {
        return error;
    }
    struct vnode *vnode = slab_alloc(&ramfs_node_cache);
    if (vnode == NULL) {
        ramfs_inode_release(instance);
        return -ENOMEM;
    }
    vnode_init(vnode, &instance->file_system, &ramfs_vnode_ops,
               file_system_next_inode(&instance->file_system), mode);
    vnode->pages.ops = &ramfs_page_ops;
    vnode->device_number = device;
    if (S_ISDIR(mode)) {
        vnode->pages.size_bytes = 2 * instance->parameters.entry_bytes;
    }
    *result = vnode;
    return 0;
}

int ramfs_node_set_link(struct vnode *vnode, const char *target)
{
    struct ramfs_instance *instance = ramfs_instance_of(vnode->file_system);
    size_t length = strlen(target);
    if (length >= SHORT_LINK_BYTES) {
        if (!ramfs_count_up(&instance->used_pages, instance->parameters.max_pages)) {
            return -ENOSPC;
        }
        vnode->extra_blocks = PAGE_SIZE / 512;
    }
    vnode->link_text = heap_copy_string(target, length);
    if (vnode->link_text == NULL) {
        return -ENOMEM;
    }
    vnode->pages.size_bytes = length;
    return 0;
}

static void ramfs_node_free(struct rcu_head *head)
{
    struct vnode *vnode = container_of(head, struct vnode, rcu);
    heap_free((void *)(uintptr_t)vnode->link_text);
    slab_free(&ramfs_node_cache, vnode);
}

static void ramfs_inactive(struct vnode *vnode)
{
    struct ramfs_instance *instance = ramfs_instance_of(vnode->file_system);
    vnode_fini(vnode);
    if (vnode->extra_blocks != 0) {
        atomic64_subtract(&instance->used_pages, 1);
    }
    ramfs_inode_release(instance);
    rcu_defer(&vnode->rcu, ramfs_node_free);
}

const struct vnode_ops ramfs_vnode_ops = {
    .create = ramfs_create,
    .create_unnamed = ramfs_create_unnamed,
    .symlink = ramfs_symlink,
    .link = ramfs_link,
    .unlink = ramfs_unlink,
    .rmdir = ramfs_rmdir,
    .rename = ramfs_rename,
    .inactive = ramfs_inactive,
};

void ramfs_node_init(void)
{
    slab_cache_init(&ramfs_node_cache, "ramfs_node", sizeof(struct vnode), 64);
}
