// Credentials: reference counting, private copies for a change, and the two questions that
// everybody asks of them.
#include "scheduler/credentials.h"

#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "uapi/capability.h"
#include "uapi/limits.h"

#define CAPABILITIES_ALL (BIT(CAP_LAST_CAP + 1) - 1)

// The static reference is never put, so the count does not fall to 0.
struct credentials credentials_root = {
    .references = REFCOUNT_INIT(1),
    .capabilities_permitted = CAPABILITIES_ALL,
    .capabilities_effective = CAPABILITIES_ALL,
    .capabilities_bounding = CAPABILITIES_ALL,
};

struct credentials *credentials_get(struct credentials *credentials)
{
    refcount_get(&credentials->references);
    return credentials;
}

void credentials_put(struct credentials *credentials)
{
    if (refcount_put(&credentials->references)) {
        heap_free(credentials);
    }
}

struct credentials *credentials_copy(const struct credentials *source, uint32_t group_count)
{
    assert(group_count <= NGROUPS_MAX);
    size_t bytes = sizeof(*source) + (size_t)group_count * sizeof(source->groups[0]);
    struct credentials *copy = heap_alloc_zeroed(bytes);
    if (copy == NULL) {
        return NULL;
    }
    uint32_t kept = MIN(group_count, source->group_count);
    memcpy(copy, source, sizeof(*source));
    memcpy(copy->groups, source->groups, kept * sizeof(source->groups[0]));
    copy->group_count = group_count;
    refcount_init(&copy->references, 1);
    return copy;
}

// Files are judged by fsgid, not egid: the two differ only after setfsgid. Then by the supplementary groups, which setgroups has
// sorted, so that a list of 65536 costs 16 steps.
bool credentials_in_group(const struct credentials *credentials, uint32_t gid)
{
    if (credentials->fsgid == gid) {
        return true;
    }
    size_t low = 0;
    size_t high = credentials->group_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (credentials->groups[middle] == gid) {
            return true;
        }
        if (credentials->groups[middle] < gid) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

bool credentials_can(const struct credentials *credentials, unsigned capability)
{
    return capability <= CAP_LAST_CAP &&
           (credentials->capabilities_effective & BIT(capability)) != 0;
}
