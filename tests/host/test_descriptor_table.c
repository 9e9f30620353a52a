/*
 * Descriptor tables against a plain array: lowest free number, growth, copies, close-on-exec, what is kept for readers under RCU, and
 * that every reference comes back.
 *
 * host-sources: process/descriptor_table.c process/descriptor_change.c lib/bitmap.c
 * host-sources: sync/spinlock.c sync/preempt.c sync/percpu.c sync/lock_debug.c sync/lock_graph.c
 */
#include "support.h"

#include "file/file_lock.h"
#include "lib/errno.h"
#include "memory/heap.h"
#include "memory/kernel_map.h"
#include "process/descriptor_table.h"

static int live_objects;

void slab_cache_init(struct slab_cache *cache, const char *name, size_t bytes, size_t alignment)
{
    cache->object_bytes = (uint32_t)bytes;
}

void *slab_alloc_zeroed(struct slab_cache *cache)
{
    live_objects++;
    return calloc(1, cache->object_bytes);
}

void slab_free(struct slab_cache *cache, void *object)
{
    live_objects--;
    free(object);
}

void *heap_alloc_zeroed(size_t bytes)
{
    live_objects++;
    return calloc(1, bytes);
}

void heap_free(void *pointer)
{
    live_objects--;
    free(pointer);
}

void *kernel_map_alloc(size_t bytes)
{
    return heap_alloc_zeroed(bytes);
}

void kernel_map_free(void *pointer)
{
    heap_free(pointer);
}

struct open_file *open_file_get(struct open_file *file)
{
    refcount_get(&file->references);
    return file;
}

void open_file_put(struct open_file *file)
{
    bool is_last = refcount_put(&file->references);
    assert_false(is_last);
}

static struct rcu_head *deferred;
static int deferred_count;

void rcu_defer(struct rcu_head *head, void (*run)(struct rcu_head *head))
{
    head->run = run;
    head->next = deferred;
    deferred = head;
    deferred_count++;
}

static void end_grace_period(void)
{
    assert_int_equal(host_cpu_block.preempt_count, 0);
    while (deferred != NULL) {
        struct rcu_head *head = deferred;
        deferred = head->next;
        head->run(head);
    }
}

void open_file_expect_late_readers(struct open_file *file)
{
    file->has_late_readers = true;
}

static int closes;
static struct file_locks *some_locks = (struct file_locks *)&closes; /* only looked at */

void file_lock_release_owner(struct open_file *file, void *owner)
{
    closes++;
}

enum { FILES = 16, NUMBERS = 600, LIMIT = 500 };

static const struct file_ops ops;
static struct open_file files[FILES];
static struct descriptor_table *table;

static int start(void **state)
{
    live_objects = 0;
    closes = 0;
    for (int i = 0; i < FILES; i++) {
        files[i] = (struct open_file){.ops = &ops, .locks = &some_locks};
        refcount_init(&files[i].references, 1);
    }
    deferred_count = 0;
    descriptor_table_init();
    table = descriptor_table_create();
    return table == NULL;
}

static int stop(void **state)
{
    descriptor_table_leave(table);
    end_grace_period();
    for (int i = 0; i < FILES; i++) {
        if (refcount_read(&files[i].references) != 1) {
            return 1;
        }
    }
    return live_objects;
}

static int install(int file, int minimum, bool close_on_exec)
{
    int number =
        descriptor_install(table, open_file_get(&files[file]), minimum, close_on_exec, LIMIT);
    if (number < 0) {
        open_file_put(&files[file]);
    }
    return number;
}

static void the_lowest_free_number_is_given(void **state)
{
    assert_int_equal(install(0, 0, false), 0);
    assert_int_equal(install(1, 0, false), 1);
    assert_int_equal(install(2, 10, false), 10);
    assert_int_equal(install(3, 0, false), 2);
    assert_int_equal(descriptor_close(table, 1), 0);
    assert_int_equal(descriptor_close(table, 1), -EBADF);
    assert_int_equal(install(4, 0, false), 1);
    assert_int_equal(closes, 1);
}

