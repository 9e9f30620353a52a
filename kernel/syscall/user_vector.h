/*
 * The vector of buffers that readv and its relatives are given, copied in and checked.
 */
#pragma once

#include "lib/compiler.h"
#include "memory/io_iter.h"
#include "uapi/uio.h"

enum { USER_VECTOR_ON_STACK = 8 };

/* As the program gave it, with no length that is negative; the addresses are not looked at (they may be another program's). */
struct user_vector_copy {
    struct uapi_iovec on_stack[USER_VECTOR_ON_STACK];
    struct uapi_iovec *entries;
};

/* 0, -EINVAL (too many, a negative length), -EFAULT, -ENOMEM. After 0 the caller ends it. */
must_check int user_vector_copy_begin(struct user_vector_copy *copy,
                                      const struct uapi_iovec __user *user, size_t count);
void user_vector_copy_end(struct user_vector_copy *copy);

/* Clamped to MAX_RW_COUNT as Linux does, on the stack where it is short. */
struct user_vector {
    struct io_segment on_stack[USER_VECTOR_ON_STACK];
    struct io_segment *segments;
    struct io_iter iter;
};

/* The same of the program's own memory; -EFAULT for what cannot be its own. */
must_check int user_vector_begin(struct user_vector *vector, const struct uapi_iovec __user *user,
                                 size_t count);
void user_vector_end(struct user_vector *vector);
