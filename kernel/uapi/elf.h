/*
 * ELF64 as the loader and the core dump need it (System V gABI, and the x86-64 psABI for the
 * relocations).
 */
#pragma once

#include <stdint.h>

#define EI_NIDENT      16
#define EI_CLASS       4
#define EI_DATA        5
#define EI_VERSION     6
#define EI_OSABI       7
#define ELF_MAGIC      "\177ELF"
#define ELF_MAGIC_SIZE 4
#define ELFCLASS64     2
#define ELFDATA2LSB    1
#define EV_CURRENT     1

#define ET_REL  1
#define ET_EXEC 2
#define ET_DYN  3
#define ET_CORE 4

#define EM_X86_64 62

#define PT_NULL         0
#define PT_LOAD         1
#define PT_DYNAMIC      2
#define PT_INTERP       3
#define PT_NOTE         4
#define PT_PHDR         6
#define PT_TLS          7
#define PT_GNU_EH_FRAME 0x6474E550
#define PT_GNU_STACK    0x6474E551
#define PT_GNU_RELRO    0x6474E552
#define PT_GNU_PROPERTY 0x6474E553

#define PF_X 1
#define PF_W 2
#define PF_R 4

#define DT_NULL      0
#define DT_NEEDED    1
#define DT_STRTAB    5
#define DT_SYMTAB    6
#define DT_RELA      7
#define DT_RELASZ    8
#define DT_RELAENT   9
#define DT_RELACOUNT 0x6FFFFFF9

#define R_X86_64_NONE     0
#define R_X86_64_64       1
#define R_X86_64_RELATIVE 8

#define SHT_PROGBITS 1
#define SHT_SYMTAB   2
#define SHT_STRTAB   3
#define SHT_NOBITS   8

#define STT_NOTYPE 0
#define STT_OBJECT 1
#define STT_FUNC   2

#define NT_PRSTATUS   1
#define NT_PRFPREG    2
#define NT_PRPSINFO   3
#define NT_AUXV       6
#define NT_SIGINFO    0x53494749
#define NT_FILE       0x46494C45
#define NT_X86_XSTATE 0x202

struct uapi_elf64_ehdr {
    uint8_t e_ident[EI_NIDENT];
    uint16_t e_type;
    uint16_t e_machine;
    uint32_t e_version;
    uint64_t e_entry;
    uint64_t e_phoff;
    uint64_t e_shoff;
    uint32_t e_flags;
    uint16_t e_ehsize;
    uint16_t e_phentsize;
    uint16_t e_phnum;
    uint16_t e_shentsize;
    uint16_t e_shnum;
    uint16_t e_shstrndx;
};
_Static_assert(sizeof(struct uapi_elf64_ehdr) == 64, "Elf64_Ehdr");

struct uapi_elf64_phdr {
    uint32_t p_type;
    uint32_t p_flags;
    uint64_t p_offset;
    uint64_t p_vaddr;
    uint64_t p_paddr;
    uint64_t p_filesz;
    uint64_t p_memsz;
    uint64_t p_align;
};
_Static_assert(sizeof(struct uapi_elf64_phdr) == 56, "Elf64_Phdr");

struct uapi_elf64_shdr {
    uint32_t sh_name;
    uint32_t sh_type;
    uint64_t sh_flags;
    uint64_t sh_addr;
    uint64_t sh_offset;
    uint64_t sh_size;
    uint32_t sh_link;
    uint32_t sh_info;
    uint64_t sh_addralign;
    uint64_t sh_entsize;
};
_Static_assert(sizeof(struct uapi_elf64_shdr) == 64, "Elf64_Shdr");

struct uapi_elf64_dyn {
    int64_t d_tag;
    uint64_t d_value;
};
_Static_assert(sizeof(struct uapi_elf64_dyn) == 16, "Elf64_Dyn");

struct uapi_elf64_rela {
    uint64_t r_offset;
    uint64_t r_info; /* symbol << 32 | type */
    int64_t r_addend;
};
_Static_assert(sizeof(struct uapi_elf64_rela) == 24, "Elf64_Rela");

struct uapi_elf64_sym {
    uint32_t st_name;
    uint8_t st_info; /* binding << 4 | type */
    uint8_t st_other;
    uint16_t st_shndx;
    uint64_t st_value;
    uint64_t st_size;
};
_Static_assert(sizeof(struct uapi_elf64_sym) == 24, "Elf64_Sym");

struct uapi_elf64_nhdr {
    uint32_t n_namesz;
    uint32_t n_descsz;
    uint32_t n_type;
};
_Static_assert(sizeof(struct uapi_elf64_nhdr) == 12, "Elf64_Nhdr");
