// Timers of timerfd. An expiry counts one and stops there: what an interval would have added since is counted when somebody asks, so
// that a short interval that nobody reads costs nothing.
//
// Locks: the mutex of the file (rank TIMER_FILE) orders those who start and cancel the timer; the spin lock (rank TIMER_STATE) guards
// what the interrupt sees. Files that go by the wall clock are on a list (mutex of rank TIMER_FILE_LIST), for those who set it.
#include "file/timer_file.h"

#include "file/open_file.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/text.h"
#include "memory/heap.h"
#include "scheduler/timer.h"
#include "sync/spinlock.h"

struct timer_file {
    struct mutex mutex;
    struct spinlock lock;
    struct timer timer;
    struct wait_queue expired;
    struct list_head realtime_link; // [l list] by the wall clock
    bool is_realtime;               // [I]
    int clock;                      // [I] as the program named it
    unsigned setting_flags;         // [l mutex] TIMER_FILE_*, of the last setting
    bool is_absolute;               // [l mutex] deadline_ns follows the wall clock
    bool is_cancelled_by_set;       // [l mutex] TIMER_FILE_CANCEL
    bool was_cancelled;             // [l spin]
    bool has_expired;               // [l spin] and the intervals since are not counted yet
    uint64_t wall_offset_ns;        // [l mutex] wall clock less monotonic when deadline_ns was set
    uint64_t deadline_ns;           // [l spin] monotonic, of the next expiry; 0: off
    uint64_t interval_ns;           // [l mutex]
    uint64_t count;                 // [l spin] expirations since the last read
};

static struct mutex list_mutex = MUTEX_INIT(list_mutex, LOCK_RANK_TIMER_FILE_LIST);
static struct list_head realtime_files = LIST_INIT(realtime_files); // [l list_mutex]

static uint64_t wall_offset_now(void)
{
    return clock_realtime_ns() - clock_monotonic_ns();
}

static void timer_file_expire(struct timer *base)
{
    struct timer_file *own = container_of(base, struct timer_file, timer);
    spin_lock(&own->lock);
    own->has_expired = true;
    own->count++;
    spin_unlock(&own->lock);
    wait_queue_wake_all(&own->expired);
}

// Counts the intervals that went by since the timer expired, and starts it for the next one. The mutex is held.
static void catch_up_locked(struct timer_file *own)
{
    assert(mutex_is_held(&own->mutex));
    spin_lock(&own->lock);
    bool is_due = own->has_expired && own->interval_ns != 0;
    if (is_due) {
        // The CPU that it expired on may be a little ahead of this one: less than nothing must not become a huge count.
        uint64_t now = MAX(clock_monotonic_ns(), own->deadline_ns);
        uint64_t passed = (now - own->deadline_ns) / own->interval_ns;
        own->count += passed;
        own->deadline_ns += (passed + 1) * own->interval_ns;
        own->has_expired = false;
        assert(own->deadline_ns > now);
    }
    spin_unlock(&own->lock);
    if (is_due) {
        timer_start(&own->timer, own->deadline_ns);
    }
}

// A read's share: the count, or -ECANCELED; 0: nothing yet.
static int64_t take(struct timer_file *own)
{
    mutex_lock(&own->mutex);
    catch_up_locked(own);
    spin_lock(&own->lock);
    int64_t taken = own->was_cancelled ? -ECANCELED : (int64_t)MIN(own->count, (uint64_t)INT64_MAX);
    own->was_cancelled = false;
    own->count = taken < 0 ? own->count : 0;
    spin_unlock(&own->lock);
    mutex_unlock(&own->mutex);
    return taken;
}

static bool is_ready(struct timer_file *own)
{
    spin_lock(&own->lock);
    bool ready = own->count != 0 || own->was_cancelled;
    spin_unlock(&own->lock);
    return ready;
}

static ssize_t timer_file_read(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    struct timer_file *own = file->private_data;
    int64_t taken;
    (void)position;
    if (io_iter_remaining(iter) < sizeof(taken)) {
        return -EINVAL;
    }
    while ((taken = take(own)) == 0) {
        if (open_file_is_nonblocking(file)) {
            return -EAGAIN;
        }
        int error = WAIT_INTERRUPTIBLE(&own->expired, is_ready(own));
        if (error != 0) {
            return error;
        }
    }
    if (taken < 0) {
        return (ssize_t)taken;
    }
    return io_iter_write(iter, &taken, sizeof(taken)) == sizeof(taken) ? (ssize_t)sizeof(taken)
                                                                       : -EFAULT;
}

static unsigned timer_file_poll(struct open_file *file, struct poll_context *context)
{
    struct timer_file *own = file->private_data;
    poll_wait(context, &own->expired);
    return is_ready(own) ? POLLIN : 0;
}

static void timer_file_release(struct open_file *file)
{
    struct timer_file *own = file->private_data;
    // Off the list first: setting the clock could start the timer again.
    if (own->is_realtime) {
        mutex_lock(&list_mutex);
        list_remove(&own->realtime_link);
        mutex_unlock(&list_mutex);
    }
    (void)timer_cancel(&own->timer);
    heap_free(own);
}

static void get_locked(struct timer_file *own, struct timer_file_setting *left)
{
    assert(mutex_is_held(&own->mutex));
    catch_up_locked(own);
    spin_lock(&own->lock);
    uint64_t deadline = own->has_expired ? 0 : own->deadline_ns;
    spin_unlock(&own->lock);
    uint64_t now = clock_monotonic_ns();
    left->value_ns = deadline == 0 ? 0 : deadline > now ? deadline - now : 1;
    left->interval_ns = own->interval_ns;
}

