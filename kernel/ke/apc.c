/*
 * Asynchronous procedure calls: their queues ("Types of APCs"; Windows Internals, "Asynchronous Procedure Call
 * Interrupts"). What is queued here is delivered by apcdeliver.c.
 *
 * Every thread has two lists, kernel and user. In the kernel list the special APCs, which have no NormalRoutine, come
 * before the normal ones. KernelApcPending says that the kernel list is not empty; who changes a list keeps it so.
 *
 * How a kernel APC gets its thread's attention, so that none is overlooked (all under the dispatcher lock):
 * - the thread runs: its processor gets the interrupt 0x1F, which its level holds back until it is below APC_LEVEL. Has the
 *   thread lost that processor meanwhile, the interrupt finds nothing to do, and the next rule holds;
 * - it is ready: when it is switched to, KernelApcPending makes it ask for the interrupt (KiFinishSwitch);
 * - it waits at PASSIVE_LEVEL, and nothing forbids the APC: its wait is interrupted with STATUS_KERNEL_APC, and begun
 *   again behind the APC (wait.c);
 * - the APC is forbidden now: what lifts the ban (the end of a region, of a mutex, of another APC) looks again.
 */
#include "ke/ki.h"
#include "hal/hal.h"

/* The documentation is at the declaration, kapc.h. */
VOID KeInitializeApc(PRKAPC Apc, PRKTHREAD Thread, KAPC_ENVIRONMENT Environment, PKKERNEL_ROUTINE KernelRoutine,
                     PKRUNDOWN_ROUTINE RundownRoutine, PKNORMAL_ROUTINE NormalRoutine, KPROCESSOR_MODE ApcMode,
                     PVOID NormalContext)
{
    ASSERT(Environment <= InsertApcEnvironment);
    RtlZeroMemory(Apc, sizeof *Apc);
    Apc->Type = ApcObject;
    Apc->Size = sizeof *Apc;
    Apc->Thread = Thread;
    Apc->ApcStateIndex = (CCHAR)(Environment == CurrentApcEnvironment ? Thread->ApcStateIndex : Environment);
    Apc->KernelRoutine = KernelRoutine;
    Apc->RundownRoutine = RundownRoutine;
    Apc->NormalRoutine = NormalRoutine;
    Apc->ApcMode = NormalRoutine != NULL ? ApcMode : KernelMode;
    Apc->NormalContext = NormalRoutine != NULL ? NormalContext : NULL;
}
NT_EXPORT(KeInitializeApc);

/* Behind the other special APCs, or at the end. Dispatcher lock held. */
static VOID KiLinkApc(PKAPC_STATE State, PKAPC Apc)
{
    PLIST_ENTRY Head = &State->ApcListHead[(UCHAR)Apc->ApcMode], Before = Head;

    if (Apc->NormalRoutine == NULL) {
        Before = Head->Flink;
        while (Before != Head && CONTAINING_RECORD(Before, KAPC, ApcListEntry)->NormalRoutine == NULL)
            Before = Before->Flink;
    }
    InsertTailList(Before, &Apc->ApcListEntry);
    Apc->Inserted = TRUE;
    if (Apc->ApcMode == KernelMode)
        State->KernelApcPending = TRUE;
}

/* Takes an APC out of its list. Dispatcher lock held. */
VOID KiUnlinkApc(PKAPC_STATE State, PKAPC Apc)
{
    BOOLEAN Last = RemoveEntryList(&Apc->ApcListEntry);

    Apc->Inserted = FALSE;
    if (Last && Apc->ApcMode == KernelMode)
        State->KernelApcPending = FALSE;
    else if (Last)
        State->UserApcPending = FALSE;
}

VOID KiNoticeKernelApc(PKTHREAD Thread, KPRIORITY Increment)
{
    if (Thread->State == Running) {
        PKPRCB Prcb = KiProcessorBlock[Thread->NextProcessor];

        if (Prcb == KeGetCurrentPrcb())
            KiRequestApcInterrupt();
        else
            HalSendInterrupt(Prcb->ApicId, KI_APC_VECTOR);
    } else if (Thread->State == Waiting && Thread->WaitIrql == PASSIVE_LEVEL && KiKernelApcMayRun(Thread)) {
        KiUnwaitThread(Thread, STATUS_KERNEL_APC, Increment);
    }
}

/* A user APC ends a wait that is alertable, and is delivered then; else it waits for one that is. */
static VOID KiNoticeUserApc(PKTHREAD Thread, KPRIORITY Increment)
{
    if (Thread->State == Waiting && Thread->WaitMode == UserMode && Thread->Alertable) {
        Thread->ApcState.UserApcPending = TRUE;
        KiUnwaitThread(Thread, STATUS_USER_APC, Increment);
    }
}

/*
 * Queues an APC to its thread; Increment boosts a thread whose wait it interrupts. FALSE, and nothing changed: it is
 * queued already, or the thread is past the point where it takes APCs. IRQL: <= DISPATCH_LEVEL.
 */
