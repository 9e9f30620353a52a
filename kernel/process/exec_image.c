// The file that a program is loaded from: found, checked for execution, and read through its page cache.
//
// While a program runs from a file nobody may open it for writing (ETXTBSY). The address space keeps that with its reference on the
// executable (executable_backing_ops): it counts like an open for reading that denies writers.
#include "fs/mount.h"
#include "fs/name_entry.h"
#include "fs/vfs.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "process/exec_internal.h"
#include "uapi/mount.h"

static int image_check(struct exec_call *call, const struct exec_image *image)
{
    if (vnode_is_symlink(image->vnode)) {
        return -ELOOP; // AT_SYMLINK_NOFOLLOW
    }
    if (!vnode_is_regular(image->vnode) || (image->path.mount->flags & MS_NOEXEC) != 0) {
        return -EACCES;
    }
    const struct credentials *credentials = call->context.credentials;
    call->is_unreadable |= vnode_permission(image->vnode, credentials, ACCESS_READ) != 0;
    return vnode_permission(image->vnode, credentials, ACCESS_EXECUTE);
}

int exec_image_open(struct exec_call *call, struct exec_image *image, const struct path *start,
                    const char *name, unsigned walk_flags)
{
    int error = walk_path(&call->context, start, name, walk_flags, &image->path);
    if (error != 0) {
        return error;
    }
    image->vnode = path_vnode(&image->path);
    error = image_check(call, image);
    if (error == 0) {
        error = vnode_deny_write(image->vnode);
    }
    if (error != 0) {
        path_put(&image->path);
        image->vnode = NULL;
        return error;
    }
    struct io_iter iter;
    io_iter_init_kernel(&iter, image->header, EXEC_HEADER_BYTES);
    ssize_t bytes = page_cache_read(&image->vnode->pages, &iter, 0);
    if (bytes < 0) {
        exec_image_close(image);
        return (int)bytes;
    }
    assert(bytes <= EXEC_HEADER_BYTES);
    image->header_bytes = (size_t)bytes;
    image->header[bytes] = '\0';
    return 0;
}

void exec_image_close(struct exec_image *image)
{
    if (image->vnode == NULL) {
        return;
    }
    vnode_allow_write(image->vnode);
    path_put(&image->path);
    image->vnode = NULL;
}

int exec_image_read(struct exec_image *image, void *buffer, size_t bytes, uint64_t offset)
{
    struct io_iter iter;
    io_iter_init_kernel(&iter, buffer, bytes);
    ssize_t got = page_cache_read(&image->vnode->pages, &iter, offset);
    if (got < 0) {
        return (int)got;
    }
    return (size_t)got == bytes ? 0 : -ENOEXEC;
}

int exec_image_parse(struct exec_image *image, struct elf_program *program)
{
    int error = elf_read_header(image->header, image->header_bytes, program);
    if (error != 0) {
        return error;
    }
    size_t bytes = program->header_count * sizeof(struct uapi_elf64_phdr);
    if (program->headers_offset + bytes <= image->header_bytes &&
        IS_ALIGNED(program->headers_offset, sizeof(uint64_t))) {
        const void *headers = image->header + program->headers_offset;
        return elf_read_program_headers(headers, program);
    }
    struct uapi_elf64_phdr *headers = heap_alloc(bytes);
    if (headers == NULL) {
        return -ENOMEM;
    }
    error = exec_image_read(image, headers, bytes, program->headers_offset);
    if (error == 0) {
        error = elf_read_program_headers(headers, program);
    }
    heap_free(headers);
    return error;
}
