/*
 * System V semaphores: sets by key and id, operations that happen together or not at all, waiting, removal, rights, and what is told
 * of them. What is undone at the end of a process: sysv_undo.c.
 */
#include "sysv_semaphores.h"

#define SEM_STAT_BY_ANYBODY 20

static void ignore_signal(int signal)
{
    (void)signal;
}

TEST(a_key_leads_to_one_set)
{
    key_t key = own_key(11);
    CHECK_ERRNO(semget(key, 3, 0600), ENOENT);
    CHECK_ERRNO(semget(key, 0, IPC_CREAT | 0600), EINVAL);
    int id = CHECK_OK(semget(key, 3, IPC_CREAT | 0640));
    CHECK_EQUAL(semget(key, 0, 0), id);
    CHECK_EQUAL(semget(key, 3, IPC_CREAT), id);
    CHECK_ERRNO(semget(key, 4, 0), EINVAL);
    CHECK_ERRNO(semget(key, 3, IPC_CREAT | IPC_EXCL), EEXIST);
    CHECK_ERRNO(semget(key, -1, 0), EINVAL);
    CHECK_ERRNO(semget(key, 32001, 0), EINVAL);
    struct semid_ds status = status_of(id);
    CHECK_EQUAL(status.sem_nsems, 3);
    CHECK_EQUAL(status.sem_perm.mode, 0640);
    CHECK_EQUAL(status.sem_perm.__ipc_perm_key, key);
    CHECK_EQUAL(status.sem_otime, 0);
    CHECK(status.sem_ctime >= time(NULL) - 2);
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(get_value(id, i), 0);
        CHECK_EQUAL(semctl(id, i, GETPID), 0);
    }
    remove_set(id);
    CHECK_ERRNO(semctl(id, 0, GETVAL), EINVAL);
}

TEST(values_are_set_and_read)
{
    unsigned short values[3] = {1, 2, 32767}, seen[3];
    int id = make_set(3);
    CHECK_OK(semctl(id, 0, SETALL, (union argument){.array = values}));
    CHECK_OK(semctl(id, 0, GETALL, (union argument){.array = seen}));
    CHECK(memcmp(values, seen, sizeof(values)) == 0);
    CHECK_EQUAL(semctl(id, 2, GETPID), getpid());
    set_value(id, 1, 77);
    CHECK_EQUAL(get_value(id, 1), 77);
    CHECK_ERRNO(semctl(id, 1, SETVAL, (union argument){.value = 32768}), ERANGE);
    CHECK_ERRNO(semctl(id, 1, SETVAL, (union argument){.value = -1}), ERANGE);
    values[1] = 40000;
    values[0] = 9;
    CHECK_ERRNO(semctl(id, 0, SETALL, (union argument){.array = values}), ERANGE);
    CHECK_EQUAL(get_value(id, 0), 1);
    CHECK_EQUAL(status_of(id).sem_otime, 0);
    remove_set(id);
}

TEST(operations_happen_together_or_not_at_all)
{
    int id = make_set(2);
    set_value(id, 0, 5);
    struct sembuf take[] = {{0, -3, IPC_NOWAIT}, {1, -1, IPC_NOWAIT}};
    CHECK_ERRNO(semop(id, take, 2), EAGAIN);
    CHECK_EQUAL(get_value(id, 0), 5);
    set_value(id, 1, 1);
    CHECK_OK(semop(id, take, 2));
    CHECK_EQUAL(get_value(id, 0), 2);
    CHECK_EQUAL(get_value(id, 1), 0);
    CHECK(status_of(id).sem_otime != 0);
    struct sembuf twice[] = {{0, 4, 0}, {0, -6, IPC_NOWAIT}, {0, 0, IPC_NOWAIT}};
    CHECK_OK(semop(id, twice, 3));
    CHECK_EQUAL(get_value(id, 0), 0);
    CHECK_EQUAL(semctl(id, 0, GETPID), getpid());
    struct sembuf lock[] = {{0, 0, IPC_NOWAIT}, {0, 1, IPC_NOWAIT}};
    CHECK_OK(semop(id, lock, 2));
    CHECK_ERRNO(semop(id, lock, 2), EAGAIN);
    struct sembuf too_much[] = {{1, 1, 0}, {0, 32767, 0}};
    CHECK_ERRNO(semop(id, too_much, 2), ERANGE);
    CHECK_EQUAL(get_value(id, 1), 0);
    remove_set(id);
}

