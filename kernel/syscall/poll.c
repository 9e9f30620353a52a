/*
 * poll, ppoll, select, pselect6: descriptors are turned into files here, before and after; file/ waits.
 *
 * The files are held by references while the call waits: another thread that closes a descriptor, or puts another file in its place,
 * changes nothing for who waits already (POSIX leaves it open; Linux does so). What the program passed is copied in once and answered
 * from the copy.
 *
 * None of these calls is restarted after a handler, SA_RESTART or not (signal(7)); after a stop, or a signal that is ignored, they go on
 * until the same deadline: poll by its restart block, the others since they leave what is left of the time with the program.
 */
#include "file/poll.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/bitmap.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "process/descriptor_table.h"
#include "process/signal.h"
#include "syscall/call.h"
#include "syscall/time_values.h"
#include "uapi/poll.h"
#include "uapi/time.h"

enum { ENTRIES_ON_STACK = 16 };

static void put_entries(struct poll_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (entries[i].file != NULL) {
            open_file_put(entries[i].file);
        }
    }
}

/* A file that can be waited for, with a reference; NULL: not open, or open as a place only (O_PATH). */
static struct open_file *pollable_file(int descriptor)
{
    struct open_file *file = descriptor_get(task_current()->descriptors, descriptor);
    if (file != NULL && (file->flags & O_PATH) != 0) {
        open_file_put(file);
        return NULL;
    }
    return file;
}

/* Opens the entries' files. Returns how many name a descriptor that is not open: those are ready, with POLLNVAL. */
static int get_entries(struct poll_entry *entries, const struct uapi_pollfd *user, size_t count)
{
    int invalid = 0;
    for (size_t i = 0; i < count; i++) {
        entries[i] = (struct poll_entry){.events = (uint16_t)user[i].events};
        if (user[i].fd < 0) {
            continue;
        }
        entries[i].file = pollable_file(user[i].fd);
        invalid += entries[i].file == NULL;
    }
    return invalid;
}

/* Polls the copies and stores the results in them. */
static long poll_copies(struct uapi_pollfd *copies, struct poll_entry *entries, size_t count,
                        uint64_t deadline)
{
    int invalid = get_entries(entries, copies, count);
    /* A descriptor that is not open is an answer: there is nothing to wait for (POSIX poll, POLLNVAL). */
    int ready = poll_entries(entries, count, invalid != 0 ? 0 : deadline);
    assert(ready <= (int)count && invalid <= (int)count);
    for (size_t i = 0; i < count; i++) {
        bool is_invalid = entries[i].file == NULL && copies[i].fd >= 0;
        copies[i].revents = is_invalid ? POLLNVAL : (int16_t)entries[i].result;
    }
    put_entries(entries, count);
    return ready < 0 ? ready : ready + invalid;
}

static int copy_results_out(struct uapi_pollfd __user *user, const struct uapi_pollfd *copies,
                            size_t count)
{
    /* Linux looks at the address, once all is done, where there is nothing to store at it, too. */
    if (!user_range_is_valid(user, count * sizeof(*user))) {
        return -EFAULT;
    }
    /* In bytes: the user's structures need not be aligned. */
    uint8_t __user *result = (uint8_t __user *)user + offsetof(struct uapi_pollfd, revents);
    for (size_t i = 0; i < count; i++, result += sizeof(*user)) {
        if (user_copy_out(result, &copies[i].revents, sizeof(copies[i].revents)) != 0) {
            return -EFAULT;
        }
    }
    return 0;
}

