// The tables of ids and keys. A look-up holds the table's mutex only until it has its reference; whoever then finds the object
// removed says so. Making and removing hold it throughout, so that a key leads to one object.
#include "ipc/table.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "process/process.h"
#include "uapi/ipc.h"
#include "uapi/stat.h"

enum { LEAST_CYCLE = 64 }; // places that are gone through before the first is used again

static void *node_alloc(size_t bytes)
{
    return heap_alloc(bytes);
}

static const struct radix_allocator node_allocator = {.alloc = node_alloc, .free = heap_free};

void ipc_table_init(struct ipc_table *table, const struct ipc_table_ops *ops)
{
    *table = (struct ipc_table){.ops = ops, .last_place = -1, .highest_place = -1};
    mutex_init(&table->mutex, LOCK_RANK_IPC_TABLE);
    radix_init(&table->places, &node_allocator);
    radix_init(&table->keys, &node_allocator);
}

static int place_of(int id)
{
    return id & (IPC_PLACES - 1);
}

// ---- making -------------------------------------------------------------------------------------

// The first free place from the one after the last, within what is used and half as much again.
static int place_choose_locked(const struct ipc_table *table)
{
    unsigned cycle = MIN(MAX(table->count * 3 / 2, (unsigned)LEAST_CYCLE), (unsigned)IPC_PLACES);
    unsigned place = (unsigned)table->last_place + 1;
    for (unsigned tries = 0; tries < cycle; tries++, place++) {
        place = place >= cycle ? 0 : place;
        if (radix_lookup(&table->places, place) == NULL) {
            return (int)place;
        }
    }
    return -ENOSPC;
}

// Gives the object its id and enters it under that and its key. 0, -ENOSPC, -ENOMEM.
static int object_enter_locked(struct ipc_table *table, struct ipc_object *object)
{
    assert(mutex_is_held(&table->mutex));
    int limit = READ_ONCE(*table->ops->limit);
    if (table->count >= (unsigned)MIN(limit, (int)IPC_PLACES)) {
        return -ENOSPC;
    }
    int place = place_choose_locked(table);
    int error = place < 0 ? place : radix_insert(&table->places, (uint64_t)place, object);
    if (error != 0) {
        return error;
    }
    if (object->key != IPC_PRIVATE) {
        error = radix_insert(&table->keys, (uint32_t)object->key, object);
        if (error != 0) {
            radix_remove(&table->places, (uint64_t)place);
            return error;
        }
    }
    if (place <= table->last_place) {
        table->sequence++;
    }
    table->last_place = place;
    table->highest_place = MAX(table->highest_place, place);
    table->count++;
    object->sequence = table->sequence;
    object->id = (int)((unsigned)table->sequence << IPC_PLACE_BITS) + place;
    return 0;
}

static void object_init(struct ipc_object *object, struct ipc_table *table,
                        const struct ipc_get *get)
{
    const struct credentials *credentials = task_current()->credentials;
    refcount_init(&object->references, 1);
    mutex_init(&object->mutex, LOCK_RANK_IPC_OBJECT);
    object->table = table;
    object->key = get->key;
    object->mode = (uint32_t)get->flags & (S_IRWXU | S_IRWXG | S_IRWXO);
    object->uid = object->creator_uid = credentials->euid;
    object->gid = object->creator_gid = credentials->egid;
    object->is_removed = false;
}

static long table_create_locked(struct ipc_table *table, const struct ipc_get *get)
{
    struct ipc_object *object;
    int error = table->ops->create(get->request, &object);
    if (error != 0) {
        return error;
    }
    object_init(object, table, get);
    error = object_enter_locked(table, object);
    if (error != 0) {
        ipc_object_put(object);
        return error;
    }
    if (table->ops->entered != NULL) {
        table->ops->entered(object);
    }
    return object->id;
}

static long table_open_locked(const struct ipc_table *table, struct ipc_object *object,
                              const struct ipc_get *get)
{
    if ((get->flags & (IPC_CREAT | IPC_EXCL)) == (IPC_CREAT | IPC_EXCL)) {
        return -EEXIST;
    }
    mutex_lock(&object->mutex);
    int error = table->ops->check(object, get->request);
    error = error != 0 ? error : ipc_object_check_locked(object, (unsigned)get->flags);
    mutex_unlock(&object->mutex);
    return error != 0 ? error : object->id;
}

long ipc_table_get(struct ipc_table *table, const struct ipc_get *get)
{
    long result;
    mutex_lock(&table->mutex);
    struct ipc_object *object =
        get->key != IPC_PRIVATE ? radix_lookup(&table->keys, (uint32_t)get->key) : NULL;
    if (object != NULL) {
        result = table_open_locked(table, object, get);
    } else if (get->key != IPC_PRIVATE && (get->flags & IPC_CREAT) == 0) {
        result = -ENOENT;
    } else {
        result = table_create_locked(table, get);
    }
    mutex_unlock(&table->mutex);
    return result;
}

// ---- finding ------------------------------------------------------------------------------------

// The table's mutex is held only until there is a reference, so that who keeps one object does not keep others from theirs. It may be
// removed between the two mutexes: its own tells.
static int object_lock(struct ipc_table *table, int id, bool is_whole,
                       struct ipc_object **result) no_lock_analysis
{
    mutex_lock(&table->mutex);
    struct ipc_object *object = radix_lookup(&table->places, (uint64_t)place_of(id));
    if (object != NULL && is_whole && object->id != id) {
        object = NULL;
    }
    if (object != NULL) {
        ipc_object_get(object);
    }
    mutex_unlock(&table->mutex);
    if (object == NULL) {
        return -EINVAL;
    }
    mutex_lock(&object->mutex);
    if (object->is_removed) {
        ipc_object_unlock_put(object);
        return -EIDRM;
    }
    *result = object;
    return 0;
}

