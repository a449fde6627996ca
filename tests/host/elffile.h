/*
 * An ELF file in memory that a test damages: finds the good file's headers by name, changes them, asks the validator.
 */
#pragma once

#include "tap.h"
#include "rtl/rtl.h"
#include "ldr/elf64.h"
#include "ldr/ldrelf.h"

typedef struct _ELF_FILE {
    PUCHAR Bytes;
    SIZE_T Size;
} ELF_FILE;

static inline ELF64_EHDR *ElfHeader(ELF_FILE *File)
{
    return (ELF64_EHDR *)File->Bytes;
}

static inline ELF64_SHDR *ElfSections(ELF_FILE *File)
{
    return (ELF64_SHDR *)(File->Bytes + ElfHeader(File)->e_shoff);
}

static inline PCHAR ElfSectionName(ELF_FILE *File, ULONG Index)
{
    return (PCHAR)File->Bytes + ElfSections(File)[ElfHeader(File)->e_shstrndx].sh_offset +
        ElfSections(File)[Index].sh_name;
}

static inline ULONG ElfSectionIndex(ELF_FILE *File, PCSTR Name)
{
    for (ULONG Index = 0; Index < ElfHeader(File)->e_shnum; Index++) {
        if (strcmp(ElfSectionName(File, Index), Name) == 0) {
            return Index;
        }
    }
    TapFail(__FILE__, __LINE__, "section", "the good file has no section %s", Name);
}

static inline ELF64_SHDR *ElfSection(ELF_FILE *File, PCSTR Name)
{
    return &ElfSections(File)[ElfSectionIndex(File, Name)];
}

static inline PUCHAR ElfContent(ELF_FILE *File, PCSTR Name)
{
    return File->Bytes + ElfSection(File, Name)->sh_offset;
}

static inline ELF64_SYM *ElfSymbol(ELF_FILE *File, PCSTR Name)
{
    ELF64_SHDR *Table = ElfSection(File, ".symtab");
    ELF64_SYM *Symbols = (ELF64_SYM *)(File->Bytes + Table->sh_offset);
    PCHAR Names = (PCHAR)File->Bytes + ElfSections(File)[Table->sh_link].sh_offset;

    for (ULONG Index = 0; Index < Table->sh_size / sizeof(ELF64_SYM); Index++) {
        if (strcmp(Names + Symbols[Index].st_name, Name) == 0) {
            return &Symbols[Index];
        }
    }
    TapFail(__FILE__, __LINE__, "symbol", "the good file has no symbol %s", Name);
}

static inline PCHAR ElfSymbolName(ELF_FILE *File, ELF64_SYM *Symbol)
{
    ELF64_SHDR *Table = ElfSection(File, ".symtab");

    return (PCHAR)File->Bytes + ElfSections(File)[Table->sh_link].sh_offset + Symbol->st_name;
}

static inline ELF64_RELA *ElfRelocations(ELF_FILE *File, PCSTR Section)
{
    CHAR Name[32];

    sprintf(Name, ".rela%s", Section);
    return (ELF64_RELA *)ElfContent(File, Name);
}

static inline ELF64_PHDR *ElfSegments(ELF_FILE *File)
{
    return (ELF64_PHDR *)(File->Bytes + ElfHeader(File)->e_phoff);
}

/* A failure must say what and where in one printable line. */
static inline VOID ElfCheckReport(NTSTATUS Status, const LDR_REPORT *Report)
{
    if (NT_SUCCESS(Status)) {
        return;
    }
    CHECK(Report->Error[0] != 0, "status %x without a message", Status);
    CHECK(strnlen(Report->Error, sizeof(Report->Error)) < sizeof(Report->Error) - 1, "message cut: %s", Report->Error);
    for (SIZE_T Index = 0; Report->Error[Index] != 0; Index++) {
        CHECK(isprint((UCHAR)Report->Error[Index]), "message is not printable: %s", Report->Error);
    }
}

static inline ELF_FILE ElfRead(PCSTR Path)
{
    ELF_FILE File;

    File.Bytes = TapReadFile(Path, &File.Size);
    return File;
}
