/*
 * Structures that grow with the interface: clone3, openat2, sched_setattr.
 *
 * A program that is older than the kernel passes less: the rest counts as zero, which by agreement means what the old interface did. One
 * that is newer passes more: that is taken as long as it asks for nothing we do not know, so as long as the rest is zero (-E2BIG else).
 */
#include "syscall/extensible.h"

#include "arch/page.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/user_copy.h"

int user_copy_extensible(void *known, size_t known_bytes, size_t first_bytes,
                         const char __user *user, size_t bytes)
{
    assert(first_bytes != 0 && first_bytes <= known_bytes && known_bytes <= PAGE_SIZE);
    memset(known, 0, known_bytes);
    if (bytes < first_bytes) {
        return -EINVAL;
    }
    if (bytes > PAGE_SIZE) {
        return -E2BIG;
    }
    if (!user_range_is_valid(user, bytes)) {
        return -EFAULT;
    }
    /* Beyond what we know only; below, each byte is read once, so that what was checked is what counts. */
    for (size_t at = known_bytes; at < bytes; at++) {
        char beyond;
        if (user_copy_in(&beyond, user + at, 1) != 0) {
            return -EFAULT;
        }
        if (beyond != 0) {
            return -E2BIG;
        }
    }
    return user_copy_in(known, user, MIN(bytes, known_bytes));
}
