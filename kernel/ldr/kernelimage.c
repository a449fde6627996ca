/*
 * The kernel as a module: the linker's section bounds become MM_SECTIONs, so that `sections`, bugchecks and the
 * section locks treat the kernel's own PAGE and INIT as they treat a driver's.
 */
#include "ldr/ldrp.h"

/* linker.ld */
extern CHAR KernelImageStart[], KernelImageEnd[];
extern const LDR_EXPORT KernelExportsStart[], KernelExportsEnd[];
/* tools/kernel-symbols.py */
extern const ULONG KdSymbolCount, KdSymbolOffsets[], KdSymbolNames[];
extern const CHAR KdSymbolStrings[];

LDR_MODULE LdrpKernelModule;

#define R MM_SECTION_READ
#define W MM_SECTION_WRITE
#define X MM_SECTION_EXECUTE

/* Ascending by address, as linker.ld lays them out. List(name, part of the linker's symbols, kind, protection) */
#define LDRP_KERNEL_SECTIONS(List)                              \
    List(".text", Text, MmSectionNonpaged, R | X)               \
    List("PAGE", Page, MmSectionPageable, R | X)                \
    List("INIT", Init, MmSectionInit, R | X)                    \
    List(".rodata", Rodata, MmSectionNonpaged, R)               \
    List(".data", Data, MmSectionNonpaged, R | W)               \
    List("PAGEDATA", PageData, MmSectionPageable, R | W)        \
    List("INITDATA", InitData, MmSectionInit, R | W)            \
    List(".bss", Bss, MmSectionNonpaged, R | W)

#define LDRP_DECLARE(Name, Part, Kind, Protection) extern CHAR Kernel##Part##Start[], Kernel##Part##End[];
LDRP_KERNEL_SECTIONS(LDRP_DECLARE)

typedef struct _LDRP_KERNEL_SECTION {
    PCSTR Name;
    PCHAR Start, End;
    UCHAR Kind, Protection;
} LDRP_KERNEL_SECTION;

#define LDRP_ENTRY(Name, Part, Kind, Protection) {Name, Kernel##Part##Start, Kernel##Part##End, Kind, Protection},
static INIT_DATA LDRP_KERNEL_SECTION LdrpKernelLayout[] = {LDRP_KERNEL_SECTIONS(LDRP_ENTRY)};

static MM_SECTION LdrpKernelSections[ARRAYSIZE(LdrpKernelLayout)];

/* IRQL: PASSIVE_LEVEL, at boot, one thread. Cannot fail: all storage is the kernel's own. */
INIT_CODE VOID LdrInitialize(VOID)
{
    PLDR_MODULE Module = &LdrpKernelModule;

    LdrpInitializeLocks();
    strcpy(Module->Name, LDRP_KERNEL_NAME);
    Module->Base = KernelImageStart;
    Module->Size = (SIZE_T)(KernelImageEnd - KernelImageStart);
    Module->State = LdrModuleStarted;
    Module->Exports = (PLDR_EXPORT)KernelExportsStart;
    Module->ExportCount = (ULONG)(KernelExportsEnd - KernelExportsStart);
    Module->Symbols.Count = KdSymbolCount;
    Module->Symbols.Offsets = KdSymbolOffsets;
    Module->Symbols.Names = KdSymbolNames;
    Module->Symbols.Strings = KdSymbolStrings;
    Module->Sections = LdrpKernelSections;
    for (ULONG Index = 0; Index < ARRAYSIZE(LdrpKernelLayout); Index++) {
        LDRP_KERNEL_SECTION *Layout = &LdrpKernelLayout[Index];
        PMM_SECTION Section = &LdrpKernelSections[Module->SectionCount];
        /* A kernel without pageable data, say, has no such section: an empty one has no address to stand for it. */
        if (Layout->Start == Layout->End)
            continue;
        Section->Owner = Module->Name;
        strcpy(Section->Name, Layout->Name);
        Section->Base = (ULONG_PTR)Layout->Start;
        Section->PageCount = (ULONG)((Layout->End - Layout->Start) >> PAGE_SHIFT);
        Section->Kind = Layout->Kind;
        Section->Protection = Layout->Protection;
        Module->SectionCount++;
    }
    MmInitializeKernelImage(&Module->Image, Module->Name, (ULONG_PTR)Module->Base, (ULONG)(Module->Size >> PAGE_SHIFT),
                            Module->Sections, Module->SectionCount);
    LdrpInsertModule(Module);
}
