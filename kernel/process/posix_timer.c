/*
 * POSIX timers: each has at most one signal pending; what expires meanwhile is counted and told as the overrun.
 *
 * States: stopped (deadline 0), running. A running timer keeps its exact deadline in deadline_ns; the interrupt is asked for no sooner
 * than a program can use it, so an interval of nanoseconds costs counting and no storm of interrupts. The list of a process is under
 * its mutex, which also keeps a timer from being freed; deadlines and overruns are under the signal lock, since the interrupt needs
 * them. A deadline by CLOCK_REALTIME is fixed when it is set: setting the clock does not move it. See timer_create(2),
 * timer_settime(2), timer_getoverrun(2).
 */
#include "process/posix_timer.h"

#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "process/cpu_clock.h"
#include "process/process_internal.h"
#include "uapi/capability.h"
#include "uapi/time.h"

struct posix_timer {
    struct list_head link;      /* [l mutex] */
    struct process *process;    /* [I] its owner, which outlives it */
    struct task *target;        /* [I] SIGEV_THREAD_ID: a reference; NULL: the process */
    struct timer timer;         /* started under the signal lock */
    int id, clock;              /* [I] */
    bool is_cpu_time;           /* [I] deadline_ns is a time of cpu_clock */
    struct cpu_clock cpu_clock; /* [I] */
    int notify, signal;         /* [I] SIGEV_*, and what is sent */
    union uapi_sigval value;    /* [I] */
    uint64_t deadline_ns;       /* [l signal] monotonic, or of the CPU clock; 0: stopped */
    uint64_t interval_ns;       /* [l signal] 0: once */
    uint64_t overrun;           /* [l signal] of the signal queued last */
    uint64_t former_overrun;    /* [l signal] of the one before */
};

static const uint64_t rearm_ns = 20 * NS_PER_US;  /* after a signal was queued */
static const uint64_t recount_ns = 1 * NS_PER_MS; /* while it is not taken, or ignored */

/* The time that its deadlines are in. Not with the signal lock held. */
static uint64_t timer_now(const struct posix_timer *timer)
{
    return timer->is_cpu_time ? cpu_clock_now(&timer->cpu_clock) : clock_monotonic_ns();
}

static struct queued_signal *pending_entry_locked(const struct posix_timer *timer)
{
    assert(spin_is_held(&timer->process->actions->lock));
    const struct pending_signals *pending =
        timer->target != NULL ? &timer->target->pending : &timer->process->pending;
    return pending_signals_find(pending, timer);
}

static int told_overrun(uint64_t overrun)
{
    return (int)MIN(overrun, (uint64_t)INT32_MAX);
}

/* True: a signal of its own was queued for it now. */
static bool notify_locked(struct posix_timer *timer, uint64_t expirations)
{
    assert(spin_is_held(&timer->process->actions->lock) && expirations != 0);
    struct queued_signal *entry = pending_entry_locked(timer);
    if (entry != NULL) {
        timer->overrun += expirations;
        entry->info.fields.timer.overrun = told_overrun(timer->overrun);
        return false;
    }
    timer->former_overrun = timer->overrun;
    timer->overrun = expirations - 1;
    struct uapi_siginfo info = {.si_signo = timer->signal, .si_code = SI_TIMER};
    info.fields.timer.timer_id = timer->id;
    info.fields.timer.overrun = told_overrun(timer->overrun);
    info.fields.timer.value = timer->value;
    return signal_send_timer_locked(timer->process, timer->target, &info, timer);
}

/* Moves the deadline beyond `now`. How often it had expired. */
static uint64_t advance_locked(struct posix_timer *timer, uint64_t now)
{
    assert(spin_is_held(&timer->process->actions->lock));
    if (timer->deadline_ns == 0 || timer->deadline_ns > now) {
        return 0;
    }
    if (timer->interval_ns == 0) {
        timer->deadline_ns = 0;
        return 1;
    }
    uint64_t expirations = (now - timer->deadline_ns) / timer->interval_ns + 1;
    timer->deadline_ns += expirations * timer->interval_ns;
    assert(timer->deadline_ns > now);
    return expirations;
}

