// semop: operations on a set, all of them at once or none; waiting until that is possible.
//
// Who waits stands in one of two lists, in the order of coming. After every change those who only watch for zeros are looked at first,
// then those who would change something; each that can go on is completed on the spot, by who made the change. So a late small wish
// may pass an early large one, and nobody who was completed has to compete for it again: Linux's order.
#include "ipc/semaphore_internal.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "process/process.h"

// ---- one set of operations ----------------------------------------------------------------------------

// 0, SEMAPHORE_BLOCKED, -ERANGE.
static int apply_one_locked(struct semaphore_set *set, const struct semaphore_wait *wait,
                            const struct uapi_sembuf *operation)
{
    struct semaphore *semaphore = &set->semaphores[operation->sem_num];
    int change = operation->sem_op;
    int value = semaphore->value + change;
    if ((change == 0 && semaphore->value != 0) || value < 0) {
        return SEMAPHORE_BLOCKED;
    }
    if (value > SEMVMX) {
        return -ERANGE;
    }
    if ((operation->sem_flg & SEM_UNDO) != 0) {
        int adjustment = wait->undo->adjustments[operation->sem_num] - change;
        if (adjustment < -SEMAEM - 1 || adjustment > SEMAEM) {
            return -ERANGE;
        }
        wait->undo->adjustments[operation->sem_num] = (int16_t)adjustment;
    }
    semaphore->value = value;
    return 0;
}

static void take_back_locked(struct semaphore_set *set, const struct semaphore_wait *wait,
                             const struct uapi_sembuf *operation)
{
    set->semaphores[operation->sem_num].value -= operation->sem_op;
    if ((operation->sem_flg & SEM_UNDO) != 0) {
        int16_t *adjustment = &wait->undo->adjustments[operation->sem_num];
        *adjustment = (int16_t)(*adjustment + operation->sem_op);
    }
}

// All of the operations, or none. 0, SEMAPHORE_BLOCKED, -EAGAIN (blocked, with IPC_NOWAIT), -ERANGE.
static int perform_locked(struct semaphore_set *set, struct semaphore_wait *wait)
{
    assert(mutex_is_held(&set->object.mutex) && !set->object.is_removed);
    int result = 0;
    unsigned done = 0;
    while (done < wait->count && result == 0) {
        result = apply_one_locked(set, wait, &wait->operations[done]);
        done += result == 0 ? 1 : 0;
    }
    if (result == 0) {
        for (unsigned i = 0; i < wait->count; i++) {
            set->semaphores[wait->operations[i].sem_num].last_user = wait->process;
        }
        return 0;
    }
    wait->blocking = &wait->operations[done];
    bool may_wait = (wait->blocking->sem_flg & IPC_NOWAIT) == 0;
    while (done > 0) {
        take_back_locked(set, wait, &wait->operations[--done]);
    }
    return result == SEMAPHORE_BLOCKED && !may_wait ? -EAGAIN : result;
}

// ---- who waits ------------------------------------------------------------------------------------------

// True: somebody went on.
static bool complete_watchers_locked(struct semaphore_set *set)
{
    struct semaphore_wait *wait, *next;
    bool has_completed = false;
    list_for_each_entry_safe(wait, next, &set->watchers, sleeper.link) {
        int result = perform_locked(set, wait);
        if (result != SEMAPHORE_BLOCKED) {
            ipc_sleeper_wake_locked(&wait->sleeper, result);
            has_completed = has_completed || result == 0;
        }
    }
    return has_completed;
}

// Completes changers up to the first whose change may let an earlier one go on: then true, and the caller starts over. Simple ones
// that slept only take, which helps nobody.
static bool complete_changers_locked(struct semaphore_set *set, bool *has_operated)
{
    struct semaphore_wait *wait, *next;
    list_for_each_entry_safe(wait, next, &set->changers, sleeper.link) {
        int result = perform_locked(set, wait);
        if (result == SEMAPHORE_BLOCKED) {
            continue;
        }
        bool may_help = result == 0 && (set->complex_waits > 0 || wait->count > 1);
        ipc_sleeper_wake_locked(&wait->sleeper, result);
        if (result == 0) {
            *has_operated = true;
            complete_watchers_locked(set);
        }
        if (may_help) {
            return true;
        }
    }
    return false;
}

