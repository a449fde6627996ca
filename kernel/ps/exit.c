/*
 * How threads and processes end, and the reaper that buries them.
 *
 * A thread cannot free the stack that it runs on, nor the page tables. It leaves both to the reaper: when the scheduler
 * has switched away from it for good, it calls PspReapThread at DISPATCH_LEVEL, which puts the thread on a list and
 * wakes the reaper with a DPC, because the caller may hold the dispatcher lock.
 */
#include "ps/psp.h"
#include "io/io.h"
#include "rtl/export.h"

static PSINGLE_LIST_ENTRY volatile PspReaperList;
static KEVENT PspReaperEvent;
static KDPC PspReaperDpc;

/* The scheduler's hook: nobody runs on the thread's stack any more. IRQL: DISPATCH_LEVEL. */
static VOID PspReapThread(PKTHREAD Tcb)
{
    PETHREAD Thread = CONTAINING_RECORD(Tcb, ETHREAD, Tcb);
    PSINGLE_LIST_ENTRY Old;

    do {
        Old = PspReaperList;
        Thread->ReaperLink.Next = Old;
    } while (InterlockedCompareExchangePointer((PVOID *)&PspReaperList, &Thread->ReaperLink, Old) != Old);
    KeInsertQueueDpc(&PspReaperDpc, NULL, NULL);
}

static VOID PspWakeReaper(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeSetEvent(&PspReaperEvent, 0, FALSE);
}

VOID PspDeleteSpace(PEPROCESS Process)
{
    if (Process->HasAddressSpace) {
        Process->HasAddressSpace = FALSE;
        MmDeleteAddressSpace(&Process->AddressSpace);
    }
}

/* The process' last thread has been buried: gives its memory back and tells who waits. */
static VOID PspBuryProcess(PEPROCESS Process)
{
    PspDeleteSpace(Process);
    ExAcquireFastMutex(&PspProcessListLock);
    RemoveEntryList(&Process->ActiveProcessLinks);
    InitializeListHead(&Process->ActiveProcessLinks);
    ExReleaseFastMutex(&PspProcessListLock);
    KiSignalProcess(&Process->Pcb);
    ObDereferenceObject(Process);
}

/* Takes up to MM_STACKS_AT_ONCE threads off the list and gives back what they had; returns the rest of the list. */
static PSINGLE_LIST_ENTRY PspBuryThreads(PSINGLE_LIST_ENTRY Entry)
{
    PETHREAD Threads[MM_STACKS_AT_ONCE];
    PVOID Stacks[MM_STACKS_AT_ONCE];
    ULONG Count = 0;

    for (; Entry != NULL && Count < MM_STACKS_AT_ONCE; Entry = Entry->Next, Count++) {
        Threads[Count] = CONTAINING_RECORD(Entry, ETHREAD, ReaperLink);
        Stacks[Count] = Threads[Count]->Tcb.InitialStack;
    }
    MmDeleteKernelStacks(Stacks, Count);
    for (ULONG i = 0; i < Count; i++) {
        PEPROCESS Process = Threads[i]->ThreadsProcess;

        /* Counted off behind everything else of the thread (PsCountEndedThreads); so the process has to be kept. */
        ObReferenceObject(Process);
        KiFreeFpuArea(Threads[i]->Tcb.FpuState);
        ObDereferenceObject(Threads[i]);
        if (InterlockedDecrement(&Process->UnreapedThreads) == 0 && Process != PsInitialSystemProcess)
            PspBuryProcess(Process);
        ObDereferenceObject(Process);
    }
    return Entry;
}

/* A system thread, PASSIVE_LEVEL. */
static VOID PspReaper(PVOID Context)
{
    PSINGLE_LIST_ENTRY Entry;

    UNREFERENCED_PARAMETER(Context);
    /* Before those who make new threads, or the dead ones could pile up on another processor's account. */
    KeSetPriorityThread(KiCurrentThread(), LOW_REALTIME_PRIORITY);
    for (;;) {
        KeWaitForSingleObject(&PspReaperEvent, Executive, KernelMode, FALSE, NULL);
        Entry = InterlockedExchangePointer((PVOID *)&PspReaperList, NULL);
        while (Entry != NULL)
            Entry = PspBuryThreads(Entry);
    }
}