/* Starts it for when its CPU clock could reach `deadline_ns`, unless it was stopped meanwhile. */
static void look_again(struct posix_timer *timer, uint64_t deadline_ns)
{
    uint64_t at = cpu_clock_look_again(&timer->cpu_clock, deadline_ns);
    struct signal_actions *actions = signal_lock(timer->process);
    if (timer->deadline_ns == deadline_ns) {
        timer_start(&timer->timer, at);
    }
    signal_unlock(actions);
}

/* Interrupt context. */
static void posix_timer_expire(struct timer *base)
{
    struct posix_timer *timer = container_of(base, struct posix_timer, timer);
    uint64_t now = timer_now(timer);
    struct signal_actions *actions = signal_lock(timer->process);
    uint64_t expirations = advance_locked(timer, now);
    bool was_queued = expirations != 0 && notify_locked(timer, expirations);
    uint64_t next = timer->deadline_ns;
    if (next != 0 && !timer->is_cpu_time) {
        uint64_t soonest = now + (was_queued ? rearm_ns : recount_ns);
        timer_start(&timer->timer, MAX(next, soonest));
    }
    signal_unlock(actions);
    if (next != 0 && timer->is_cpu_time) {
        look_again(timer, next);
    }
}

static uint64_t left_locked(const struct posix_timer *timer, uint64_t now)
{
    assert(spin_is_held(&timer->process->actions->lock));
    if (timer->deadline_ns == 0 || timer->deadline_ns > now) {
        return timer->deadline_ns == 0 ? 0 : timer->deadline_ns - now;
    }
    if (timer->interval_ns != 0) {
        return timer->interval_ns - (now - timer->deadline_ns) % timer->interval_ns;
    }
    /* Late, but not over: nobody was told yet. */
    return timer->notify == SIGEV_NONE ? 0 : 1;
}

static void get_locked(const struct posix_timer *timer, uint64_t now,
                       struct interval_timer_value *value)
{
    *value = (struct interval_timer_value){.value_ns = left_locked(timer, now),
                                           .interval_ns = timer->interval_ns};
}

/* Afterwards the callback neither runs nor will; the list's mutex is held. */
static void stop(struct posix_timer *timer, struct interval_timer_value *old)
{
    uint64_t now = timer_now(timer);
    struct signal_actions *actions = signal_lock(timer->process);
    get_locked(timer, now, old);
    timer->deadline_ns = 0;
    timer->interval_ns = 0;
    timer->overrun = 0; /* a signal that still waits tells of none, as on Linux */
    timer->former_overrun = 0;
    struct queued_signal *entry = pending_entry_locked(timer);
    if (entry != NULL) {
        entry->info.fields.timer.overrun = 0;
    }
    signal_unlock(actions);
    (void)timer_cancel(&timer->timer);
}

/* A time of the timer's clock as a monotonic one; one before the boot is the boot. */
static uint64_t monotonic_deadline(const struct posix_timer *timer, bool is_absolute,
                                   uint64_t value_ns)
{
    uint64_t now = timer_now(timer);
    bool is_realtime = timer->clock == CLOCK_REALTIME || timer->clock == CLOCK_TAI;
    if (is_absolute && !is_realtime) {
        return value_ns;
    }
    if (!is_absolute) {
        return value_ns < UINT64_MAX - now ? now + value_ns : UINT64_MAX;
    }
    uint64_t since_boot = clock_realtime_ns() - now;
    return value_ns > since_boot ? value_ns - since_boot : 1;
}

