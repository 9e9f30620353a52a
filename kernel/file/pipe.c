// Pipes and FIFOs: the object, its two kinds of ends, opening and closing them.
//
// A struct pipe lives as long as an end is open or somebody (a FIFO's vnode) holds it; what is in it goes when the last end is
// closed. One table of operations serves both ends, since the layer above checks the mode of the file. A FIFO's reader keeps
// in file->position how many writers had been opened when it was, so that poll reports no hang-up before the first one.
#include "file/pipe.h"

#include "arch/page.h"
#include "file/file_lock.h"
#include "file/pipe_internal.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "uapi/poll.h"
#include "uapi/stat.h"
#include "uapi/termios.h"

// The device number of pipes in stat, as an anonymous file system's.
enum { PIPE_FILE_SYSTEM_DEVICE = 13 };

static struct slab_cache pipe_cache;
static struct atomic64 pipe_last_number; // [a]

static const struct file_ops pipe_file_ops;

void pipe_init(void)
{
    slab_cache_init(&pipe_cache, "pipe", sizeof(struct pipe), _Alignof(struct pipe));
}

// ---- the object ----------------------------------------------------------------------------------

struct pipe *pipe_object_create(void)
{
    struct pipe *pipe = slab_alloc_zeroed(&pipe_cache);
    if (pipe == NULL) {
        return NULL;
    }
    pipe->pages = heap_alloc_array(PIPE_DEFAULT_PAGES, sizeof(*pipe->pages));
    if (pipe->pages == NULL) {
        slab_free(&pipe_cache, pipe);
        return NULL;
    }
    refcount_init(&pipe->references, 1);
    mutex_init(&pipe->mutex, LOCK_RANK_PIPE);
    wait_queue_init(&pipe->read_queue);
    wait_queue_init(&pipe->write_queue);
    wait_queue_init(&pipe->loan_queue);
    pipe->capacity = PIPE_DEFAULT_PAGES;
    pipe->number = atomic64_add(&pipe_last_number, 1);
    return pipe;
}

void pipe_get_attributes(struct pipe *pipe, struct pipe_attributes *attributes)
{
    mutex_lock(&pipe->mutex);
    *attributes = pipe->attributes;
    mutex_unlock(&pipe->mutex);
}

void pipe_set_attributes(struct pipe *pipe, const struct pipe_attributes *attributes)
{
    mutex_lock(&pipe->mutex);
    pipe->attributes = *attributes;
    mutex_unlock(&pipe->mutex);
}

void pipe_object_get(struct pipe *pipe)
{
    refcount_get(&pipe->references);
}

void pipe_object_put(struct pipe *pipe)
{
    if (!refcount_put(&pipe->references)) {
        return;
    }
    assert(pipe->readers == 0 && pipe->writers == 0);
    assert(pipe->reserved == 0 && !pipe->is_lent);
    pipe_clear(pipe);
    file_locks_fini(&pipe->locks);
    heap_free(pipe->pages);
    slab_free(&pipe_cache, pipe);
}

void pipe_clear(struct pipe *pipe)
{
    assert(pipe->used <= pipe->capacity && pipe->first < pipe->capacity);
    while (pipe->used != 0) {
        frame_put(pipe_page_at(pipe, 0)->frame);
        pipe->first = (pipe->first + 1) & (pipe->capacity - 1);
        pipe->used--;
    }
}

size_t pipe_bytes_locked(struct pipe *pipe)
{
    assert(mutex_is_held(&pipe->mutex));
    size_t bytes = 0;
    for (unsigned i = 0; i < pipe->used; i++) {
        bytes += pipe_page_at(pipe, i)->length;
    }
    return bytes;
}

struct pipe *pipe_from_file(struct open_file *file)
{
    return file->ops == &pipe_file_ops ? file->private_data : NULL;
}

long pipe_get_size(struct pipe *pipe)
{
    return (long)READ_ONCE(pipe->capacity) * PAGE_SIZE;
}

