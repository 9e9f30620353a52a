/*
 * eventfd and eventfd2: decoding; the file is made by file/event_file.c. The older call has no flags, and both share one body. The
 * file is made before a number is looked for: a descriptor must not be seen by other threads before it is whole.
 */
#include "file/event_file.h"
#include "file/open_file.h"
#include "syscall/call.h"
#include "uapi/eventfd.h"
#include "uapi/fcntl.h"

static_assert(EFD_NONBLOCK == O_NONBLOCK && EFD_CLOEXEC == O_CLOEXEC, "eventfd's flags are open's");

static long event_install(unsigned initial, unsigned flags)
{
    if ((flags & ~(unsigned)(EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC)) != 0) {
        return -EINVAL;
    }
    struct open_file *file = event_file_create(initial, (flags & EFD_SEMAPHORE) != 0,
                                               flags & O_NONBLOCK, task_current()->credentials);
    return file == NULL ? -ENOMEM : new_descriptor(file, (flags & O_CLOEXEC) != 0);
}

SYSTEM_CALL1(eventfd, unsigned, initial)
{
    return event_install(initial, 0);
}

SYSTEM_CALL2(eventfd2, unsigned, initial, unsigned, flags)
{
    return event_install(initial, flags);
}
