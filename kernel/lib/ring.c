/*
 * Byte rings. The producer stores data before it moves `written` (release), the consumer reads data
 * before it moves `read`: each side sees only bytes that the other has finished with.
 */
#include "lib/ring.h"

#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"

void ring_init(struct ring *ring, void *data, size_t size)
{
    assert(IS_POWER_OF_TWO(size));
    *ring = (struct ring){.data = data, .size = size};
}

size_t ring_write(struct ring *ring, const void *data, size_t size)
{
    size_t count = MIN(size, ring_free(ring));
    assert(count <= ring->size);
    size_t start = ring->written & (ring->size - 1);
    size_t first = MIN(count, ring->size - start);
    memcpy(ring->data + start, data, first);
    memcpy(ring->data, (const uint8_t *)data + first, count - first);
    __atomic_store_n(&ring->written, ring->written + count, __ATOMIC_RELEASE);
    return count;
}

size_t ring_peek(const struct ring *ring, size_t offset, void *data, size_t size)
{
    size_t used = ring_used(ring);
    assert(used <= ring->size);
    if (offset >= used) {
        return 0;
    }
    size_t count = MIN(size, used - offset);
    size_t start = (ring->read + offset) & (ring->size - 1);
    size_t first = MIN(count, ring->size - start);
    memcpy(data, ring->data + start, first);
    memcpy((uint8_t *)data + first, ring->data, count - first);
    return count;
}

size_t ring_discard(struct ring *ring, size_t size)
{
    size_t count = MIN(size, ring_used(ring));
    __atomic_store_n(&ring->read, ring->read + count, __ATOMIC_RELEASE);
    return count;
}

size_t ring_read(struct ring *ring, void *data, size_t size)
{
    return ring_discard(ring, ring_peek(ring, 0, data, size));
}
