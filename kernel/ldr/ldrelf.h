/*
 * Images as bytes: what the loader reads out of a driver's or a program's ELF file, checked, classified, laid out and
 * relocated. All of it is a function of its arguments: no globals, no allocation, no other room of the kernel but Rtl,
 * so that the host compiles it too and feeds it every kind of damage.
 *
 * A driver goes through these steps, in this order; whatever fails, nothing needs undoing here:
 *
 *   LdrElfValidateDriver    everything that can be wrong with the file alone, and the layout
 *   LdrElfResolveImports    every name that the driver does not define itself
 *   LdrElfRelocateSection   for each section: its bytes as they stand at the image's address
 *   LdrElfEnumerateExports, LdrElfEnumerateSymbols  what other drivers and stack traces may know of it
 *
 * Trust: a filled LDR_ELF_IMAGE proves that the file holds what the image says of it, at the time of the call. The
 * caller keeps the file's bytes as they are for as long as it uses the image; a file that others can write to is copied
 * first. File must be aligned on 8 bytes.
 *
 * IRQL: PASSIVE_LEVEL or APC_LEVEL, since files and images lie in pageable memory. Nothing here waits otherwise.
 *
 * Exports of a driver. EXPORT_DRIVER_ROUTINE(Name) puts the name, as text that ends in a null, into the section
 * `.exports`; the address is that of the global symbol with this name. So an export needs no relocation, and there is
 * nothing in the section that could point astray: each text in it either names a global definition or fails the load.
 * The section itself is never placed in memory.
 */
#pragma once

#include "ntdef.h"
#include "ntstatus.h"

#define LDR_PAGE_SIZE               4096u
#define LDR_MAXIMUM_FILE_SECTIONS   512         /* in a driver's file, those for debuggers included */
#define LDR_MAXIMUM_SECTIONS        128         /* that are placed in memory */
#define LDR_MAXIMUM_IMAGE_PAGES     16384u      /* 64 MiB */
#define LDR_MAXIMUM_SEGMENTS        16          /* of a program */
#define LDR_MAXIMUM_STACK           0x1000000u  /* that a program may ask for: 16 MiB */
#define LDR_PROGRAM_START           0x0000000000010000ull
#define LDR_PROGRAM_END             0x00007FFFFFFF0000ull

#define LDR_READ    1u      /* protections, the same bits as MM_SECTION_READ and its neighbours */
#define LDR_WRITE   2u
#define LDR_EXECUTE 4u

/* Reports: what is wrong, where, and what to do, in one line without a full stop or line end --------------------- */

typedef VOID LDR_WARNING_ROUTINE(PVOID Context, PCSTR Text);

typedef struct _LDR_REPORT {
    CHAR Error[224];                /* set by every failure, printable ASCII */
    LDR_WARNING_ROUTINE *Warning;   /* may be NULL: called for what loads, but perhaps not as its author thinks */
    PVOID WarningContext;
} LDR_REPORT, *PLDR_REPORT;

/* Drivers --------------------------------------------------------------------------------------------------------- */

typedef enum _LDR_SECTION_KIND { LdrSectionNonpaged, LdrSectionPageable, LdrSectionInit } LDR_SECTION_KIND;

/* One section that is placed in memory: pages of its own, since a section is the unit of pageability and locking. */
typedef struct _LDR_ELF_SECTION {
    PCSTR Name;                     /* in the file */
    const UCHAR *Data;              /* in the file; NULL: all zeroes, and the file has no bytes for it */
    SIZE_T Size;                    /* in bytes, not zero */
    ULONG PageOffset;               /* from the image's base */
    ULONG PageCount;
    USHORT FileIndex;               /* in the file's section table */
    USHORT RelocationIndex;         /* of its relocation section there, or 0 */
    UCHAR Kind;                     /* LDR_SECTION_KIND */
    UCHAR Protection;               /* LDR_READ | ... */
} LDR_ELF_SECTION, *PLDR_ELF_SECTION;

/* About 9 KiB: allocate it. */
typedef struct _LDR_ELF_IMAGE {
    const UCHAR *File;
    SIZE_T FileSize;
    const struct _ELF64_SHDR *FileSections;
    ULONG FileSectionCount;
    PCSTR SectionNames;
    SIZE_T SectionNamesSize;
    const struct _ELF64_SYM *Symbols;
    ULONG SymbolCount;
    ULONG SymbolTableIndex;         /* in the file's section table */
    PCSTR SymbolNames;
    SIZE_T SymbolNamesSize;
    const CHAR *Exports;            /* the texts of `.exports`, or NULL */
    SIZE_T ExportsSize;
    ULONG EntrySection;             /* where DriverEntry is: index into Sections, and offset in it */
    ULONG_PTR EntryOffset;
    ULONG PageCount;                /* of the whole image */
    ULONG SectionCount;
    LDR_ELF_SECTION Sections[LDR_MAXIMUM_SECTIONS];
    UCHAR PlacedAs[LDR_MAXIMUM_FILE_SECTIONS];  /* file section -> index into Sections, or LDR_NOT_PLACED */
} LDR_ELF_IMAGE, *PLDR_ELF_IMAGE;

