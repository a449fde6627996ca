/*
 * System services over the loader and the section contract, for programs that hold the privilege: loading and unloading
 * needs SeLoadDriverPrivilege; locking, paging and trimming SeLockMemoryPrivilege; asking needs nothing.
 *
 * A lock that a program takes is an object of type SectionLock. Its last handle unlocks the section, so a program that
 * ends leaves no lock behind; while it exists the driver cannot be unloaded.
 */
#include "ldr/ldr.h"
#include "ob/ob.h"
#include "ps/capture.h"
#include "ps/service.h"
#include "se/se.h"
#include "rtl/export.h"

#define LDR_SERVICE_TAG 0x7653644Cu     /* "LdSv" */
#define LDR_LONGEST_PATH 1024           /* bytes */
#define LDR_MOST_ENTRIES 4096          /* bound on what a program can make the kernel allocate for a list */

typedef struct _LDR_SECTION_LOCK {
    PMM_SECTION Section;                /* referenced and locked; NULL: not yet, or let go */
} LDR_SECTION_LOCK, *PLDR_SECTION_LOCK;

static POBJECT_TYPE LdrpSectionLockType;

/* The last handle is gone, or nobody ever had one: unlocks. IRQL: PASSIVE_LEVEL. */
static PAGED_CODE_SECTION VOID LdrpDeleteSectionLock(PVOID Object)
{
    PLDR_SECTION_LOCK Lock = Object;

    if (Lock->Section != NULL) {
        MmUnlockSection(Lock->Section);
        LdrDereferenceSection(Lock->Section);
    }
}

/* Makes the type. Called once, when Ob is there. IRQL: PASSIVE_LEVEL. */
INIT_CODE NTSTATUS LdrInitializeServices(VOID)
{
    OBJECT_TYPE_INITIALIZER Initializer = {
        .Length = sizeof(Initializer),
        .ValidAccessMask = STANDARD_RIGHTS_ALL,
        .DeleteProcedure = LdrpDeleteSectionLock,
    };
    UNICODE_STRING Name;

    RtlInitUnicodeString(&Name, L"SectionLock");
    return ObCreateObjectType(&Name, &Initializer, NULL, &LdrpSectionLockType);
}

/* A driver's or section's name: too long is as good as unknown. */
static PAGED_CODE_SECTION NTSTATUS LdrpCaptureName(USER_ADDRESS Name, PCHAR Buffer, SIZE_T Size)
{
    NTSTATUS Status = PsCaptureString(Name, Buffer, Size);

    return Status == STATUS_BUFFER_OVERFLOW ? STATUS_NOT_FOUND : Status;
}

/* Path: the full path of the driver's file. */
PAGED_CODE_SECTION NTSTATUS NtLoadDriver(USER_ADDRESS Path)
{
    UNICODE_STRING Captured;
    NTSTATUS Status;

    PAGED_CODE();
    Status = PsCheckPrivilege(SeLoadDriverPrivilege);
    if (NT_SUCCESS(Status))
        Status = PsCaptureUnicodeString(Path, LDR_LONGEST_PATH, &Captured);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = LdrLoadDriver(&Captured, NULL);
    PsReleaseString(&Captured);
    return Status;
}

PAGED_CODE_SECTION NTSTATUS NtUnloadDriver(USER_ADDRESS Driver)
{
    CHAR Name[LDR_NAME_LENGTH + sizeof(".sys")];
    UNICODE_STRING Captured;
    ANSI_STRING Narrow = {0, sizeof(Name), Name};
    NTSTATUS Status;

    PAGED_CODE();
    Status = PsCheckPrivilege(SeLoadDriverPrivilege);
    if (NT_SUCCESS(Status))
        Status = PsCaptureUnicodeString(Driver, LDR_LONGEST_PATH, &Captured);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Captured.Length / sizeof(WCHAR) >= sizeof(Name))
        Status = STATUS_NOT_FOUND;
    else
        Status = RtlUnicodeStringToAnsiString(&Narrow, &Captured, FALSE);
    PsReleaseString(&Captured);
    return NT_SUCCESS(Status) ? LdrUnloadDriver(Name) : Status;
}