int ipc_table_lock_id(struct ipc_table *table, int id, struct ipc_object **result)
{
    return object_lock(table, id, true, result);
}

int ipc_table_lock_place(struct ipc_table *table, int place, struct ipc_object **result)
{
    return object_lock(table, place, false, result);
}

static int object_lock_allowed(struct ipc_table *table, int id, bool is_whole, unsigned wanted,
                               struct ipc_object **result) no_lock_analysis
{
    struct ipc_object *object;
    int error = object_lock(table, id, is_whole, &object);
    if (error != 0) {
        return error;
    }
    error = ipc_object_check_locked(object, wanted);
    if (error != 0) {
        ipc_object_unlock_put(object);
        return error;
    }
    *result = object;
    return 0;
}

int ipc_table_lock_allowed(struct ipc_table *table, int id, unsigned wanted,
                           struct ipc_object **result)
{
    return object_lock_allowed(table, id, true, wanted, result);
}

long ipc_table_lock_stat(struct ipc_table *table, int id, enum ipc_stat_kind kind,
                         struct ipc_object **result)
{
    unsigned wanted = kind == IPC_STAT_ANY_PLACE ? 0 : IPC_READ;
    int error = object_lock_allowed(table, id, kind == IPC_STAT_ID, wanted, result);
    if (error != 0) {
        return error;
    }
    return kind == IPC_STAT_ID ? 0 : (*result)->id;
}

void ipc_object_unlock_put(struct ipc_object *object) no_lock_analysis
{
    mutex_unlock(&object->mutex);
    ipc_object_put(object);
}

// ---- removal ------------------------------------------------------------------------------------

static void find_highest_locked(struct ipc_table *table)
{
    while (table->highest_place >= 0 &&
           radix_lookup(&table->places, (uint64_t)table->highest_place) == NULL) {
        table->highest_place--;
    }
}

void ipc_table_forget_key_locked(struct ipc_object *object)
{
    assert(mutex_is_held(&object->table->mutex) && mutex_is_held(&object->mutex));
    if (object->key != IPC_PRIVATE) {
        radix_remove(&object->table->keys, (uint32_t)object->key);
        object->key = IPC_PRIVATE;
    }
}

void ipc_table_take_out_locked(struct ipc_object *object)
{
    struct ipc_table *table = object->table;
    assert(!object->is_removed);
    ipc_table_forget_key_locked(object);
    void *taken = radix_remove(&table->places, (uint64_t)place_of(object->id));
    assert(taken == object);
    (void)taken;
    table->count--;
    find_highest_locked(table);
    object->is_removed = true;
    table->ops->removed(object);
    ipc_object_put(object); // not the last one: the caller has one
}

static int object_remove_locked(struct ipc_object *object,
                                bool (*remove)(struct ipc_object *object))
{
    mutex_lock(&object->mutex);
    int error = ipc_object_check_owner_locked(object);
    if (error == 0 && (remove == NULL || remove(object))) {
        ipc_table_take_out_locked(object);
    }
    mutex_unlock(&object->mutex);
    return error;
}

// Both mutexes are held, so that neither id nor key leads there any more when the first waiter is told. The last reference goes after
// them: destroying takes locks of its own.
int ipc_table_remove(struct ipc_table *table, int id, bool (*remove)(struct ipc_object *object))
{
    int error = -EINVAL;
    mutex_lock(&table->mutex);
    struct ipc_object *object = radix_lookup(&table->places, (uint64_t)place_of(id));
    object = object != NULL && object->id == id ? object : NULL;
    if (object != NULL) {
        ipc_object_get(object);
        error = object_remove_locked(object, remove);
    }
    mutex_unlock(&table->mutex);
    if (object != NULL) {
        ipc_object_put(object);
    }
    return error;
}

// False: there was nothing more.
static bool table_remove_first(struct ipc_table *table)
{
    uint64_t place;
    mutex_lock(&table->mutex);
    struct ipc_object *object = radix_next(&table->places, 0, &place);
    if (object != NULL) {
        ipc_object_get(object);
        mutex_lock(&object->mutex);
        ipc_table_take_out_locked(object);
        mutex_unlock(&object->mutex);
    }
    mutex_unlock(&table->mutex);
    if (object != NULL) {
        ipc_object_put(object);
    }
    return object != NULL;
}

void ipc_table_clear(struct ipc_table *table)
{
    while (table_remove_first(table)) {}
}

// ---- the whole ----------------------------------------------------------------------------------

void ipc_table_visit(struct ipc_table *table,
                     void (*visit)(struct ipc_object *object, void *context), void *context)
{
    uint64_t place = 0;
    mutex_lock(&table->mutex);
    struct ipc_object *object = radix_next(&table->places, 0, &place);
    while (object != NULL) {
        mutex_lock(&object->mutex);
        visit(object, context);
        mutex_unlock(&object->mutex);
        object = radix_next(&table->places, place + 1, &place);
    }
    mutex_unlock(&table->mutex);
}

int ipc_table_highest(struct ipc_table *table)
{
    mutex_lock(&table->mutex);
    int highest = MAX(table->highest_place, 0);
    mutex_unlock(&table->mutex);
    return highest;
}

unsigned ipc_table_count(struct ipc_table *table)
{
    mutex_lock(&table->mutex);
    unsigned count = table->count;
    mutex_unlock(&table->mutex);
    return count;
}
