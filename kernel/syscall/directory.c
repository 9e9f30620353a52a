/*
 * getdents, getdents64, and the working directory.
 *
 * A directory is read under the file's position lock, user faults included: two threads that read one descriptor each get every entry
 * once. An entry that does not fit ends the call; the next one begins with it, since the position moves by entries that were taken.
 */
#include "file/open_file.h"
#include "fs/vfs.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "process/descriptor_table.h"
#include "syscall/call.h"
#include "syscall/names.h"
#include "uapi/capability.h"
#include "uapi/dirent.h"
#include "uapi/limits.h"

/* Packs entries straight into the caller's buffer; one record at a time is built in the kernel. */
struct dirent_sink {
    struct directory_sink sink;
    char __user *buffer;
    size_t size, used;
    bool is_old_format; /* getdents: the type stands in the last byte */
    int error;          /* -EFAULT or -EINVAL (the first entry does not fit) */
};

static size_t pack_record(const struct dirent_sink *dirents, char *record, const char *name,
                          size_t length, const struct uapi_dirent64 *head)
{
    /* Records are cleared first: the padding behind a name goes out too. */
    if (!dirents->is_old_format) {
        size_t bytes = ALIGN_UP(DIRENT64_NAME_OFFSET + length + 1, 8UL);
        memset(record, 0, bytes);
        memcpy(record, head, DIRENT64_NAME_OFFSET);
        ((struct uapi_dirent64 *)record)->d_reclen = (uint16_t)bytes;
        memcpy(record + DIRENT64_NAME_OFFSET, name, length);
        return bytes;
    }
    struct uapi_dirent *old = (struct uapi_dirent *)record;
    size_t bytes = ALIGN_UP(offsetof(struct uapi_dirent, d_name) + length + 2, 8UL);
    memset(record, 0, bytes);
    old->d_ino = head->d_ino;
    old->d_off = (uint64_t)head->d_off;
    old->d_reclen = (uint16_t)bytes;
    memcpy(old->d_name, name, length);
    record[bytes - 1] = (char)head->d_type;
    return bytes;
}

static bool dirent_add(struct directory_sink *sink, const char *name, size_t length, uint64_t inode,
                       unsigned type, uint64_t next_position)
{
    struct dirent_sink *dirents = container_of(sink, struct dirent_sink, sink);
    uint64_t record[(DIRENT64_NAME_OFFSET + NAME_MAX + 8) / 8 + 1];
    struct uapi_dirent64 head = {
        .d_ino = inode, .d_off = (int64_t)next_position, .d_type = (uint8_t)type};
    /* No file system of ours makes such a name; one from outside may, and cannot be told of in this format. */
    if (length > NAME_MAX) {
        return true;
    }
    assert(dirents->used <= dirents->size);
    size_t bytes = pack_record(dirents, (char *)record, name, length, &head);
    assert(bytes <= sizeof(record) && bytes % sizeof(uint64_t) == 0);
    if (bytes > dirents->size - dirents->used) {
        dirents->error = dirents->used == 0 ? -EINVAL : 0;
        return false;
    }
    if (user_copy_out(dirents->buffer + dirents->used, record, bytes) != 0) {
        dirents->error = -EFAULT;
        return false;
    }
    dirents->used += bytes;
    return true;
}