NT_EXPORT(ZwLoadDriver);
NT_EXPORT(ZwUnloadDriver);

/* Hands a list to the program, or says how long it is. */
static PAGED_CODE_SECTION NTSTATUS LdrpReturnList(NTSTATUS Status, PVOID Entries, ULONG Needed,
                                                  USER_ADDRESS Information, USER_ADDRESS ReturnLength)
{
    if (NT_SUCCESS(Status) && Needed != 0)
        Status = MmCopyToUser(Information, Entries, Needed);
    if (ReturnLength.Value != 0 && (NT_SUCCESS(Status) || Status == STATUS_BUFFER_TOO_SMALL)) {
        NTSTATUS Written = MmCopyToUser(ReturnLength, &Needed, sizeof(Needed));
        if (!NT_SUCCESS(Written))
            Status = Written;
    }
    ExFreePoolWithTag(Entries, LDR_SERVICE_TAG);
    return Status;
}

/* Room for as many entries as the program's buffer has, one at least. */
static PAGED_CODE_SECTION PVOID LdrpAllocateList(ULONG Length, ULONG EntrySize, PULONG Capacity)
{
    *Capacity = min(Length / EntrySize, LDR_MOST_ENTRIES);
    return ExAllocatePoolZero(PagedPool, (SIZE_T)max(*Capacity, 1) * EntrySize, LDR_SERVICE_TAG);
}

