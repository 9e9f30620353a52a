// See page_copy.h. The loops without vectors do 256 bytes a turn: 35 instructions where one by words takes 96.
#include "memory/page_copy.h"

#include "arch/page.h"
#include "arch/vector.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "sync/preempt.h"

#define WORDS_PER_TURN 32

// Volatile stops the compiler from making a call of memset or memcpy of the loop.
#define FOUR(operation, base)                                                                      \
    operation(base) operation((base) + 1) operation((base) + 2) operation((base) + 3)
#define SIXTEEN(operation, base)                                                                   \
    FOUR(operation, base)                                                                          \
    FOUR(operation, (base) + 4) FOUR(operation, (base) + 8) FOUR(operation, (base) + 12)
#define CLEAR_WORD(index) to[index] = 0;
#define COPY_WORD(index)  to[index] = from[index];

static void zero_by_words(void *page, size_t count)
{
    volatile uint64_t *to = page;
    volatile uint64_t *end = to + count * (PAGE_SIZE / sizeof(*to));
    do {
        SIXTEEN(CLEAR_WORD, 0)
        SIXTEEN(CLEAR_WORD, 16)
        to += WORDS_PER_TURN;
    } while (to != end);
}

static void copy_by_words(void *destination, const void *source)
{
    volatile uint64_t *to = destination;
    const volatile uint64_t *from = source;
    volatile uint64_t *end = to + PAGE_SIZE / sizeof(*to);
    do {
        SIXTEEN(COPY_WORD, 0)
        SIXTEEN(COPY_WORD, 16)
        to += WORDS_PER_TURN;
        from += WORDS_PER_TURN;
    } while (to != end);
}

void page_zero(void *page, size_t count)
{
    assert(IS_ALIGNED((uintptr_t)page, PAGE_SIZE) && count != 0);
    if (!arch_vector_is_usable()) {
        zero_by_words(page, count);
        return;
    }
    // Preemption is off by the page, not for the whole: a block of 4 MiB would take a millisecond.
    for (char *end = (char *)page + count * PAGE_SIZE, *at = page; at != end; at += PAGE_SIZE) {
        preempt_disable();
        arch_vector_zero(at, PAGE_SIZE);
        preempt_enable();
    }
}

void page_copy(void *destination, const void *source)
{
    assert(IS_ALIGNED((uintptr_t)destination | (uintptr_t)source, PAGE_SIZE));
    if (!arch_vector_is_usable()) {
        copy_by_words(destination, source);
        return;
    }
    preempt_disable();
    arch_vector_copy(destination, source, PAGE_SIZE);
    preempt_enable();
}