// Pages move to a new ring of their own order; what is reserved by a transfer under way needs its room, too.
static long pipe_set_pages_locked(struct pipe *pipe, unsigned count)
{
    assert(mutex_is_held(&pipe->mutex));
    if (count < pipe->used + pipe->reserved) {
        return -EBUSY;
    }
    struct pipe_page *pages = heap_alloc_array(count, sizeof(*pages));
    if (pages == NULL) {
        return -ENOMEM;
    }
    for (unsigned i = 0; i < pipe->used; i++) {
        pages[i] = *pipe_page_at(pipe, i);
    }
    heap_free(pipe->pages);
    pipe->pages = pages;
    pipe->first = 0;
    assert(pipe->used <= count && (count & (count - 1)) == 0);
    WRITE_ONCE(pipe->capacity, count);
    return (long)count * PAGE_SIZE;
}

static unsigned most_pages = PIPE_MAX_PAGES; // [a] without the right to more

// Pages that hold the bytes, a power of two.
static unsigned pages_for(size_t bytes)
{
    unsigned count = 1;
    while ((size_t)count * PAGE_SIZE < bytes) {
        count *= 2;
    }
    return count;
}

size_t pipe_largest_size(void)
{
    return (size_t)READ_ONCE(most_pages) * PAGE_SIZE;
}

int pipe_set_largest_size(size_t bytes)
{
    if (bytes > PIPE_SIZE_MAX) {
        return -EINVAL;
    }
    WRITE_ONCE(most_pages, pages_for(bytes));
    return 0;
}

long pipe_set_size(struct pipe *pipe, size_t bytes, bool may_exceed)
{
    if (bytes > PIPE_SIZE_MAX) {
        return -EINVAL;
    }
    // What a program asks for may be less than what is in the pipe: then it is -EBUSY, and nothing is lost (fcntl(2)).
    unsigned count = pages_for(bytes);
    if (count > READ_ONCE(most_pages) && !may_exceed) {
        return -EPERM;
    }
    if (count > PIPE_RING_PAGES) {
        return -ENOMEM;
    }
    mutex_lock(&pipe->mutex);
    long result = pipe_set_pages_locked(pipe, count);
    mutex_unlock(&pipe->mutex);
    wait_queue_wake(&pipe->write_queue, POLLOUT | POLLWRNORM, 1);
    return result;
}

// ---- ends ----------------------------------------------------------------------------------------

static void pipe_add_ends_locked(struct pipe *pipe, const struct open_file *file)
{
    assert(mutex_is_held(&pipe->mutex));
    if (open_file_can_read(file)) {
        WRITE_ONCE(pipe->readers, pipe->readers + 1);
        WRITE_ONCE(pipe->reader_opens, pipe->reader_opens + 1);
    }
    if (open_file_can_write(file)) {
        WRITE_ONCE(pipe->writers, pipe->writers + 1);
        WRITE_ONCE(pipe->writer_opens, pipe->writer_opens + 1);
    }
}

static void pipe_wake_everybody(struct pipe *pipe)
{
    wait_queue_wake_all(&pipe->read_queue);
    wait_queue_wake_all(&pipe->write_queue);
}

// Where one kind of end is left alone its holders are woken: readers for the end of file, writers for EPIPE. Where none is left what is
// in the pipe is lost, even if a FIFO's name leads there again.
static void pipe_remove_ends(struct pipe *pipe, const struct open_file *file)
{
    mutex_lock(&pipe->mutex);
    assert(!open_file_can_read(file) || pipe->readers != 0);
    assert(!open_file_can_write(file) || pipe->writers != 0);
    if (open_file_can_read(file)) {
        WRITE_ONCE(pipe->readers, pipe->readers - 1);
    }
    if (open_file_can_write(file)) {
        WRITE_ONCE(pipe->writers, pipe->writers - 1);
    }
    bool is_last = pipe->readers == 0 && pipe->writers == 0;
    bool must_wake = !is_last && (pipe->readers == 0 || pipe->writers == 0);
    if (is_last) {
        pipe_clear(pipe);
    }
    mutex_unlock(&pipe->mutex);
    if (must_wake) {
        pipe_wake_everybody(pipe);
    }
}

