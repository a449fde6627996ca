/*
 * A driver's file, checked from the outside in: the ELF header, the section table, and which sections are placed where.
 * Symbols are checked in ldrsym.c, relocations in ldrreloc.c. Nothing is used before it has been checked, and every
 * length comes with the size that bounds it.
 */
#include "rtl/rtl.h"
#include "ldrelfp.h"

#define LDRP_LONGEST_SECTION_NAME 63

NTSTATUS LdrpElfCheckHeader(const VOID *File, SIZE_T Size, USHORT Type, PLDR_REPORT Report)
{
    const ELF64_EHDR *Header = File;
    NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;

    if ((ULONG_PTR)File % sizeof(ULONG64) != 0) {
        return LdrpElfFail(Report, STATUS_DATATYPE_MISALIGNMENT, "the buffer that holds the file is not aligned on 8");
    }
    if (Size < sizeof(ELF64_EHDR)) {
        return LdrpElfFail(Report, Bad, "the file has %I64u bytes, an ELF header alone has %u", Size,
                           (ULONG)sizeof(ELF64_EHDR));
    }
    if (memcmp(Header->e_ident, ELFMAG, SELFMAG) != 0) {
        return LdrpElfFail(Report, Bad, "the file does not begin with the ELF magic number");
    }
    if (Header->e_ident[EI_CLASS] != ELFCLASS64 || Header->e_ident[EI_DATA] != ELFDATA2LSB) {
        return LdrpElfFail(Report, Bad, "the file is not 64-bit little-endian ELF (class %u, data %u)",
                           Header->e_ident[EI_CLASS], Header->e_ident[EI_DATA]);
    }
    if (Header->e_ident[EI_VERSION] != EV_CURRENT || Header->e_version != EV_CURRENT) {
        return LdrpElfFail(Report, Bad, "the file has ELF version %u, not 1", Header->e_version);
    }
    if (Header->e_ident[EI_OSABI] != ELFOSABI_NONE && Header->e_ident[EI_OSABI] != ELFOSABI_GNU) {
        return LdrpElfFail(Report, Bad, "the file is for another system (ELF OS ABI %u)", Header->e_ident[EI_OSABI]);
    }
    if (Header->e_machine != EM_X86_64) {
        return LdrpElfFail(Report, Bad, "the file is for machine %u, not for x86-64 (%u)", Header->e_machine,
                           EM_X86_64);
    }
    if (Header->e_type != Type) {
        return LdrpElfFail(Report, Bad,
                           Type == ET_REL ? "the file has ELF type %u: a driver is relocatable (1), linked with ld -r"
                                          : "the file has ELF type %u: a program is static (2), linked -static -no-pie",
                           Header->e_type);
    }
    if (Header->e_ehsize != sizeof(ELF64_EHDR)) {
        return LdrpElfFail(Report, Bad, "the ELF header says it has %u bytes, not %u", Header->e_ehsize,
                           (ULONG)sizeof(ELF64_EHDR));
    }
    return STATUS_SUCCESS;
}

/* Finds the section table and the names in it. */
static NTSTATUS LdrpCheckSectionTable(PLDR_ELF_IMAGE Image, PLDR_REPORT Report)
{
    const ELF64_EHDR *Header = (const ELF64_EHDR *)Image->File;
    ULONG64 TableSize = (ULONG64)Header->e_shnum * sizeof(ELF64_SHDR);
    NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;
    const ELF64_SHDR *Names;

    if (Header->e_shentsize != sizeof(ELF64_SHDR)) {
        return LdrpElfFail(Report, Bad, "a section header has %u bytes, not %u", Header->e_shentsize,
                           (ULONG)sizeof(ELF64_SHDR));
    }
    if (Header->e_shnum < 2) {
        return LdrpElfFail(Report, Bad, "the file has no section table");
    }
    if (Header->e_shnum > LDR_MAXIMUM_FILE_SECTIONS) {
        return LdrpElfFail(Report, STATUS_SECTION_TOO_BIG, "the file has %u sections, at most %u are allowed",
                           Header->e_shnum, LDR_MAXIMUM_FILE_SECTIONS);
    }
    if (Header->e_shoff % sizeof(ULONG64) != 0 || !LdrpInside(Header->e_shoff, TableSize, Image->FileSize)) {
        return LdrpElfFail(
            Report, Bad,
            "the section table (offset %#I64x, %I64u bytes) is misaligned or leaves the file (%I64u bytes)",
            Header->e_shoff, TableSize, Image->FileSize);
    }
    Image->FileSections = (const ELF64_SHDR *)(Image->File + Header->e_shoff);
    Image->FileSectionCount = Header->e_shnum;

    if (Header->e_shstrndx == SHN_UNDEF || Header->e_shstrndx >= Header->e_shnum) {
        return LdrpElfFail(Report, Bad, "section %u, which should hold the sections' names, does not exist",
                           Header->e_shstrndx);
    }
    Names = &Image->FileSections[Header->e_shstrndx];
    if (Names->sh_type != SHT_STRTAB || Names->sh_size == 0 ||
        !LdrpInside(Names->sh_offset, Names->sh_size, Image->FileSize) ||
        Image->File[Names->sh_offset + Names->sh_size - 1] != 0) {
        return LdrpElfFail(Report, Bad, "section %u, which should hold the sections' names, is no string table",
                           Header->e_shstrndx);
    }
    Image->SectionNames = (PCSTR)Image->File + Names->sh_offset;
    Image->SectionNamesSize = Names->sh_size;
    return STATUS_SUCCESS;
}

