/*
 * Calls on the address space: decoding of flags, then vm/.
 *
 * Lengths are rounded up to pages here, and each sum is tested for wrapping before it is used; below, ranges are whole pages that end
 * within user space. How a length that wraps is told differs from call to call, as it came to be on Linux: -EINVAL, -ENOMEM, or nothing
 * at all.
 *
 * Rights are of two kinds: what an area permits now, and what it may ever permit (AREA_MAY_*). The second is fixed when it is mapped, by
 * how the file was opened, so that a later mprotect does not need to ask the file.
 */
#include "file/open_file.h"
#include "fs/vfs.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "process/descriptor_table.h"
#include "syscall/call.h"
#include "uapi/mman.h"
#include "uapi/mount.h"
#include "vm/address_space.h"

#define MAP_FLAGS_VALIDATED                                                                        \
    (MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_32BIT | MAP_GROWSDOWN | MAP_DENYWRITE |            \
     MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK |       \
     MAP_FIXED_NOREPLACE)

static unsigned area_rights(int protection)
{
    return ((protection & PROT_READ) != 0 ? AREA_READ : 0u) |
           ((protection & PROT_WRITE) != 0 ? AREA_WRITE : 0u) |
           ((protection & PROT_EXEC) != 0 ? AREA_EXECUTE : 0u);
}

/*
 * What the file's mode permits, now and by a later mprotect. A private mapping is read from the file and written to copies of its pages,
 * so only reading is asked of it, even where it is writable.
 */
static int decode_file(struct map_request *request, struct open_file *file, bool is_shared)
{
    if (!open_file_can_read(file)) {
        return (file->flags & O_PATH) != 0 ? -EBADF : -EACCES;
    }
    request->flags |= AREA_MAY_READ | AREA_MAY_EXECUTE;
    if (!is_shared || open_file_can_write(file)) {
        request->flags |= AREA_MAY_WRITE;
    } else if ((request->flags & AREA_WRITE) != 0) {
        return -EACCES;
    }
    if (request->offset > INT64_MAX || request->bytes > INT64_MAX - request->offset) {
        return -EOVERFLOW;
    }
    struct path path;
    /* mmap(2), EPERM: else a program's loader, itself from elsewhere, would run what may not be run there. */
    if (vfs_file_path(file, &path) && (mount_flags(path.mount) & MS_NOEXEC) != 0) {
        if ((request->flags & AREA_EXECUTE) != 0) {
            return -EPERM;
        }
        request->flags &= ~(unsigned)AREA_MAY_EXECUTE;
    }
    return file->ops->map == NULL ? -ENODEV : file->ops->map(file, request);
}

/* A file without pages of its own (/dev/zero) stands for anonymous memory. */
static bool is_anonymous(const struct map_request *request, const struct open_file *file)
{
    return file == NULL || (request->cache == NULL && request->backing.ops == NULL);
}

static int decode_anonymous(struct map_request *request)
{
    request->offset = 0;
    if ((request->flags & AREA_SHARED) == 0) {
        return 0;
    }
    return shared_memory_create(ALIGN_UP(request->bytes, PAGE_SIZE), &request->cache,
                                &request->backing);
}

