// The graph of lock classes: a matrix of bits for the question that each lock asks, and a list of edges with the traces that a
// complaint shows. Both only grow. A full table makes the check weaker, never wrong.
//
// Lock: graph_word, a bare word, since a spin lock would ask the graph about itself. Only a new class or edge takes it; who asks
// reads without: a bit is set after its edge is written.
#include "sync/lock_graph.h"

#include "arch/cpu.h"
#include "sync/preempt.h"

#if ASTRA_DEBUG

enum { CLASSES_MAX = 192, EDGES_MAX = 1024, WORDS = CLASSES_MAX / 64, STACK_MAX = 16384 };

static struct atomic32 graph_word;
static struct lock_class *classes[CLASSES_MAX]; // [l graph_word] slots are set once
static struct atomic64 followers[CLASSES_MAX]
                                [WORDS]; // [a] bit per class that was taken while this one was held
static struct lock_edge edges[EDGES_MAX]; // [l graph_word] an edge is written once
static unsigned class_count, edge_count;  // [a] written under graph_word

// Interrupts are off for the same reason as under a spin lock: a handler that takes a lock asks the graph too.
static void graph_lock(void)
{
    interrupts_block();
    while (atomic32_exchange(&graph_word, 1) != 0) {
        cpu_pause();
    }
}

static void graph_unlock(void)
{
    atomic32_store_release(&graph_word, 0);
    interrupts_unblock();
}

// The class's number; CLASSES_MAX: the table is full.
static unsigned class_number(struct lock_class *class)
{
    uint32_t met = atomic32_load_acquire(&class->met);
    if (likely(met != 0)) {
        assert(met <= CLASSES_MAX);
        return met - 1;
    }
    graph_lock();
    met = atomic32_load(&class->met);
    if (met == 0 && class_count < CLASSES_MAX) {
        classes[class_count] = class;
        met = class_count + 1;
        __atomic_store_n(&class_count, met, __ATOMIC_RELEASE);
        atomic32_store_release(&class->met, met);
    }
    graph_unlock();
    return met != 0 ? met - 1 : CLASSES_MAX;
}

void lock_graph_meet(struct lock_class *class)
{
    (void)class_number(class);
}

static bool edge_is_known(unsigned from, unsigned to)
{
    return (atomic64_load_acquire(&followers[from][to / 64]) >> to % 64 & 1) != 0;
}

bool lock_graph_has(const struct lock_class *from, const struct lock_class *to)
{
    uint32_t from_met = atomic32_load_acquire(&from->met);
    uint32_t to_met = atomic32_load_acquire(&to->met);
    return from_met != 0 && to_met != 0 && edge_is_known(from_met - 1, to_met - 1);
}

// Return addresses by frame pointers, until one does not look like a caller's.
static void trace_collect(uint64_t frame, uint64_t trace[LOCK_TRACE_MAX])
{
    for (unsigned i = 0; i < LOCK_TRACE_MAX && frame != 0; i++) {
        const uint64_t *words = (const uint64_t *)frame;
        bool has_caller = words[0] > frame && words[0] - frame < STACK_MAX && words[0] % 8 == 0;
        trace[i] = words[1];
        frame = has_caller ? words[0] : 0;
    }
}

void lock_graph_note(struct lock_class *from, struct lock_class *to, uint64_t frame)
{
    unsigned from_number = class_number(from);
    unsigned to_number = class_number(to);
    bool is_full = from_number == CLASSES_MAX || to_number == CLASSES_MAX;
    if (is_full || likely(edge_is_known(from_number, to_number))) {
        return;
    }
    graph_lock();
    if (!edge_is_known(from_number, to_number) && edge_count < EDGES_MAX) {
        struct lock_edge *edge = &edges[edge_count];
        edge->from = from;
        edge->to = to;
        trace_collect(frame, edge->trace);
        __atomic_store_n(&edge_count, edge_count + 1, __ATOMIC_RELEASE);
        atomic64_set_bits(&followers[from_number][to_number / 64], 1UL << to_number % 64);
    }
    graph_unlock();
}

// Found whenever its bit was seen: the bit is set after the edge is listed.
static const struct lock_edge *edge_find(unsigned from, unsigned to)
{
    assert(from < CLASSES_MAX && to < CLASSES_MAX);
    unsigned count = lock_graph_edge_count();
    for (unsigned i = 0; i < count; i++) {
        if (edges[i].from == classes[from] && edges[i].to == classes[to]) {
            return &edges[i];
        }
    }
    return NULL;
}

// Breadth first: came_from[n] is 1 + the class from which n was reached, 0 for one that was not.
static bool search(unsigned from, unsigned to, uint8_t came_from[CLASSES_MAX])
{
    uint8_t queue[CLASSES_MAX];
    unsigned count = __atomic_load_n(&class_count, __ATOMIC_ACQUIRE);
    unsigned first = 0, last = 0;
    queue[last++] = (uint8_t)from;
    while (first < last && came_from[to] == 0) {
        unsigned at = queue[first++];
        for (unsigned next = 0; next < count; next++) {
            if (came_from[next] == 0 && next != from && edge_is_known(at, next)) {
                came_from[next] = (uint8_t)(at + 1);
                queue[last++] = (uint8_t)next;
            }
        }
    }
    return came_from[to] != 0;
}
static_assert(CLASSES_MAX < 255, "class numbers fit a byte");

bool lock_graph_find(struct lock_class *from, struct lock_class *to, struct lock_path *path)
{
    uint8_t came_from[CLASSES_MAX] = {0};
    unsigned start = class_number(from), end = class_number(to);
    path->length = 0;
    if (start == CLASSES_MAX || end == CLASSES_MAX || start == end ||
        !search(start, end, came_from)) {
        return false;
    }
    // Backwards along the way; what is too much stays out.
    for (unsigned at = end; at != start && path->length < LOCK_PATH_MAX; at = came_from[at] - 1u) {
        path->edges[path->length++] = edge_find(came_from[at] - 1u, at);
    }
    return true;
}

const struct lock_class *lock_graph_class(unsigned number)
{
    return number < __atomic_load_n(&class_count, __ATOMIC_ACQUIRE) ? classes[number] : NULL;
}

void lock_graph_forget_counts(void)
{
    unsigned count = __atomic_load_n(&class_count, __ATOMIC_ACQUIRE);
    for (unsigned i = 0; i < count; i++) {
        atomic64_store(&classes[i]->taken, 0);
        atomic64_store(&classes[i]->contended, 0);
        atomic64_store(&classes[i]->waited, 0);
        atomic64_store(&classes[i]->held_longest, 0);
        atomic64_store(&classes[i]->held_longest_caller, 0);
    }
}

unsigned lock_graph_edge_count(void)
{
    return __atomic_load_n(&edge_count, __ATOMIC_ACQUIRE);
}

#endif