#define LDR_NOT_PLACED 0xFF

/*
 * Checks a driver's file and fills Image: headers, sections, names, symbols, relocations, exports, DriverEntry, layout.
 *
 * Layout: sections in the file's order, each on pages of its own, from page 0 on. Sections that are empty, or that only
 * debuggers and linkers read, take no page. This costs a page for a .rodata of a few bytes; it buys that every section
 * can be seen, paged, locked and protected by itself, and that reading past a short literal stays on its page.
 *
 * Fails with STATUS_INVALID_IMAGE_FORMAT, or STATUS_SECTION_TOO_BIG when a limit above is exceeded; Report->Error
 * says what and where. Warns of names that look like PAGE or INIT and are not.
 */
NTSTATUS LdrElfValidateDriver(const VOID *File, SIZE_T Size, PLDR_ELF_IMAGE Image, PLDR_REPORT Report);

/* What a section's name asks for (DESIGN: case-sensitive). */
typedef enum _LDR_NAME_VERDICT {
    LdrNameNonpaged,
    LdrNamePageable,
    LdrNameInit,
    LdrNameNearMiss,                /* nonpaged, but differs from a pageable or INIT name by its case only */
    LdrNameTooLong                  /* begins with PAGE or .page and goes on for more than four characters */
} LDR_NAME_VERDICT;

LDR_NAME_VERDICT LdrElfClassifyName(PCSTR Name);

/* Finds what the driver does not define itself. FALSE: nobody exports it. */
typedef BOOLEAN LDR_RESOLVE_ROUTINE(PVOID Context, PCSTR Name, PULONG_PTR Address);

/*
 * Looks up every undefined symbol once; Addresses has Image->SymbolCount entries and is valid for LdrElfRelocateSection
 * afterwards. A weak symbol that nobody exports is at address 0. Fails with STATUS_DRIVER_ENTRYPOINT_NOT_FOUND, naming
 * the first unresolved symbol and how many more there are.
 */
NTSTATUS LdrElfResolveImports(const LDR_ELF_IMAGE *Image, LDR_RESOLVE_ROUTINE *Resolve, PVOID Context,
                              PULONG_PTR Addresses, PLDR_REPORT Report);

/*
 * Puts a section's bytes, as they must stand when the image is at ImageBase, into Bytes, which has room for
 * Section->PageCount pages; what lies behind the section's own size is zeroed. Fails with STATUS_INVALID_IMAGE_FORMAT
 * when a 32-bit relocation cannot reach its target.
 */
NTSTATUS LdrElfRelocateSection(const LDR_ELF_IMAGE *Image, ULONG Section, ULONG_PTR ImageBase,
                               const ULONG_PTR *Addresses, PUCHAR Bytes, PLDR_REPORT Report);

/* Called for a symbol: the section that holds it (index into Image->Sections), offset and size in it. */
typedef VOID LDR_SYMBOL_ROUTINE(PVOID Context, PCSTR Name, ULONG Section, ULONG_PTR Offset, SIZE_T Size);

VOID LdrElfEnumerateExports(const LDR_ELF_IMAGE *Image, LDR_SYMBOL_ROUTINE *Routine, PVOID Context);
/* Functions and variables, static ones too: a fault names both the code and what it touched. */
VOID LdrElfEnumerateSymbols(const LDR_ELF_IMAGE *Image, LDR_SYMBOL_ROUTINE *Routine, PVOID Context);

/* Programs -------------------------------------------------------------------------------------------------------- */

/* Address and FileOffset are congruent in the page; bytes behind FileSize are zero. */
typedef struct _LDR_ELF_SEGMENT {
    ULONG_PTR Address;
    SIZE_T MemorySize;              /* not zero */
    SIZE_T FileOffset;
    SIZE_T FileSize;
    UCHAR Protection;
} LDR_ELF_SEGMENT, *PLDR_ELF_SEGMENT;

typedef struct _LDR_ELF_PROGRAM {
    ULONG_PTR Entry;
    SIZE_T StackSize;               /* what PT_GNU_STACK asks for (ld -z stack-size=N), 0: nothing */
    ULONG SegmentCount;
    LDR_ELF_SEGMENT Segments[LDR_MAXIMUM_SEGMENTS]; /* ascending by address, no page in two of them */
} LDR_ELF_PROGRAM, *PLDR_ELF_PROGRAM;

/*
 * Checks a static program (ET_EXEC) and lists what to map. Only the first Size bytes of the file's FileSize are at
 * File: both headers must lie there. Fails like LdrElfValidateDriver.
 */
NTSTATUS LdrElfValidateProgram(const VOID *File, SIZE_T Size, ULONG64 FileSize, PLDR_ELF_PROGRAM Program,
                               PLDR_REPORT Report);
