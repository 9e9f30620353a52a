// Paths for files that have no name: /proc/<pid>/fd/N of a pipe can be opened and looked at like a
// FIFO.
//
// Each such path is a root entry of its own in an instance that is mounted nowhere; its vnode holds
// the pipe and goes with the path. What fchmod and its like change is written through to the pipe.
#include "file/pipe.h"
#include "fs/mount_internal.h"
#include "fs/name_entry.h"
#include "fs/vfs.h"
#include "interrupt/clock.h"
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

static uint64_t time_to_ns(const struct file_time *time)
{
    return (uint64_t)time->seconds * NS_PER_SECOND + time->nanoseconds;
}

static struct file_time time_from_ns(uint64_t ns)
{
    return (struct file_time){(int64_t)(ns / NS_PER_SECOND), (uint32_t)(ns % NS_PER_SECOND)};
}

static int anonymous_set_attributes(struct vnode *vnode, const struct attributes *attributes)
{
    vnode_apply_attributes_locked(vnode, attributes);
    const struct pipe_attributes now = {
        .mode = vnode->mode & S_IALLUGO,
        .uid = vnode->uid,
        .gid = vnode->gid,
        .access_ns = time_to_ns(&vnode->access_time),
        .modify_ns = time_to_ns(&vnode->modify_time),
        .change_ns = time_to_ns(&vnode->change_time),
    };
    pipe_set_attributes(vnode->fifo, &now);
    return 0;
}

static const struct vnode_ops anonymous_vnode_ops = {
    .set_attributes = anonymous_set_attributes,
    .inactive = anonymous_inactive,
};
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
    struct pipe_attributes now;
    pipe_get_attributes(pipe, &now);
    vnode_init(vnode, &anonymous_file_system, &anonymous_vnode_ops, status.st_ino,
               S_IFIFO | now.mode);
    vnode->uid = now.uid;
    vnode->gid = now.gid;
    vnode->access_time = time_from_ns(now.access_ns);
    vnode->modify_time = time_from_ns(now.modify_ns);
    vnode->change_time = time_from_ns(now.change_ns);
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