ULONG PsCountEndedThreads(VOID)
{
    PEPROCESS Process = PsInitialSystemProcess;
    ULONG Count;

    ExAcquireFastMutex(&Process->Lock);
    Count = (ULONG)Process->UnreapedThreads - Process->RunningThreads;
    ExReleaseFastMutex(&Process->Lock);
    return Count;
}
NT_EXPORT(PsCountEndedThreads);    /* for the test library */

VOID PspInitializeReaper(VOID)
{
    KeInitializeEvent(&PspReaperEvent, SynchronizationEvent, FALSE);
    KeInitializeDpc(&PspReaperDpc, PspWakeReaper, NULL);
    KiThreadReaper = PspReapThread;
}

NTSTATUS PspStartReaper(VOID)
{
    return PsCreateSystemThread(NULL, 0, NULL, NULL, NULL, PspReaper, NULL);
}

VOID PspExitThread(NTSTATUS ExitStatus)
{
    PETHREAD Thread = PsGetCurrentThread();
    PEPROCESS Process = Thread->ThreadsProcess;
    BOOLEAN Last;

    PAGED_CODE();
    /* From here on it waits as the kernel does: a request to end must not cut the end short. */
    Thread->Tcb.PreviousMode = KernelMode;
    IoCancelThreadIo(Thread);
    KeRundownApcs();

    ExAcquireFastMutex(&Process->Lock);
    if (!Thread->ExitStatusSet) {
        Thread->ExitStatusSet = TRUE;
        Thread->ExitStatus = ExitStatus;
    }
    RemoveEntryList(&Thread->ThreadListEntry);
    Last = --Process->RunningThreads == 0 && Process != PsInitialSystemProcess;
    if (Last) {
        Process->Terminating = TRUE;
        if (Process->ExitStatus == STATUS_PENDING)
            Process->ExitStatus = Thread->ExitStatus;
    }
    ExReleaseFastMutex(&Process->Lock);

    if (Last)
        ObCloseAllHandles(Process->ObjectTable);
    else
        PspDeleteUserStack(Thread);
    KeTerminateThread(0);
}

/* The process' Lock is held, so the thread has not begun to exit or is just about to. */
static VOID PspRequestExit(PETHREAD Thread, NTSTATUS ExitStatus)
{
    if (!Thread->ExitStatusSet) {
        Thread->ExitStatusSet = TRUE;
        Thread->ExitStatus = ExitStatus;
    }
    KeRequestThreadExit(&Thread->Tcb);
}

VOID PspTerminateThread(PETHREAD Thread, NTSTATUS ExitStatus)
{
    PAGED_CODE();
    ExAcquireFastMutex(&Thread->ThreadsProcess->Lock);
    PspRequestExit(Thread, ExitStatus);
    ExReleaseFastMutex(&Thread->ThreadsProcess->Lock);
}

VOID PspTerminateProcess(PEPROCESS Process, NTSTATUS ExitStatus)
{
    PAGED_CODE();
    ExAcquireFastMutex(&Process->Lock);
    if (!Process->Terminating) {
        Process->Terminating = TRUE;
        Process->ExitStatus = ExitStatus;
        for (PLIST_ENTRY Entry = Process->ThreadListHead.Flink; Entry != &Process->ThreadListHead; Entry = Entry->Flink)
            PspRequestExit(CONTAINING_RECORD(Entry, ETHREAD, ThreadListEntry), ExitStatus);
    }
    ExReleaseFastMutex(&Process->Lock);
}

VOID PsCheckTermination(VOID)
{
    PETHREAD Thread = PsGetCurrentThread();

    if (Thread->Tcb.ExitRequested)
        PspExitThread(Thread->ExitStatus);
}