TEST(a_waiter_goes_on_when_it_can)
{
    waited_id = make_set(2);
    pid_t child = start_waiter(0, -2, 0);
    wait_for_sleepers(waited_id, 0, GETNCNT, 1);
    CHECK_EQUAL(semctl(waited_id, 1, GETNCNT), 0);
    CHECK_EQUAL(semctl(waited_id, 0, GETZCNT), 0);
    CHECK_OK(operate(waited_id, 0, 1, 0));
    CHECK_EQUAL(semctl(waited_id, 0, GETNCNT), 1);
    CHECK_OK(operate(waited_id, 0, 1, 0));
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(get_value(waited_id, 0), 0);
    CHECK_EQUAL(semctl(waited_id, 0, GETPID), child);
    set_value(waited_id, 1, 3);
    child = start_waiter(1, 0, 0);
    wait_for_sleepers(waited_id, 1, GETZCNT, 1);
    CHECK_OK(operate(waited_id, 1, -3, 0));
    CHECK_EXITED(child, 0);
    child = start_waiter(0, -5, 0);
    wait_for_sleepers(waited_id, 0, GETNCNT, 1);
    set_value(waited_id, 0, 5);
    CHECK_EXITED(child, 0);
    remove_set(waited_id);
}

TEST(who_waits_for_zero_sees_it_before_who_takes)
{
    waited_id = make_set(1);
    set_value(waited_id, 0, 1);
    pid_t zero = start_waiter(0, 0, 0);
    pid_t take = start_waiter(0, -2, 0);
    wait_for_sleepers(waited_id, 0, GETZCNT, 1);
    wait_for_sleepers(waited_id, 0, GETNCNT, 1);
    struct sembuf down_and_up[] = {{0, -1, 0}};
    CHECK_OK(semop(waited_id, down_and_up, 1));
    CHECK_EXITED(zero, 0);
    CHECK_OK(operate(waited_id, 0, 2, 0));
    CHECK_EXITED(take, 0);
    remove_set(waited_id);
}

TEST(the_first_to_wait_is_the_first_to_go)
{
    int order[2];
    waited_id = make_set(1);
    CHECK_OK(pipe(order));
    for (int i = 0; i < 4; i++) {
        if (CHECK_OK(fork()) == 0) {
            CHECK_OK(operate(waited_id, 0, -1, 0));
            CHECK_EQUAL(write(order[1], &i, sizeof(i)), sizeof(i));
            _exit(0);
        }
        wait_for_sleepers(waited_id, 0, GETNCNT, i + 1);
    }
    for (int i = 0; i < 4; i++) {
        int who;
        CHECK_OK(operate(waited_id, 0, 1, 0));
        CHECK_EQUAL(read(order[0], &who, sizeof(who)), sizeof(who));
        CHECK_EQUAL(who, i);
    }
    remove_set(waited_id);
}

TEST(a_small_wish_passes_a_large_one)
{
    waited_id = make_set(1);
    pid_t large = start_waiter(0, -5, 0);
    wait_for_sleepers(waited_id, 0, GETNCNT, 1);
    pid_t small = start_waiter(0, -1, 0);
    wait_for_sleepers(waited_id, 0, GETNCNT, 2);
    CHECK_OK(operate(waited_id, 0, 1, 0));
    CHECK_EXITED(small, 0);
    CHECK_OK(operate(waited_id, 0, 5, 0));
    CHECK_EXITED(large, 0);
    remove_set(waited_id);
}

TEST(sets_of_operations_wait_too)
{
    waited_id = make_set(3);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        struct sembuf all[] = {{0, -1, 0}, {1, -1, 0}, {2, 1, 0}};
        CHECK_OK(semop(waited_id, all, 3));
        _exit(0);
    }
    wait_for_sleepers(waited_id, 0, GETNCNT, 1);
    CHECK_EQUAL(semctl(waited_id, 1, GETNCNT), 0);
    pid_t simple = start_waiter(2, -1, 0);
    wait_for_sleepers(waited_id, 2, GETNCNT, 1);
    CHECK_OK(operate(waited_id, 0, 1, 0));
    wait_for_sleepers(waited_id, 1, GETNCNT, 1);
    CHECK_EQUAL(get_value(waited_id, 0), 1);
    CHECK_OK(operate(waited_id, 1, 1, 0));
    CHECK_EXITED(child, 0);
    CHECK_EXITED(simple, 0);
    CHECK_EQUAL(get_value(waited_id, 0), 0);
    CHECK_EQUAL(get_value(waited_id, 2), 0);
    remove_set(waited_id);
}

TEST(removal_wakes_those_who_wait)
{
    waited_id = make_set(1);
    set_value(waited_id, 0, 1);
    pid_t first = start_waiter(0, -2, 0);
    pid_t second = start_waiter(0, 0, SEM_UNDO);
    wait_for_sleepers(waited_id, 0, GETNCNT, 1);
    wait_for_sleepers(waited_id, 0, GETZCNT, 1);
    remove_set(waited_id);
    CHECK_EXITED(first, EIDRM);
    CHECK_EXITED(second, EIDRM);
}

