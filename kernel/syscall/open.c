/*
 * open, openat, creat, and the calls that make or remove names.
 *
 * Each has an older form without a directory, which is the newer one at AT_FDCWD. All names of a call are copied in before anything is
 * looked up, so that no byte of them is read twice and a bad pointer is told before a bad name.
 */
#include "file/open_file.h"
#include "fs/vfs.h"
#include "lib/assert.h"
#include "process/descriptor_table.h"
#include "syscall/call.h"
#include "syscall/extensible.h"
#include "syscall/names.h"
#include "uapi/capability.h"
#include "uapi/device_number.h"
#include "uapi/fcntl.h"
#include "uapi/limits.h"

/* What open and openat do not know they pass over, by a promise as old as Unix; openat2 was made to refuse it. */
#define OPEN_FLAGS_KNOWN                                                                           \
    (O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC |          \
     O_ASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC |         \
     O_PATH | O_TMPFILE)

/* A walk as openat2 restricts it. A scope is a root of its own, where the walk starts, be the name absolute or not. */
struct restricted_walk {
    struct fs_context context;
    struct path scope; /* a reference; entry NULL: borrowed, or none */
};

static int restricted_walk_begin(struct restricted_walk *walk, const struct name_call *call,
                                 int directory, unsigned resolve)
{
    walk->context = call->context;
    walk->context.resolve = resolve;
    walk->scope = (struct path){0};
    /* Beneath: nothing above the start, so no absolute name either; in-root takes one, and begins at the start (openat2(2)). */
    if ((resolve & RESOLVE_BENEATH) != 0 && call->name[0] == '/') {
        return -EXDEV;
    }
    if ((resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) == 0) {
        return 0;
    }
    if (call->start != NULL || directory == AT_FDCWD) {
        walk->context.root = call->start != NULL ? *call->start : walk->context.working_directory;
        return 0;
    }
    int error = descriptor_path(directory, &walk->scope);
    if (error != 0) {
        walk->scope.entry = NULL;
        return error == -EINVAL ? -ENOTDIR : error;
    }
    walk->context.root = walk->scope;
    return 0;
}

static void restricted_walk_end(struct restricted_walk *walk)
{
    if (walk->scope.entry != NULL) {
        path_put(&walk->scope);
    }
}

static long open_at(int directory, const char __user *name, unsigned flags, uint32_t mode,
                    unsigned resolve)
{
    struct name_call call;
    flags &= OPEN_FLAGS_KNOWN;
    /* A place is not opened: what asks for more, O_CREAT and O_TRUNC among it, means nothing (open(2)). */
    if ((flags & O_PATH) != 0) {
        flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    }
    int result = name_call_begin(&call, directory, name);
    if (result != 0) {
        return result;
    }
    struct task *task = task_current();
    struct open_file *file;
    /* Before the walk: a file must not be created, or emptied, by a call that then has no descriptor for it. */
    int number =
        descriptor_reserve(task->descriptors, 0, process_limit(task->process, RLIMIT_NOFILE));
    if (unlikely(number < 0)) {
        name_call_end(&call);
        return number;
    }
    struct restricted_walk walk;
    const struct fs_context *context = &call.context;
    walk.scope.entry = NULL;
    if (unlikely(resolve != 0)) {
        context = &walk.context;
        result = restricted_walk_begin(&walk, &call, directory, resolve);
    }
    if (result == 0) {
        result = vfs_open(context, call.start, call.name, flags & ~(unsigned)O_CLOEXEC,
                          mode & S_IALLUGO, &file);
    }
    restricted_walk_end(&walk);
    if (result == 0) {
        descriptor_fill(task->descriptors, number, file, (flags & O_CLOEXEC) != 0);
    } else {
        descriptor_cancel(task->descriptors, number);
    }
    name_call_end(&call);
    return result == 0 ? number : result;
}

SYSTEM_CALL3(open, const char __user *, name, unsigned, flags, uint32_t, mode)
{
    return open_at(AT_FDCWD, name, flags | O_LARGEFILE, mode, 0);
}

SYSTEM_CALL4(openat, int, directory, const char __user *, name, unsigned, flags, uint32_t, mode)
{
    return open_at(directory, name, flags | O_LARGEFILE, mode, 0);
}

