// Interrupt lines and their handlers. A line may be shared: its handlers form a chain in a fixed pool (there is no heap on this
// floor). The chain only grows at its end, and a slot that is taken out keeps its place with no function, so the interrupt walks
// it without the lock.
//
// A level-triggered line whose device nobody serves asks again the moment that the interrupt has ended, and nothing else would run any
// more. So a line of which hardly any interrupt is claimed, many times in a row, is masked, until somebody registers for it again.
#include "arch/cpu.h"
#include "arch/cpu_block.h"
#include "interrupt/clock.h"
#include "interrupt/interrupt_internal.h"
#include "interrupt/irq.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "log/log.h"
#include "sync/percpu.h"
#include "sync/spinlock.h"

enum {
    HANDLERS_MAX = 64,
    // Linux's numbers for what it calls an interrupt that nobody cared for.
    STORM_WINDOW = 100000,   // interrupts of one line that are judged together
    STORM_UNCLAIMED = 99900, // unclaimed ones among them that make a storm
};

static const uint64_t storm_pause_ns =
    100 * NS_PER_MS; // what comes after such a pause is a new beginning

struct line_handler {
    interrupt_handler_function *run; // [a] NULL: free
    void *context;                   // [l] routing_lock; set before `run`
    struct line_handler *next;       // [a] set once, when the slot joins its line
    bool is_linked;                  // [l] routing_lock
};

struct interrupt_line {
    struct line_handler *first; // [a]
    const char *name;           // [l] routing_lock
    // [o] by the CPU that the line is routed to
    unsigned taken;             // interrupts of the present window
    unsigned unclaimed;         // those that no handler took, since the last pause
    uint64_t last_unclaimed_ns; // monotonic
    bool was_told;              // the first unclaimed one was logged
};

static struct spinlock routing_lock = SPINLOCK_INIT(LOCK_RANK_INTERRUPT);
static const struct interrupt_controller *controller; // [I]
static struct interrupt_line lines[LINES_MAX];
static struct line_handler handlers[HANDLERS_MAX];
static PERCPU_DEFINE(uint64_t, line_counts[LINES_MAX]);

void lines_init(const struct interrupt_controller *chosen)
{
    assert(controller == NULL && chosen->lines <= LINES_MAX);
    controller = chosen;
}

// --- the interrupt ---

// All of them, even after one has claimed it: on a level-triggered line a second device that asks at the same moment gives no
// second edge, and its request would only be seen with the next one.
static bool handlers_run(struct interrupt_line *line)
{
    bool is_claimed = false;
    for (struct line_handler *h = READ_ONCE(line->first); h; h = READ_ONCE(h->next)) {
        interrupt_handler_function *run = __atomic_load_n(&h->run, __ATOMIC_ACQUIRE);
        if (run && run(h->context)) {
            is_claimed = true;
        }
    }
    return is_claimed;
}

static void unclaimed_note(unsigned number)
{
    struct interrupt_line *line = &lines[number];
    uint64_t now = clock_monotonic_ns();
    if (now - line->last_unclaimed_ns > storm_pause_ns) {
        line->unclaimed = 0;
    }
    line->last_unclaimed_ns = now;
    line->unclaimed++;
    if (!line->was_told) {
        line->was_told = true;
        log_warning("interrupt: line %u: no handler claims it", number);
    }
}

// Ends a window. True: it was a storm.
static bool window_end(struct interrupt_line *line)
{
    assert(line->taken == STORM_WINDOW && line->unclaimed <= STORM_WINDOW);
    bool is_storm = line->unclaimed >= STORM_UNCLAIMED;
    line->taken = 0;
    line->unclaimed = 0;
    return is_storm;
}

static void line_give_up(unsigned number)
{
    spin_lock(&routing_lock);
    controller->mask(number);
    spin_unlock(&routing_lock);
    log_error("interrupt: line %u (%s): nobody claims it, %u times in a row: masked", number,
              interrupt_line_name(number), STORM_UNCLAIMED);
}

