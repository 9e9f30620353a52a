/*
 * A ring of bytes whose size is a power of two. One producer and one consumer may use it at the
 * same time without a lock (an interrupt handler and its deferred work); more on a side need one.
 * The two counters run freely and wrap.
 */
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

struct ring {
    uint8_t *data;  /* [I] borrowed from the caller */
    size_t size;    /* [I] a power of two */
    size_t written; /* [a] only the producer stores */
    size_t read;    /* [a] only the consumer stores */
};

/* Borrows `data`, of `size` bytes (a power of two), for the life of the ring. */
void ring_init(struct ring *ring, void *data, size_t size);

/* Stores as much as there is room for, or takes as much as there is; returns the number of bytes.
 */
size_t ring_write(struct ring *ring, const void *data, size_t size);
size_t ring_read(struct ring *ring, void *data, size_t size);

/* As ring_read, from `offset` bytes after the oldest, and leaves the bytes in the ring. */
size_t ring_peek(const struct ring *ring, size_t offset, void *data, size_t size);

/* The consumer throws away up to `size` of the oldest bytes; returns how many. */
size_t ring_discard(struct ring *ring, size_t size);

/* Bytes to read. */
static inline size_t ring_used(const struct ring *ring)
{
    return __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE) -
           __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE);
}

/* Bytes that fit. */
static inline size_t ring_free(const struct ring *ring)
{
    return ring->size - ring_used(ring);
}

static inline bool ring_is_empty(const struct ring *ring)
{
    return ring_used(ring) == 0;
}

static inline bool ring_is_full(const struct ring *ring)
{
    return ring_used(ring) == ring->size;
}

/* One byte in; false where the ring is full. */
static inline bool ring_put(struct ring *ring, uint8_t byte)
{
    size_t written = ring->written;
    if (ring_is_full(ring)) {
        return false;
    }
    ring->data[written & (ring->size - 1)] = byte;
    __atomic_store_n(&ring->written, written + 1, __ATOMIC_RELEASE);
    return true;
}

/* One byte out; false where the ring is empty. */
static inline bool ring_get(struct ring *ring, uint8_t *byte)
{
    size_t read = ring->read;
    if (ring_is_empty(ring)) {
        return false;
    }
    *byte = ring->data[read & (ring->size - 1)];
    __atomic_store_n(&ring->read, read + 1, __ATOMIC_RELEASE);
    return true;
}

/* The consumer empties the ring. */
static inline void ring_clear(struct ring *ring)
{
    __atomic_store_n(&ring->read, __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE),
                     __ATOMIC_RELEASE);
}
