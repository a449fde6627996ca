/*
 * Drivers' files: what the validator finds in a good one, and that it refuses each kind of damage with a message that
 * names it. Every case damages a fresh copy in one place only.
 */
#include "elffile.h"

static LDR_ELF_IMAGE Image;
static LDR_REPORT Report;
static CHAR Warnings[1024];

static VOID Remember(PVOID Context, PCSTR Text)
{
    CHECK(Context == &Image);
    strncat(Warnings, Text, sizeof(Warnings) - strlen(Warnings) - 2);
    strcat(Warnings, "\n");
}

static ELF_FILE Good(VOID)
{
    Report = (LDR_REPORT){.Warning = Remember, .WarningContext = &Image};
    Warnings[0] = 0;
    return ElfRead(GOOD_DRIVER);
}

static NTSTATUS Validate(ELF_FILE *File)
{
    NTSTATUS Status = LdrElfValidateDriver(File->Bytes, File->Size, &Image, &Report);

    ElfCheckReport(Status, &Report);
    return Status;
}

static ULONG PlacedByName(PCSTR Name)
{
    for (ULONG Index = 0; Index < Image.SectionCount; Index++) {
        if (strcmp(Image.Sections[Index].Name, Name) == 0) {
            return Index;
        }
    }
    return LDR_NOT_PLACED;
}

/* Validates what was damaged, frees it, and expects a status and words in the message. */
static VOID ExpectStatus(ELF_FILE *File, NTSTATUS Expected, PCSTR Words)
{
    NTSTATUS Status = Validate(File);

    CHECK(Status == Expected, "status %#x, should be %#x; the message: %s", Status, Expected, Report.Error);
    CHECK(strstr(Report.Error, Words) != NULL, "\"%s\" is not in the message: %s", Words, Report.Error);
    TapNote("%s", Report.Error);
    TapFree(File->Bytes);
}

static VOID ExpectBad(ELF_FILE *File, PCSTR Words)
{
    ExpectStatus(File, STATUS_INVALID_IMAGE_FORMAT, Words);
}

/* The good one ---------------------------------------------------------------------------------------------------- */

static VOID CheckSection(PCSTR Name, LDR_SECTION_KIND Kind, UCHAR Protection)
{
    ULONG Index = PlacedByName(Name);

    CHECK(Index != LDR_NOT_PLACED, "no section %s", Name);
    CHECK(Image.Sections[Index].Kind == Kind, "%s: kind %u", Name, Image.Sections[Index].Kind);
    CHECK(Image.Sections[Index].Protection == Protection, "%s: protection %u", Name, Image.Sections[Index].Protection);
}

CASE(GoodDriverIsPlaced)
{
    ELF_FILE File = Good();
    ULONG Page = 0;

    CHECK(Validate(&File) == STATUS_SUCCESS, "%s", Report.Error);
    CHECK_TEXT(Warnings, "");
    CheckSection(".text", LdrSectionNonpaged, LDR_READ | LDR_EXECUTE);
    CheckSection(".rodata", LdrSectionNonpaged, LDR_READ);
    CheckSection(".data", LdrSectionNonpaged, LDR_READ | LDR_WRITE);
    CheckSection(".bss", LdrSectionNonpaged, LDR_READ | LDR_WRITE);
    CheckSection("MY_DATA", LdrSectionNonpaged, LDR_READ | LDR_WRITE);
    CheckSection("PAGE", LdrSectionPageable, LDR_READ | LDR_EXECUTE);
    CheckSection("PAGELONG", LdrSectionPageable, LDR_READ | LDR_EXECUTE);
    CheckSection("PAGEDATA", LdrSectionPageable, LDR_READ | LDR_WRITE);
    CheckSection("PAGEBSS", LdrSectionPageable, LDR_READ | LDR_WRITE);
    CheckSection("INIT", LdrSectionInit, LDR_READ | LDR_EXECUTE);
    CHECK_EQUAL(Image.SectionCount, 10);
    CHECK_EQUAL(PlacedByName(".exports"), LDR_NOT_PLACED);
    for (ULONG Index = 0; Index < Image.SectionCount; Index++) {
        CHECK_EQUAL(Image.Sections[Index].PageOffset, Page);
        CHECK_EQUAL(Image.Sections[Index].PageCount, (Image.Sections[Index].Size + 4095) / 4096);
        Page += Image.Sections[Index].PageCount;
    }
    CHECK_EQUAL(Image.PageCount, Page);
    CHECK_EQUAL(Image.Sections[PlacedByName("PAGEBSS")].PageCount, 3);
    CHECK(Image.Sections[PlacedByName("PAGEBSS")].Data == NULL);
    CHECK_EQUAL(Image.EntrySection, PlacedByName("INIT"));
    CHECK_EQUAL(Image.EntryOffset, ElfSymbol(&File, "DriverEntry")->st_value);
    TapFree(File.Bytes);
}

