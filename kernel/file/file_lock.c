// flock(2): locks on whole files, owned by open files, so that duplicates and children share them.
//
// A lock is taken when nothing conflicts; else the caller sleeps on the object's queue, which every
// release wakes. Changing the kind of a lock is a release and a new attempt, as in Linux: others
// may get in between. Threads may lock one open file at the same time: who comes second finds the
// lock there, and neither waits for it nor gives it up.
#include "file/file_lock.h"

#include "file/file_lock_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/heap.h"

struct spinlock file_locks_lock = SPINLOCK_INIT(LOCK_RANK_FILE_LOCKS);
static struct list_head all_locks = LIST_INIT(all_locks); // [l file locks] of objects that had one

struct file_locks *file_locks_of(struct open_file *file, bool may_make)
{
    assert(file->locks != NULL);
    struct file_locks *locks = __atomic_load_n(file->locks, __ATOMIC_ACQUIRE);
    if (locks != NULL || !may_make) {
        return locks;
    }
    struct file_locks *made = heap_alloc_zeroed(sizeof(*made));
    if (made == NULL) {
        return NULL;
    }
    list_init(&made->flocks);
    list_init(&made->records);
    wait_queue_init(&made->released);
    if (file->backing.ops != NULL && file->backing.ops->identify != NULL) {
        file->backing.ops->identify(&file->backing, &made->device, &made->inode);
    }
    spin_lock(&file_locks_lock);
    if (*file->locks == NULL) {
        list_add_tail(&all_locks, &made->all_link);
        __atomic_store_n(file->locks, made, __ATOMIC_RELEASE); // once: it goes with the object
        made = NULL;
    }
    spin_unlock(&file_locks_lock);
    heap_free(made);
    return *file->locks;
}

void file_locks_fini(struct file_locks **slot)
{
    struct file_locks *locks = *slot;
    if (locks != NULL) {
        assert(list_is_empty(&locks->flocks) && list_is_empty(&locks->records));
        *slot = NULL;
        spin_lock(&file_locks_lock);
        list_remove(&locks->all_link);
        spin_unlock(&file_locks_lock);
        heap_free(locks);
    }
}

static struct file_lock *flock_find_locked(struct file_locks *locks, const void *owner)
{
    assert(spin_is_held(&file_locks_lock));
    struct file_lock *lock;
    list_for_each_entry(lock, &locks->flocks, link) {
        if (lock->owner == owner) {
            return lock;
        }
    }
    return NULL;
}

// What was taken off the list; NULL: nothing.
static void flock_forget(struct file_locks *locks, struct file_lock *lock)
{
    if (lock != NULL) {
        heap_free(lock);
        wait_queue_wake_all(&locks->released);
    }
}

static void flock_release(struct file_locks *locks, const void *owner)
{
    spin_lock(&file_locks_lock);
    struct file_lock *lock = flock_find_locked(locks, owner);
    if (lock != NULL) {
        list_remove(&lock->link);
    }
    spin_unlock(&file_locks_lock);
    flock_forget(locks, lock);
}

static bool flock_conflicts_locked(struct file_locks *locks, const struct file_lock *wanted)
{
    assert(spin_is_held(&file_locks_lock));
    struct file_lock *lock;
    list_for_each_entry(lock, &locks->flocks, link) {
        if (lock->is_exclusive || wanted->is_exclusive) {
            return true;
        }
    }
    return false;
}

// One attempt, in one step: a lock of the wanted kind that the file has is enough. One of the other kind is given up first: two who share
// it and both want it alone would else wait for each other (flock(2)). True: the file has the lock; *wanted is NULL where that one is it.
static bool flock_try(struct file_locks *locks, struct file_lock **wanted)
{
    spin_lock(&file_locks_lock);
    struct file_lock *former = flock_find_locked(locks, (*wanted)->owner);
    bool is_held = former != NULL && former->is_exclusive == (*wanted)->is_exclusive;
    if (is_held) {
        former = NULL;
    } else {
        if (former != NULL) {
            list_remove(&former->link);
        }
        is_held = !flock_conflicts_locked(locks, *wanted);
        if (is_held) {
            list_add_tail(&locks->flocks, &(*wanted)->link);
            *wanted = NULL;
        }
    }
    spin_unlock(&file_locks_lock);
    flock_forget(locks, former);
    return is_held;
}