void semaphore_changed_locked(struct semaphore_set *set, bool has_operated)
{
    assert(mutex_is_held(&set->object.mutex));
    if (complete_watchers_locked(set)) {
        has_operated = true;
    }
    while (complete_changers_locked(set, &has_operated)) {}
    if (has_operated) {
        set->operated_at = ipc_now();
    }
}

void semaphore_wake_all_locked(struct semaphore_set *set, int result)
{
    struct semaphore_wait *wait, *next;
    list_for_each_entry_safe(wait, next, &set->watchers, sleeper.link) {
        ipc_sleeper_wake_locked(&wait->sleeper, result);
    }
    list_for_each_entry_safe(wait, next, &set->changers, sleeper.link) {
        ipc_sleeper_wake_locked(&wait->sleeper, result);
    }
}

// A wait counts for the one semaphore that it cannot go past.
static unsigned count_waits(struct list_head *list, unsigned number, bool for_zero)
{
    struct semaphore_wait *wait;
    unsigned count = 0;
    list_for_each_entry(wait, list, sleeper.link) {
        bool is_wanted = for_zero ? wait->blocking->sem_op == 0 : wait->blocking->sem_op < 0;
        count += wait->blocking->sem_num == number && is_wanted ? 1 : 0;
    }
    return count;
}

unsigned semaphore_waits_locked(struct semaphore_set *set, unsigned number, bool for_zero)
{
    return count_waits(&set->watchers, number, for_zero) +
           count_waits(&set->changers, number, for_zero);
}

// ---- the call -------------------------------------------------------------------------------------------

// Until somebody completes it. Who has been completed counts as waiting until it runs, which only makes others look once more.
static int wait_locked(struct semaphore_set *set, struct semaphore_wait *wait, uint64_t deadline_ns)
{
    unsigned complex = wait->count > 1 ? 1 : 0;
    list_add_tail(wait->is_change ? &set->changers : &set->watchers, &wait->sleeper.link);
    set->complex_waits += complex;
    int result = ipc_sleep_locked(&wait->sleeper, &set->object.mutex, deadline_ns);
    set->complex_waits -= complex;
    if (result == -ERESTARTSYS) {
        return -EINTR;
    }
    return result == -ETIMEDOUT ? -EAGAIN : result;
}

static int operate_locked(struct semaphore_set *set, struct semaphore_wait *wait,
                          uint64_t deadline_ns)
{
    int result = perform_locked(set, wait);
    if (result == SEMAPHORE_BLOCKED) {
        return wait_locked(set, wait, deadline_ns);
    }
    if (result == 0 && wait->is_change) {
        semaphore_changed_locked(set, true);
    } else if (result == 0) {
        set->operated_at = ipc_now();
    }
    return result;
}

// What may not be, before any operation is tried.
static int check_operations_locked(const struct semaphore_set *set,
                                   const struct semaphore_wait *wait)
{
    for (unsigned i = 0; i < wait->count; i++) {
        if (wait->operations[i].sem_num >= set->count) {
            return -EFBIG;
        }
    }
    return ipc_object_check_locked(&set->object, wait->is_change ? IPC_WRITE : IPC_READ);
}

static bool any_operation(const struct semaphore_wait *wait, bool is_undone)
{
    for (unsigned i = 0; i < wait->count; i++) {
        const struct uapi_sembuf *operation = &wait->operations[i];
        if (is_undone ? (operation->sem_flg & SEM_UNDO) != 0 : operation->sem_op != 0) {
            return true;
        }
    }
    return false;
}

int semaphore_operate(int id, const struct uapi_sembuf *operations, unsigned count,
                      uint64_t deadline_ns) no_lock_analysis
{
    struct semaphore_wait wait = {
        .operations = operations,
        .count = count,
        .process = process_current()->id->number,
    };
    struct ipc_object *object;
    ipc_sleeper_init(&wait.sleeper);
    wait.is_change = any_operation(&wait, false);
    int error = ipc_table_lock_id(&semaphore_table, id, &object);
    if (error != 0) {
        return error;
    }
    struct semaphore_set *set = semaphore_set_of(object);
    if (any_operation(&wait, true)) {
        mutex_unlock(&object->mutex);
        error = semaphore_undo_find(set, &wait.undo);
        mutex_lock(&object->mutex);
    }
    if (error == 0) {
        error = object->is_removed ? -EIDRM : check_operations_locked(set, &wait);
    }
    error = error != 0 ? error : operate_locked(set, &wait, deadline_ns);
    ipc_object_unlock_put(object);
    return error;
}
