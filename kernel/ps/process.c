/*
 * Process objects: types, the system process, the list of processes, numbers, look-up.
 */
#include "ps/psp.h"
#include "ex/quota.h"
#include "rtl/export.h"

POBJECT_TYPE PspProcessType, PspThreadType;
POBJECT_TYPE *PsProcessType = &PspProcessType, *PsThreadType = &PspThreadType;
NT_EXPORT(PsProcessType);
NT_EXPORT(PsThreadType);

PEPROCESS PsInitialSystemProcess;
NT_EXPORT(PsInitialSystemProcess);

FAST_MUTEX PspProcessListLock;
LIST_ENTRY PspActiveProcessHead;
static volatile LONG PspLastId;

HANDLE PspAllocateId(VOID)
{
    return ULongToHandle((ULONG)InterlockedExchangeAdd(&PspLastId, 4) + 4);
}

/* The last reference to a process is gone: nothing of it runs. IRQL: PASSIVE_LEVEL. */
static VOID PspDeleteProcess(PVOID Object)
{
    PEPROCESS Process = Object;

    PspDeleteSpace(Process);
    if (Process->ObjectTable != NULL)
        ObDeleteHandleTable(Process->ObjectTable);
    if (Process->Token != NULL)
        SeDereferenceToken(Process->Token);
    if (Process->Pcb.Quota != NULL)
        ExDereferenceQuota(Process->Pcb.Quota);
}

/* The last reference to a thread is gone: its kernel stack went before. IRQL: PASSIVE_LEVEL. */
static VOID PspDeleteThread(PVOID Object)
{
    PETHREAD Thread = Object;

    if (Thread->ThreadsProcess != NULL)
        ObDereferenceObject(Thread->ThreadsProcess);
}

/* Which handle table is meant (ObProcessHandleTable). */
static PHANDLE_TABLE PspProcessHandleTable(PEPROCESS Process)
{
    return Process == NULL || Process == PsInitialSystemProcess ? ObSystemHandleTable : Process->ObjectTable;
}

/* Which address space is meant (MmProcessSpace). */
static PMM_ADDRESS_SPACE PspProcessSpace(PKPROCESS Process)
{
    return Process == &KiSystemProcess ? NULL : &CONTAINING_RECORD(Process, EPROCESS, Pcb)->AddressSpace;
}

NTSTATUS PspCreateProcessObject(PCSTR Name, PTOKEN Token, BOOLEAN System, PEPROCESS *Process)
{
    PEPROCESS New;
    NTSTATUS Status = ObCreateObject(KernelMode, PspProcessType, NULL, KernelMode, NULL, sizeof(EPROCESS), 0, 0,
                                     (PVOID *)&New);

    if (!NT_SUCCESS(Status))
        return Status;
    ExInitializeFastMutex(&New->Lock);
    InitializeListHead(&New->ThreadListHead);
    InitializeListHead(&New->ActiveProcessLinks);
    New->ExitStatus = STATUS_PENDING;
    New->UniqueProcessId = PspAllocateId();
    New->Token = SeReferenceToken(Token);
    strncpy(New->ImageFileName, Name, sizeof(New->ImageFileName) - 1);
    if (System) {
        /* Can be waited for as any process, and is never signalled. */
        KeInitializeProcess(&New->Pcb, KiSystemProcess.DirectoryTableBase, PSP_BASE_PRIORITY);
        *Process = New;
        return STATUS_SUCCESS;
    }
    New->InheritedFromUniqueProcessId = PsGetCurrentProcessId();
    New->Pcb.Quota = ExCreateQuota();
    Status = New->Pcb.Quota != NULL ? ObCreateHandleTable(New, &New->ObjectTable) : STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(Status)) {
        Status = MmCreateAddressSpace(&New->AddressSpace, &New->Pcb);
        New->HasAddressSpace = NT_SUCCESS(Status);
    }
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(New);
        return Status;
    }
    KeInitializeProcess(&New->Pcb, New->AddressSpace.DirectoryTableBase, PSP_BASE_PRIORITY);
    *Process = New;
    return STATUS_SUCCESS;
}

