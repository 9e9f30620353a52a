/*
 * What shared memory, semaphores and message queues of System V have in common.
 */
#pragma once

#include <stdint.h>

#define IPC_PRIVATE 0

#define IPC_CREAT  01000
#define IPC_EXCL   02000
#define IPC_NOWAIT 04000

#define IPC_RMID 0
#define IPC_SET  1
#define IPC_STAT 2
#define IPC_INFO 3

struct uapi_ipc_perm {
    int32_t key;
    uint32_t uid, gid;
    uint32_t cuid, cgid;
    uint32_t mode;
    uint16_t seq;
    uint16_t pad1;
    uint32_t pad2;
    uint64_t unused1;
    uint64_t unused2;
};
_Static_assert(sizeof(struct uapi_ipc_perm) == 48, "size of struct ipc64_perm");
