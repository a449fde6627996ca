/*
 * A driver's symbols: the table is checked once, whole; after that DriverEntry, the exports and the names for stack
 * traces are read from it, and imports are looked up.
 */
#include "rtl/rtl.h"
#include "ldrelfp.h"

#define LDRP_ENTRY_NAME "DriverEntry"

/* Finds the symbol table and its string table. */
static NTSTATUS LdrpCheckSymbolTable(PLDR_ELF_IMAGE Image, PLDR_REPORT Report)
{
    NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;
    const ELF64_SHDR *Table, *Names;

    for (ULONG Index = 1; Index < Image->FileSectionCount; Index++) {
        if (Image->FileSections[Index].sh_type != SHT_SYMTAB) {
            continue;
        }
        if (Image->SymbolTableIndex != 0) {
            return LdrpElfFail(Report, Bad, "sections %u and %u are both symbol tables", Image->SymbolTableIndex,
                               Index);
        }
        Image->SymbolTableIndex = Index;
    }
    if (Image->SymbolTableIndex == 0) {
        return LdrpElfFail(Report, Bad, "the file has no symbol table: do not strip it, --strip-debug at most");
    }
    Table = &Image->FileSections[Image->SymbolTableIndex];
    if (Table->sh_entsize != sizeof(ELF64_SYM) || Table->sh_size % sizeof(ELF64_SYM) != 0 || Table->sh_size == 0 ||
        Table->sh_size / sizeof(ELF64_SYM) > MAXLONG || Table->sh_offset % sizeof(ULONG64) != 0) {
        return LdrpElfFail(Report, Bad, "the symbol table (section %u) has a wrong size, entry size or alignment",
                           Image->SymbolTableIndex);
    }
    if (Table->sh_link >= Image->FileSectionCount || Image->FileSections[Table->sh_link].sh_type != SHT_STRTAB) {
        return LdrpElfFail(Report, Bad, "the symbol table's names should be in section %u, which is no string table",
                           Table->sh_link);
    }
    Names = &Image->FileSections[Table->sh_link];
    if (Names->sh_size == 0 || Image->File[Names->sh_offset + Names->sh_size - 1] != 0) {
        return LdrpElfFail(Report, Bad, "the symbols' names (section %u) do not end in a null", Table->sh_link);
    }
    Image->Symbols = (const ELF64_SYM *)(Image->File + Table->sh_offset);
    Image->SymbolCount = (ULONG)(Table->sh_size / sizeof(ELF64_SYM));
    Image->SymbolNames = (PCSTR)Image->File + Names->sh_offset;
    Image->SymbolNamesSize = Names->sh_size;
    return STATUS_SUCCESS;
}

