/*
 * The table of System V's objects: ids and keys, rights, removal while others hold on, and the places that are used again.
 *
 * host-sources: ipc/table.c ipc/object.c lib/radix.c
 * host-sources: scheduler/wait_queue.c scheduler/mutex.c scheduler/sleep.c scheduler/credentials.c
 * host-sources: memory/io_iter.c sync/spinlock.c sync/preempt.c sync/percpu.c sync/lock_debug.c sync/lock_graph.c
 */
#include "support.h"

#include "fake_floor.h"
#include "ipc/table.h"
#include "lib/errno.h"
#include "process/process.h"
#include "uapi/ipc.h"

#include <limits.h>

enum { OWNER = 1000, STRANGER = 2000, LIMIT = 100 };

struct thing {
    struct ipc_object object; // first
    int request;
};

static struct task task;
static struct credentials owner, stranger;
static struct ipc_table table;
static int limit, entered, removed, destroyed;
static bool goes_out_of_memory; // after an object was made

bool thread_is_task(const struct thread *thread)
{
    return thread == &task.thread;
}

size_t frame_total_count(void)
{
    return 4096;
}

static int thing_create(const void *request, struct ipc_object **result)
{
    struct thing *thing = heap_alloc_zeroed(sizeof(*thing));
    if (thing == NULL) {
        return -ENOMEM;
    }
    thing->request = *(const int *)request;
    memory_is_out = goes_out_of_memory;
    *result = &thing->object;
    return 0;
}

static int thing_check(const struct ipc_object *object, const void *request)
{
    return *(const int *)request > ((const struct thing *)object)->request ? -EINVAL : 0;
}

static void thing_entered(struct ipc_object *object)
{
    entered++;
}

static void thing_removed(struct ipc_object *object)
{
    removed++;
}

static void thing_destroy(struct ipc_object *object)
{
    destroyed++;
    heap_free(object);
}

static const struct ipc_table_ops ops = {
    .create = thing_create,
    .check = thing_check,
    .entered = thing_entered,
    .removed = thing_removed,
    .destroy = thing_destroy,
    .limit = &limit,
};

static int prepare(void **state)
{
    fake_floor_start();
    host_cpu_block.current = &task.thread;
    owner = (struct credentials){.euid = OWNER, .egid = OWNER};
    stranger = (struct credentials){.euid = STRANGER, .egid = STRANGER};
    task.credentials = &owner;
    limit = LIMIT;
    entered = removed = destroyed = 0;
    ipc_table_init(&table, &ops);
    return 0;
}

static int finish(void **state)
{
    ipc_table_clear(&table);
    assert_int_equal(ipc_table_count(&table), 0);
    assert_int_equal(entered, removed);
    assert_int_equal(entered, destroyed);
    assert_int_equal(live_objects, 0);
    return 0;
}

static long get(int key, int flags, int request)
{
    return ipc_table_get(&table,
                         &(struct ipc_get){.key = key, .flags = flags, .request = &request});
}

static int make(int mode)
{
    long id = get(IPC_PRIVATE, mode, 1);
    assert_true(id >= 0);
    return (int)id;
}

static int lock_and_put(int id, unsigned wanted)
{
    struct ipc_object *object = NULL;
    int error = ipc_table_lock_allowed(&table, id, wanted, &object);
    assert_int_equal(error == 0, object != NULL);
    if (error == 0) {
        assert_int_equal(object->id, id);
        ipc_object_unlock_put(object);
    }
    return error;
}

static void a_key_leads_to_one_object(void **state)
{
    assert_int_equal(get(7, 0600, 1), -ENOENT);
    long id = get(7, IPC_CREAT | 0600, 5);
    assert_true(id >= 0);
    assert_int_equal(get(7, 0600, 5), id);
    assert_int_equal(get(7, IPC_CREAT | 0600, 6), -EINVAL);
    assert_int_equal(get(7, IPC_CREAT | IPC_EXCL | 0600, 5), -EEXIST);
    assert_int_not_equal(get(8, IPC_CREAT | 0600, 5), id);
    assert_int_not_equal(make(0600), make(0600));
    assert_int_equal(ipc_table_remove(&table, (int)id, NULL), 0);
    assert_int_equal(get(7, 0600, 1), -ENOENT);
}

static void rights_decide_who_gets_it_locked(void **state)
{
    int id = make(0640);
    assert_int_equal(lock_and_put(id, IPC_READ | IPC_WRITE), 0);
    task.credentials = &stranger;
    assert_int_equal(lock_and_put(id, IPC_READ), -EACCES);
    assert_int_equal(lock_and_put(id, 0), 0);
    stranger.fsgid = OWNER;
    assert_int_equal(lock_and_put(id, IPC_READ), 0);
    assert_int_equal(lock_and_put(id, IPC_READ | IPC_WRITE), -EACCES);
    assert_int_equal(ipc_table_remove(&table, id, NULL), -EPERM);
    task.credentials = &owner;
}

