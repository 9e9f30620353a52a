// GDT, task state, IDT, and the blocks at GS:0, by CPU number (Intel SDM 3A, chapters 3, 6 and 8).
//
// The IDT is one for all CPUs and read-only in spirit: written once by the first. NMI, double fault, machine check and debug
// have stacks of their own (IST 1 to 4), whose top word holds the address of the CPU's block (see trap_entry.S).
#include "arch/cpu_start.h"
#include "arch/page.h"
#include "arch/x86_64/arch_internal.h"
#include "arch/x86_64/constants.h"
#include "arch/x86_64/registers.h"
#include "lib/assert.h"
#include "lib/macros.h"

enum {
    GDT_ENTRIES = SELECTOR_CPU_NUMBER / 8 + 1,
    EXCEPTION_STACKS = 4,
    GATE_INTERRUPT = 0x8e00, // present, interrupt gate: IF is cleared
    GATE_USER = 0x6000,      // DPL 3
};

struct packed task_state {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map_base;
};
static_assert(sizeof(struct task_state) == 104, "task state segment");

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint16_t attributes; // bits 0-2: IST
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
static_assert(sizeof(struct gate) == 16, "interrupt gate");

struct packed table_pointer {
    uint16_t limit;
    uint64_t base;
};

// [I] but for rsp[0]; each CPU touches its own
struct cpu_tables {
    uint64_t gdt[GDT_ENTRIES];
    struct task_state task_state;
};

static struct cpu_block blocks[CPU_MAX];
static struct cpu_tables tables[CPU_MAX];
static struct gate idt[VECTOR_COUNT];
static section(".noinit") aligned(EXCEPTION_STACK_BYTES) uint8_t
    boot_exception_stacks[EXCEPTION_STACKS][EXCEPTION_STACK_BYTES];

// [I] four stacks in a row for each CPU, aligned to their size
static uint8_t *exception_stacks[CPU_MAX] = {&boot_exception_stacks[0][0]};

// A user data segment at 0 that may only be read; the limit, in bytes, is still to be filled in.
#define USER_READ_ONLY_SEGMENT (0xf1UL << 40)

static const uint64_t segments[] = {
    [SELECTOR_KERNEL_CODE / 8] = 0x00af9b000000ffff,
    [SELECTOR_KERNEL_DATA / 8] = 0x00cf93000000ffff,
    [SELECTOR_USER_CODE_32 / 8] = 0x00cffb000000ffff,
    [SELECTOR_USER_DATA / 8] = 0x00cff3000000ffff,
    [SELECTOR_USER_CODE / 8] = 0x00affb000000ffff,
};

static const struct {
    uint8_t vector, ist;
} vectors_with_stack[] = {
    {VECTOR_NMI, 1},
    {VECTOR_DOUBLE_FAULT, 2},
    {VECTOR_MACHINE_CHECK, 3},
    {VECTOR_DEBUG, 4},
};

struct cpu_block *cpu_block_of(unsigned number)
{
    assert(number < CPU_MAX);
    return &blocks[number];
}

static_assert(EXCEPTION_STACKS * EXCEPTION_STACK_BYTES == PAGE_SIZE << CPU_EXCEPTION_STACKS_ORDER,
              "what cpu_start.h asks for");

void exception_stacks_set(unsigned number, void *stacks)
{
    assert_always(number > 0 && number < CPU_MAX && (uintptr_t)stacks % EXCEPTION_STACK_BYTES == 0);
    exception_stacks[number] = stacks;
}

// Where interrupts from user mode start; SYSCALL takes the same address from the CPU's block.
void task_state_set_stack(unsigned number, uint64_t stack_top)
{
    assert(number < CPU_MAX && stack_top % 16 == 0);
    tables[number].task_state.rsp[0] = stack_top;
}

static void gate_set(unsigned vector, unsigned attributes)
{
    uint64_t entry = (uint64_t)trap_stubs + vector * 16UL;
    idt[vector] = (struct gate){
        .offset_low = (uint16_t)entry,
        .selector = SELECTOR_KERNEL_CODE,
        .attributes = (uint16_t)attributes,
        .offset_middle = (uint16_t)(entry >> 16),
        .offset_high = (uint32_t)(entry >> 32),
    };
}

static void idt_fill(void)
{
    for (unsigned vector = 0; vector < VECTOR_COUNT; vector++) {
        gate_set(vector, GATE_INTERRUPT);
    }
    gate_set(3, GATE_INTERRUPT | GATE_USER); // INT3
    gate_set(4, GATE_INTERRUPT | GATE_USER); // INTO
    for (size_t i = 0; i < ARRAY_SIZE(vectors_with_stack); i++) {
        gate_set(vectors_with_stack[i].vector, GATE_INTERRUPT | vectors_with_stack[i].ist);
    }
}

static void task_state_fill(unsigned number)
{
    struct task_state *state = &tables[number].task_state;
    state->io_map_base = sizeof(*state); // no map: user code has no ports
    for (unsigned i = 0; i < EXCEPTION_STACKS; i++) {
        uint8_t *top = exception_stacks[number] + (i + 1UL) * EXCEPTION_STACK_BYTES;
        uint64_t *block_word = (uint64_t *)(void *)top - 1;
        *block_word = (uint64_t)&blocks[number];
        state->ist[i] = (uint64_t)(top - 16);
    }
}

static void gdt_fill(unsigned number)
{
    struct cpu_tables *own = &tables[number];
    uint64_t base = (uint64_t)&own->task_state;
    for (size_t i = 0; i < ARRAY_SIZE(segments); i++) {
        own->gdt[i] = segments[i];
    }
    own->gdt[SELECTOR_TASK_STATE / 8] = (sizeof(struct task_state) - 1) |
                                        ((base & 0xffffff) << 16) | (0x89UL << 40) |
                                        (((base >> 24) & 0xff) << 56);
    own->gdt[SELECTOR_TASK_STATE / 8 + 1] = base >> 32;
    own->gdt[SELECTOR_CPU_NUMBER / 8] = USER_READ_ONLY_SEGMENT | number;
}

// CS can only be loaded by a far return. Loading FS and GS zeroes their bases too, so GS's is set after this.
static void segments_reload(void)
{
    __asm__ volatile("pushq %0\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\tmovl %1, %%ss\n\t"
                     "movl %1, %%ds\n\t"
                     "movl %1, %%es\n\t"
                     "movl %2, %%fs\n\t"
                     "movl %2, %%gs"
                     :
                     : "i"(SELECTOR_KERNEL_CODE), "r"(SELECTOR_KERNEL_DATA), "r"(0)
                     : "rax", "memory");
}

void descriptor_tables_load(unsigned number)
{
    struct table_pointer gdt_pointer = {sizeof(tables[0].gdt) - 1, (uint64_t)tables[number].gdt};
    struct table_pointer idt_pointer = {sizeof(idt) - 1, (uint64_t)idt};

    assert_always(number < CPU_MAX && exception_stacks[number]);
    if (number == 0) {
        idt_fill();
    }
    task_state_fill(number);
    gdt_fill(number);
    __asm__ volatile("lgdt %0" : : "m"(gdt_pointer));
    segments_reload();
    __asm__ volatile("ltr %w0" : : "r"(SELECTOR_TASK_STATE));
    __asm__ volatile("lidt %0" : : "m"(idt_pointer));

    blocks[number].self = &blocks[number];
    blocks[number].number = number;
    msr_write(MSR_GS_BASE, (uint64_t)&blocks[number]);
    msr_write(MSR_KERNEL_GS_BASE, 0);
}