/* Where a symbol says it is: an existing section, and within its bounds when that is placed. */
static NTSTATUS LdrpCheckSymbolPlace(PLDR_ELF_IMAGE Image, ULONG Index, PLDR_REPORT Report)
{
    const ELF64_SYM *Symbol = &Image->Symbols[Index];
    PCSTR Name = LdrpSymbolName(Image, Symbol);
    NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;
    ULONG Type = ELF64_ST_TYPE(Symbol->st_info);
    const LDR_ELF_SECTION *Section;

    if (Symbol->st_shndx == SHN_COMMON) {
        return LdrpElfFail(Report, Bad,
                           "symbol %u (" LDRP_SHOWN ") is common: link with FORCE_COMMON_ALLOCATION or ld -d",
                           Index, Name);
    }
    if (Symbol->st_shndx == SHN_ABS || Symbol->st_shndx == SHN_UNDEF) {
        return STATUS_SUCCESS;
    }
    if (Symbol->st_shndx >= Image->FileSectionCount) {
        return LdrpElfFail(Report, Bad, "symbol %u (" LDRP_SHOWN ") is in section %u, which does not exist", Index,
                           Name, Symbol->st_shndx);
    }
    if (LdrpPlacedAs(Image, Symbol->st_shndx) == LDR_NOT_PLACED) {
        return STATUS_SUCCESS;
    }
    Section = &Image->Sections[LdrpPlacedAs(Image, Symbol->st_shndx)];
    if (!LdrpInside(Symbol->st_value, Symbol->st_size, Section->Size)) {
        return LdrpElfFail(Report, Bad,
                           "symbol %u (" LDRP_SHOWN "): offset %#I64x and size %#I64x leave section " LDRP_SHOWN, Index,
                           Name, Symbol->st_value, Symbol->st_size, Section->Name);
    }
    if (Type == STT_OBJECT && (Section->Protection & LDR_EXECUTE)) {
        return LdrpElfFail(Report, Bad,
                           "section " LDRP_SHOWN " is used for both code and data (variable " LDRP_SHOWN
                           "): give the data another name, like PAGEDATA",
                           Section->Name, Name);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS LdrpCheckSymbol(PLDR_ELF_IMAGE Image, ULONG Index, PLDR_REPORT Report)
{
    const ELF64_SYM *Symbol = &Image->Symbols[Index];
    ULONG FirstGlobal = Image->FileSections[Image->SymbolTableIndex].sh_info;
    NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;
    ULONG Bind = ELF64_ST_BIND(Symbol->st_info);
    ULONG Type = ELF64_ST_TYPE(Symbol->st_info);
    PCSTR Name;

    if (Symbol->st_name >= Image->SymbolNamesSize) {
        return LdrpElfFail(Report, Bad, "symbol %u: its name (offset %u) lies outside the string table", Index,
                           Symbol->st_name);
    }
    Name = LdrpSymbolName(Image, Symbol);
    if (Bind != STB_LOCAL && Bind != STB_GLOBAL && Bind != STB_WEAK) {
        return LdrpElfFail(Report, Bad, "symbol %u (" LDRP_SHOWN "): a symbol of binding %u cannot be loaded", Index,
                           Name, Bind);
    }
    if (Type > STT_FILE) {
        return LdrpElfFail(Report, Bad, "symbol %u (" LDRP_SHOWN "): a symbol of type %u (%s) cannot be loaded", Index,
                           Name, Type,
                           Type == STT_TLS          ? "thread-local"
                               : Type == STT_COMMON ? "common"
                                                    : "unknown");
    }
    if ((Bind == STB_LOCAL) != (Index < FirstGlobal)) {
        return LdrpElfFail(Report, Bad,
                           "symbol %u (" LDRP_SHOWN ") is on the wrong side of the first global symbol (%u)",
                           Index, Name, FirstGlobal);
    }
    if (Symbol->st_shndx == SHN_UNDEF && Index != 0 && (Bind == STB_LOCAL || Name[0] == 0)) {
        return LdrpElfFail(Report, Bad, "symbol %u (" LDRP_SHOWN ") is neither defined nor can it be imported", Index,
                           Name);
    }
    return LdrpCheckSymbolPlace(Image, Index, Report);
}

NTSTATUS LdrpElfCheckSymbols(PLDR_ELF_IMAGE Image, PLDR_REPORT Report)
{
    NTSTATUS Status = LdrpCheckSymbolTable(Image, Report);

    for (ULONG Index = 0; NT_SUCCESS(Status) && Index < Image->SymbolCount; Index++) {
        Status = LdrpCheckSymbol(Image, Index, Report);
    }
    if (NT_SUCCESS(Status) && (Image->Symbols[0].st_shndx != SHN_UNDEF || Image->Symbols[0].st_value != 0)) {
        Status = LdrpElfFail(Report, STATUS_INVALID_IMAGE_FORMAT, "symbol 0 is not the null symbol");
    }
    return Status;
}

/* The first global definition (weak or not) of a name, or NULL. */
static const ELF64_SYM *LdrpFindGlobal(const LDR_ELF_IMAGE *Image, PCSTR Name)
{
    ULONG FirstGlobal = Image->FileSections[Image->SymbolTableIndex].sh_info;

    for (ULONG Index = FirstGlobal; Index < Image->SymbolCount; Index++) {
        const ELF64_SYM *Symbol = &Image->Symbols[Index];
        if (Symbol->st_shndx != SHN_UNDEF && strcmp(LdrpSymbolName(Image, Symbol), Name) == 0) {
            return Symbol;
        }
    }
    return NULL;
}

/* Whether a name is defined, but for its own file only. */
static BOOLEAN LdrpIsLocal(const LDR_ELF_IMAGE *Image, PCSTR Name)
{
    ULONG FirstGlobal = Image->FileSections[Image->SymbolTableIndex].sh_info;

    for (ULONG Index = 1; Index < FirstGlobal && Index < Image->SymbolCount; Index++) {
        if (strcmp(LdrpSymbolName(Image, &Image->Symbols[Index]), Name) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

NTSTATUS LdrpElfCheckEntry(PLDR_ELF_IMAGE Image, PLDR_REPORT Report)
{
    const ELF64_SYM *Entry = LdrpFindGlobal(Image, LDRP_ENTRY_NAME);
    NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;
    ULONG Placed;

    if (Entry == NULL) {
        return LdrpElfFail(Report, Bad,
                           LdrpIsLocal(Image, LDRP_ENTRY_NAME) ? "the driver's " LDRP_ENTRY_NAME
                                                                 " is static: the loader sees global routines only"
                                                               : "the driver has no " LDRP_ENTRY_NAME);
    }
    Placed = LdrpPlacedAs(Image, Entry->st_shndx);
    if (ELF64_ST_TYPE(Entry->st_info) != STT_FUNC) {
        return LdrpElfFail(Report, Bad, "the driver's " LDRP_ENTRY_NAME " is not a function (symbol type %u)",
                           ELF64_ST_TYPE(Entry->st_info));
    }
    if (Placed == LDR_NOT_PLACED || !(Image->Sections[Placed].Protection & LDR_EXECUTE) ||
        Entry->st_value >= Image->Sections[Placed].Size) {
        return LdrpElfFail(Report, Bad, "the driver's " LDRP_ENTRY_NAME " is not in an executable section");
    }
    Image->EntrySection = Placed;
    Image->EntryOffset = Entry->st_value;
    return STATUS_SUCCESS;
}

/* The export text at *Next, moving *Next behind it; NULL at the end. Compilers pad between texts with nulls. */
static PCSTR LdrpNextExport(const LDR_ELF_IMAGE *Image, SIZE_T *Next)
{
    PCSTR Name;

    while (*Next < Image->ExportsSize && Image->Exports[*Next] == 0) {
        (*Next)++;
    }
    if (*Next >= Image->ExportsSize) {
        return NULL;
    }
    Name = Image->Exports + *Next;
    *Next += strlen(Name) + 1;
    return Name;
}

NTSTATUS LdrpElfCheckExports(PLDR_ELF_IMAGE Image, PLDR_REPORT Report)
{
    NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;
    SIZE_T Next = 0;
    PCSTR Name;

    if (Image->ExportsSize != 0 && Image->Exports[Image->ExportsSize - 1] != 0) {
        return LdrpElfFail(Report, Bad, "the names in section .exports do not end in a null");
    }
    while ((Name = LdrpNextExport(Image, &Next)) != NULL) {
        const ELF64_SYM *Symbol = LdrpFindGlobal(Image, Name);
        ULONG Placed = Symbol == NULL ? LDR_NOT_PLACED : LdrpPlacedAs(Image, Symbol->st_shndx);
        if (Placed == LDR_NOT_PLACED) {
            return LdrpElfFail(Report, Bad,
                               "the driver exports " LDRP_SHOWN ", but defines no global symbol of that name",
                               Name);
        }
        if (Image->Sections[Placed].Kind == LdrSectionInit) {
            return LdrpElfFail(Report, Bad,
                               "the driver exports " LDRP_SHOWN " out of section " LDRP_SHOWN
                               ", which is discarded after initialisation",
                               Name, Image->Sections[Placed].Name);
        }
    }
    return STATUS_SUCCESS;
}

VOID LdrElfEnumerateExports(const LDR_ELF_IMAGE *Image, LDR_SYMBOL_ROUTINE *Routine, PVOID Context)
{
    SIZE_T Next = 0;
    PCSTR Name;

    while ((Name = LdrpNextExport(Image, &Next)) != NULL) {
        const ELF64_SYM *Symbol = LdrpFindGlobal(Image, Name);
        Routine(Context, Name, LdrpPlacedAs(Image, Symbol->st_shndx), Symbol->st_value, Symbol->st_size);
    }
}

VOID LdrElfEnumerateSymbols(const LDR_ELF_IMAGE *Image, LDR_SYMBOL_ROUTINE *Routine, PVOID Context)
{
    for (ULONG Index = 1; Index < Image->SymbolCount; Index++) {
        const ELF64_SYM *Symbol = &Image->Symbols[Index];
        ULONG Placed = LdrpPlacedAs(Image, Symbol->st_shndx);
        ULONG Type = ELF64_ST_TYPE(Symbol->st_info);
        if ((Type == STT_FUNC || Type == STT_OBJECT) && Placed != LDR_NOT_PLACED) {
            Routine(Context, LdrpSymbolName(Image, Symbol), Placed, Symbol->st_value, Symbol->st_size);
        }
    }
}

NTSTATUS LdrElfResolveImports(const LDR_ELF_IMAGE *Image, LDR_RESOLVE_ROUTINE *Resolve, PVOID Context,
                              PULONG_PTR Addresses, PLDR_REPORT Report)
{
    PCSTR FirstMissing = NULL;
    ULONG Missing = 0;

    Addresses[0] = 0;
    for (ULONG Index = 1; Index < Image->SymbolCount; Index++) {
        const ELF64_SYM *Symbol = &Image->Symbols[Index];

        Addresses[Index] = 0;
        if (Symbol->st_shndx != SHN_UNDEF || Resolve(Context, LdrpSymbolName(Image, Symbol), &Addresses[Index])) {
            continue;
        }
        Addresses[Index] = 0;
        if (ELF64_ST_BIND(Symbol->st_info) == STB_WEAK) {
            continue;
        }
        if (FirstMissing == NULL) {
            FirstMissing = LdrpSymbolName(Image, Symbol);
        }
        Missing++;
    }
    if (Missing > 1) {
        return LdrpElfFail(Report, STATUS_DRIVER_ENTRYPOINT_NOT_FOUND,
                           "nobody exports " LDRP_SHOWN ", which the driver imports, and %u more of its imports are missing",
                           FirstMissing, Missing - 1);
    }
    if (Missing == 1) {
        return LdrpElfFail(Report, STATUS_DRIVER_ENTRYPOINT_NOT_FOUND,
                           "nobody exports " LDRP_SHOWN ", which the driver imports", FirstMissing);
    }
    return STATUS_SUCCESS;
}
