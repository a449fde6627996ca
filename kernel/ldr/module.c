/*
 * The list of loaded modules: who is in it, who is where, who is in use.
 *
 * Two locks, because there are two kinds of readers. Loading, unloading and queries hold the loader lock for as long
 * as they like. A trace, an assertion or a bugcheck must know at any level what stands at an address: for them the
 * list's links change under a spin lock that is held at HIGH_LEVEL for a few instructions.
 */
#include "ldr/ldrp.h"

LIST_ENTRY PsLoadedModuleList = {&PsLoadedModuleList, &PsLoadedModuleList};
NT_EXPORT(PsLoadedModuleList);    /* for debuggers and tests */

static KSPIN_LOCK LdrpListLock;
static KMUTEX LdrpLoaderLock;

/*
 * How often a reader tries for the list's lock. It is held for tens of instructions, so whoever still has it after
 * this was stopped by a bugcheck with it in hand; then nothing changes any more and the forward links, which are
 * written before an entry is published, can be followed.
 */
#define LDRP_LIST_LOCK_TRIES 100000

/* Takes the list's lock at HIGH_LEVEL, or gives up. IRQL: any. Returns whether it is held. */
static BOOLEAN LdrpTryAcquireList(PKIRQL OldIrql)
{
    *OldIrql = KfRaiseIrql(HIGH_LEVEL);
    for (ULONG Try = 0; Try < LDRP_LIST_LOCK_TRIES; Try++) {
        if (KeTryToAcquireSpinLockAtDpcLevel(&LdrpListLock))
            return TRUE;
        KiPause();
    }
    return FALSE;
}

static VOID LdrpReleaseList(BOOLEAN Held, KIRQL OldIrql)
{
    if (Held)
        KeReleaseSpinLockFromDpcLevel(&LdrpListLock);
    KfLowerIrql(OldIrql);
}

VOID LdrpInitializeLocks(VOID)
{
    KeInitializeMutex(&LdrpLoaderLock, 0);
    KeInitializeSpinLock(&LdrpListLock);
}

/* IRQL: PASSIVE_LEVEL. Waits. Recursive: a DriverEntry may load another driver. */
VOID LdrAcquireLoaderLock(VOID)
{
    KeEnterCriticalRegion();
    KeWaitForSingleObject(&LdrpLoaderLock, WrExecutive, KernelMode, FALSE, NULL);
}

VOID LdrReleaseLoaderLock(VOID)
{
    KeReleaseMutex(&LdrpLoaderLock, FALSE);
    KeLeaveCriticalRegion();
}

/* IRQL: PASSIVE_LEVEL, loader lock held (or boot: there is one thread). */
VOID LdrpInsertModule(PLDR_MODULE Module)
{
    KIRQL OldIrql = KfRaiseIrql(HIGH_LEVEL);

    KeAcquireSpinLockAtDpcLevel(&LdrpListLock);
    /* The new entry's own links first: a reader without the lock may come by at any moment. */
    Module->ListEntry.Flink = &PsLoadedModuleList;
    Module->ListEntry.Blink = PsLoadedModuleList.Blink;
    MemoryBarrier();
    PsLoadedModuleList.Blink->Flink = &Module->ListEntry;
    PsLoadedModuleList.Blink = &Module->ListEntry;
    KeReleaseSpinLockFromDpcLevel(&LdrpListLock);
    KfLowerIrql(OldIrql);
}

/* IRQL: PASSIVE_LEVEL, loader lock held. */
VOID LdrpRemoveModule(PLDR_MODULE Module)
{
    KIRQL OldIrql = KfRaiseIrql(HIGH_LEVEL);

    KeAcquireSpinLockAtDpcLevel(&LdrpListLock);
    RemoveEntryList(&Module->ListEntry);
    KeReleaseSpinLockFromDpcLevel(&LdrpListLock);
    KfLowerIrql(OldIrql);
}

/* IRQL: any; the list must not change meanwhile. */
static PLDR_MODULE LdrpModuleAt(ULONG_PTR Address)
{
    for (PLIST_ENTRY Entry = PsLoadedModuleList.Flink; Entry != &PsLoadedModuleList; Entry = Entry->Flink) {
        PLDR_MODULE Module = CONTAINING_RECORD(Entry, LDR_MODULE, ListEntry);
        if (Address - (ULONG_PTR)Module->Base < Module->Size)
            return Module;
    }
    return NULL;
}

