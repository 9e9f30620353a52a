/*
 * SEM_UNDO: what System V semaphores get back at the end of a process, of a thread among others, and at execve and unshare.
 */
#include "sysv_semaphores.h"

#include <pthread.h>
#include <sched.h>

TEST(the_end_of_a_process_undoes)
{
    waited_id = make_set(2);
    set_value(waited_id, 0, 5);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(operate(waited_id, 0, -2, SEM_UNDO));
        CHECK_OK(operate(waited_id, 0, -1, 0));
        CHECK_OK(operate(waited_id, 1, 3, SEM_UNDO));
        CHECK_EQUAL(get_value(waited_id, 0), 2);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(get_value(waited_id, 0), 4);
    CHECK_EQUAL(get_value(waited_id, 1), 0);
    CHECK_EQUAL(semctl(waited_id, 0, GETPID), child);
    child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(operate(waited_id, 1, 3, SEM_UNDO));
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(get_value(waited_id, 1), 0);
    remove_set(waited_id);
}

TEST(an_undo_stays_within_bounds_and_wakes)
{
    waited_id = make_set(1);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(operate(waited_id, 0, 3, SEM_UNDO));
        CHECK_OK(operate(waited_id, 0, -2, 0));
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(get_value(waited_id, 0), 0);
    set_value(waited_id, 0, 1);
    pid_t holder = CHECK_OK(fork());
    if (holder == 0) {
        CHECK_OK(operate(waited_id, 0, -1, SEM_UNDO));
        wait_for_sleepers(waited_id, 0, GETNCNT, 1);
        raise(SIGKILL);
    }
    while (get_value(waited_id, 0) != 0) {
        sleep_ms(2);
    }
    pid_t waiter = start_waiter(0, -1, 0);
    CHECK_KILLED(holder, SIGKILL);
    CHECK_EXITED(waiter, 0);
    remove_set(waited_id);
}

TEST(setting_a_value_forgets_undoing)
{
    waited_id = make_set(2);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        struct sembuf both[] = {{0, 2, SEM_UNDO}, {1, 2, SEM_UNDO}};
        CHECK_OK(semop(waited_id, both, 2));
        set_value(waited_id, 0, 7);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(get_value(waited_id, 0), 7);
    CHECK_EQUAL(get_value(waited_id, 1), 0);
    remove_set(waited_id);
}

TEST(an_undo_has_a_range)
{
    int id = make_set(1);
    CHECK_OK(operate(id, 0, 32767, SEM_UNDO));
    CHECK_OK(operate(id, 0, -32767, 0));
    CHECK_OK(operate(id, 0, 1, SEM_UNDO));
    CHECK_ERRNO(operate(id, 0, 1, SEM_UNDO), ERANGE);
    CHECK_EQUAL(get_value(id, 0), 1);
    remove_set(id);
}

static void *operate_with_undo(void *argument)
{
    (void)argument;
    CHECK_OK(operate(waited_id, 0, 1, SEM_UNDO));
    return NULL;
}

/* What a process does with a new semaphore is undone at its end. */
static void check_is_undone(void (*run)(void))
{
    waited_id = make_set(1);
    CHECK_IN_CHILD(run);
    CHECK_EQUAL(get_value(waited_id, 0), 0);
    remove_set(waited_id);
}

static void change_in_a_thread(void)
{
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, operate_with_undo, NULL), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    sleep_ms(30);
    CHECK_EQUAL(get_value(waited_id, 0), 1);
}

TEST(threads_undo_together)
{
    check_is_undone(change_in_a_thread);
}

static void change_around_unshare(void)
{
    CHECK_OK(operate(waited_id, 0, 4, SEM_UNDO));
    CHECK_OK(unshare(CLONE_SYSVSEM));
    CHECK_EQUAL(get_value(waited_id, 0), 0);
    CHECK_OK(operate(waited_id, 0, 1, SEM_UNDO));
}

TEST(unshare_undoes)
{
    check_is_undone(change_around_unshare);
}

int check_reexec(int argc, char **argv)
{
    (void)argc;
    return get_value(atoi(argv[2]), 0) == 2 ? 0 : 1;
}

TEST(execve_keeps_what_is_to_be_undone)
{
    waited_id = make_set(1);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        char number[16];
        snprintf(number, sizeof(number), "%d", waited_id);
        CHECK_OK(operate(waited_id, 0, 2, SEM_UNDO));
        execl("/proc/self/exe", "self", "@held", number, NULL);
        _exit(2);
    }
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(get_value(waited_id, 0), 0);
    remove_set(waited_id);
}

TEST(many_removed_sets_are_forgotten)
{
    for (int i = 0; i < 50; i++) {
        int id = make_set(10);
        CHECK_OK(operate(id, 3, 1, SEM_UNDO));
        remove_set(id);
        CHECK_ERRNO(operate(id, 3, 1, SEM_UNDO), EINVAL);
    }
}