static void status_is_told_by_id_or_place(void **state)
{
    struct ipc_object *object;
    int id = make(0600);
    assert_int_equal(ipc_table_lock_stat(&table, id, IPC_STAT_ID, &object), 0);
    ipc_object_unlock_put(object);
    assert_int_equal(ipc_table_lock_stat(&table, 0, IPC_STAT_PLACE, &object), id);
    ipc_object_unlock_put(object);
    assert_int_equal(ipc_table_lock_stat(&table, 1, IPC_STAT_PLACE, &object), -EINVAL);
    task.credentials = &stranger;
    assert_int_equal(ipc_table_lock_stat(&table, id, IPC_STAT_ID, &object), -EACCES);
    assert_int_equal(ipc_table_lock_stat(&table, 0, IPC_STAT_PLACE, &object), -EACCES);
    assert_int_equal(ipc_table_lock_stat(&table, 0, IPC_STAT_ANY_PLACE, &object), id);
    ipc_object_unlock_put(object);
    task.credentials = &owner;
}

static void numbers_that_lead_nowhere_are_refused(void **state)
{
    static const int wrong[] = {-1, INT_MIN, INT_MAX, IPC_PLACES, 5, 1 << IPC_PLACE_BITS};
    (void)make(0600);
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        assert_int_equal(lock_and_put(wrong[i], 0), -EINVAL);
        assert_int_equal(ipc_table_remove(&table, wrong[i], NULL), -EINVAL);
    }
}

/* Who holds it keeps its memory, and finds it removed when it looks again. */
static void a_removed_object_stays_for_its_holders(void **state)
{
    struct ipc_object *object;
    int id = make(0600);
    assert_int_equal(ipc_table_lock_id(&table, id, &object), 0);
    mutex_unlock(&object->mutex);
    assert_int_equal(ipc_table_remove(&table, id, NULL), 0);
    assert_int_equal(removed, 1);
    assert_int_equal(destroyed, 0);
    assert_true(object->is_removed);
    assert_int_equal(lock_and_put(id, 0), -EINVAL);
    ipc_object_put(object);
    assert_int_equal(destroyed, 1);
}

/* A place comes round again under another id, so that an old id does not lead to a new object. */
static void places_come_round_under_other_ids(void **state)
{
    int first = make(0600), id = first;
    for (int round = 0; round < 1000; round++) {
        int old = id;
        assert_int_equal(ipc_table_remove(&table, old, NULL), 0);
        id = make(0600);
        assert_int_not_equal(id, old);
        assert_int_not_equal(id, first);
        assert_int_equal(lock_and_put(old, 0), -EINVAL);
        assert_int_equal(lock_and_put(id, 0), 0);
    }
}

static void limits_and_lack_of_memory_are_told(void **state)
{
    for (int i = 0; i < LIMIT; i++) {
        (void)make(0600);
    }
    assert_int_equal(get(IPC_PRIVATE, 0600, 1), -ENOSPC);
    assert_int_equal(ipc_table_highest(&table), LIMIT - 1);
    ipc_table_clear(&table);
    assert_int_equal(ipc_table_highest(&table), 0);
    memory_is_out = true;
    assert_int_equal(get(9, IPC_CREAT | 0600, 1), -ENOMEM);
    memory_is_out = false;
    destroyed = removed = entered = 0;
    goes_out_of_memory = true; /* there is an object, but no room in the table for it */
    assert_int_equal(get(9, IPC_CREAT | 0600, 1), -ENOMEM);
    goes_out_of_memory = memory_is_out = false;
    assert_int_equal(destroyed, 1);
    assert_int_equal(entered, 0);
    destroyed = 0;
    assert_int_equal(ipc_table_count(&table), 0);
    assert_int_equal(get(9, 0600, 1), -ENOENT);
    assert_true(get(9, IPC_CREAT | 0600, 1) >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_leads_to_one_object, prepare, finish),
        cmocka_unit_test_setup_teardown(rights_decide_who_gets_it_locked, prepare, finish),
        cmocka_unit_test_setup_teardown(status_is_told_by_id_or_place, prepare, finish),
        cmocka_unit_test_setup_teardown(numbers_that_lead_nowhere_are_refused, prepare, finish),
        cmocka_unit_test_setup_teardown(a_removed_object_stays_for_its_holders, prepare, finish),
        cmocka_unit_test_setup_teardown(places_come_round_under_other_ids, prepare, finish),
        cmocka_unit_test_setup_teardown(limits_and_lack_of_memory_are_told, prepare, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
