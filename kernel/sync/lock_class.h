// Classes of locks, for debug kernels: all locks that one line of the sources initialises are one class, for which the order is
// kept and use is counted. Release kernels have none of this: the macros leave nothing behind.
#pragma once

#include "lib/assert.h"
#include "sync/atomic.h"
#include "sync/lock_ranks.h"

struct lock_class {
    const char *rank_name; // [I] as the sources write it: LOCK_RANK_...
    const char *file;      // [I] where its locks are initialised
    int line;              // [I]
    uint32_t rank;         // [I] enum lock_rank
    struct atomic32 met;   // [a] 1 + its number in the graph; 0: no lock of it was taken yet
    // What /proc/lock_stat shows. Times in units of cpu_timestamp().
    struct atomic64 taken, contended, waited;
    struct atomic64 held_longest;        // [a] how long ...
    struct atomic64 held_longest_caller; // [a] ... and who took it then
};

#if ASTRA_DEBUG
#    define LOCK_CLASS_INIT(lock_rank)                                                             \
        {                                                                                          \
            .rank_name = #lock_rank, .file = __FILE__, .line = __LINE__, .rank = (lock_rank)       \
        }
// A member of a lock's structure, and its initialiser (with the comma) at file scope.
#    define LOCK_CLASS_MEMBER struct lock_class *class;
#    define LOCK_CLASS_FIRST_USE(lock_rank)                                                        \
        , .class = &(struct lock_class)LOCK_CLASS_INIT(lock_rank)
// The class of the line that this stands on, in a function.
#    define LOCK_CLASS_HERE(lock_rank)                                                             \
        ({                                                                                         \
            static struct lock_class lock_class_here_ = LOCK_CLASS_INIT(lock_rank);                \
            &lock_class_here_;                                                                     \
        })
#    define LOCK_CLASS_SET(lock, lock_class) ((lock)->class = (lock_class))
#    define LOCK_CLASS_OF(lock)              ((lock)->class)
#else
#    define LOCK_CLASS_MEMBER
#    define LOCK_CLASS_FIRST_USE(lock_rank)
#    define LOCK_CLASS_HERE(lock_rank)       ((struct lock_class *)NULL)
#    define LOCK_CLASS_SET(lock, lock_class) ((void)(lock_class))
#    define LOCK_CLASS_OF(lock)              ((struct lock_class *)NULL)
#endif