static int flock_acquire(struct file_locks *locks, const struct file_lock *request, bool may_wait)
{
    struct file_lock *wanted = heap_alloc_zeroed(sizeof(*wanted));
    if (wanted == NULL) {
        return -ENOLCK;
    }
    *wanted = *request;
    int error = flock_try(locks, &wanted) ? 0 : -EWOULDBLOCK;
    if (error != 0 && may_wait) {
        error = WAIT_INTERRUPTIBLE(&locks->released, flock_try(locks, &wanted));
    }
    heap_free(wanted);
    return error;
}

int file_lock_flock(struct open_file *file, int operation, int pid)
{
    int kind = operation & ~LOCK_NB;
    if (kind != LOCK_SH && kind != LOCK_EX && kind != LOCK_UN) {
        return -EINVAL;
    }
    if (file->locks == NULL) {
        return -EBADF;
    }
    struct file_locks *locks = file_locks_of(file, kind != LOCK_UN);
    if (kind == LOCK_UN) {
        if (locks != NULL) {
            flock_release(locks, file);
        }
        return 0;
    }
    if (locks == NULL) {
        return -ENOLCK;
    }
    const struct file_lock request = {
        .owner = file, .is_exclusive = kind == LOCK_EX, .end = INT64_MAX, .pid = pid};
    return flock_acquire(locks, &request, (operation & LOCK_NB) == 0);
}

void file_lock_release_file(struct open_file *file)
{
    struct file_locks *locks = file->locks != NULL ? file_locks_of(file, false) : NULL;
    if (locks != NULL) {
        flock_release(locks, file);
        file_lock_release_records(locks, file);
    }
}

// ---- the list of all ------------------------------------------------------------------------------

struct lock_visit {
    void (*visit)(const struct file_lock_view *view, void *context);
    void *context;
    const struct open_file *file; // NULL: all locks
    const void *owner;
};

// Was the lock got through this file, and is it the file's or that owner's?
static bool is_got_through(const struct file_lock *lock, const struct lock_visit *visit)
{
    bool is_flock = lock->owner == visit->file;
    bool is_record = lock->file == visit->file && lock->owner == visit->owner;
    return visit->file == NULL || is_flock || is_record;
}

static void visit_list_locked(struct file_locks *locks, struct list_head *list,
                              const struct lock_visit *visit)
{
    assert(spin_is_held(&file_locks_lock));
    struct file_lock *lock;
    list_for_each_entry(lock, list, link) {
        if (!is_got_through(lock, visit)) {
            continue;
        }
        const struct file_lock_view view = {
            .kind = list == &locks->flocks ? "FLOCK"
                    : lock->pid < 0        ? "OFDLCK"
                                           : "POSIX",
            .is_exclusive = lock->is_exclusive,
            .pid = lock->pid,
            .device = locks->device,
            .inode = locks->inode,
            .start = lock->start,
            .end = lock->end,
        };
        visit->visit(&view, visit->context);
    }
}

// Moves the marker behind the next object that is one, and visits that. False: there is none.
static bool visit_next(struct file_locks *marker, const struct lock_visit *visit)
{
    spin_lock(&file_locks_lock);
    struct list_head *next = marker->all_link.next;
    bool is_more = next != &all_locks;
    if (is_more) {
        struct file_locks *locks = list_entry(next, struct file_locks, all_link);
        list_remove(&marker->all_link);
        list_add_head(next, &marker->all_link);
        if (!locks->is_marker) {
            visit_list_locked(locks, &locks->flocks, visit);
            visit_list_locked(locks, &locks->records, visit);
        }
    }
    spin_unlock(&file_locks_lock);
    return is_more;
}

void file_lock_visit(void (*visit)(const struct file_lock_view *view, void *context), void *context)
{
    struct file_locks marker = {.is_marker = true};
    const struct lock_visit how = {.visit = visit, .context = context};
    spin_lock(&file_locks_lock);
    list_add_head(&all_locks, &marker.all_link);
    spin_unlock(&file_locks_lock);
    while (visit_next(&marker, &how)) {}
    spin_lock(&file_locks_lock);
    list_remove(&marker.all_link);
    spin_unlock(&file_locks_lock);
}

void file_lock_visit_file(struct open_file *file, const void *owner,
                          void (*visit)(const struct file_lock_view *view, void *context),
                          void *context)
{
    struct file_locks *locks = file_lock_is_possible(file) ? file_locks_of(file, false) : NULL;
    if (locks == NULL) {
        return;
    }
    const struct lock_visit how = {visit, context, file, owner};
    spin_lock(&file_locks_lock);
    visit_list_locked(locks, &locks->flocks, &how);
    visit_list_locked(locks, &locks->records, &how);
    spin_unlock(&file_locks_lock);
}
