/*
 * iopl and ioperm: rights to the CPU's ports. A program has none, and can be given none: without the capability it is told so as on Linux,
 * with it that the call is not there. Giving up what nobody has is done.
 */
#include "syscall/call.h"
#include "uapi/capability.h"

enum { PORTS = 65536, LEVEL_MAX = 3 };

static long refuse(void)
{
    return credentials_can(task_current()->credentials, CAP_SYS_RAWIO) ? -ENOSYS : -EPERM;
}

SYSTEM_CALL1(iopl, unsigned, level)
{
    if (level > LEVEL_MAX) {
        return -EINVAL;
    }
    return level == 0 ? 0 : refuse();
}

SYSTEM_CALL3(ioperm, uint64_t, first, uint64_t, count, int, on)
{
    if (first + count <= first || first + count > PORTS) {
        return -EINVAL;
    }
    return on == 0 ? 0 : refuse();
}
