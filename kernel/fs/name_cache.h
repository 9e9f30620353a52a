// Private to fs/: the hash table and the LRU list behind name entries, and the sequence that tells
// lock-free walks about renames.
#pragma once

#include "fs/name_entry.h"
#include "sync/spinlock.h"

extern struct spinlock name_lock;

// The hash of a name, byte by byte, so that path walk can take it while it looks for the slash.
#define NAME_HASH_START 0x811c9dc5u
static inline uint32_t name_hash_byte(uint32_t hash, char byte)
{
    return (hash ^ (uint8_t)byte) * 0x01000193u;
}
static inline uint32_t name_hash(const char *name, size_t length)
{
    uint32_t hash = NAME_HASH_START;
    for (size_t i = 0; i < length; i++) {
        hash = name_hash_byte(hash, name[i]);
    }
    return hash;
}

// The child under RCU, borrowed until the read side ends; NULL: not cached.
struct name_entry *name_cache_probe(const struct name_entry *parent, const char *name,
                                    size_t length, uint32_t hash);

// name_lock held. insert: the entry becomes findable; the cache takes a reference of its own.
void name_cache_insert_locked(struct name_entry *entry);
// Unfindable; true: the cache's reference is now the caller's to put (after unlocking).
must_check bool name_cache_remove_locked(struct name_entry *entry);
// Takes the entry out of its chain and puts it into the one of its present name and parent.
void name_cache_rehash_locked(struct name_entry *entry);
// Keeps the number of unpinned entries within bounds; no lock held.
void name_cache_trim(void);

void name_cache_init(void); // at fs_init, after frames and heap
void name_entry_init(void);

// Renames, and changes of the mount table, are announced before and confirmed after. A lock-free
// walk notes walk_sequence_begin and throws its result away unless walk_sequence_is_unchanged.
void walk_sequence_start_change(void);
void walk_sequence_end_change(void);
uint32_t walk_sequence_begin(void);
bool walk_sequence_is_unchanged(uint32_t begun);
