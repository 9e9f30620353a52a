/*
 * The frame allocator against a model that knows each frame's owner: no block overlaps another, all
 * are usable memory, and what was freed merges back. The records start as garbage on purpose: only
 * what the allocator wrote itself may count.
 *
 * host-sources: memory/buddy.c memory/frame.c memory/frame_boot.c memory/page_copy.c
 * host-sources: sync/spinlock.c sync/preempt.c sync/percpu.c sync/lock_debug.c sync/lock_graph.c
 * host-sources: memory/fail_nth.c
 */
#include "support.h"

#include "lib/macros.h"
#include "memory/frame.h"

enum {
    MEMORY_FRAMES = 16 * 256, // 16 MiB
    BLOCKS_MAX = 1500,
    ROUNDS = 30000,
};

static struct boot_info info;
static uint8_t owned[MEMORY_FRAMES]; // by a live block
static struct {
    struct frame *frame;
    unsigned order;
    enum frame_kind kind;
} blocks[BLOCKS_MAX];
static size_t block_count;
static unsigned pressure_calls;
static uint64_t seed = 20261122;

static const struct boot_module module = {.base = 0xa00800, .bytes = 0x123400};

static void on_pressure(void)
{
    pressure_calls++;
}

static bool is_reserved(size_t number)
{
    paddr_t address = (paddr_t)number << PAGE_SHIFT;
    return number < 16 || (address >= 0x9f000 && address < 0x100000) ||
           (address >= info.kernel_start && address < info.kernel_end) ||
           (address >= 0x700000 && address < 0x705000);
}

static bool is_module(size_t number)
{
    paddr_t address = (paddr_t)number << PAGE_SHIFT;
    return address + PAGE_SIZE > module.base && address < module.base + module.bytes;
}

static int prepare(void **state)
{
    host_physical_memory_add(0, MEMORY_FRAMES * PAGE_SIZE);
    uint64_t *words = physical_to_virtual(0);
    for (size_t i = 0; i < MEMORY_FRAMES * PAGE_SIZE / sizeof(*words); i++) {
        words[i] = i % 4 == 1 ? test_random(&seed) & 0xff00 : test_random(&seed); // kind FREE
    }
    info.memory[info.memory_count++] = (struct boot_memory_range){0, 0x9fc00, BOOT_MEMORY_USABLE};
    info.memory[info.memory_count++] =
        (struct boot_memory_range){0x9fc00, 0x60400, BOOT_MEMORY_RESERVED};
    info.memory[info.memory_count++] =
        (struct boot_memory_range){0x100000, 0x600000, BOOT_MEMORY_USABLE};
    info.memory[info.memory_count++] =
        (struct boot_memory_range){0x700000, 0x5000, BOOT_MEMORY_ACPI};
    info.memory[info.memory_count++] = (struct boot_memory_range){
        0x705000, MEMORY_FRAMES * PAGE_SIZE - 0x705000, BOOT_MEMORY_USABLE};
    info.kernel_start = 0x100000;
    info.kernel_end = 0x1d3000;
    info.modules[info.module_count++] = module;
    frame_init(&info);
    frame_set_pressure_hook(on_pressure);
    return 0;
}

static void block_check(const struct frame *frame, unsigned order)
{
    size_t number = (size_t)(frame - frame_records);
    assert_int_equal(number & ((1UL << order) - 1), 0);
    for (size_t i = number; i < number + (1UL << order); i++) {
        assert_true(i < MEMORY_FRAMES);
        assert_false(is_reserved(i));
        assert_false(owned[i]);
        assert_true(frame_is_valid((paddr_t)i << PAGE_SHIFT));
        owned[i] = 1;
    }
}

static void block_take(unsigned order, unsigned flags)
{
    enum frame_kind kind = FRAME_KERNEL + (enum frame_kind)(test_random(&seed) % 3);
    struct frame *frame = frame_alloc(order, kind, flags);
    if (frame == NULL) {
        return;
    }
    block_check(frame, order);
    assert_int_equal(refcount_read(&frame->references), 1);
    assert_int_equal(frame->kind, kind);
    uint64_t *words = frame_to_virtual(frame);
    size_t last = (PAGE_SIZE << order) / sizeof(*words) - 1;
    if (flags & FRAME_ZERO) {
        assert_int_equal(words[0] | words[last / 2] | words[last], 0);
    }
    words[0] = words[last] = (uintptr_t)frame;
    blocks[block_count].frame = frame;
    blocks[block_count].kind = kind;
    blocks[block_count++].order = order;
}

static void block_give(size_t index)
{
    struct frame *frame = blocks[index].frame;
    unsigned order = blocks[index].order;
    size_t number = (size_t)(frame - frame_records);
    const uint64_t *words = frame_to_virtual(frame);
    assert_int_equal(words[0], (uintptr_t)frame);
    assert_int_equal(words[(PAGE_SIZE << order) / sizeof(*words) - 1], (uintptr_t)frame);
    frame_get(frame);
    frame_put(frame);
    frame_put(frame);
    memset(&owned[number], 0, 1UL << order);
    blocks[index] = blocks[--block_count];
}

