// Interrupt lines: vectors, routing to the PIC or the APICs, handlers. Handlers run with interrupts off and do not nest.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

// A handler returns true when the interrupt was its device's (lines may be shared).
typedef bool interrupt_handler_function(void *context);

// ISA line 0-15 (through the MADT's overrides) or a global interrupt number from 16 on. Unmasks it. A line that asks without end and
// that no handler claims is masked again, with a word in the log.
// 0, -EINVAL (no such line), -ENOMEM.
must_check int interrupt_register(unsigned line, interrupt_handler_function *handler, void *context,
                                  const char *name);
// The line is masked when its last handler goes. A call of the handler that is under way on another CPU may still be running.
void interrupt_unregister(unsigned line, interrupt_handler_function *handler, void *context);

void interrupt_init(void); // PIC remapped and masked; APICs where boot_information has them
// Debug kernels tell from here on who keeps interrupts off for long. After clock_init.
void watchdog_init(void);

// For /proc/interrupts: number of lines, count of one per CPU, and what it is.
unsigned interrupt_line_count(void);
uint64_t interrupt_count(unsigned line, unsigned cpu);
const char *interrupt_line_name(unsigned line); // "" when unused
struct interrupt_line_state {
    const char *name;       // of the last one who registered
    const char *controller; // by the names that Linux shows
    unsigned pin;           // the controller's number of it
    bool is_level;
};
// False: nobody uses the line.
must_check bool interrupt_line_describe(unsigned line, struct interrupt_line_state *state);
// What a CPU takes beside lines.
enum interrupt_own {
    INTERRUPT_TIMER,
    INTERRUPT_KICK, // to itself: deferred work waits
    INTERRUPT_RESCHEDULE,
    INTERRUPT_CALL,
    INTERRUPT_OWN_KINDS
};
uint64_t interrupt_own_count(enum interrupt_own kind, unsigned cpu);
uint64_t interrupt_total(void);