static long poll_until(struct uapi_pollfd __user *user, size_t count, uint64_t deadline)
{
    struct uapi_pollfd short_copies[ENTRIES_ON_STACK];
    struct poll_entry short_entries[ENTRIES_ON_STACK];
    struct uapi_pollfd *copies = short_copies;
    struct poll_entry *entries = short_entries;
    /* More entries than there can be descriptors: also what bounds the memory that a program makes us take (poll(2), EINVAL). */
    if (count > process_limit(process_current(), RLIMIT_NOFILE)) {
        return -EINVAL;
    }
    bool is_long = count > ENTRIES_ON_STACK;
    long result = 0;
    if (is_long) {
        copies = heap_alloc_array(count, sizeof(*copies));
        entries = heap_alloc_array(count, sizeof(*entries));
        result = copies == NULL || entries == NULL ? -ENOMEM : 0;
    }
    if (result == 0) {
        result = user_copy_in(copies, user, count * sizeof(*copies));
    }
    if (result == 0) {
        result = poll_copies(copies, entries, count, deadline);
    }
    if (result >= 0 && copy_results_out(user, copies, count) != 0) {
        result = -EFAULT;
    }
    if (is_long) {
        heap_free(copies);
        heap_free(entries);
    }
    return result;
}

static long poll_restart(struct task *task)
{
    struct restart_block *restart = &task->restart;
    long result = poll_until((struct uapi_pollfd __user *)restart->argument[0],
                             restart->argument[1], restart->deadline_ns);
    return result == -ERESTARTNOHAND ? -ERESTART_RESTARTBLOCK : result;
}

SYSTEM_CALL3(poll, struct uapi_pollfd __user *, user, uint32_t, count, int, timeout_ms)
{
    struct task *task = task_current();
    uint64_t deadline = timeout_ms < 0    ? UINT64_MAX
                        : timeout_ms == 0 ? 0
                                          : deadline_after((uint64_t)timeout_ms * NS_PER_MS);
    /* Filled before it is known whether it is needed: the first attempt and a later one are then the same code. */
    task->restart = (struct restart_block){.restart = poll_restart,
                                           .deadline_ns = deadline,
                                           .argument = {(uint64_t)(uintptr_t)user, count}};
    return poll_restart(task);
}

static uint64_t time_left(uint64_t deadline)
{
    uint64_t now = clock_monotonic_ns();
    return deadline > now ? deadline - now : 0;
}

/*
 * The result of a call whose rest of the time could (not) be stored. A fault does not spoil what was found; but a call that would start
 * over after a stop or an ignored signal finds its time in that memory, and would wait for all of it again.
 */
static long result_after_rest(long result, int store_error)
{
    return store_error != 0 && result == -ERESTARTNOHAND ? -EINTR : result;
}

/* The rest of the time goes back to the caller, as Linux does for ppoll and select. */
static long store_rest(struct uapi_timespec __user *user, uint64_t deadline, long result)
{
    if (user == NULL) {
        return result;
    }
    const struct uapi_timespec rest = timespec_from_ns(time_left(deadline));
    return result_after_rest(result, user_copy_out(user, &rest, sizeof(rest)));
}

/* The mask of the call holds while it waits. Where a handler has to run it holds until that returns; else it ends here, so that a signal
   that came beside a ready file stays blocked. */
static void end_mask(long result)
{
    if (result != -ERESTARTNOHAND) {
        signal_end_temporary_mask();
    }
}

static int set_mask_from_user(const uint64_t __user *user, size_t set_bytes)
{
    uint64_t mask;
    if (user == NULL) {
        return 0;
    }
    if (set_bytes != SIGNAL_SET_BYTES) {
        return -EINVAL;
    }
    if (user_copy_in(&mask, user, sizeof(mask)) != 0) {
        return -EFAULT;
    }
    signal_set_temporary_mask(mask);
    return 0;
}

SYSTEM_CALL5(ppoll, struct uapi_pollfd __user *, user, uint32_t, count,
             struct uapi_timespec __user *, timeout, const uint64_t __user *, mask, size_t,
             set_bytes)
{
    uint64_t deadline;
    int error = deadline_from_user(timeout, &deadline);
    if (error == 0) {
        error = set_mask_from_user(mask, set_bytes);
    }
    if (error != 0) {
        return error;
    }
    long result = poll_until(user, count, deadline);
    end_mask(result);
    return store_rest(timeout, deadline, result);
}

/* The three bit sets of select, in the order of the arguments, one behind the other; and what each asks. */
struct select_sets {
    size_t words; /* of one set */
    uint64_t bits[];
};
static const unsigned select_asks[3] = {POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
                                        POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR, POLLPRI};

