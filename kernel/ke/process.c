/* Processes, as far as the dispatcher knows them: an address space, threads, a signal when the last of them ends. */
#include "ke/ki.h"
#include "mm/mm.h"

/* Usable before any code has run, but for its address space, which Mm fills in. */
KPROCESS KiSystemProcess = {
    .Header = {.Type = ProcessObject,
               .WaitListHead = {&KiSystemProcess.Header.WaitListHead, &KiSystemProcess.Header.WaitListHead}},
    .ThreadListHead = {&KiSystemProcess.ThreadListHead, &KiSystemProcess.ThreadListHead},
};

/* IRQL: <= DISPATCH_LEVEL. The process is in nobody's sight yet. */
VOID KeInitializeProcess(PKPROCESS Process, ULONG64 DirectoryTableBase, KPRIORITY BasePriority)
{
    KiInitializeHeader(&Process->Header, ProcessObject, 0);
    Process->DirectoryTableBase = DirectoryTableBase;
    InitializeListHead(&Process->ThreadListHead);
    Process->BasePriority = BasePriority;
    Process->ActiveProcessors = 0;
}

VOID KiSignalProcessLocked(PKPROCESS Process)
{
    Process->Header.SignalState = 1;
    KiWakeWaiters(&Process->Header, 0);
}

/* IRQL: <= DISPATCH_LEVEL. */
VOID KiSignalProcess(PKPROCESS Process)
{
    KIRQL Irql = KiLockDispatcher();

    KiSignalProcessLocked(Process);
    KiExitDispatcher(Irql);
}

/*
 * The order is what mm/tlb.c relies on: while this processor can hold translations of an address space, its bit is set
 * there, and the bit is seen by others before any entry is read.
 */
VOID KiLoadProcess(PKPROCESS Process)
{
    PKPRCB Prcb = KeGetCurrentPrcb();
    PKPROCESS Old = Prcb->LoadedProcess;
    ULONG Me = 1u << Prcb->Number;

    __atomic_or_fetch(&Process->ActiveProcessors, Me, __ATOMIC_SEQ_CST);
    Prcb->LoadedProcess = Process;
    __asm__ volatile("movq %0, %%cr3" : : "r"(Process->DirectoryTableBase) : "memory");
    __atomic_and_fetch(&Old->ActiveProcessors, ~Me, __ATOMIC_SEQ_CST);
}

/* Attaching -------------------------------------------------------------------------------------------------------- */

/* KAPC_STATE.Process of who was in that process already when it attached: detaching has nothing to do. */
#define KI_NOT_ATTACHED ((PKPROCESS)1)

static VOID KiMoveApcState(PKAPC_STATE To, PKAPC_STATE From)
{
    *To = *From;
    for (ULONG Mode = KernelMode; Mode <= UserMode; Mode++) {
        InitializeListHead(&To->ApcListHead[Mode]);
        if (!IsListEmpty(&From->ApcListHead[Mode])) {
            To->ApcListHead[Mode] = From->ApcListHead[Mode];
            To->ApcListHead[Mode].Flink->Blink = To->ApcListHead[Mode].Blink->Flink = &To->ApcListHead[Mode];
        }
    }
}

/* Which of a thread's two states is whose. Dispatcher lock held. */
static VOID KiSetApcEnvironment(PKTHREAD Thread, KAPC_ENVIRONMENT Environment)
{
    BOOLEAN Attached = Environment == AttachedApcEnvironment;

    Thread->ApcStateIndex = (UCHAR)Environment;
    Thread->ApcStatePointer[OriginalApcEnvironment] = Attached ? &Thread->SavedApcState : &Thread->ApcState;
    Thread->ApcStatePointer[AttachedApcEnvironment] = Attached ? &Thread->ApcState : &Thread->SavedApcState;
}

/*
 * Makes the calling thread run in another process' address space ("KeStackAttachProcess"); ApcState keeps what
 * KeUnstackDetachProcess needs to go back, so attachments nest. Meanwhile APCs for where it was before wait.
 * IRQL: <= APC_LEVEL.
 */
VOID KeStackAttachProcess(PRKPROCESS Process, PRKAPC_STATE ApcState)
{
    PKTHREAD Thread = KiCurrentThread();
    KIRQL Irql;

    KE_REQUIRE_IRQL(APC_LEVEL);
    /* What drivers know as the system process has no page tables in its object (ps.h). */
    if (Process->DirectoryTableBase == 0)
        Process = &KiSystemProcess;
    if (Thread->ApcState.Process == Process) {
        ApcState->Process = KI_NOT_ATTACHED;
        return;
    }
    Irql = KiLockDispatcher();
    if (Thread->ApcStateIndex == OriginalApcEnvironment) {
        KiMoveApcState(&Thread->SavedApcState, &Thread->ApcState);
        KiSetApcEnvironment(Thread, AttachedApcEnvironment);
        ApcState->Process = NULL;
    } else {
        KiMoveApcState(ApcState, &Thread->ApcState);
    }
    for (ULONG Mode = KernelMode; Mode <= UserMode; Mode++)
        InitializeListHead(&Thread->ApcState.ApcListHead[Mode]);
    Thread->ApcState.KernelApcInProgress = Thread->ApcState.KernelApcPending = Thread->ApcState.UserApcPending = FALSE;
    Thread->ApcState.Process = Process;
    KiLoadProcess(Process);
    KiExitDispatcher(Irql);
}
NT_EXPORT(KeStackAttachProcess);

/* Back to before the KeStackAttachProcess that filled ApcState. IRQL: <= APC_LEVEL, as then. */
VOID KeUnstackDetachProcess(PRKAPC_STATE ApcState)
{
    PKTHREAD Thread = KiCurrentThread();
    KIRQL Irql;

    KE_REQUIRE_IRQL(APC_LEVEL);
    if (ApcState->Process == KI_NOT_ATTACHED)
        return;
    Irql = KiLockDispatcher();
    /* At PASSIVE_LEVEL its interrupt is on the way. */
    while (Irql == PASSIVE_LEVEL && KiKernelApcMayRun(Thread)) {
        KiRequestApcInterrupt();
        KiExitDispatcher(Irql);
        Irql = KiLockDispatcher();
    }
    if (Thread->ApcStateIndex != AttachedApcEnvironment || Thread->ApcState.KernelApcInProgress ||
        !IsListEmpty(&Thread->ApcState.ApcListHead[KernelMode]) || !IsListEmpty(&Thread->ApcState.ApcListHead[UserMode]))
        KiBugCheck(INVALID_PROCESS_DETACH_ATTEMPT, (ULONG_PTR)Thread, Thread->ApcStateIndex, 0, 0, NULL,
                   "Thread %p detaches from a process %s.", Thread,
                   Thread->ApcStateIndex != AttachedApcEnvironment
                       ? "and is attached to none: KeUnstackDetachProcess belongs to one KeStackAttachProcess"
                       : "while APCs for it, in that process, are queued or run");
    if (ApcState->Process == NULL) {
        KiMoveApcState(&Thread->ApcState, &Thread->SavedApcState);
        KiSetApcEnvironment(Thread, OriginalApcEnvironment);
    } else {
        KiMoveApcState(&Thread->ApcState, ApcState);
    }
    KiLoadProcess(Thread->ApcState.Process);
    if (Thread->ApcState.KernelApcPending)
        KiRequestApcInterrupt();
    KiExitDispatcher(Irql);
}
NT_EXPORT(KeUnstackDetachProcess);
