// /proc/interrupts: how often each CPU has taken each line, then its own timer and what other CPUs sent it, in Linux's columns
// (proc(5)). Counts are read without locks while they grow.
#include "interrupt/irq.h"
#include "kernelfs/proc_internal.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "sync/percpu.h"

static void add_count(struct text_buffer *text, uint64_t count)
{
    text_format(text, "%10llu ", (unsigned long long)count);
}

static void add_line(struct text_buffer *text, unsigned line)
{
    struct interrupt_line_state state;
    if (!interrupt_line_describe(line, &state)) {
        return;
    }
    text_format(text, "%3u: ", line);
    for (unsigned cpu = 0; cpu < percpu_cpu_count(); cpu++) {
        add_count(text, interrupt_count(line, cpu));
    }
    text_format(text, " %8s %3u-%-8s  %s\n", state.controller, state.pin,
                state.is_level ? "fasteoi" : "edge", state.name);
}

static void add_own(struct text_buffer *text, enum interrupt_own kind)
{
    static const struct {
        const char *label, *text;
    } rows[] = {
        [INTERRUPT_TIMER] = {"LOC", "Local timer interrupts"},
        [INTERRUPT_KICK] = {"IWI", "IRQ work interrupts"},
        [INTERRUPT_RESCHEDULE] = {"RES", "Rescheduling interrupts"},
        [INTERRUPT_CALL] = {"CAL", "Function call interrupts"},
    };
    static_assert(ARRAY_SIZE(rows) == INTERRUPT_OWN_KINDS, "a row for each kind");
    assert(kind < INTERRUPT_OWN_KINDS);
    text_format(text, "%s: ", rows[kind].label);
    for (unsigned cpu = 0; cpu < percpu_cpu_count(); cpu++) {
        add_count(text, interrupt_own_count(kind, cpu));
    }
    text_format(text, "  %s\n", rows[kind].text);
}

int proc_show_interrupts(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_format(text, "%11s", "");
    for (unsigned cpu = 0; cpu < percpu_cpu_count(); cpu++) {
        text_format(text, "CPU%-8u", cpu);
    }
    text_add_char(text, '\n');
    for (unsigned line = 0; line < interrupt_line_count(); line++) {
        add_line(text, line);
    }
    for (unsigned kind = 0; kind < INTERRUPT_OWN_KINDS; kind++) {
        add_own(text, kind);
    }
    return 0;
}
