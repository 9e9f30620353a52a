// Argument and environment strings on their way from the caller's memory to the new stack: one block that grows by doubling, so that
// they are read once and written once.
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "memory/kernel_map.h"
#include "memory/user_copy.h"
#include "process/exec_internal.h"
#include "uapi/limits.h"

enum { FIRST_BYTES = 2048, HEAP_BYTES = 65536, SLACK_BYTES = 4096 };

struct exec_arguments *exec_arguments_create(void)
{
    struct exec_arguments *arguments = heap_alloc_zeroed(sizeof(*arguments));
    if (arguments == NULL) {
        return NULL;
    }
    arguments->text = heap_alloc(FIRST_BYTES);
    arguments->capacity = FIRST_BYTES;
    if (arguments->text == NULL) {
        heap_free(arguments);
        return NULL;
    }
    return arguments;
}

void *exec_block_alloc(size_t bytes)
{
    return bytes <= HEAP_BYTES ? heap_alloc(bytes) : kernel_map_alloc(bytes);
}

void exec_block_free(void *block, size_t bytes)
{
    if (bytes <= HEAP_BYTES) {
        heap_free(block);
    } else {
        kernel_map_free(block);
    }
}

void exec_arguments_destroy(struct exec_arguments *arguments)
{
    exec_block_free(arguments->text, arguments->capacity);
    heap_free(arguments);
}

// A quarter of the stack limit, at most 6 MiB and at least what POSIX asks for; pointers count too, as on Linux.
static size_t bytes_limit(const struct exec_arguments *arguments)
{
    uint64_t limit = process_limit(process_current(), RLIMIT_STACK) / 4;
    limit = CLAMP(limit, (uint64_t)ARG_MAX, MiB(6));
    uint64_t pointers =
        ((uint64_t)arguments->argument_count + arguments->environment_count) * sizeof(uint64_t);
    return limit > pointers ? (size_t)(limit - pointers) : 0;
}

static int text_grow(struct exec_arguments *arguments)
{
    if (arguments->capacity >= bytes_limit(arguments) + SLACK_BYTES) {
        return -E2BIG;
    }
    size_t capacity = arguments->capacity * 2;
    char *text = exec_block_alloc(capacity);
    if (text == NULL) {
        return -ENOMEM;
    }
    assert(arguments->used <= arguments->capacity && capacity > arguments->capacity);
    memcpy(text, arguments->text, arguments->used);
    exec_block_free(arguments->text, arguments->capacity);
    arguments->text = text;
    arguments->capacity = capacity;
    return 0;
}

// Room for the string was found, or the string is longer than what is left: then the block grows and it is read again from the start.
static int add_user_string(struct exec_arguments *arguments, const char __user *string)
{
    for (;;) {
        size_t room = MIN(arguments->capacity - arguments->used, (size_t)MAX_ARG_STRLEN);
        long length = room == 0 ? -ENAMETOOLONG
                                : user_copy_string(arguments->text + arguments->used, string, room);
        if (length >= 0) {
            arguments->used += (size_t)length + 1;
            return arguments->used > bytes_limit(arguments) ? -E2BIG : 0;
        }
        if (length != -ENAMETOOLONG) {
            return (int)length;
        }
        if (room == MAX_ARG_STRLEN) {
            return -E2BIG;
        }
        int error = text_grow(arguments);
        if (error != 0) {
            return error;
        }
    }
}

static int add_user_list(struct exec_arguments *arguments, const char __user *const __user *list,
                         unsigned *count)
{
    const char __user *string;
    for (size_t i = 0; list != NULL; i++) {
        if (user_copy_in(&string, list + i, sizeof(string)) != 0) {
            return -EFAULT;
        }
        if (string == NULL) {
            return 0;
        }
        (*count)++;
        int error = add_user_string(arguments, string);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

static int add_kernel_list(struct exec_arguments *arguments, const char *const *list,
                           unsigned *count)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        size_t bytes = strlen(list[i]) + 1;
        if (bytes > MAX_ARG_STRLEN) {
            return -E2BIG;
        }
        while (arguments->capacity - arguments->used < bytes) {
            int error = text_grow(arguments);
            if (error != 0) {
                return error;
            }
        }
        memcpy(arguments->text + arguments->used, list[i], bytes);
        arguments->used += bytes;
        (*count)++;
    }
    return 0;
}

// A program without argv[0] gets an empty one: too many would read past the end otherwise.
static int arguments_end(struct exec_arguments *arguments)
{
    if (arguments->argument_count == 0) {
        assert(arguments->used < arguments->capacity);
        arguments->text[arguments->used++] = '\0';
        arguments->argument_count = 1;
    }
    arguments->environment_start = arguments->used;
    return 0;
}

int exec_arguments_from_user(struct exec_arguments *arguments,
                             const char __user *const __user *argv,
                             const char __user *const __user *envp)
{
    int error = add_user_list(arguments, argv, &arguments->argument_count);
    if (error == 0) {
        error = arguments_end(arguments);
    }
    if (error == 0) {
        error = add_user_list(arguments, envp, &arguments->environment_count);
    }
    return error;
}

int exec_arguments_from_kernel(struct exec_arguments *arguments, const char *const *argv,
                               const char *const *envp)
{
    int error = add_kernel_list(arguments, argv, &arguments->argument_count);
    if (error == 0) {
        error = arguments_end(arguments);
    }
    if (error == 0) {
        error = add_kernel_list(arguments, envp, &arguments->environment_count);
    }
    return error;
}
