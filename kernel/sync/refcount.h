// Reference counts. Whoever gets, puts. Going from 0 to 1 is a bug and asserts; saturation is a bug
// and asserts.
//
// Order: a get needs none, since who gets has a reference already (or RCU keeps the memory). A put is a full barrier, as every
// read-modify-write of atomic.h: what a holder wrote to the object comes before its put, and so before the free that follows the
// last one on another CPU.
#pragma once

#include "lib/assert.h"
#include "sync/atomic.h"

struct refcount {
    struct atomic32 count;
};

#define REFCOUNT_INIT(initial)                                                                     \
    {                                                                                              \
        ATOMIC_INIT(initial)                                                                       \
    }

static inline void refcount_init(struct refcount *r, uint32_t initial)
{
    atomic32_store(&r->count, initial);
}

static inline uint32_t refcount_read(const struct refcount *r)
{
    return atomic32_load(&r->count);
}

static inline void refcount_get(struct refcount *r)
{
    uint32_t now = atomic32_add(&r->count, 1);
    assert(now > 1 && now < 0x7fffffff);
    (void)now;
}

// For lock-free look-ups under RCU: false when the object is already on its way out.
must_check static inline bool refcount_get_unless_zero(struct refcount *r)
{
    uint32_t seen = atomic32_load(&r->count);
    while (seen != 0) {
        assert(seen < 0x7fffffff);
        if (atomic32_compare_exchange(&r->count, &seen, seen + 1)) {
            return true;
        }
    }
    return false;
}

// True when that was the last reference: the caller frees the object.
must_check static inline bool refcount_put(struct refcount *r)
{
    uint32_t now = atomic32_subtract(&r->count, 1);
    assert(now < 0x7fffffff);
    return now == 0;
}
