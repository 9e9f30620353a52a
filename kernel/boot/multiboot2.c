// Multiboot2 boot information (Multiboot2 Specification 2.0, section 3.6): a total size and a list of tags, in memory that will be
// used again. Everything is copied.
//
// The tags are outside input: the list ends where its end tag, its total size or a size that does not fit says so, and what a tag
// holds is read only as far as the tag goes. A tag that is too short is left out; what is unknown is skipped. The first tag of a
// kind counts, except that modules add up and the newer RSDP replaces the older.
#include "arch/page.h"
#include "boot/boot_internal.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/string.h"

enum {
    INFORMATION_BYTES_MAX = 16 << 20,
    TAG_ALIGNMENT = 8,
    MEMORY_ENTRY_BYTES_MAX = 4096,
    FRAMEBUFFER_DIRECT_COLOUR = 1,
    RSDP_V1_BYTES = 20,
};

struct information_header {
    uint32_t total_bytes, reserved;
};

struct tag_header {
    uint32_t type, bytes; // with this header, without the padding behind the tag
};

struct module_tag {
    uint32_t start, end;
};

struct memory_map_tag {
    uint32_t entry_bytes, entry_version;
};

struct memory_entry {
    uint64_t base, bytes;
    uint32_t type, reserved;
};

struct framebuffer_tag {
    uint64_t base;
    uint32_t pitch, width, height;
    uint8_t bits_per_pixel, type;
    uint16_t reserved;
    struct {
        uint8_t shift, bits;
    } red, green, blue;
    uint16_t padding;
};
static_assert(sizeof(struct framebuffer_tag) == 32, "with the padding behind the tag");
enum { FRAMEBUFFER_TAG_BYTES = 30 };

// What stands behind a tag's header.
struct tag {
    const uint8_t *content;
    size_t bytes;
};

// Copied, never used in place: the loader's memory need not be aligned, and the compiler may not assume that it is.
static bool tag_read(const struct tag *tag, void *to, size_t bytes)
{
    if (tag->bytes < bytes) {
        return false;
    }
    memcpy(to, tag->content, bytes);
    return true;
}

static bool command_line_take(struct boot_info *info, const struct tag *tag)
{
    if (info->command_line[0] == '\0') {
        early_text_copy(info->command_line, sizeof(info->command_line), tag->content, tag->bytes);
    }
    return true;
}

static bool module_take(struct boot_info *info, const struct tag *tag)
{
    struct module_tag module;
    if (!tag_read(tag, &module, sizeof(module)) || module.end < module.start) {
        return false;
    }
    boot_module_add(info, module.start, module.end - module.start);
    return true;
}

static bool memory_map_take(struct boot_info *info, const struct tag *tag)
{
    struct memory_map_tag map;
    struct memory_entry entry;
    if (!tag_read(tag, &map, sizeof(map)) || map.entry_bytes < sizeof(entry) ||
        map.entry_bytes > MEMORY_ENTRY_BYTES_MAX) {
        return false;
    }
    if (info->memory_count > 0) {
        return true;
    }
    for (size_t offset = sizeof(map); tag->bytes - offset >= map.entry_bytes;
         offset += map.entry_bytes) {
        memcpy(&entry, tag->content + offset, sizeof(entry));
        memory_map_add_e820(info, entry.base, entry.bytes, entry.type);
    }
    return true;
}

static bool framebuffer_is_sound(const struct framebuffer_tag *tag)
{
    uint64_t bytes = (uint64_t)tag->pitch * tag->height;
    return (tag->bits_per_pixel == 32 || tag->bits_per_pixel == 24) && tag->red.bits == 8 &&
           tag->green.bits == 8 && tag->blue.bits == 8 && tag->red.shift <= 24 &&
           tag->green.shift <= 24 && tag->blue.shift <= 24 && tag->width > 0 && tag->height > 0 &&
           tag->pitch / (tag->bits_per_pixel / 8) >= tag->width && tag->base > 0 &&
           tag->base < PHYSICAL_MAP_SIZE && bytes <= PHYSICAL_MAP_SIZE - tag->base;
}

