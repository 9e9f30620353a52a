// Advisory locks: flock(2) by open file, record locks of fcntl(2) by owner (a process's descriptor
// table, or an open file) and range. They stand with the object that is opened: a vnode, or a pipe.
// Files of other kinds (open_file.locks is NULL) keep none: -EBADF.
#pragma once

#include "file/open_file.h"
#include "uapi/fcntl.h"

// operation: LOCK_SH, LOCK_EX, LOCK_UN with LOCK_NB; `pid` is what the list of all locks reports. 0, -EWOULDBLOCK, -ERESTARTSYS, -EINVAL,
// -ENOLCK.
must_check int file_lock_flock(struct open_file *file, int operation, int pid);
// F_GETLK, F_SETLK, F_SETLKW; `owner` identifies the process, `pid` is what F_GETLK reports, `size`
// is where SEEK_END counts from. The F_OFD_ commands: the open file is the owner, and -1 is reported.
// -EAGAIN, -EDEADLK, -ERESTARTSYS, -EINVAL.
must_check int file_lock_record(struct open_file *file, int command, struct uapi_flock *lock,
                                void *owner, int pid, uint64_t size);
// Has somebody ever asked for a lock on the file's object?
static inline bool file_lock_is_possible(const struct open_file *file)
{
    return file->locks != NULL && __atomic_load_n(file->locks, __ATOMIC_ACQUIRE) != NULL;
}
// Drops what the owner holds on this file: every close(2) does that (POSIX). Nothing to do unless file_lock_is_possible.
void file_lock_release_owner(struct open_file *file, void *owner);
// Drops the locks of an open file at its last put. As before.
void file_lock_release_file(struct open_file *file);
// The last reference to an object goes: nobody can hold a lock on it any more. Frees and clears
// `*locks`, which may be NULL.
void file_locks_fini(struct file_locks **locks);

// One lock that is held, for /proc/locks.
struct file_lock_view {
    const char *kind; // "FLOCK", "POSIX", "OFDLCK"
    bool is_exclusive;
    int pid;                            // -1: an open file's
    uint64_t device, inode, start, end; // INT64_MAX: to the end of the file
};
// Those of one open file, as far as it holds them itself or for `owner`: in one hold of a spin lock.
void file_lock_visit_file(struct open_file *file, const void *owner,
                          void (*visit)(const struct file_lock_view *view, void *context),
                          void *context);
// Calls `visit` for every lock, those of one object in one hold of a spin lock: it must not sleep. What is taken or given up
// meanwhile may be left out.
void file_lock_visit(void (*visit)(const struct file_lock_view *view, void *context),
                     void *context);
