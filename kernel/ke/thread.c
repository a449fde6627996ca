/* Threads: their beginning, their end, their priority. Ps puts handles, identities and user mode around them. */
#include "ke/ki.h"

VOID (*KiThreadReaper)(PKTHREAD Thread);

/* What KiSwapContext pops (switch.S), laid out for a thread that has never run. */
typedef struct _KI_START_FRAME {
    ULONG64 R15, R14, R13, R12, Rbx, Rbp;
    VOID (*ReturnAddress)(VOID);
} KI_START_FRAME;

static volatile LONG KiThreadsMade;         /* ideal processors go round */

/* Everything about a thread but its stack and what it runs. */
static VOID KiInitializeThreadObject(PKTHREAD Thread, PVOID StackTop, PVOID StackLimit, PKPROCESS Process,
                                     KPRIORITY Priority)
{
    RtlZeroMemory(Thread, sizeof *Thread);
    KiInitializeHeader(&Thread->Header, ThreadObject, 0);
    Thread->InitialStack = StackTop;
    Thread->StackLimit = StackLimit;
    Thread->ApcState.Process = Process;
    Thread->OwnerProcess = Process;
    Thread->ApcStatePointer[OriginalApcEnvironment] = &Thread->ApcState;
    Thread->ApcStatePointer[AttachedApcEnvironment] = &Thread->SavedApcState;
    for (ULONG Mode = KernelMode; Mode <= UserMode; Mode++) {
        InitializeListHead(&Thread->ApcState.ApcListHead[Mode]);
        InitializeListHead(&Thread->SavedApcState.ApcListHead[Mode]);
    }
    Thread->PreviousMode = KernelMode;
    Thread->State = Initialized;
    Thread->Priority = Thread->BasePriority = Priority;
    Thread->Quantum = KI_QUANTUM_FULL;
    Thread->NextProcessor = KeGetCurrentPrcb()->Number;
    Thread->IdealProcessor = (ULONG)InterlockedIncrement(&KiThreadsMade) % KeNumberProcessors;
    Thread->Affinity = ~(KAFFINITY)0;
    InitializeListHead(&Thread->MutantListHead);
    KiInitializeTimer(&Thread->Timer, NotificationTimer);
    Thread->TimerWaitBlock.Thread = Thread;
    Thread->TimerWaitBlock.Object = &Thread->Timer;
    Thread->TimerWaitBlock.WaitKey = (USHORT)STATUS_TIMEOUT;
    Thread->TimerWaitBlock.WaitType = WaitAny;
}

VOID KeInitializeThread(PKTHREAD Thread, PVOID StackTop, PVOID StackLimit, PKSTART_ROUTINE StartRoutine,
                        PVOID StartContext, PKPROCESS Process, KPRIORITY Priority)
{
    KI_START_FRAME *Frame = (KI_START_FRAME *)StackTop - 1;

    KiInitializeThreadObject(Thread, StackTop, StackLimit, Process, Priority);
    Thread->StartRoutine = StartRoutine;
    Thread->StartContext = StartContext;
    Thread->ApcQueueable = TRUE;
    RtlZeroMemory(Frame, sizeof *Frame);
    Frame->ReturnAddress = KiThreadStartup;
    Thread->KernelStack = Frame;
}

VOID KiInitializeIdleThread(PKPRCB Prcb, PKTHREAD Thread, PVOID StackTop, PVOID StackLimit)
{
    /* Above all others until KiIdleLoop: initialisation runs to its end before any thread that it starts. */
    KiInitializeThreadObject(Thread, StackTop, StackLimit, &KiSystemProcess, HIGH_PRIORITY);
    Thread->IdleThread = TRUE;
    Thread->State = Running;
    Thread->Affinity = (KAFFINITY)1 << Prcb->Number;
    Prcb->IdleThread = Prcb->CurrentThread = Thread;
    Prcb->KernelStackTop = StackTop;
    Prcb->LoadedProcess = &KiSystemProcess;
    __atomic_or_fetch(&KiSystemProcess.ActiveProcessors, 1u << Prcb->Number, __ATOMIC_SEQ_CST);
}

/* First code of a thread, called by KiThreadStartup. IRQL: DISPATCH_LEVEL, dispatcher lock held. */
DECLSPEC_NORETURN VOID KiStartThread(VOID);
VOID KiStartThread(VOID)
{
    PKTHREAD Thread = KiCurrentThread();

    KiFinishSwitch(PASSIVE_LEVEL);
    Thread->StartRoutine(Thread->StartContext);
    KeTerminateThread(0);
}

/* Lets a thread run for the first time. IRQL: <= DISPATCH_LEVEL. */
VOID KeReadyThread(PKTHREAD Thread)
{
    KIRQL Irql = KiLockDispatcher();

    InsertTailList(&Thread->OwnerProcess->ThreadListHead, &Thread->ThreadListEntry);
    KiReadyThread(Thread, FALSE);
    KiExitDispatcher(Irql);
}

