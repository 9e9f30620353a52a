/*
 * Extended attributes: no file system here keeps any. The calls check what they are given and answer as Linux does for a file
 * system without them: EOPNOTSUPP, and an empty list, so that programs which only ask go on.
 */
#include "file/open_file.h"
#include "fs/path.h"
#include "syscall/call.h"
#include "syscall/names.h"
#include "uapi/fcntl.h"
#include "uapi/xattr.h"

/* The file by name is there: 0, or the walk's error. */
static int name_check(const char __user *name, unsigned flags)
{
    struct name_call call;
    struct path path;
    int error = name_call_walk(AT_FDCWD, name, flags, &call, &path);
    if (error == 0) {
        path_put(&path);
        name_call_end(&call);
    }
    return error;
}

static int descriptor_check(int descriptor)
{
    struct descriptor_use use;
    if (!descriptor_borrow(task_current()->descriptors, descriptor, &use)) {
        return -EBADF;
    }
    int error = (use.file->flags & O_PATH) != 0 ? -EBADF : 0;
    descriptor_release(&use);
    return error;
}

/* An attribute's name has 1 to XATTR_NAME_MAX bytes. Always an error: there is no such attribute. */
static long attribute_refuse(const char __user *user)
{
    char name[XATTR_NAME_MAX + 1];
    long length = user_copy_string(name, user, sizeof(name));
    if (length == -ENAMETOOLONG || length == 0) {
        return -ERANGE;
    }
    return length < 0 ? length : -EOPNOTSUPP;
}

/* The order is Linux's: the file, the flags, the name, then the value's size. A value is never read, since nobody would take it. */
static long attribute_set(int file_error, const char __user *name, size_t bytes, int flags)
{
    if (file_error != 0) {
        return file_error;
    }
    if ((flags & ~(XATTR_CREATE | XATTR_REPLACE)) != 0) {
        return -EINVAL;
    }
    long error = attribute_refuse(name);
    return error == -EOPNOTSUPP && bytes > XATTR_SIZE_MAX ? -E2BIG : error;
}

static long attribute_name_one(int file_error, const char __user *name)
{
    return file_error != 0 ? file_error : attribute_refuse(name);
}

SYSTEM_CALL5(setxattr, const char __user *, path, const char __user *, name, const void __user *,
             value, size_t, bytes, int, flags)
{
    (void)value;
    return attribute_set(name_check(path, WALK_FOLLOW), name, bytes, flags);
}

SYSTEM_CALL5(lsetxattr, const char __user *, path, const char __user *, name, const void __user *,
             value, size_t, bytes, int, flags)
{
    (void)value;
    return attribute_set(name_check(path, 0), name, bytes, flags);
}

SYSTEM_CALL5(fsetxattr, int, descriptor, const char __user *, name, const void __user *, value,
             size_t, bytes, int, flags)
{
    (void)value;
    return attribute_set(descriptor_check(descriptor), name, bytes, flags);
}

SYSTEM_CALL4(getxattr, const char __user *, path, const char __user *, name, void __user *, value,
             size_t, bytes)
{
    (void)value;
    (void)bytes;
    return attribute_name_one(name_check(path, WALK_FOLLOW), name);
}

SYSTEM_CALL4(lgetxattr, const char __user *, path, const char __user *, name, void __user *, value,
             size_t, bytes)
{
    (void)value;
    (void)bytes;
    return attribute_name_one(name_check(path, 0), name);
}

SYSTEM_CALL4(fgetxattr, int, descriptor, const char __user *, name, void __user *, value, size_t,
             bytes)
{
    (void)value;
    (void)bytes;
    return attribute_name_one(descriptor_check(descriptor), name);
}

SYSTEM_CALL3(listxattr, const char __user *, path, char __user *, list, size_t, bytes)
{
    (void)list;
    (void)bytes;
    return name_check(path, WALK_FOLLOW);
}

SYSTEM_CALL3(llistxattr, const char __user *, path, char __user *, list, size_t, bytes)
{
    (void)list;
    (void)bytes;
    return name_check(path, 0);
}

SYSTEM_CALL3(flistxattr, int, descriptor, char __user *, list, size_t, bytes)
{
    (void)list;
    (void)bytes;
    return descriptor_check(descriptor);
}

SYSTEM_CALL2(removexattr, const char __user *, path, const char __user *, name)
{
    return attribute_name_one(name_check(path, WALK_FOLLOW), name);
}

SYSTEM_CALL2(lremovexattr, const char __user *, path, const char __user *, name)
{
    return attribute_name_one(name_check(path, 0), name);
}

SYSTEM_CALL2(fremovexattr, int, descriptor, const char __user *, name)
{
    return attribute_name_one(descriptor_check(descriptor), name);
}