/* Unlike the others this call refuses what it does not know. */
static int check_open_how(const struct uapi_open_how *how)
{
    bool may_create = (how->flags & (O_CREAT | (O_TMPFILE & ~(unsigned)O_DIRECTORY))) != 0;
    const uint64_t scopes = RESOLVE_BENEATH | RESOLVE_IN_ROOT;
    if ((how->flags & ~(uint64_t)OPEN_FLAGS_KNOWN) != 0 ||
        (how->resolve & ~(uint64_t)RESOLVE_KNOWN) != 0 || (how->resolve & scopes) == scopes) {
        return -EINVAL;
    }
    if ((how->flags & O_PATH) != 0 &&
        (how->flags & ~(uint64_t)(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) != 0) {
        return -EINVAL;
    }
    /* A mode without anything to create is a mistake of the program's (open(2): openat2 is strict where openat is not). */
    uint64_t mode_known = may_create ? S_IALLUGO : 0;
    return (how->mode & ~mode_known) != 0 ? -EINVAL : 0;
}

SYSTEM_CALL4(openat2, int, directory, const char __user *, name, const char __user *, user_how,
             size_t, bytes)
{
    struct uapi_open_how how;
    int error = user_copy_extensible(&how, sizeof(how), sizeof(how), user_how, bytes);
    if (error == 0) {
        error = check_open_how(&how);
    }
    return error != 0 ? error
                      : open_at(directory, name, (unsigned)how.flags, (uint32_t)how.mode,
                                (unsigned)how.resolve);
}

SYSTEM_CALL2(creat, const char __user *, name, uint32_t, mode)
{
    return open_at(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC | O_LARGEFILE, mode, 0);
}

static long make_node_at(int directory, const char __user *name, uint32_t mode, uint32_t device)
{
    /* Before the name is read, as on Linux. */
    if (S_ISDIR(mode)) {
        return -EPERM;
    }
    struct name_call call;
    int result = name_call_begin(&call, directory, name);
    if (result != 0) {
        return result;
    }
    result = vfs_make_node(&call.context, call.start, call.name, mode, device);
    name_call_end(&call);
    return result;
}

SYSTEM_CALL3(mknod, const char __user *, name, uint32_t, mode, uint32_t, device)
{
    return make_node_at(AT_FDCWD, name, mode, device);
}

SYSTEM_CALL4(mknodat, int, directory, const char __user *, name, uint32_t, mode, uint32_t, device)
{
    return make_node_at(directory, name, mode, device);
}

static long make_directory_at(int directory, const char __user *name, uint32_t mode)
{
    struct name_call call;
    int result = name_call_begin(&call, directory, name);
    if (result != 0) {
        return result;
    }
    assert(call.name != NULL);
    /* Set-id bits cannot be asked for; the set-group-id bit comes from the parent directory alone (mkdir(2)). */
    result = vfs_make_directory(&call.context, call.start, call.name, mode & (S_IRWXUGO | S_ISVTX));
    name_call_end(&call);
    return result;
}

SYSTEM_CALL2(mkdir, const char __user *, name, uint32_t, mode)
{
    return make_directory_at(AT_FDCWD, name, mode);
}

SYSTEM_CALL3(mkdirat, int, directory, const char __user *, name, uint32_t, mode)
{
    return make_directory_at(directory, name, mode);
}

typedef int vfs_remove_function(const struct fs_context *context, const struct path *start,
                                const char *name);

static long remove_at(int directory, const char __user *name, vfs_remove_function *remove)
{
    struct name_call call;
    int result = name_call_begin(&call, directory, name);
    if (result != 0) {
        return result;
    }
    result = remove(&call.context, call.start, call.name);
    name_call_end(&call);
    return result;
}

SYSTEM_CALL1(rmdir, const char __user *, name)
{
    return remove_at(AT_FDCWD, name, vfs_rmdir);
}

SYSTEM_CALL1(unlink, const char __user *, name)
{
    return remove_at(AT_FDCWD, name, vfs_unlink);
}

/* One call for two, since what is removed must be said: a file that became a directory meanwhile must not go by mistake. */
SYSTEM_CALL3(unlinkat, int, directory, const char __user *, name, int, flags)
{
    if ((flags & ~AT_REMOVEDIR) != 0) {
        return -EINVAL;
    }
    return remove_at(directory, name, flags != 0 ? vfs_rmdir : vfs_unlink);
}

/* The target is text: nothing is looked up, and it may be as wrong as the program likes, but not empty (symlink(2), ENOENT). */
static long symlink_at(const char __user *user_target, int directory, const char __user *name)
{
    char *target;
    int result = path_text_copy_in(user_target, &target);
    if (result != 0) {
        return result;
    }
    struct name_call call;
    result = target[0] == '\0' ? -ENOENT : name_call_begin(&call, directory, name);
    if (result == 0) {
        result = vfs_symlink(&call.context, target, call.start, call.name);
        name_call_end(&call);
    }
    path_text_free(target);
    return result;
}

SYSTEM_CALL2(symlink, const char __user *, target, const char __user *, name)
{
    return symlink_at(target, AT_FDCWD, name);
}

SYSTEM_CALL3(symlinkat, const char __user *, target, int, directory, const char __user *, name)
{
    return symlink_at(target, directory, name);
}

/* Calls on two names: both are copied in and placed before anything happens. */
struct two_names {
    struct name_call from, to;
};

static int two_names_begin(struct two_names *names, int from_directory, const char __user *from,
                           int to_directory, const char __user *to)
{
    int result = name_call_begin(&names->from, from_directory, from);
    if (result != 0) {
        return result;
    }
    result = name_call_begin(&names->to, to_directory, to);
    if (result != 0) {
        name_call_end(&names->from);
    }
    return result;
}

static void two_names_end(struct two_names *names)
{
    name_call_end(&names->to);
    name_call_end(&names->from);
}

/* "Not over another" and "exchange with it" contradict each other; RENAME_WHITEOUT is for overlays, which there are none of. */
static long rename_at(int from_directory, const char __user *from, int to_directory,
                      const char __user *to, unsigned flags)
{
    if ((flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE)) != 0 ||
        flags == (RENAME_NOREPLACE | RENAME_EXCHANGE)) {
        return -EINVAL;
    }
    struct two_names names;
    int result = two_names_begin(&names, from_directory, from, to_directory, to);
    if (result != 0) {
        return result;
    }
    result = vfs_rename(&names.from.context, names.from.start, names.from.name, names.to.start,
                        names.to.name, flags);
    two_names_end(&names);
    return result;
}