static int decode_flags(struct map_request *request, int flags)
{
    int type = flags & MAP_TYPE;
    if (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE) {
        return -EINVAL;
    }
    if (type == MAP_SHARED_VALIDATE && (flags & (MAP_ANONYMOUS | MAP_HUGETLB)) == MAP_ANONYMOUS) {
        return -EINVAL; /* there is nothing that it could validate */
    }
    if (type == MAP_SHARED_VALIDATE && (flags & ~MAP_FLAGS_VALIDATED) != 0) {
        return -EOPNOTSUPP;
    }
    /* No pool of large pages: what a Linux whose pool is empty says. */
    if ((flags & MAP_HUGETLB) != 0) {
        return -ENOMEM;
    }
    /* Objects of their own do not grow. */
    bool is_shared_anonymous = type != MAP_PRIVATE && (flags & MAP_ANONYMOUS) != 0;
    if (is_shared_anonymous && (flags & MAP_GROWSDOWN) != 0) {
        return -EINVAL;
    }
    if (type != MAP_PRIVATE) {
        request->flags |= AREA_SHARED;
    }
    request->flags |= (flags & MAP_GROWSDOWN) != 0 ? AREA_GROWS_DOWN : 0u;
    request->flags |= (flags & MAP_NORESERVE) != 0 ? AREA_NO_RESERVE : 0u;
    request->flags |= (flags & MAP_LOCKED) != 0 ? AREA_LOCKED : 0u;
    request->is_low = (flags & MAP_32BIT) != 0;
    request->is_fixed_no_replace = (flags & MAP_FIXED_NOREPLACE) != 0;
    request->is_fixed = (flags & MAP_FIXED) != 0 && !request->is_fixed_no_replace;
    request->populate = (flags & (MAP_POPULATE | MAP_LOCKED)) != 0 && (flags & MAP_NONBLOCK) == 0;
    return 0;
}

/* 0, or -EPERM where the caller may lock nothing at all. */
static int may_lock(void)
{
    const struct task *task = task_current();
    limits_apply_locking(task);
    return task->space->limit_locked == 0 ? -EPERM : 0;
}

/* What is locked as it comes is measured by the limit and the rights of now: both may have changed since the lock was asked for. */
static void renew_lock_limit(void)
{
    const struct task *task = task_current();
    if (READ_ONCE(task->space->lock_later) != MEMORY_UNLOCK) {
        limits_apply_locking(task);
    }
}

static long map_memory(struct map_request *request, int flags, struct open_file *file)
{
    assert(request->bytes != 0 && request->bytes <= USER_TOP);
    int result = decode_flags(request, flags);
    if (result == 0 && (flags & MAP_LOCKED) != 0) {
        result = may_lock();
    }
    renew_lock_limit();
    if (result == 0) {
        if (file != NULL && (flags & MAP_GROWSDOWN) != 0) {
            result = -EINVAL; /* what would lie below the start of a file? */
        } else if (file == NULL) {
            request->flags |= AREA_MAY_READ | AREA_MAY_WRITE | AREA_MAY_EXECUTE;
        } else {
            result = decode_file(request, file, (request->flags & AREA_SHARED) != 0);
        }
    }
    bool owns_backing = result == 0 && is_anonymous(request, file);
    if (owns_backing) {
        result = decode_anonymous(request);
    }
    vaddr_t address = 0;
    if (result == 0) {
        result = address_space_map(task_current()->space, request, &address);
        assert(result != 0 || ((address & ~PAGE_MASK) == 0 && address < USER_TOP));
        if (owns_backing) {
            backing_put(&request->backing);
        }
    }
    return result != 0 ? result : (long)address;
}

SYSTEM_CALL6(mmap, vaddr_t, address, size_t, bytes, int, protection, int, flags, int, descriptor,
             uint64_t, offset)
{
    if ((offset & ~PAGE_MASK) != 0) {
        return -EINVAL;
    }
    struct open_file *file = NULL;
    if ((flags & MAP_ANONYMOUS) == 0) {
        file = descriptor_get(task_current()->descriptors, descriptor);
        if (file == NULL) {
            return -EBADF;
        }
    }
    long result = -EINVAL;
    if (bytes != 0) {
        struct map_request request = {
            .address = address, .bytes = bytes, .flags = area_rights(protection), .offset = offset};
        result = bytes > USER_TOP ? -ENOMEM : map_memory(&request, flags, file);
    }
    if (file != NULL) {
        open_file_put(file);
    }
    return result;
}

