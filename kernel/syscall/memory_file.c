/*
 * memfd_create: decoding; the files are made by fs/memory_file.c.
 *
 * The name is only for people: /proc shows it with a prefix, and two files may have the same one. It must fit into a file name together
 * with the prefix, and a longer one is -EINVAL here, not -ENAMETOOLONG (memfd_create(2)).
 */
#include "file/open_file.h"
#include "fs/vfs.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "syscall/call.h"
#include "uapi/fcntl.h"
#include "uapi/limits.h"
#include "uapi/mman.h"

static const char memory_file_prefix[] = "memfd:";
enum { PREFIX_BYTES = sizeof(memory_file_prefix) - 1 };

static long memory_file_install(const struct memory_file_request *request, bool close_on_exec)
{
    struct fs_context context;
    struct open_file *file;
    fs_context_begin(task_current(), &context);
    int result = vfs_memory_file(&context, request, &file);
    fs_context_end(&context);
    return result != 0 ? result : new_descriptor(file, close_on_exec);
}

SYSTEM_CALL2(memfd_create, const char __user *, user_name, unsigned, flags)
{
    char name[NAME_MAX + 1];
    if ((flags & ~(unsigned)(MFD_CLOEXEC | MFD_ALLOW_SEALING)) != 0) {
        return -EINVAL;
    }
    memcpy(name, memory_file_prefix, PREFIX_BYTES);
    long length = user_copy_string(name + PREFIX_BYTES, user_name, sizeof(name) - PREFIX_BYTES);
    if (length < 0) {
        return length == -ENAMETOOLONG ? -EINVAL : length;
    }
    assert(PREFIX_BYTES + (size_t)length <= NAME_MAX);
    const struct memory_file_request request = {
        .name = name,
        .length = PREFIX_BYTES + (size_t)length,
        .flags = O_LARGEFILE,
        .is_sealable = (flags & MFD_ALLOW_SEALING) != 0,
    };
    return memory_file_install(&request, (flags & MFD_CLOEXEC) != 0);
}
