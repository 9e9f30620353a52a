// The sleep types of S5, without an AML interpreter: the bytes of Name(_S5_, Package {a, b, ...}) are searched in the definition
// blocks (ACPI 6.4, 20.2: NameOp "_S5_" PackageOp length count elements).
#include "boot/acpi_internal.h"
#include "lib/assert.h"

enum {
    AML_ZERO = 0x00,
    AML_ONE = 0x01,
    AML_NAME = 0x08,
    AML_BYTE = 0x0a,
    AML_ROOT = '\\',
    AML_PACKAGE = 0x12,
    NAME_BYTES = 4,
    SLEEP_TYPE_MAX = 7,
};

// An integer constant at *at, which moves behind it. False: some other object.
static bool constant_read(const struct acpi_table *table, size_t *at, uint8_t *value)
{
    uint64_t opcode = acpi_number(table, (*at)++, 1);
    if (opcode == AML_BYTE) {
        opcode = acpi_number(table, (*at)++, 1);
    } else if (opcode != AML_ZERO && opcode != AML_ONE) {
        return false;
    }
    *value = (uint8_t)opcode;
    return opcode <= SLEEP_TYPE_MAX;
}

// `at`: behind the name.
static bool package_read(struct boot_acpi *acpi, const struct acpi_table *table, size_t at)
{
    uint8_t type_a, type_b;
    if (acpi_number(table, at, 1) != AML_PACKAGE) {
        return false;
    }
    at += 1;
    at += 1 + (acpi_number(table, at, 1) >> 6); // the length's own bytes
    uint64_t count = acpi_number(table, at, 1);
    at += 1;
    if (count < 1 || at >= table->length || !constant_read(table, &at, &type_a)) {
        return false;
    }
    type_b = type_a;
    if (count >= 2 && !constant_read(table, &at, &type_b)) {
        return false;
    }
    acpi->s5_type_a = type_a;
    acpi->s5_type_b = type_b;
    return true;
}

static bool is_name_at(const struct acpi_table *table, size_t at)
{
    assert(at > ACPI_HEADER_BYTES && at + NAME_BYTES <= table->length);
    const uint8_t *before = table->bytes + at - 1;
    return memcmp(table->bytes + at, "_S5_", NAME_BYTES) == 0 &&
           (before[0] == AML_NAME || (before[0] == AML_ROOT && before[-1] == AML_NAME));
}

void acpi_sleep_scan(struct boot_acpi *acpi, const struct acpi_table *definition)
{
    const struct acpi_table *table = definition;
    for (size_t at = ACPI_HEADER_BYTES + 1; !acpi->has_s5 && at + NAME_BYTES < table->length;
         at++) {
        if (table->bytes[at] == '_' && is_name_at(table, at)) {
            acpi->has_s5 = package_read(acpi, table, at + NAME_BYTES);
        }
    }
}
