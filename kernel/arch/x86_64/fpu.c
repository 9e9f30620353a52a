// User FPU state: XSAVE where the CPU has it (x87, SSE, AVX, AVX-512; nothing that needs a permission), else FXSAVE.
//
// The kernel itself never uses the FPU but in vector.S, which leaves it as it was; so the registers keep a user thread's state
// while kernel threads run. States:
//   live      block.FPU_OWNER == thread and thread->fpu_cpu == this CPU + 1: the registers count; the memory image is as old as the
//             last switch away or fpu_state_sync
//   in memory otherwise: the image counts and is loaded on the way in
//   edited    fpu_is_edited: the thread itself rewrites the image (exec, sigreturn) and may sleep meanwhile; nothing is loaded
//             or saved
// Switching away always saves (another CPU may run the thread next); switching in loads only if it is not live here. So the
// running thread's state is live unless it is edited, and code of that thread may use the registers directly, even if a fault
// in between puts it to sleep.
#include "arch/context.h"
#include "arch/cpu.h"
#include "arch/vector.h"
#include "arch/x86_64/arch_internal.h"
#include "arch/x86_64/registers.h"
#include "lib/assert.h"
#include "lib/string.h"

enum {
    FXSAVE_BYTES = 512,
    FXSAVE_MXCSR_MASK = 28,
    MXCSR_MASK_DEFAULT = 0xffbf, // where the CPU stores 0
    FEATURE_AVX = 4,             // in XCR0
    FEATURES_USED = 0xe7,        // XCR0: x87, SSE, AVX, opmask, upper ZMM, ZMM16-31
};

// What XRSTOR reads of an image that says (by a header of zeros) that every component is in its initial state. FXRSTOR reads
// the legacy part, which says the same.
struct initial_state {
    uint16_t control_word;
    uint8_t unused[22];
    uint32_t mxcsr;
    uint8_t registers[484];
    uint64_t header[8];
};

static const aligned(64) struct initial_state initial_state = {
    .control_word = 0x37f, // all x87 exceptions masked, extended precision
    .mxcsr = 0x1f80,       // all SSE exceptions masked
};

static size_t state_bytes = FXSAVE_BYTES; // [I]
static uint64_t enabled_features;         // [I] XCR0; 0: FXSAVE
static bool has_xsaveopt;                 // [I]
static uint32_t mxcsr_mask;               // [I] bits of MXCSR that may be set

static void xsave_size_detect(void)
{
    state_bytes = cpuid(0xd, 0).ebx; // for what XCR0 enables now
    has_xsaveopt = cpuid(0xd, 1).eax & 1;
}

static void mxcsr_mask_detect(void)
{
    static aligned(16) uint8_t image[FXSAVE_BYTES];
    __asm__ volatile("fxsave64 %0" : "=m"(image));
    memcpy(&mxcsr_mask, image + FXSAVE_MXCSR_MASK, sizeof(mxcsr_mask));
    mxcsr_mask = mxcsr_mask ? mxcsr_mask : MXCSR_MASK_DEFAULT;
}

void fpu_init(bool is_first_cpu)
{
    __asm__ volatile("fninit");
    if (is_first_cpu) {
        mxcsr_mask_detect();
    }
    if (!cpu_has(CPU_HAS_XSAVE)) {
        return;
    }
    if (is_first_cpu) {
        enabled_features = cpuid(0xd, 0).eax & FEATURES_USED;
    }
    xcr0_write(enabled_features);
    if (is_first_cpu) {
        xsave_size_detect();
    }
}

size_t fpu_state_size(void)
{
    return state_bytes;
}

uint32_t fpu_mxcsr_mask(void)
{
    return mxcsr_mask;
}

uint64_t fpu_features(void)
{
    return enabled_features;
}

bool arch_vector_is_usable(void)
{
    return (enabled_features & FEATURE_AVX) != 0;
}