static long read_entries(int descriptor, char __user *buffer, size_t size, bool is_old_format)
{
    struct open_file *file = descriptor_get(task_current()->descriptors, descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    struct dirent_sink dirents = {
        .sink.add = dirent_add, .buffer = buffer, .size = size, .is_old_format = is_old_format};
    long result = -ENOTDIR;
    if ((file->flags & O_PATH) != 0) {
        result = -EBADF;
    } else if (file->ops->read_directory != NULL) {
        mutex_lock(&file->position_lock);
        result = file->ops->read_directory(file, &dirents.sink);
        mutex_unlock(&file->position_lock);
    }
    open_file_put(file);
    if (result == 0) {
        result = dirents.used != 0 ? (long)dirents.used : dirents.error;
    }
    return result;
}

SYSTEM_CALL3(getdents64, int, descriptor, char __user *, buffer, uint32_t, size)
{
    return read_entries(descriptor, buffer, size, false);
}

SYSTEM_CALL3(getdents, int, descriptor, char __user *, buffer, uint32_t, size)
{
    return read_entries(descriptor, buffer, size, true);
}

SYSTEM_CALL2(getcwd, char __user *, buffer, size_t, size)
{
    char *text = path_text_alloc();
    if (text == NULL) {
        return -ENOMEM;
    }
    struct fs_context context;
    fs_context_begin(task_current(), &context);
    /* A directory that was removed has no name any more, though one may stand in it (getcwd(2), ENOENT). */
    long length =
        path_vnode(&context.working_directory)->link_count == 0
            ? -ENOENT
            : path_describe(&context.working_directory, &context.root, text, PATH_MAX, false);
    fs_context_end(&context);
    if (length >= 0) {
        length++;
        if ((size_t)length > size) {
            length = -ERANGE;
        } else if (user_copy_out(buffer, text, (size_t)length) != 0) {
            length = -EFAULT;
        }
    }
    path_text_free(text);
    return length;
}

static int may_enter(const struct fs_context *context, const struct path *path)
{
    struct vnode *vnode = path_vnode(path);
    if (!vnode_is_directory(vnode)) {
        return -ENOTDIR;
    }
    return vnode_permission(vnode, context->credentials, ACCESS_EXECUTE);
}

// The directory of that name, with a reference, if the caller may enter it and has the capability (CAPABILITY_NONE: needs none).
enum { CAPABILITY_NONE = CAP_LAST_CAP + 1 };

static int find_to_enter(const char __user *name, unsigned capability, struct path *path)
{
    struct name_call call;
    int result = name_call_walk(AT_FDCWD, name, WALK_FOLLOW | WALK_DIRECTORY, &call, path);
    if (result != 0) {
        return result;
    }
    result = may_enter(&call.context, path);
    if (result == 0 && capability != CAPABILITY_NONE &&
        !credentials_can(call.context.credentials, capability)) {
        result = -EPERM;
    }
    name_call_end(&call);
    if (result != 0) {
        path_put(path);
    }
    return result;
}

SYSTEM_CALL1(chdir, const char __user *, name)
{
    struct path path;
    int result = find_to_enter(name, CAPABILITY_NONE, &path);
    return result != 0 ? result : fs_state_set_working_directory(task_current()->fs, &path);
}

/* Entering is judged now, by who calls: whoever opened the directory may have had other rights (fchdir(2), EACCES). */
SYSTEM_CALL1(fchdir, int, descriptor)
{
    struct path path;
    int result = descriptor_path(descriptor, &path);
    if (result != 0) {
        return result == -EINVAL ? -ENOTDIR : result;
    }
    struct fs_context context;
    fs_context_begin(task_current(), &context);
    result = may_enter(&context, &path);
    fs_context_end(&context);
    if (result != 0) {
        path_put(&path);
        return result;
    }
    return fs_state_set_working_directory(task_current()->fs, &path);
}

/* The working directory stays where it is, outside of the new root even: that is the classic way out of one, and Linux's behaviour. */
SYSTEM_CALL1(chroot, const char __user *, name)
{
    struct path path;
    int result = find_to_enter(name, CAP_SYS_CHROOT, &path);
    return result != 0 ? result : fs_state_set_root(task_current()->fs, &path);
}

/* It cannot fail (POSIX umask): bits beyond the permissions are left out, and asking means setting. */
SYSTEM_CALL1(umask, uint32_t, mask)
{
    return fs_state_set_umask(task_current()->fs, mask & S_IRWXUGO);
}
