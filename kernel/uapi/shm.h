/*
 * Shared memory of System V.
 */
#pragma once

#include "uapi/ipc.h"

#define SHM_R         0400
#define SHM_W         0200
#define SHM_DEST      01000
#define SHM_LOCKED    02000
#define SHM_HUGETLB   04000
#define SHM_NORESERVE 010000

#define SHM_RDONLY 010000
#define SHM_RND    020000
#define SHM_REMAP  040000
#define SHM_EXEC   0100000

#define SHM_LOCK     11
#define SHM_UNLOCK   12
#define SHM_STAT     13
#define SHM_INFO     14
#define SHM_STAT_ANY 15

#define SHMMIN 1
#define SHMMNI 4096
#define SHMMAX (UINT64_MAX - (1ULL << 24))
#define SHMALL (UINT64_MAX - (1ULL << 24))

struct uapi_shmid_ds {
    struct uapi_ipc_perm shm_perm;
    uint64_t shm_segsz;
    int64_t shm_atime;
    int64_t shm_dtime;
    int64_t shm_ctime;
    int32_t shm_cpid;
    int32_t shm_lpid;
    uint64_t shm_nattch;
    uint64_t unused4;
    uint64_t unused5;
};
_Static_assert(sizeof(struct uapi_shmid_ds) == 112, "size of struct shmid64_ds");

struct uapi_shminfo {
    uint64_t shmmax, shmmin, shmmni, shmseg, shmall;
    uint64_t unused[4];
};
_Static_assert(sizeof(struct uapi_shminfo) == 72, "size of struct shminfo64");

struct uapi_shm_info {
    int32_t used_ids;
    uint32_t pad;
    uint64_t shm_tot, shm_rss, shm_swp;
    uint64_t swap_attempts, swap_successes;
};
_Static_assert(sizeof(struct uapi_shm_info) == 48, "size of struct shm_info");
