// open(2): resolving, creating, checking, and giving the open file its operations.
//
// Order of the checks, as Linux's: existence and kind; permissions; read-only mounts; a program
// that runs from the file; then the kind's own open (a device's node, a FIFO's other end);
// truncation last.
#include "fs/vfs_internal.h"

#include "device/node.h"
#include "file/pipe.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/heap.h"
#include "uapi/limits.h"
#include "uapi/mount.h"

// Bits that only matter while opening.
#define OPEN_ONLY_FLAGS (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC)

struct open_request {
    const struct fs_context *context;
    unsigned flags;
    uint32_t mode;   // for O_CREAT
    unsigned access; // enum vnode_access
    bool is_created; // by this call: permissions were given by making it
    // O_CREAT: made before the name, which must not be left where the memory for the file is missing. NULL: none, or it was used.
    struct open_file *unused;
};

// An O_PATH file, and any file that is not open yet, can do nothing.
static const struct file_ops path_file_ops = {.name = "path"};

static unsigned open_access(unsigned flags)
{
    static const unsigned by_mode[] = {
        [O_RDONLY] = ACCESS_READ,
        [O_WRONLY] = ACCESS_WRITE,
        [O_RDWR] = ACCESS_READ | ACCESS_WRITE,
        [O_ACCMODE] = ACCESS_READ | ACCESS_WRITE,
    };
    return by_mode[flags & O_ACCMODE] | ((flags & O_TRUNC) != 0 ? ACCESS_WRITE : 0);
}

// ---- what a path names is opened ----------------------------------------------------------------

static int open_check_kind(const struct open_request *request, const struct path *path)
{
    const struct vnode *vnode = path->entry->vnode;
    bool is_directory = vnode_is_directory(vnode);
    // With O_TMPFILE it says what the name is; what is opened then is the file that was made.
    if ((request->flags & O_DIRECTORY) != 0 && !is_directory && !request->is_created) {
        return -ENOTDIR;
    }
    if (vnode_is_symlink(vnode)) {
        return -ELOOP;
    }
    if (is_directory && (request->access & ACCESS_WRITE) != 0) {
        return -EISDIR;
    }
    bool is_device = S_ISCHR(vnode->mode) || S_ISBLK(vnode->mode);
    return is_device && (path->mount->flags & MS_NODEV) != 0 ? -EACCES : 0;
}

static int open_check_rights(const struct open_request *request, const struct path *path)
{
    struct vnode *vnode = path->entry->vnode;
    const struct credentials *credentials = request->context->credentials;
    int error = vnode_permission(vnode, credentials, request->access);
    if (error != 0) {
        return error;
    }
    if ((request->flags & O_NOATIME) != 0 && !vnode_is_owner(vnode, credentials)) {
        return -EPERM;
    }
    bool writes = (request->access & ACCESS_WRITE) != 0;
    return writes && vnode_is_regular(vnode) ? mount_want_write(path) : 0;
}

// A regular file is opened for writing: no program runs from it, and its mount stays writable. The
// mount is counted first and looked at then; who makes it read-only does it the other way round.
static int open_begin_write(const struct path *path)
{
    assert(vnode_is_regular(path->entry->vnode));
    int error = vnode_begin_write(path->entry->vnode);
    if (error != 0) {
        return error;
    }
    atomic32_add(&path->mount->writers, 1);
    error = mount_want_write(path);
    if (error != 0) {
        atomic32_subtract(&path->mount->writers, 1);
        vnode_end_write(path->entry->vnode);
    }
    return error;
}

static void vnode_release_file(struct open_file *file)
{
    struct vnode *vnode = vnode_from_file(file);
    struct path path;
    if (vnode_is_regular(vnode) && open_file_can_write(file) && vfs_file_path(file, &path)) {
        assert(atomic32_load(&path.mount->writers) != 0);
        atomic32_subtract(&path.mount->writers, 1);
        vnode_end_write(vnode);
    }
}

static int open_device(struct open_file *file, struct vnode *vnode)
{
    enum device_kind kind = S_ISBLK(vnode->mode) ? DEVICE_BLOCK : DEVICE_CHARACTER;
    struct device_node *node = device_node_find(kind, (uint32_t)vnode->device_number);
    if (node == NULL) {
        return -ENXIO;
    }
    file->ops = node->ops;
    return node->open != NULL ? node->open(node, file) : 0;
}

