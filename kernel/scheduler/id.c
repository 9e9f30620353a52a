// The table of ids: a hash for look-ups, which go without a lock, and a bitmap of the numbers in
// use for giving out the next one. A number is free again as soon as its id has no reference; the
// memory follows after the readers.
//
// Lock: id_lock, over the bitmap, the place of the last number and changes of the hash.
#include "scheduler/id.h"

#include "lib/assert.h"
#include "lib/bitmap.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "sync/rcu.h"
#include "sync/spinlock.h"

enum {
    ID_BUCKETS = 256,
    ID_FIRST_AFTER_WRAP = 300, // numbers below are for what starts with the system
};

static struct spinlock id_lock = SPINLOCK_INIT(LOCK_RANK_ID);
static struct hlist_head id_buckets[ID_BUCKETS]; // [l id_lock, read under RCU]
static BITMAP_DECLARE(id_numbers_used, ID_MAX);  // [l id_lock]; 0 is never given out
static size_t id_last;                           // [l id_lock]
static uint64_t id_total;                        // [l id_lock]

static struct hlist_head *id_bucket(int number)
{
    return &id_buckets[(unsigned)number % ID_BUCKETS];
}

// The lowest free number above the last one, or after the wrap; ID_MAX if there is none.
static size_t id_number_take_locked(void)
{
    assert(spin_is_held(&id_lock));
    size_t number = bitmap_find_next_zero(id_numbers_used, ID_MAX, id_last + 1);
    if (number >= ID_MAX) {
        number = bitmap_find_next_zero(id_numbers_used, ID_MAX, ID_FIRST_AFTER_WRAP);
    }
    if (number < ID_MAX) {
        assert(number != 0); // kill(0) and wait4(0) mean a group, never somebody
        bitmap_set(id_numbers_used, number);
        id_last = number;
        id_total++;
    }
    return number;
}

struct id *id_alloc(void)
{
    struct id *id = heap_alloc_zeroed(sizeof(*id));
    if (id == NULL) {
        return NULL;
    }
    refcount_init(&id->references, 1);
    for (unsigned role = 0; role < ID_ROLE_COUNT; role++) {
        list_init(&id->members[role]);
    }
    spin_lock(&id_lock);
    size_t number = id_number_take_locked();
    if (number < ID_MAX) {
        id->number = (int)number;
        hlist_add_head_rcu(id_bucket(id->number), &id->hash_link);
    }
    spin_unlock(&id_lock);
    if (number >= ID_MAX) {
        heap_free(id);
        return NULL;
    }
    return id;
}

void id_get(struct id *id)
{
    refcount_get(&id->references);
}

static void id_free(struct rcu_head *head)
{
    heap_free(container_of(head, struct id, rcu));
}

// Between the last put and the removal a look-up may still find the id: it gets no reference, as if it were gone. The number is
// given out again only after the removal, so no two ids of one number are ever in the hash.
void id_put(struct id *id)
{
    if (!refcount_put(&id->references)) {
        return;
    }
    assert(id->task == NULL);
    for (unsigned role = 0; role < ID_ROLE_COUNT; role++) {
        assert(list_is_empty(&id->members[role])); // who uses the number holds a reference
    }
    spin_lock(&id_lock);
    hlist_remove_rcu(&id->hash_link);
    bitmap_clear(id_numbers_used, (size_t)id->number);
    spin_unlock(&id_lock);
    rcu_defer(&id->rcu, id_free);
}

struct id *id_find(int number)
{
    struct id *found = NULL;
    struct id *id;
    if (number <= 0 || number >= ID_MAX) {
        return NULL;
    }
    rcu_read_lock();
    hlist_for_each_entry_rcu(id, id_bucket(number), hash_link)
    {
        if (id->number == number && refcount_get_unless_zero(&id->references)) {
            found = id;
            break;
        }
    }
    rcu_read_unlock();
    return found;
}

struct id *id_next(int from)
{
    size_t number = from < 1 ? 1 : (size_t)from;
    while (number < ID_MAX) {
        spin_lock(&id_lock);
        number = bitmap_find_next_set(id_numbers_used, ID_MAX, number);
        spin_unlock(&id_lock);
        struct id *id = number < ID_MAX ? id_find((int)number) : NULL;
        if (id != NULL) {
            return id;
        }
        number++;
    }
    return NULL;
}

int id_last_number(void)
{
    return (int)READ_ONCE(id_last);
}

uint64_t id_total_count(void)
{
    return READ_ONCE(id_total);
}
