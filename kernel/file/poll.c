// Waiting for several files at once: poll(2) and select(2) after syscall/ has turned descriptors into files.
//
// The first pass over the entries only asks each file for its events: who polls often finds something ready, and then no queue was
// touched. If nothing is, the second asks again and, until one is ready, puts a waiter on every queue that the file names. A
// waiter that is woken sets `is_triggered` before it wakes the thread, and the thread clears it before each pass: an event between
// a pass and the sleep is seen, so no wake-up is lost, and a poll operation may itself sleep.
#include "file/poll.h"

#include "file/open_file.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "lib/macros.h"
#include "memory/heap.h"

enum { POLL_INLINE_WAITERS = 8, POLL_BLOCK_WAITERS = 32 };

struct poll_waiter {
    struct waiter waiter;
    struct wait_queue *queue; // [I] where it is enqueued
    struct poll_table *table; // [I]
    unsigned events;          // [I] what the entry wants; other wake-ups are passed over
};

// More waiters than the first few, from the heap.
struct poll_block {
    struct poll_block *next;
    size_t used;
    struct poll_waiter waiters[POLL_BLOCK_WAITERS];
};

struct poll_table {
    struct poll_context context;
    struct thread *thread;        // [I]
    struct atomic32 is_triggered; // [a]
    unsigned entry_events;        // [o] of the entry whose operation runs
    bool is_out_of_memory;        // [o]
    size_t inline_used;           // [o]
    struct poll_block *blocks;    // [o] newest first
    struct poll_waiter inline_waiters[POLL_INLINE_WAITERS];
};

unsigned file_poll(struct open_file *file, struct poll_context *context)
{
    if (file->ops->poll == NULL) {
        return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
    }
    return file->ops->poll(file, context);
}

// In any context, with the queue's lock held. A queue that serves several kinds of events says which one came; 0 means any. The answer
// says whether somebody was woken: who wakes one sleeper only goes on to the next one then.
static bool poll_waiter_wake(struct waiter *waiter, unsigned events)
{
    struct poll_waiter *self = container_of(waiter, struct poll_waiter, waiter);
    if (events != 0 && (events & self->events) == 0) {
        return false;
    }
    (void)atomic32_exchange(&self->table->is_triggered, 1);
    return thread_wake(self->table->thread);
}

// The first ones stand on the caller's stack, so that a poll of a few files needs no memory.
static struct poll_waiter *poll_waiter_new(struct poll_table *table)
{
    if (table->inline_used < POLL_INLINE_WAITERS) {
        return &table->inline_waiters[table->inline_used++];
    }
    struct poll_block *block = table->blocks;
    if (block == NULL || block->used == POLL_BLOCK_WAITERS) {
        block = heap_alloc(sizeof(*block));
        if (block == NULL) {
            return NULL;
        }
        block->used = 0;
        block->next = table->blocks;
        table->blocks = block;
    }
    assert(block->used < POLL_BLOCK_WAITERS);
    return &block->waiters[block->used++];
}

static void poll_table_add(struct poll_context *context, struct wait_queue *queue)
{
    struct poll_table *table = container_of(context, struct poll_table, context);
    struct poll_waiter *waiter = poll_waiter_new(table);
    if (waiter == NULL) {
        table->is_out_of_memory = true;
        return;
    }
    assert(queue != NULL && table->thread == thread_current());
    *waiter = (struct poll_waiter){
        .waiter = {.wake = poll_waiter_wake},
        .queue = queue,
        .table = table,
        .events = table->entry_events,
    };
    list_init(&waiter->waiter.link);
    wait_queue_add(queue, &waiter->waiter);
}

static void poll_waiters_remove(struct poll_waiter *waiters, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        wait_queue_remove(waiters[i].queue, &waiters[i].waiter);
    }
}

static void poll_table_fini(struct poll_table *table)
{
    poll_waiters_remove(table->inline_waiters, table->inline_used);
    while (table->blocks != NULL) {
        struct poll_block *block = table->blocks;
        table->blocks = block->next;
        poll_waiters_remove(block->waiters, block->used);
        heap_free(block);
    }
}

// One pass. Enqueues on the way while `is_enqueuing` and nothing is ready. Number of ready entries.
static int poll_pass(struct poll_table *table, struct poll_entry *entries, size_t count,
                     bool is_enqueuing)
{
    int ready = 0;
    for (size_t i = 0; i < count; i++) {
        struct poll_entry *entry = &entries[i];
        entry->result = 0;
        if (entry->file == NULL) {
            continue;
        }
        // POSIX poll: errors and hang-ups are told whether they were asked for or not.
        table->entry_events = entry->events | POLLERR | POLLHUP;
        struct poll_context *context = is_enqueuing && ready == 0 ? &table->context : NULL;
        entry->result = file_poll(entry->file, context) & table->entry_events;
        ready += entry->result != 0;
    }
    return ready;
}

// Sleeps until a waiter was woken. 0, or why not to wait any longer: -ETIMEDOUT, -ERESTARTSYS.
static int poll_sleep(struct poll_table *table, uint64_t deadline_ns)
{
    int result = 0;
    thread_prepare_to_block(THREAD_BLOCKED_INTERRUPTIBLE);
    if (atomic32_load_acquire(&table->is_triggered) == 0) {
        result = wait_sleep(THREAD_BLOCKED_INTERRUPTIBLE, deadline_ns);
    }
    thread_cancel_block();
    return result;
}

static int poll_wait_ready(struct poll_table *table, struct poll_entry *entries, size_t count,
                           uint64_t deadline_ns)
{
    int reason = deadline_ns == 0 ? -ETIMEDOUT : 0;
    int ready = poll_pass(table, entries, count, false);
    if (ready == 0 && reason == 0) {
        ready = poll_pass(table, entries, count, true);
    }
    while (ready == 0 && !table->is_out_of_memory && reason == 0) {
        reason = poll_sleep(table, deadline_ns);
        (void)atomic32_exchange(&table->is_triggered, 0);
        ready = poll_pass(table, entries, count, false);
    }
    if (ready != 0) {
        return ready;
    }
    if (table->is_out_of_memory) {
        return -ENOMEM;
    }
    return reason == -ETIMEDOUT ? 0 : -ERESTARTNOHAND;
}

int poll_entries(struct poll_entry *entries, size_t count, uint64_t deadline_ns)
{
    struct poll_table table;
    table.context.add = poll_table_add;
    table.thread = thread_current();
    atomic32_store(&table.is_triggered, 0);
    table.is_out_of_memory = false;
    table.inline_used = 0;
    table.blocks = NULL;
    int result = poll_wait_ready(&table, entries, count, deadline_ns);
    poll_table_fini(&table);
    return result;
}