typedef struct _SEEN {
    CHAR Text[512];
} SEEN;

static VOID See(PVOID Context, PCSTR Name, ULONG Section, ULONG_PTR Offset, SIZE_T Size)
{
    SEEN *Seen = Context;

    CHECK(Section < Image.SectionCount && Offset + Size <= Image.Sections[Section].Size);
    sprintf(Seen->Text + strlen(Seen->Text), "%s:%s ", Image.Sections[Section].Name, Name);
}

CASE(GoodDriverIsRead)
{
    ELF_FILE File = Good();
    SEEN Seen = {""};

    CHECK_EQUAL(Validate(&File), STATUS_SUCCESS);
    LdrElfEnumerateExports(&Image, See, &Seen);
    CHECK(strstr(Seen.Text, ".text:ExportedRoutine ") && strstr(Seen.Text, ".data:Initialised "), "%s", Seen.Text);
    CHECK_EQUAL(strlen(Seen.Text), strlen(".text:ExportedRoutine .data:Initialised "));
    Seen.Text[0] = 0;
    LdrElfEnumerateSymbols(&Image, See, &Seen);
    CHECK(strstr(Seen.Text, "INIT:DriverEntry ") && strstr(Seen.Text, "PAGE:PagedRoutine ") &&
          strstr(Seen.Text, "PAGELONG:LongestName ") && strstr(Seen.Text, ".text:ExportedRoutine "), "%s", Seen.Text);
    CHECK(strstr(Seen.Text, "Import") == NULL && strstr(Seen.Text, "Table") != NULL, "%s", Seen.Text);
    TapFree(File.Bytes);
}

static BOOLEAN ResolveAll(PVOID Context, PCSTR Name, PULONG_PTR Address)
{
    ULONG Missing = *(ULONG *)Context;

    if (strcmp(Name, "WeakRoutine") == 0 || ((Missing & 1) && strcmp(Name, "ImportedData") == 0) ||
        ((Missing & 2) && strcmp(Name, "ImportedRoutine") == 0)) {
        *Address = 0xBAD;
        return FALSE;
    }
    CHECK(strcmp(Name, "ImportedData") == 0 || strcmp(Name, "ImportedRoutine") == 0, "asked for %s", Name);
    *Address = 0xFFFFFFFF80123450;
    return TRUE;
}

