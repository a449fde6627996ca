/*
 * A driver's relocations: checked for all sections before anything is placed, applied section by section afterwards.
 * What is left to go wrong when they are applied is a distance that 32 bits cannot hold.
 */
#include "rtl/rtl.h"
#include "ldrelfp.h"

/* How a relocation type computes and stores its value ("AMD64 ABI", table of relocation types). */
typedef struct _LDRP_RELOCATION_TYPE {
    UCHAR Width; /* bytes; 0: nothing is stored */
    BOOLEAN Relative; /* to the place that is relocated */
    BOOLEAN Signed; /* 32 bits are read back sign-extended */
} LDRP_RELOCATION_TYPE;

/* FALSE: not a type that drivers may have. */
static BOOLEAN LdrpDescribeType(ULONG Type, LDRP_RELOCATION_TYPE *Description)
{
    switch (Type) {
    case R_X86_64_NONE:
        *Description = (LDRP_RELOCATION_TYPE){0, FALSE, FALSE};
        return TRUE;
    case R_X86_64_64:
        *Description = (LDRP_RELOCATION_TYPE){8, FALSE, FALSE};
        return TRUE;
    case R_X86_64_PC64:
        *Description = (LDRP_RELOCATION_TYPE){8, TRUE, TRUE};
        return TRUE;
    case R_X86_64_PC32:
    case R_X86_64_PLT32: /* there is no procedure linkage table: the routine itself */
        *Description = (LDRP_RELOCATION_TYPE){4, TRUE, TRUE};
        return TRUE;
    case R_X86_64_32:
        *Description = (LDRP_RELOCATION_TYPE){4, FALSE, FALSE};
        return TRUE;
    case R_X86_64_32S:
        *Description = (LDRP_RELOCATION_TYPE){4, FALSE, TRUE};
        return TRUE;
    default:
        return FALSE;
    }
}

static BOOLEAN LdrpIsGotType(ULONG Type)
{
    return Type == R_X86_64_GOTPCREL || Type == R_X86_64_GOTPCRELX || Type == R_X86_64_REX_GOTPCRELX;
}

/* Checks one relocation of a placed section. */
static NTSTATUS LdrpCheckRelocation(PLDR_ELF_IMAGE Image, const LDR_ELF_SECTION *Section, const ELF64_RELA *Relocation,
                                    PLDR_REPORT Report)
{
    ULONG Type = ELF64_R_TYPE(Relocation->r_info);
    ULONG Index = ELF64_R_SYM(Relocation->r_info);
    NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;
    LDRP_RELOCATION_TYPE Description;
    const ELF64_SYM *Symbol;

    if (!LdrpDescribeType(Type, &Description)) {
        return LdrpElfFail(Report, Bad, "section " LDRP_SHOWN "+%#I64x: relocation type %u is not known%s",
                           Section->Name, Relocation->r_offset, Type,
                           LdrpIsGotType(Type) ? "; compile with -fno-pic -mcmodel=kernel" : "");
    }
    if (!LdrpInside(Relocation->r_offset, Description.Width, Section->Size)) {
        return LdrpElfFail(Report, Bad,
                           "section " LDRP_SHOWN "+%#I64x: a relocation of %u bytes leaves the section (%#I64x)",
                           Section->Name, Relocation->r_offset, Description.Width, (ULONG64)Section->Size);
    }
    if (Index >= Image->SymbolCount) {
        return LdrpElfFail(Report, Bad, "section " LDRP_SHOWN "+%#I64x: the relocation's symbol %u does not exist",
                           Section->Name, Relocation->r_offset, Index);
    }
    Symbol = &Image->Symbols[Index];
    if (Description.Width != 0 && Symbol->st_shndx != SHN_UNDEF && Symbol->st_shndx != SHN_ABS &&
        LdrpPlacedAs(Image, Symbol->st_shndx) == LDR_NOT_PLACED) {
        return LdrpElfFail(Report, Bad,
                           "section " LDRP_SHOWN "+%#I64x: the relocation's symbol %u (" LDRP_SHOWN
                           ") is in section " LDRP_SHOWN ", which is not loaded",
                           Section->Name, Relocation->r_offset, Index, LdrpSymbolName(Image, Symbol),
                           LdrpSectionName(Image, Symbol->st_shndx));
    }
    return STATUS_SUCCESS;
}

