/*
 * POSIX message queues.
 */
#pragma once

#include <stdint.h>

#define MQ_PRIO_MAX 32768

/* What even the privileged may not pass. */
#define MQ_HARD_MESSAGES      65536
#define MQ_HARD_MESSAGE_BYTES (16 * 1024 * 1024)

/* What SIGEV_THREAD hands over. */
#define MQ_COOKIE_BYTES 32

struct uapi_mq_attr {
    int64_t mq_flags, mq_maxmsg, mq_msgsize, mq_curmsgs;
    int64_t reserved[4];
};
_Static_assert(sizeof(struct uapi_mq_attr) == 64, "struct mq_attr");