/* LDR_MODULE_INFORMATION[]. STATUS_BUFFER_TOO_SMALL: *ReturnLength says how long the list is. */
PAGED_CODE_SECTION NTSTATUS NtQueryDrivers(USER_ADDRESS Information, ULONG Length, USER_ADDRESS ReturnLength)
{
    PLDR_MODULE_INFORMATION Entries;
    ULONG Capacity, Count;
    NTSTATUS Status;

    PAGED_CODE();
    Entries = LdrpAllocateList(Length, sizeof(*Entries), &Capacity);
    if (Entries == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = LdrQueryModules(Entries, Capacity, &Count);
    return LdrpReturnList(Status, Entries, Count * sizeof(*Entries), Information, ReturnLength);
}

/* LDR_SECTION_INFORMATION[] of one driver (NULL: of all). */
PAGED_CODE_SECTION NTSTATUS NtQuerySections(USER_ADDRESS Driver, USER_ADDRESS Information, ULONG Length,
                                            USER_ADDRESS ReturnLength)
{
    CHAR Name[LDR_NAME_LENGTH + sizeof(".sys")];
    PLDR_SECTION_INFORMATION Entries;
    ULONG Capacity, Count;
    NTSTATUS Status;

    PAGED_CODE();
    if (Driver.Value != 0) {
        Status = LdrpCaptureName(Driver, Name, sizeof(Name));
        if (!NT_SUCCESS(Status))
            return Status;
    }
    Entries = LdrpAllocateList(Length, sizeof(*Entries), &Capacity);
    if (Entries == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = LdrQuerySections(Driver.Value != 0 ? Name : NULL, Entries, Capacity, &Count);
    return LdrpReturnList(Status, Entries, Count * sizeof(*Entries), Information, ReturnLength);
}

/* A lock object for the section, already locked; it unlocks when it goes. */
static PAGED_CODE_SECTION NTSTATUS LdrpMakeSectionLock(PCSTR Driver, PCSTR SectionName, PLDR_SECTION_LOCK *Lock)
{
    PMM_SECTION Section;
    NTSTATUS Status = ObCreateObject(KernelMode, LdrpSectionLockType, NULL, KernelMode, NULL, sizeof(**Lock), 0, 0,
                                     (PVOID *)Lock);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = LdrReferenceSection(Driver, SectionName, &Section);
    if (NT_SUCCESS(Status)) {
        Status = MmLockSection(Section);
        if (NT_SUCCESS(Status))
            (*Lock)->Section = Section;
        else
            LdrDereferenceSection(Section);
    }
    if (!NT_SUCCESS(Status))
        ObDereferenceObject(*Lock);
    return Status;
}

/*
 * Brings all of a driver's section in and keeps it there until the handle is closed. STATUS_NOT_FOUND: no such driver;
 * STATUS_OBJECT_NAME_NOT_FOUND: no such section; STATUS_INVALID_PARAMETER: it was INIT and is gone.
 */
PAGED_CODE_SECTION NTSTATUS NtLockDriverSection(USER_ADDRESS Driver, USER_ADDRESS Section, USER_ADDRESS LockHandle)
{
    CHAR DriverName[LDR_NAME_LENGTH + sizeof(".sys")], SectionName[LDR_SECTION_NAME_LENGTH];
    PLDR_SECTION_LOCK Lock;
    HANDLE Handle;
    NTSTATUS Status;

    PAGED_CODE();
    Status = PsCheckPrivilege(SeLockMemoryPrivilege);
    if (NT_SUCCESS(Status))
        Status = LdrpCaptureName(Driver, DriverName, sizeof(DriverName));
    if (NT_SUCCESS(Status))
        Status = LdrpCaptureName(Section, SectionName, sizeof(SectionName));
    if (NT_SUCCESS(Status))
        Status = LdrpMakeSectionLock(DriverName, SectionName, &Lock);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObInsertObject(Lock, NULL, STANDARD_RIGHTS_REQUIRED, 0, NULL, &Handle);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = MmCopyToUser(LockHandle, &Handle, sizeof(Handle));
    if (!NT_SUCCESS(Status))
        ObCloseHandle(Handle, ExGetPreviousMode());
    return Status;
}

/* Closes the handle of a lock, and of nothing else. */
PAGED_CODE_SECTION NTSTATUS NtUnlockDriverSection(HANDLE LockHandle)
{
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    PVOID Lock;
    NTSTATUS Status;

    PAGED_CODE();
    Status = ObReferenceObjectByHandle(LockHandle, 0, LdrpSectionLockType, Mode, &Lock, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObCloseHandle(LockHandle, Mode);
    ObDereferenceObject(Lock);
    return Status;
}

/* What both of the next do with a driver by its name. */
static PAGED_CODE_SECTION NTSTATUS LdrpForDriver(USER_ADDRESS Driver, NTSTATUS (*Routine)(PLDR_MODULE Module))
{
    CHAR Name[LDR_NAME_LENGTH + sizeof(".sys")];
    PLDR_MODULE Module;
    NTSTATUS Status = PsCheckPrivilege(SeLockMemoryPrivilege);

    PAGED_CODE();
    if (NT_SUCCESS(Status))
        Status = LdrpCaptureName(Driver, Name, sizeof(Name));
    if (NT_SUCCESS(Status))
        Status = LdrReferenceModule(Name, &Module);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = Routine(Module);
    LdrDereferenceModule(Module);
    return Status;
}

/*
 * The driver of a paging device, and the kernel, must not go: a driver that asks gets a bugcheck, a program a status.
 */
static PAGED_CODE_SECTION NTSTATUS LdrpPageModule(PLDR_MODULE Module)
{
    if (Module->DriverObject == NULL || MmServesPaging(&Module->Image)) {
        DbgPrint("ldr: %s cannot be made pageable: it is needed to resolve page faults\n", Module->Name);
        return STATUS_NOT_SUPPORTED;
    }
    return MmPageEntireDriver(Module->Base) != NULL ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

static PAGED_CODE_SECTION NTSTATUS LdrpResetModule(PLDR_MODULE Module)
{
    /* The kernel's sections never have another kind than their own. */
    if (Module->DriverObject != NULL)
        MmResetDriverPaging(Module->Base);
    return STATUS_SUCCESS;
}

PAGED_CODE_SECTION NTSTATUS NtPageDriver(USER_ADDRESS Driver)
{
    return LdrpForDriver(Driver, LdrpPageModule);
}

PAGED_CODE_SECTION NTSTATUS NtResetDriver(USER_ADDRESS Driver)
{
    return LdrpForDriver(Driver, LdrpResetModule);
}

PAGED_CODE_SECTION NTSTATUS NtTrimMemory(VOID)
{
    NTSTATUS Status;

    PAGED_CODE();
    Status = PsCheckPrivilege(SeLockMemoryPrivilege);
    return NT_SUCCESS(Status) ? MmTrimAllSystemPageableMemory(TRUE) : Status;
}
