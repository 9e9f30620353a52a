/*
 * Structures that grow with the interface: clone3, openat2.
 */
#include "syscall/extensible.h"

#include "arch/page.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/user_copy.h"

int user_copy_extensible(void *known, size_t known_bytes, size_t first_bytes,
                         const char __user *user, size_t bytes)
{
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
