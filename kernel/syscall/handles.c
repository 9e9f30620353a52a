/*
 * name_to_handle_at, open_by_handle_at: a handle names a file without its path, for ever. No file system here can find a file by its
 * number again, so none is given; the answers are Linux's for such file systems.
 */
#include "fs/walk.h"
#include "syscall/call.h"
#include "syscall/names.h"
#include "uapi/capability.h"

enum { HANDLE_BYTES_MAX = 128 };

struct uapi_file_handle {
    uint32_t handle_bytes;
    int32_t handle_type;
};

SYSTEM_CALL5(name_to_handle_at, int, directory, const char __user *, name,
             struct uapi_file_handle __user *, handle, int __user *, mount, int, flags)
{
    (void)handle;
    (void)mount;
    if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) != 0) {
        return -EINVAL;
    }
    struct name_call call;
    struct path path;
    unsigned walk = (flags & AT_SYMLINK_FOLLOW) != 0 ? WALK_FOLLOW : 0;
    walk |= (flags & AT_EMPTY_PATH) != 0 ? WALK_EMPTY : 0;
    int error = name_call_walk(directory, name, walk, &call, &path);
    if (error != 0) {
        return error;
    }
    path_put(&path);
    name_call_end(&call);
    return -EOPNOTSUPP;
}

SYSTEM_CALL3(open_by_handle_at, int, directory, const struct uapi_file_handle __user *, user, int,
             flags)
{
    (void)flags;
    struct uapi_file_handle handle;
    if (!credentials_can(task_current()->credentials, CAP_DAC_READ_SEARCH)) {
        return -EPERM;
    }
    if (user_copy_in(&handle, user, sizeof(handle)) != 0) {
        return -EFAULT;
    }
    if (handle.handle_bytes == 0 || handle.handle_bytes > HANDLE_BYTES_MAX) {
        return -EINVAL;
    }
    struct open_file *file = NULL;
    if (directory != AT_FDCWD) {
        file = descriptor_get(task_current()->descriptors, directory);
        if (file == NULL) {
            return -EBADF;
        }
        open_file_put(file);
    }
    return -ESTALE;
}
