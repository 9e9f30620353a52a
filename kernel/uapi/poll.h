/*
 * poll, and select's bit sets.
 */
#pragma once

#include <stdint.h>

#define POLLIN     0x0001
#define POLLPRI    0x0002
#define POLLOUT    0x0004
#define POLLERR    0x0008
#define POLLHUP    0x0010
#define POLLNVAL   0x0020
#define POLLRDNORM 0x0040
#define POLLRDBAND 0x0080
#define POLLWRNORM 0x0100
#define POLLWRBAND 0x0200
#define POLLMSG    0x0400
#define POLLREMOVE 0x1000
#define POLLRDHUP  0x2000

struct uapi_pollfd {
    int32_t fd;
    int16_t events;
    int16_t revents;
};
_Static_assert(sizeof(struct uapi_pollfd) == 8, "struct pollfd");

/* select(): descriptors in an fd_set of the C library; the kernel takes sets of any length in
 * 64-bit words. */
#define FD_SETSIZE 1024

/* The sixth argument of pselect6. */
struct uapi_sigset_argument {
    uint64_t sigmask; /* user address, or 0 */
    uint64_t size;
};
_Static_assert(sizeof(struct uapi_sigset_argument) == 16, "pselect6's sigmask argument");
