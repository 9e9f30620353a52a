// Shared by the files of interrupt/.
#pragma once

#include "arch/page.h"
#include "arch/trap_frame.h"
#include "lib/types.h"

// Vectors. Lines of the APIC start above those of the 8259, whose spurious interrupts may arrive at any time.
enum {
    VECTOR_PIC_FIRST = 0x20,
    VECTOR_LINE_FIRST = 0x30,
    VECTOR_KICK = 0xf0,       // this CPU to itself: deferred work waits
    VECTOR_TIMER = 0xf1,      // local APIC's timer
    VECTOR_RESCHEDULE = 0xf2, // another CPU: choose a thread again
    VECTOR_CALL = 0xf3,       // another CPU: run what is in the box
    VECTOR_SPURIOUS = 0xff,
    PIC_LINES = 16,
    LINES_MAX = 64,
};

// Who routes the lines: the 8259 pair, or the I/O APICs. Called with the routing lock held, but for `end`.
struct interrupt_controller {
    const char *name; // as Linux shows it
    unsigned lines;
    bool (*has_line)(unsigned line);
    void (*unmask)(unsigned line);
    void (*mask)(unsigned line);
    bool (*is_spurious)(unsigned line);                             // empty: never
    void (*end)(unsigned line);                                     // the handlers have run
    void (*describe)(unsigned line, unsigned *pin, bool *is_level); // a line that is in use
};

extern const struct interrupt_controller pic_controller;
extern const struct interrupt_controller io_apic_controller;

// pic.c: both chips remapped, every line masked.
void pic_init(void);

// io_apic.c: every pin masked.
void io_apic_init(void);

// local_apic.c
void local_apic_init(void); // this CPU
bool local_apic_is_used(void);
void local_apic_end(void);  // end of interrupt
void local_apic_kick(void); // VECTOR_KICK to this CPU
// Sends a vector or one of IPI_* to the CPU of that local APIC. Any context.
void local_apic_send(uint8_t apic, uint32_t command);
enum { IPI_NMI = 0x400, IPI_INIT = 0x4500, IPI_STARTUP = 0x4600 }; // delivery mode and level
uint8_t local_apic_id(void);
void local_apic_timer_start(uint32_t count); // one shot; 0 stops it
uint32_t local_apic_timer_count(void);       // what is left
void local_apic_timer_deadline_mode(void);   // TSC deadline instead of a count

// interrupt.c: did the interrupt that is being handled hit user code?
bool interrupt_is_from_user(void);

// lines.c: runs the handlers of one line.
void line_interrupt(unsigned line);
void lines_init(const struct interrupt_controller *controller);

// ipi.c: what other CPUs want this one to run. Interrupts are off.
void ipi_calls_run(void);

// deferred.c: at the exit of an interrupt, interrupts off before and after.
void deferred_run(void);

// clock_event.c
void clock_event_init(void);
void clock_event_cpu_init(void); // this CPU
void clock_event_interrupt(bool is_from_user);

// pit.c
void pit_start_ticks(void);        // channel 0 at 1000 Hz on ISA line 0
void pit_reference_start(void);    // channel 2 counts down freely
uint64_t pit_reference_read(void); // counts up, 16 bits
enum { PIT_HZ = 1193182, CLOCK_TICK_HZ = 1000, PIT_LINE = 0 };
void clock_tick(void); // clock.c: one PIT tick has passed

// rtc.c: seconds since 1970, or 0 where no clock answers.
uint64_t rtc_read_seconds(void);

// clock_reference.c: a counter of known rate to measure others by.
struct clock_reference {
    const char *name;
    uint64_t hz;
    uint64_t mask; // the counter's width
    uint64_t (*read)(void);
};
// Starts and returns the best one of the machine: HPET, PM timer, PIT.
const struct clock_reference *clock_reference_choose(void);

// clock_calibrate.c
struct clock_sample {
    uint64_t timestamp, reference;
    uint32_t timer; // local APIC's count
    uint64_t width; // timestamps that the reading took: twice the error at most
};
struct clock_rates {
    uint64_t tsc_hz, timer_hz; // timer_hz 0 without local APIC
    struct clock_sample start;
};
void clock_calibrate(const struct clock_reference *reference, struct clock_rates *rates);
void clock_sample_take(const struct clock_reference *reference, struct clock_sample *sample);
// The time-stamp counter's rate between two samples.
uint64_t clock_rate_between(const struct clock_reference *reference,
                            const struct clock_sample *from, const struct clock_sample *to);

// clock.c
uint64_t clock_timer_frequency_hz(void);
void clock_refine(void); // called now and then from the clock event's interrupt
uint64_t clock_timestamp_of(uint64_t monotonic_ns); // for TSC deadlines

static inline vaddr_t device_address(paddr_t base)
{
    return PHYSICAL_MAP_BASE + base; // mapped by boot/
}
