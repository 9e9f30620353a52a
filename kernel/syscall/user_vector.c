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

/* A length that is none counts before any address that is bad, as on Linux. */
static int check_lengths(const struct uapi_iovec *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((int64_t)entries[i].iov_len < 0) {
            return -EINVAL;
        }
    }
    return 0;
}

int user_vector_copy_begin(struct user_vector_copy *copy, const struct uapi_iovec __user *user,
                           size_t count)
{
    if (count > IOV_MAX) {
        return -EINVAL;
    }
    copy->entries = copy->on_stack;
    if (count > USER_VECTOR_ON_STACK) {
        copy->entries = heap_alloc_array(count, sizeof(*copy->entries));
        if (copy->entries == NULL) {
            return -ENOMEM;
        }
    }
    /* The program's vector is copied once, and checked in the copy: another thread may be writing to it. */
    int error = user_copy_in(copy->entries, user, count * sizeof(*copy->entries));
    if (error == 0) {
        error = check_lengths(copy->entries, count);
    }
    if (error != 0) {
        user_vector_copy_end(copy);
    }
    return error;
}

void user_vector_copy_end(struct user_vector_copy *copy)
{
    if (copy->entries != copy->on_stack) {
        heap_free(copy->entries);
    }
}

static int make_segments(struct io_segment *segments, const struct uapi_iovec *entries,
                         size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        size_t bytes = MIN((size_t)entries[i].iov_len, (size_t)MAX_RW_COUNT - total);
        void __user *base = (void __user *)entries[i].iov_base;
        if (!user_range_is_valid(base, entries[i].iov_len)) {
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
    struct user_vector_copy copy;
    int error = user_vector_copy_begin(&copy, user, count);
    if (error != 0) {
        return error;
    }
    vector->segments = vector->on_stack;
    if (count > USER_VECTOR_ON_STACK) {
        vector->segments = heap_alloc_array(count, sizeof(*vector->segments));
    }
    error =
        vector->segments != NULL ? make_segments(vector->segments, copy.entries, count) : -ENOMEM;
    user_vector_copy_end(&copy);
    if (error != 0) {
        user_vector_end(vector);
        return error;
    }
    io_iter_init_segments(&vector->iter, IO_USER, vector->segments, count);
    return 0;
}
