/*
 * ELF headers: what the loader may rely on, and what is refused.
 *
 * host-sources: process/elf.c
 */
#include "support.h"

#include "arch/page.h"
#include "lib/errno.h"
#include "process/elf.h"

static struct uapi_elf64_ehdr good_header(unsigned type, unsigned count)
{
    struct uapi_elf64_ehdr header = {
        .e_type = (uint16_t)type,
        .e_machine = EM_X86_64,
        .e_entry = 0x401000,
        .e_phoff = 64,
        .e_phentsize = sizeof(struct uapi_elf64_phdr),
        .e_phnum = (uint16_t)count,
    };
    memcpy(header.e_ident, ELF_MAGIC, ELF_MAGIC_SIZE);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    return header;
}

static struct uapi_elf64_phdr load(uint64_t address, uint64_t offset, uint64_t file_bytes,
                                   uint64_t memory_bytes)
{
    return (struct uapi_elf64_phdr){
        .p_type = PT_LOAD,
        .p_flags = PF_R | PF_X,
        .p_offset = offset,
        .p_vaddr = address,
        .p_filesz = file_bytes,
        .p_memsz = memory_bytes,
        .p_align = PAGE_SIZE,
    };
}

static int parse(unsigned type, const struct uapi_elf64_phdr *headers, unsigned count,
                 struct elf_program *program)
{
    struct uapi_elf64_ehdr header = good_header(type, count);
    int error = elf_read_header(&header, sizeof(header), program);
    return error != 0 ? error : elf_read_program_headers(headers, program);
}

static void a_program_is_described(void **state)
{
    struct elf_program program;
    const struct uapi_elf64_phdr headers[] = {
        load(0x400000, 0, 0x500, 0x500),
        load(0x402f00, 0x1f00, 0x100, 0x3000),
        {.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W},
        {.p_type = PT_INTERP, .p_offset = 0x200, .p_filesz = 20},
        {.p_type = PT_DYNAMIC, .p_vaddr = 0x402f00, .p_filesz = 64},
    };
    assert_int_equal(parse(ET_EXEC, headers, 5, &program), 0);
    assert_int_equal(program.segment_count, 2);
    assert_int_equal(program.low, 0x400000);
    assert_int_equal(program.high, 0x406000);
    assert_int_equal(program.interpreter_bytes, 20);
    assert_int_equal(program.dynamic_address, 0x402f00);
    assert_true(program.has_stack_rights && !program.stack_is_executable);
    assert_false(program.is_position_independent);
    assert_int_equal(elf_headers_address(&program), 0x400040);
}

static void a_position_independent_program_may_start_at_zero(void **state)
{
    struct elf_program program;
    const struct uapi_elf64_phdr header = load(0, 0, 100, 100);
    assert_int_equal(parse(ET_DYN, &header, 1, &program), 0);
    assert_true(program.is_position_independent);
    assert_int_equal(parse(ET_EXEC, &header, 1, &program), -ENOEXEC);
}

static void damaged_file_headers_are_refused(void **state)
{
    struct elf_program program;
    struct uapi_elf64_ehdr header = good_header(ET_EXEC, 1);
    for (size_t bytes = 0; bytes < sizeof(header); bytes++) {
        assert_int_equal(elf_read_header(&header, bytes, &program), -ENOEXEC);
    }
    for (unsigned i = 0; i < 6; i++) {
        struct uapi_elf64_ehdr bad = header;
        bad.e_ident[i] ^= i == EI_VERSION - 1 ? 3 : 0x40;
        assert_int_equal(elf_read_header(&bad, sizeof(bad), &program), -ENOEXEC);
    }
    header.e_phoff = UINT64_MAX - 10;
    assert_int_equal(elf_read_header(&header, sizeof(header), &program), -ENOEXEC);
    header = good_header(ET_CORE, 1);
    assert_int_equal(elf_read_header(&header, sizeof(header), &program), -ENOEXEC);
    header = good_header(ET_EXEC, 0);
    assert_int_equal(elf_read_header(&header, sizeof(header), &program), -ENOEXEC);
    header = good_header(ET_EXEC, 2000);
    assert_int_equal(elf_read_header(&header, sizeof(header), &program), -ENOEXEC);
}

static void damaged_segments_are_refused(void **state)
{
    struct elf_program program;
    const struct uapi_elf64_phdr bad[] = {
        load(0x400000, 0, 200, 100),                       /* more file than memory */
        load(0x400000, 0, 0, UINT64_MAX),                  /* wraps */
        load(UINT64_MAX - 50, UINT64_MAX - 50, 100, 100),  /* wraps */
        load(USER_TOP, 0, 100, 100),                       /* in the kernel's half */
        load(USER_TOP - PAGE_SIZE, 0, 100, PAGE_SIZE + 1), /* reaches into it */
        load(0x400010, 0, 100, 100),                       /* page offsets differ */
        load(0x400000, UINT64_MAX - 0xfff, 100, 100),      /* file offset wraps */
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(parse(ET_EXEC, &bad[i], 1, &program), -ENOEXEC);
    }
    const struct uapi_elf64_phdr reversed[] = {load(0x500000, 0, 10, 10),
                                               load(0x400000, 0, 10, 10)};
    assert_int_equal(parse(ET_EXEC, reversed, 2, &program), -ENOEXEC);
    const struct uapi_elf64_phdr none = {.p_type = PT_NOTE};
    assert_int_equal(parse(ET_EXEC, &none, 1, &program), -ENOEXEC);
}

static void too_many_segments_are_refused(void **state)
{
    struct elf_program program;
    struct uapi_elf64_phdr headers[ELF_SEGMENTS_MAX + 1];
    for (unsigned i = 0; i <= ELF_SEGMENTS_MAX; i++) {
        headers[i] = load(0x400000 + i * PAGE_SIZE, 0, 10, 10);
    }
    assert_int_equal(parse(ET_EXEC, headers, ELF_SEGMENTS_MAX, &program), 0);
    assert_int_equal(parse(ET_EXEC, headers, ELF_SEGMENTS_MAX + 1, &program), -ENOEXEC);
}

static void alignment_is_the_largest_sane_one(void **state)
{
    struct elf_program program;
    struct uapi_elf64_phdr header = load(0, 0, 10, 10);
    header.p_align = 0x200000;
    assert_int_equal(parse(ET_DYN, &header, 1, &program), 0);
    assert_int_equal(program.alignment, 0x200000);
    header.p_align = 0x200001;
    assert_int_equal(parse(ET_DYN, &header, 1, &program), 0);
    assert_int_equal(program.alignment, PAGE_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_is_described),
        cmocka_unit_test(a_position_independent_program_may_start_at_zero),
        cmocka_unit_test(damaged_file_headers_are_refused),
        cmocka_unit_test(damaged_segments_are_refused),
        cmocka_unit_test(too_many_segments_are_refused),
        cmocka_unit_test(alignment_is_the_largest_sane_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