/* Rounds a range up to pages. -EINVAL: not aligned or it wraps. */
static int range_to_pages(vaddr_t start, size_t *bytes)
{
    size_t rounded = ALIGN_UP(*bytes, PAGE_SIZE);
    if ((start & ~PAGE_MASK) != 0 || rounded < *bytes || start + rounded < start) {
        return -EINVAL;
    }
    assert((rounded & ~PAGE_MASK) == 0);
    *bytes = rounded;
    return 0;
}

SYSTEM_CALL2(munmap, vaddr_t, start, size_t, bytes)
{
    /* Holes in the range are no error (POSIX munmap): what is not mapped is unmapped already. */
    if (range_to_pages(start, &bytes) != 0 || bytes == 0 || start > USER_TOP ||
        bytes > USER_TOP - start) {
        return -EINVAL;
    }
    assert(bytes % PAGE_SIZE == 0);
    return address_space_unmap(task_current()->space, start, bytes);
}

SYSTEM_CALL3(mprotect, vaddr_t, start, size_t, bytes, int, protection)
{
    if ((start & ~PAGE_MASK) != 0) {
        return -EINVAL;
    }
    /* Unlike munmap, nothing is a range that can be protected, and a hole in it is -ENOMEM (mprotect(2)). */
    if (bytes == 0) {
        return 0;
    }
    if (range_to_pages(start, &bytes) != 0 || start > USER_TOP || bytes > USER_TOP - start) {
        return -ENOMEM;
    }
    /* Nothing grows upwards on this CPU, so PROT_GROWSUP names no area that there could be. */
    if ((protection & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM | PROT_GROWSDOWN)) != 0) {
        return -EINVAL;
    }
    unsigned growing = (protection & PROT_GROWSDOWN) != 0 ? AREA_GROWS_DOWN : 0u;
    return address_space_protect(task_current()->space, start, bytes,
                                 area_rights(protection) | growing);
}

/*
 * Protection keys (pkeys(7)) are not used, and the calls say what Linux says on a CPU without them: none can be had, none is there to be
 * given back, and protection without a key is mprotect.
 */
enum { PKEY_NONE = -1, PKEY_ACCESS_MASK = 3 };

SYSTEM_CALL2(pkey_alloc, uint64_t, flags, uint64_t, rights)
{
    return flags != 0 || (rights & ~(uint64_t)PKEY_ACCESS_MASK) != 0 ? -EINVAL : -ENOSPC;
}

SYSTEM_CALL1(pkey_free, int, key)
{
    (void)key;
    return -EINVAL;
}

SYSTEM_CALL4(pkey_mprotect, vaddr_t, start, size_t, bytes, int, protection, int, key)
{
    return key != PKEY_NONE ? -EINVAL : mprotect_body(start, bytes, protection);
}

SYSTEM_CALL5(mremap, vaddr_t, old_start, size_t, old_bytes, size_t, new_bytes, unsigned, flags,
             vaddr_t, new_address)
{
    size_t new_rounded = new_bytes;
    size_t old_rounded = old_bytes;
    if (range_to_pages(old_start, &old_rounded) != 0 || range_to_pages(0, &new_rounded) != 0 ||
        new_rounded == 0) {
        return -EINVAL;
    }
    limits_apply_locking(task_current()); /* what grows may be locked by itself */
    vaddr_t result_address;
    int result = address_space_remap(task_current()->space, old_start, old_rounded, new_rounded,
                                     flags, new_address, &result_address);
    return result != 0 ? result : (long)result_address;
}

/* Never fails: it answers where the heap ends now, and the C library compares (brk(2), C library/kernel differences). */
SYSTEM_CALL1(brk, vaddr_t, wanted)
{
    renew_lock_limit();
    return (long)address_space_set_break(task_current()->space, wanted);
}

SYSTEM_CALL3(madvise, vaddr_t, start, size_t, bytes, int, advice)
{
    if (range_to_pages(start, &bytes) != 0) {
        return -EINVAL;
    }
    return address_space_advise(task_current()->space, start, bytes, advice);
}

