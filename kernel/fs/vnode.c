// Vnodes: their common fields, references, permissions, times and status, with the defaults of the
// operations table.
//
// Permission follows Linux's order: the owner's bits, else the group's, else the others'; then the
// capabilities that override them. The identity that counts is the file-system one (fsuid, fsgid).
#include "fs/vnode.h"

#include "file/file_lock.h"
#include "file/pipe.h"
#include "fs/mount.h"
#include "interrupt/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "uapi/capability.h"
#include "uapi/mount.h"

static const struct page_cache_ops vnode_page_ops = {.fill = NULL}; // missing pages are zeros

struct file_time file_time_now(void)
{
    uint64_t now = clock_realtime_ns();
    return (struct file_time){(int64_t)(now / NS_PER_SECOND), (uint32_t)(now % NS_PER_SECOND)};
}

void vnode_init(struct vnode *vnode, struct file_system *file_system, const struct vnode_ops *ops,
                uint64_t number, uint32_t mode)
{
    assert(ops->inactive != NULL && (mode & S_IFMT) != 0);
    memset(vnode, 0, sizeof(*vnode));
    vnode->ops = ops;
    vnode->file_system = file_system;
    refcount_init(&vnode->references, 1);
    if (S_ISDIR(mode)) {
        mutex_init(&vnode->mutex, LOCK_RANK_VNODE_DIRECTORY);
    } else {
        mutex_init(&vnode->mutex, LOCK_RANK_VNODE_FILE);
    }
    vnode->number = number;
    vnode->mode = mode;
    vnode->link_count = S_ISDIR(mode) ? 2 : 1;
    struct file_time now = file_time_now();
    vnode->access_time = now;
    vnode->modify_time = now;
    vnode->change_time = now;
    vnode->birth_time = now;
    page_cache_init(&vnode->pages, &vnode_page_ops, vnode);
}

void vnode_init_owner(struct vnode *vnode, const struct vnode *directory,
                      const struct fs_context *context)
{
    const struct credentials *credentials = context->credentials;
    vnode->uid = credentials->fsuid;
    vnode->gid = credentials->fsgid;
    if (directory == NULL || (directory->mode & S_ISGID) == 0) {
        return;
    }
    vnode->gid = directory->gid;
    uint32_t group_program = S_ISGID | S_IXGRP;
    if (vnode_is_directory(vnode)) {
        vnode->mode |= S_ISGID;
    } else if ((vnode->mode & group_program) == group_program &&
               !credentials_in_group(credentials, vnode->gid) &&
               !credentials_can(credentials, CAP_FSETID)) {
        vnode->mode &= ~(uint32_t)S_ISGID;
    }
}

void vnode_fini(struct vnode *vnode)
{
    assert(refcount_read(&vnode->references) == 0);
    if (vnode->fifo != NULL) {
        pipe_object_put(vnode->fifo);
        vnode->fifo = NULL;
    }
    file_locks_fini(&vnode->locks);
    page_cache_fini(&vnode->pages);
}

void vnode_get(struct vnode *vnode)
{
    refcount_get(&vnode->references);
}

void vnode_put(struct vnode *vnode)
{
    if (refcount_put(&vnode->references)) {
        // Who has it open, runs it or maps it has a name entry, and that a reference.
        assert(atomic32_load(&vnode->writer_count) == 0);
        assert(atomic32_load(&vnode->deny_write_count) == 0);
        vnode->ops->inactive(vnode);
    }
}

// ---- permissions --------------------------------------------------------------------------------

bool vnode_is_owner(const struct vnode *vnode, const struct credentials *credentials)
{
    return credentials->fsuid == vnode->uid || credentials_can(credentials, CAP_FOWNER);
}

static bool vnode_mode_allows(const struct vnode *vnode, const struct credentials *credentials,
                              unsigned access)
{
    // The owner is held to his own bits even where the others' would give more (POSIX, 4.5).
    uint32_t bits = vnode->mode;
    if (credentials->fsuid == vnode->uid) {
        bits >>= 6;
    } else if (((bits >> 3) & 7) != (bits & 7) && credentials_in_group(credentials, vnode->gid)) {
        bits >>= 3;
    }
    return (access & ~bits & 7) == 0;
}

int vnode_permission(struct vnode *vnode, const struct credentials *credentials, unsigned access)
{
    return vnode->ops->permission != NULL ? vnode->ops->permission(vnode, credentials, access)
                                          : vnode_permission_by_mode(vnode, credentials, access);
}