/* A name is short and printable, so that people can type it. */
static BOOLEAN LdrpNameIsReadable(PCSTR Name)
{
    SIZE_T Length = strlen(Name);

    for (SIZE_T Index = 0; Index < Length; Index++) {
        if (!isprint((UCHAR)Name[Index]) || Name[Index] == ' ') {
            return FALSE;
        }
    }
    return Length != 0 && Length <= LDRP_LONGEST_SECTION_NAME;
}

/* What holds for every section, whether it is placed or not. */
static NTSTATUS LdrpCheckSection(PLDR_ELF_IMAGE Image, ULONG Index, PLDR_REPORT Report)
{
    const ELF64_SHDR *Section = &Image->FileSections[Index];
    NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;
    PCSTR Name;

    if (Section->sh_name >= Image->SectionNamesSize) {
        return LdrpElfFail(Report, Bad, "section %u: its name (offset %u) lies outside the string table", Index,
                           Section->sh_name);
    }
    Name = Image->SectionNames + Section->sh_name;
    if (Section->sh_type == SHT_NULL) {
        return STATUS_SUCCESS;
    }
    if (!LdrpNameIsReadable(Name)) {
        return LdrpElfFail(Report, Bad,
                           "section %u: its name \"" LDRP_SHOWN "\" is empty, not printable or longer than %u",
                           Index, Name, LDRP_LONGEST_SECTION_NAME);
    }
    if (Section->sh_type != SHT_NOBITS && !LdrpInside(Section->sh_offset, Section->sh_size, Image->FileSize)) {
        return LdrpElfFail(Report, Bad,
                           "section %u (" LDRP_SHOWN "): offset %#I64x and size %#I64x leave the file (%#I64x bytes)",
                           Index, Name, Section->sh_offset, Section->sh_size, Image->FileSize);
    }
    if (Section->sh_addralign > LDR_PAGE_SIZE || (Section->sh_addralign & (Section->sh_addralign - 1)) != 0) {
        return LdrpElfFail(Report, Bad, "section %u (" LDRP_SHOWN "): alignment %#I64x is not a power of two up to %u",
                           Index, Name, Section->sh_addralign, LDR_PAGE_SIZE);
    }
    if (Section->sh_type == SHT_SYMTAB_SHNDX) {
        return LdrpElfFail(Report, STATUS_SECTION_TOO_BIG, "section %u (" LDRP_SHOWN "): extended section numbers",
                           Index, Name);
    }
    return STATUS_SUCCESS;
}

NTSTATUS LdrpElfCheckSections(PLDR_ELF_IMAGE Image, PLDR_REPORT Report)
{
    NTSTATUS Status = LdrpCheckSectionTable(Image, Report);

    for (ULONG Index = 0; NT_SUCCESS(Status) && Index < Image->FileSectionCount; Index++) {
        Status = LdrpCheckSection(Image, Index, Report);
    }
    return Status;
}

