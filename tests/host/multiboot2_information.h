/*
 * Multiboot2 information in an array: tags one by one, as a loader writes them.
 */
#pragma once

#include <stdint.h>
#include <string.h>

enum {
    TAG_END,
    TAG_COMMAND_LINE = 1,
    TAG_MODULE = 3,
    TAG_MEMORY_MAP = 6,
    TAG_FRAMEBUFFER = 8,
    TAG_OLD_RSDP = 14,
    TAG_RSDP = 15
};

struct information {
    uint8_t bytes[8192];
    size_t length;
};

static inline void information_put(struct information *information, const void *bytes, size_t count)
{
    memcpy(information->bytes + information->length, bytes, count);
    information->length += count;
}

static inline void information_begin(struct information *information)
{
    memset(information, 0, sizeof(*information));
    information->length = 8;
}

static inline void information_tag(struct information *information, uint32_t type,
                                   const void *content, uint32_t count)
{
    uint32_t header[] = {type, count + 8};
    information_put(information, header, sizeof(header));
    information_put(information, content, count);
    information->length = (information->length + 7) & ~(size_t)7;
}

static inline void information_total_set(struct information *information)
{
    uint32_t total = (uint32_t)information->length;
    memcpy(information->bytes, &total, sizeof(total));
}

static inline void information_end(struct information *information)
{
    information_tag(information, TAG_END, "", 0);
    information_total_set(information);
}

struct test_memory_entry {
    uint64_t base, bytes;
    uint32_t type, reserved;
};

/* Words of a framebuffer tag: base, pitch, width, height, depth and kind, places of the colours. */
struct __attribute__((packed)) test_framebuffer {
    uint64_t base;
    uint32_t pitch, width, height;
    uint8_t depth, kind;
    uint16_t reserved;
    uint8_t colours[6];
};

static const struct test_framebuffer sound_framebuffer = {
    0xfd000000, 4096, 1024, 768, 32, 1, 0, {16, 8, 8, 8, 0, 8},
};

/* One of everything, as GRUB gives it. */
static inline void information_sound(struct information *information)
{
    static const uint32_t modules[2][2] = {{0x800000, 0x900000}, {0xff000000, 0xff001234}};
    struct {
        uint32_t entry_bytes, version;
        struct test_memory_entry entries[3];
    } map = {sizeof(struct test_memory_entry),
             0,
             {{0, 0x9f000, 1, 0}, {0x9f000, 0x1000, 2, 0}, {0x100000, 0x3ff00000, 1, 0}}};
    information_begin(information);
    information_tag(information, TAG_COMMAND_LINE, "console=ttyS0 quiet", 20);
    information_tag(information, 2, "a loader's name", 16);
    information_tag(information, TAG_MODULE, modules[0], sizeof(modules[0]));
    information_tag(information, TAG_MODULE, modules[1], sizeof(modules[1]));
    information_tag(information, TAG_MEMORY_MAP, &map, sizeof(map));
    information_tag(information, TAG_FRAMEBUFFER, &sound_framebuffer, sizeof(sound_framebuffer));
    information_tag(information, TAG_OLD_RSDP, "RSD PTR old:12345678", 20);
    information_tag(information, TAG_RSDP, "RSD PTR new:123456789abcdefghijklmno", 36);
    information_end(information);
}