static void start(struct posix_timer *timer, uint64_t deadline_ns, uint64_t interval_ns)
{
    uint64_t first_look =
        timer->is_cpu_time ? cpu_clock_look_again(&timer->cpu_clock, deadline_ns) : deadline_ns;
    struct signal_actions *actions = signal_lock(timer->process);
    timer->deadline_ns = deadline_ns;
    timer->interval_ns = interval_ns;
    timer->overrun = 0;
    timer->former_overrun = 0;
    if (timer->notify != SIGEV_NONE) {
        timer_start(&timer->timer, first_look);
    }
    signal_unlock(actions);
}

static struct posix_timer *find_locked(struct posix_timer_list *list, int id)
{
    assert(mutex_is_held(&list->mutex));
    struct posix_timer *timer;
    list_for_each_entry(timer, &list->timers, link) {
        if (timer->id == id) {
            return timer;
        }
    }
    return NULL;
}

/* Off the list already. A signal that is still pending stays, and is no timer's any more. */
static void timer_end(struct posix_timer *timer)
{
    struct interval_timer_value ignored;
    assert(!list_is_linked(&timer->link));
    stop(timer, &ignored);
    struct signal_actions *actions = signal_lock(timer->process);
    struct queued_signal *entry = pending_entry_locked(timer);
    if (entry != NULL) {
        entry->source = NULL;
    }
    signal_unlock(actions);
    if (timer->target != NULL) {
        task_put(timer->target);
    }
    cpu_clock_close(&timer->cpu_clock);
    heap_free(timer);
}

static int check_clock(int clock)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_BOOTTIME:
    case CLOCK_TAI:
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID: return 0;
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_MONOTONIC_COARSE: return -EOPNOTSUPP;
    case CLOCK_REALTIME_ALARM:
    case CLOCK_BOOTTIME_ALARM: /* would wake a sleeping machine; none of ours sleeps */
        return credentials_can(task_current()->credentials, CAP_WAKE_ALARM) ? 0 : -EPERM;
    default: return clock < 0 ? 0 : -EINVAL;
    }
}

/* Of CPU time: what the number stands for. */
static int take_clock(struct posix_timer *timer, int clock)
{
    timer->clock = clock == CLOCK_REALTIME_ALARM   ? CLOCK_REALTIME
                   : clock == CLOCK_BOOTTIME_ALARM ? CLOCK_BOOTTIME
                                                   : clock;
    timer->is_cpu_time =
        clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
    return timer->is_cpu_time ? cpu_clock_open(clock, &timer->cpu_clock) : 0;
}

static int take_event(struct posix_timer *timer, const struct uapi_sigevent *event)
{
    timer->notify = event->sigev_notify;
    timer->signal = event->sigev_signo;
    timer->value = event->sigev_value;
    if (timer->notify == SIGEV_NONE) {
        return 0;
    }
    bool is_known = timer->notify == SIGEV_SIGNAL || timer->notify == SIGEV_THREAD ||
                    timer->notify == SIGEV_THREAD_ID;
    if (!is_known || timer->signal < 1 || timer->signal > SIGNAL_COUNT) {
        return -EINVAL;
    }
    if (timer->notify != SIGEV_THREAD_ID) {
        return 0;
    }
    timer->target = event->sigev_thread_id > 0 ? task_find(event->sigev_thread_id) : NULL;
    return timer->target != NULL && timer->target->process == timer->process ? 0 : -EINVAL;
}

/* As on Linux the ids of a process go up, over execve too, and begin anew only at the largest. */
static int free_id_locked(struct posix_timer_list *list)
{
    while (find_locked(list, list->next_id) != NULL) {
        list->next_id = (list->next_id + 1) & INT32_MAX;
    }
    int id = list->next_id;
    list->next_id = (id + 1) & INT32_MAX;
    return id;
}

static int list_add_timer(struct posix_timer_list *list, struct posix_timer *timer, bool has_event)
{
    int result = -EAGAIN;
    mutex_lock(&list->mutex);
    if (list->count < process_limit(timer->process, RLIMIT_SIGPENDING)) {
        result = free_id_locked(list);
        timer->id = result;
        if (!has_event) {
            timer->value.sival_int = result;
        }
        list_add_tail(&list->timers, &timer->link);
        list->count++;
    }
    mutex_unlock(&list->mutex);
    return result;
}