/* Whether a section is in memory at run time. The ABI allocates notes and unwind tables too, but nobody reads them. */
static BOOLEAN LdrpIsPlaced(const LDR_ELF_IMAGE *Image, const ELF64_SHDR *Section)
{
    PCSTR Name = Image->SectionNames + Section->sh_name;

    return (Section->sh_flags & SHF_ALLOC) != 0 && Section->sh_size != 0 && Section->sh_type != SHT_NULL &&
        Section->sh_type != SHT_NOTE && strcmp(Name, ".eh_frame") != 0 && strcmp(Name, ".exports") != 0;
}

/* Translates a name into a kind. */
static NTSTATUS LdrpClassify(PCSTR Name, PLDR_ELF_SECTION Placed, PLDR_REPORT Report)
{
    switch (LdrElfClassifyName(Name)) {
    case LdrNamePageable:
        Placed->Kind = LdrSectionPageable;
        return STATUS_SUCCESS;
    case LdrNameInit:
        Placed->Kind = LdrSectionInit;
        return STATUS_SUCCESS;
    case LdrNameTooLong:
        return LdrpElfFail(Report, STATUS_INVALID_IMAGE_FORMAT,
                           "section " LDRP_SHOWN ": a pageable section's name is "
                           "PAGE or .page and at most four more characters",
                           Name);
    case LdrNameNearMiss:
        LdrpElfWarn(Report,
                    "section " LDRP_SHOWN " is nonpaged: names are case-sensitive, only PAGE, .page, INIT, "
                    ".init and .edata in just this case are special",
                    Name);
        Placed->Kind = LdrSectionNonpaged;
        return STATUS_SUCCESS;
    default:
        Placed->Kind = LdrSectionNonpaged;
        return STATUS_SUCCESS;
    }
}

/* A section shares neither its name nor its bytes with one that was placed before it. */
static NTSTATUS LdrpCheckDistinct(PLDR_ELF_IMAGE Image, const LDR_ELF_SECTION *New, PLDR_REPORT Report)
{
    NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;

    for (ULONG Index = 0; Index < Image->SectionCount; Index++) {
        const LDR_ELF_SECTION *Old = &Image->Sections[Index];
        if (strcmp(Old->Name, New->Name) == 0) {
            if ((Old->Protection ^ New->Protection) & LDR_EXECUTE) {
                return LdrpElfFail(Report, Bad,
                                   "sections %u and %u: the name " LDRP_SHOWN
                                   " is used for both code and data; give the data another name, like PAGEDATA",
                                   Old->FileIndex, New->FileIndex, New->Name);
            }
            return LdrpElfFail(Report, Bad,
                               "sections %u and %u are both named " LDRP_SHOWN "; link them into one with ld -r",
                               Old->FileIndex, New->FileIndex, New->Name);
        }
        if (Old->Data != NULL && New->Data != NULL && Old->Data < New->Data + New->Size &&
            New->Data < Old->Data + Old->Size) {
            return LdrpElfFail(Report, Bad, "sections " LDRP_SHOWN " and " LDRP_SHOWN " overlap in the file", Old->Name,
                               New->Name);
        }
    }
    return STATUS_SUCCESS;
}

/* Describes one placed section, except for its pages, in *New. */
static NTSTATUS LdrpDescribeSection(PLDR_ELF_IMAGE Image, ULONG Index, PLDR_ELF_SECTION New, PLDR_REPORT Report)
{
    const ELF64_SHDR *Section = &Image->FileSections[Index];
    PCSTR Name = LdrpSectionName(Image, Index);
    NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;

    *New = (LDR_ELF_SECTION){.Name = Name, .Size = Section->sh_size, .FileIndex = (USHORT)Index};
    switch (Section->sh_type) {
    case SHT_PROGBITS:
    case SHT_INIT_ARRAY:
    case SHT_FINI_ARRAY:
    case SHT_PREINIT_ARRAY:
        New->Data = Image->File + Section->sh_offset;
        break;
    case SHT_NOBITS:
        break;
    default:
        return LdrpElfFail(Report, Bad, "section " LDRP_SHOWN ": a section of type %#x cannot be loaded", Name,
                           Section->sh_type);
    }
    if (Section->sh_flags & (SHF_TLS | SHF_COMPRESSED)) {
        return LdrpElfFail(Report, Bad, "section " LDRP_SHOWN ": thread-local and compressed sections cannot be loaded",
                           Name);
    }
    New->Protection = LDR_READ | (Section->sh_flags & SHF_WRITE ? LDR_WRITE : 0) |
        (Section->sh_flags & SHF_EXECINSTR ? LDR_EXECUTE : 0);
    if ((New->Protection & LDR_WRITE) && (New->Protection & LDR_EXECUTE)) {
        return LdrpElfFail(Report, Bad,
                           "section " LDRP_SHOWN " is both writable and executable: is its name used for "
                           "both code and data?",
                           Name);
    }
    if (New->Data == NULL && (New->Protection & LDR_EXECUTE)) {
        return LdrpElfFail(Report, Bad, "section " LDRP_SHOWN " is executable, but the file has no bytes for it", Name);
    }
    if (Section->sh_size > (ULONG64)LDR_MAXIMUM_IMAGE_PAGES * LDR_PAGE_SIZE) {
        return LdrpElfFail(Report, STATUS_SECTION_TOO_BIG,
                           "section " LDRP_SHOWN " has %I64u bytes; an image has at most %u MiB",
                           Name, Section->sh_size, LDR_MAXIMUM_IMAGE_PAGES / (0x100000 / LDR_PAGE_SIZE));
    }
    return LdrpClassify(Name, New, Report);
}