BOOLEAN KeInsertQueueApc(PRKAPC Apc, PVOID SystemArgument1, PVOID SystemArgument2, KPRIORITY Increment)
{
    PKTHREAD Thread = Apc->Thread;
    KIRQL Irql = KiLockDispatcher();
    BOOLEAN Queued = Thread->ApcQueueable && !Apc->Inserted;

    if (Queued) {
        if (Apc->ApcStateIndex == InsertApcEnvironment)
            Apc->ApcStateIndex = (CCHAR)Thread->ApcStateIndex;
        Apc->SystemArgument1 = SystemArgument1;
        Apc->SystemArgument2 = SystemArgument2;
        KiLinkApc(Thread->ApcStatePointer[(UCHAR)Apc->ApcStateIndex], Apc);
        /* For the process that it is not in now: noticed when the thread gets there. */
        if (Apc->ApcStateIndex == (CCHAR)Thread->ApcStateIndex) {
            if (Apc->ApcMode == KernelMode)
                KiNoticeKernelApc(Thread, Increment);
            else
                KiNoticeUserApc(Thread, Increment);
        }
    }
    KiExitDispatcher(Irql);
    return Queued;
}
NT_EXPORT(KeInsertQueueApc);

/* Takes an APC back. FALSE: it was in no queue (it may be running). IRQL: <= DISPATCH_LEVEL. */
BOOLEAN KeRemoveQueueApc(PRKAPC Apc)
{
    PKTHREAD Thread = Apc->Thread;
    KIRQL Irql = KiLockDispatcher();
    BOOLEAN Queued = Apc->Inserted;

    if (Queued)
        KiUnlinkApc(Thread->ApcStatePointer[(UCHAR)Apc->ApcStateIndex], Apc);
    KiExitDispatcher(Irql);
    return Queued;
}
NT_EXPORT(KeRemoveQueueApc);

VOID KeRundownApcs(VOID)
{
    PKTHREAD Thread = KiCurrentThread();
    PLIST_ENTRY Head = &Thread->ApcState.ApcListHead[UserMode];
    KIRQL Irql;

    KE_REQUIRE_IRQL(PASSIVE_LEVEL);
    if (Thread->CombinedApcDisable != 0 || Thread->ApcStateIndex != OriginalApcEnvironment)
        KiBugCheck(KERNEL_APC_PENDING_DURING_EXIT, (ULONG_PTR)Thread, (ULONG_PTR)(LONG_PTR)Thread->KernelApcDisable,
                   (ULONG_PTR)(LONG_PTR)Thread->SpecialApcDisable, 0, NULL,
                   "Thread %p ends %s. Leave every region, give back every mutex, and detach before "
                   "PsTerminateSystemThread or the return to user mode.", Thread,
                   Thread->ApcStateIndex != OriginalApcEnvironment ? "while it is attached to another process"
                   : Thread->SpecialApcDisable != 0 ? "in a guarded region" : "in a critical region, or owning a mutex");
    Irql = KiLockDispatcher();
    Thread->ApcQueueable = FALSE;
    KiExitDispatcher(Irql);
    KiSetIrql(APC_LEVEL);
    KiDeliverKernelApcs();
    KiSetIrql(PASSIVE_LEVEL);
    /* Nobody adds any more; somebody may still take his own back. */
    for (;;) {
        PKAPC Apc = NULL;

        Irql = KiLockDispatcher();
        if (!IsListEmpty(Head)) {
            Apc = CONTAINING_RECORD(Head->Flink, KAPC, ApcListEntry);
            KiUnlinkApc(&Thread->ApcState, Apc);
        }
        KiExitDispatcher(Irql);
        if (Apc == NULL)
            return;
        if (Apc->RundownRoutine != NULL)
            Apc->RundownRoutine(Apc);
    }
}

/* Alerts --------------------------------------------------------------------------------------------------------- */

/*
 * Ends an alertable wait of a thread with STATUS_ALERTED, if it waits in AlertMode or, for KernelMode, in either; else
 * the next such wait or KeTestAlertThread will notice. Returns whether an alert stood already. IRQL: <= DISPATCH_LEVEL.
 */
BOOLEAN KeAlertThread(PKTHREAD Thread, KPROCESSOR_MODE AlertMode)
{
    KIRQL Irql = KiLockDispatcher();
    BOOLEAN Before = Thread->Alerted[(UCHAR)AlertMode];

    if (!Before && Thread->State == Waiting && Thread->Alertable && (UCHAR)AlertMode <= Thread->WaitMode)
        KiUnwaitThread(Thread, STATUS_ALERTED, KI_ALERT_INCREMENT);
    else
        Thread->Alerted[(UCHAR)AlertMode] = TRUE;
    KiExitDispatcher(Irql);
    return Before;
}
NT_EXPORT(KeAlertThread);

/*
 * Whether the calling thread stands alerted, which it does not afterwards. With UserMode, user APCs in its queue are
 * delivered on its way back to user mode. IRQL: <= DISPATCH_LEVEL.
 */
BOOLEAN KeTestAlertThread(KPROCESSOR_MODE AlertMode)
{
    PKTHREAD Thread = KiCurrentThread();
    KIRQL Irql = KiLockDispatcher();
    BOOLEAN Alerted = Thread->Alerted[(UCHAR)AlertMode];

    Thread->Alerted[(UCHAR)AlertMode] = FALSE;
    if (AlertMode == UserMode && !IsListEmpty(&Thread->ApcState.ApcListHead[UserMode]))
        Thread->ApcState.UserApcPending = TRUE;
    KiExitDispatcher(Irql);
    return Alerted;
}
NT_EXPORT(KeTestAlertThread);