int posix_timer_create(int clock, const struct uapi_sigevent *event)
{
    static const struct uapi_sigevent default_event = {.sigev_signo = SIGALRM,
                                                       .sigev_notify = SIGEV_SIGNAL};
    int result = check_clock(clock);
    if (result != 0) {
        return result;
    }
    struct posix_timer *timer = heap_alloc_zeroed(sizeof(*timer));
    if (timer == NULL) {
        return -ENOMEM;
    }
    list_init(&timer->link);
    timer->process = process_current();
    timer_init(&timer->timer, posix_timer_expire);
    result = take_clock(timer, clock);
    if (result != 0) {
        heap_free(timer);
        return result;
    }
    result = take_event(timer, event != NULL ? event : &default_event);
    if (result == 0) {
        result = list_add_timer(&timer->process->posix_timers, timer, event != NULL);
    }
    if (result < 0) {
        timer_end(timer);
    }
    return result;
}

int posix_timer_set(int id, bool is_absolute, const struct interval_timer_value *value,
                    struct interval_timer_value *old)
{
    struct posix_timer_list *list = &process_current()->posix_timers;
    mutex_lock(&list->mutex);
    struct posix_timer *timer = find_locked(list, id);
    if (timer != NULL) {
        stop(timer, old);
        if (value->value_ns != 0) {
            start(timer, monotonic_deadline(timer, is_absolute, value->value_ns),
                  value->interval_ns);
        }
    }
    mutex_unlock(&list->mutex);
    return timer != NULL ? 0 : -EINVAL;
}

int posix_timer_get(int id, struct interval_timer_value *value)
{
    struct posix_timer_list *list = &process_current()->posix_timers;
    mutex_lock(&list->mutex);
    struct posix_timer *timer = find_locked(list, id);
    if (timer != NULL) {
        uint64_t now = timer_now(timer);
        struct signal_actions *actions = signal_lock(timer->process);
        get_locked(timer, now, value);
        signal_unlock(actions);
    }
    mutex_unlock(&list->mutex);
    return timer != NULL ? 0 : -EINVAL;
}

int posix_timer_overrun(int id)
{
    struct posix_timer_list *list = &process_current()->posix_timers;
    int result = -EINVAL;
    mutex_lock(&list->mutex);
    struct posix_timer *timer = find_locked(list, id);
    if (timer != NULL) {
        struct signal_actions *actions = signal_lock(timer->process);
        bool is_pending = pending_entry_locked(timer) != NULL;
        result = told_overrun(is_pending ? timer->former_overrun : timer->overrun);
        signal_unlock(actions);
    }
    mutex_unlock(&list->mutex);
    return result;
}

int posix_timer_delete(int id)
{
    struct posix_timer_list *list = &process_current()->posix_timers;
    mutex_lock(&list->mutex);
    struct posix_timer *timer = find_locked(list, id);
    if (timer != NULL) {
        list_remove(&timer->link);
        list->count--;
        timer_end(timer);
    }
    mutex_unlock(&list->mutex);
    return timer != NULL ? 0 : -EINVAL;
}

void posix_timers_init(struct process *process)
{
    mutex_init(&process->posix_timers.mutex, LOCK_RANK_POSIX_TIMERS);
    list_init(&process->posix_timers.timers);
}

void posix_timers_end(struct process *process)
{
    struct posix_timer_list *list = &process->posix_timers;
    struct posix_timer *timer, *next;
    if (list_is_empty(&list->timers)) {
        return;
    }
    mutex_lock(&list->mutex);
    list_for_each_entry_safe(timer, next, &list->timers, link) {
        list_remove(&timer->link);
        timer_end(timer);
    }
    list->count = 0;
    mutex_unlock(&list->mutex);
}
