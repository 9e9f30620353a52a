/*
 * Names of system calls: see names.h. Path buffers are 4 KiB, too large for a kernel stack, and come from a slab cache.
 */
#include "syscall/names.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/heap.h"
#include "memory/user_copy.h"
#include "process/process.h"
#include "syscall/system_call.h"
#include "uapi/limits.h"

/* A whole path with its NUL is PATH_MAX bytes (limits.h of POSIX), so that one buffer holds any name that is not too long. */
static struct slab_cache path_text_cache;

void system_call_init(void)
{
    slab_cache_init(&path_text_cache, "path_text", PATH_MAX, 8);
}

char *path_text_alloc(void)
{
    return slab_alloc(&path_text_cache);
}

void path_text_free(char *text)
{
    slab_free(&path_text_cache, text);
}

/* The first `known` bytes of the name (0 or 1) are `first`; the rest is the user's. */
static int text_copy_after(char first, size_t known, const char __user *name, char **text)
{
    assert(known <= 1 && (known == 0 || first != '\0'));
    char *copy = path_text_alloc();
    if (copy == NULL) {
        return -ENOMEM;
    }
    copy[0] = first;
    long length = user_copy_string(copy + known, name + known, PATH_MAX - known);
    if (length < 0) {
        path_text_free(copy);
        return (int)length;
    }
    assert((size_t)length < PATH_MAX - known && copy[known + (size_t)length] == '\0');
    *text = copy;
    return 0;
}

int path_text_copy_in(const char __user *name, char **text)
{
    return text_copy_after('\0', 0, name, text);
}

/*
 * An absolute name does not look at the descriptor at all, not even whether it is one (openat(2)): programs pass -1 there. The path is
 * borrowed from the file, which the call keeps: another thread may close the descriptor meanwhile.
 */
static int name_call_find_start(struct name_call *call, int directory)
{
    call->start = NULL;
    call->start_file = NULL;
    if (directory == AT_FDCWD || call->name[0] == '/') {
        return 0;
    }
    call->start_file = descriptor_get(task_current()->descriptors, directory);
    if (call->start_file == NULL) {
        return -EBADF;
    }
    if (!vfs_file_path(call->start_file, &call->start_path)) {
        open_file_put(call->start_file);
        return -ENOTDIR;
    }
    call->start = &call->start_path;
    return 0;
}

/* With the name copied in; it is freed where the call does not begin. */
static int begin_with_text(struct name_call *call, int directory)
{
    int result = name_call_find_start(call, directory);
    if (result != 0) {
        path_text_free(call->name);
        return result;
    }
    fs_context_begin(task_current(), &call->context);
    return 0;
}

int name_call_begin(struct name_call *call, int directory, const char __user *name)
{
    int result = path_text_copy_in(name, &call->name);
    return result != 0 ? result : begin_with_text(call, directory);
}

void name_call_end(struct name_call *call)
{
    assert(call->name != NULL && (call->start == NULL || call->start_file != NULL));
    fs_context_end(&call->context);
    if (call->start_file != NULL) {
        open_file_put(call->start_file);
    }
    path_text_free(call->name);
}

static int walk_begun(struct name_call *call, unsigned flags, struct path *result)
{
    int error = walk_path(&call->context, call->start, call->name, flags, result);
    assert(error != 0 || (result->mount != NULL && result->entry != NULL));
    if (error != 0) {
        name_call_end(call);
    }
    return error;
}

int name_call_walk(int directory, const char __user *name, unsigned flags, struct name_call *call,
                   struct path *result)
{
    int error = name_call_begin(call, directory, name);
    return error != 0 ? error : walk_begun(call, flags, result);
}

int name_call_walk_after(char first, int directory, const char __user *name, unsigned flags,
                         struct name_call *call, struct path *result)
{
    int error = text_copy_after(first, 1, name, &call->name);
    if (error == 0) {
        error = begin_with_text(call, directory);
    }
    return error != 0 ? error : walk_begun(call, flags, result);
}

int descriptor_path(int descriptor, struct path *path)
{
    struct open_file *file = descriptor_get(task_current()->descriptors, descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    bool has_path = vfs_file_path(file, path);
    if (has_path) {
        path_get(path);
    }
    open_file_put(file);
    return has_path ? 0 : -EINVAL;
}

unsigned walk_flags_from_at(int at_flags)
{
    unsigned flags = (at_flags & AT_SYMLINK_NOFOLLOW) != 0 ? 0 : WALK_FOLLOW;
    if ((at_flags & AT_EMPTY_PATH) != 0) {
        flags |= WALK_EMPTY;
    }
    return flags;
}
