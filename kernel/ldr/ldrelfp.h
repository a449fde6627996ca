/*
 * Shared inside the ELF part of the loader: how a failure is reported, how the file is bounded.
 */
#pragma once

#include "elf64.h"
#include "ldrelf.h"

/* Formats Report->Error, made printable, and returns Status. Names out of the file go in as %.*s of LDRP_SHOWN. */
NTSTATUS LdrpElfFail(PLDR_REPORT Report, NTSTATUS Status, PCSTR Format, ...);
VOID LdrpElfWarn(PLDR_REPORT Report, PCSTR Format, ...);

/* The most of a name that a message shows. */
#define LDRP_SHOWN "%.48s"

/* Whether Offset and Length lie inside Size; no sum of them can run over. */
static FORCEINLINE BOOLEAN LdrpInside(ULONG64 Offset, ULONG64 Length, ULONG64 Size)
{
    return Offset <= Size && Length <= Size - Offset;
}

/* The part of the ELF header that drivers and programs share. Type is ET_REL or ET_EXEC. */
NTSTATUS LdrpElfCheckHeader(const VOID *File, SIZE_T Size, USHORT Type, PLDR_REPORT Report);

/* The steps of LdrElfValidateDriver, in order; each relies on the ones before. */
NTSTATUS LdrpElfCheckSections(PLDR_ELF_IMAGE Image, PLDR_REPORT Report);
NTSTATUS LdrpElfPlaceSections(PLDR_ELF_IMAGE Image, PLDR_REPORT Report);
NTSTATUS LdrpElfCheckSymbols(PLDR_ELF_IMAGE Image, PLDR_REPORT Report);
NTSTATUS LdrpElfCheckEntry(PLDR_ELF_IMAGE Image, PLDR_REPORT Report);
NTSTATUS LdrpElfCheckExports(PLDR_ELF_IMAGE Image, PLDR_REPORT Report);
NTSTATUS LdrpElfCheckRelocations(PLDR_ELF_IMAGE Image, PLDR_REPORT Report);

static FORCEINLINE PCSTR LdrpSectionName(const LDR_ELF_IMAGE *Image, ULONG FileIndex)
{
    return Image->SectionNames + Image->FileSections[FileIndex].sh_name;
}

static FORCEINLINE PCSTR LdrpSymbolName(const LDR_ELF_IMAGE *Image, const ELF64_SYM *Symbol)
{
    return Image->SymbolNames + Symbol->st_name;
}

/* The placed section that a file section index means, or LDR_NOT_PLACED; takes reserved indices too. */
static FORCEINLINE ULONG LdrpPlacedAs(const LDR_ELF_IMAGE *Image, ULONG FileIndex)
{
    return FileIndex < Image->FileSectionCount ? Image->PlacedAs[FileIndex] : LDR_NOT_PLACED;
}