BOOLEAN LdrpWithModuleAt(PVOID Address, VOID (*Routine)(PLDR_MODULE Module, PVOID Context), PVOID Context)
{
    PLDR_MODULE Module;
    KIRQL OldIrql;
    BOOLEAN Held;

    Held = LdrpTryAcquireList(&OldIrql);
    Module = LdrpModuleAt((ULONG_PTR)Address);
    if (Module != NULL)
        Routine(Module, Context);
    LdrpReleaseList(Held, OldIrql);
    return Module != NULL;
}

static VOID LdrpKeepModule(PLDR_MODULE Module, PVOID Context)
{
    *(PLDR_MODULE *)Context = Module;
}

/* IRQL: any. */
PLDR_MODULE LdrFindModuleByAddress(PVOID Address)
{
    PLDR_MODULE Found = NULL;

    LdrpWithModuleAt(Address, LdrpKeepModule, &Found);
    return Found;
}

BOOLEAN LdrpModuleName(PCSTR Path, CHAR Name[LDR_NAME_LENGTH])
{
    PCSTR First = Path;
    SIZE_T Length;

    for (PCSTR At = Path; *At != 0; At++) {
        if (*At == '\\' || *At == '/')
            First = At + 1;
    }
    Length = strlen(First);
    if (Length >= 4 && _stricmp(First + Length - 4, ".sys") == 0)
        Length -= 4;
    if (Length == 0 || Length >= LDR_NAME_LENGTH)
        return FALSE;
    memcpy(Name, First, Length);
    Name[Length] = 0;
    return TRUE;
}

/* IRQL: PASSIVE_LEVEL, loader lock held. */
PLDR_MODULE LdrFindModuleByName(PCSTR Name)
{
    CHAR Wanted[LDR_NAME_LENGTH];

    if (!LdrpModuleName(Name, Wanted))
        return NULL;
    for (PLIST_ENTRY Entry = PsLoadedModuleList.Flink; Entry != &PsLoadedModuleList; Entry = Entry->Flink) {
        PLDR_MODULE Module = CONTAINING_RECORD(Entry, LDR_MODULE, ListEntry);
        if (_stricmp(Module->Name, Wanted) == 0)
            return Module;
    }
    return NULL;
}

PMM_SECTION LdrpSectionAt(PLDR_MODULE Module, ULONG_PTR Address)
{
    for (ULONG Index = 0; Index < Module->SectionCount; Index++) {
        PMM_SECTION Section = &Module->Sections[Index];
        if (Address - Section->Base < (ULONG_PTR)Section->PageCount << PAGE_SHIFT)
            return Section;
    }
    return NULL;
}

/* IRQL: PASSIVE_LEVEL. Takes the loader lock. */
NTSTATUS LdrReferenceModule(PCSTR Driver, PLDR_MODULE *Found)
{
    PLDR_MODULE Module;
    NTSTATUS Status = STATUS_SUCCESS;

    LdrAcquireLoaderLock();
    Module = LdrFindModuleByName(Driver);
    if (Module == NULL) {
        Status = STATUS_NOT_FOUND;
    } else if (Module->State != LdrModuleStarted) {
        Status = STATUS_DEVICE_BUSY;
    } else {
        InterlockedIncrement(&Module->ReferenceCount);
        *Found = Module;
    }
    LdrReleaseLoaderLock();
    return Status;
}

/* IRQL: <= DISPATCH_LEVEL. */
VOID LdrDereferenceModule(PLDR_MODULE Module)
{
    LONG Left = InterlockedDecrement(&Module->ReferenceCount);

    ASSERT(Left >= 0);
    (void)Left;
}

/* IRQL: PASSIVE_LEVEL. Takes the loader lock. */
NTSTATUS LdrReferenceSection(PCSTR Driver, PCSTR Section, PMM_SECTION *Found)
{
    PLDR_MODULE Module;
    NTSTATUS Status;

    Status = LdrReferenceModule(Driver, &Module);
    if (!NT_SUCCESS(Status))
        return Status;
    for (ULONG Index = 0; Index < Module->SectionCount; Index++) {
        if (strcmp(Module->Sections[Index].Name, Section) == 0) {
            *Found = &Module->Sections[Index];
            return STATUS_SUCCESS;
        }
    }
    LdrDereferenceModule(Module);
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

/* IRQL: <= DISPATCH_LEVEL. */
VOID LdrDereferenceSection(PMM_SECTION Section)
{
    LdrDereferenceModule(CONTAINING_RECORD(Section->Image, LDR_MODULE, Image));
}
