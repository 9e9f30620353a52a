// Record locks of fcntl(2): ranges of bytes, owned by a process (its descriptor table), as POSIX
// has them, or by an open file (F_OFD_SETLK). An owner's own locks never conflict: a new one
// replaces, splits or joins what it overlaps.
//
// Deadlock: a process that waits is written down with what it waits for; before another one waits,
// the chain of "waits for a lock of" is followed, and -EDEADLK given when it comes back. Open files
// are nobody's alone, so that a wait on their behalf is never called a deadlock.
#include "file/file_lock_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/heap.h"

// A process that waits for a record lock, on its kernel stack.
struct record_waiter {
    struct list_head link;
    void *owner;      // who waits
    void *blocked_by; // whose lock stands in the way
};
static struct list_head record_waiters = LIST_INIT(record_waiters); // [l file locks]

// A request as ranges; two spare locks are at hand before the spin lock is taken: one to insert,
// one for a split.
struct record_request {
    struct file_locks *locks;
    const struct open_file *file;
    void *owner;
    int pid;
    int type;
    bool is_of_file;     // the owner is the open file
    uint64_t start, end; // both inclusive
    struct file_lock *spare[2];
};

// l_len as POSIX has it: 0 up to the end of all files, a negative one the bytes before l_start.
static int record_decode(const struct uapi_flock *lock, uint64_t size,
                         struct record_request *request)
{
    int64_t base = 0;
    if (lock->l_whence == SEEK_CUR) {
        base = (int64_t)request->file->position;
    } else if (lock->l_whence == SEEK_END) {
        base = (int64_t)size;
    } else if (lock->l_whence != SEEK_SET) {
        return -EINVAL;
    }
    int64_t start, end = INT64_MAX;
    if (__builtin_add_overflow(base, lock->l_start, &start)) {
        return -EOVERFLOW;
    }
    if (start < 0) {
        return -EINVAL; // before anything is subtracted from it
    }
    if (lock->l_len > 0 && __builtin_add_overflow(start, lock->l_len - 1, &end)) {
        return -EOVERFLOW;
    }
    if (lock->l_len < 0) {
        end = start - 1;
        start += lock->l_len;
    }
    if (start < 0) {
        return -EINVAL;
    }
    request->start = (uint64_t)start;
    request->end = (uint64_t)end;
    request->type = lock->l_type;
    return lock->l_type == F_RDLCK || lock->l_type == F_WRLCK || lock->l_type == F_UNLCK ? 0
                                                                                         : -EINVAL;
}

static bool record_overlaps(const struct file_lock *lock, const struct record_request *request)
{
    return lock->start <= request->end && request->start <= lock->end;
}

static struct file_lock *record_conflict_locked(const struct record_request *request)
{
    assert(spin_is_held(&file_locks_lock));
    struct file_lock *lock;
    list_for_each_entry(lock, &request->locks->records, link) {
        if (lock->owner != request->owner && record_overlaps(lock, request) &&
            (lock->is_exclusive || request->type == F_WRLCK)) {
            return lock;
        }
    }
    return NULL;
}

// ---- changing the list --------------------------------------------------------------------------

static void record_insert_locked(struct file_locks *locks, struct file_lock *lock)
{
    assert(spin_is_held(&file_locks_lock));
    struct file_lock *other;
    locks->record_count++;
    list_for_each_entry(other, &locks->records, link) {
        if (other->start > lock->start) {
            break;
        }
    }
    list_add_tail(&other->link, &lock->link);
}

static void record_remove_locked(struct file_locks *locks, struct file_lock *lock)
{
    assert(spin_is_held(&file_locks_lock));
    list_remove(&lock->link);
    locks->record_count--;
}

// Cuts the request's range out of one lock of its owner; what becomes free goes to `unused`.
static void record_cut_locked(struct record_request *request, struct file_lock *lock,
                              struct list_head *unused)
{
    bool keeps_front = lock->start < request->start;
    bool keeps_back = lock->end > request->end;
    if (keeps_front && keeps_back) {
        struct file_lock *back = request->spare[1];
        request->spare[1] = NULL;
        assert(back != NULL);
        *back = *lock;
        back->start = request->end + 1;
        lock->end = request->start - 1;
        list_init(&back->link);
        record_insert_locked(request->locks, back);
    } else if (keeps_front) {
        lock->end = request->start - 1;
    } else if (keeps_back) {
        lock->start = request->end + 1;
        record_remove_locked(request->locks, lock);
        record_insert_locked(request->locks, lock);
    } else {
        record_remove_locked(request->locks, lock);
        list_add_tail(unused, &lock->link);
    }
}

