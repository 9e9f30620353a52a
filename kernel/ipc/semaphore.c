// Sets of semaphores: making, telling, setting, removing. Operations are in semaphore_operate.c.
#include "ipc/semaphore_internal.h"

#include "ipc/settings.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/heap.h"
#include "process/process.h"

struct ipc_table semaphore_table;

static int semaphores_in_all; // [l semaphore_table.mutex] of the sets in the table

// ---- the table's operations -----------------------------------------------------------------------

static size_t set_bytes(unsigned count)
{
    return sizeof(struct semaphore_set) + count * sizeof(struct semaphore);
}

// Limits of the system are asked under the table's mutex, under which alone sets come and go.
static int set_create(const void *request, struct ipc_object **result)
{
    int count = *(const int *)request;
    if (count == 0) {
        return -EINVAL;
    }
    if (count > READ_ONCE(ipc_settings.semaphores_in_all_max) - semaphores_in_all) {
        return -ENOSPC;
    }
    size_t bytes = set_bytes((unsigned)count);
    int error = ipc_memory_charge(bytes);
    if (error != 0) {
        return error;
    }
    struct semaphore_set *set = heap_alloc_zeroed(bytes);
    if (set == NULL) {
        ipc_memory_uncharge(bytes);
        return -ENOMEM;
    }
    set->count = (unsigned)count;
    set->changed_at = ipc_now();
    list_init(&set->changers);
    list_init(&set->watchers);
    list_init(&set->undos);
    *result = &set->object;
    return 0;
}

static int set_check(const struct ipc_object *object, const void *request)
{
    int wanted = *(const int *)request;
    return (unsigned)wanted > ((const struct semaphore_set *)object)->count ? -EINVAL : 0;
}

static void set_entered(struct ipc_object *object)
{
    assert(mutex_is_held(&semaphore_table.mutex));
    semaphores_in_all += (int)semaphore_set_of(object)->count;
}

static void set_removed(struct ipc_object *object)
{
    assert(mutex_is_held(&semaphore_table.mutex));
    semaphores_in_all -= (int)semaphore_set_of(object)->count;
    semaphore_wake_all_locked(semaphore_set_of(object), -EIDRM);
}

static void set_destroy(struct ipc_object *object)
{
    struct semaphore_set *set = semaphore_set_of(object);
    assert(list_is_empty(&set->changers) && list_is_empty(&set->watchers));
    assert(list_is_empty(&set->undos));
    ipc_memory_uncharge(set_bytes(set->count));
    heap_free(set);
}

static const struct ipc_table_ops table_ops = {
    .create = set_create,
    .check = set_check,
    .entered = set_entered,
    .removed = set_removed,
    .destroy = set_destroy,
    .limit = &ipc_settings.semaphore_sets_max,
};

void semaphore_module_init(void)
{
    ipc_table_init(&semaphore_table, &table_ops);
}

long semaphore_get(int key, int count, int flags)
{
    if (count < 0 || count > READ_ONCE(ipc_settings.semaphores_in_set_max)) {
        return -EINVAL;
    }
    return ipc_table_get(&semaphore_table,
                         &(struct ipc_get){.key = key, .flags = flags, .request = &count});
}

// ---- telling --------------------------------------------------------------------------------------

long semaphore_status(int id, enum ipc_stat_kind kind, struct uapi_semid_ds *result)
{
    struct ipc_object *object;
    long value = ipc_table_lock_stat(&semaphore_table, id, kind, &object);
    if (value < 0) {
        return value;
    }
    const struct semaphore_set *set = semaphore_set_of(object);
    *result = (struct uapi_semid_ds){
        .sem_otime = set->operated_at,
        .sem_ctime = set->changed_at,
        .sem_nsems = set->count,
    };
    ipc_object_describe_locked(object, &result->sem_perm);
    ipc_object_unlock_put(object);
    return value;
}

long semaphore_limits(bool tells_use, struct uapi_seminfo *result)
{
    mutex_lock(&semaphore_table.mutex);
    *result = (struct uapi_seminfo){
        .semmap = SEMMAP,
        .semmni = READ_ONCE(ipc_settings.semaphore_sets_max),
        .semmns = READ_ONCE(ipc_settings.semaphores_in_all_max),
        .semmnu = SEMMNU,
        .semmsl = READ_ONCE(ipc_settings.semaphores_in_set_max),
        .semopm = READ_ONCE(ipc_settings.semaphore_operations_max),
        .semume = SEMUME,
        .semusz = tells_use ? (int)semaphore_table.count : SEMUSZ,
        .semvmx = SEMVMX,
        .semaem = tells_use ? semaphores_in_all : SEMAEM,
    };
    mutex_unlock(&semaphore_table.mutex);
    return ipc_table_highest(&semaphore_table);
}