/* Checks the relocation section at FileIndex and remembers it with its target, if that is placed. */
static NTSTATUS LdrpCheckRelocationSection(PLDR_ELF_IMAGE Image, ULONG FileIndex, PLDR_REPORT Report)
{
    const ELF64_SHDR *Table = &Image->FileSections[FileIndex];
    PCSTR Name = LdrpSectionName(Image, FileIndex);
    NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;
    NTSTATUS Status = STATUS_SUCCESS;
    const ELF64_RELA *Relocations;
    PLDR_ELF_SECTION Section;

    if (Table->sh_info == 0 || Table->sh_info >= Image->FileSectionCount) {
        return LdrpElfFail(Report, Bad, "section %u (" LDRP_SHOWN ") relocates section %u, which does not exist",
                           FileIndex, Name, Table->sh_info);
    }
    if (LdrpPlacedAs(Image, Table->sh_info) == LDR_NOT_PLACED) {
        return STATUS_SUCCESS;
    }
    Section = &Image->Sections[LdrpPlacedAs(Image, Table->sh_info)];
    if (Table->sh_type == SHT_REL) {
        return LdrpElfFail(Report, Bad,
                           "section %u (" LDRP_SHOWN "): x86-64 relocations have addends (RELA), these have none",
                           FileIndex, Name);
    }
    if (Section->RelocationIndex != 0) {
        return LdrpElfFail(Report, Bad, "sections %u and %u both relocate section " LDRP_SHOWN,
                           Section->RelocationIndex, FileIndex, Section->Name);
    }
    if (Section->Data == NULL && Table->sh_size != 0) {
        return LdrpElfFail(Report, Bad,
                           "section %u (" LDRP_SHOWN ") relocates " LDRP_SHOWN ", which has no bytes in the file",
                           FileIndex, Name, Section->Name);
    }
    if (Table->sh_link != Image->SymbolTableIndex) {
        return LdrpElfFail(Report, Bad, "section %u (" LDRP_SHOWN ") uses section %u as its symbol table, not %u",
                           FileIndex, Name, Table->sh_link, Image->SymbolTableIndex);
    }
    if (Table->sh_entsize != sizeof(ELF64_RELA) || Table->sh_size % sizeof(ELF64_RELA) != 0 ||
        Table->sh_offset % sizeof(ULONG64) != 0) {
        return LdrpElfFail(Report, Bad, "section %u (" LDRP_SHOWN ") has a wrong size, entry size or alignment",
                           FileIndex, Name);
    }
    Section->RelocationIndex = (USHORT)FileIndex;
    Relocations = (const ELF64_RELA *)(Image->File + Table->sh_offset);
    for (ULONG64 Index = 0; NT_SUCCESS(Status) && Index < Table->sh_size / sizeof(ELF64_RELA); Index++) {
        Status = LdrpCheckRelocation(Image, Section, &Relocations[Index], Report);
    }
    return Status;
}

NTSTATUS LdrpElfCheckRelocations(PLDR_ELF_IMAGE Image, PLDR_REPORT Report)
{
    NTSTATUS Status = STATUS_SUCCESS;

    for (ULONG Index = 1; NT_SUCCESS(Status) && Index < Image->FileSectionCount; Index++) {
        ULONG Type = Image->FileSections[Index].sh_type;
        if (Type == SHT_RELA || Type == SHT_REL) {
            Status = LdrpCheckRelocationSection(Image, Index, Report);
        }
    }
    return Status;
}

