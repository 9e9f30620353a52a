/*
 * readv and writev.
 */
#pragma once

#include <stdint.h>

struct uapi_iovec {
    uint64_t iov_base; /* user address */
    uint64_t iov_len;
};
_Static_assert(sizeof(struct uapi_iovec) == 16, "struct iovec");

/* preadv2, pwritev2 */
#define RWF_HIPRI  0x01
#define RWF_DSYNC  0x02
#define RWF_SYNC   0x04
#define RWF_NOWAIT 0x08
#define RWF_APPEND 0x10
