// The other CPUs, one after another: memory of its own, INIT and start-up interrupts, and a short talk by one shared word.
//
//   WAITED_FOR -> ARRIVED     the CPU runs C and takes part in nothing yet
//   WAITED_FOR -> GIVEN_UP    it came too late: it halts, and INIT makes sure of it
//   ARRIVED -> ASKED -> TOLD  it says what its time-stamp counter is, between two readings here
//   TOLD -> WELCOME -> RUNS   it makes itself ready and counts from then on; or
//   TOLD -> GIVEN_UP          its counter is another than the first CPU's, which would let the clock go backwards
//
// Each state is entered by one side only but WAITED_FOR's end, which is decided by compare and exchange. Called in the boot thread.
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/cpu_start.h"
#include "arch/machine.h"
#include "arch/mmu.h"
#include "arch/upcalls.h"
#include "boot/boot_internal.h"
#include "interrupt/clock.h"
#include "interrupt/ipi.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "log/boot_parameters.h"
#include "log/log.h"
#include "log/panic.h"
#include "memory/frame.h"
#include "memory/heap.h"
#include "memory/kernel_map.h"
#include "memory/page_table.h"
#include "scheduler/thread.h"
#include "sync/atomic.h"
#include "sync/percpu.h"

enum start_state { WAITED_FOR, ARRIVED, ASKED, TOLD, WELCOME, RUNS, GIVEN_UP };

static struct atomic32 state;            // [a] enum start_state of the CPU that is being started
static uint64_t told_timestamp;          // [o] the new CPU's, before TOLD
static struct thread *idle_thread;       // [o] ours, before the CPU starts
static const uint64_t low_end = 0x10000; // memory/ leaves the pages below it alone

// What INIT and each start-up interrupt are given (Intel SDM 3A, 8.4.4.1), and the patience after.
#define INIT_WAIT_NS    (10 * NS_PER_MS)
#define LAUNCH_AGAIN_NS (NS_PER_MS)
#define ANSWER_WAIT_NS  (2 * NS_PER_SECOND)

// --- the new CPU's side ---

static void state_wait(enum start_state wanted)
{
    while (atomic32_load_acquire(&state) != wanted) {
        if (atomic32_load(&state) == GIVEN_UP) {
            cpu_halt_forever();
        }
        cpu_pause();
    }
}

static uint64_t timestamp_in_order(void)
{
    memory_barrier();
    memory_barrier_read();
    uint64_t timestamp = cpu_timestamp();
    memory_barrier_read();
    return timestamp;
}

_Noreturn void upcall_cpu_start(void)
{
    uint32_t expected = WAITED_FOR;
    if (!atomic32_compare_exchange(&state, &expected, ARRIVED)) {
        cpu_halt_forever();
    }
    state_wait(ASKED);
    told_timestamp = timestamp_in_order();
    atomic32_store_release(&state, TOLD);
    state_wait(WELCOME);
    interrupt_cpu_init();
    scheduler_cpu_init(idle_thread);
    percpu_cpu_publish(cpu_number());
    tlb_flush_all_local(); // nobody asked this CPU for flushes until now
    atomic32_store_release(&state, RUNS);
    scheduler_idle();
}

// --- the starting side ---

struct cpu_memory {
    struct frame *percpu;           // its per-CPU variables
    struct frame *exception_stacks; // four in a row
    vaddr_t stack;
    struct thread *idle;
};

static unsigned percpu_order(void)
{
    unsigned order = 0;
    while (PAGE_SIZE << order < (size_t)(kernel_percpu_end - kernel_percpu_start)) {
        order++;
    }
    return order;
}

static void cpu_memory_free(const struct cpu_memory *memory)
{
    heap_free(memory->idle);
    if (memory->stack) {
        kernel_stack_free(memory->stack);
    }
    if (memory->exception_stacks) {
        frame_put(memory->exception_stacks);
    }
    if (memory->percpu) {
        frame_put(memory->percpu);
    }
}

static int cpu_memory_alloc(struct cpu_memory *memory)
{
    memory->percpu = frame_alloc(percpu_order(), FRAME_KERNEL, FRAME_ZERO);
    memory->exception_stacks = frame_alloc(CPU_EXCEPTION_STACKS_ORDER, FRAME_STACK, 0);
    memory->stack = kernel_stack_alloc();
    memory->idle = heap_alloc(sizeof(*memory->idle));
    if (memory->percpu && memory->exception_stacks && memory->stack && memory->idle) {
        return 0;
    }
    cpu_memory_free(memory);
    return -ENOMEM;
}

// A page of usable memory below the first 64 KiB for the code in real mode, 0 if there is none.
static paddr_t low_page_find(void)
{
    const struct boot_info *info = &boot_information;
    for (unsigned i = 0; i < info->memory_count; i++) {
        const struct boot_memory_range *range = &info->memory[i];
        paddr_t page = MAX(ALIGN_UP(range->base, PAGE_SIZE), PAGE_SIZE);
        if (range->kind == BOOT_MEMORY_USABLE && page < low_end &&
            page + PAGE_SIZE <= range->base + range->bytes) {
            return page;
        }
    }
    return 0;
}

