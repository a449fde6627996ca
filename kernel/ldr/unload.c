/*
 * Unloading a driver: who may still need it is asked first, then its unload routine runs, then its memory goes.
 */
#include "ldr/ldrp.h"
#include "io/io.h"

/* IRQL: PASSIVE_LEVEL, loader lock held. Nothing runs in the module any more. */
PAGED_CODE_SECTION VOID LdrpDeleteModule(PLDR_MODULE Module)
{
    if (Module->State != LdrModuleLoading) {
        KdModuleUnloaded(Module);
        LdrpRemoveModule(Module);
    }
    /* A DPC that the driver queued last may still be on its way through a section. */
    KeFlushQueuedDpcs();
    for (ULONG Index = Module->SectionCount; Index > 0; Index--)
        MmDeleteImageSection(&Module->Sections[Index - 1]);
    MmReleaseImage(&Module->Image);
    LdrpReleaseImports(Module);
    LdrpReleaseSymbols(Module);
    if (Module->Exports != NULL)
        ExFreePoolWithTag(Module->Exports, LDRP_TAG);
    ExFreePoolWithTag(Module, LDRP_TAG);
}

/* Whether From is among what Module imports from. */
static PAGED_CODE_SECTION BOOLEAN LdrpImportsFrom(PLDR_MODULE Module, PLDR_MODULE From)
{
    for (ULONG Index = 0; Index < Module->ImportCount; Index++) {
        if (Module->Imports[Index] == From)
            return TRUE;
    }
    return FALSE;
}

/* Says who keeps the module: each importing driver by name, the rest are programs' section locks. */
static PAGED_CODE_SECTION VOID LdrpExplainReferences(PLDR_MODULE Module)
{
    LONG Handles = Module->ReferenceCount;

    for (PLIST_ENTRY Entry = PsLoadedModuleList.Flink; Entry != &PsLoadedModuleList; Entry = Entry->Flink) {
        PLDR_MODULE Other = CONTAINING_RECORD(Entry, LDR_MODULE, ListEntry);
        if (LdrpImportsFrom(Other, Module)) {
            DbgPrint("ldr: %s cannot be unloaded: %s imports from it; unload that first\n", Module->Name, Other->Name);
            Handles--;
        }
    }
    if (Handles > 0)
        DbgPrint("ldr: %s cannot be unloaded: programs hold %d lock(s) on its sections; unlock them first\n",
                 Module->Name, Handles);
}

/* IRQL: PASSIVE_LEVEL. Takes the loader lock. */
PAGED_CODE_SECTION NTSTATUS LdrUnloadDriver(PCSTR Name)
{
    PLDR_MODULE Module;
    NTSTATUS Status;

    LdrAcquireLoaderLock();
    Module = LdrFindModuleByName(Name);
    if (Module == NULL) {
        Status = STATUS_NOT_FOUND;
    } else if (Module == &LdrpKernelModule) {
        Status = STATUS_INVALID_DEVICE_REQUEST;
    } else if (Module->State != LdrModuleStarted) {
        Status = STATUS_DEVICE_BUSY;
    } else if (Module->ReferenceCount != 0) {
        LdrpExplainReferences(Module);
        Status = STATUS_DEVICE_BUSY;
    } else {
        Module->State = LdrModuleUnloading;
        Status = IoUnloadDriver(Module->DriverObject);
        if (NT_SUCCESS(Status))
            LdrpDeleteModule(Module);
        else
            Module->State = LdrModuleStarted;
    }
    LdrReleaseLoaderLock();
    return Status;
}
