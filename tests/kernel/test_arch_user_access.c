// Faults in user copies, against the CPU's own page tables: a page that is there, followed by one that is not.
#include "kernel_test.h"

#include "arch/page.h"
#include "arch/user_access.h"
#include "arch/vector.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/frame.h"
#include "memory/page_table.h"
#include "memory/physical_map.h"
#include "memory/tlb_batch.h"
#include "scheduler/thread.h"
#include "sync/preempt.h"

#define TEST_PAGE 0x40000000UL

static uint8_t *user_page; // the frame, in the physical map
static struct frame *user_frame;
static uint8_t kernel_page[PAGE_SIZE + 64];

static bool entry_set(struct page_table *table, struct page_entry entry)
{
    spin_lock(&table->lock);
    struct page_entry *place = page_table_make_locked(table, TEST_PAGE);
    if (place) {
        *place = entry;
    }
    spin_unlock(&table->lock);
    return place != NULL;
}

// The boot thread gets a table with one user page; what lies behind it is not mapped.
static struct page_table *user_page_map(unsigned rights)
{
    struct page_table *table = page_table_create();
    user_frame = frame_alloc(0, FRAME_ANONYMOUS, 0);
    if (!table || !user_frame) {
        return NULL;
    }
    user_page = physical_to_virtual(frame_to_physical(user_frame));
    const struct page_rights page_rights = {PAGE_READ | PAGE_USER | rights};
    if (!entry_set(table, page_entry_leaf(frame_to_physical(user_frame), page_rights, 0))) {
        return NULL;
    }
    page_table_get(table);
    thread_set_page_table(table);
    return table;
}

static void user_page_unmap(struct page_table *table)
{
    entry_set(table, page_entry_none());
    thread_set_page_table(NULL);
    tlb_flush_all_local();
    page_table_put(table);
    frame_put(user_frame);
}

static void copy_counts_are_exact(void)
{
    for (size_t there = 0; there <= 400; there++) { // both kinds of copies, by length
        for (size_t bytes = there; bytes <= there + 130; bytes += 13) {
            const void *source = (const void *)(TEST_PAGE + PAGE_SIZE - there);
            KT_ASSERT(arch_user_copy(kernel_page, source, bytes) == bytes - there);
            void *destination = (void *)(TEST_PAGE + PAGE_SIZE - there);
            KT_ASSERT(arch_user_copy(destination, kernel_page, bytes) == bytes - there);
            KT_ASSERT(arch_user_zero(destination, bytes) == bytes - there);
        }
    }
}

KERNEL_TEST(a_user_copy_says_exactly_how_much_is_left)
{
    struct page_table *table = user_page_map(PAGE_WRITE);
    KT_ASSERT(table != NULL);
    copy_counts_are_exact();
    user_page_unmap(table);
}

static void copies_carry_the_bytes(void)
{
    for (unsigned i = 0; i < PAGE_SIZE; i++) {
        kernel_page[i] = (uint8_t)(i * 7);
    }
    for (size_t bytes = 1; bytes <= PAGE_SIZE; bytes += 131) {
        memset(user_page, 0xee, PAGE_SIZE);
        KT_ASSERT(arch_user_copy((void *)TEST_PAGE, kernel_page, bytes) == 0);
        KT_ASSERT(memcmp(user_page, kernel_page, bytes) == 0);
        KT_ASSERT(bytes == PAGE_SIZE || user_page[bytes] == 0xee);
    }
}

// A block that meets the page that is not there counts as not copied, with what follows.
static void vector_counts_are_blocks(void)
{
    for (size_t there = 0; there <= 3 * VECTOR_BLOCK_BYTES; there += 32) {
        const void *source = (const void *)(TEST_PAGE + PAGE_SIZE - there);
        size_t bytes = 4 * VECTOR_BLOCK_BYTES,
               whole = there / VECTOR_BLOCK_BYTES * VECTOR_BLOCK_BYTES;
        preempt_disable();
        size_t left_in = arch_user_copy_vector(kernel_page, source, bytes);
        size_t left_out =
            arch_user_copy_vector((void *)(TEST_PAGE + PAGE_SIZE - there), kernel_page, bytes);
        preempt_enable();
        KT_ASSERT(left_in == bytes - whole);
        KT_ASSERT(left_out == bytes - whole);
    }
}

KERNEL_TEST(a_user_copy_by_vectors_says_which_blocks_are_left)
{
    struct page_table *table = user_page_map(PAGE_WRITE);
    KT_ASSERT(table != NULL);
    if (arch_vector_is_usable()) {
        vector_counts_are_blocks();
    }
    user_page_unmap(table);
}

KERNEL_TEST(a_user_copy_carries_every_byte_and_no_more)
{
    struct page_table *table = user_page_map(PAGE_WRITE);
    KT_ASSERT(table != NULL);
    copies_carry_the_bytes();
    user_page_unmap(table);
}

static void strings_end_where_they_should(void)
{
    char text[64];
    for (size_t length = 0; length < 40; length++) {
        // The string's zero is the page's last byte: a word-wise copy must not fall over the edge.
        char *string = (char *)user_page + PAGE_SIZE - length - 1;
        const char *address = (const char *)(TEST_PAGE + PAGE_SIZE - length - 1);
        memset(string, 'x', length);
        string[length] = 0;
        KT_ASSERT(arch_user_copy_string(text, address, sizeof(text)) == (long)length + 1);
        KT_ASSERT(strlen(text) == length);
        KT_ASSERT(arch_user_copy_string(text, address, length) == (long)length + 1);
        string[length] = 'x';
        KT_ASSERT(arch_user_copy_string(text, address, sizeof(text)) == -EFAULT);
    }
}

KERNEL_TEST(a_user_string_is_copied_up_to_its_zero)
{
    struct page_table *table = user_page_map(PAGE_WRITE);
    KT_ASSERT(table != NULL);
    strings_end_where_they_should();
    user_page_unmap(table);
}

static void word_operations_fault_cleanly(void)
{
    uint32_t seen = 0, *address = (uint32_t *)TEST_PAGE;
    *(uint32_t *)(void *)user_page = 5;
    KT_ASSERT(arch_user_load32(address, &seen) == 0 && seen == 5);
    KT_ASSERT(arch_user_cmpxchg32(address, 4, 9, &seen) == 0 && seen == 5);
    KT_ASSERT(arch_user_cmpxchg32(address, 5, 9, &seen) == 0 && seen == 5);
    KT_ASSERT(*(uint32_t *)(void *)user_page == 9);
    address = (uint32_t *)(TEST_PAGE + PAGE_SIZE);
    KT_ASSERT(arch_user_load32(address, &seen) == -EFAULT);
    KT_ASSERT(arch_user_cmpxchg32(address, 0, 1, &seen) == -EFAULT);
}

KERNEL_TEST(user_words_are_loaded_and_exchanged_or_fault)
{
    struct page_table *table = user_page_map(PAGE_WRITE);
    KT_ASSERT(table != NULL);
    word_operations_fault_cleanly();
    user_page_unmap(table);
}

KERNEL_TEST(a_read_only_user_page_is_not_written)
{
    struct page_table *table = user_page_map(0);
    KT_ASSERT(table != NULL);
    size_t left = arch_user_copy((void *)TEST_PAGE, kernel_page, 100);
    user_page_unmap(table);
    KT_ASSERT(left == 100);
}
