// Two nested counts per CPU: "do not preempt me" and "no interrupts". Both may be taken anywhere,
// in any order, but must be given back in the reverse order. While either is held nobody may sleep.
#pragma once

#include "arch/cpu.h"
#include "arch/cpu_block.h"
#include "lib/assert.h"
#include "lib/compiler.h"

// The count changes in one instruction on GS-relative memory: an interrupt comes before or after it, never between a load and a
// store, and a thread that is moved to another CPU is moved at count 0 only, so it gives back where it took.
static inline void preempt_disable(void)
{
    cpu_block_increment(preempt_count);
    barrier();
}

// Runs pending deferred work and upcall_reschedule, if the last count is given back and interrupts
// are on; else does nothing.
void preempt_reschedule(void);

// interrupt/deferred.c names the function that runs this CPU's deferred work. It is called with
// interrupts off and no count held, when cpu_block.deferred_pending is set; it may switch
// interrupts on meanwhile (holding a preempt count) and returns with them off.
void preempt_set_deferred_runner(void (*run)(void));

static inline void preempt_enable(void)
{
    barrier();
    assert(cpu_block_get(preempt_count) != 0);
    cpu_block_decrement(preempt_count);
    if (unlikely(cpu_block_get(reschedule_pending) | cpu_block_get(deferred_pending))) {
        preempt_reschedule();
    }
}

// Debug kernels: after a section of more than `limit` units of cpu_timestamp() with interrupts off,
// `report` is called with its length, at its end and with interrupts still off. Set once.
void interrupts_watch(uint64_t limit, void (*report)(uint64_t length));
// Around an interrupt handler, which such sections are part of.
void interrupts_watch_begin(void);
void interrupts_watch_end(void);

// Interrupts off, nested; remembers whether they were on at the outermost call. Counts as
// preemption off.
static inline void interrupts_block(void)
{
    // Depth 0 can be read with interrupts on: whatever interrupts us, or another CPU that we move
    // to, is at 0 again after.
    if (cpu_block_get(interrupt_off_depth) == 0) {
        bool were_on = interrupts_are_enabled();
        interrupts_disable();
        cpu_block_set(interrupts_were_on, were_on);
        if (ASTRA_DEBUG && were_on) {
            interrupts_watch_begin();
        }
    }
    cpu_block_increment(interrupt_off_depth);
    barrier();
}

// What waited for the outermost end; interrupts are off at depth 0, and on in the end.
void interrupts_unblock_pending(void);

static inline void interrupts_unblock(void)
{
    barrier();
    assert(cpu_block_get(interrupt_off_depth) != 0);
    if (ASTRA_DEBUG && cpu_block_get(interrupt_off_depth) == 1 &&
        cpu_block_get(interrupts_were_on)) {
        interrupts_watch_end();
    }
    if (!cpu_block_decrement_is_zero(interrupt_off_depth) || !cpu_block_get(interrupts_were_on)) {
        return;
    }
    if (unlikely(cpu_block_get(reschedule_pending) | cpu_block_get(deferred_pending))) {
        interrupts_unblock_pending();
        return;
    }
    interrupts_enable();
}

// May the current code sleep? (thread context, no count held, interrupts on)
static inline bool context_may_sleep(void)
{
    return cpu_block_get(preempt_count) == 0 && cpu_block_get(interrupt_off_depth) == 0 &&
           cpu_block_get(interrupt_depth) == 0;
}
