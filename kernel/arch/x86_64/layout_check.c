// The offsets that the assembly files use are those of the structures. No code.
#include "arch/x86_64/arch_internal.h"
#include "arch/x86_64/constants.h"
#include "arch/x86_64/entry_offsets.h"
#include "lib/assert.h"

static_assert(offsetof(struct trap_frame, r11) == FRAME_R11, "trap frame");
static_assert(offsetof(struct trap_frame, rax) == FRAME_RAX, "trap frame");
static_assert(offsetof(struct trap_frame, rcx) == FRAME_RCX, "trap frame");
static_assert(offsetof(struct trap_frame, origin) == FRAME_ORIGIN, "trap frame");
static_assert(offsetof(struct trap_frame, rip) == FRAME_RIP, "trap frame");
static_assert(offsetof(struct trap_frame, cs) == FRAME_CS, "trap frame");
static_assert(offsetof(struct trap_frame, rflags) == FRAME_RFLAGS, "trap frame");
static_assert(offsetof(struct trap_frame, rsp) == FRAME_RSP, "trap frame");
static_assert(sizeof(struct trap_frame) == FRAME_BYTES, "trap frame");
static_assert(FRAME_BYTES == 8 * FRAME_WORDS && FRAME_BYTES % 16 == 0, "trap frame");
static_assert(offsetof(struct cpu_block, current) == BLOCK_CURRENT, "CPU block");
static_assert(offsetof(struct cpu_block, kernel_stack_top) == BLOCK_KERNEL_STACK_TOP, "CPU block");
static_assert(offsetof(struct cpu_block, user_stack_scratch) == BLOCK_USER_STACK_SCRATCH,
              "CPU block");
static_assert(offsetof(struct cpu_block, user_window_is_open) == BLOCK_USER_WINDOW, "CPU block");
static_assert(offsetof(struct cpu_block, user_flush_owed) == BLOCK_USER_FLUSH, "CPU block");
static_assert(offsetof(struct arch_thread, work) == THREAD_WORK, "thread");
static_assert(offsetof(struct arch_thread, stack_pointer) == THREAD_STACK_POINTER, "thread");
static_assert(offsetof(struct arch_thread, kernel_stack_top) == THREAD_KERNEL_STACK_TOP, "thread");
static_assert(IMAGE_OFFSET == KERNEL_IMAGE_BASE, "image");
