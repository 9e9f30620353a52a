/*
 * rseq(2): restartable sequences.
 */
#pragma once

#include <stdint.h>

#define RSEQ_FLAG_UNREGISTER 1

#define RSEQ_CPU_ID_UNINITIALIZED UINT32_MAX

/* A thread's area: the program reads the CPU, and names in `rseq_cs` the sequence that it is in. */
struct uapi_rseq {
    uint32_t cpu_id_start; /* always a CPU that there is */
    uint32_t cpu_id;
    uint64_t rseq_cs; /* address of a struct uapi_rseq_cs, or 0 */
    uint32_t flags;
    uint32_t padding[3];
};

struct uapi_rseq_cs {
    uint32_t version, flags;
    uint64_t start_ip, post_commit_offset, abort_ip;
};
