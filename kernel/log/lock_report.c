// Complaints about locks as text: the two classes, who holds the lock in the way, where the other order was seen, and (from the
// panic) the trace of who asks now.
#include "log/lock_report.h"

#include "lib/format.h"
#include "log/log.h"
#include "log/log_internal.h"
#include "log/symbols.h"
#include "sync/lock_debug.h"

#if ASTRA_DEBUG

enum {
    SYMBOL_TEXT_MAX = 72,
    // A millisecond: three times what the longest hold needs, counted in instructions. By time the host adds its own pauses.
    LONG_HOLD_DIVISOR = 1000,
};

static const char *const fault_texts[] = {
    [LOCK_FAULT_RANK] = "lock order: a lower rank than one that is held",
    [LOCK_FAULT_ORDER] = "lock order: the other way round was seen before",
    [LOCK_FAULT_NESTING] = "lock order: two of one class without an order",
    [LOCK_FAULT_TWICE] = "lock is held already",
    [LOCK_FAULT_SLEEP] = "sleep where nobody may sleep",
    [LOCK_FAULT_EXIT] = "a lock is held on the way to user mode",
    [RCU_FAULT_QUIET] = "context switch inside an RCU section",
    [RCU_FAULT_BALANCE] = "end of an RCU section that was not begun",
    [RCU_FAULT_READ] = "look at what RCU guards outside of a section",
};

static void class_show(const char *role, const struct lock_class *class)
{
    log_write_panic("%s %s of %s:%d", role, class->rank_name, class->file, class->line);
}

static void address_show(const char *what, uint64_t address)
{
    char text[SYMBOL_TEXT_MAX];
    symbol_describe(address - 1, text, sizeof(text));
    log_write_panic("  %s %s", what, text);
}

static void edge_show(const struct lock_edge *edge)
{
    class_show("seen: it was taken under", edge->from);
    class_show("  namely", edge->to);
    for (unsigned i = 0; i < LOCK_TRACE_MAX && edge->trace[i] != 0; i++) {
        address_show("by", edge->trace[i]);
    }
}

static void complaint_explain(const void *context)
{
    const struct lock_complaint *complaint = context;
    if (complaint->wanted != NULL) {
        class_show("wanted:", complaint->wanted);
    }
    if (complaint->held != NULL) {
        class_show("held:", complaint->held->class);
        address_show("taken by", complaint->held->caller);
    }
    for (unsigned i = complaint->path.length; i-- > 0;) {
        edge_show(complaint->path.edges[i]);
    }
    log_write_panic("now:");
}

static void complaint_report(const struct lock_complaint *complaint)
{
    panic_explained(fault_texts[complaint->fault], complaint_explain, complaint);
}

static void long_hold_report(const struct lock_class *class, uint64_t timestamps, uint64_t caller)
{
    char text[SYMBOL_TEXT_MAX];
    symbol_describe(caller - 1, text, sizeof(text));
    log_debug("lock: %s of %s:%d was held for %lu units, taken by %s", class->rank_name,
              class->file, class->line, timestamps, text);
}

void lock_report_init(uint64_t timestamps_per_second)
{
    lock_debug_set_complain(complaint_report);
    lock_debug_set_long_hold(timestamps_per_second / LONG_HOLD_DIVISOR, long_hold_report);
}

#endif
