/*
 * Semaphores of System V.
 */
#pragma once

#include "uapi/ipc.h"

#define SEM_UNDO 0x1000

#define GETPID  11
#define GETVAL  12
#define GETALL  13
#define GETNCNT 14
#define GETZCNT 15
#define SETVAL  16
#define SETALL  17

#define SEM_STAT     18
#define SEM_INFO     19
#define SEM_STAT_ANY 20

/* Limits to begin with, and numbers that only SEM_INFO tells. */
#define SEMMNI 32000
#define SEMMSL 32000
#define SEMMNS (SEMMNI * SEMMSL)
#define SEMOPM 500
#define SEMVMX 32767
#define SEMAEM SEMVMX
#define SEMUME SEMOPM
#define SEMMNU SEMMNS
#define SEMMAP SEMMNS
#define SEMUSZ 20

struct uapi_sembuf {
    uint16_t sem_num;
    int16_t sem_op;
    int16_t sem_flg;
};
_Static_assert(sizeof(struct uapi_sembuf) == 6, "size of struct sembuf");

struct uapi_semid_ds {
    struct uapi_ipc_perm sem_perm;
    int64_t sem_otime;
    uint64_t unused1;
    int64_t sem_ctime;
    uint64_t unused2;
    uint64_t sem_nsems;
    uint64_t unused3;
    uint64_t unused4;
};
_Static_assert(sizeof(struct uapi_semid_ds) == 104, "size of struct semid64_ds");

struct uapi_seminfo {
    int32_t semmap, semmni, semmns, semmnu, semmsl;
    int32_t semopm, semume, semusz, semvmx, semaem;
};
_Static_assert(sizeof(struct uapi_seminfo) == 40, "size of struct seminfo");
