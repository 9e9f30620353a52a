// Seals of files in memory (fcntl's F_ADD_SEALS): what may no longer be done to contents and size, whoever has the file open. Only
// files of memfd_create take them; others of RamFS are sealed against seals from the start, as on Linux.
//
// A seal against writing asks that nobody maps the file for writing, and shuts the door to new such mappings in the same step
// (page_cache_deny_writers). vnode_file_map looks at the seals first, for the better error, but a mapping that is made in the same
// moment is refused at the door.
#include "fs/vfs_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "uapi/statfs.h"

#define SEALS_KNOWN (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

// Does this kind of file know seals at all?
static bool knows_seals(const struct open_file *file)
{
    const struct vnode *vnode = vnode_from_file(file);
    return vnode != NULL && vnode_is_regular(vnode) &&
           vnode->file_system->type->magic == TMPFS_MAGIC;
}

static unsigned seals_of(const struct vnode *vnode)
{
    return vnode->seals | (vnode->is_sealable ? 0u : F_SEAL_SEAL);
}

int vfs_file_get_seals(const struct open_file *file)
{
    return knows_seals(file) ? (int)seals_of(vnode_from_file(file)) : -EINVAL;
}

static int add_locked(struct vnode *vnode, unsigned seals)
{
    assert(mutex_is_held(&vnode->mutex));
    if ((seals_of(vnode) & F_SEAL_SEAL) != 0) {
        return -EPERM;
    }
    bool stops_writing = (seals & ~vnode->seals & F_SEAL_WRITE) != 0;
    if (stops_writing && !page_cache_deny_writers(&vnode->pages)) {
        return -EBUSY;
    }
    assert((seals & ~(unsigned)SEALS_KNOWN) == 0);
    vnode->seals |= seals; // seals are never taken off
    return 0;
}

int vfs_file_add_seals(struct open_file *file, unsigned seals)
{
    if (!knows_seals(file) || (seals & ~(unsigned)SEALS_KNOWN) != 0) {
        return -EINVAL;
    }
    if (!open_file_can_write(file)) {
        return -EPERM;
    }
    struct vnode *vnode = vnode_from_file(file);
    mutex_lock(&vnode->mutex);
    int error = add_locked(vnode, seals);
    mutex_unlock(&vnode->mutex);
    return error;
}

bool vnode_is_sealed_against_writing(const struct vnode *vnode)
{
    return (vnode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0;
}

int vnode_check_size_seals_locked(const struct vnode *vnode, uint64_t size)
{
    assert(mutex_is_held(&vnode->mutex));
    uint64_t now = vnode->pages.size_bytes;
    bool is_sealed = size > now ? (vnode->seals & F_SEAL_GROW) != 0
                                : size < now && (vnode->seals & F_SEAL_SHRINK) != 0;
    return is_sealed ? -EPERM : 0;
}

// As on Linux the pages that end within the size are written first.
int vnode_check_write_seals_locked(const struct vnode *vnode, uint64_t at, struct io_iter *iter)
{
    assert(mutex_is_held(&vnode->mutex));
    if (vnode_is_sealed_against_writing(vnode)) {
        return -EPERM;
    }
    uint64_t size = vnode->pages.size_bytes;
    if ((vnode->seals & F_SEAL_GROW) == 0 || at + io_iter_remaining(iter) <= size) {
        return 0;
    }
    uint64_t whole = ALIGN_DOWN(size, PAGE_SIZE);
    if (whole <= at) {
        return -EPERM;
    }
    io_iter_truncate(iter, whole - at);
    return 0;
}
