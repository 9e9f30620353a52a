/*
 * Message queues of System V.
 */
#pragma once

#include "uapi/ipc.h"

#define MSG_NOERROR 010000
#define MSG_EXCEPT  020000
#define MSG_COPY    040000

#define MSG_STAT     11
#define MSG_INFO     12
#define MSG_STAT_ANY 13

/* Limits to begin with, and numbers that only IPC_INFO tells. */
#define MSGMNI  32000
#define MSGMAX  8192
#define MSGMNB  16384
#define MSGPOOL (MSGMNI * MSGMNB / 1024)
#define MSGTQL  MSGMNB
#define MSGMAP  MSGMNB
#define MSGSSZ  16
#define MSGSEG  0xffff

struct uapi_msqid_ds {
    struct uapi_ipc_perm msg_perm;
    int64_t msg_stime;
    int64_t msg_rtime;
    int64_t msg_ctime;
    uint64_t msg_cbytes;
    uint64_t msg_qnum;
    uint64_t msg_qbytes;
    int32_t msg_lspid;
    int32_t msg_lrpid;
    uint64_t unused4;
    uint64_t unused5;
};
_Static_assert(sizeof(struct uapi_msqid_ds) == 120, "size of struct msqid64_ds");

struct uapi_msginfo {
    int32_t msgpool, msgmap, msgmax, msgmnb, msgmni, msgssz, msgtql;
    uint16_t msgseg;
    uint16_t pad;
};
_Static_assert(sizeof(struct uapi_msginfo) == 32, "size of struct msginfo");
