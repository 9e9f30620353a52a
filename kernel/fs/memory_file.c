// Files of memfd_create(2): RamFS files without a directory entry, in an instance that is mounted nowhere.
//
// Their path is "/memfd:<name> (deleted)" wherever it is shown. Seals: seal.c.
#include "fs/mount.h"
#include "fs/name_entry.h"
#include "fs/ramfs/ramfs.h"
#include "fs/vfs.h"
#include "lib/errno.h"

static const struct file_system_type memory_file_type = {.name = "tmpfs", .magic = TMPFS_MAGIC};
static struct mount *memory_file_mount; // [I] after memory_file_init; NULL: no memory then

void memory_file_init(void)
{
    const struct ramfs_parameters parameters = {.root_mode = S_IRWXUGO};
    struct file_system *file_system;
    if (ramfs_instance_create(&memory_file_type, &parameters, NULL, &file_system) == 0) {
        memory_file_mount = mount_create_internal(file_system, "tmpfs");
    }
}

int vfs_memory_file(const struct fs_context *context, const struct memory_file_request *request,
                    struct open_file **file)
{
    struct mount *mount = memory_file_mount;
    struct vnode *vnode;
    if (mount == NULL) {
        return -ENOMEM;
    }
    struct vnode *directory = mount->root->vnode;
    int error = directory->ops->create_unnamed(directory, context, S_IFREG | S_IRWXUGO, &vnode);
    if (error != 0) {
        return error;
    }
    vnode->is_sealable = request->is_sealable;
    struct path path = {
        mount, name_entry_create_detached(mount->root, vnode, request->name, request->length)};
    if (path.entry == NULL) {
        return -ENOMEM;
    }
    mount_get(mount);
    error = vfs_open_path(context, &path, O_RDWR | request->flags, file);
    path_put(&path);
    return error;
}