void line_interrupt(unsigned line)
{
    assert(!interrupts_are_enabled() && cpu_block_get(interrupt_depth) == 1);
    if (line >= controller->lines || (controller->is_spurious && controller->is_spurious(line))) {
        return;
    }
    (*percpu_this(line_counts))[line]++;
    if (!handlers_run(&lines[line])) {
        unclaimed_note(line);
    }
    if (++lines[line].taken == STORM_WINDOW && window_end(&lines[line])) {
        line_give_up(line);
    }
    controller->end(line);
}

// --- registration ---

// A free slot of this line, else one that no line has yet.
static struct line_handler *slot_find_locked(struct interrupt_line *line)
{
    assert(spin_is_held(&routing_lock));
    for (struct line_handler *h = line->first; h; h = h->next) {
        if (!h->run) {
            return h;
        }
    }
    for (size_t i = 0; i < HANDLERS_MAX; i++) {
        if (!handlers[i].is_linked) {
            return &handlers[i];
        }
    }
    return NULL;
}

static void slot_link_locked(struct interrupt_line *line, struct line_handler *slot)
{
    assert(spin_is_held(&routing_lock));
    assert(!slot->is_linked && slot->next == NULL);
    struct line_handler **end = &line->first;
    while (*end) {
        end = &(*end)->next;
    }
    slot->is_linked = true;
    __atomic_store_n(end, slot, __ATOMIC_RELEASE);
}

int interrupt_register(unsigned number, interrupt_handler_function *run, void *context,
                       const char *name)
{
    int result = 0;
    assert(run != NULL && name != NULL);
    spin_lock(&routing_lock);
    if (number >= controller->lines || !controller->has_line(number)) {
        result = -EINVAL;
        goto unlock;
    }
    struct interrupt_line *line = &lines[number];
    struct line_handler *slot = slot_find_locked(line);
    if (!slot) {
        result = -ENOMEM;
        goto unlock;
    }
    slot->context = context;
    __atomic_store_n(&slot->run, run, __ATOMIC_RELEASE);
    if (!slot->is_linked) {
        slot_link_locked(line, slot);
    }
    line->name = name;
    controller->unmask(number);
unlock:
    spin_unlock(&routing_lock);
    return result;
}

static bool has_handler_locked(const struct interrupt_line *line)
{
    assert(spin_is_held(&routing_lock));
    for (const struct line_handler *h = line->first; h; h = h->next) {
        if (h->run) {
            return true;
        }
    }
    return false;
}

void interrupt_unregister(unsigned number, interrupt_handler_function *run, void *context)
{
    if (number >= LINES_MAX) {
        return;
    }
    struct interrupt_line *line = &lines[number];
    spin_lock(&routing_lock);
    for (struct line_handler *h = line->first; h; h = h->next) {
        if (h->run == run && h->context == context) {
            __atomic_store_n(&h->run, NULL, __ATOMIC_RELEASE);
        }
    }
    if (!has_handler_locked(line)) {
        controller->mask(number);
        line->name = NULL;
    }
    spin_unlock(&routing_lock);
}

// --- what /proc/interrupts shows ---

unsigned interrupt_line_count(void)
{
    return controller->lines;
}

uint64_t interrupt_count(unsigned line, unsigned cpu)
{
    return (*percpu_of(line_counts, cpu))[line];
}

const char *interrupt_line_name(unsigned line)
{
    const char *name = READ_ONCE(lines[line].name);
    return name ? name : "";
}

bool interrupt_line_describe(unsigned line, struct interrupt_line_state *state)
{
    spin_lock(&routing_lock);
    const char *name = line < controller->lines ? lines[line].name : NULL;
    if (name) {
        *state = (struct interrupt_line_state){.name = name, .controller = controller->name};
        controller->describe(line, &state->pin, &state->is_level);
    }
    spin_unlock(&routing_lock);
    return name != NULL;
}