static void pipe_release(struct open_file *file)
{
    struct pipe *pipe = file->private_data;
    pipe_remove_ends(pipe, file);
    pipe_object_put(pipe);
}

static struct open_file *pipe_open_end(struct pipe *pipe, unsigned flags,
                                       struct credentials *credentials)
{
    struct open_file *file = open_file_create(&pipe_file_ops, flags, pipe, credentials, NULL);
    if (file != NULL) {
        pipe_object_get(pipe);
        file->locks = &pipe->locks;
        mutex_lock(&pipe->mutex);
        pipe_add_ends_locked(pipe, file);
        mutex_unlock(&pipe->mutex);
    }
    return file;
}

int pipe_create(unsigned flags, struct credentials *credentials, struct open_file *ends[2])
{
    struct pipe *pipe = pipe_object_create();
    if (pipe == NULL) {
        return -ENOMEM;
    }
    uint64_t now_ns = clock_realtime_ns();
    pipe->is_nameless = true;
    pipe->attributes = (struct pipe_attributes){
        .mode = S_IRUSR | S_IWUSR,
        .uid = credentials->fsuid,
        .gid = credentials->fsgid,
        .access_ns = now_ns,
        .modify_ns = now_ns,
        .change_ns = now_ns,
    };
    unsigned status = flags & O_NONBLOCK;
    struct open_file *reader = pipe_open_end(pipe, O_RDONLY | status, credentials);
    struct open_file *writer =
        pipe_open_end(pipe, O_WRONLY | status | (flags & O_DIRECT), credentials);
    pipe_object_put(pipe);
    if (reader != NULL && writer != NULL) {
        ends[0] = reader;
        ends[1] = writer;
        return 0;
    }
    if (reader != NULL) {
        open_file_put(reader);
    }
    if (writer != NULL) {
        open_file_put(writer);
    }
    return -ENFILE;
}

// ---- FIFOs ---------------------------------------------------------------------------------------

// Whom an open waits for. The other side's opens are counted, not its ends, and whether to wait is decided while the ends are added:
// a partner that came, wrote and went before this thread ran again lets the open succeed.
struct fifo_meeting {
    struct wait_queue *queue; // NULL: nobody
    const uint32_t *partner_opens;
    uint32_t seen;
};

static struct fifo_meeting pipe_plan_meeting_locked(struct pipe *pipe, const struct open_file *file)
{
    assert(mutex_is_held(&pipe->mutex));
    bool waits = !open_file_is_nonblocking(file) && !pipe->is_nameless;
    if (waits && !open_file_can_write(file) && pipe->writers == 0) {
        return (struct fifo_meeting){&pipe->read_queue, &pipe->writer_opens, pipe->writer_opens};
    }
    if (waits && !open_file_can_read(file) && pipe->readers == 0) {
        return (struct fifo_meeting){&pipe->write_queue, &pipe->reader_opens, pipe->reader_opens};
    }
    return (struct fifo_meeting){0};
}

static int pipe_meet(const struct fifo_meeting *meeting)
{
    if (meeting->queue == NULL) {
        return 0;
    }
    return WAIT_INTERRUPTIBLE(meeting->queue, READ_ONCE(*meeting->partner_opens) != meeting->seen);
}