/* A bit's place in a set is its descriptor: word n / 64, bit n % 64, as FD_SET of the C library has it on a little-endian machine. */
static uint64_t *set_word(struct select_sets *sets, int which, int descriptor)
{
    assert(which >= 0 && which < 3 && descriptor >= 0 && (size_t)descriptor / 64 < sets->words);
    return &sets->bits[(size_t)which * sets->words + (size_t)descriptor / 64];
}

static bool set_has(struct select_sets *sets, int which, int descriptor)
{
    return (*set_word(sets, which, descriptor) >> (descriptor % 64) & 1) != 0;
}

/* The last word may name descriptors at the limit and above it. */
static void set_clear_beyond(struct select_sets *sets, int which, int limit)
{
    if (limit % 64 != 0) {
        *set_word(sets, which, limit) &= (1ULL << (limit % 64)) - 1;
    }
}

/* The descriptors of [base, base + 64) that any set names. */
static uint64_t select_named(struct select_sets *sets, int base)
{
    return *set_word(sets, 0, base) | *set_word(sets, 1, base) | *set_word(sets, 2, base);
}

static unsigned select_events(struct select_sets *sets, int descriptor)
{
    unsigned events = 0;
    for (int which = 0; which < 3; which++) {
        events |= set_has(sets, which, descriptor) ? select_asks[which] : 0;
    }
    return events;
}

/* Builds one entry per descriptor that any set names. Their number, or -EBADF, -ENOMEM is the caller's. */
static int select_entries(struct select_sets *sets, int limit, struct poll_entry *entries,
                          int *descriptors)
{
    int count = 0;
    for (int base = 0; base < limit; base += 64) {
        for (uint64_t named = select_named(sets, base); named != 0; named &= named - 1) {
            int descriptor = base + __builtin_ctzll(named);
            struct open_file *file = descriptor_get(task_current()->descriptors, descriptor);
            if (file == NULL) {
                put_entries(entries, (size_t)count);
                return -EBADF;
            }
            assert(count < limit);
            unsigned events = select_events(sets, descriptor);
            entries[count] = (struct poll_entry){.file = file, .events = events};
            descriptors[count++] = descriptor;
        }
    }
    return count;
}

/* Leaves in the sets what is ready; the number of bits that stay. */
static int select_collect(struct select_sets *sets, const struct poll_entry *entries,
                          const int *descriptors, int count)
{
    int bits = 0; /* of all three sets: one descriptor may count three times (select(2)) */
    for (int i = 0; i < count; i++) {
        assert(descriptors[i] >= 0 && (i == 0 || descriptors[i] > descriptors[i - 1]));
        for (int which = 0; which < 3; which++) {
            if (!set_has(sets, which, descriptors[i])) {
                continue;
            }
            if ((entries[i].result & select_asks[which]) != 0) {
                bits++;
            } else {
                *set_word(sets, which, descriptors[i]) &= ~(1ULL << (descriptors[i] % 64));
            }
        }
    }
    return bits;
}

static long select_sets_wait(struct select_sets *sets, int limit, uint64_t deadline)
{
    /* From the heap whatever the number: two arrays of the largest would not fit a kernel stack, and programs that care use poll. */
    struct poll_entry *entries = heap_alloc_array((size_t)MAX(limit, 1), sizeof(*entries));
    int *descriptors = heap_alloc_array((size_t)MAX(limit, 1), sizeof(*descriptors));
    long result = -ENOMEM;
    if (entries != NULL && descriptors != NULL) {
        int count = select_entries(sets, limit, entries, descriptors);
        result = count;
        if (count >= 0) {
            result = poll_entries(entries, (size_t)count, deadline);
            if (result >= 0) {
                result = select_collect(sets, entries, descriptors, count);
            }
            put_entries(entries, (size_t)count);
        }
    }
    heap_free(entries);
    heap_free(descriptors);
    return result;
}

struct select_call {
    uint64_t __user *user[3];
    int limit;
    size_t set_bytes;
};

/* With no descriptors to ask for, no word of the user's sets is read or written, wherever they point. */
static bool select_uses_set(const struct select_call *call, int which)
{
    return call->user[which] != NULL && call->limit > 0;
}