/* IRQL: <= APC_LEVEL. */
VOID KeTerminateThread(KPRIORITY Increment)
{
    PKTHREAD Thread = KiCurrentThread();

    KE_REQUIRE_IRQL(APC_LEVEL);
    (void)KiLockDispatcher();
    KiAbandonMutants(Thread);
    RemoveEntryList(&Thread->ThreadListEntry);
    Thread->State = Terminated;
    Thread->Header.SignalState = 1;
    KiWakeWaiters(&Thread->Header, Increment);

    /* The reaper may free this stack, so it runs only when the next thread is on its own (KiFinishSwitch). */
    PKPRCB Prcb = KeGetCurrentPrcb();
    Prcb->TerminatedThread = Thread;
    KiSwapThread(Prcb, Thread);
    KiBugCheck(KERNEL_SECURITY_CHECK_FAILURE, (ULONG_PTR)Thread, 0, 0, 0, NULL,
               "The terminated thread %p was given the processor again: it was readied after its end.", Thread);
}

VOID KeRequestThreadExit(PKTHREAD Thread)
{
    KIRQL Irql = KiLockDispatcher();

    Thread->ExitRequested = TRUE;
    if (Thread->State == Waiting && Thread->WaitMode == UserMode)
        KiUnwaitThread(Thread, STATUS_USER_APC, 0);
    else if (Thread->State == Running && Thread->NextProcessor != KeGetCurrentPrcb()->Number)
        KiSendDispatchInterrupt(KiProcessorBlock[Thread->NextProcessor]);   /* it comes past the way to user mode */
    KiExitDispatcher(Irql);
}

/*
 * Sets a thread's priority, now and as what boosts start from and decay to; returns the one it had. 16 and above is the
 * real-time range, where priorities neither rise nor fall by themselves. IRQL: PASSIVE_LEVEL.
 */
KPRIORITY KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority)
{
    KPRIORITY OldPriority;
    KIRQL Irql;

    KE_REQUIRE_IRQL(PASSIVE_LEVEL);
    ASSERT(Priority >= LOW_PRIORITY && Priority <= HIGH_PRIORITY);
    Irql = KiLockDispatcher();
    OldPriority = Thread->Priority;
    Thread->BasePriority = Priority;
    Thread->Quantum = KI_QUANTUM_FULL;
    KiChangePriority(Thread, Priority);
    KiExitDispatcher(Irql);
    return OldPriority;
}
NT_EXPORT(KeSetPriorityThread);

/* The priority a thread has now, with its boost. IRQL: PASSIVE_LEVEL. */
KPRIORITY KeQueryPriorityThread(PKTHREAD Thread)
{
    KE_REQUIRE_IRQL(PASSIVE_LEVEL);
    return Thread->Priority;
}
NT_EXPORT(KeQueryPriorityThread);

/*
 * Where the calling thread may run; it is on one of these processors when this returns ("KeSetSystemAffinityThreadEx").
 * Of the mask, the processors that run count; there must be one. Returns the mask before, for
 * KeRevertToUserAffinityThreadEx. IRQL: <= APC_LEVEL.
 */
KAFFINITY KeSetSystemAffinityThreadEx(KAFFINITY Affinity)
{
    PKTHREAD Thread = KiCurrentThread();
    KAFFINITY Old;
    KIRQL Irql;

    KE_REQUIRE_IRQL(APC_LEVEL);
    ASSERT((Affinity & KiActiveProcessors) != 0);
    Irql = KiLockDispatcher();
    Old = Thread->Affinity;
    Thread->Affinity = Affinity;
    if ((Affinity >> KeGetCurrentPrcb()->Number) & 1) {
        KiExitDispatcher(Irql);
        return Old;
    }
    /* The processor that gets it waits for the dispatcher lock until this one has left the thread's stack. */
    KiReadyThread(Thread, TRUE);
    KiSwapThread(KeGetCurrentPrcb(), Thread);
    KiFinishSwitch(Irql);
    return Old;
}
NT_EXPORT(KeSetSystemAffinityThreadEx);

VOID KeSetSystemAffinityThread(KAFFINITY Affinity)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    KeSetSystemAffinityThreadEx(Affinity);
}
NT_EXPORT(KeSetSystemAffinityThread);

/* Undoes KeSetSystemAffinityThreadEx, whose result it takes. IRQL: <= APC_LEVEL. */
VOID KeRevertToUserAffinityThreadEx(KAFFINITY Affinity)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    KeSetSystemAffinityThreadEx(Affinity);
}
NT_EXPORT(KeRevertToUserAffinityThreadEx);

/* Lets the thread run on every processor again. */
VOID KeRevertToUserAffinityThread(VOID)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    KeSetSystemAffinityThreadEx(~(KAFFINITY)0);
}
NT_EXPORT(KeRevertToUserAffinityThread);

/*
 * The processor that the thread is readied on rather than on another when it is idle, and may be; returns the one
 * before. A new thread has one of them in turn. IRQL: <= DISPATCH_LEVEL.
 */
CCHAR KeSetIdealProcessorThread(PKTHREAD Thread, CCHAR Processor)
{
    KIRQL Irql = KiLockDispatcher();
    ULONG Old = Thread->IdealProcessor;

    if ((ULONG)(UCHAR)Processor < KeNumberProcessors)
        Thread->IdealProcessor = (ULONG)(UCHAR)Processor;
    KiExitDispatcher(Irql);
    return (CCHAR)Old;
}
NT_EXPORT(KeSetIdealProcessorThread);
