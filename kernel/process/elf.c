// ELF64 headers of programs (System V gABI chapters 4 and 5, x86-64 psABI). Every number comes from outside and is checked here;
// the loader relies on what struct elf_program promises.
#include "process/elf.h"

#include "arch/page.h"
#include "lib/assert.h"
#include "lib/checked.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"

static bool identity_is_ours(const struct uapi_elf64_ehdr *header)
{
    return memcmp(header->e_ident, ELF_MAGIC, ELF_MAGIC_SIZE) == 0 &&
           header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == ELFDATA2LSB &&
           header->e_machine == EM_X86_64 &&
           (header->e_type == ET_EXEC || header->e_type == ET_DYN);
}

int elf_read_header(const void *file, size_t bytes, struct elf_program *program)
{
    struct uapi_elf64_ehdr header;
    uint64_t end;
    if (bytes < sizeof(header)) {
        return -ENOEXEC;
    }
    memcpy(&header, file, sizeof(header));
    if (!identity_is_ours(&header) || header.e_phentsize != sizeof(struct uapi_elf64_phdr) ||
        header.e_phnum == 0 || header.e_phnum > ELF_PROGRAM_HEADERS_MAX) {
        return -ENOEXEC;
    }
    if (!checked_add_u64(header.e_phoff, header.e_phnum * sizeof(struct uapi_elf64_phdr), &end) ||
        end > INT64_MAX) {
        return -ENOEXEC;
    }
    memset(program, 0, sizeof(*program));
    program->is_position_independent = header.e_type == ET_DYN;
    program->entry = header.e_entry;
    program->headers_offset = header.e_phoff;
    program->header_count = header.e_phnum;
    program->alignment = PAGE_SIZE;
    return 0;
}

// A segment is mapped, so its place in the file and in memory must agree within the page; what memory has more than the file is zeros.
static int segment_check(const struct uapi_elf64_phdr *header)
{
    uint64_t memory_end, file_end;
    if (header->p_filesz > header->p_memsz ||
        !checked_add_u64(header->p_vaddr, header->p_memsz, &memory_end) ||
        !checked_add_u64(header->p_offset, header->p_filesz, &file_end)) {
        return -ENOEXEC;
    }
    if (memory_end > USER_TOP || file_end > INT64_MAX ||
        header->p_vaddr % PAGE_SIZE != header->p_offset % PAGE_SIZE) {
        return -ENOEXEC;
    }
    return 0;
}

// In ascending order, and no two in one place; but one may begin in the page in which the one before it ends.
static int segment_add(struct elf_program *program, const struct uapi_elf64_phdr *header)
{
    int error = segment_check(header);
    if (error != 0) {
        return error;
    }
    if (header->p_memsz == 0) {
        return 0;
    }
    uint64_t start = ALIGN_DOWN(header->p_vaddr, PAGE_SIZE);
    uint64_t end = ALIGN_UP(header->p_vaddr + header->p_memsz, PAGE_SIZE);
    if (program->segment_count == ELF_SEGMENTS_MAX ||
        (program->segment_count > 0 && start < program->high)) {
        const struct elf_segment *last = &program->segments[program->segment_count - 1];
        bool touches = program->segment_count < ELF_SEGMENTS_MAX &&
                       header->p_vaddr >= last->address + last->memory_bytes;
        if (!touches) {
            return -ENOEXEC;
        }
    }
    if (program->segment_count == 0) {
        program->low = start;
    }
    program->high = end;
    if (IS_POWER_OF_TWO(header->p_align) && header->p_align > program->alignment &&
        header->p_align <= GiB(1)) {
        program->alignment = header->p_align;
    }
    assert(program->segment_count < ELF_SEGMENTS_MAX && start < end);
    program->segments[program->segment_count++] = (struct elf_segment){
        .address = header->p_vaddr,
        .memory_bytes = header->p_memsz,
        .file_offset = header->p_offset,
        .file_bytes = header->p_filesz,
        .rights = header->p_flags & (PF_R | PF_W | PF_X),
    };
    return 0;
}

static int header_read(struct elf_program *program, const struct uapi_elf64_phdr *header)
{
    switch (header->p_type) {
    case PT_LOAD: return segment_add(program, header);
    case PT_INTERP:
        if (program->interpreter_bytes == 0) {
            program->interpreter_offset = header->p_offset;
            program->interpreter_bytes = header->p_filesz;
        }
        return program->interpreter_bytes < 2 || header->p_offset > INT64_MAX ? -ENOEXEC : 0;
    case PT_DYNAMIC:
        program->dynamic_address = header->p_vaddr;
        program->dynamic_bytes = header->p_filesz;
        return 0;
    case PT_GNU_STACK:
        program->has_stack_rights = true;
        program->stack_is_executable = (header->p_flags & PF_X) != 0;
        return 0;
    default: return 0;
    }
}

int elf_read_program_headers(const struct uapi_elf64_phdr *headers, struct elf_program *program)
{
    for (unsigned i = 0; i < program->header_count; i++) {
        int error = header_read(program, &headers[i]);
        if (error != 0) {
            return error;
        }
    }
    if (program->segment_count == 0) {
        return -ENOEXEC;
    }
    return program->is_position_independent || program->low >= USER_BOTTOM ? 0 : -ENOEXEC;
}

// AT_PHDR: where the headers come to lie in memory with the segment that holds them, 0 where none does.
uint64_t elf_headers_address(const struct elf_program *program)
{
    for (unsigned i = 0; i < program->segment_count; i++) {
        const struct elf_segment *segment = &program->segments[i];
        if (program->headers_offset >= segment->file_offset &&
            program->headers_offset - segment->file_offset < segment->file_bytes) {
            return program->headers_offset - segment->file_offset + segment->address;
        }
    }
    return 0;
}
