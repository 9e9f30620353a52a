/*
 * Calls on descriptors themselves: dup, close, fcntl, pipe, flock.
 *
 * A descriptor is a number in a table that other threads may share and change at any time, so a call looks its number up once and goes
 * on with the file. descriptor_install and its kin take a reference over on success only: on failure the caller still owns it.
 */
#include "file/file_lock.h"
#include "file/pipe.h"
#include "fs/vfs.h"
#include "process/descriptor_table.h"
#include "syscall/call.h"
#include "uapi/capability.h"
#include "uapi/fcntl.h"
#include "uapi/sched.h"

static struct descriptor_table *current_descriptors(void)
{
    return task_current()->descriptors;
}

static uint64_t descriptor_limit(void)
{
    return process_limit(process_current(), RLIMIT_NOFILE);
}

int new_descriptor(struct open_file *file, bool close_on_exec)
{
    int result =
        descriptor_install(current_descriptors(), file, 0, close_on_exec, descriptor_limit());
    if (result < 0) {
        open_file_put(file);
    }
    return result;
}

static long duplicate(int descriptor, int minimum, bool close_on_exec)
{
    struct open_file *file = descriptor_get(current_descriptors(), descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    int result =
        descriptor_install(current_descriptors(), file, minimum, close_on_exec, descriptor_limit());
    if (result < 0) {
        open_file_put(file);
    }
    return result;
}

/* dup2 and dup3. The number is judged before the descriptor (-EBADF either way), so that a bad pair closes nothing. */
static long duplicate_at(int descriptor, int number, bool close_on_exec)
{
    if (number < 0 || (uint64_t)number >= descriptor_limit()) {
        return -EBADF;
    }
    struct open_file *file = descriptor_get(current_descriptors(), descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    int result = descriptor_install_at(current_descriptors(), file, number, close_on_exec,
                                       descriptor_limit());
    if (result < 0) {
        open_file_put(file);
    }
    return result;
}

SYSTEM_CALL1(dup, int, descriptor)
{
    return duplicate(descriptor, 0, false);
}

SYSTEM_CALL2(dup2, int, descriptor, int, number)
{
    /* POSIX: to itself nothing happens, not even to FD_CLOEXEC; dup3 refuses that, since its flag would have to be ignored. */
    if (descriptor == number) {
        return descriptor_get_flag(current_descriptors(), descriptor) < 0 ? -EBADF : number;
    }
    return duplicate_at(descriptor, number, false);
}

SYSTEM_CALL3(dup3, int, descriptor, int, number, unsigned, flags)
{
    if ((flags & ~(unsigned)O_CLOEXEC) != 0 || descriptor == number) {
        return -EINVAL;
    }
    return duplicate_at(descriptor, number, (flags & O_CLOEXEC) != 0);
}

SYSTEM_CALL1(close, int, descriptor)
{
    return descriptor_close(current_descriptors(), descriptor);
}

SYSTEM_CALL3(close_range, unsigned, first, unsigned, last, unsigned, flags)
{
    if (first > last || (flags & ~(unsigned)(CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE)) != 0) {
        return -EINVAL;
    }
    /* First a table of one's own: whoever shared the old one keeps what is closed or marked here. */
    if ((flags & CLOSE_RANGE_UNSHARE) != 0 && process_unshare(CLONE_FILES) != 0) {
        return -ENOMEM;
    }
    descriptor_close_range(current_descriptors(), first, last, (flags & CLOSE_RANGE_CLOEXEC) != 0);
    return 0;
}

/* Two numbers, or none and -errno. */
static int pipe_reserve(struct descriptor_table *table, int numbers[2])
{
    numbers[0] = descriptor_reserve(table, 0, descriptor_limit());
    if (numbers[0] < 0) {
        return numbers[0];
    }
    numbers[1] = descriptor_reserve(table, 0, descriptor_limit());
    if (numbers[1] < 0) {
        descriptor_cancel(table, numbers[0]);
        return numbers[1];
    }
    return 0;
}

/*
 * The user is told the numbers before there are files behind them: had another thread closed one meanwhile and got the number for a file
 * of its own, undoing after a failed copy would close that one.
 */
static long pipe_make(int __user *user_numbers, unsigned flags)
{
    struct descriptor_table *table = current_descriptors();
    struct open_file *ends[2];
    int numbers[2];
    int result = pipe_create(flags & ~(unsigned)O_CLOEXEC, task_current()->credentials, ends);
    if (result != 0) {
        return result;
    }
    result = pipe_reserve(table, numbers);
    if (result == 0 && user_copy_out(user_numbers, numbers, sizeof(numbers)) != 0) {
        descriptor_cancel(table, numbers[0]);
        descriptor_cancel(table, numbers[1]);
        result = -EFAULT;
    }
    if (result != 0) {
        open_file_put(ends[0]);
        open_file_put(ends[1]);
        return result;
    }
    descriptor_fill(table, numbers[0], ends[0], (flags & O_CLOEXEC) != 0);
    descriptor_fill(table, numbers[1], ends[1], (flags & O_CLOEXEC) != 0);
    return 0;
}

SYSTEM_CALL1(pipe, int __user *, numbers)
{
    return pipe_make(numbers, 0);
}

SYSTEM_CALL2(pipe2, int __user *, numbers, unsigned, flags)
{
    if ((flags & ~(unsigned)(O_CLOEXEC | O_NONBLOCK | O_DIRECT)) != 0) {
        return -EINVAL;
    }
    return pipe_make(numbers, flags);
}

/*
 * LOCK_MAND (mandatory locks, once for file servers) is taken without effect, as Linux does by now: an error would break who asks, and
 * nobody relies on it.
 */
SYSTEM_CALL2(flock, int, descriptor, int, operation)
{
    struct open_file *file = descriptor_get(current_descriptors(), descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    int kind = operation & ~LOCK_NB;
    int result = (operation & LOCK_MAND) != 0 ? 0 : -EINVAL;
    if (kind == LOCK_SH || kind == LOCK_EX || kind == LOCK_UN) {
        result = (file->flags & O_PATH) != 0
                     ? -EBADF
                     : file_lock_flock(file, operation, process_current()->id->number);
    }
    open_file_put(file);
    return result;
}

/*
 * A sibling that closes the descriptor meanwhile has given up the process's locks on the file, perhaps before this one was taken: it
 * would outlive what it hangs on (POSIX: every close gives them up), so it goes now, with what else the process has on the file.
 */
static int record_lock_confirm(struct open_file *file, int descriptor)
{
    struct descriptor_table *table = current_descriptors();
    if (!descriptor_table_is_shared(table) || descriptor_is_file(table, descriptor, file)) {
        return 0;
    }
    file_lock_release_owner(file, table);
    return -EBADF;
}

static long record_lock(struct open_file *file, int descriptor, int command,
                        struct uapi_flock __user *user)
{
    struct uapi_flock lock;
    if (user_copy_in(&lock, user, sizeof(lock)) != 0) {
        return -EFAULT;
    }
    struct process *process = process_current();
    const struct vnode *vnode = vnode_from_file(file);
    int result = file_lock_record(file, command, &lock, current_descriptors(), process->id->number,
                                  vnode != NULL ? vnode->pages.size_bytes : 0);
    bool is_process_set = command == F_SETLK || command == F_SETLKW;
    if (result == 0 && is_process_set && lock.l_type != F_UNLCK) {
        result = record_lock_confirm(file, descriptor);
    }
    if (result == 0 && (command == F_GETLK || command == F_OFD_GETLK)) {
        result = user_copy_out(user, &lock, sizeof(lock));
    }
    return result;
}

/* Who is to hear of the file (F_SETOWN): number 0 means nobody. Kept and told; no signal is sent. */
static long set_owner(struct open_file *file, int kind, int number)
{
    if (number != 0) {
        struct id *id = id_find(number);
        if (id == NULL) {
            return -ESRCH;
        }
        id_put(id);
    }
    file->owner_kind = kind;
    file->owner_number = number;
    return 0;
}

/* F_SETOWN: a negative number is a group's. INT32_MIN has no positive counterpart. */
static long set_owner_number(struct open_file *file, int number)
{
    if (number == INT32_MIN) {
        return -EINVAL;
    }
    return number < 0 ? set_owner(file, F_OWNER_PGRP, -number)
                      : set_owner(file, F_OWNER_PID, number);
}

/* F_SETOWN_EX exists because F_GETOWN of a group answers a negative number, which looks like an error to a C library. */
static long owner_command(struct open_file *file, int command, struct uapi_f_owner_ex __user *user)
{
    struct uapi_f_owner_ex owner = {.type = file->owner_kind, .pid = file->owner_number};
    if (command == F_GETOWN_EX) {
        return user_copy_out(user, &owner, sizeof(owner));
    }
    if (user_copy_in(&owner, user, sizeof(owner)) != 0) {
        return -EFAULT;
    }
    bool is_known = owner.type >= F_OWNER_TID && owner.type <= F_OWNER_PGRP;
    return is_known ? set_owner(file, owner.type, owner.pid) : -EINVAL;
}

static long pipe_size_command(struct open_file *file, int command, uint64_t argument)
{
    struct pipe *pipe = pipe_from_file(file);
    if (pipe == NULL) {
        return -EBADF;
    }
    if (command == F_GETPIPE_SZ) {
        return pipe_get_size(pipe);
    }
    bool may_exceed = credentials_can(task_current()->credentials, CAP_SYS_RESOURCE);
    return pipe_set_size(pipe, (uint32_t)argument, may_exceed);
}

/* How long what is written is expected to stay: kept with the file and told. What has no name has no place to keep it. */
static long write_hint_command(struct open_file *file, int command, uint64_t __user *user)
{
    enum { WRITE_HINT_LAST = 5 }; /* RWH_WRITE_LIFE_EXTREME */
    struct vnode *vnode = vnode_from_file(file);
    uint64_t hint = 0;
    if (vnode == NULL) {
        return -EINVAL;
    }
    if (command == F_GET_RW_HINT) {
        hint = READ_ONCE(vnode->write_hint);
        return user_copy_out(user, &hint, sizeof(hint));
    }
    if (user_copy_in(&hint, user, sizeof(hint)) != 0) {
        return -EFAULT;
    }
    if (hint > WRITE_HINT_LAST) {
        return -EINVAL;
    }
    WRITE_ONCE(vnode->write_hint, (uint8_t)hint);
    return 0;
}

/* Commands that change or tell something of the open file. */
static long file_command(struct open_file *file, int descriptor, int command, uint64_t argument)
{
    switch (command) {
    case F_SETFL: return file_set_flags(file, (unsigned)argument);
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        return record_lock(file, descriptor, command, (struct uapi_flock __user *)argument);
    case F_SETOWN: return set_owner_number(file, (int)argument);
    case F_GETOWN:
        return file->owner_kind == F_OWNER_PGRP ? -file->owner_number : file->owner_number;
    case F_SETOWN_EX:
    case F_GETOWN_EX:
        return owner_command(file, command, (struct uapi_f_owner_ex __user *)argument);
    case F_SETSIG:
        if (argument > SIGRTMAX) {
            return -EINVAL;
        }
        file->async_signal = (int)argument;
        return 0;
    case F_GETSIG: return file->async_signal;
    case F_ADD_SEALS: return vfs_file_add_seals(file, (unsigned)argument);
    case F_GET_SEALS: return vfs_file_get_seals(file);
    case F_GET_RW_HINT:
    case F_SET_RW_HINT: return write_hint_command(file, command, (uint64_t __user *)argument);
    case F_GETPIPE_SZ:
    case F_SETPIPE_SZ: return pipe_size_command(file, command, argument);
    default: return -EINVAL;
    }
}

/* Commands that an O_PATH descriptor takes too: about the descriptor, not the file. */
static bool command_is_for_descriptor(int command)
{
    return command == F_DUPFD || command == F_DUPFD_CLOEXEC || command == F_GETFD ||
           command == F_SETFD || command == F_GETFL;
}

static long descriptor_command(int descriptor, struct open_file *file, int command,
                               uint64_t argument)
{
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        /* Beyond the limit is -EINVAL, not -EMFILE: it is the argument that is bad (fcntl(2)). */
        if (argument >= descriptor_limit()) {
            return -EINVAL;
        }
        return duplicate(descriptor, (int)argument, command == F_DUPFD_CLOEXEC);
    case F_GETFD: return descriptor_get_flag(current_descriptors(), descriptor);
    case F_SETFD:
        return descriptor_set_flag(current_descriptors(), descriptor, (argument & FD_CLOEXEC) != 0);
    default:
        /* F_GETFL: a 64-bit program's files always count as opened with O_LARGEFILE where they were. */
        return (long)file->flags;
    }
}

SYSTEM_CALL3(fcntl, int, descriptor, int, command, uint64_t, argument)
{
    struct open_file *file = descriptor_get(current_descriptors(), descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    long result;
    if (command_is_for_descriptor(command)) {
        result = descriptor_command(descriptor, file, command, argument);
    } else {
        result = (file->flags & O_PATH) != 0 ? -EBADF
                                             : file_command(file, descriptor, command, argument);
    }
    open_file_put(file);
    return result;
}