TEST(a_signal_ends_a_wait_for_good)
{
    waited_id = make_set(1);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        struct sigaction action = {.sa_handler = ignore_signal, .sa_flags = SA_RESTART};
        CHECK_OK(sigaction(SIGUSR1, &action, NULL));
        CHECK_ERRNO(operate(waited_id, 0, -1, 0), EINTR);
        CHECK_EQUAL(semctl(waited_id, 0, GETNCNT), 0);
        _exit(0);
    }
    wait_for_sleepers(waited_id, 0, GETNCNT, 1);
    CHECK_OK(kill(child, SIGUSR1));
    CHECK_EXITED(child, 0);
    child = start_waiter(0, -1, 0);
    wait_for_sleepers(waited_id, 0, GETNCNT, 1);
    CHECK_OK(kill(child, SIGKILL));
    CHECK_KILLED(child, SIGKILL);
    CHECK_EQUAL(semctl(waited_id, 0, GETNCNT), 0);
    remove_set(waited_id);
}

TEST(a_wait_can_have_a_deadline)
{
    int id = make_set(1);
    struct sembuf take = {0, -1, 0};
    struct timespec time = {0, 30000000};
    int64_t start = now_ns(CLOCK_MONOTONIC);
    CHECK_ERRNO(semtimedop(id, &take, 1, &time), EAGAIN);
    CHECK(now_ns(CLOCK_MONOTONIC) - start >= 30000000);
    time = (struct timespec){0, 0};
    CHECK_ERRNO(semtimedop(id, &take, 1, &time), EAGAIN);
    time = (struct timespec){0, 1000000000};
    CHECK_ERRNO(semtimedop(id, &take, 1, &time), EINVAL);
    time = (struct timespec){-1, 0};
    CHECK_ERRNO(semtimedop(id, &take, 1, &time), EINVAL);
    set_value(id, 0, 1);
    CHECK_ERRNO(semtimedop(id, &take, 1, &time), EINVAL);
    CHECK_OK(semtimedop(id, &take, 1, NULL));
    remove_set(id);
}

static void user_without_rights(void)
{
    become_user(NOBODY);
    unsigned short values[2];
    struct semid_ds status;
    CHECK_EQUAL(get_value(waited_id, 0), 0);
    CHECK_OK(operate(waited_id, 0, 0, IPC_NOWAIT));
    CHECK_ERRNO(operate(waited_id, 0, 1, IPC_NOWAIT), EACCES);
    CHECK_ERRNO(operate(waited_id, 9, 1, IPC_NOWAIT), EFBIG);
    CHECK_ERRNO(semctl(waited_id, 0, SETVAL, (union argument){.value = 1}), EACCES);
    CHECK_ERRNO(semctl(waited_id, 9, SETVAL, (union argument){.value = 1}), EINVAL);
    CHECK_ERRNO(semctl(waited_id, 0, SETALL, (union argument){.array = values}), EACCES);
    CHECK_OK(semctl(waited_id, 0, GETALL, (union argument){.array = values}));
    CHECK_ERRNO(semctl(waited_id, 0, IPC_RMID), EPERM);
    status = status_of(waited_id);
    CHECK_ERRNO(semctl(waited_id, 0, IPC_SET, (union argument){.status = &status}), EPERM);
    CHECK_ERRNO(semget(own_key(12), 0, 0600), EACCES);
    CHECK_EQUAL(semget(own_key(12), 0, 0400), waited_id);
}

TEST(others_have_what_the_mode_gives)
{
    waited_id = CHECK_OK(semget(own_key(12), 2, IPC_CREAT | 0644));
    CHECK_IN_CHILD(user_without_rights);
    struct semid_ds status = status_of(waited_id);
    status.sem_perm.mode = 0600;
    CHECK_OK(semctl(waited_id, 0, IPC_SET, (union argument){.status = &status}));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        become_user(NOBODY);
        CHECK_ERRNO(semctl(waited_id, 0, GETVAL), EACCES);
        CHECK_ERRNO(semctl(waited_id, 9, GETVAL), EACCES);
        CHECK_ERRNO(semctl(waited_id % 32768, 0, SEM_STAT, (union argument){.status = &status}),
                    EACCES);
        CHECK_EQUAL(
            semctl(waited_id % 32768, 0, SEM_STAT_BY_ANYBODY, (union argument){.status = &status}),
            waited_id);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    remove_set(waited_id);
}

