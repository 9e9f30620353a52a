/*
 * How a handler is written: SYSTEM_CALLn(name, type, argument, ...) { body } defines system_call_<name>, which takes the raw
 * registers and hands typed values to the body. The compiler makes one function of both.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/errno.h"
#include "lib/types.h"
#include "memory/user_copy.h"
#include "process/process.h"
#include "syscall/table.h"

/*
 * Every handler has the same raw type, since the table calls it through one pointer: a call through a pointer of another type is
 * undefined in C, and six registers are there in any case. Narrow types cut off what stands above them, as the ABI leaves it open.
 */
#define RAW_ARGUMENTS uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f
#define RAW_UNUSED    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f

#define SYSTEM_CALL_BODY(name, parameters, values)                                                 \
    long system_call_##name(RAW_ARGUMENTS);                                                        \
    static inline long name##_body parameters;                                                     \
    long system_call_##name(RAW_ARGUMENTS)                                                         \
    {                                                                                              \
        RAW_UNUSED;                                                                                \
        return name##_body values;                                                                 \
    }                                                                                              \
    static inline long name##_body parameters

#define SYSTEM_CALL0(name)                 SYSTEM_CALL_BODY(name, (void), ())
#define SYSTEM_CALL1(name, ta, na)         SYSTEM_CALL_BODY(name, (ta na), ((ta)a))
#define SYSTEM_CALL2(name, ta, na, tb, nb) SYSTEM_CALL_BODY(name, (ta na, tb nb), ((ta)a, (tb)b))
#define SYSTEM_CALL3(name, ta, na, tb, nb, tc, nc)                                                 \
    SYSTEM_CALL_BODY(name, (ta na, tb nb, tc nc), ((ta)a, (tb)b, (tc)c))
#define SYSTEM_CALL4(name, ta, na, tb, nb, tc, nc, td, nd)                                         \
    SYSTEM_CALL_BODY(name, (ta na, tb nb, tc nc, td nd), ((ta)a, (tb)b, (tc)c, (td)d))
#define SYSTEM_CALL5(name, ta, na, tb, nb, tc, nc, td, nd, te, ne)                                 \
    SYSTEM_CALL_BODY(name, (ta na, tb nb, tc nc, td nd, te ne), ((ta)a, (tb)b, (tc)c, (td)d, (te)e))
#define SYSTEM_CALL6(name, ta, na, tb, nb, tc, nc, td, nd, te, ne, tf, nf)                         \
    SYSTEM_CALL_BODY(name, (ta na, tb nb, tc nc, td nd, te ne, tf nf),                             \
                     ((ta)a, (tb)b, (tc)c, (td)d, (te)e, (tf)f))

struct open_file;

/* Gives a new file, which is consumed in any case, to the program: its descriptor, the lowest free one, or -EMFILE, -ENOMEM. (descriptors.c) */
must_check int new_descriptor(struct open_file *file, bool close_on_exec);

/* Copies a structure out, where the pointer may be NULL (then nothing is done). 0 or -EFAULT. */
must_check static inline int copy_out_optional(void __user *destination, const void *source,
                                               size_t bytes)
{
    return destination == NULL ? 0 : user_copy_out(destination, source, bytes);
}
