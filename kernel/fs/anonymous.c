// Paths for files that have no name: /proc/<pid>/fd/N of a pipe can be opened and looked at like a
// FIFO.
//
// Each such path is a root entry of its own in an instance that is mounted nowhere; its vnode holds
// the pipe and goes with the path.
#include "file/pipe.h"
#include "fs/mount_internal.h"
#include "fs/name_entry.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/heap.h"

static void anonymous_free(struct rcu_head *head)
{
    struct vnode *vnode = container_of(head, struct vnode, rcu);
    heap_free(vnode);
}

static void anonymous_inactive(struct vnode *vnode)
{
    vnode_fini(vnode);
    rcu_defer(&vnode->rcu, anonymous_free);
}

static const struct vnode_ops anonymous_vnode_ops = {.inactive = anonymous_inactive};
static const struct file_system_ops anonymous_file_system_ops = {0};
static const struct file_system_type anonymous_type = {.name = "pipefs", .magic = PIPEFS_MAGIC};
static struct file_system anonymous_file_system; // [I] after anonymous_init
static struct mount *anonymous_mount;            // [I] after anonymous_init; NULL: no memory then

// The mount needs a root of its own, which nobody can reach.
void anonymous_init(void)
{
    file_system_init(&anonymous_file_system, &anonymous_type, &anonymous_file_system_ops);
    struct vnode *vnode = heap_alloc(sizeof(*vnode));
    if (vnode == NULL) {
        return;
    }
    vnode_init(vnode, &anonymous_file_system, &anonymous_vnode_ops, 0, S_IFDIR | 0700);
    struct name_entry *root = name_entry_create_root(&anonymous_file_system, vnode);
    if (root != NULL) {
        anonymous_mount = mount_create(&anonymous_file_system, root, "pipefs", 0);
    }
}

static struct vnode *fifo_from_pipe(struct open_file *file, struct pipe *pipe)
{
    struct uapi_stat status;
    struct vnode *vnode = heap_alloc(sizeof(*vnode));
    if (vnode == NULL || vfs_file_status(file, &status) != 0) {
        heap_free(vnode);
        return NULL;
    }
    vnode_init(vnode, &anonymous_file_system, &anonymous_vnode_ops, status.st_ino, S_IFIFO | 0600);
    vnode->uid = file->credentials->fsuid;
    vnode->gid = file->credentials->fsgid;
    pipe_object_get(pipe);
    vnode->fifo = pipe;
    return vnode;
}

int vfs_anonymous_path(struct open_file *file, struct path *path)
{
    struct pipe *pipe = pipe_from_file(file);
    if (pipe == NULL || anonymous_mount == NULL) {
        return -ENXIO;
    }
    struct vnode *vnode = fifo_from_pipe(file, pipe);
    struct name_entry *entry =
        vnode == NULL ? NULL : name_entry_create_root(&anonymous_file_system, vnode);
    if (entry == NULL) {
        return -ENOMEM;
    }
    mount_get(anonymous_mount);
    *path = (struct path){anonymous_mount, entry};
    return 0;
}
