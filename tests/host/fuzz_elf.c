/*
 * Any bytes as an ELF program: what is accepted keeps the promises of struct elf_program.
 *
 * host-sources: process/elf.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/page.h"
#include "process/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static void check(const struct elf_program *program)
{
    uint64_t end = 0;
    require(program->segment_count > 0 && program->segment_count <= ELF_SEGMENTS_MAX);
    for (unsigned i = 0; i < program->segment_count; i++) {
        const struct elf_segment *segment = &program->segments[i];
        require(segment->memory_bytes > 0 && segment->file_bytes <= segment->memory_bytes);
        require(segment->address >= end);
        end = segment->address + segment->memory_bytes;
        require(end > segment->address && end <= USER_TOP);
        require(segment->file_offset + segment->file_bytes <= INT64_MAX);
        require(segment->address % PAGE_SIZE == segment->file_offset % PAGE_SIZE);
    }
    require(program->low <= program->segments[0].address && program->high >= end);
    require(program->high <= USER_TOP);
    require((program->alignment & (program->alignment - 1)) == 0 &&
            program->alignment >= PAGE_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf_program program;
    if (elf_read_header(data, size, &program) != 0) {
        return 0;
    }
    size_t bytes = program.header_count * sizeof(struct uapi_elf64_phdr);
    if (program.headers_offset > size || bytes > size - program.headers_offset) {
        return 0;
    }
    struct uapi_elf64_phdr *headers = malloc(bytes);
    memcpy(headers, data + program.headers_offset, bytes);
    if (elf_read_program_headers(headers, &program) == 0) {
        check(&program);
        (void)elf_headers_address(&program);
    }
    free(headers);
    return 0;
}
