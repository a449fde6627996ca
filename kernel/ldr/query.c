/*
 * What the shell's `drivers` and `sections` ask: the modules and their sections as plain data.
 */
#include "ldr/ldrp.h"
#include "io/io.h"

/* Kinds and protections go out as Mm numbers them. */
C_ASSERT(LDR_SECTION_NONPAGED == MmSectionNonpaged && LDR_SECTION_PAGEABLE == MmSectionPageable);
C_ASSERT(LDR_SECTION_INIT == MmSectionInit && LDR_SECTION_DISCARDED == MmSectionDiscarded);
C_ASSERT(LDR_SECTION_READ == MM_SECTION_READ && LDR_SECTION_WRITE == MM_SECTION_WRITE);
C_ASSERT(LDR_SECTION_EXECUTE == MM_SECTION_EXECUTE);

/* IRQL: PASSIVE_LEVEL. Takes the loader lock. */
PAGED_CODE_SECTION NTSTATUS LdrQueryModules(PLDR_MODULE_INFORMATION Entries, ULONG Capacity, PULONG Count)
{
    ULONG Index = 0;

    LdrAcquireLoaderLock();
    for (PLIST_ENTRY Entry = PsLoadedModuleList.Flink; Entry != &PsLoadedModuleList; Entry = Entry->Flink, Index++) {
        PLDR_MODULE Module = CONTAINING_RECORD(Entry, LDR_MODULE, ListEntry);
        if (Index < Capacity) {
            PLDR_MODULE_INFORMATION Information = &Entries[Index];
            RtlZeroMemory(Information, sizeof(*Information));
            strcpy(Information->Name, Module->Name);
            Information->Base = (ULONG64)(ULONG_PTR)Module->Base;
            Information->Size = Module->Size;
            Information->State = Module->State;
            Information->SectionCount = Module->SectionCount;
            if (Module->DriverObject != NULL)
                Information->DeviceCount = IoQueryDeviceCount(Module->DriverObject);
            Information->ReferenceCount = (ULONG)Module->ReferenceCount;
        }
    }
    LdrReleaseLoaderLock();
    *Count = Index;
    return Index <= Capacity ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
}

/*
 * The counters are read without Mm's lock: each is right for some moment of the call, as a snapshot of a running
 * system can be. A copy on the stack first, since Entries may be pageable and a fault on it could change the very
 * counters.
 */
static PAGED_CODE_SECTION VOID LdrpDescribeSection(PMM_SECTION Section, PLDR_SECTION_INFORMATION Entry)
{
    LDR_SECTION_INFORMATION Information = {
        .Base = Section->Base,
        .Kind = Section->Kind,
        .Protection = Section->Protection,
        .Pages = Section->PageCount,
        .ResidentPages = Section->ResidentPages,
        .LockCount = Section->LockCount,
        .PageIns = Section->PageIns,
        .PageOuts = Section->PageOuts,
        .RaisedUses = Section->RaisedUses,
    };

    strcpy(Information.Driver, CONTAINING_RECORD(Section->Image, LDR_MODULE, Image)->Name);
    strcpy(Information.Name, Section->Name);
    *Entry = Information;
}

/* IRQL: PASSIVE_LEVEL. Takes the loader lock. */
PAGED_CODE_SECTION NTSTATUS LdrQuerySections(PCSTR Driver, PLDR_SECTION_INFORMATION Entries, ULONG Capacity,
                                             PULONG Count)
{
    PLDR_MODULE Only = NULL;
    ULONG Index = 0;

    LdrAcquireLoaderLock();
    if (Driver != NULL) {
        Only = LdrFindModuleByName(Driver);
        if (Only == NULL) {
            LdrReleaseLoaderLock();
            *Count = 0;
            return STATUS_NOT_FOUND;
        }
    }
    for (PLIST_ENTRY Entry = PsLoadedModuleList.Flink; Entry != &PsLoadedModuleList; Entry = Entry->Flink) {
        PLDR_MODULE Module = CONTAINING_RECORD(Entry, LDR_MODULE, ListEntry);
        if (Only != NULL && Module != Only)
            continue;
        for (ULONG Number = 0; Number < Module->SectionCount; Number++, Index++) {
            if (Index < Capacity)
                LdrpDescribeSection(&Module->Sections[Number], &Entries[Index]);
        }
    }
    LdrReleaseLoaderLock();
    *Count = Index;
    return Index <= Capacity ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
}