// Is there room for what the request may add: its own lock, and the rest of one that it splits?
static bool record_has_room_locked(const struct record_request *request)
{
    assert(spin_is_held(&file_locks_lock));
    size_t added = request->type != F_UNLCK ? 1 : 0;
    struct file_lock *lock;
    list_for_each_entry(lock, &request->locks->records, link) {
        bool is_split = lock->owner == request->owner && lock->start < request->start &&
                        lock->end > request->end;
        added += is_split ? 1 : 0;
    }
    return added == 0 || request->locks->record_count + added <= FILE_RECORDS_MAX;
}

// The range becomes what is asked: the owner's older locks give way.
static void record_apply_locked(struct record_request *request, struct list_head *unused)
{
    assert(spin_is_held(&file_locks_lock));
    struct file_lock *lock, *following;
    list_for_each_entry_safe(lock, following, &request->locks->records, link) {
        if (lock->owner == request->owner && record_overlaps(lock, request)) {
            record_cut_locked(request, lock, unused);
        }
    }
    if (request->type == F_UNLCK) {
        return;
    }
    struct file_lock *made = request->spare[0];
    request->spare[0] = NULL;
    *made = (struct file_lock){
        .owner = request->owner,
        .is_exclusive = request->type == F_WRLCK,
        .start = request->start,
        .end = request->end,
        .pid = request->pid,
        .file = request->file,
    };
    record_insert_locked(request->locks, made);
}

static void record_free_list(struct list_head *unused)
{
    while (!list_is_empty(unused)) {
        struct file_lock *lock = list_first_entry(unused, struct file_lock, link);
        list_remove(&lock->link);
        heap_free(lock);
    }
}

// ---- waiting ------------------------------------------------------------------------------------

// Follows who waits for whom: each owner waits for one lock at a time. A chain that is longer than the bound is let in: it can be broken
// by a signal.
static bool record_would_deadlock_locked(const struct record_request *request, const void *blocker)
{
    assert(spin_is_held(&file_locks_lock));
    enum { CHAIN_LIMIT = 64 };
    for (int steps = 0; steps < CHAIN_LIMIT; steps++) {
        struct record_waiter *waiter;
        const void *next = NULL;
        list_for_each_entry(waiter, &record_waiters, link) {
            if (waiter->owner == blocker) {
                next = waiter->blocked_by;
                break;
            }
        }
        if (next == NULL) {
            return false;
        }
        if (next == request->owner) {
            return true;
        }
        blocker = next;
    }
    return false;
}

// One attempt: 0 done, -EAGAIN somebody has it (written down in *waiter), -EDEADLK, -ENOLCK.
static int record_try(struct record_request *request, struct record_waiter *waiter,
                      struct list_head *unused)
{
    int error = 0;
    spin_lock(&file_locks_lock);
    if (waiter != NULL) {
        list_remove(&waiter->link);
    }
    struct file_lock *conflict = request->type == F_UNLCK ? NULL : record_conflict_locked(request);
    if (conflict == NULL && !record_has_room_locked(request)) {
        error = -ENOLCK;
    } else if (conflict == NULL) {
        record_apply_locked(request, unused);
    } else if (waiter != NULL && !request->is_of_file &&
               record_would_deadlock_locked(request, conflict->owner)) {
        error = -EDEADLK;
    } else {
        error = -EAGAIN;
        if (waiter != NULL) {
            waiter->blocked_by = conflict->owner;
            list_add_tail(&record_waiters, &waiter->link);
        }
    }
    spin_unlock(&file_locks_lock);
    return error;
}

