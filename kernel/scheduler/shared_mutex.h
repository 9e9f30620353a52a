// A sleeping lock that many may hold at once to look, as long as nobody holds it alone to change. Lookers take it by one atomic
// instruction and never wait for each other; who wants it alone keeps new ones out and waits until the last has gone.
//
// For debug kernels both ways are one lock: its order is checked and its use counted as that of the mutex inside. A looker may not
// take it again, in either way: somebody may be waiting in between.
#pragma once

#include "scheduler/mutex.h"

struct lock_capability("shared mutex") shared_mutex
{
    struct mutex mutex;        // held by who holds it alone, or waits for the lookers
    struct atomic32 lookers;   // [a]
    struct wait_queue drained; // who waits for the last looker
};

void shared_mutex_init_class(struct shared_mutex *lock, struct lock_class *class,
                             struct lock_class *queue_class);
#define shared_mutex_init(lock, lock_rank)                                                         \
    shared_mutex_init_class(lock, LOCK_CLASS_HERE(lock_rank), LOCK_CLASS_HERE(LOCK_RANK_WAIT_QUEUE))

// Alone.
void shared_mutex_lock(struct shared_mutex *lock) acquires(lock);
// As mutex_lock_nested.
void shared_mutex_lock_nested(struct shared_mutex *lock, unsigned level) acquires(lock);
void shared_mutex_unlock(struct shared_mutex *lock) releases(lock);
// From alone to together with others, with no change by anybody in between; ends with shared_mutex_leave.
void shared_mutex_share(struct shared_mutex *lock) releases(lock) acquires_shared(lock);
bool shared_mutex_is_held(const struct shared_mutex *lock); // alone, by the current thread

// With others.
void shared_mutex_look(struct shared_mutex *lock) acquires_shared(lock);
void shared_mutex_leave(struct shared_mutex *lock) releases_shared(lock);
// Alone by the current thread, or by lookers: for assertions (who they are is not kept).
bool shared_mutex_is_steady(const struct shared_mutex *lock);