static void describe_time(struct text_buffer *text, const char *name, uint64_t ns)
{
    text_format(text, "%s: (%llu, %llu)\n", name, (unsigned long long)(ns / NS_PER_SECOND),
                (unsigned long long)(ns % NS_PER_SECOND));
}

static void timer_file_describe(struct open_file *file, struct text_buffer *text)
{
    struct timer_file *own = file->private_data;
    struct timer_file_setting left;
    mutex_lock(&own->mutex);
    get_locked(own, &left);
    unsigned flags = own->setting_flags;
    mutex_unlock(&own->mutex);
    spin_lock(&own->lock);
    uint64_t count = own->count;
    spin_unlock(&own->lock);
    text_format(text, "clockid: %d\nticks: %llu\nsettime flags: 0%o\n", own->clock,
                (unsigned long long)count, flags);
    describe_time(text, "it_value", left.value_ns);
    describe_time(text, "it_interval", left.interval_ns);
}

static const struct file_ops timer_file_ops = {
    .name = "timerfd",
    .flags = FILE_OPS_NONSEEK_ZERO | FILE_OPS_NO_POSITION_LOCK | FILE_OPS_NO_SPLICE,
    .read = timer_file_read,
    .poll = timer_file_poll,
    .describe = timer_file_describe,
    .release = timer_file_release,
};

struct open_file *timer_file_create(int clock, bool is_realtime, unsigned flags,
                                    struct credentials *credentials)
{
    struct timer_file *own = heap_alloc_zeroed(sizeof(*own));
    if (own == NULL) {
        return NULL;
    }
    mutex_init(&own->mutex, LOCK_RANK_TIMER_FILE);
    spin_init(&own->lock, LOCK_RANK_TIMER_STATE);
    wait_queue_init(&own->expired);
    timer_init(&own->timer, timer_file_expire);
    own->is_realtime = is_realtime;
    own->clock = clock;
    struct open_file *file =
        open_file_create(&timer_file_ops, O_RDWR | flags, own, credentials, NULL);
    if (file == NULL) {
        heap_free(own);
        return NULL;
    }
    if (is_realtime) {
        mutex_lock(&list_mutex);
        list_add_tail(&realtime_files, &own->realtime_link);
        mutex_unlock(&list_mutex);
    }
    return file;
}

// A time of the file's clock as a monotonic one; what is past is as early as can be told from "off".
static uint64_t monotonic_deadline(struct timer_file *own, uint64_t value_ns)
{
    uint64_t now = clock_monotonic_ns();
    own->wall_offset_ns = wall_offset_now();
    if (!own->is_absolute) {
        return value_ns < UINT64_MAX - now ? now + value_ns : UINT64_MAX;
    }
    if (!own->is_realtime) {
        return value_ns;
    }
    return value_ns > own->wall_offset_ns ? value_ns - own->wall_offset_ns : 1;
}

static void arm_locked(struct timer_file *own, uint64_t deadline_ns)
{
    assert(mutex_is_held(&own->mutex));
    spin_lock(&own->lock);
    own->deadline_ns = deadline_ns;
    own->has_expired = false;
    spin_unlock(&own->lock);
    if (deadline_ns != 0) {
        timer_start(&own->timer, deadline_ns);
    }
}

int timer_file_set(struct open_file *file, unsigned flags, const struct timer_file_setting *setting,
                   struct timer_file_setting *old)
{
    if (file->ops != &timer_file_ops) {
        return -EINVAL;
    }
    struct timer_file *own = file->private_data;
    mutex_lock(&own->mutex);
    get_locked(own, old);
    (void)timer_cancel(&own->timer);
    own->is_absolute = (flags & TIMER_FILE_ABSOLUTE) != 0;
    own->is_cancelled_by_set =
        own->is_realtime && own->is_absolute && (flags & TIMER_FILE_CANCEL) != 0;
    own->interval_ns = setting->interval_ns;
    own->setting_flags = flags;
    spin_lock(&own->lock);
    own->count = 0;
    own->was_cancelled = false;
    spin_unlock(&own->lock);
    arm_locked(own, setting->value_ns != 0 ? monotonic_deadline(own, setting->value_ns) : 0);
    mutex_unlock(&own->mutex);
    return 0;
}

int timer_file_get(struct open_file *file, struct timer_file_setting *left)
{
    if (file->ops != &timer_file_ops) {
        return -EINVAL;
    }
    struct timer_file *own = file->private_data;
    mutex_lock(&own->mutex);
    get_locked(own, left);
    mutex_unlock(&own->mutex);
    return 0;
}

static void follow_clock(struct timer_file *own)
{
    mutex_lock(&own->mutex);
    uint64_t offset = wall_offset_now();
    uint64_t earlier_ns = offset - own->wall_offset_ns; // signed by wrapping
    spin_lock(&own->lock);
    own->was_cancelled |= own->is_cancelled_by_set;
    bool is_running = own->is_absolute && own->deadline_ns != 0 && !own->has_expired;
    int64_t deadline = (int64_t)(own->deadline_ns - earlier_ns);
    spin_unlock(&own->lock);
    own->wall_offset_ns = offset;
    if (is_running) {
        (void)timer_cancel(&own->timer);
        arm_locked(own, deadline > 0 ? (uint64_t)deadline : 1);
    }
    mutex_unlock(&own->mutex);
    wait_queue_wake_all(&own->expired);
}

void timer_file_clock_was_set(void)
{
    struct timer_file *own;
    mutex_lock(&list_mutex);
    list_for_each_entry(own, &realtime_files, realtime_link) {
        follow_clock(own);
    }
    mutex_unlock(&list_mutex);
}
