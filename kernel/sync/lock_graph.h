// The graph of lock classes, for debug kernels: which class was ever taken while which was held.
#pragma once

#include "lib/types.h"
#include "sync/lock_class.h"

enum { LOCK_TRACE_MAX = 8, LOCK_PATH_MAX = 6 };

// "`to` was taken while `from` was held", and who did it when it was first seen.
struct lock_edge {
    const struct lock_class *from, *to;
    uint64_t trace[LOCK_TRACE_MAX]; // return addresses, 0 after the last
};

// A way from one class to another: every edge was seen.
struct lock_path {
    unsigned length;
    const struct lock_edge *edges[LOCK_PATH_MAX];
};

// A lock of the class is taken: gives the class a number, if it has none.
void lock_graph_meet(struct lock_class *class);
// Was `to` ever taken while `from` was held?
bool lock_graph_has(const struct lock_class *from, const struct lock_class *to);
// Notes that `to` is taken while `from` is held. `frame` is the taker's frame pointer.
void lock_graph_note(struct lock_class *from, struct lock_class *to, uint64_t frame);
// Was there ever a way from `from` to `to`? Fills *path with one, if it is at most LOCK_PATH_MAX long, else with its start.
bool lock_graph_find(struct lock_class *from, struct lock_class *to, struct lock_path *path);
// Classes of which a lock was taken, in order of the first time. NULL: no such number.
const struct lock_class *lock_graph_class(unsigned number);
// Sets the counts of every class back to 0; what was seen of their order stays.
void lock_graph_forget_counts(void);
// Edges seen so far.
unsigned lock_graph_edge_count(void);
