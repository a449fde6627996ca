/*
 * Thread objects: making and starting them, system threads, who is running.
 */
#include "ps/psp.h"
#include "ke/rules.h"
#include "rtl/export.h"

NTSTATUS PspCreateThreadObject(PEPROCESS Process, PKSTART_ROUTINE Start, PETHREAD *Thread)
{
    PETHREAD New;
    PVOID Stack;
    NTSTATUS Status = ObCreateObject(KernelMode, PspThreadType, NULL, KernelMode, NULL, sizeof(ETHREAD), 0, 0,
                                     (PVOID *)&New);

    if (!NT_SUCCESS(Status))
        return Status;
    Stack = MmCreateKernelStack();
    if (Stack == NULL) {
        ObDereferenceObject(New);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeInitializeThread(&New->Tcb, Stack, (PCHAR)Stack - KERNEL_STACK_PAGES * PAGE_SIZE, Start, New,
                       Process == PsInitialSystemProcess ? &KiSystemProcess : &Process->Pcb, PSP_BASE_PRIORITY);
    if (Process != PsInitialSystemProcess) {
        New->Tcb.FpuState = KiAllocateFpuArea();
        if (New->Tcb.FpuState == NULL) {
            PspDiscardThread(New);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    New->Cid.UniqueProcess = Process->UniqueProcessId;
    New->Cid.UniqueThread = PspAllocateId();
    New->ExitStatus = STATUS_PENDING;
    KeInitializeSpinLock(&New->IrpListLock);
    InitializeListHead(&New->IrpList);
    InitializeListHead(&New->ThreadListEntry);
    ObReferenceObject(Process);
    New->ThreadsProcess = Process;
    *Thread = New;
    return STATUS_SUCCESS;
}

VOID PspDiscardThread(PETHREAD Thread)
{
    MmDeleteKernelStacks(&Thread->Tcb.InitialStack, 1);
    KiFreeFpuArea(Thread->Tcb.FpuState);
    ObDereferenceObject(Thread);
}

NTSTATUS PspStartThread(PETHREAD Thread)
{
    PEPROCESS Process = Thread->ThreadsProcess;

    ExAcquireFastMutex(&Process->Lock);
    if (Process->Terminating) {
        ExReleaseFastMutex(&Process->Lock);
        return STATUS_PROCESS_IS_TERMINATING;
    }
    InsertTailList(&Process->ThreadListHead, &Thread->ThreadListEntry);
    Process->RunningThreads++;
    InterlockedIncrement(&Process->UnreapedThreads);
    ExReleaseFastMutex(&Process->Lock);
    KeReadyThread(&Thread->Tcb);
    return STATUS_SUCCESS;
}

static VOID PspSystemThreadStart(PVOID Context)
{
    PETHREAD Thread = Context;

    Thread->SystemRoutine(Thread->SystemContext);
    PspExitThread(STATUS_SUCCESS);
}

/* A user thread begins here, on its kernel stack, and goes on in user mode. */
VOID PspUserThreadStart(PVOID Context)
{
    PETHREAD Thread = Context;

    Thread->Tcb.PreviousMode = UserMode;
    PsCheckTermination();
    /* As if called: the stack is 8 off a multiple of 16, and a return finds address 0. */
    KiEnterUserMode(Thread->UserStart, Thread->UserStackBase + Thread->UserStackSize - sizeof(ULONG64),
                    Thread->UserArgument);
}

/*
 * Starts a thread of the system process ("PsCreateSystemThread"): priority 8, ends by PsTerminateSystemThread or by
 * returning. ProcessHandle must be NULL or the system process' own: drivers' threads in programs do not exist here.
 * IRQL: PASSIVE_LEVEL.
 */
NTSTATUS PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                              HANDLE ProcessHandle, PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
                              PVOID StartContext)
{
    PETHREAD Thread;
    NTSTATUS Status;

    KE_REQUIRE_IRQL(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(DesiredAccess);
    if (ProcessHandle != NULL &&
        (ProcessHandle != NtCurrentProcess() || PsGetCurrentProcess() != PsInitialSystemProcess))
        return STATUS_INVALID_PARAMETER;
    Status = PspCreateThreadObject(PsInitialSystemProcess, PspSystemThreadStart, &Thread);
    if (!NT_SUCCESS(Status))
        return Status;
    Thread->SystemRoutine = StartRoutine;
    Thread->SystemContext = StartContext;
    if (ThreadHandle != NULL) {
        ULONG Attributes = ObjectAttributes != NULL ? ObjectAttributes->Attributes : OBJ_KERNEL_HANDLE;
        Status = ObOpenObjectByPointer(Thread, Attributes, NULL, THREAD_ALL_ACCESS, PspThreadType, KernelMode,
                                       ThreadHandle);
        if (!NT_SUCCESS(Status)) {
            PspDiscardThread(Thread);
            return Status;
        }
    }
    if (ClientId != NULL)
        *ClientId = Thread->Cid;
    /* The system process never terminates, so it takes every thread. */
    return PspStartThread(Thread);
}
NT_EXPORT(PsCreateSystemThread);

/* Ends the calling system thread ("PsTerminateSystemThread"); a program's thread is refused. IRQL: PASSIVE_LEVEL. */
NTSTATUS PsTerminateSystemThread(NTSTATUS ExitStatus)
{
    KE_REQUIRE_IRQL(PASSIVE_LEVEL);
    if (PsGetCurrentThread()->SystemRoutine == NULL)
        return STATUS_INVALID_PARAMETER;
    PspExitThread(ExitStatus);
}
NT_EXPORT(PsTerminateSystemThread);

PETHREAD PsGetCurrentThread(VOID)
{
    return CONTAINING_RECORD(KiCurrentThread(), ETHREAD, Tcb);
}
NT_EXPORT(PsGetCurrentThread);

HANDLE PsGetCurrentThreadId(VOID)
{
    return PsGetCurrentThread()->Cid.UniqueThread;
}
NT_EXPORT(PsGetCurrentThreadId);

HANDLE PsGetThreadId(PETHREAD Thread)
{
    return Thread->Cid.UniqueThread;
}
NT_EXPORT(PsGetThreadId);

HANDLE PsGetThreadProcessId(PETHREAD Thread)
{
    return Thread->Cid.UniqueProcess;
}
NT_EXPORT(PsGetThreadProcessId);
