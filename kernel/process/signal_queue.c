// Pending signals: a set of numbers, and a queue with what is known about each. Pure bookkeeping; the caller holds the lock.
//
// A standard signal is there at most once (each timer's beside it); a real-time signal as often as it was sent. Where there was no memory for an entry only
// the number is kept, and the receiver is told SI_USER with nobody's number, as Linux does.
#include "lib/assert.h"
#include "lib/list.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "process/signal.h"

// Faults of the program itself come before everything else, so that the handler sees the state that caused them.
#define SYNCHRONOUS_SET                                                                            \
    (SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) |         \
     SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSYS))

static struct slab_cache queued_signal_cache;

void signal_queue_init(void)
{
    slab_cache_init(&queued_signal_cache, "queued_signal", sizeof(struct queued_signal),
                    _Alignof(struct queued_signal));
}

struct queued_signal *queued_signal_alloc(void)
{
    struct queued_signal *entry = slab_alloc(&queued_signal_cache);
    if (entry != NULL) {
        entry->source = NULL;
    }
    return entry;
}

void queued_signal_free(struct queued_signal *entry)
{
    slab_free(&queued_signal_cache, entry);
}

void pending_signals_init(struct pending_signals *pending)
{
    pending->set = 0;
    pending->count = 0;
    list_init(&pending->queue);
}

void pending_signals_add(struct pending_signals *pending, int number, struct queued_signal *entry)
{
    assert(number >= 1 && number <= SIGNAL_COUNT);
    bool is_pending = (pending->set & signal_bit(number)) != 0;
    pending->set |= signal_bit(number);
    if (entry == NULL) {
        return;
    }
    if (is_pending && number < SIGRTMIN && entry->source == NULL) {
        queued_signal_free(entry);
        return;
    }
    list_add_tail(&pending->queue, &entry->link);
    pending->count++;
}

static int first_number(uint64_t set)
{
    uint64_t synchronous = set & SYNCHRONOUS_SET;
    return __builtin_ctzll(synchronous != 0 ? synchronous : set) + 1;
}

static void entry_remove(struct pending_signals *pending, struct queued_signal *entry)
{
    assert(pending->count != 0);
    list_remove(&entry->link);
    pending->count--;
    queued_signal_free(entry);
}

int pending_signals_take(struct pending_signals *pending, uint64_t set, struct uapi_siginfo *info)
{
    struct queued_signal *entry, *found = NULL;
    bool has_more = false;
    set &= pending->set;
    if (set == 0) {
        return 0;
    }
    int number = first_number(set);
    list_for_each_entry(entry, &pending->queue, link) {
        if (entry->info.si_signo != number) {
            continue;
        }
        if (found != NULL) {
            has_more = true;
            break;
        }
        found = entry;
    }
    if (found != NULL) {
        *info = found->info;
        entry_remove(pending, found);
    } else {
        *info = (struct uapi_siginfo){.si_signo = number, .si_code = SI_USER};
    }
    if (!has_more) {
        pending->set &= ~signal_bit(number);
    }
    return number;
}

void pending_signals_discard(struct pending_signals *pending, uint64_t set)
{
    struct queued_signal *entry, *next;
    if ((pending->set & set) == 0) {
        return;
    }
    pending->set &= ~set;
    list_for_each_entry_safe(entry, next, &pending->queue, link) {
        if ((set & signal_bit(entry->info.si_signo)) != 0) {
            entry_remove(pending, entry);
        }
    }
}

struct queued_signal *pending_signals_find(const struct pending_signals *pending,
                                           const void *source)
{
    assert(source != NULL);
    struct queued_signal *entry;
    list_for_each_entry(entry, &pending->queue, link) {
        if (entry->source == source) {
            return entry;
        }
    }
    return NULL;
}