static void a_reserved_number_is_nobody_elses_until_it_is_filled(void **state)
{
    assert_int_equal(descriptor_reserve(table, 0, LIMIT), 0);
    assert_int_equal(install(0, 0, false), 1);
    assert_int_equal(descriptor_reserve(table, 0, 2), -EMFILE);
    assert_int_equal(descriptor_next(table, 0), 1);
    assert_int_equal(descriptor_close(table, 0), -EBADF);
    assert_int_equal(descriptor_set_flag(table, 0, true), -EBADF);
    assert_null(descriptor_get(table, 0));
    assert_int_equal(descriptor_install_at(table, &files[1], 0, false, LIMIT), -EBUSY);
    struct descriptor_table *copy = descriptor_table_copy(table);
    assert_non_null(copy);
    assert_int_equal(descriptor_reserve(copy, 0, LIMIT), 0);
    descriptor_cancel(copy, 0);
    descriptor_table_leave(copy);
    descriptor_fill(table, 0, open_file_get(&files[2]), true);
    assert_int_equal(descriptor_get_flag(table, 0), FD_CLOEXEC);
}

static void a_cancelled_number_is_given_again(void **state)
{
    for (int i = 0; i < LIMIT; i++) {
        assert_int_equal(descriptor_reserve(table, 0, LIMIT), i);
    }
    assert_int_equal(descriptor_reserve(table, 0, LIMIT), -EMFILE);
    descriptor_cancel(table, 300);
    descriptor_cancel(table, 77);
    assert_int_equal(install(0, 0, false), 77);
    assert_int_equal(install(0, 0, false), 300);
    descriptor_close_range(table, 0, DESCRIPTORS_MAX - 1, false);
    for (int i = 0; i < LIMIT; i++) {
        if (i != 77 && i != 300) {
            descriptor_cancel(table, i);
        }
    }
}

static void the_limit_holds_and_the_table_grows_up_to_it(void **state)
{
    for (int i = 0; i < LIMIT; i++) {
        assert_int_equal(install(i % FILES, 0, false), i);
    }
    assert_int_equal(install(0, 0, false), -EMFILE);
    assert_true(descriptor_capacity(table) >= LIMIT);
    assert_int_equal(descriptor_install_at(table, &files[0], LIMIT, false, LIMIT), -EBADF);
    assert_int_equal(descriptor_install_at(table, &files[0], -1, false, LIMIT), -EBADF);
}

static void a_copy_holds_its_own_references(void **state)
{
    for (int i = 0; i < 100; i++) {
        assert_int_equal(install(i % FILES, 0, i % 3 == 0), i);
    }
    struct descriptor_table *copy = descriptor_table_copy(table);
    assert_non_null(copy);
    for (int i = 0; i < 100; i++) {
        struct open_file *file = descriptor_get(copy, i);
        assert_ptr_equal(file, &files[i % FILES]);
        open_file_put(file);
        assert_int_equal(descriptor_get_flag(copy, i), i % 3 == 0 ? FD_CLOEXEC : 0);
    }
    descriptor_close_on_exec(copy);
    assert_int_equal(descriptor_get_flag(copy, 3), -EBADF);
    assert_int_equal(descriptor_get_flag(table, 3), FD_CLOEXEC);
    assert_int_equal(descriptor_next(copy, 0), 1);
    descriptor_table_leave(copy);
}

static void borrowing_takes_a_reference_only_from_a_shared_table(void **state)
{
    struct descriptor_use use;
    assert_int_equal(install(5, 0, false), 0);
    assert_true(descriptor_borrow(table, 0, &use));
    assert_false(use.is_referenced);
    descriptor_release(&use);
    descriptor_table_join(table);
    assert_true(descriptor_borrow(table, 0, &use));
    assert_true(use.is_referenced);
    assert_int_equal(refcount_read(&files[5].references), 3);
    descriptor_release(&use);
    descriptor_table_leave(table);
    assert_false(descriptor_borrow(table, 7, &use));
    assert_false(descriptor_borrow(table, -1, &use));
    assert_false(descriptor_borrow(table, 1 << 30, &use));
}

static void a_table_that_is_shared_keeps_what_its_readers_may_have(void **state)
{
    assert_int_equal(install(0, 0, false), 0);
    assert_int_equal(install(1, 100, false), 100);
    assert_int_equal(install(1, 200, false), 200);
    assert_int_equal(deferred_count, 0); /* the task's alone: the old array went at once */
    assert_int_equal(descriptor_close(table, 100), 0);
    assert_false(files[1].has_late_readers);

    descriptor_table_join(table);
    int live = live_objects;
    assert_int_equal(install(2, 400, false), 400);
    assert_int_equal(deferred_count, 1);
    assert_int_equal(live_objects, live + 1);
    end_grace_period();
    assert_int_equal(live_objects, live);
    assert_int_equal(descriptor_close(table, 200), 0);
    assert_true(files[1].has_late_readers);
    assert_int_equal(descriptor_install_at(table, open_file_get(&files[3]), 0, false, LIMIT), 0);
    assert_true(files[0].has_late_readers);
    descriptor_table_leave(table);

    assert_int_equal(descriptor_close(table, 400), 0);
    assert_false(files[2].has_late_readers);
}

