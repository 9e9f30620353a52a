// Mapping a program's segments, and its interpreter's, into the new address space.
//
// A segment is a private file mapping of its file part; what memory needs beyond is zeros: the rest of the last file page by hand, and
// anonymous pages after it. A program linked for any address goes to a random place; an interpreter goes where mappings go. The heap
// (brk) starts behind the program.
#include "arch/page.h"
#include "fs/path.h"
#include "fs/vnode.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/user_copy.h"
#include "process/exec_internal.h"
#include "vm/address_space.h"

#define PROGRAM_BASE  0x555555554000UL // two thirds of user space, as Linux has it
#define PROGRAM_PAGES (1UL << 28)      // random pages above it
#define BREAK_PAGES   0x2000UL         // 32 MiB

static unsigned area_rights(unsigned rights)
{
    unsigned flags = AREA_MAY_READ | AREA_MAY_WRITE | AREA_MAY_EXECUTE;
    flags |= (rights & PF_R) != 0 ? AREA_READ : 0;
    flags |= (rights & PF_W) != 0 ? AREA_WRITE : 0;
    flags |= (rights & PF_X) != 0 ? AREA_EXECUTE : 0;
    return flags;
}

static int map_file_part(struct exec_call *call, struct exec_image *image,
                         const struct elf_segment *segment, uint64_t start, uint64_t end)
{
    vaddr_t result;
    struct map_request request = {
        .address = start,
        .bytes = end - start,
        .flags = area_rights(segment->rights),
        .is_fixed = true,
        .cache = &image->vnode->pages,
        .offset = ALIGN_DOWN(segment->file_offset, PAGE_SIZE),
    };
    path_to_backing(&image->path, &request.backing);
    return address_space_map(call->space, &request, &result);
}

static int map_zero_part(struct exec_call *call, const struct elf_segment *segment, uint64_t start,
                         uint64_t end)
{
    vaddr_t result;
    const struct map_request request = {
        .address = start,
        .bytes = end - start,
        .flags = area_rights(segment->rights),
        .is_fixed = true,
    };
    return address_space_map(call->space, &request, &result);
}

static int segment_map(struct exec_call *call, struct exec_image *image,
                       const struct elf_segment *segment, uint64_t bias)
{
    assert(segment->file_bytes <= segment->memory_bytes); // elf.c
    uint64_t address = segment->address + bias;
    uint64_t file_end = address + segment->file_bytes;
    uint64_t start = ALIGN_DOWN(address, PAGE_SIZE);
    uint64_t middle = segment->file_bytes == 0 ? start : ALIGN_UP(file_end, PAGE_SIZE);
    uint64_t end = ALIGN_UP(address + segment->memory_bytes, PAGE_SIZE);
    int error = 0;
    if (middle > start) {
        error = map_file_part(call, image, segment, start, middle);
    }
    if (error == 0 && end > middle) {
        error = map_zero_part(call, segment, middle, end);
    }
    bool has_tail = segment->memory_bytes > segment->file_bytes && middle > file_end &&
                    segment->file_bytes != 0;
    if (error == 0 && has_tail && (segment->rights & PF_W) != 0) {
        error = user_zero((void __user *)file_end, middle - file_end);
    }
    return error;
}

static int program_map(struct exec_call *call, struct exec_image *image,
                       const struct elf_program *program, uint64_t bias)
{
    for (unsigned i = 0; i < program->segment_count; i++) {
        int error = segment_map(call, image, &program->segments[i], bias);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

// Finds room for the whole interpreter where mappings go, by making the mapping and taking it away again.
static int interpreter_place(struct exec_call *call)
{
    const struct elf_program *program = &call->interpreter->program;
    if (!program->is_position_independent) {
        return 0;
    }
    vaddr_t place;
    const struct map_request request = {.bytes = program->high - program->low, .flags = 0};
    int error = address_space_map(call->space, &request, &place);
    if (error == 0) {
        call->interpreter->bias = place - program->low;
        error = address_space_unmap(call->space, place, request.bytes);
    }
    return error;
}

static uint64_t program_bias(const struct exec_call *call)
{
    const struct elf_program *program = &call->program;
    if (!program->is_position_independent) {
        return 0;
    }
    uint64_t pages = exec_is_random(call) ? call->random.program % PROGRAM_PAGES : 0;
    return ALIGN_DOWN(PROGRAM_BASE + pages * PAGE_SIZE, program->alignment) - program->low;
}

// What /proc says about the program, and where brk begins.
static void space_describe(struct exec_call *call)
{
    struct address_space *space = call->space;
    const struct elf_program *program = &call->program;
    uint64_t pages = exec_heap_is_random(call) ? call->random.brk % BREAK_PAGES : 0;
    space->code_start = UINT64_MAX;
    for (unsigned i = 0; i < program->segment_count; i++) {
        const struct elf_segment *segment = &program->segments[i];
        uint64_t start = segment->address + call->bias;
        uint64_t end = start + segment->file_bytes;
        space->code_start = MIN(space->code_start, start);
        space->data_start = MAX(space->data_start, start);
        if ((segment->rights & PF_X) != 0) {
            space->code_end = MAX(space->code_end, end);
        }
        space->data_end = MAX(space->data_end, end);
    }
    space->break_start = program->high + call->bias + pages * PAGE_SIZE;
    space->break_end = space->break_start;
}

int exec_load_program(struct exec_call *call)
{
    assert(call->program.segment_count > 0 && call->program.low < call->program.high);
    call->bias = program_bias(call);
    int error = program_map(call, &call->image, &call->program, call->bias);
    if (error != 0) {
        return error;
    }
    space_describe(call);
    if (call->interpreter == NULL) {
        return call->program.is_position_independent ? exec_relocate(call) : 0;
    }
    error = interpreter_place(call);
    if (error != 0) {
        return error;
    }
    return program_map(call, &call->interpreter->image, &call->interpreter->program,
                       call->interpreter->bias);
}
