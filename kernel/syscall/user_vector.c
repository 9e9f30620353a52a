/*
 * Vectors of user buffers: copying in, limits, and what is not an address of the program's.
 */
#include "syscall/user_vector.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "memory/user_copy.h"
#include "uapi/limits.h"

static int user_vector_check(struct io_segment *segments, const struct uapi_iovec *vector,
                             size_t count)
{
    size_t total = 0;
    /* A length that is none counts before any address that is bad, as on Linux. */
    for (size_t i = 0; i < count; i++) {
        if ((int64_t)vector[i].iov_len < 0) {
            return -EINVAL;
        }
    }
    for (size_t i = 0; i < count; i++) {
        size_t bytes = MIN((size_t)vector[i].iov_len, (size_t)MAX_RW_COUNT - total);
        void __user *base = (void __user *)vector[i].iov_base;
        if (!user_range_is_valid(base, vector[i].iov_len)) {
            return -EFAULT;
        }
        segments[i] = (struct io_segment){.user = base, .bytes = bytes};
        total += bytes;
    }
    assert(total <= MAX_RW_COUNT);
    return 0;
}

void user_vector_end(struct user_vector *vector)
{
    if (vector->segments != vector->on_stack) {
        heap_free(vector->segments);
    }
}

int user_vector_begin(struct user_vector *vector, const struct uapi_iovec __user *user,
                      size_t count)
{
    if (count > IOV_MAX) {
        return -EINVAL;
    }
    /* The program's vector is copied once, and checked in the copy: another thread may be writing to it. */
    struct uapi_iovec short_copy[USER_VECTOR_ON_STACK];
    struct uapi_iovec *copy = short_copy;
    vector->segments = vector->on_stack;
    int result = 0;
    if (count > USER_VECTOR_ON_STACK) {
        copy = heap_alloc_array(count, sizeof(*copy));
        vector->segments = heap_alloc_array(count, sizeof(*vector->segments));
        result = copy == NULL || vector->segments == NULL ? -ENOMEM : 0;
    }
    if (result == 0) {
        result = user_copy_in(copy, user, count * sizeof(*copy));
    }
    if (result == 0) {
        result = user_vector_check(vector->segments, copy, count);
    }
    if (copy != short_copy) {
        heap_free(copy);
    }
    if (result != 0) {
        user_vector_end(vector);
        return result;
    }
    io_iter_init_segments(&vector->iter, IO_USER, vector->segments, count);
    return 0;
}