int vnode_permission_by_mode(const struct vnode *vnode, const struct credentials *credentials,
                             unsigned access)
{
    if (vnode_mode_allows(vnode, credentials, access)) {
        return 0;
    }
    // Root executes only what somebody may execute; a directory's search bit is no program.
    bool is_directory = vnode_is_directory(vnode);
    bool is_reading = is_directory ? (access & ACCESS_WRITE) == 0 : access == ACCESS_READ;
    if (is_reading && credentials_can(credentials, CAP_DAC_READ_SEARCH)) {
        return 0;
    }
    bool may_override = is_directory || (access & ACCESS_EXECUTE) == 0 ||
                        (vnode->mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
    return may_override && credentials_can(credentials, CAP_DAC_OVERRIDE) ? 0 : -EACCES;
}

// ---- attributes ---------------------------------------------------------------------------------

int vnode_get_status(struct vnode *vnode, struct uapi_stat *status)
{
    *status = (struct uapi_stat){
        .st_dev = vnode->file_system->device_number,
        .st_ino = vnode->number,
        .st_nlink = vnode->link_count,
        .st_mode = vnode->mode,
        .st_uid = vnode->uid,
        .st_gid = vnode->gid,
        .st_rdev = vnode->device_number,
        .st_size = (int64_t)vnode->pages.size_bytes,
        .st_blksize = PAGE_SIZE,
        .st_blocks = (int64_t)(vnode->pages.page_count * (PAGE_SIZE / 512) + vnode->extra_blocks),
        .st_atime_sec = (uint64_t)vnode->access_time.seconds,
        .st_atime_nsec = vnode->access_time.nanoseconds,
        .st_mtime_sec = (uint64_t)vnode->modify_time.seconds,
        .st_mtime_nsec = vnode->modify_time.nanoseconds,
        .st_ctime_sec = (uint64_t)vnode->change_time.seconds,
        .st_ctime_nsec = vnode->change_time.nanoseconds,
    };
    return vnode->ops->get_attributes != NULL ? vnode->ops->get_attributes(vnode, status) : 0;
}

void vnode_apply_attributes_locked(struct vnode *vnode, const struct attributes *attributes)
{
    if ((attributes->valid & ATTRIBUTE_MODE) != 0) {
        vnode->mode = (vnode->mode & S_IFMT) | (attributes->mode & S_IALLUGO);
    }
    if ((attributes->valid & ATTRIBUTE_UID) != 0) {
        vnode->uid = attributes->uid;
    }
    if ((attributes->valid & ATTRIBUTE_GID) != 0) {
        vnode->gid = attributes->gid;
    }
    if ((attributes->valid & ATTRIBUTE_SIZE) != 0) {
        page_cache_truncate(&vnode->pages, attributes->size);
    }
    if ((attributes->valid & ATTRIBUTE_ACCESS_TIME) != 0) {
        vnode->access_time = attributes->access_time;
    }
    if ((attributes->valid & ATTRIBUTE_MODIFY_TIME) != 0) {
        vnode->modify_time = attributes->modify_time;
    }
    if ((attributes->valid & ATTRIBUTE_CHANGE_TIME) != 0) {
        vnode->change_time = attributes->change_time;
    }
}

int vnode_set_attributes_locked(struct vnode *vnode, const struct attributes *attributes)
{
    assert(mutex_is_held(&vnode->mutex));
    if (vnode->ops->set_attributes != NULL) {
        return vnode->ops->set_attributes(vnode, attributes);
    }
    vnode_apply_attributes_locked(vnode, attributes);
    return 0;
}

long vnode_read_link(struct vnode *vnode, char *text, size_t size)
{
    if (size == 0) {
        return -EINVAL;
    }
    if (vnode->link_text != NULL) {
        size_t length = strnlen(vnode->link_text, size - 1);
        memcpy(text, vnode->link_text, length);
        text[length] = '\0';
        return (long)length;
    }
    return vnode->ops->read_link != NULL ? vnode->ops->read_link(vnode, text, size) : -EINVAL;
}

// ---- times --------------------------------------------------------------------------------------

static int file_time_compare(const struct file_time *a, const struct file_time *b)
{
    if (a->seconds != b->seconds) {
        return a->seconds < b->seconds ? -1 : 1;
    }
    return (a->nanoseconds > b->nanoseconds) - (a->nanoseconds < b->nanoseconds);
}

// relatime: only where the last access is not later than the last change, or lies a day back.
// Enough for a mail reader that asks whether a file was read since it was written, without a write for every read.
static bool vnode_wants_access_time(const struct vnode *vnode, const struct file_time *now)
{
    enum { ONE_DAY_SECONDS = 24 * 60 * 60 };
    return file_time_compare(&vnode->access_time, &vnode->modify_time) <= 0 ||
           file_time_compare(&vnode->access_time, &vnode->change_time) <= 0 ||
           now->seconds - vnode->access_time.seconds >= ONE_DAY_SECONDS;
}

void vnode_touch_access(struct vnode *vnode, const struct path *path)
{
    unsigned long flags = mount_flags(path->mount);
    if ((flags & (MS_NOATIME | MS_RDONLY)) != 0 ||
        ((flags & MS_NODIRATIME) != 0 && vnode_is_directory(vnode))) {
        return;
    }
    struct file_time now = file_time_now();
    if ((flags & MS_RELATIME) == 0 || vnode_wants_access_time(vnode, &now)) {
        vnode->access_time = now;
    }
}

void vnode_touch_modify(struct vnode *vnode)
{
    struct file_time now = file_time_now();
    vnode->modify_time = now;
    vnode->change_time = now;
}

// ---- programs and writers -----------------------------------------------------------------------
// The two counts exclude each other: each side raises its own first and looks at the other's then. What maps the file through a
// descriptor open for writing is a writer too, from before the descriptor can be closed until it is unmapped (path_to_writer_backing).

int vnode_deny_write(struct vnode *vnode)
{
    atomic32_add(&vnode->deny_write_count, 1);
    if (atomic32_load_acquire(&vnode->writer_count) != 0) {
        atomic32_subtract(&vnode->deny_write_count, 1);
        return -ETXTBSY;
    }
    return 0;
}

void vnode_allow_write(struct vnode *vnode)
{
    uint32_t now = atomic32_subtract(&vnode->deny_write_count, 1);
    assert(now < 0x7fffffff);
    (void)now;
}

int vnode_begin_write(struct vnode *vnode)
{
    atomic32_add(&vnode->writer_count, 1);
    if (atomic32_load_acquire(&vnode->deny_write_count) != 0) {
        atomic32_subtract(&vnode->writer_count, 1);
        return -ETXTBSY;
    }
    return 0;
}

void vnode_end_write(struct vnode *vnode)
{
    uint32_t now = atomic32_subtract(&vnode->writer_count, 1);
    assert(now < 0x7fffffff);
    (void)now;
}
