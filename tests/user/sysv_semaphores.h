/*
 * What the programs about System V semaphores share: calls that must not fail, and processes that wait.
 */
#pragma once

#include "check.h"
#include "sysv.h"

#include <sys/ipc.h>
#include <sys/sem.h>

union argument {
    int value;
    struct semid_ds *status;
    unsigned short *array;
    struct seminfo *info;
};

static CHECK_UNUSED int get_value(int id, int number)
{
    return CHECK_OK(semctl(id, number, GETVAL));
}

static CHECK_UNUSED void set_value(int id, int number, int value)
{
    CHECK_OK(semctl(id, number, SETVAL, (union argument){.value = value}));
}

static CHECK_UNUSED struct semid_ds status_of(int id)
{
    struct semid_ds status;
    CHECK_OK(semctl(id, 0, IPC_STAT, (union argument){.status = &status}));
    return status;
}

static CHECK_UNUSED void remove_set(int id)
{
    CHECK_OK(semctl(id, 0, IPC_RMID));
}

static CHECK_UNUSED int make_set(int count)
{
    return CHECK_OK(semget(IPC_PRIVATE, count, 0600));
}

static CHECK_UNUSED int operate(int id, int number, int change, int flags)
{
    struct sembuf operation = {(unsigned short)number, (short)change, (short)flags};
    return semop(id, &operation, 1);
}

/* Waits until so many sleep for the semaphore to grow (or, with GETZCNT, to be 0). */
static CHECK_UNUSED void wait_for_sleepers(int id, int number, int command, int count)
{
    while (CHECK_OK(semctl(id, number, command)) != count) {
        sleep_ms(2);
    }
}

static CHECK_UNUSED int waited_id;

static CHECK_UNUSED pid_t start_waiter(int number, int change, int flags)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        int result = operate(waited_id, number, change, flags);
        _exit(result == 0 ? 0 : errno);
    }
    return child;
}
