/*
 * sysinfo.
 */
#pragma once

#include <stdint.h>

/* A load of 1.0 in the fixed-point form of `loads`. */
#define SI_LOAD_SHIFT 16

struct uapi_sysinfo {
    int64_t uptime; /* seconds */
    uint64_t loads[3];
    uint64_t totalram; /* in mem_unit bytes, as the others */
    uint64_t freeram;
    uint64_t sharedram;
    uint64_t bufferram;
    uint64_t totalswap;
    uint64_t freeswap;
    uint16_t procs;
    uint16_t padding0;
    uint32_t padding1;
    uint64_t totalhigh;
    uint64_t freehigh;
    uint32_t mem_unit;
    uint32_t padding2;
};
_Static_assert(sizeof(struct uapi_sysinfo) == 112, "struct sysinfo");