/* The address of a symbol that passed the checks. */
static ULONG_PTR LdrpSymbolAddress(const LDR_ELF_IMAGE *Image, ULONG Index, ULONG_PTR ImageBase,
                                   const ULONG_PTR *Addresses)
{
    const ELF64_SYM *Symbol = &Image->Symbols[Index];

    switch (Symbol->st_shndx) {
    case SHN_UNDEF:
        return Addresses[Index];
    case SHN_ABS:
        return Symbol->st_value;
    default:
        return ImageBase + (ULONG_PTR)Image->Sections[Image->PlacedAs[Symbol->st_shndx]].PageOffset * LDR_PAGE_SIZE +
            Symbol->st_value;
    }
}

/* Stores one relocated value; FALSE when it does not fit. */
static BOOLEAN LdrpStore(PUCHAR Place, ULONG_PTR Value, LDRP_RELOCATION_TYPE Description)
{
    if (Description.Width == 4) {
        ULONG Low = (ULONG)Value;
        if (Value != (Description.Signed ? (ULONG_PTR)(LONG_PTR)(LONG)Low : (ULONG_PTR)Low)) {
            return FALSE;
        }
        memcpy(Place, &Low, sizeof(Low));
    } else {
        memcpy(Place, &Value, Description.Width);
    }
    return TRUE;
}

NTSTATUS LdrElfRelocateSection(const LDR_ELF_IMAGE *Image, ULONG Section, ULONG_PTR ImageBase,
                               const ULONG_PTR *Addresses, PUCHAR Bytes, PLDR_REPORT Report)
{
    const LDR_ELF_SECTION *Target = &Image->Sections[Section];
    ULONG_PTR Base = ImageBase + (ULONG_PTR)Target->PageOffset * LDR_PAGE_SIZE;
    SIZE_T Room = (SIZE_T)Target->PageCount * LDR_PAGE_SIZE;
    SIZE_T Known = Target->Data == NULL ? 0 : Target->Size;
    const ELF64_SHDR *Table;
    const ELF64_RELA *Relocations;

    if (Known != 0) {
        memcpy(Bytes, Target->Data, Known);
    }
    memset(Bytes + Known, 0, Room - Known);
    if (Target->RelocationIndex == 0) {
        return STATUS_SUCCESS;
    }
    Table = &Image->FileSections[Target->RelocationIndex];
    Relocations = (const ELF64_RELA *)(Image->File + Table->sh_offset);
    for (ULONG64 Index = 0; Index < Table->sh_size / sizeof(ELF64_RELA); Index++) {
        const ELF64_RELA *Relocation = &Relocations[Index];
        ULONG SymbolIndex = ELF64_R_SYM(Relocation->r_info);
        LDRP_RELOCATION_TYPE Description;
        ULONG_PTR Value;

        LdrpDescribeType(ELF64_R_TYPE(Relocation->r_info), &Description);
        if (Description.Width == 0) {
            continue;
        }
        Value = LdrpSymbolAddress(Image, SymbolIndex, ImageBase, Addresses) + (ULONG_PTR)Relocation->r_addend;
        if (Description.Relative) {
            Value -= Base + Relocation->r_offset;
        }
        if (!LdrpStore(Bytes + Relocation->r_offset, Value, Description)) {
            return LdrpElfFail(Report, STATUS_INVALID_IMAGE_FORMAT,
                               "section " LDRP_SHOWN
                               "+%#I64x: the relocation (type %u) cannot reach symbol %u (" LDRP_SHOWN
                               "): %#I64x does not fit 32 bits",
                               Target->Name, Relocation->r_offset, ELF64_R_TYPE(Relocation->r_info), SymbolIndex,
                               LdrpSymbolName(Image, &Image->Symbols[SymbolIndex]), Value);
        }
    }
    return STATUS_SUCCESS;
}
