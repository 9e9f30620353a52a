// User memory: range checks around the raw primitives of arch/user_access.h, which survive faults.
//
// This file holds the only casts from user pointers to plain ones.
#include "memory/user_copy.h"

#include "arch/page.h"
#include "arch/user_access.h"
#include "arch/vector.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "sync/preempt.h"

enum {
    VECTOR_LEAST = 1024, // bytes: below, saving the registers costs more than they bring
    VECTOR_MOST = 65536, // in one go, with preemption off: a few microseconds
};

// The sum is never formed: start + bytes may wrap around to a small number, which is the oldest trick against such a check.
bool user_range_is_valid(const void __user *pointer, size_t bytes)
{
    uintptr_t start = (uintptr_t)pointer;
    return bytes <= USER_TOP && start <= USER_TOP - bytes;
}

static const void *plain_const(const void __user *pointer)
{
    return (const void *)(uintptr_t)pointer;
}

static void *plain(void __user *pointer)
{
    return (void *)(uintptr_t)pointer;
}

// By vectors as far as that meets no fault; faults are the plain copy's, which resolves them. Bytes not copied.
static noinline size_t copy_long(void *destination, const void *source, size_t bytes)
{
    size_t done = 0;
    if (arch_vector_is_usable()) {
        size_t stretch = MIN(bytes, (size_t)VECTOR_MOST);
        preempt_disable();
        done = stretch - arch_user_copy_vector(destination, source, stretch);
        preempt_enable();
    }
    if (done == bytes) {
        return 0;
    }
    return arch_user_copy((char *)destination + done, (const char *)source + done, bytes - done);
}

static inline size_t copy(void *destination, const void *source, size_t bytes)
{
    return bytes < VECTOR_LEAST ? arch_user_copy(destination, source, bytes)
                                : copy_long(destination, source, bytes);
}

size_t user_copy_in_partial(void *destination, const void __user *source, size_t bytes)
{
    if (unlikely(!user_range_is_valid(source, bytes))) {
        return bytes;
    }
    return copy(destination, plain_const(source), bytes);
}

size_t user_copy_out_partial(void __user *destination, const void *source, size_t bytes)
{
    if (unlikely(!user_range_is_valid(destination, bytes))) {
        return bytes;
    }
    return copy(plain(destination), source, bytes);
}

size_t user_zero_partial(void __user *destination, size_t bytes)
{
    if (unlikely(!user_range_is_valid(destination, bytes))) {
        return bytes;
    }
    return arch_user_zero(plain(destination), bytes);
}

int user_copy_in(void *destination, const void __user *source, size_t bytes)
{
    return user_copy_in_partial(destination, source, bytes) == 0 ? 0 : -EFAULT;
}

int user_copy_out(void __user *destination, const void *source, size_t bytes)
{
    return user_copy_out_partial(destination, source, bytes) == 0 ? 0 : -EFAULT;
}

int user_zero(void __user *destination, size_t bytes)
{
    return user_zero_partial(destination, bytes) == 0 ? 0 : -EFAULT;
}

long user_copy_string(char *destination, const char __user *source, size_t size)
{
    uintptr_t start = (uintptr_t)source;
    if (start >= USER_TOP) {
        return -EFAULT;
    }
    size_t limit = MIN(size, USER_TOP - start);
    long copied = arch_user_copy_string(destination, plain_const(source), limit);
    if (copied < 0) {
        return copied;
    }
    // No end within the limit: either the buffer was too small, or the string runs into the kernel's half.
    if ((size_t)copied > limit) {
        return limit < size ? -EFAULT : -ENAMETOOLONG;
    }
    return copied - 1;
}

// A compare-and-exchange of 0 for 0 changes nothing, yet the CPU asks for the right to write.
static int page_touch(uintptr_t address, bool for_write)
{
    if (for_write) {
        uint32_t seen;
        return arch_user_cmpxchg32((uint32_t *)ALIGN_DOWN(address, sizeof(seen)), 0, 0, &seen);
    }
    char byte;
    return arch_user_copy(&byte, (const void *)address, 1) == 0 ? 0 : -EFAULT;
}

int user_fault_in(const void __user *pointer, size_t bytes, bool for_write)
{
    if (!user_range_is_valid(pointer, bytes)) {
        return -EFAULT;
    }
    uintptr_t start = (uintptr_t)pointer;
    for (uintptr_t address = start; address < start + bytes;
         address = ALIGN_DOWN(address, PAGE_SIZE) + PAGE_SIZE) {
        if (page_touch(address, for_write) != 0) {
            return -EFAULT;
        }
    }
    return 0;
}

// With preemption off the fault upcall does not resolve faults: it may not sleep.
int user_load32_nofault(const uint32_t __user *address, uint32_t *value)
{
    if (!user_range_is_valid(address, sizeof(*value))) {
        return -EFAULT;
    }
    assert(IS_ALIGNED((uintptr_t)address,
                      sizeof(*value))); // within one page, so it faults whole or not at all
    preempt_disable();
    int result = arch_user_load32(plain_const(address), value);
    preempt_enable();
    return result;
}

int user_cmpxchg32_nofault(uint32_t __user *address, uint32_t expected, uint32_t desired,
                           uint32_t *seen)
{
    if (!user_range_is_valid(address, sizeof(*seen))) {
        return -EFAULT;
    }
    assert(IS_ALIGNED((uintptr_t)address, sizeof(*seen)));
    preempt_disable();
    int result = arch_user_cmpxchg32(plain(address), expected, desired, seen);
    preempt_enable();
    return result;
}
