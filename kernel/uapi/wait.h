/*
 * wait4 and waitid, and the word in which a status is handed over.
 */
#pragma once

#include <stdint.h>

#define WNOHANG     0x00000001
#define WUNTRACED   0x00000002
#define WSTOPPED    WUNTRACED
#define WEXITED     0x00000004
#define WCONTINUED  0x00000008
#define WNOWAIT     0x01000000
#define __WNOTHREAD 0x20000000
#define __WALL      0x40000000
#define __WCLONE    0x80000000u

#define P_ALL   0
#define P_PID   1
#define P_PGID  2
#define P_PIDFD 3

#define WAIT_STATUS_CORE_DUMPED 0x80
#define WAIT_STATUS_CONTINUED   0xFFFF

/* The status word of a process that called exit(code), died by a signal, or was stopped by one. */
static inline int32_t wait_status_exited(int code)
{
    return (int32_t)(((uint32_t)code & 0xFF) << 8);
}

static inline int32_t wait_status_signaled(int signal)
{
    return (int32_t)((uint32_t)signal & 0x7F);
}

static inline int32_t wait_status_stopped(int signal)
{
    return (int32_t)(((uint32_t)signal & 0xFF) << 8 | 0x7F);
}