// What lies behind the header stays as it is: the header says that nobody may look at it.
void fpu_state_init(void *state)
{
    assert((uintptr_t)state % 64 == 0); // XSAVE and XRSTOR fault on any other address
    memcpy(state, &initial_state, enabled_features ? sizeof(initial_state) : FXSAVE_BYTES);
}

// XSAVEOPT leaves out what did not change since the last XRSTOR from the same address, which is right for the image that this very
// XRSTOR read, and for no other: where the image goes elsewhere, or was touched meanwhile, the full form it is.
static void state_save_full(void *state)
{
    if (enabled_features) {
        __asm__ volatile("xsave64 (%0)" : : "r"(state), "a"(~0U), "d"(~0U) : "memory");
    } else {
        __asm__ volatile("fxsave64 (%0)" : : "r"(state) : "memory");
    }
}

static void state_save(void *state)
{
    if (has_xsaveopt) {
        __asm__ volatile("xsaveopt64 (%0)" : : "r"(state), "a"(~0U), "d"(~0U) : "memory");
    } else {
        state_save_full(state);
    }
}

static void state_load(const void *state)
{
    if (enabled_features) {
        __asm__ volatile("xrstor64 (%0)" : : "r"(state), "a"(~0U), "d"(~0U) : "memory");
    } else {
        __asm__ volatile("fxrstor64 (%0)" : : "r"(state) : "memory");
    }
}

static bool is_owner(const struct arch_thread *thread)
{
    return cpu_block_get(arch_private[BLOCK_FPU_OWNER]) == (uint64_t)thread;
}

// Both sides must agree: the CPU remembers whose registers these are, and the thread where it was last loaded. The first alone would
// take a new thread at a dead one's address for its owner; the second alone would miss that somebody else ran here since.
static bool is_live(const struct arch_thread *thread)
{
    return is_owner(thread) && thread->fpu_cpu == cpu_block_get(number) + 1;
}

static void make_live(struct arch_thread *thread)
{
    assert(!interrupts_are_enabled() && thread->fpu_state != NULL);
    state_load(thread->fpu_state);
    cpu_block_set(arch_private[BLOCK_FPU_OWNER], (uint64_t)thread);
    thread->fpu_cpu = (uint16_t)(cpu_block_get(number) + 1);
}

void fpu_switch(struct arch_thread *previous, struct arch_thread *next)
{
    assert(!interrupts_are_enabled() && previous != next);
    if (previous->fpu_state && is_live(previous)) {
        state_save(previous->fpu_state);
    }
    if (next->fpu_state && !next->fpu_is_edited && !is_live(next)) {
        make_live(next);
    }
}

void fpu_state_sync(struct arch_thread *current)
{
    bool were_on = interrupts_are_enabled();
    interrupts_disable();
    if (current->fpu_state && is_live(current)) {
        state_save_full(current->fpu_state);
    }
    if (were_on) {
        interrupts_enable();
    }
}

int fpu_save_to_user(void *address)
{
    assert(!arch_thread_current()->fpu_is_edited);
    return enabled_features ? user_fpu_xsave(address) : user_fpu_fxsave(address);
}

void fpu_registers_init(void)
{
    assert(!arch_thread_current()->fpu_is_edited);
    state_load(&initial_state);
}

void fpu_edit_begin(struct arch_thread *current)
{
    bool were_on = interrupts_are_enabled();
    interrupts_disable();
    assert(current->fpu_state && !current->fpu_is_edited);
    current->fpu_is_edited = 1;
    current->fpu_cpu = 0;
    if (were_on) {
        interrupts_enable();
    }
}

void fpu_edit_end(struct arch_thread *current)
{
    assert(current->fpu_is_edited);
    bool were_on = interrupts_are_enabled();
    interrupts_disable();
    current->fpu_is_edited = 0;
    make_live(current);
    if (were_on) {
        interrupts_enable();
    }
}