static void a_look_into_another_table_takes_a_reference(void **state)
{
    assert_int_equal(install(4, 0, false), 0);
    struct open_file *file = descriptor_get_foreign(table, 0);
    assert_ptr_equal(file, &files[4]);
    assert_int_equal(refcount_read(&files[4].references), 3);
    open_file_put(file);
    assert_null(descriptor_get_foreign(table, 1));
    assert_null(descriptor_get_foreign(table, -1));
    assert_true(descriptor_is_file(table, 0, &files[4]));
    assert_false(descriptor_is_file(table, 0, &files[5]));
    assert_false(descriptor_is_file(table, 1 << 20, &files[4]));
}

static void who_only_looks_shares_nothing(void **state)
{
    struct descriptor_use use;
    struct descriptor_table *left = descriptor_table_create();
    assert_non_null(left);
    assert_int_equal(descriptor_install(left, open_file_get(&files[6]), 3, false, LIMIT), 3);
    descriptor_table_get(left);
    assert_false(descriptor_table_is_shared(left));
    assert_true(descriptor_borrow(left, 3, &use));
    assert_false(use.is_referenced);
    descriptor_release(&use);

    descriptor_table_leave(left);
    assert_int_equal(closes, 1);
    assert_int_equal(refcount_read(&files[6].references), 1);
    assert_null(descriptor_get_foreign(left, 3));
    assert_int_equal(descriptor_next(left, 0), -1);
    descriptor_table_put(left);
}

static void random_use_agrees_with_an_array(void **state)
{
    int model[NUMBERS];
    uint64_t seed = 3;
    memset(model, 0xff, sizeof(model));
    for (int round = 0; round < 30000; round++) {
        int number = (int)(test_random(&seed) % LIMIT), file = (int)(test_random(&seed) % FILES);
        int lowest = number;
        switch (test_random(&seed) % 4) {
        case 0:
            while (lowest < LIMIT && model[lowest] >= 0) {
                lowest++;
            }
            assert_int_equal(install(file, number, false), lowest < LIMIT ? lowest : -EMFILE);
            if (lowest < LIMIT) {
                model[lowest] = file;
            }
            break;
        case 1:
            assert_int_equal(
                descriptor_install_at(table, open_file_get(&files[file]), number, true, LIMIT),
                number);
            model[number] = file;
            break;
        case 2:
            assert_int_equal(descriptor_close(table, number), model[number] >= 0 ? 0 : -EBADF);
            model[number] = -1;
            break;
        default: {
            struct descriptor_use use;
            assert_int_equal(descriptor_borrow(table, number, &use), model[number] >= 0);
            if (model[number] >= 0) {
                assert_ptr_equal(use.file, &files[model[number]]);
                descriptor_release(&use);
            }
            break;
        }
        }
    }
    descriptor_close_range(table, 100, 200, false);
    int next = descriptor_next(table, 100);
    assert_true(next < 0 || next > 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_lowest_free_number_is_given, start, stop),
        cmocka_unit_test_setup_teardown(a_reserved_number_is_nobody_elses_until_it_is_filled, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_cancelled_number_is_given_again, start, stop),
        cmocka_unit_test_setup_teardown(the_limit_holds_and_the_table_grows_up_to_it, start, stop),
        cmocka_unit_test_setup_teardown(a_copy_holds_its_own_references, start, stop),
        cmocka_unit_test_setup_teardown(borrowing_takes_a_reference_only_from_a_shared_table, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_table_that_is_shared_keeps_what_its_readers_may_have,
                                        start, stop),
        cmocka_unit_test_setup_teardown(a_look_into_another_table_takes_a_reference, start, stop),
        cmocka_unit_test_setup_teardown(who_only_looks_shares_nothing, start, stop),
        cmocka_unit_test_setup_teardown(random_use_agrees_with_an_array, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