CASE(ImportsAreResolvedOrNamed)
{
    ELF_FILE File = Good();
    ULONG_PTR *Addresses;
    ULONG Missing = 0, Resolved = 0;

    CHECK_EQUAL(Validate(&File), STATUS_SUCCESS);
    Addresses = TapAllocate(Image.SymbolCount * sizeof(*Addresses));
    CHECK_EQUAL(LdrElfResolveImports(&Image, ResolveAll, &Missing, Addresses, &Report), STATUS_SUCCESS);
    for (ULONG Index = 0; Index < Image.SymbolCount; Index++) {
        Resolved += Addresses[Index] == 0xFFFFFFFF80123450;
        CHECK(Addresses[Index] != 0xBAD, "the weak import has an address");
    }
    CHECK_EQUAL(Resolved, 2);
    Missing = 1;
    CHECK_EQUAL(LdrElfResolveImports(&Image, ResolveAll, &Missing, Addresses, &Report),
                STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
    CHECK(strstr(Report.Error, "ImportedData") && !strstr(Report.Error, "more"), "%s", Report.Error);
    Missing = 3;
    CHECK_EQUAL(LdrElfResolveImports(&Image, ResolveAll, &Missing, Addresses, &Report),
                STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
    CHECK(strstr(Report.Error, "1 more"), "%s", Report.Error);
    TapFree(Addresses);
    TapFree(File.Bytes);
}

/* Relocates every section at a base; the first failure's status. What it yields, test_units.py holds against ld. */
static NTSTATUS RelocateAll(ULONG_PTR Base)
{
    ULONG_PTR *Addresses = TapAllocate(Image.SymbolCount * sizeof(*Addresses));
    ULONG Missing = 0;
    NTSTATUS Status = LdrElfResolveImports(&Image, ResolveAll, &Missing, Addresses, &Report);

    for (ULONG Index = 0; NT_SUCCESS(Status) && Index < Image.SectionCount; Index++) {
        PUCHAR Bytes = TapAllocate((SIZE_T)Image.Sections[Index].PageCount * LDR_PAGE_SIZE);
        Status = LdrElfRelocateSection(&Image, Index, Base, Addresses, Bytes, &Report);
        for (SIZE_T Rest = Image.Sections[Index].Size; Rest % LDR_PAGE_SIZE != 0; Rest++) {
            CHECK_EQUAL(Bytes[Rest], 0);
        }
        TapFree(Bytes);
    }
    TapFree(Addresses);
    return Status;
}

CASE(RelocationReachesOrSaysSo)
{
    ELF_FILE File = Good();

    CHECK_EQUAL(Validate(&File), STATUS_SUCCESS);
    CHECK(RelocateAll(0xFFFFFFFFA0000000) == STATUS_SUCCESS, "%s", Report.Error);
    CHECK_EQUAL(RelocateAll(0xFFFF800000000000), STATUS_INVALID_IMAGE_FORMAT);
    CHECK(strstr(Report.Error, "cannot reach"), "%s", Report.Error);
    CHECK_EQUAL(RelocateAll(0x7FFFF000), STATUS_INVALID_IMAGE_FORMAT);
    TapFree(File.Bytes);
}

/* 32 bits are extended by their sign for 32S and by zeroes for 32, at both edges. */
CASE(RelocationRanges)
{
    static const struct { ULONG Type; ULONG64 Value; BOOLEAN Fits; } Rows[] = {
        {R_X86_64_32S, 0xFFFFFFFF80000000, TRUE}, {R_X86_64_32S, 0xFFFFFFFF7FFFFFFF, FALSE},
        {R_X86_64_32S, 0x7FFFFFFF, TRUE}, {R_X86_64_32S, 0x80000000, FALSE},
        {R_X86_64_32, 0xFFFFFFFF, TRUE}, {R_X86_64_32, 0x100000000, FALSE}, {R_X86_64_32, 0xFFFFFFFFA0000000, FALSE},
        {R_X86_64_64, 0xFFFFFFFFFFFFFFFF, TRUE}, {R_X86_64_PC64, 0x123456789ABCDEF0, TRUE},
        {R_X86_64_NONE, 0x123456789ABCDEF0, TRUE},
    };
    ULONG_PTR *Addresses;

    for (SIZE_T Row = 0; Row < ARRAYSIZE(Rows); Row++) {
        ELF_FILE File = Good();
        ELF64_RELA *Relocation = ElfRelocations(&File, ".data");
        UCHAR Bytes[LDR_PAGE_SIZE];
        ULONG64 Expected = Rows[Row].Value, Before;
        NTSTATUS Status;

        memcpy(&Before, ElfContent(&File, ".data") + Relocation->r_offset, 8);
        Relocation->r_info = Rows[Row].Type;        /* against symbol 0, whose address is 0 */
        Relocation->r_addend = (LONG64)Rows[Row].Value;
        CHECK(Validate(&File) == STATUS_SUCCESS, "%s", Report.Error);
        Addresses = TapAllocate(Image.SymbolCount * sizeof(*Addresses));
        memset(Addresses, 0, Image.SymbolCount * sizeof(*Addresses));
        Status = LdrElfRelocateSection(&Image, PlacedByName(".data"), 0xFFFFFFFFA0000000, Addresses, Bytes, &Report);
        CHECK(NT_SUCCESS(Status) == Rows[Row].Fits, "row %llu: %s", Row, Report.Error);
        if (Rows[Row].Type == R_X86_64_PC64) {
            Expected -= 0xFFFFFFFFA0000000 + Image.Sections[PlacedByName(".data")].PageOffset * 4096ull +
                Relocation->r_offset;
        } else if (Rows[Row].Type == R_X86_64_NONE) {
            Expected = Before;
        }
        CHECK(!Rows[Row].Fits || memcmp(Bytes + Relocation->r_offset, &Expected,
                                        Rows[Row].Type == R_X86_64_32 || Rows[Row].Type == R_X86_64_32S ? 4 : 8) == 0,
              "row %llu", Row);
        TapFree(Addresses);
        TapFree(File.Bytes);
    }
}

/* Damage to the file and its header ------------------------------------------------------------------------------- */

CASE(TruncatedEverywhere)
{
    ELF_FILE File = Good();

    for (SIZE_T Size = 0; Size < File.Size; Size++) {
        ELF_FILE Short = {TapAllocate(Size), Size};
        memcpy(Short.Bytes, File.Bytes, Size);
        CHECK(Validate(&Short) == STATUS_INVALID_IMAGE_FORMAT, "the first %llu bytes are a valid driver", Size);
        TapFree(Short.Bytes);
    }
    TapFree(File.Bytes);
}

CASE(EmptyFile)
{
    ELF_FILE File = Good();

    TapFree(File.Bytes);
    File = (ELF_FILE){TapAllocate(0), 0};
    ExpectBad(&File, "0 bytes");
}

CASE(BufferNotAligned)
{
    ELF_FILE File = Good();

    CHECK_EQUAL(LdrElfValidateDriver(File.Bytes + 1, File.Size - 1, &Image, &Report), STATUS_DATATYPE_MISALIGNMENT);
    TapFree(File.Bytes);
}

#define HEADER_CASE(Title, Change, Words)                                                                      \
    CASE(Title)                                                                                                \
    {                                                                                                          \
        ELF_FILE File = Good();                                                                                \
        ELF64_EHDR *Header = ElfHeader(&File);                                                                 \
        Change;                                                                                                \
        ExpectBad(&File, Words);                                                                               \
    }

HEADER_CASE(BadMagic, Header->e_ident[0] = 0x7E, "magic")
HEADER_CASE(Is32Bit, Header->e_ident[EI_CLASS] = 1, "64-bit")
HEADER_CASE(IsBigEndian, Header->e_ident[EI_DATA] = 2, "little-endian")
HEADER_CASE(WrongIdentVersion, Header->e_ident[EI_VERSION] = 0, "version")
HEADER_CASE(WrongVersion, Header->e_version = 2, "version 2")
HEADER_CASE(OtherSystem, Header->e_ident[EI_OSABI] = 9, "OS ABI 9")
HEADER_CASE(WrongMachine, Header->e_machine = 183, "machine 183")
HEADER_CASE(IsProgram, Header->e_type = ET_EXEC, "ld -r")
HEADER_CASE(IsSharedLibrary, Header->e_type = ET_DYN, "type 3")
HEADER_CASE(WrongHeaderSize, Header->e_ehsize = 52, "52")
HEADER_CASE(WrongSectionHeaderSize, Header->e_shentsize = 40, "40")
HEADER_CASE(NoSections, Header->e_shnum = 0, "no section table")
HEADER_CASE(SectionTableOutside, Header->e_shoff = File.Size - 8, "section table")
HEADER_CASE(SectionTableWraps, Header->e_shoff = ~7ull, "section table")
HEADER_CASE(SectionTableMisaligned, Header->e_shoff -= 1, "misaligned")
HEADER_CASE(NoSectionNames, Header->e_shstrndx = 0, "names")
HEADER_CASE(SectionNamesOutside, Header->e_shstrndx = Header->e_shnum, "does not exist")
HEADER_CASE(SectionNamesAreCode, Header->e_shstrndx = (USHORT)ElfSectionIndex(&File, "PAGE"), "no string table")

CASE(TooManySections)
{
    ELF_FILE File = Good();

    ElfHeader(&File)->e_shnum = LDR_MAXIMUM_FILE_SECTIONS + 1;
    ExpectStatus(&File, STATUS_SECTION_TOO_BIG, "513 sections");
}

/* Damage to sections ---------------------------------------------------------------------------------------------- */

#define SECTION_CASE(Title, Which, Change, Words)                                                              \
    CASE(Title)                                                                                                \
    {                                                                                                          \
        ELF_FILE File = Good();                                                                                \
        ELF64_SHDR *Section = ElfSection(&File, Which);                                                        \
        (void)Section;                                                                                         \
        Change;                                                                                                \
        ExpectBad(&File, Words);                                                                               \
    }

SECTION_CASE(SectionNameOutside, "PAGE", Section->sh_name = 0x10000, "outside the string table")
SECTION_CASE(SectionNameEmpty, "PAGE", Section->sh_name = 0, "empty")
SECTION_CASE(SectionNamesUnterminated, ".shstrtab", Section->sh_size -= 1, "no string table")
SECTION_CASE(SectionNameNotPrintable, "PAGE", ElfSectionName(&File, ElfSectionIndex(&File, "PAGE"))[1] = 7, "printable")
SECTION_CASE(SectionNameTooLong, "PAGE",
             memset(ElfSectionName(&File, ElfSectionIndex(&File, ".symtab")), 'x',
                    ElfSection(&File, ".shstrtab")->sh_size - ElfSection(&File, ".symtab")->sh_name - 1),
             "longer than 63")
SECTION_CASE(SectionOutside, "PAGE", Section->sh_offset = File.Size, "leave the file")
SECTION_CASE(SectionTooLarge, "PAGEDATA", Section->sh_size = File.Size, "PAGEDATA")
SECTION_CASE(SectionWraps, "PAGEDATA", (Section->sh_offset = 64, Section->sh_size = ~0ull - 32), "leave the file")
SECTION_CASE(DebuggersSectionOutside, ".strtab", Section->sh_offset = ~0ull, ".strtab")
SECTION_CASE(AlignmentNoPower, "PAGE", Section->sh_addralign = 24, "power of two")
SECTION_CASE(AlignmentTooLarge, "PAGE", Section->sh_addralign = 8192, "power of two")
SECTION_CASE(SectionsOverlap, "PAGEDATA", Section->sh_offset = ElfSection(&File, "PAGE")->sh_offset + 4, "overlap")
SECTION_CASE(WritableAndExecutable, "PAGEDATA", Section->sh_flags |= SHF_EXECINSTR, "both writable and executable")
SECTION_CASE(CodeWithoutBytes, ".bss", Section->sh_flags = SHF_ALLOC | SHF_EXECINSTR, "no bytes")
SECTION_CASE(ThreadLocal, ".data", Section->sh_flags |= SHF_TLS, "thread-local")
SECTION_CASE(Compressed, ".rodata", Section->sh_flags |= SHF_COMPRESSED, "compressed")
SECTION_CASE(UnknownType, "MY_DATA", Section->sh_type = 0x60000001, "0x60000001")
SECTION_CASE(StringTableAllocated, ".strtab", Section->sh_flags |= SHF_ALLOC, "cannot be loaded")
SECTION_CASE(TwoExports, ".exports",
             (*ElfSection(&File, "MY_DATA") = *Section), ".exports")

CASE(ExtendedSectionNumbers)
{
    ELF_FILE File = Good();

    ElfSection(&File, ".exports")->sh_type = SHT_SYMTAB_SHNDX;
    ExpectStatus(&File, STATUS_SECTION_TOO_BIG, "extended");
}

CASE(BssTooLarge)
{
    ELF_FILE File = Good();

    ElfSection(&File, "PAGEBSS")->sh_size = 1ull << 40;
    ExpectStatus(&File, STATUS_SECTION_TOO_BIG, "64 MiB");
    File = Good();
    ElfSection(&File, "PAGEBSS")->sh_size = ~0ull;
    ExpectStatus(&File, STATUS_SECTION_TOO_BIG, "PAGEBSS");
    File = Good();
    ElfSection(&File, "PAGEBSS")->sh_size = 64 << 20;
    ExpectStatus(&File, STATUS_SECTION_TOO_BIG, "64 MiB");
}

/* Names (L4, L6, L10) --------------------------------------------------------------------------------------------- */

/* Gives a section another name, no longer than the one it has. */
static VOID Rename(ELF_FILE *File, PCSTR Old, PCSTR New)
{
    CHECK(strlen(New) <= strlen(Old));
    strcpy(ElfSectionName(File, ElfSectionIndex(File, Old)), New);
}

CASE(L6NameLongerThanEight)
{
    ELF_FILE File = Good();

    /* A longer name needs room: that of .exports and what follows it is not read any more. */
    ElfSection(&File, "MY_DATA")->sh_name = ElfSection(&File, ".exports")->sh_name;
    Rename(&File, ".exports", "PAGESERI");
    ElfContent(&File, ".shstrtab")[ElfSection(&File, "PAGESERI")->sh_name + 8] = 'A';
    ExpectBad(&File, "at most four more characters");
}

CASE(L4NearMissIsNonpagedWithWarning)
{
    static const PCSTR Names[] = {"Page", "page", "PaGE"};

    for (SIZE_T Index = 0; Index < ARRAYSIZE(Names); Index++) {
        ELF_FILE File = Good();
        Rename(&File, "MY_DATA", Names[Index]);
        CHECK(Validate(&File) == STATUS_SUCCESS, "%s", Report.Error);
        CheckSection(Names[Index], LdrSectionNonpaged, LDR_READ | LDR_WRITE);
        CHECK(strstr(Warnings, Names[Index]) && strstr(Warnings, "nonpaged"), "the warning: %s", Warnings);
        Report.Warning = NULL;
        CHECK_EQUAL(Validate(&File), STATUS_SUCCESS);
        TapFree(File.Bytes);
    }
}

CASE(L10OneNameForCodeAndData)
{
    ELF_FILE File = Good();

    Rename(&File, "PAGEDATA", "PAGE");
    ExpectBad(&File, "both code and data");
}

CASE(L10CodeSectionHoldsVariable)
{
    ELF_FILE File = Good();

    ElfSymbol(&File, "LongestName")->st_info = STT_OBJECT;
    ExpectBad(&File, "variable LongestName");
}

CASE(TwoSectionsOfOneName)
{
    ELF_FILE File = Good();

    Rename(&File, "MY_DATA", ".data");
    ExpectBad(&File, "both named .data");
}

/* Damage to symbols ----------------------------------------------------------------------------------------------- */

#define SYMBOL_CASE(Title, Which, Change, Words)                                                               \
    CASE(Title)                                                                                                \
    {                                                                                                          \
        ELF_FILE File = Good();                                                                                \
        ELF64_SYM *Symbol = ElfSymbol(&File, Which);                                                           \
        Change;                                                                                                \
        ExpectBad(&File, Words);                                                                               \
    }

SECTION_CASE(NoSymbolTable, ".symtab", Section->sh_type = SHT_PROGBITS, "no symbol table")
SECTION_CASE(TwoSymbolTables, ".exports", (Section->sh_type = SHT_SYMTAB, Section->sh_flags = 0), "both symbol tables")
SECTION_CASE(SymbolEntrySize, ".symtab", Section->sh_entsize = 16, "entry size")
SECTION_CASE(SymbolTableSize, ".symtab", Section->sh_size -= 1, "entry size")
SECTION_CASE(SymbolTableEmpty, ".symtab", Section->sh_size = 0, "entry size")
SECTION_CASE(SymbolTableMisaligned, ".symtab", (Section->sh_offset += 4, Section->sh_size -= 24), "alignment")
SECTION_CASE(SymbolNamesAreElsewhere, ".symtab", Section->sh_link = 1000, "section 1000")
SECTION_CASE(SymbolNamesAreCode, ".symtab", Section->sh_link = ElfSectionIndex(&File, "PAGE"), "no string table")
SECTION_CASE(SymbolNamesUnterminated, ".strtab", Section->sh_size -= 1, "do not end in a null")
SECTION_CASE(GlobalsBeginElsewhere, ".symtab", Section->sh_info += 1, "wrong side")
SECTION_CASE(GlobalsBeginOutside, ".symtab", Section->sh_info = MAXULONG, "wrong side")
SYMBOL_CASE(SymbolNameOutside, "PagedRoutine", Symbol->st_name = 0x100000, "outside the string table")
SYMBOL_CASE(SymbolBinding, "PagedRoutine", Symbol->st_info = (10 << 4) | STT_FUNC, "binding 10")
SYMBOL_CASE(SymbolThreadLocal, "Initialised", Symbol->st_info = (STB_GLOBAL << 4) | STT_TLS, "thread-local")
SYMBOL_CASE(SymbolIndirect, "PagedRoutine", Symbol->st_info = (STB_GLOBAL << 4) | 10, "type 10")
SYMBOL_CASE(SymbolCommon, "Initialised", Symbol->st_shndx = SHN_COMMON, "FORCE_COMMON_ALLOCATION")
SYMBOL_CASE(SymbolSectionMissing, "PagedRoutine", Symbol->st_shndx = 300, "section 300")
SYMBOL_CASE(SymbolSectionReserved, "PagedRoutine", Symbol->st_shndx = 0xFF05, "does not exist")
SYMBOL_CASE(SymbolOffsetOutside, "PagedRoutine", Symbol->st_value = 0x10000, "leave section PAGE")
SYMBOL_CASE(SymbolSizeOutside, "PagedTable", Symbol->st_size = 16, "leave section PAGEDATA")
SYMBOL_CASE(SymbolSizeWraps, "PagedTable", Symbol->st_size = ~0ull, "leave section PAGEDATA")
SYMBOL_CASE(SymbolLocalUndefined, "LongestName", Symbol->st_shndx = SHN_UNDEF, "LongestName")
SYMBOL_CASE(SymbolNameless, "ImportedData", Symbol->st_name = 0, "neither defined")
SYMBOL_CASE(NullSymbol, "", Symbol->st_value = 1, "symbol 0")

/* DriverEntry and exports ----------------------------------------------------------------------------------------- */

SYMBOL_CASE(NoDriverEntry, "DriverEntry", ElfSymbolName(&File, Symbol)[0] = 'd', "no DriverEntry")
SYMBOL_CASE(DriverEntryIsStatic, "LongestName",
            (strcpy(ElfSymbolName(&File, ElfSymbol(&File, "DriverEntry")), "Driver"),
             strcpy(ElfSymbolName(&File, Symbol), "DriverEntry")),
            "static")
SYMBOL_CASE(DriverEntryIsVariable, "DriverEntry",
            (Symbol->st_info = (STB_GLOBAL << 4) | STT_NOTYPE), "not a function")
SYMBOL_CASE(DriverEntryInData, "DriverEntry",
            (Symbol->st_shndx = (USHORT)ElfSectionIndex(&File, "PAGEBSS")), "not in an executable section")
SYMBOL_CASE(DriverEntryAbsolute, "DriverEntry", Symbol->st_shndx = SHN_ABS, "not in an executable section")
SYMBOL_CASE(DriverEntryAtTheEnd, "DriverEntry",
            (Symbol->st_value = ElfSection(&File, "INIT")->sh_size, Symbol->st_size = 0),
            "not in an executable section")
SYMBOL_CASE(DriverEntryImported, "DriverEntry", Symbol->st_shndx = SHN_UNDEF, "no DriverEntry")
SECTION_CASE(ExportsUnterminated, ".exports",
             File.Bytes[Section->sh_offset + Section->sh_size - 1] = 'x', "do not end in a null")
SECTION_CASE(ExportOfNothing, ".exports", File.Bytes[Section->sh_offset] = 'x', "defines no global symbol")
SYMBOL_CASE(ExportIsImport, "Initialised", Symbol->st_shndx = SHN_UNDEF, "exports Initialised")
SYMBOL_CASE(ExportFromInit, "ExportedRoutine",
            (Symbol->st_shndx = (USHORT)ElfSectionIndex(&File, "INIT"), Symbol->st_value = 0, Symbol->st_size = 0),
            "discarded")

/* Damage to relocations ------------------------------------------------------------------------------------------- */

#define RELOCATION_CASE(Title, Which, Change, Words)                                                           \
    CASE(Title)                                                                                                \
    {                                                                                                          \
        ELF_FILE File = Good();                                                                                \
        ELF64_RELA *Relocation = ElfRelocations(&File, Which);                                                 \
        (void)Relocation;                                                                                      \
        Change;                                                                                                \
        ExpectBad(&File, Words);                                                                               \
    }

RELOCATION_CASE(RelocationType, "PAGE", Relocation->r_info = (Relocation->r_info & ~0xFFFFFFFFull) | 99, "type 99")
RELOCATION_CASE(RelocationGot, "PAGE",
                Relocation->r_info = (Relocation->r_info & ~0xFFFFFFFFull) | R_X86_64_REX_GOTPCRELX,
                "-fno-pic")
RELOCATION_CASE(RelocationOffset, "PAGE",
                Relocation->r_offset = ElfSection(&File, "PAGE")->sh_size, "leaves the section")
RELOCATION_CASE(RelocationOffsetWraps, "PAGE", Relocation->r_offset = ~0ull - 1, "leaves the section")
RELOCATION_CASE(RelocationWidth, ".data", Relocation->r_offset = ElfSection(&File, ".data")->sh_size - 7, "8 bytes")
RELOCATION_CASE(RelocationSymbol, "PAGE", Relocation->r_info |= 0x7FFFFFFFull << 32, "does not exist")
RELOCATION_CASE(RelocationToDebugSection, "PAGE",
                ElfSymbol(&File, "ImportedRoutine")->st_shndx = (USHORT)ElfSectionIndex(&File, ".strtab"), "not loaded")
SECTION_CASE(RelocationTarget, ".relaPAGE", Section->sh_info = 5000, "section 5000")
SECTION_CASE(RelocationTargetNull, ".relaPAGE", Section->sh_info = 0, "section 0")
SECTION_CASE(RelocationTargetTwice, ".relaPAGE", Section->sh_info = ElfSectionIndex(&File, "INIT"), "both relocate")
SECTION_CASE(RelocationTargetIsBss, ".relaPAGE", Section->sh_info = ElfSectionIndex(&File, ".bss"), "no bytes")
SECTION_CASE(RelocationSymbols, ".relaPAGE", Section->sh_link += 1, "symbol table")
SECTION_CASE(RelocationEntrySize, ".relaPAGE", Section->sh_entsize = 16, "entry size")
SECTION_CASE(RelocationSize, ".relaPAGE", Section->sh_size -= 1, "entry size")
SECTION_CASE(RelocationMisaligned, ".relaPAGE", (Section->sh_offset += 4, Section->sh_size -= 24), "alignment")
SECTION_CASE(RelocationWithoutAddends, ".relaPAGE", Section->sh_type = SHT_REL, "addends")
