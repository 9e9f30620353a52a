// Moves by vector registers: they do what they say and leave the registers as they were.
#include "kernel_test.h"

#include "arch/page.h"
#include "arch/vector.h"
#include "lib/compiler.h"
#include "lib/string.h"
#include "memory/page_copy.h"
#include "sync/preempt.h"

enum { VECTORS = 4, VECTOR_BYTES = 32 };

static aligned(PAGE_SIZE) uint8_t from[PAGE_SIZE], to[2 * PAGE_SIZE];

static void vectors_load(const uint8_t *bytes)
{
    __asm__ volatile("vmovdqu (%0), %%ymm0\n\tvmovdqu 32(%0), %%ymm1\n\t"
                     "vmovdqu 64(%0), %%ymm2\n\tvmovdqu 96(%0), %%ymm3"
                     :
                     : "r"(bytes)
                     : "memory");
}

static void vectors_store(uint8_t *bytes)
{
    __asm__ volatile("vmovdqu %%ymm0, (%0)\n\tvmovdqu %%ymm1, 32(%0)\n\t"
                     "vmovdqu %%ymm2, 64(%0)\n\tvmovdqu %%ymm3, 96(%0)"
                     :
                     : "r"(bytes)
                     : "memory");
}

static void pattern_fill(uint8_t *bytes, size_t count, unsigned factor)
{
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)(i * factor + 1);
    }
}

// Runs with preemption off: what stands in the registers meanwhile is nobody else's.
static bool registers_survive(void (*operation)(void))
{
    uint8_t before[VECTORS * VECTOR_BYTES], after[VECTORS * VECTOR_BYTES] = {0};
    uint8_t saved[VECTORS * VECTOR_BYTES];
    pattern_fill(before, sizeof(before), 7);
    preempt_disable();
    vectors_store(saved);
    vectors_load(before);
    operation();
    vectors_store(after);
    vectors_load(saved);
    preempt_enable();
    return memcmp(before, after, sizeof(before)) == 0;
}

static void zero_two_pages(void)
{
    page_zero(to, 2);
}

static void copy_a_page(void)
{
    page_copy(to, from);
}

static void copy_unaligned_blocks(void)
{
    size_t left = arch_user_copy_vector(to + 3, from + 1, 3 * VECTOR_BLOCK_BYTES + 5);
    KT_ASSERT(left == 5);
}

KERNEL_TEST(vectors_clear_pages_and_are_put_back)
{
    if (!arch_vector_is_usable()) {
        return;
    }
    memset(to, 0xee, sizeof(to));
    KT_ASSERT(registers_survive(zero_two_pages));
    for (size_t i = 0; i < sizeof(to); i++) {
        KT_ASSERT(to[i] == 0);
    }
}

KERNEL_TEST(vectors_copy_pages_and_are_put_back)
{
    if (!arch_vector_is_usable()) {
        return;
    }
    pattern_fill(from, sizeof(from), 11);
    memset(to, 0xee, sizeof(to));
    KT_ASSERT(registers_survive(copy_a_page));
    KT_ASSERT(memcmp(to, from, PAGE_SIZE) == 0);
    KT_ASSERT(to[PAGE_SIZE] == 0xee);
}

KERNEL_TEST(vectors_copy_whole_blocks_of_any_alignment)
{
    if (!arch_vector_is_usable()) {
        return;
    }
    pattern_fill(from, sizeof(from), 13);
    memset(to, 0xee, sizeof(to));
    KT_ASSERT(registers_survive(copy_unaligned_blocks));
    KT_ASSERT(memcmp(to + 3, from + 1, 3 * VECTOR_BLOCK_BYTES) == 0);
    KT_ASSERT(to[2] == 0xee);
    KT_ASSERT(to[3 + 3 * VECTOR_BLOCK_BYTES] == 0xee);
}