// The pipe is made once and stays as long as the vnode: who opens the FIFO later meets the bytes that are still in it. Waiting for the
// other end is done without the mutex, which the other end wants too.
static int open_fifo(struct open_file *file, struct vnode *vnode)
{
    mutex_lock(&vnode->mutex);
    if (vnode->fifo == NULL) {
        vnode->fifo = pipe_object_create();
    }
    struct pipe *fifo = vnode->fifo;
    mutex_unlock(&vnode->mutex);
    return fifo != NULL ? pipe_open_fifo(fifo, file) : -ENOMEM;
}

// The default of vnode_ops.open: by the kind of file.
static int open_by_kind(struct open_file *file, struct vnode *vnode)
{
    switch (vnode->mode & S_IFMT) {
    case S_IFREG: file->ops = &vnode_file_ops; return 0;
    case S_IFDIR: file->ops = &directory_file_ops; return 0;
    case S_IFCHR:
    case S_IFBLK: return open_device(file, vnode);
    case S_IFIFO: return open_fifo(file, vnode);
    default: return -ENXIO;
    }
}

static struct open_file *open_file_without_path(const struct open_request *request)
{
    struct credentials *credentials =
        (struct credentials *)(uintptr_t)request->context->credentials;
    return open_file_create(&path_file_ops, request->flags, NULL, credentials, NULL);
}

// Makes the open file once everything is allowed. The path's references become the file's (they are words that all CPUs write, and need
// not be taken twice), and so does the write count, where one is held.
static int open_make_file(struct open_request *request, struct path *path,
                          struct open_file **result)
{
    const struct path place = *path;
    struct vnode *vnode = place.entry->vnode;
    struct open_file *file =
        request->unused != NULL ? request->unused : open_file_without_path(request);
    if (file == NULL) {
        return -ENOMEM;
    }
    request->unused = NULL;
    path_to_backing(&place, &file->backing);
    *path = (struct path){NULL, NULL};
    file->vnode = vnode;
    int error = 0;
    if ((request->flags & O_PATH) == 0) {
        if (vnode_is_regular(vnode) && open_file_can_write(file)) {
            error = open_begin_write(&place);
        }
        file->locks = &vnode->locks;
        file->vnode_release = error == 0 ? vnode_release_file : NULL;
        if (error == 0) {
            error = vnode->ops->open != NULL ? vnode->ops->open(vnode, file)
                                             : open_by_kind(file, vnode);
        }
    }
    if (error != 0) {
        file->ops = &path_file_ops;
        open_file_put(file);
        return error;
    }
    *result = file;
    return 0;
}

static int open_truncate(const struct open_request *request, struct vnode *vnode)
{
    if ((request->flags & O_TRUNC) == 0 || request->is_created || !vnode_is_regular(vnode)) {
        return 0;
    }
    int error = vnode_begin_write(vnode);
    if (error == 0) {
        error = vnode_truncate(vnode, request->context->credentials, 0, UINT64_MAX);
        vnode_end_write(vnode);
    }
    return error;
}

// The path may be empty afterwards: what it held is the file's, or was given back with it.
static int open_resolved(struct open_request *request, struct path *path, struct open_file **result)
{
    struct vnode *vnode = path->entry->vnode;
    if ((request->flags & O_PATH) != 0) {
        return open_make_file(request, path, result);
    }
    int error = open_check_kind(request, path);
    if (error == 0 && !request->is_created) {
        error = open_check_rights(request, path);
    }
    if (error != 0) {
        return error;
    }
    struct open_file *file;
    error = open_make_file(request, path, &file);
    if (error != 0) {
        return error;
    }
    // Nothing here has direct transfers: Linux's tmpfs, procfs and devices say the same.
    error = (request->flags & O_DIRECT) != 0 ? -EINVAL : open_truncate(request, vnode);
    if (error != 0) {
        open_file_put(file);
        return error;
    }
    file->flags &= ~(unsigned)OPEN_ONLY_FLAGS;
    *result = file;
    return 0;
}

// The same where the path stays the caller's.
static int open_borrowed(struct open_request *request, const struct path *path,
                         struct open_file **result)
{
    struct path own = *path;
    path_get(&own);
    int error = open_resolved(request, &own, result);
    path_put(&own);
    return error;
}