SYSTEM_CALL2(rename, const char __user *, from, const char __user *, to)
{
    return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}

SYSTEM_CALL4(renameat, int, from_directory, const char __user *, from, int, to_directory,
             const char __user *, to)
{
    return rename_at(from_directory, from, to_directory, to, 0);
}

SYSTEM_CALL5(renameat2, int, from_directory, const char __user *, from, int, to_directory,
             const char __user *, to, unsigned, flags)
{
    return rename_at(from_directory, from, to_directory, to, flags);
}

/* POSIX leaves open whether link follows a symbolic link; Linux makes a name of the link itself unless it is told to follow. */
static long link_at(int from_directory, const char __user *from, int to_directory,
                    const char __user *to, int flags)
{
    if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) != 0) {
        return -EINVAL;
    }
    /* A descriptor that was passed on must not be enough to give its file a name (linkat(2), ENOENT). */
    if ((flags & AT_EMPTY_PATH) != 0 &&
        !credentials_can(task_current()->credentials, CAP_DAC_READ_SEARCH)) {
        return -ENOENT;
    }
    unsigned walk_flags = (flags & AT_SYMLINK_FOLLOW) != 0 ? WALK_FOLLOW : 0;
    if ((flags & AT_EMPTY_PATH) != 0) {
        walk_flags |= WALK_EMPTY;
    }
    struct two_names names;
    int result = two_names_begin(&names, from_directory, from, to_directory, to);
    if (result != 0) {
        return result;
    }
    result = vfs_link(&names.from.context, names.from.start, names.from.name, names.to.start,
                      names.to.name, walk_flags);
    two_names_end(&names);
    return result;
}

SYSTEM_CALL2(link, const char __user *, from, const char __user *, to)
{
    return link_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}

SYSTEM_CALL5(linkat, int, from_directory, const char __user *, from, int, to_directory,
             const char __user *, to, int, flags)
{
    return link_at(from_directory, from, to_directory, to, flags);
}

static long read_link_at(int directory, const char __user *name, char __user *buffer, int size)
{
    if (size <= 0) {
        return -EINVAL;
    }
    struct name_call call;
    int error = name_call_begin(&call, directory, name);
    if (error != 0) {
        return error;
    }
    char *text = path_text_alloc();
    long result = text == NULL
                      ? -ENOMEM
                      : vfs_read_link(&call.context, call.start, call.name, text, PATH_MAX);
    assert(result <= PATH_MAX);
    /* What does not fit is cut off without a word and without a NUL (POSIX readlink): the caller sees that all of the room is used. */
    if (result > size) {
        result = size;
    }
    if (result > 0 && user_copy_out(buffer, text, (size_t)result) != 0) {
        result = -EFAULT;
    }
    if (text != NULL) {
        path_text_free(text);
    }
    name_call_end(&call);
    return result;
}

SYSTEM_CALL3(readlink, const char __user *, name, char __user *, buffer, int, size)
{
    return read_link_at(AT_FDCWD, name, buffer, size);
}

SYSTEM_CALL4(readlinkat, int, directory, const char __user *, name, char __user *, buffer, int,
             size)
{
    return read_link_at(directory, name, buffer, size);
}
