/*
 * What -fsanitize=undefined calls when it finds something: one function per kind of mistake, each
 * given a description whose first member (for almost all kinds) is the place in the source. The
 * names and arguments are the compiler's.
 */
#include "lib/ubsan.h"

#include "lib/assert.h"

struct source_location {
    const char *file;
    uint32_t line;
    uint32_t column;
};

struct type_mismatch {
    struct source_location location;
    const void *type;
    uint8_t log_alignment;
    uint8_t kind;
};

weak void lib_ubsan_report(const char *problem, const char *file, uint32_t line)
{
    assert_failed(problem, file, (int)line);
}

static void report(const char *problem, const struct source_location *location)
{
    lib_ubsan_report(problem, location->file, location->line);
}

/* The compiler passes up to two operands after the description; which ones does not matter here. */
#define UBSAN_HANDLER(name, problem)                                                               \
    void __ubsan_handle_##name(void *data, uintptr_t left, uintptr_t right);                       \
    void __ubsan_handle_##name(void *data, uintptr_t left maybe_unused,                            \
                               uintptr_t right maybe_unused)                                       \
    {                                                                                              \
        report(problem, data);                                                                     \
    }

UBSAN_HANDLER(add_overflow, "undefined: addition overflows")
UBSAN_HANDLER(sub_overflow, "undefined: subtraction overflows")
UBSAN_HANDLER(mul_overflow, "undefined: multiplication overflows")
UBSAN_HANDLER(negate_overflow, "undefined: negation overflows")
UBSAN_HANDLER(divrem_overflow, "undefined: division by zero, or overflow")
UBSAN_HANDLER(shift_out_of_bounds, "undefined: shift out of range")
UBSAN_HANDLER(out_of_bounds, "undefined: index outside the array")
UBSAN_HANDLER(vla_bound_not_positive, "undefined: array of no length")
UBSAN_HANDLER(load_invalid_value, "undefined: value that its type cannot have")
UBSAN_HANDLER(pointer_overflow, "undefined: pointer arithmetic overflows")
UBSAN_HANDLER(builtin_unreachable, "undefined: reached the unreachable")
UBSAN_HANDLER(missing_return, "undefined: function ends without its result")
UBSAN_HANDLER(nonnull_arg, "undefined: null argument where none may be")
UBSAN_HANDLER(invalid_builtin, "undefined: zero passed to a bit count")

void __ubsan_handle_nonnull_return_v1(void *data, struct source_location *location);
void __ubsan_handle_nonnull_return_v1(void *data maybe_unused, struct source_location *location)
{
    report("undefined: null result where none may be", location);
}

void __ubsan_handle_type_mismatch_v1(struct type_mismatch *mismatch, uintptr_t pointer);
void __ubsan_handle_type_mismatch_v1(struct type_mismatch *mismatch, uintptr_t pointer)
{
    uintptr_t alignment = (uintptr_t)1 << mismatch->log_alignment;
    const char *problem = "undefined: object too small for the access";
    if (pointer == 0) {
        problem = "undefined: access through a null pointer";
    } else if (pointer & (alignment - 1)) {
        problem = "undefined: misaligned access";
    }
    report(problem, &mismatch->location);
}