// Spins at first: a CPU mostly answers at once.
static bool arrival_wait(uint64_t wait_ns)
{
    uint64_t start = clock_monotonic_ns();
    while (atomic32_load_acquire(&state) != ARRIVED) {
        uint64_t waited = clock_monotonic_ns() - start;
        if (waited >= wait_ns) {
            return false;
        }
        if (waited < NS_PER_MS) {
            cpu_pause();
        } else {
            thread_sleep_until(clock_monotonic_ns() + NS_PER_MS, false);
        }
    }
    return true;
}

static int cpu_launch(uint8_t apic, paddr_t page)
{
    assert(page != 0 && page < low_end && page % PAGE_SIZE == 0);
    uint32_t expected = WAITED_FOR;
    ipi_cpu_launch(apic, page);
    if (arrival_wait(LAUNCH_AGAIN_NS)) {
        return 0;
    }
    ipi_cpu_launch(apic, page);
    if (arrival_wait(ANSWER_WAIT_NS) || !atomic32_compare_exchange(&state, &expected, GIVEN_UP)) {
        return 0;
    }
    return -ETIMEDOUT;
}

// Takes the CPU in, if its counter fits.
static int cpu_admit(void)
{
    assert(atomic32_load(&state) == ARRIVED);
    uint64_t before = timestamp_in_order();
    atomic32_store_release(&state, ASKED);
    state_wait(TOLD);
    uint64_t after = timestamp_in_order();
    if (before <= told_timestamp && told_timestamp <= after) {
        atomic32_store_release(&state, WELCOME);
        state_wait(RUNS);
        return 0;
    }
    atomic32_store(&state, GIVEN_UP);
    return -ERANGE;
}

int cpu_start_one(uint8_t apic)
{
    struct cpu_memory memory;
    paddr_t page = low_page_find();
    if (!page) {
        return -ENODEV;
    }
    int result = cpu_memory_alloc(&memory);
    if (result) {
        return result;
    }
    struct cpu_start start = {
        .percpu_delta = (uint64_t)frame_to_virtual(memory.percpu) - (uint64_t)kernel_percpu_start,
        .exception_stacks = frame_to_virtual(memory.exception_stacks),
        .stack_top = memory.stack + KERNEL_STACK_BYTES,
        .root = kernel_page_table.root,
    };
    start.number = percpu_cpu_prepare(start.percpu_delta);
    assert(start.number == percpu_cpu_count() && start.number != 0);
    idle_thread = memory.idle;
    cpu_start_prepare(&start, page);
    ipi_cpu_set_apic(start.number, apic);
    atomic32_store_release(&state, WAITED_FOR);
    result = cpu_launch(apic, page);
    if (!result) {
        result = cpu_admit();
    }
    if (result) {
        ipi_cpu_reset(apic);
        cpu_memory_free(&memory);
        return result;
    }
    return 0;
}

static void cpu_report(uint8_t apic, int error)
{
    static const struct {
        int error;
        const char *text;
    } reasons[] = {
        {-ENOMEM, "there is no memory for it"},
        {-ENODEV, "there is no low memory for its first code"},
        {-ETIMEDOUT, "it does not answer"},
        {-ERANGE, "its time-stamp counter is not that of the first CPU"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        if (reasons[i].error == error) {
            log_warning("cpu: the CPU with local APIC %u is left out: %s", apic, reasons[i].text);
        }
    }
}

// The first `wanted` of the list; the first one runs already.
static void cpus_start_listed(const struct boot_acpi *acpi, unsigned wanted)
{
    static const struct panic_ops panic_ops = {.stop_other_cpus = ipi_stop_others};
    scheduler_set_kick(ipi_reschedule);
    panic_set_ops(&panic_ops);
    for (unsigned i = 1; i < wanted; i++) {
        ipi_cpu_reset(acpi->cpu_apic_ids[i]);
    }
    thread_sleep_until(clock_monotonic_ns() + INIT_WAIT_NS, false);
    for (unsigned i = 1; i < wanted; i++) {
        int error = cpu_start_one(acpi->cpu_apic_ids[i]);
        if (error) {
            cpu_report(acpi->cpu_apic_ids[i], error);
        }
    }
}

void cpus_start(void)
{
    const struct boot_acpi *acpi = &boot_information.acpi;
    unsigned wanted = MIN(acpi->cpu_count, boot_parameters.max_cpus);
    if (acpi->cpu_count <= 1) {
        return;
    }
    if (wanted > 1 && ipi_is_possible()) {
        cpus_start_listed(acpi, wanted);
    }
    if (acpi->cpus_too_many) {
        log_warning("cpu: %u CPUs are left out: %u are the most that can run", acpi->cpus_too_many,
                    CPU_MAX);
    }
    log_info("cpu: %u of %u CPUs run", percpu_cpu_count(), acpi->cpu_count + acpi->cpus_too_many);
}
