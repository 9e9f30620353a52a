// SEM_UNDO: what a process has to give back when it ends. Tasks that were made with CLONE_SYSVSEM have one list; the last of them to
// end adds each adjustment to its semaphore, within what a value may be, and wakes who can go on.
//
// Locks: the list's mutex (IPC_UNDO), then a set's. An undo belongs to its list; the set of a removed one stays, unused, until the
// list is walked the next time.
#include "ipc/semaphore_internal.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "process/process.h"

struct semaphore_undo_list {
    struct refcount references; // [a] one per task
    struct mutex mutex;         // rank IPC_UNDO
    struct list_head undos;     // [l] struct semaphore_undo
};

// ---- one undo -------------------------------------------------------------------------------------------

static size_t undo_bytes(const struct semaphore_set *set)
{
    return sizeof(struct semaphore_undo) + set->count * sizeof(int16_t);
}

static struct semaphore_undo *undo_create(struct semaphore_set *set)
{
    size_t bytes = undo_bytes(set);
    if (ipc_memory_charge(bytes) != 0) {
        return NULL;
    }
    struct semaphore_undo *undo = heap_alloc_zeroed(bytes);
    if (undo == NULL) {
        ipc_memory_uncharge(bytes);
        return NULL;
    }
    ipc_object_get(&set->object);
    undo->set = set;
    list_init(&undo->list_link);
    list_init(&undo->set_link);
    return undo;
}

// It is on no set's list any more.
static void undo_destroy(struct semaphore_undo *undo)
{
    assert(!list_is_linked(&undo->set_link));
    struct semaphore_set *set = undo->set;
    list_remove(&undo->list_link);
    ipc_memory_uncharge(undo_bytes(set));
    heap_free(undo);
    ipc_object_put(&set->object);
}

void semaphore_undo_forget_locked(struct semaphore_set *set, unsigned number)
{
    struct semaphore_undo *undo;
    assert(mutex_is_held(&set->object.mutex) && number < set->count);
    list_for_each_entry(undo, &set->undos, set_link) {
        undo->adjustments[number] = 0;
    }
}

// ---- a task's list --------------------------------------------------------------------------------------

// The current task's own, made where it has none yet. NULL: no memory.
static struct semaphore_undo_list *list_of(struct task *task)
{
    if (task->undo_list == NULL) {
        struct semaphore_undo_list *list = heap_alloc(sizeof(*list));
        if (list == NULL) {
            return NULL;
        }
        refcount_init(&list->references, 1);
        mutex_init(&list->mutex, LOCK_RANK_IPC_UNDO);
        list_init(&list->undos);
        task->undo_list = list;
    }
    return task->undo_list;
}

// Finds the set's undo; those of removed sets go on the way.
static struct semaphore_undo *list_find_locked(struct semaphore_undo_list *list,
                                               const struct semaphore_set *set)
{
    struct semaphore_undo *undo, *next, *found = NULL;
    list_for_each_entry_safe(undo, next, &list->undos, list_link) {
        struct ipc_object *object = &undo->set->object;
        mutex_lock(&object->mutex);
        bool is_removed = object->is_removed;
        if (is_removed) {
            list_remove(&undo->set_link);
        }
        mutex_unlock(&object->mutex);
        if (is_removed) {
            undo_destroy(undo);
        } else if (undo->set == set) {
            found = undo;
        }
    }
    return found;
}

// The list's mutex comes before the set's. The set may have been removed before it knows of the undo, and would then never take it off.
static int list_add_locked(struct semaphore_undo_list *list, struct semaphore_set *set,
                           struct semaphore_undo **result)
{
    struct semaphore_undo *undo = undo_create(set);
    if (undo == NULL) {
        return -ENOMEM;
    }
    list_add_tail(&list->undos, &undo->list_link);
    mutex_lock(&set->object.mutex);
    bool is_removed = set->object.is_removed;
    if (!is_removed) {
        list_add_tail(&set->undos, &undo->set_link);
    }
    mutex_unlock(&set->object.mutex);
    if (is_removed) {
        undo_destroy(undo);
        return -EIDRM;
    }
    *result = undo;
    return 0;
}

int semaphore_undo_find(struct semaphore_set *set, struct semaphore_undo **result)
{
    struct semaphore_undo_list *list = list_of(task_current());
    if (list == NULL) {
        return -ENOMEM;
    }
    mutex_lock(&list->mutex);
    struct semaphore_undo *found = list_find_locked(list, set);
    int error = found == NULL ? list_add_locked(list, set, &found) : 0;
    mutex_unlock(&list->mutex);
    if (error == 0) {
        *result = found;
    }
    return error;
}

// ---- sharing, and the end -----------------------------------------------------------------------------

int semaphore_undo_share(struct task *parent, struct task *child)
{
    struct semaphore_undo_list *list = list_of(parent);
    if (list == NULL) {
        return -ENOMEM;
    }
    refcount_get(&list->references);
    child->undo_list = list;
    return 0;
}

static void undo_apply_locked(struct semaphore_undo *undo, int process)
{
    struct semaphore_set *set = undo->set;
    for (unsigned i = 0; i < set->count; i++) {
        struct semaphore *semaphore = &set->semaphores[i];
        if (undo->adjustments[i] != 0) {
            semaphore->value = CLAMP(semaphore->value + undo->adjustments[i], 0, SEMVMX);
            semaphore->last_user = process;
        }
    }
    semaphore_changed_locked(set, true);
}

void semaphore_undo_leave(struct task *task)
{
    struct semaphore_undo_list *list = task->undo_list;
    task->undo_list = NULL;
    if (list == NULL || !refcount_put(&list->references)) {
        return;
    }
    int process = task->process->id->number;
    struct semaphore_undo *undo, *next;
    list_for_each_entry_safe(undo, next, &list->undos, list_link) {
        struct ipc_object *object = &undo->set->object;
        mutex_lock(&object->mutex);
        list_remove(&undo->set_link);
        if (!object->is_removed) {
            undo_apply_locked(undo, process);
        }
        mutex_unlock(&object->mutex);
        undo_destroy(undo);
    }
    heap_free(list);
}