/* Lists the sections that are placed in memory, gives each its pages, and finds `.exports`. */
NTSTATUS LdrpElfPlaceSections(PLDR_ELF_IMAGE Image, PLDR_REPORT Report)
{
    memset(Image->PlacedAs, LDR_NOT_PLACED, sizeof(Image->PlacedAs));
    for (ULONG Index = 1; Index < Image->FileSectionCount; Index++) {
        const ELF64_SHDR *Section = &Image->FileSections[Index];
        LDR_ELF_SECTION New;
        NTSTATUS Status;

        if (Section->sh_type == SHT_PROGBITS && strcmp(LdrpSectionName(Image, Index), ".exports") == 0) {
            if (Image->Exports != NULL) {
                return LdrpElfFail(Report, STATUS_INVALID_IMAGE_FORMAT, "the file has two sections .exports");
            }
            Image->Exports = (const CHAR *)Image->File + Section->sh_offset;
            Image->ExportsSize = Section->sh_size;
        }
        if (!LdrpIsPlaced(Image, Section)) {
            continue;
        }
        Status = LdrpDescribeSection(Image, Index, &New, Report);
        if (NT_SUCCESS(Status)) {
            Status = LdrpCheckDistinct(Image, &New, Report);
        }
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
        New.PageOffset = Image->PageCount;
        New.PageCount = (ULONG)((New.Size + LDR_PAGE_SIZE - 1) / LDR_PAGE_SIZE);
        if (Image->SectionCount == LDR_MAXIMUM_SECTIONS || New.PageCount > LDR_MAXIMUM_IMAGE_PAGES - Image->PageCount) {
            return LdrpElfFail(Report, STATUS_SECTION_TOO_BIG,
                               "section " LDRP_SHOWN ": an image has at most %u sections and %u MiB", New.Name,
                               LDR_MAXIMUM_SECTIONS, LDR_MAXIMUM_IMAGE_PAGES / (0x100000 / LDR_PAGE_SIZE));
        }
        Image->PageCount += New.PageCount;
        Image->PlacedAs[Index] = (UCHAR)Image->SectionCount;
        Image->Sections[Image->SectionCount++] = New;
    }
    return STATUS_SUCCESS;
}

NTSTATUS LdrElfValidateDriver(const VOID *File, SIZE_T Size, PLDR_ELF_IMAGE Image, PLDR_REPORT Report)
{
    static NTSTATUS (*const Steps[])(PLDR_ELF_IMAGE Image, PLDR_REPORT Report) = {
        LdrpElfCheckSections, LdrpElfPlaceSections, LdrpElfCheckSymbols,
        LdrpElfCheckEntry,    LdrpElfCheckExports,  LdrpElfCheckRelocations,
    };
    NTSTATUS Status;

    memset(Image, 0, sizeof(*Image));
    Image->File = File;
    Image->FileSize = Size;
    Report->Error[0] = 0;
    Status = LdrpElfCheckHeader(File, Size, ET_REL, Report);
    for (SIZE_T Step = 0; NT_SUCCESS(Status) && Step < ARRAYSIZE(Steps); Step++) {
        Status = Steps[Step](Image, Report);
    }
    return Status;
}
