// ACPI tables as bytes: every read is checked against the table's length, since a table may say anything.
#pragma once

#include "arch/boot_info.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "lib/types.h"

// A mapped table with its header, whose checksum is right.
struct acpi_table {
    const uint8_t *bytes; // NULL: none
    size_t length;
};

enum { ACPI_HEADER_BYTES = 36 };

// A little-endian number of `size` bytes at `offset`; 0 where it is not inside the table.
static inline uint64_t acpi_number(const struct acpi_table *table, size_t offset, size_t size)
{
    assert(size <= sizeof(uint64_t));
    uint64_t value = 0;
    if (offset <= table->length && size <= table->length - offset) {
        memcpy(&value, table->bytes + offset, size);
    }
    return value;
}

static inline bool acpi_has_signature(const struct acpi_table *table, const char *signature)
{
    assert(table->bytes != NULL && table->length >= ACPI_HEADER_BYTES);
    return memcmp(table->bytes, signature, 4) == 0;
}

// A register's place: address space, then its address.
enum { ACPI_SPACE_MEMORY = 0, ACPI_SPACE_IO = 1 };
struct acpi_register {
    unsigned space;
    uint64_t address; // 0: none
};
static inline struct acpi_register acpi_register_at(const struct acpi_table *table, size_t offset)
{
    return (struct acpi_register){(unsigned)acpi_number(table, offset, 1),
                                  acpi_number(table, offset + 4, 8)};
}

// acpi.c: maps and checks the table at an address; bytes is NULL if it is not sound.
struct acpi_table acpi_table_at(paddr_t address);

// One function per kind of table.
void acpi_madt_read(struct boot_acpi *acpi, const struct acpi_table *madt);
void acpi_hpet_read(struct boot_acpi *acpi, const struct acpi_table *hpet);
void acpi_fadt_read(struct boot_acpi *acpi, const struct acpi_table *fadt); // and its DSDT
void acpi_sleep_scan(struct boot_acpi *acpi, const struct acpi_table *definition);
