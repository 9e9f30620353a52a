/*
 * ustat: what a mounted file system has free. See ustat(2).
 */
#pragma once

#include <stdint.h>

struct uapi_ustat {
    int32_t f_tfree; /* blocks */
    uint32_t reserved;
    uint64_t f_tinode;
    char f_fname[6], f_fpack[6]; /* empty */
    uint32_t reserved_end;
};
_Static_assert(sizeof(struct uapi_ustat) == 32, "as the ABI has it");

/* sysfs(2) */
#define SYSFS_INDEX_OF_NAME 1
#define SYSFS_NAME_OF_INDEX 2
#define SYSFS_COUNT         3