// ---- O_CREAT ------------------------------------------------------------------------------------

// Makes the file in the directory, whose mutex is held.
static int open_create_locked(const struct open_request *request, const struct walk_parent *parent,
                              struct name_entry *entry)
{
    struct vnode *directory = walk_parent_directory(parent);
    int error = mount_want_write(&parent->parent);
    if (error == 0) {
        error = vfs_may_create(request->context, directory);
    }
    if (error == 0 && directory->ops->create == NULL) {
        error = -EACCES;
    }
    if (error != 0) {
        return error;
    }
    uint32_t mode = S_IFREG | (request->mode & S_IALLUGO & ~request->context->umask);
    return directory->ops->create(directory, entry, request->context, mode, 0);
}

// The file of that name, made if it is missing: a path with references. A link at the end is not
// followed.
static int open_find_or_create(struct open_request *request, const struct walk_parent *parent,
                               struct path *path)
{
    struct name_entry *directory = parent->parent.entry;
    struct name_entry *entry = name_entry_find(directory, parent->last, parent->last_length);
    if (entry == NULL || name_entry_is_negative(entry) || entry->needs_check) {
        if (entry != NULL) {
            name_entry_put(entry);
        }
        mutex_lock(&directory->vnode->mutex);
        int error =
            name_entry_look_up_to_make(directory, parent->last, parent->last_length, &entry);
        if (error == 0 && name_entry_is_negative(entry)) {
            error = open_create_locked(request, parent, entry);
            request->is_created = error == 0;
            if (error != 0) {
                name_entry_put(entry);
            }
        }
        mutex_unlock(&directory->vnode->mutex);
        if (error != 0) {
            return error;
        }
    }
    *path = (struct path){parent->parent.mount, entry};
    mount_get(path->mount);
    while (mount_cross_down(path)) {}
    int error = walk_check_same_mount(request->context, &parent->parent, path);
    if (error != 0) {
        path_put(path);
    }
    return error;
}

// A magic link at the end: the path becomes what it leads to.
static int open_jump(const struct open_request *request, struct path *path)
{
    struct vnode *vnode = path->entry->vnode;
    struct path target;
    int error = vnode->ops->follow(vnode, &target);
    if (error == 0) {
        error = walk_check_same_mount(request->context, path, &target);
        path_put(path);
        *path = target;
    }
    return error;
}

// A link at the end, as path walk follows it: jumps (0, the path is the target), or gives its text (-EAGAIN).
static int open_follow(const struct open_request *request, const struct vnode *directory,
                       struct path *path, char **text)
{
    struct vnode *vnode = path->entry->vnode;
    int error = walk_check_last_link(request->context, directory, path);
    if (error != 0) {
        return error;
    }
    if (vnode->is_magic_link) {
        return open_jump(request, path);
    }
    *text = *text != NULL ? *text : heap_alloc(PATH_MAX);
    long length = *text != NULL ? vnode_read_link(vnode, *text, PATH_MAX) : -ENOMEM;
    if (length >= 0 && **text == '/') {
        length = walk_check_absolute(request->context, path);
    }
    return length < 0 ? (int)length : -EAGAIN;
}

// Opens through the last name. -EAGAIN: it is a link, whose text is now in `text`.
static int open_last_name(struct open_request *request, const struct walk_parent *parent,
                          char **text, struct open_file **result)
{
    bool is_exclusive = (request->flags & O_EXCL) != 0;
    if (walk_parent_is_dots(parent)) {
        return is_exclusive ? -EEXIST : -EISDIR;
    }
    if (parent->has_trailing_slash) {
        return -EISDIR;
    }
    struct path path;
    int error = open_find_or_create(request, parent, &path);
    if (error != 0) {
        return error;
    }
    struct vnode *vnode = path.entry->vnode;
    bool follows = vnode_is_symlink(vnode) && (request->flags & (O_NOFOLLOW | O_EXCL)) == 0;
    if (is_exclusive && !request->is_created) {
        error = -EEXIST;
    } else if (follows) {
        error = open_follow(request, walk_parent_directory(parent), &path, text);
    }
    if (error == 0) {
        error =
            vnode_is_directory(path.entry->vnode) ? -EISDIR : open_resolved(request, &path, result);
    }
    path_put(&path);
    return error;
}

