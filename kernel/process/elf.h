// Reading ELF64 headers: a pure function over a buffer, without kernel state, so that it runs under a fuzzer on the host.
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"
#include "uapi/elf.h"

enum {
    ELF_SEGMENTS_MAX = 32,
    ELF_PROGRAM_HEADERS_MAX = 65536 / (int)sizeof(struct uapi_elf64_phdr),
};

// One PT_LOAD, checked: sums do not overflow, ends below the limit, offset and address agree modulo the page.
struct elf_segment {
    uint64_t address;      // as linked
    uint64_t memory_bytes; // not less than file_bytes
    uint64_t file_offset;
    uint64_t file_bytes;
    unsigned rights; // PF_*
};

// What a loader needs of a program or interpreter.
struct elf_program {
    bool is_position_independent; // ET_DYN
    uint64_t entry;
    uint64_t headers_offset; // of the program headers in the file
    unsigned header_count;
    unsigned segment_count;
    struct elf_segment segments[ELF_SEGMENTS_MAX]; // in ascending order, without overlap
    uint64_t low, high;                            // page-rounded span of all segments
    uint64_t alignment; // largest p_align, a power of two, at least a page
    uint64_t interpreter_offset, interpreter_bytes; // PT_INTERP; bytes 0: none
    uint64_t dynamic_address, dynamic_bytes;        // PT_DYNAMIC; bytes 0: none
    bool has_stack_rights, stack_is_executable;     // PT_GNU_STACK
};

// Checks the file header at the start of `file` and says where the program headers are. 0 or -ENOEXEC.
must_check int elf_read_header(const void *file, size_t bytes, struct elf_program *program);
// Decodes program->header_count program headers. 0, -ENOEXEC (damaged, too many segments), -EINVAL is never returned.
must_check int elf_read_program_headers(const struct uapi_elf64_phdr *headers,
                                        struct elf_program *program);
// Address at which the program headers are in memory once loaded at bias 0, or 0 where no segment holds them.
uint64_t elf_headers_address(const struct elf_program *program);