static long select_until(const struct select_call *call, uint64_t deadline)
{
    struct select_sets *sets = heap_alloc_zeroed(sizeof(*sets) + 3 * call->set_bytes);
    if (sets == NULL) {
        return -ENOMEM;
    }
    sets->words = call->set_bytes / sizeof(uint64_t);
    long result = 0;
    for (int which = 0; which < 3 && result == 0; which++) {
        if (select_uses_set(call, which)) {
            result = user_copy_in(set_word(sets, which, 0), call->user[which], call->set_bytes);
            set_clear_beyond(sets, which, call->limit);
        }
    }
    if (result == 0) {
        result = select_sets_wait(sets, call->limit, deadline);
    }
    for (int which = 0; which < 3 && result >= 0; which++) {
        if (select_uses_set(call, which) &&
            user_copy_out(call->user[which], set_word(sets, which, 0), call->set_bytes) != 0) {
            result = -EFAULT;
        }
    }
    heap_free(sets);
    return result;
}

static int select_call_init(struct select_call *call, int limit)
{
    if (limit < 0) {
        return -EINVAL;
    }
    /* What the table cannot hold is not looked at: neither the numbers nor the user's memory for them. */
    call->limit = MIN(limit, (int)descriptor_capacity(task_current()->descriptors));
    assert(call->limit <= DESCRIPTORS_MAX);
    call->set_bytes = DIV_ROUND_UP((size_t)call->limit, 64UL) * sizeof(uint64_t);
    return 0;
}

SYSTEM_CALL5(select, int, limit, uint64_t __user *, readable, uint64_t __user *, writable,
             uint64_t __user *, exceptional, struct uapi_timeval __user *, timeout)
{
    struct select_call call = {.user = {readable, writable, exceptional}};
    uint64_t deadline = UINT64_MAX;
    if (timeout != NULL) {
        struct uapi_timeval value;
        if (user_copy_in(&value, timeout, sizeof(value)) != 0) {
            return -EFAULT;
        }
        /* Linux accepts microseconds of a second and more and carries them over. */
        if (value.tv_sec < 0 || value.tv_usec < 0 ||
            value.tv_sec > INT64_MAX / (2 * (int64_t)NS_PER_SECOND) ||
            value.tv_usec > INT64_MAX / (2 * (int64_t)NS_PER_US)) {
            return -EINVAL;
        }
        deadline = deadline_after((uint64_t)value.tv_sec * NS_PER_SECOND +
                                  (uint64_t)value.tv_usec * NS_PER_US);
    }
    int error = select_call_init(&call, limit);
    if (error != 0) {
        return error;
    }
    long result = select_until(&call, deadline);
    if (timeout == NULL) {
        return result;
    }
    uint64_t left = time_left(deadline);
    const struct uapi_timeval rest = {.tv_sec = (int64_t)(left / NS_PER_SECOND),
                                      .tv_usec = (int64_t)(left % NS_PER_SECOND / NS_PER_US)};
    return result_after_rest(result, user_copy_out(timeout, &rest, sizeof(rest)));
}

SYSTEM_CALL6(pselect6, int, limit, uint64_t __user *, readable, uint64_t __user *, writable,
             uint64_t __user *, exceptional, struct uapi_timespec __user *, timeout,
             const struct uapi_sigset_argument __user *, user_mask)
{
    struct select_call call = {.user = {readable, writable, exceptional}};
    struct uapi_sigset_argument mask = {0};
    uint64_t deadline;
    int error = deadline_from_user(timeout, &deadline);
    if (error == 0 && user_mask != NULL) {
        error = user_copy_in(&mask, user_mask, sizeof(mask));
    }
    if (error == 0) {
        error = select_call_init(&call, limit);
    }
    if (error == 0) {
        error = set_mask_from_user((const uint64_t __user *)mask.sigmask, mask.size);
    }
    if (error != 0) {
        return error;
    }
    long result = select_until(&call, deadline);
    end_mask(result);
    return store_rest(timeout, deadline, result);
}
