/*
 * What the loader does with any bytes at all, for the fuzzers: validate, and if that succeeds, everything that the
 * kernel would do next. Nothing may crash, read or write out of bounds, or run for ever; a refusal must have a message.
 */
#pragma once

#include "elffile.h"
#include "rtl/cpio.h"

static inline BOOLEAN AnyResolve(PVOID Context, PCSTR Name, PULONG_PTR Address)
{
    (void)Context;
    *Address = 0xFFFFFFFF80000000 + strlen(Name);
    return TRUE;
}

static inline VOID AnySymbol(PVOID Context, PCSTR Name, ULONG Section, ULONG_PTR Offset, SIZE_T Size)
{
    const LDR_ELF_IMAGE *Image = Context;

    CHECK(Section < Image->SectionCount && Offset <= Image->Sections[Section].Size &&
          Size <= Image->Sections[Section].Size - Offset && strlen(Name) < Image->FileSize);
}

static inline VOID AnyWarning(PVOID Context, PCSTR Text)
{
    (void)Context;
    CHECK(strlen(Text) > 0);
}

/* TRUE: a valid driver. */
static inline BOOLEAN AnyDriver(const UCHAR *Bytes, SIZE_T Size)
{
    LDR_REPORT Report = {.Warning = AnyWarning};
    LDR_ELF_IMAGE *Image = TapAllocate(sizeof(*Image));
    NTSTATUS Status = LdrElfValidateDriver(Bytes, Size, Image, &Report);
    ULONG_PTR *Addresses;

    ElfCheckReport(Status, &Report);
    if (!NT_SUCCESS(Status)) {
        TapFree(Image);
        return FALSE;
    }
    CHECK(Image->EntrySection < Image->SectionCount && Image->EntryOffset < Image->Sections[Image->EntrySection].Size);
    Addresses = TapAllocate(Image->SymbolCount * sizeof(*Addresses));
    CHECK_EQUAL(LdrElfResolveImports(Image, AnyResolve, NULL, Addresses, &Report), STATUS_SUCCESS);
    for (ULONG Index = 0; Index < Image->SectionCount; Index++) {
        PUCHAR Copy = TapAllocate((SIZE_T)Image->Sections[Index].PageCount * LDR_PAGE_SIZE);
        ElfCheckReport(LdrElfRelocateSection(Image, Index, 0xFFFFFFFFA0000000, Addresses, Copy, &Report), &Report);
        TapFree(Copy);
    }
    LdrElfEnumerateExports(Image, AnySymbol, Image);
    LdrElfEnumerateSymbols(Image, AnySymbol, Image);
    TapFree(Addresses);
    TapFree(Image);
    return TRUE;
}

/* TRUE: a valid program. */
static inline BOOLEAN AnyProgram(const UCHAR *Bytes, SIZE_T Size)
{
    LDR_REPORT Report = {.Error = ""};
    LDR_ELF_PROGRAM Program;
    NTSTATUS Status = LdrElfValidateProgram(Bytes, Size, Size, &Program, &Report);

    ElfCheckReport(Status, &Report);
    for (ULONG Index = 0; NT_SUCCESS(Status) && Index < Program.SegmentCount; Index++) {
        const LDR_ELF_SEGMENT *Segment = &Program.Segments[Index];
        CHECK(Segment->FileOffset <= Size && Segment->FileSize <= Size - Segment->FileOffset);
        CHECK(Segment->Address >= LDR_PROGRAM_START && Segment->MemorySize != 0 &&
              Segment->Address + Segment->MemorySize <= LDR_PROGRAM_END);
        CHECK(Index == 0 || Segment->Address > Segment[-1].Address);
    }
    return NT_SUCCESS(Status);
}

static inline VOID AnyArchive(const UCHAR *Bytes, SIZE_T Size)
{
    RTL_CPIO Archive;
    RTL_CPIO_ENTRY Entry;

    RtlCpioOpen(&Archive, Bytes, Size);
    while (RtlCpioNext(&Archive, &Entry) == STATUS_SUCCESS) {
        CHECK(Entry.Data >= Bytes && Entry.Data + Entry.Size <= Bytes + Size && strlen(Entry.Name) == Entry.NameLength);
    }
}
