/*
 * The device registry (replay to subscribers), the device manager, and the random generator's
 * state.
 *
 * host-sources: device/node.c device/device.c device/random.c crypto/random_generator.c
 * host-sources: crypto/chacha20.c lib/string_text.c scheduler/wait_queue.c scheduler/sleep.c
 * host-sources: sync/spinlock.c sync/preempt.c sync/percpu.c sync/lock_debug.c sync/lock_graph.c
 */
#include "support.h"

#include "arch/cpu.h"
#include "device/device.h"
#include "device/device_internal.h"
#include "device/node.h"
#include "device/random.h"
#include "device/screen/screen.h"
#include "fake_floor.h"
#include "lib/errno.h"

/* device_init's parts that are not linked. */
void memory_nodes_init(void)
{
}
void kmsg_node_init(void)
{
}
void terminal_nodes_init(void)
{
}
void serial_init(void)
{
}
void screen_init(void)
{
}
bool screen_is_started(void)
{
    return false;
}
void pci_scan(void)
{
}
void keyboard_init(void)
{
}

static bool cpu_has_seed;
static uint64_t cpu_seed;

bool cpu_random_seed(uint64_t *word)
{
    *word = cpu_seed++;
    return cpu_has_seed;
}

static int prepare(void **state)
{
    fake_floor_start();
    return 0;
}

/* --- nodes --- */

static const struct file_ops some_ops = {.name = "some"};
static struct device_node one = {
    .name = "one", .kind = DEVICE_CHARACTER, .number = 0x101, .ops = &some_ops};
static struct device_node two = {
    .name = "two", .kind = DEVICE_BLOCK, .number = 0x101, .ops = &some_ops};
static struct device_node same_name = {
    .name = "one", .kind = DEVICE_CHARACTER, .number = 0x102, .ops = &some_ops};
static struct device_node same_number = {
    .name = "other", .kind = DEVICE_CHARACTER, .number = 0x101, .ops = &some_ops};

static char history[64];

static void note_added(struct device_node_subscriber *subscriber, struct device_node *node)
{
    strcat(strcat(history, "+"), node->name);
}

static void note_removed(struct device_node_subscriber *subscriber, struct device_node *node)
{
    strcat(strcat(history, "-"), node->name);
}

static void subscribers_get_what_exists_and_what_comes(void **state)
{
    struct device_node_subscriber subscriber = {.added = note_added, .removed = note_removed};
    assert_int_equal(device_node_publish(&one), 0);
    device_node_subscribe(&subscriber);
    assert_int_equal(device_node_publish(&two), 0);
    assert_int_equal(device_node_publish(&same_name), -EEXIST);
    assert_int_equal(device_node_publish(&same_number), -EEXIST);
    assert_ptr_equal(device_node_find(DEVICE_CHARACTER, 0x101), &one);
    assert_ptr_equal(device_node_find(DEVICE_BLOCK, 0x101), &two);
    assert_null(device_node_find(DEVICE_BLOCK, 0x102));
    device_node_unpublish(&one);
    assert_null(device_node_find(DEVICE_CHARACTER, 0x101));
    device_node_unsubscribe(&subscriber);
    device_node_unpublish(&two);
    assert_string_equal(history, "+one+two-one");
}

/* --- devices and drivers --- */

static unsigned probes;
static int probe_answer;
static bool was_removed;

static int probe(struct device *device)
{
    probes++;
    return probe_answer;
}

static void note_remove(struct device *device)
{
    was_removed = true;
}

static const struct device_match match = {
    .vendor = 0x8086, .device = DEVICE_ANY, .class_code = 0x020000, .class_mask = 0xff0000};
static const struct device_driver picky = {
    .name = "picky", .bus = "pci", .matches = &match, .match_count = 1, .probe = probe};
static const struct device_driver named = {
    .name = "thing", .bus = "isa", .probe = probe, .remove = note_remove};

static void drivers_and_devices_meet_in_any_order(void **state)
{
    static struct device network = {
        .name = "00:03.0", .bus = "pci", .vendor = 0x8086, .product = 1, .class_code = 0x020001};
    static struct device disk = {
        .name = "00:04.0", .bus = "pci", .vendor = 0x8086, .product = 1, .class_code = 0x010000};
    static struct device thing = {.name = "thing0", .bus = "isa"};
    static struct device nothing = {.name = "things", .bus = "isa"};
    device_add(&network);
    device_add(&disk);
    device_driver_register(&picky);
    assert_int_equal(network.state, DEVICE_STARTED);
    assert_int_equal(disk.state, DEVICE_FOUND);
    assert_int_equal(probes, 1);

    device_driver_register(&named);
    probe_answer = -ENODEV;
    device_add(&thing);
    assert_int_equal(thing.state, DEVICE_FOUND);
    assert_null(thing.driver);
    device_remove(&thing);
    assert_false(was_removed);
    probe_answer = 0;
    device_add(&thing);
    device_add(&nothing);
    assert_int_equal(thing.state, DEVICE_STARTED);
    assert_int_equal(nothing.state, DEVICE_FOUND);
    device_remove(&thing);
    assert_true(was_removed);
}

/* --- random numbers --- */

static void random_numbers_differ(void **state)
{
    static uint8_t first[5000], second[5000];
    cpu_has_seed = true;
    random_init();
    assert_false(random_is_weak());
    random_bytes(first, sizeof(first));
    random_bytes(second, sizeof(second));
    assert_memory_not_equal(first, second, sizeof(first));
    unsigned counts[256] = {0};
    for (size_t i = 0; i < sizeof(first); i++) {
        counts[first[i]]++;
    }
    for (size_t i = 0; i < 256; i++) {
        assert_in_range(counts[i], 1, 60);
    }
    assert_true(random_u64() != random_u64());
}

static void random_below_stays_below(void **state)
{
    unsigned counts[5] = {0};
    for (unsigned i = 0; i < 5000; i++) {
        counts[random_below(5)]++;
    }
    for (size_t i = 0; i < 5; i++) {
        assert_in_range(counts[i], 800, 1200);
    }
    assert_int_equal(random_below(1), 0);
}

static void mixing_and_long_output_go_on(void **state)
{
    static uint8_t bytes[1 << 16];
    for (unsigned i = 0; i < 20; i++) {
        random_mix(bytes, 1000 + i);
        random_bytes(bytes, sizeof(bytes));
    }
    assert_true(random_u64() != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(subscribers_get_what_exists_and_what_comes, prepare),
        cmocka_unit_test_setup(drivers_and_devices_meet_in_any_order, prepare),
        cmocka_unit_test_setup(random_numbers_differ, prepare),
        cmocka_unit_test_setup(random_below_stays_below, prepare),
        cmocka_unit_test_setup(mixing_and_long_output_go_on, prepare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
