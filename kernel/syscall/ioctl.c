/*
 * ioctl: a few commands belong to every file; the rest are rows of the file's own table, and the copying is done here.
 *
 * A row says how many bytes its command takes and gives. So no handler touches user memory, a structure is read once and whole, and what
 * goes out starts as zeros: a handler that leaves a field alone tells nothing of the kernel's stack. The size in the command's number is
 * not used: Linux's terminal commands are older than that scheme and carry none.
 */
#include "uapi/ioctl.h"
#include "file/open_file.h"
#include "fs/vfs.h"
#include "lib/assert.h"
#include "process/descriptor_table.h"
#include "syscall/call.h"
#include "uapi/stat.h"
#include "uapi/termios.h"

static long set_nonblocking(struct open_file *file, unsigned flag, const int __user *user)
{
    int on;
    if (user_copy_in(&on, user, sizeof(on)) != 0) {
        return -EFAULT;
    }
    /* Only what delivers bytes by itself could have a signal to send; that it sends none may be said of all. */
    unsigned delivers = file->ops->flags & (FILE_OPS_STREAM | FILE_OPS_NONSEEK_ZERO);
    if (flag == O_ASYNC && delivers != FILE_OPS_STREAM) {
        return on != 0 ? -ENOTTY : 0;
    }
    /* Other bits may change on another CPU meanwhile (F_SETFL). */
    if (on != 0) {
        __atomic_fetch_or(&file->flags, flag, __ATOMIC_RELAXED);
    } else {
        __atomic_fetch_and(&file->flags, ~flag, __ATOMIC_RELAXED);
    }
    return 0;
}

/* FIONREAD of a regular file: what is left to read; as on Linux less than nothing beyond the end. */
static long bytes_left(struct open_file *file, int __user *user)
{
    struct uapi_stat status;
    int result = vfs_file_status(file, &status);
    if (result != 0) {
        return result;
    }
    if (!S_ISREG(status.st_mode)) {
        return -ENOTTY;
    }
    int left = (int)((uint64_t)status.st_size - file->position);
    return user_copy_out(user, &left, sizeof(left));
}

static long table_command(struct open_file *file, const struct ioctl_row *row, uint64_t argument)
{
    uint64_t buffer[IOCTL_BYTES_MAX / sizeof(uint64_t)] = {0};
    void __user *user = (void __user *)argument;
    assert(row->handler != NULL);
    assert(row->bytes_in <= sizeof(buffer) && row->bytes_out <= sizeof(buffer));
    if (row->bytes_in != 0 && user_copy_in(buffer, user, row->bytes_in) != 0) {
        return -EFAULT;
    }
    bool has_data = row->bytes_in != 0 || row->bytes_out != 0;
    long result = row->handler(file, has_data ? buffer : NULL, argument);
    if (result >= 0 && row->bytes_out != 0 && user_copy_out(user, buffer, row->bytes_out) != 0) {
        return -EFAULT;
    }
    return result;
}

/* What a file system may be asked: the size of its blocks, of the file's own, and for what RamFS and its like do not have. */
static long vnode_command(struct open_file *file, uint32_t command, void __user *user)
{
    struct uapi_stat status;
    int result = vfs_file_status(file, &status);
    if (result != 0) {
        return result;
    }
    int block_bytes = (int)status.st_blksize;
    int64_t stored_bytes = status.st_blocks * 512;
    switch (command) {
    case FIGETBSZ: return user_copy_out(user, &block_bytes, sizeof(block_bytes));
    case FIOQSIZE:
        return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)
                   ? user_copy_out(user, &stored_bytes, sizeof(stored_bytes))
                   : -ENOTTY;
    case FIBMAP: return S_ISREG(status.st_mode) ? -EINVAL : -ENOTTY;
    case FS_IOC_FIEMAP: return -EOPNOTSUPP;
    case FIONREAD: return bytes_left(file, user);
    default: return -ENOTTY;
    }
}

/* FICLONE: no file system here shares blocks between files. */
static long clone_refuse(const struct open_file *file, int source)
{
    struct open_file *other = descriptor_get(task_current()->descriptors, source);
    if (other == NULL) {
        return -EBADF;
    }
    const struct vnode *from = other->vnode, *to = file->vnode;
    bool are_regular = from != NULL && to != NULL && vnode_is_regular(from) && vnode_is_regular(to);
    open_file_put(other);
    return are_regular ? -EOPNOTSUPP : -EINVAL;
}

static long ioctl_on_file(int descriptor, struct open_file *file, uint32_t command,
                          uint64_t argument)
{
    switch (command) {
    case FIOCLEX:
    case FIONCLEX:
        return descriptor_set_flag(task_current()->descriptors, descriptor, command == FIOCLEX);
    case FIONBIO: return set_nonblocking(file, O_NONBLOCK, (const int __user *)argument);
    case FIOASYNC: return set_nonblocking(file, O_ASYNC, (const int __user *)argument);
    case FICLONE: return clone_refuse(file, (int)argument);
    default: break;
    }
    const struct ioctl_row *row = file_ioctl_find(file, command);
    if (row != NULL) {
        return table_command(file, row, argument);
    }
    return file->vnode != NULL ? vnode_command(file, command, (void __user *)argument) : -ENOTTY;
}

SYSTEM_CALL3(ioctl, int, descriptor, uint32_t, command, uint64_t, argument)
{
    struct descriptor_use use;
    if (!descriptor_borrow(task_current()->descriptors, descriptor, &use)) {
        return -EBADF;
    }
    long result = (use.file->flags & O_PATH) != 0
                      ? -EBADF
                      : ioctl_on_file(descriptor, use.file, command, argument);
    descriptor_release(&use);
    return result;
}