static void run_randomly(void)
{
    for (size_t round = 0; round < ROUNDS; round++) {
        bool grows = (round / 3000) % 2 == 0;
        bool wants_block = test_random(&seed) % 100 < (grows ? 65 : 35);
        if (wants_block && block_count < BLOCKS_MAX) {
            unsigned order = test_random(&seed) % 3 != 0 ? 0 : test_random(&seed) % 9;
            block_take(order, test_random(&seed) & (FRAME_ZERO | FRAME_BELOW_4G));
        } else if (block_count > 0) {
            block_give(test_random(&seed) % block_count);
        }
        if (round % 1000 == 0) {
            size_t held = 0;
            for (size_t i = 0; i < MEMORY_FRAMES; i++) {
                held += owned[i];
            }
            assert_int_equal(frame_free_count() + held, frame_total_count());
        }
    }
    while (block_count > 0) {
        block_give(block_count - 1);
    }
    assert_int_equal(frame_free_count(), frame_total_count());
}

/* An order-10 request that fails empties the CPU's stock into the buddy, so that all can merge. */
static void free_blocks(size_t counts[FRAME_ORDER_MAX + 1])
{
    struct frame *large[8];
    size_t count = 0;
    while (count < 8 && (large[count] = frame_alloc(FRAME_ORDER_MAX, FRAME_KERNEL,
                                                    FRAME_MAY_USE_RESERVE)) != NULL) {
        count++;
    }
    struct frame_statistics statistics;
    frame_get_statistics(&statistics);
    memcpy(counts, statistics.free_blocks, sizeof(statistics.free_blocks));
    counts[FRAME_ORDER_MAX] += count;
    while (count > 0) {
        frame_put(large[--count]);
    }
}

static void blocks_never_overlap_and_merge_back(void **state)
{
    size_t before[FRAME_ORDER_MAX + 1], after[FRAME_ORDER_MAX + 1];
    free_blocks(before);
    run_randomly();
    free_blocks(after);
    assert_memory_equal(before, after, sizeof(before));
}

static void module_frames_are_not_given_before_they_are_released(void **state)
{
    size_t held = 0;
    while (held < BLOCKS_MAX) {
        struct frame *frame = frame_alloc(0, FRAME_KERNEL, FRAME_MAY_USE_RESERVE);
        if (frame == NULL) {
            break;
        }
        size_t number = (size_t)(frame - frame_records);
        assert_false(is_module(number));
        blocks[held].frame = frame;
        held++;
    }
    while (held > 0) {
        frame_put(blocks[--held].frame);
    }
}

static void released_modules_join_the_rest(void **state)
{
    size_t total = frame_total_count();
    frame_release_boot_range(module.base, module.bytes);
    size_t whole = (module.base + module.bytes) / PAGE_SIZE - (module.base / PAGE_SIZE + 1);
    assert_int_equal(frame_total_count(), total + whole);
    assert_int_equal(frame_free_count(), total + whole);
    run_randomly();
}

static void the_last_frames_need_the_reserve_flag(void **state)
{
    struct frame_statistics statistics;
    frame_get_statistics(&statistics);
    static struct frame *held[MEMORY_FRAMES];
    size_t count = 0;
    pressure_calls = 0;
    while ((held[count] = frame_alloc(0, FRAME_KERNEL, 0)) != NULL) {
        count++;
    }
    assert_true(pressure_calls > 0);
    size_t left = frame_free_count();
    assert_in_range(left, 1, statistics.low_mark_frames);
    while ((held[count] = frame_alloc(0, FRAME_KERNEL, FRAME_MAY_USE_RESERVE)) != NULL) {
        count++;
    }
    assert_int_equal(frame_free_count(), 0);
    assert_int_equal(count, frame_total_count());
    while (count > 0) {
        frame_put(held[--count]);
    }
    assert_int_equal(frame_free_count(), frame_total_count());
}

static void kinds_are_counted(void **state)
{
    struct frame_statistics before, after;
    frame_get_statistics(&before);
    struct frame *frame = frame_alloc(3, FRAME_STACK, 0);
    assert_non_null(frame);
    frame_get_statistics(&after);
    assert_int_equal(after.kind_frames[FRAME_STACK], before.kind_frames[FRAME_STACK] + 8);
    frame_put(frame);
    frame_get_statistics(&after);
    assert_int_equal(after.kind_frames[FRAME_STACK], before.kind_frames[FRAME_STACK]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_never_overlap_and_merge_back),
        cmocka_unit_test(module_frames_are_not_given_before_they_are_released),
        cmocka_unit_test(released_modules_join_the_rest),
        cmocka_unit_test(the_last_frames_need_the_reserve_flag),
        cmocka_unit_test(kinds_are_counted),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
