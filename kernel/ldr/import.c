/*
 * Imports and exports of drivers: who takes a name from whom.
 *
 * A driver's imports are looked for in the kernel first, then in the drivers that are loaded, in their order. A
 * driver that others import from cannot be unloaded before them: each importer holds one reference on it.
 */
#include "ldr/ldrp.h"

/* Room for every module there is, since the loader lock keeps their number. IRQL: PASSIVE_LEVEL, loader lock held. */
PAGED_CODE_SECTION BOOLEAN LdrpPrepareImports(PLDR_MODULE Module)
{
    ULONG Count = 0;

    for (PLIST_ENTRY Entry = PsLoadedModuleList.Flink; Entry != &PsLoadedModuleList; Entry = Entry->Flink)
        Count++;
    Module->Imports = ExAllocatePoolWithTag(PagedPool, max(Count, 1) * sizeof(PLDR_MODULE), LDRP_TAG);
    return Module->Imports != NULL;
}

static PAGED_CODE_SECTION VOID LdrpKeepImport(PLDR_MODULE Module, PLDR_MODULE From)
{
    for (ULONG Index = 0; Index < Module->ImportCount; Index++) {
        if (Module->Imports[Index] == From)
            return;
    }
    InterlockedIncrement(&From->ReferenceCount);
    Module->Imports[Module->ImportCount++] = From;
}

/* LDR_RESOLVE_ROUTINE. Context: the importing module. */
PAGED_CODE_SECTION BOOLEAN LdrpResolveImport(PVOID Context, PCSTR Name, PULONG_PTR Address)
{
    for (PLIST_ENTRY Entry = PsLoadedModuleList.Flink; Entry != &PsLoadedModuleList; Entry = Entry->Flink) {
        PLDR_MODULE From = CONTAINING_RECORD(Entry, LDR_MODULE, ListEntry);
        PVOID Found = From->State == LdrModuleStarted ? LdrFindExport(From, Name) : NULL;
        if (Found != NULL) {
            if (From != &LdrpKernelModule)
                LdrpKeepImport(Context, From);
            *Address = (ULONG_PTR)Found;
            return TRUE;
        }
    }
    return FALSE;
}

/* IRQL: PASSIVE_LEVEL, loader lock held. */
PAGED_CODE_SECTION VOID LdrpReleaseImports(PLDR_MODULE Module)
{
    for (ULONG Index = 0; Index < Module->ImportCount; Index++)
        LdrDereferenceModule(Module->Imports[Index]);
    if (Module->Imports != NULL)
        ExFreePoolWithTag(Module->Imports, LDRP_TAG);
    Module->Imports = NULL;
    Module->ImportCount = 0;
}

typedef struct _LDRP_EXPORT_COUNT {
    ULONG Count;
    SIZE_T NameBytes;
} LDRP_EXPORT_COUNT;

static PAGED_CODE_SECTION VOID LdrpCountExport(PVOID Context, PCSTR Name, ULONG Section, ULONG_PTR Offset, SIZE_T Size)
{
    LDRP_EXPORT_COUNT *Count = Context;

    (void)Section, (void)Offset, (void)Size;
    Count->Count++;
    Count->NameBytes += strlen(Name) + 1;
}

typedef struct _LDRP_EXPORT_FILL {
    PLDR_MODULE Module;
    PCHAR Names;
} LDRP_EXPORT_FILL;

/* Inserts in order of names: exports are few. */
static PAGED_CODE_SECTION VOID LdrpFillExport(PVOID Context, PCSTR Name, ULONG Section, ULONG_PTR Offset, SIZE_T Size)
{
    LDRP_EXPORT_FILL *Fill = Context;
    PLDR_MODULE Module = Fill->Module;
    ULONG Index = Module->ExportCount++;

    (void)Size;
    strcpy(Fill->Names, Name);
    for (; Index > 0 && strcmp(Module->Exports[Index - 1].Name, Name) > 0; Index--)
        Module->Exports[Index] = Module->Exports[Index - 1];
    Module->Exports[Index] = (LDR_EXPORT){Fill->Names, (PVOID)(Module->Sections[Section].Base + Offset)};
    Fill->Names += strlen(Name) + 1;
}

/*
 * The driver's exports, names included, in one block of paged pool: only the loader reads them. FALSE: no memory.
 * IRQL: PASSIVE_LEVEL.
 */
PAGED_CODE_SECTION BOOLEAN LdrpCollectExports(PLDR_MODULE Module, const LDR_ELF_IMAGE *Elf)
{
    LDRP_EXPORT_COUNT Total = {0};
    LDRP_EXPORT_FILL Fill = {.Module = Module};

    LdrElfEnumerateExports(Elf, LdrpCountExport, &Total);
    if (Total.Count == 0)
        return TRUE;
    Module->Exports = ExAllocatePoolWithTag(PagedPool, Total.Count * sizeof(LDR_EXPORT) + Total.NameBytes, LDRP_TAG);
    if (Module->Exports == NULL)
        return FALSE;
    Fill.Names = (PCHAR)(Module->Exports + Total.Count);
    LdrElfEnumerateExports(Elf, LdrpFillExport, &Fill);
    return TRUE;
}