// The set, locked, for who may do that. 0, -EINVAL, -EACCES, -EIDRM.
static int set_lock(int id, unsigned wanted, struct semaphore_set **result) no_lock_analysis
{
    struct ipc_object *object;
    int error = ipc_table_lock_allowed(&semaphore_table, id, wanted, &object);
    if (error == 0) {
        *result = semaphore_set_of(object);
    }
    return error;
}

static int ask_locked(struct semaphore_set *set, unsigned number, int command)
{
    switch (command) {
    case GETVAL: return set->semaphores[number].value;
    case GETPID: return set->semaphores[number].last_user;
    case GETNCNT: return (int)semaphore_waits_locked(set, number, false);
    case GETZCNT: return (int)semaphore_waits_locked(set, number, true);
    default: return -EINVAL;
    }
}

long semaphore_ask(int id, int number, int command)
{
    struct semaphore_set *set;
    int result = set_lock(id, IPC_READ, &set);
    if (result != 0) {
        return result;
    }
    bool is_there = number >= 0 && (unsigned)number < set->count;
    result = is_there ? ask_locked(set, (unsigned)number, command) : -EINVAL;
    ipc_object_unlock_put(&set->object);
    return result;
}

long semaphore_count(int id, bool to_change)
{
    struct semaphore_set *set;
    int error = set_lock(id, to_change ? IPC_WRITE : IPC_READ, &set);
    if (error != 0) {
        return error;
    }
    unsigned count = set->count;
    ipc_object_unlock_put(&set->object);
    return count;
}

int semaphore_get_all(int id, uint16_t *values, unsigned count)
{
    struct semaphore_set *set;
    int error = set_lock(id, IPC_READ, &set);
    if (error != 0) {
        return error;
    }
    error = set->count == count ? 0 : -EIDRM;
    for (unsigned i = 0; i < count && error == 0; i++) {
        values[i] = (uint16_t)set->semaphores[i].value;
    }
    ipc_object_unlock_put(&set->object);
    return error;
}

// ---- setting and removing ---------------------------------------------------------------------------

static void set_one_locked(struct semaphore_set *set, unsigned number, int value)
{
    semaphore_undo_forget_locked(set, number);
    set->semaphores[number].value = value;
    set->semaphores[number].last_user = process_current()->id->number;
}

int semaphore_set_value(int id, int number, int value)
{
    struct ipc_object *object;
    if (value < 0 || value > SEMVMX) {
        return -ERANGE;
    }
    int error = ipc_table_lock_id(&semaphore_table, id, &object);
    if (error != 0) {
        return error;
    }
    struct semaphore_set *set = semaphore_set_of(object);
    bool is_there = number >= 0 && (unsigned)number < set->count;
    error = is_there ? ipc_object_check_locked(object, IPC_WRITE) : -EINVAL;
    if (error == 0) {
        set_one_locked(set, (unsigned)number, value);
        set->changed_at = ipc_now();
        semaphore_changed_locked(set, false);
    }
    ipc_object_unlock_put(object);
    return error;
}

int semaphore_set_all(int id, const uint16_t *values, unsigned count)
{
    struct semaphore_set *set;
    for (unsigned i = 0; i < count; i++) {
        if (values[i] > SEMVMX) {
            return -ERANGE;
        }
    }
    int error = set_lock(id, IPC_WRITE, &set);
    if (error != 0) {
        return error;
    }
    error = set->count == count ? 0 : -EIDRM;
    for (unsigned i = 0; i < count && error == 0; i++) {
        set_one_locked(set, i, values[i]);
    }
    if (error == 0) {
        set->changed_at = ipc_now();
        semaphore_changed_locked(set, false);
    }
    ipc_object_unlock_put(&set->object);
    return error;
}

int semaphore_set_owner(int id, const struct uapi_semid_ds *wanted)
{
    struct ipc_object *object;
    int error = ipc_table_lock_id(&semaphore_table, id, &object);
    if (error != 0) {
        return error;
    }
    error = ipc_object_check_owner_locked(object);
    error = error != 0 ? error : ipc_object_set_locked(object, &wanted->sem_perm);
    if (error == 0) {
        semaphore_set_of(object)->changed_at = ipc_now();
    }
    ipc_object_unlock_put(object);
    return error;
}

int semaphore_remove(int id)
{
    return ipc_table_remove(&semaphore_table, id, NULL);
}