static int record_wait(struct record_request *request, struct list_head *unused)
{
    struct record_waiter waiter = {.owner = request->owner};
    list_init(&waiter.link);
    int tried = -EAGAIN;
    int error = WAIT_INTERRUPTIBLE(&request->locks->released,
                                   (tried = record_try(request, &waiter, unused)) != -EAGAIN);
    spin_lock(&file_locks_lock);
    list_remove(&waiter.link);
    spin_unlock(&file_locks_lock);
    return tried != -EAGAIN ? tried : error;
}

static int record_set(struct record_request *request, bool may_wait)
{
    struct list_head unused;
    list_init(&unused);
    request->spare[0] = heap_alloc_zeroed(sizeof(struct file_lock));
    request->spare[1] = heap_alloc_zeroed(sizeof(struct file_lock));
    int error = -ENOLCK;
    if (request->spare[0] != NULL && request->spare[1] != NULL) {
        error = record_try(request, NULL, &unused);
        if (error == -EAGAIN && may_wait) {
            error = record_wait(request, &unused);
        }
    }
    record_free_list(&unused);
    heap_free(request->spare[0]);
    heap_free(request->spare[1]);
    if (error == 0) {
        wait_queue_wake_all(&request->locks->released); // a smaller or weaker lock frees others
    }
    return error;
}

static void record_get(const struct record_request *request, struct uapi_flock *lock)
{
    spin_lock(&file_locks_lock);
    const struct file_lock *conflict = record_conflict_locked(request);
    if (conflict == NULL) {
        lock->l_type = F_UNLCK;
    } else {
        lock->l_type = conflict->is_exclusive ? F_WRLCK : F_RDLCK;
        lock->l_whence = SEEK_SET;
        lock->l_start = (int64_t)conflict->start;
        lock->l_len =
            conflict->end == INT64_MAX ? 0 : (int64_t)(conflict->end - conflict->start + 1);
        lock->l_pid = conflict->pid;
    }
    spin_unlock(&file_locks_lock);
}

// ---- entry points -------------------------------------------------------------------------------

int file_lock_record(struct open_file *file, int command, struct uapi_flock *lock, void *owner,
                     int pid, uint64_t size)
{
    if (file->locks == NULL) {
        return -EBADF;
    }
    struct record_request request = {.file = file, .owner = owner, .pid = pid};
    if (command == F_OFD_GETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW) {
        request.is_of_file = true;
        request.owner = file;
        request.pid = -1;
    }
    int error = record_decode(lock, size, &request);
    if (error != 0) {
        return error;
    }
    bool is_get = command == F_GETLK || command == F_OFD_GETLK;
    if ((is_get && request.type == F_UNLCK) || (request.is_of_file && lock->l_pid != 0)) {
        return -EINVAL;
    }
    bool may_use = is_get || request.type == F_UNLCK ||
                   (request.type == F_RDLCK ? open_file_can_read(file) : open_file_can_write(file));
    if (!may_use) {
        return -EBADF;
    }
    request.locks = file_locks_of(file, true);
    if (request.locks == NULL) {
        return -ENOLCK;
    }
    if (is_get) {
        record_get(&request, lock);
        return 0;
    }
    return record_set(&request, command == F_SETLKW || command == F_OFD_SETLKW);
}

// Drops the locks of an owner, or (owner NULL) those that were asked for through a file.
static void record_release(struct file_locks *locks, const void *owner,
                           const struct open_file *file)
{
    struct list_head unused;
    list_init(&unused);
    struct file_lock *lock, *following;
    spin_lock(&file_locks_lock);
    list_for_each_entry_safe(lock, following, &locks->records, link) {
        if (owner != NULL ? lock->owner == owner : lock->file == file) {
            record_remove_locked(locks, lock);
            list_add_tail(&unused, &lock->link);
        }
    }
    spin_unlock(&file_locks_lock);
    bool was_held = !list_is_empty(&unused);
    record_free_list(&unused);
    if (was_held) {
        wait_queue_wake_all(&locks->released);
    }
}

void file_lock_release_owner(struct open_file *file, void *owner)
{
    struct file_locks *locks = file->locks != NULL ? file_locks_of(file, false) : NULL;
    if (locks != NULL) {
        record_release(locks, owner, NULL);
    }
}

void file_lock_release_records(struct file_locks *locks, const struct open_file *file)
{
    record_release(locks, NULL, file);
}