VOID PspEnterProcess(PEPROCESS Process)
{
    ExAcquireFastMutex(&PspProcessListLock);
    InsertTailList(&PspActiveProcessHead, &Process->ActiveProcessLinks);
    ExReleaseFastMutex(&PspProcessListLock);
}

/* IRQL: PASSIVE_LEVEL. */
INIT_CODE static NTSTATUS PspCreateType(PCWSTR Name, BOOLEAN Process, POBJECT_TYPE *Type)
{
    OBJECT_TYPE_INITIALIZER Initializer = {
        .Length = sizeof(Initializer),
        .Waitable = TRUE,
        .WaitOffset = 0,
        .GenericMapping = {STANDARD_RIGHTS_READ | PROCESS_QUERY_INFORMATION, STANDARD_RIGHTS_WRITE | PROCESS_TERMINATE,
                           STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, PROCESS_ALL_ACCESS},
        .ValidAccessMask = PROCESS_ALL_ACCESS,
        .DeleteProcedure = Process ? PspDeleteProcess : PspDeleteThread,
    };
    UNICODE_STRING TypeName;

    RtlInitUnicodeString(&TypeName, Name);
    return ObCreateObjectType(&TypeName, &Initializer, NULL, Type);
}

INIT_CODE NTSTATUS PsInitialize(VOID)
{
    NTSTATUS Status;

    ExInitializeFastMutex(&PspProcessListLock);
    InitializeListHead(&PspActiveProcessHead);
    PspInitializeReaper();
    Status = PspCreateType(L"Process", TRUE, &PspProcessType);
    if (NT_SUCCESS(Status))
        Status = PspCreateType(L"Thread", FALSE, &PspThreadType);
    if (NT_SUCCESS(Status))
        Status = PspCreateSectionType();
    if (NT_SUCCESS(Status))
        Status = PspCreateProcessObject("System", &SeSystemToken, TRUE, &PsInitialSystemProcess);
    if (!NT_SUCCESS(Status))
        return Status;
    PspEnterProcess(PsInitialSystemProcess);
    ObProcessHandleTable = PspProcessHandleTable;
    MmProcessSpace = PspProcessSpace;
    KiUserExitRoutine = PsCheckTermination;
    KiUserExceptionRoutine = PsUserException;
    return PspStartReaper();
}

/* The process of that number, referenced. STATUS_INVALID_CID. IRQL: <= APC_LEVEL. */
NTSTATUS PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS *Process)
{
    NTSTATUS Status = STATUS_INVALID_CID;

    ExAcquireFastMutex(&PspProcessListLock);
    for (PLIST_ENTRY Entry = PspActiveProcessHead.Flink; Entry != &PspActiveProcessHead; Entry = Entry->Flink) {
        PEPROCESS Candidate = CONTAINING_RECORD(Entry, EPROCESS, ActiveProcessLinks);
        if (Candidate->UniqueProcessId == ProcessId) {
            /* In the list it has at least the reference that the reaper drops after taking it out. */
            ObReferenceObject(Candidate);
            *Process = Candidate;
            Status = STATUS_SUCCESS;
            break;
        }
    }
    ExReleaseFastMutex(&PspProcessListLock);
    return Status;
}

NT_EXPORT(PsLookupProcessByProcessId);

PEPROCESS PsGetCurrentProcess(VOID)
{
    return PsProcessOf(KiCurrentThread()->ApcState.Process);
}
NT_EXPORT(PsGetCurrentProcess);

HANDLE PsGetProcessId(PEPROCESS Process)
{
    return Process->UniqueProcessId;
}
NT_EXPORT(PsGetProcessId);

HANDLE PsGetCurrentProcessId(VOID)
{
    return PsGetCurrentThread()->Cid.UniqueProcess;
}
NT_EXPORT(PsGetCurrentProcessId);