TEST(wrong_arguments_are_refused_in_linuxs_order)
{
    int id = make_set(2);
    struct sembuf operation = {2, 1, 0};
    CHECK_ERRNO(semop(id, &operation, 1), EFBIG);
    CHECK_ERRNO(semop(id, &operation, 0), EINVAL);
    CHECK_ERRNO(semop(-1, &operation, 501), E2BIG);
    CHECK_ERRNO(semop(-1, (void *)1, 1), EFAULT);
    CHECK_ERRNO(semop(-1, &operation, 1), EINVAL);
    CHECK_ERRNO(semop(id + 1, &operation, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_semtimedop, id, &operation, 0, (void *)1), EFAULT);
    CHECK_ERRNO(semctl(-1, 0, GETVAL), EINVAL);
    CHECK_ERRNO(semctl(id, 2, GETVAL), EINVAL);
    CHECK_ERRNO(semctl(id, -1, GETVAL), EINVAL);
    CHECK_ERRNO(semctl(id, 2, GETPID), EINVAL);
    CHECK_ERRNO(semctl(id, 0, 99), EINVAL);
    CHECK_ERRNO(semctl(id, 0, GETALL, (union argument){.array = (void *)1}), EFAULT);
    CHECK_ERRNO(semctl(id, 0, SETALL, (union argument){.array = (void *)1}), EFAULT);
    CHECK_ERRNO(semctl(id, 0, IPC_STAT, (union argument){.status = (void *)1}), EFAULT);
    CHECK_ERRNO(semctl(id + 1, 0, IPC_SET, (union argument){.status = (void *)1}), EFAULT);
    CHECK_ERRNO(semctl(id + 1, 9, SETVAL, (union argument){.value = -1}), ERANGE);
    CHECK_ERRNO(semctl(0, 0, SEM_INFO, (union argument){.info = (void *)1}), EFAULT);
    remove_set(id);
}

TEST(the_whole_is_told)
{
    struct seminfo before, after, limits;
    CHECK_OK(semctl(0, 0, SEM_INFO, (union argument){.info = &before}));
    int id = make_set(7);
    int highest = CHECK_OK(semctl(0, 0, SEM_INFO, (union argument){.info = &after}));
    CHECK_EQUAL(after.semusz, before.semusz + 1);
    CHECK_EQUAL(after.semaem, before.semaem + 7);
    CHECK_EQUAL(semctl(0, 0, IPC_INFO, (union argument){.info = &limits}), highest);
    CHECK_EQUAL(limits.semusz, 20);
    CHECK_EQUAL(limits.semaem, 32767);
    CHECK_EQUAL(limits.semvmx, 32767);
    CHECK_EQUAL(limits.semmni, 32000);
    CHECK_EQUAL(limits.semmsl, 32000);
    CHECK_EQUAL(limits.semmns, 1024000000);
    CHECK_EQUAL(limits.semopm, 500);
    CHECK_EQUAL(limits.semume, 500);
    CHECK_EQUAL(limits.semmnu, 1024000000);
    CHECK_EQUAL(limits.semmap, 1024000000);
    struct semid_ds status;
    CHECK_EQUAL(semctl(id % 32768, 0, SEM_STAT, (union argument){.status = &status}), id);
    CHECK_EQUAL(status.sem_nsems, 7);
    remove_set(id);
}

TEST(proc_lists_sets)
{
    char expected[256];
    int id = CHECK_OK(semget(own_key(13), 4, IPC_CREAT | 0606));
    CHECK_OK(operate(id, 1, 1, 0));
    struct semid_ds status = status_of(id);
    snprintf(expected, sizeof(expected), "%10d %10d  %4o %10u %5u %5u %5u %5u %10lu %10lu\n",
             own_key(13), id, 0606, 4, 0, 0, 0, 0, (long)status.sem_otime, (long)status.sem_ctime);
    check_listed("sem",
                 "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      "
                 "ctime\n",
                 expected);
    remove_set(id);
}

TEST(limits_can_be_set)
{
    check_setting("sem", "32000\t1024000000\t500\t32000\n");
    change_setting("sem", "10 15 3");
    check_setting("sem", "10\t15\t3\t32000\n");
    struct sembuf operations[4] = {{0}};
    CHECK_ERRNO(semget(IPC_PRIVATE, 11, 0600), EINVAL);
    int id = make_set(10);
    CHECK_ERRNO(semget(IPC_PRIVATE, 6, 0600), ENOSPC);
    CHECK_ERRNO(semop(id, operations, 4), E2BIG);
    CHECK_OK(semop(id, operations, 3));
    remove_set(id);
    change_setting("sem", "32000 1024000000 500 0");
    CHECK_ERRNO(semget(IPC_PRIVATE, 1, 0600), ENOSPC);
    change_setting("sem", "32000 1024000000 500 32000");
}
