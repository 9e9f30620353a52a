/*
 * Credentials: copies, references, and membership.
 *
 * host-sources: scheduler/credentials.c
 */
#include "support.h"

#include "memory/heap.h"
#include "scheduler/credentials.h"
#include "uapi/capability.h"

static int live_blocks;
static bool memory_is_out;

void *heap_alloc_zeroed(size_t bytes)
{
    if (memory_is_out) {
        return NULL;
    }
    live_blocks++;
    return calloc(1, bytes);
}

void heap_free(void *pointer)
{
    live_blocks--;
    free(pointer);
}

static struct credentials *with_groups(const uint32_t *groups, uint32_t count)
{
    struct credentials *made = credentials_copy(&credentials_root, count);
    assert_non_null(made);
    for (uint32_t i = 0; i < count; i++) {
        made->groups[i] = groups[i];
    }
    return made;
}

static void root_has_every_capability_and_no_more(void **state)
{
    for (unsigned capability = 0; capability <= CAP_LAST_CAP; capability++) {
        assert_true(credentials_can(&credentials_root, capability));
    }
    assert_false(credentials_can(&credentials_root, CAP_LAST_CAP + 1));
    assert_false(credentials_can(&credentials_root, 200));
}

static void a_copy_keeps_the_groups_that_fit(void **state)
{
    const uint32_t groups[] = {10, 20, 30};
    struct credentials *source = with_groups(groups, 3);
    struct credentials *smaller = credentials_copy(source, 2);
    struct credentials *larger = credentials_copy(source, 5);
    assert_int_equal(smaller->group_count, 2);
    assert_int_equal(smaller->groups[1], 20);
    assert_int_equal(larger->group_count, 5);
    assert_int_equal(larger->groups[2], 30);
    assert_int_equal(larger->groups[4], 0);
    credentials_put(source);
    credentials_put(smaller);
    credentials_put(larger);
    assert_int_equal(live_blocks, 0);
}

static void membership_looks_at_fsgid_and_all_groups(void **state)
{
    const uint32_t groups[] = {2, 3, 5, 7, 11, 4000000000u};
    struct credentials *made = with_groups(groups, 6);
    made->fsgid = 100;
    for (size_t i = 0; i < 6; i++) {
        assert_true(credentials_in_group(made, groups[i]));
    }
    assert_true(credentials_in_group(made, 100));
    assert_false(credentials_in_group(made, 4));
    assert_false(credentials_in_group(made, 0));
    assert_false(credentials_in_group(made, 12));
    assert_false(credentials_in_group(made, UINT32_MAX));
    credentials_put(made);
}

static void the_last_put_frees(void **state)
{
    struct credentials *made = with_groups(NULL, 0);
    assert_ptr_equal(credentials_get(made), made);
    credentials_put(made);
    assert_int_equal(live_blocks, 1);
    credentials_put(made);
    assert_int_equal(live_blocks, 0);
}

static void no_memory_is_told(void **state)
{
    memory_is_out = true;
    assert_null(credentials_copy(&credentials_root, 4));
    memory_is_out = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(root_has_every_capability_and_no_more),
        cmocka_unit_test(a_copy_keeps_the_groups_that_fit),
        cmocka_unit_test(membership_looks_at_fsgid_and_all_groups),
        cmocka_unit_test(the_last_put_frees),
        cmocka_unit_test(no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
