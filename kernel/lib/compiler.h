/*
 * Names for what the compiler can be told: branch hints, function and data attributes, single loads
 * and stores, and clang's thread-safety annotations. A file that needs a hosted header too includes
 * that one first, since these are short words.
 */
#pragma once

#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

#define must_check __attribute__((__warn_unused_result__))
#define printf_format(format_index, first_argument)                                                \
    __attribute__((__format__(__printf__, format_index, first_argument)))
#define noreturn               __attribute__((__noreturn__))
#define packed                 __attribute__((__packed__))
#define aligned(bytes)         __attribute__((__aligned__(bytes)))
#define always_inline          inline __attribute__((__always_inline__))
#define noinline               __attribute__((__noinline__))
#define section(name)          __attribute__((__section__(name)))
#define weak                   __attribute__((__weak__))
#define maybe_unused           __attribute__((__unused__))
#define used_by_linker         __attribute__((__used__))
#define returns_twice_function __attribute__((__returns_twice__))
#define fallthrough            __attribute__((__fallthrough__))

/* Keeps the compiler, not the CPU, from moving memory accesses across it. */
#define barrier() __asm__ volatile("" ::: "memory")

/* Exactly one load or store of a naturally aligned object that another CPU may touch meanwhile;
 * orders nothing. */
#define READ_ONCE(object) (*(const volatile __typeof__(object) *)&(object))
#define WRITE_ONCE(object, value)                                                                  \
    do {                                                                                           \
        volatile __typeof__(object) *write_once_ = &(object);                                      \
        *write_once_ = (value);                                                                    \
    } while (0)

/*
 * clang's -Wthread-safety: a lock type is a `lock_capability`; the rest stands on functions, or on
 * globals (guarded_by). clang 14 takes guarded_by on no structure member, so fields carry the
 * written legend instead.
 */
#if defined(__clang__)
#    define lock_capability(name)    __attribute__((capability(name)))
#    define acquires(...)            __attribute__((acquire_capability(__VA_ARGS__)))
#    define releases(...)            __attribute__((release_capability(__VA_ARGS__)))
#    define acquires_shared(...)     __attribute__((acquire_shared_capability(__VA_ARGS__)))
#    define releases_shared(...)     __attribute__((release_shared_capability(__VA_ARGS__)))
#    define acquires_if(result, ...) __attribute__((try_acquire_capability(result, __VA_ARGS__)))
#    define requires_lock(...)       __attribute__((requires_capability(__VA_ARGS__)))
#    define requires_shared(...)     __attribute__((requires_shared_capability(__VA_ARGS__)))
#    define excludes_lock(...)       __attribute__((locks_excluded(__VA_ARGS__)))
#    define asserts_lock(...)        __attribute__((assert_capability(__VA_ARGS__)))
#    define guarded_by(lock)         __attribute__((guarded_by(lock)))
#    define no_lock_analysis         __attribute__((no_thread_safety_analysis))
#else
#    define lock_capability(name)
#    define acquires(...)
#    define releases(...)
#    define acquires_shared(...)
#    define releases_shared(...)
#    define acquires_if(result, ...)
#    define requires_lock(...)
#    define requires_shared(...)
#    define excludes_lock(...)
#    define asserts_lock(...)
#    define guarded_by(lock)
#    define no_lock_analysis
#endif
