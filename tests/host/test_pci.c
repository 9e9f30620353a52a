/*
 * A PCI of ours behind the two configuration ports: what the scan finds on it, and what it costs.
 *
 * host-sources: device/pci.c lib/format.c sync/spinlock.c sync/preempt.c sync/percpu.c
 * host-sources: sync/lock_debug.c sync/lock_graph.c
 */
#include "support.h"

#include "device/device_internal.h"
#include "device/pci.h"
#include "memory/heap.h"

enum { PORT_ADDRESS = 0xcf8, PORT_DATA = 0xcfc, WORDS = 16, FOUND_MAX = 16 };

void *heap_alloc_zeroed(size_t bytes)
{
    return calloc(1, bytes);
}

/* --- the machine --- */

struct test_function {
    unsigned bus, place, function;
    uint32_t words[WORDS];
};

/* A host bridge; a bridge to bus 3 that has two functions; a display behind it. */
static struct test_function functions[] = {
    {0, 0, 0, {0x12378086, 0, 0x06000002}},
    {0, 5, 0, {0x00011b36, 0, 0x06040000, 0x00810000, 0, 0, 0x00030300}},
    {0, 5, 6, {0x00021b36, 0, 0x02000000}},
    {0, 6, 1, {0x00031b36, 0, 0x02000000}}, /* function 0 is missing: nobody looks for it */
    {3, 31, 0, {0x11111234, 0x02000000, 0x03000002, 0, 0xfd000008, 0x0000c001, 0xe000000c, 0x12}},
};
static bool has_bus;
static uint32_t address;
static unsigned accesses;

static uint32_t *word_at(void)
{
    static uint32_t nothing;
    nothing = UINT32_MAX;
    for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
        struct test_function *one = &functions[i];
        uint32_t own = 0x80000000u | one->bus << 16 | one->place << 11 | one->function << 8;
        if (address >> 8 == own >> 8) {
            return &one->words[(address & 0xff) / 4];
        }
    }
    return &nothing;
}

uint32_t host_port_read(uint16_t port, unsigned int bits)
{
    assert_int_equal(bits, 32);
    accesses++;
    if (!has_bus) {
        return UINT32_MAX;
    }
    return port == PORT_ADDRESS ? address : *word_at();
}

void host_port_write(uint16_t port, unsigned int bits, uint32_t value)
{
    assert_int_equal(bits, 32);
    accesses++;
    if (port == PORT_ADDRESS) {
        address = value;
    } else {
        *word_at() = value;
    }
}

/* --- the device manager --- */

static struct device *found[FOUND_MAX];
static size_t found_count;

void device_add(struct device *device)
{
    assert_true(found_count < FOUND_MAX);
    found[found_count++] = device;
}

static int prepare(void **state)
{
    found_count = 0;
    accesses = 0;
    has_bus = true;
    return 0;
}

static int finish(void **state)
{
    for (size_t i = 0; i < found_count; i++) {
        free(found[i]->bus_data);
    }
    return 0;
}

static void all_functions_are_found(void **state)
{
    static const char *const names[] = {"0000:00:00.0", "0000:00:05.0", "0000:00:05.6",
                                        "0000:03:1f.0"};
    pci_scan();
    assert_int_equal(found_count, 4);
    for (size_t i = 0; i < found_count; i++) {
        assert_string_equal(found[i]->name, names[i]);
        assert_string_equal(found[i]->bus, "pci");
    }
    assert_int_equal(found[3]->vendor, 0x1234);
    assert_int_equal(found[3]->product, 0x1111);
    assert_int_equal(found[3]->class_code, 0x030000);
}

static void regions_are_read_in_32_and_64_bits(void **state)
{
    pci_scan();
    assert_int_equal(pci_memory_region(found[3], 0), 0xfd000000);
    assert_int_equal(pci_memory_region(found[3], 1), 0); /* I/O ports */
    assert_int_equal(pci_memory_region(found[3], 2), 0x12e0000000);
}

static void memory_is_enabled_and_status_left_alone(void **state)
{
    pci_scan();
    pci_enable_memory(found[3]);
    assert_int_equal(functions[4].words[1], 0x00000002);
}

static void a_machine_without_pci_costs_two_accesses(void **state)
{
    has_bus = false;
    pci_scan();
    assert_int_equal(found_count, 0);
    assert_int_equal(accesses, 2);
}

static void an_empty_place_costs_two_accesses(void **state)
{
    pci_scan();
    assert_true(accesses <= 2 + 2 * 2 * 32 + 2 * 7 + 4 * 2 * 4);
}

#define PCI_TEST(test) cmocka_unit_test_setup_teardown(test, prepare, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PCI_TEST(all_functions_are_found),
        PCI_TEST(regions_are_read_in_32_and_64_bits),
        PCI_TEST(memory_is_enabled_and_status_left_alone),
        PCI_TEST(a_machine_without_pci_costs_two_accesses),
        PCI_TEST(an_empty_place_costs_two_accesses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