static int open_or_create(struct open_request *request, const struct path *start, const char *name,
                          struct open_file **result)
{
    struct path from = {NULL, NULL};
    char *text = NULL;
    int error = -ELOOP;
    for (unsigned links = 0; links <= SYMLOOP_MAX; links++) {
        struct walk_parent parent;
        error = walk_to_parent(request->context, from.entry != NULL ? &from : start,
                               text != NULL ? text : name, &parent);
        if (error != 0) {
            break;
        }
        error = open_last_name(request, &parent, &text, result);
        path_put(&from); // the walk no longer needs it, and `text` has the next name
        from = parent.parent;
        if (error != -EAGAIN) {
            break;
        }
        error = -ELOOP;
    }
    path_put(&from);
    heap_free(text);
    return error;
}

// ---- O_TMPFILE ----------------------------------------------------------------------------------

// The entry is one that no directory shows: the last close takes the file away, unless linkat gave it a name.
static int open_unnamed(struct open_request *request, const struct path *directory,
                        struct open_file **result)
{
    struct vnode *vnode = directory->entry->vnode, *made;
    int error = mount_want_write(directory);
    if (error == 0) {
        error =
            vnode_permission(vnode, request->context->credentials, ACCESS_WRITE | ACCESS_EXECUTE);
    }
    if (error == 0 && vnode->ops->create_unnamed == NULL) {
        error = -EOPNOTSUPP;
    }
    if (error != 0) {
        return error;
    }
    uint32_t mode = S_IFREG | (request->mode & S_IALLUGO & ~request->context->umask);
    error = vnode->ops->create_unnamed(vnode, request->context, mode, &made);
    if (error != 0) {
        return error;
    }
    made->is_linkable = (request->flags & O_EXCL) == 0;
    struct path path = {directory->mount, name_entry_create_unnamed(directory->entry, made)};
    if (path.entry == NULL) {
        return -ENOMEM;
    }
    mount_get(path.mount);
    request->is_created = true;
    error = open_resolved(request, &path, result);
    path_put(&path);
    return error;
}

// ---- entry points -------------------------------------------------------------------------------

int vfs_open(const struct fs_context *context, const struct path *start, const char *name,
             unsigned flags, uint32_t mode, struct open_file **file)
{
    struct open_request request = {
        .context = context, .flags = flags, .mode = mode, .access = open_access(flags)};
    bool is_unnamed = (flags & O_TMPFILE & ~(unsigned)O_DIRECTORY) != 0;
    if (is_unnamed && ((flags & O_TMPFILE) != O_TMPFILE || (flags & O_CREAT) != 0 ||
                       (flags & O_ACCMODE) == O_RDONLY)) {
        return -EINVAL;
    }
    // A directory is not made by open; Linux refuses to be asked for both.
    bool creates = (flags & O_CREAT) != 0 && (flags & O_PATH) == 0;
    if (creates && (flags & O_DIRECTORY) != 0) {
        return -EINVAL;
    }
    if (creates) {
        request.unused = open_file_without_path(&request);
        int error = request.unused == NULL ? -ENOMEM : open_or_create(&request, start, name, file);
        if (request.unused != NULL) {
            open_file_put(request.unused);
        }
        return error;
    }
    unsigned walk_flags = (flags & O_NOFOLLOW) != 0 ? 0 : WALK_FOLLOW;
    if ((flags & O_DIRECTORY) != 0) {
        walk_flags |= WALK_DIRECTORY;
    }
    struct path path;
    int error = walk_path(context, start, name, walk_flags, &path);
    if (error != 0) {
        return error;
    }
    error = is_unnamed ? open_unnamed(&request, &path, file) : open_resolved(&request, &path, file);
    path_put(&path);
    return error;
}

int vfs_open_path(const struct fs_context *context, const struct path *path, unsigned flags,
                  struct open_file **file)
{
    struct open_request request = {
        .context = context,
        .flags = flags & ~(unsigned)(O_CREAT | O_EXCL),
        .access = open_access(flags),
    };
    return open_borrowed(&request, path, file);
}

int vfs_open_made(const struct fs_context *context, const struct path *path, unsigned flags,
                  struct open_file **file)
{
    struct open_request request = {
        .context = context,
        .flags = flags,
        .access = open_access(flags),
        .is_created = true,
    };
    return open_borrowed(&request, path, file);
}
