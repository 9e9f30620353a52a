// Physical memory as the loader's data is read from it: through the entry code's page tables, which end at BOOT_EARLY_MAP_BYTES, and
// with an address that is outside input. Nothing need be aligned (microvm's firmware packs its structures), so it is copied.
#include "arch/page.h"
#include "boot/boot_internal.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"

const uint8_t *early_memory_at(uint64_t address, size_t bytes)
{
    if (address >= BOOT_EARLY_MAP_BYTES || bytes > BOOT_EARLY_MAP_BYTES - address) {
        return NULL;
    }
    return (const uint8_t *)(PHYSICAL_MAP_BASE + address);
}

bool early_memory_copy(void *to, uint64_t address, size_t bytes)
{
    const uint8_t *from = early_memory_at(address, bytes);
    if (!from) {
        return false;
    }
    memcpy(to, from, bytes);
    return true;
}

void early_text_copy(char *to, size_t size, const void *from, size_t available)
{
    assert(size != 0);
    size_t length = strnlen(from, MIN(available, size - 1));
    memcpy(to, from, length);
    to[length] = '\0';
}
