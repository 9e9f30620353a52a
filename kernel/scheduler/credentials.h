// Who a thread acts for. Immutable once published: changing means a new object.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"
#include "sync/refcount.h"

struct credentials {
    struct refcount references; // [a]
    uint32_t uid, euid, suid, fsuid;
    uint32_t gid, egid, sgid, fsgid;
    uint64_t capabilities_permitted, capabilities_effective, capabilities_inheritable,
        capabilities_bounding, capabilities_ambient;
    uint32_t securebits;
    uint32_t group_count;
    uint32_t groups[]; // [I] supplementary, sorted
};

// Root with all capabilities: the first process's. Never freed.
extern struct credentials credentials_root;

struct credentials *credentials_get(struct credentials *credentials); // returns its argument
void credentials_put(struct credentials *credentials);
// A private copy with one reference, with room for `group_count` groups (the old groups are copied
// as far as they fit). NULL: no memory.
must_check struct credentials *credentials_copy(const struct credentials *source,
                                                uint32_t group_count);
bool credentials_in_group(const struct credentials *credentials,
                          uint32_t gid); // fsgid or supplementary
bool credentials_can(const struct credentials *credentials, unsigned capability); // effective set