// Text modes and palettes are no framebuffer to us, and nothing to complain about.
static bool framebuffer_take(struct boot_info *info, const struct tag *tag)
{
    // The colours' part is there for direct colours only, so a shorter tag of another type is sound.
    struct framebuffer_tag framebuffer = {0};
    if (tag->bytes >= offsetof(struct framebuffer_tag, reserved)) {
        memcpy(&framebuffer, tag->content, MIN(tag->bytes, (size_t)FRAMEBUFFER_TAG_BYTES));
    }
    if (framebuffer.type != FRAMEBUFFER_DIRECT_COLOUR) {
        return tag->bytes >= offsetof(struct framebuffer_tag, reserved);
    }
    if (tag->bytes < FRAMEBUFFER_TAG_BYTES || !framebuffer_is_sound(&framebuffer)) {
        return false;
    }
    info->framebuffer = (struct boot_framebuffer){
        .base = framebuffer.base,
        .width = framebuffer.width,
        .height = framebuffer.height,
        .pitch_bytes = framebuffer.pitch,
        .bits_per_pixel = framebuffer.bits_per_pixel,
        .red_shift = framebuffer.red.shift,
        .green_shift = framebuffer.green.shift,
        .blue_shift = framebuffer.blue.shift,
    };
    return true;
}

// The tag holds a copy of the RSDP, and goes with the loader's memory: ours is in the image.
static void rsdp_copy(struct boot_info *info, const struct tag *tag)
{
    memset(info->acpi.rsdp_copy, 0, sizeof(info->acpi.rsdp_copy));
    memcpy(info->acpi.rsdp_copy, tag->content, MIN(tag->bytes, sizeof(info->acpi.rsdp_copy)));
    info->acpi.rsdp = (paddr_t)info->acpi.rsdp_copy - KERNEL_IMAGE_BASE;
}

static bool old_rsdp_take(struct boot_info *info, const struct tag *tag)
{
    if (tag->bytes >= RSDP_V1_BYTES && info->acpi.rsdp == 0) {
        rsdp_copy(info, tag);
    }
    return tag->bytes >= RSDP_V1_BYTES;
}

static bool rsdp_take(struct boot_info *info, const struct tag *tag)
{
    if (tag->bytes >= BOOT_RSDP_BYTES) {
        rsdp_copy(info, tag);
    }
    return tag->bytes >= BOOT_RSDP_BYTES;
}

// --- the list ---

enum {
    TAG_END = 0,
    TAG_COMMAND_LINE = 1,
    TAG_MODULE = 3,
    TAG_MEMORY_MAP = 6,
    TAG_FRAMEBUFFER = 8,
    TAG_OLD_RSDP = 14,
    TAG_RSDP = 15,
};

// False: the tag does not hold what its type promises.
static const struct {
    uint32_t type;
    bool (*take)(struct boot_info *info, const struct tag *tag);
} tag_takers[] = {
    {TAG_COMMAND_LINE, command_line_take}, {TAG_MODULE, module_take},
    {TAG_MEMORY_MAP, memory_map_take},     {TAG_FRAMEBUFFER, framebuffer_take},
    {TAG_OLD_RSDP, old_rsdp_take},         {TAG_RSDP, rsdp_take},
};

static void tag_take(struct boot_info *info, uint32_t type, const struct tag *tag)
{
    for (size_t i = 0; i < ARRAY_SIZE(tag_takers); i++) {
        if (tag_takers[i].type == type && !tag_takers[i].take(info, tag)) {
            info->complaint = "a Multiboot2 tag that is too short or holds nonsense";
        }
    }
}

static void tags_walk(struct boot_info *info, const uint8_t *bytes, size_t total)
{
    for (size_t offset = sizeof(struct information_header); offset < total;) {
        struct tag_header header;
        if (total - offset < sizeof(header)) {
            break;
        }
        memcpy(&header, bytes + offset, sizeof(header));
        if (header.type == TAG_END) {
            return;
        }
        if (header.bytes < sizeof(header) || header.bytes > total - offset) {
            break;
        }
        struct tag tag = {bytes + offset + sizeof(header), header.bytes - sizeof(header)};
        assert(tag.bytes <= total - offset);
        tag_take(info, header.type, &tag);
        offset += ALIGN_UP((size_t)header.bytes, TAG_ALIGNMENT);
    }
    info->complaint = "the rest of the Multiboot2 tags, whose sizes make no sense";
}

bool multiboot2_gather(struct boot_info *info, paddr_t information)
{
    struct information_header header;
    if (!early_memory_copy(&header, information, sizeof(header)) ||
        header.total_bytes < sizeof(header) || header.total_bytes > INFORMATION_BYTES_MAX) {
        return false;
    }
    const uint8_t *bytes = early_memory_at(information, header.total_bytes);
    if (!bytes) {
        return false;
    }
    info->loader = "Multiboot2";
    tags_walk(info, bytes, header.total_bytes);
    return true;
}