int pipe_open_fifo(struct pipe *pipe, struct open_file *file)
{
    if ((file->flags & O_ACCMODE) == O_ACCMODE) {
        return -EINVAL; // a file that is neither read nor written has no end of a pipe
    }
    mutex_lock(&pipe->mutex);
    bool goes_alone = open_file_is_nonblocking(file) && !pipe->is_nameless;
    if (goes_alone && !open_file_can_read(file) && pipe->readers == 0) {
        mutex_unlock(&pipe->mutex);
        return -ENXIO;
    }
    struct fifo_meeting meeting = pipe_plan_meeting_locked(pipe, file);
    bool is_early = goes_alone && pipe->writers == 0;
    uint32_t writer_opens = pipe->writer_opens;
    pipe_add_ends_locked(pipe, file);
    mutex_unlock(&pipe->mutex);
    pipe_wake_everybody(pipe);

    int error = pipe_meet(&meeting);
    if (error != 0) {
        pipe_remove_ends(pipe, file);
        return error;
    }
    pipe_object_get(pipe);
    file->ops = &pipe_file_ops;
    file->private_data = pipe;
    file->locks = &pipe->locks; // whichever name it was opened by
    file->position = is_early ? writer_opens : UINT64_MAX;
    return 0;
}

// ---- operations ----------------------------------------------------------------------------------

// Without the mutex: each word is read once, and whoever changes one wakes the queue afterwards, so a stale answer is asked again.
static unsigned pipe_poll(struct open_file *file, struct poll_context *context)
{
    struct pipe *pipe = file->private_data;
    unsigned events = 0;
    if (open_file_can_read(file)) {
        poll_wait(context, &pipe->read_queue);
        events |= READ_ONCE(pipe->used) != 0 ? POLLIN | POLLRDNORM : 0;
        if (READ_ONCE(pipe->writers) == 0 && file->position != READ_ONCE(pipe->writer_opens)) {
            events |= POLLHUP;
        }
    }
    if (open_file_can_write(file)) {
        poll_wait(context, &pipe->write_queue);
        events |= pipe_is_full(pipe) ? 0 : POLLOUT | POLLWRNORM;
        events |= READ_ONCE(pipe->readers) == 0 ? POLLERR : 0;
    }
    return events;
}

static int pipe_get_status(struct open_file *file, struct uapi_stat *status)
{
    struct pipe *pipe = file->private_data;
    struct pipe_attributes now;
    pipe_get_attributes(pipe, &now);
    *status = (struct uapi_stat){
        .st_dev = PIPE_FILE_SYSTEM_DEVICE,
        .st_ino = pipe->number,
        .st_nlink = 1,
        .st_mode = S_IFIFO | now.mode,
        .st_uid = now.uid,
        .st_gid = now.gid,
        .st_blksize = PAGE_SIZE,
        .st_atime_sec = now.access_ns / NS_PER_SECOND,
        .st_atime_nsec = now.access_ns % NS_PER_SECOND,
        .st_mtime_sec = now.modify_ns / NS_PER_SECOND,
        .st_mtime_nsec = now.modify_ns % NS_PER_SECOND,
        .st_ctime_sec = now.change_ns / NS_PER_SECOND,
        .st_ctime_nsec = now.change_ns % NS_PER_SECOND,
    };
    return 0;
}

// O_DIRECT makes packets of later writes.
static int pipe_set_flags(struct open_file *file, unsigned flags)
{
    (void)file;
    (void)flags;
    return 0;
}

static long pipe_count_bytes(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    struct pipe *pipe = file->private_data;
    mutex_lock(&pipe->mutex);
    *(int *)data = (int)pipe_bytes_locked(pipe);
    mutex_unlock(&pipe->mutex);
    return 0;
}

static const struct ioctl_row pipe_ioctls[] = {
    {FIONREAD, 0, sizeof(int), pipe_count_bytes},
};

static const struct file_ops pipe_file_ops = {
    .name = "pipe",
    .flags = FILE_OPS_STREAM,
    .read = pipe_read,
    .write = pipe_write,
    .poll = pipe_poll,
    .ioctls = pipe_ioctls,
    .ioctl_count = ARRAY_SIZE(pipe_ioctls),
    .get_status = pipe_get_status,
    .set_flags = pipe_set_flags,
    .release = pipe_release,
};
