/*
 * /proc/lock_stat of debug kernels: one line for each class of locks of which one was taken, spinning and sleeping: how often, how
 * often somebody had to wait and how long in all, and the longest hold with who took the lock then. Times are in microseconds. The
 * numbers are read one by one: a line may mix two moments. Writing 0 starts anew.
 */
#include "interrupt/clock.h"
#include "kernelfs/proc_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/text.h"
#include "log/symbols.h"
#include "sync/lock_graph.h"

#if ASTRA_DEBUG

enum {
    RANK_PREFIX = sizeof("LOCK_RANK_") - 1,
    SYMBOL_TEXT_MAX = 72,
    FOLDER_PREFIX = sizeof("kernel/") - 1
};

static uint64_t timestamps_to_us(uint64_t timestamps)
{
    return timestamps / (clock_tsc_frequency_hz() / 1000000);
}

static void show_class(const struct lock_class *class, struct text_buffer *text)
{
    char caller[SYMBOL_TEXT_MAX] = "-";
    uint64_t address = atomic64_load(&class->held_longest_caller);
    if (address != 0) {
        symbol_describe(address - 1, caller, sizeof(caller));
    }
    text_format(text, "%-16s %10lu %9lu %10lu %9lu  %s:%d  %s\n", class->rank_name + RANK_PREFIX,
                atomic64_load(&class->taken), atomic64_load(&class->contended),
                timestamps_to_us(atomic64_load(&class->waited)),
                timestamps_to_us(atomic64_load(&class->held_longest)), class->file + FOLDER_PREFIX,
                class->line, caller);
}

int proc_show_lock_stat(const struct generated_key *key, struct text_buffer *text)
{
    const struct lock_class *class;
    (void)key;
    text_format(text, "%-16s %10s %9s %10s %9s  %s  %s\n", "rank", "taken", "contended",
                "waited us", "longest", "class", "longest by");
    for (unsigned i = 0; (class = lock_graph_class(i)) != NULL; i++) {
        show_class(class, text);
    }
    text_format(text, "orders seen: %u\n", lock_graph_edge_count());
    return 0;
}

ssize_t proc_store_lock_stat(const struct generated_key *key, const char *data, size_t bytes)
{
    (void)key;
    if (bytes == 0 || data[0] != '0') {
        return -EINVAL;
    }
    lock_graph_forget_counts();
    return (ssize_t)bytes;
}

#endif