SYSTEM_CALL3(msync, vaddr_t, start, size_t, bytes, int, flags)
{
    if ((flags & ~(MS_ASYNC | MS_SYNC | MS_INVALIDATE)) != 0 ||
        ((flags & MS_ASYNC) != 0 && (flags & MS_SYNC) != 0) || (start & ~PAGE_MASK) != 0) {
        return -EINVAL;
    }
    size_t pages_bytes = ALIGN_UP(bytes, PAGE_SIZE); /* a length that wraps is none, as on Linux */
    if (start + pages_bytes < start) {
        return -ENOMEM;
    }
    bytes = pages_bytes;
    return bytes == 0 ? 0 : address_space_sync(task_current()->space, start, bytes, flags);
}

/* Pages are looked at in pieces, so that no lock is held while user memory is written to. */
enum { MINCORE_PIECE_PAGES = 256 };

SYSTEM_CALL3(mincore, vaddr_t, start, size_t, bytes, uint8_t __user *, vector)
{
    if ((start & ~PAGE_MASK) != 0) {
        return -EINVAL;
    }
    if (range_to_pages(start, &bytes) != 0 || start > USER_TOP || bytes > USER_TOP - start) {
        return -ENOMEM;
    }
    if (!user_range_is_valid(vector, bytes / PAGE_SIZE)) {
        return -EFAULT;
    }
    for (size_t done = 0; done < bytes / PAGE_SIZE;) {
        uint8_t piece[MINCORE_PIECE_PAGES];
        size_t pages = MIN(bytes / PAGE_SIZE - done, (size_t)MINCORE_PIECE_PAGES);
        int result =
            address_space_residency(task_current()->space, start + done * PAGE_SIZE, pages, piece);
        if (result != 0) {
            return result;
        }
        if (user_copy_out(vector + done, piece, pages) != 0) {
            return -EFAULT;
        }
        done += pages;
    }
    return 0;
}

/* The start is rounded down, unlike in the other calls. */
static long lock_range(vaddr_t start, size_t bytes, enum memory_lock kind)
{
    int error = kind != MEMORY_UNLOCK ? may_lock() : 0;
    if (error != 0) {
        return error;
    }
    bytes = ALIGN_UP(bytes + (start & ~PAGE_MASK), PAGE_SIZE); /* a length that wraps is none */
    start &= PAGE_MASK;
    if (start + bytes < start) {
        return -EINVAL;
    }
    return bytes == 0 ? 0 : address_space_lock_range(task_current()->space, start, bytes, kind);
}

SYSTEM_CALL2(mlock, vaddr_t, start, size_t, bytes)
{
    return lock_range(start, bytes, MEMORY_LOCK);
}

SYSTEM_CALL3(mlock2, vaddr_t, start, size_t, bytes, int, flags)
{
    if ((flags & ~MLOCK_ONFAULT) != 0) {
        return -EINVAL;
    }
    return lock_range(start, bytes, flags != 0 ? MEMORY_LOCK_ON_FAULT : MEMORY_LOCK);
}

SYSTEM_CALL2(munlock, vaddr_t, start, size_t, bytes)
{
    return lock_range(start, bytes, MEMORY_UNLOCK);
}

SYSTEM_CALL1(mlockall, int, flags)
{
    if ((flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) != 0 || flags == 0 ||
        flags == MCL_ONFAULT) {
        return -EINVAL;
    }
    int error = may_lock();
    enum memory_lock kind = (flags & MCL_ONFAULT) != 0 ? MEMORY_LOCK_ON_FAULT : MEMORY_LOCK;
    return error != 0 ? error
                      : address_space_lock_all(task_current()->space,
                                               (flags & MCL_CURRENT) != 0 ? kind : MEMORY_UNLOCK,
                                               (flags & MCL_FUTURE) != 0 ? kind : MEMORY_UNLOCK);
}

SYSTEM_CALL0(munlockall)
{
    return address_space_lock_all(task_current()->space, MEMORY_UNLOCK, MEMORY_UNLOCK);
}
