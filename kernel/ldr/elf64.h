/*
 * ELF64 for x86-64: the structures and numbers that the loader reads ("System V Application Binary Interface",
 * chapters 4 and 5; "AMD64 Architecture Processor Supplement", 4.4 for relocations). Names are the ABI's.
 */
#pragma once

#include "ntdef.h"

typedef struct _ELF64_EHDR {
    UCHAR e_ident[16];
    USHORT e_type;
    USHORT e_machine;
    ULONG e_version;
    ULONG64 e_entry;
    ULONG64 e_phoff;
    ULONG64 e_shoff;
    ULONG e_flags;
    USHORT e_ehsize;
    USHORT e_phentsize;
    USHORT e_phnum;
    USHORT e_shentsize;
    USHORT e_shnum;
    USHORT e_shstrndx;
} ELF64_EHDR;

typedef struct _ELF64_SHDR {
    ULONG sh_name;
    ULONG sh_type;
    ULONG64 sh_flags;
    ULONG64 sh_addr;
    ULONG64 sh_offset;
    ULONG64 sh_size;
    ULONG sh_link;
    ULONG sh_info;
    ULONG64 sh_addralign;
    ULONG64 sh_entsize;
} ELF64_SHDR;

typedef struct _ELF64_SYM {
    ULONG st_name;
    UCHAR st_info;
    UCHAR st_other;
    USHORT st_shndx;
    ULONG64 st_value;
    ULONG64 st_size;
} ELF64_SYM;

typedef struct _ELF64_RELA {
    ULONG64 r_offset;
    ULONG64 r_info;
    LONG64 r_addend;
} ELF64_RELA;

typedef struct _ELF64_PHDR {
    ULONG p_type;
    ULONG p_flags;
    ULONG64 p_offset;
    ULONG64 p_vaddr;
    ULONG64 p_paddr;
    ULONG64 p_filesz;
    ULONG64 p_memsz;
    ULONG64 p_align;
} ELF64_PHDR;

C_ASSERT(sizeof(ELF64_EHDR) == 64);
C_ASSERT(sizeof(ELF64_SHDR) == 64);
C_ASSERT(sizeof(ELF64_SYM) == 24);
C_ASSERT(sizeof(ELF64_RELA) == 24);
C_ASSERT(sizeof(ELF64_PHDR) == 56);

/* e_ident */
#define ELFMAG          "\177ELF"
#define SELFMAG         4
#define EI_CLASS        4
#define EI_DATA         5
#define EI_VERSION      6
#define EI_OSABI        7
#define ELFCLASS64      2
#define ELFDATA2LSB     1
#define EV_CURRENT      1
#define ELFOSABI_NONE   0
#define ELFOSABI_GNU    3

#define ET_REL          1
#define ET_EXEC         2
#define ET_DYN          3
#define EM_X86_64       62

/* Sections */
#define SHN_UNDEF           0
#define SHN_LORESERVE       0xFF00
#define SHN_ABS             0xFFF1
#define SHN_COMMON          0xFFF2

#define SHT_NULL            0
#define SHT_PROGBITS        1
#define SHT_SYMTAB          2
#define SHT_STRTAB          3
#define SHT_RELA            4
#define SHT_NOTE            7
#define SHT_NOBITS          8
#define SHT_REL             9
#define SHT_INIT_ARRAY      14
#define SHT_FINI_ARRAY      15
#define SHT_PREINIT_ARRAY   16
#define SHT_SYMTAB_SHNDX    18
#define SHT_X86_64_UNWIND   0x70000001

#define SHF_WRITE           0x001
#define SHF_ALLOC           0x002
#define SHF_EXECINSTR       0x004
#define SHF_TLS             0x400
#define SHF_COMPRESSED      0x800

/* Symbols */
#define ELF64_ST_BIND(Info) ((Info) >> 4)
#define ELF64_ST_TYPE(Info) ((Info) & 15)
#define STB_LOCAL           0
#define STB_GLOBAL          1
#define STB_WEAK            2
#define STT_NOTYPE          0
#define STT_OBJECT          1
#define STT_FUNC            2
#define STT_SECTION         3
#define STT_FILE            4
#define STT_COMMON          5
#define STT_TLS             6

/* Relocations */
#define ELF64_R_SYM(Info)   ((ULONG)((Info) >> 32))
#define ELF64_R_TYPE(Info)  ((ULONG)(Info))
#define R_X86_64_NONE       0
#define R_X86_64_64         1
#define R_X86_64_PC32       2
#define R_X86_64_PLT32      4
#define R_X86_64_GOTPCREL   9
#define R_X86_64_32         10
#define R_X86_64_32S        11
#define R_X86_64_PC64       24
#define R_X86_64_GOTPCRELX  41
#define R_X86_64_REX_GOTPCRELX 42

/* Segments */
#define PT_NULL             0
#define PT_LOAD             1
#define PT_DYNAMIC          2
#define PT_INTERP           3
#define PT_TLS              7
#define PT_GNU_STACK        0x6474E551
#define PF_X                1
#define PF_W                2
#define PF_R                4
