/*
 * The scheduler: who runs next, on which processor, and the switch itself.
 *
 * Every processor has 32 first-in first-out lists of ready threads and a summary word with a bit for each that is not
 * empty. A thread is readied on an idle processor, its ideal one or the one it last ran on rather than another, or else
 * on the one that does what matters least. If its priority is higher than what runs there, it becomes that processor's
 * NextThread, and whom it displaces is readied in turn; else it waits in the list of its priority. A processor that
 * chooses again takes a thread from another one's lists if none of its own matters as much. So no ready thread ever has
 * a higher priority than a running one that it may displace; equals take turns.
 *
 * A processor goes over to its NextThread at the first of: the end of the routine that readied it (KiExitDispatcher,
 * when the level it returns to is below DISPATCH_LEVEL), a wait of the current thread, the dispatch interrupt.
 *
 * The idle thread runs at PASSIVE_LEVEL and only halts: whatever gives it work comes by an interrupt on its processor.
 */
#include "ke/ki.h"

KSPIN_LOCK KiDispatcherLock;

/* Ready lists. Dispatcher lock. --------------------------------------------------------------------------------- */

FORCEINLINE VOID KiInsertReady(PKPRCB Prcb, PKTHREAD Thread, BOOLEAN AtHead)
{
    PLIST_ENTRY Head = &Prcb->DispatcherReadyListHead[Thread->Priority];

    Thread->State = Ready;
    Thread->NextProcessor = Prcb->Number;
    if (AtHead)
        InsertHeadList(Head, &Thread->ReadyListEntry);
    else
        InsertTailList(Head, &Thread->ReadyListEntry);
    Prcb->ReadySummary |= 1u << Thread->Priority;
}

FORCEINLINE VOID KiRemoveReady(PKPRCB Prcb, PKTHREAD Thread)
{
    if (RemoveEntryList(&Thread->ReadyListEntry))
        Prcb->ReadySummary &= ~(1u << Thread->Priority);
}

/* Takes the first thread of the highest priority, if that is at least Lowest; else NULL. */
FORCEINLINE PKTHREAD KiTakeHighestReady(PKPRCB Prcb, KPRIORITY Lowest)
{
    PKTHREAD Thread;
    KPRIORITY Highest;

    if (Prcb->ReadySummary == 0)
        return NULL;
    Highest = 31 - __builtin_clz(Prcb->ReadySummary);
    if (Highest < Lowest)
        return NULL;
    Thread = CONTAINING_RECORD(Prcb->DispatcherReadyListHead[Highest].Flink, KTHREAD, ReadyListEntry);
    KiRemoveReady(Prcb, Thread);
    return Thread;
}

/* Takes the best thread, of Lowest priority or higher, that waits for another processor and may run on this one. */
static PKTHREAD KiTakeFromOthers(PKPRCB Prcb, KPRIORITY Lowest)
{
    PKTHREAD Best = NULL;
    PKPRCB From = NULL;

    for (ULONG Number = 0; Number < KeNumberProcessors && Lowest <= HIGH_PRIORITY; Number++) {
        PKPRCB Other = KiProcessorBlock[Number];
        ULONG Summary = Other == Prcb ? 0 : Other->ReadySummary & (~0u << Lowest);

        for (; Summary != 0; Summary &= ~(1u << (31 - __builtin_clz(Summary)))) {
            PLIST_ENTRY Head = &Other->DispatcherReadyListHead[31 - __builtin_clz(Summary)], Entry = Head->Flink;

            while (Entry != Head && ((CONTAINING_RECORD(Entry, KTHREAD, ReadyListEntry)->Affinity >> Prcb->Number) & 1) == 0)
                Entry = Entry->Flink;
            if (Entry != Head) {
                Best = CONTAINING_RECORD(Entry, KTHREAD, ReadyListEntry);
                From = Other;
                Lowest = Best->Priority + 1;    /* from the others only a better one */
                break;
            }
        }
    }
    if (Best != NULL)
        KiRemoveReady(From, Best);
    return Best;
}

/* Takes the ready thread, of Lowest priority or higher, that this processor should run; one of its own among equals. */
FORCEINLINE PKTHREAD KiTakeBest(PKPRCB Prcb, KPRIORITY Lowest)
{
    if (KeNumberProcessors > 1) {
        KPRIORITY Own = Prcb->ReadySummary == 0 ? LOW_PRIORITY - 1 : 31 - __builtin_clz(Prcb->ReadySummary);
        PKTHREAD Thread = KiTakeFromOthers(Prcb, max(Lowest, Own + 1));

        if (Thread != NULL)
            return Thread;
    }
    return KiTakeHighestReady(Prcb, Lowest);
}

FORCEINLINE BOOLEAN KiIsIdle(PKPRCB Prcb)
{
    return Prcb->CurrentThread == Prcb->IdleThread && Prcb->NextThread == NULL;
}

/* What a thread has to surpass to run there at once. */
FORCEINLINE KPRIORITY KiPriorityOf(PKPRCB Prcb)
{
    return (Prcb->NextThread != NULL ? Prcb->NextThread : Prcb->CurrentThread)->Priority;
}

/* The processor to ready a thread on, one that it may run on. */
static PKPRCB KiChooseProcessor(PKTHREAD Thread)
{
    PKPRCB Ideal = KiProcessorBlock[Thread->IdealProcessor], Last = KiProcessorBlock[Thread->NextProcessor];
    PKPRCB Best = NULL;

    if (((Thread->Affinity >> Ideal->Number) & 1) && KiIsIdle(Ideal))
        return Ideal;
    if ((Thread->Affinity >> Last->Number) & 1) {
        if (KiIsIdle(Last))
            return Last;
        Best = Last;
    }
    for (ULONG Number = 0; Number < KeNumberProcessors; Number++) {
        PKPRCB Other = KiProcessorBlock[Number];
        if (((Thread->Affinity >> Number) & 1) == 0)
            continue;
        if (KiIsIdle(Other))
            return Other;
        if (Best == NULL || KiPriorityOf(Other) < KiPriorityOf(Best))
            Best = Other;
    }
    return Best != NULL ? Best : Last;
}

/* Readying ------------------------------------------------------------------------------------------------------ */

/*
 * Lets a thread run when its turn comes. Preempted: it was running and has not used up its turn, so it goes first among
 * those of its priority. The caller ends in KiExitDispatcher, KiSwapThread or the dispatch interrupt, which is where a
 * NextThread set here for this processor is noticed; another processor is sent the interrupt.
 */
VOID KiReadyThread(PKTHREAD Thread, BOOLEAN Preempted)
{
    PKPRCB This = KeGetCurrentPrcb();

    for (;;) {
        PKPRCB Prcb = KeNumberProcessors == 1 ? This : KiChooseProcessor(Thread);
        PKTHREAD Next = Prcb->NextThread;

        if (Thread->Priority <= KiPriorityOf(Prcb)) {
            KiInsertReady(Prcb, Thread, Preempted);
            return;
        }
        Thread->State = Standby;
        Thread->NextProcessor = Prcb->Number;
        Prcb->NextThread = Thread;
        if (Next == NULL) {
            if (Prcb != This)
                KiSendDispatchInterrupt(Prcb);
            return;
        }
        /* The one it displaces finds a place of its own; each of them has a lower priority than the one before. */
        Thread = Next;
        Preempted = TRUE;
    }
}

/* Puts the current thread, which could go on, back among the ready ones. The idle thread is never there. */
FORCEINLINE VOID KiReadyCurrent(PKPRCB Prcb, PKTHREAD Thread, BOOLEAN Preempted)
{
    if (Thread != Prcb->IdleThread)
        KiReadyThread(Thread, Preempted);
}

/* Switching ----------------------------------------------------------------------------------------------------- */

FORCEINLINE VOID KiSwitchTo(PKPRCB Prcb, PKTHREAD Current, PKTHREAD Next)
{
    Next->State = Running;
    Next->NextProcessor = Prcb->Number;
    Next->ContextSwitches++;
    Prcb->ContextSwitches++;
    KiSwapContext(Current, Next);
}

VOID KiSwapThread(PKPRCB Prcb, PKTHREAD Current)
{
    PKTHREAD Next = Prcb->NextThread;

    if (Prcb->DpcRoutineActive || Current == Prcb->IdleThread)
        KiBugCheck(ATTEMPTED_SWITCH_FROM_DPC, (ULONG_PTR)Current, (ULONG_PTR)Prcb, KeGetCurrentIrql(), 0, NULL,
                   Prcb->DpcRoutineActive
                       ? "A DPC routine waits. DPCs run at DISPATCH_LEVEL on a borrowed stack and must not wait: test "
                         "the object with a timeout of zero, or queue a work item that waits."
                       : "The idle thread waits. It is what runs when nobody else can, so it must not: wait in a "
                         "system thread.");
    if (Next != NULL) {
        Prcb->NextThread = NULL;
    } else {
        Next = KiTakeBest(Prcb, LOW_PRIORITY);
        if (Next == NULL)
            Next = Prcb->IdleThread;
    }
    KiSwitchTo(Prcb, Current, Next);
}

VOID KiFinishSwitch(KIRQL Irql)
{
    PKPRCB Prcb = KeGetCurrentPrcb();
    PKTHREAD Terminated = Prcb->TerminatedThread;

    if (Terminated == NULL) {
        KiReleaseSpinLock(&KiDispatcherLock);
    } else {
        Prcb->TerminatedThread = NULL;
        KiReleaseSpinLock(&KiDispatcherLock);
        if (KiThreadReaper != NULL)
            KiThreadReaper(Terminated);
    }
    /* It may have got an APC while it did not run; the interrupt comes as soon as its level allows. */
    if (KiCurrentThread()->ApcState.KernelApcPending)
        KiRequestApcInterrupt();
    KiSetIrql(Irql);
}

/* Goes over to NextThread; the current thread, displaced, goes on later. Releases the lock, returns at Irql. */
static VOID KiPreempt(PKPRCB Prcb, KIRQL Irql)
{
    PKTHREAD Current = Prcb->CurrentThread, Next = Prcb->NextThread;

    Prcb->NextThread = NULL;
    KiReadyCurrent(Prcb, Current, TRUE);
    KiSwitchTo(Prcb, Current, Next);
    KiFinishSwitch(Irql);
}

VOID KiExitToNextThread(PKPRCB Prcb, KIRQL OldIrql)
{
    if (OldIrql < DISPATCH_LEVEL) {
        KiPreempt(Prcb, OldIrql);
        return;
    }
    /* While DPCs run, the dispatch interrupt is in progress and looks for a NextThread when they are done. */
    if (!Prcb->DpcRoutineActive)
        KiRequestDispatchInterrupt();
    KiReleaseSpinLock(&KiDispatcherLock);
}

VOID KiYield(KIRQL Irql)
{
    PKPRCB Prcb = KeGetCurrentPrcb();
    PKTHREAD Current = Prcb->CurrentThread;

    if (Prcb->NextThread == NULL && Current != Prcb->IdleThread)
        Prcb->NextThread = KiTakeBest(Prcb, Current->Priority);
    if (Prcb->NextThread == NULL) {
        KiReleaseSpinLock(&KiDispatcherLock);
        KiSetIrql(Irql);
        return;
    }
    PKTHREAD Next = Prcb->NextThread;
    Prcb->NextThread = NULL;
    KiReadyCurrent(Prcb, Current, FALSE);
    KiSwitchTo(Prcb, Current, Next);
    KiFinishSwitch(Irql);
}

/* Interrupts ---------------------------------------------------------------------------------------------------- */

/*
 * The current thread's turn is over: it gets a new quantum, loses one level of a boost, and lets the next of its
 * priority run. If another thread has got the processor since the clock said so, its turn has only begun.
 * IRQL: DISPATCH_LEVEL, returns there.
 */
VOID KiQuantumEnd(VOID)
{
    PKPRCB Prcb = KeGetCurrentPrcb();
    PKTHREAD Thread;

    KiAcquireSpinLock(&KiDispatcherLock);
    Prcb->QuantumEnd = FALSE;
    Thread = Prcb->CurrentThread;
    if (Thread->Quantum > 0) {
        if (Prcb->NextThread != NULL)
            KiPreempt(Prcb, DISPATCH_LEVEL);
        else
            KiReleaseSpinLock(&KiDispatcherLock);
        return;
    }
    Thread->Quantum = KI_QUANTUM_FULL;
    if (Thread->Priority <= KI_HIGHEST_DYNAMIC_PRIORITY && Thread->Priority > Thread->BasePriority)
        Thread->Priority--;
    KiYield(DISPATCH_LEVEL);
}

/*
 * The dispatch interrupt. IRQL: DISPATCH_LEVEL, interrupts on, on the stack of the interrupted thread, to which it may
 * return much later and on another processor.
 */
VOID KiDispatchInterrupt(VOID)
{
    PKPRCB Prcb = KeGetCurrentPrcb();

    if (Prcb->DpcInterruptRequested || Prcb->DpcCount != 0)
        KiRetireDpcs(Prcb);
    if (Prcb->QuantumEnd) {
        KiQuantumEnd();
        return;
    }
    if (Prcb->NextThread != NULL) {
        KiAcquireSpinLock(&KiDispatcherLock);
        if (Prcb->NextThread != NULL)
            KiPreempt(Prcb, DISPATCH_LEVEL);
        else
            KiReleaseSpinLock(&KiDispatcherLock);
    }
}

/* Priorities ---------------------------------------------------------------------------------------------------- */

/* A processor's current thread or its choice has changed priority: chooses again. */
static VOID KiChooseAgain(PKPRCB Prcb)
{
    PKTHREAD Before = Prcb->NextThread, Next;

    if (Before != NULL) {
        Prcb->NextThread = NULL;
        KiInsertReady(Prcb, Before, TRUE);
    }
    Next = KiTakeBest(Prcb, Prcb->CurrentThread->Priority + 1);
    if (Next != NULL) {
        Next->State = Standby;
        Next->NextProcessor = Prcb->Number;
        Prcb->NextThread = Next;
        if (Prcb != KeGetCurrentPrcb())
            KiSendDispatchInterrupt(Prcb);
    }
    if (Before != NULL && Before->State == Ready) {
        KiRemoveReady(Prcb, Before);
        KiReadyThread(Before, TRUE);    /* there may be a better place for it now */
    }
}

VOID KiChangePriority(PKTHREAD Thread, KPRIORITY Priority)
{
    PKPRCB Prcb = KiProcessorBlock[Thread->NextProcessor];

    if (Thread->Priority == Priority)
        return;
    switch (Thread->State) {
    case Ready:
        KiRemoveReady(Prcb, Thread);
        Thread->Priority = Priority;
        KiReadyThread(Thread, FALSE);
        break;
    case Standby:
    case Running:
        Thread->Priority = Priority;
        KiChooseAgain(Prcb);
        break;
    default:
        Thread->Priority = Priority;
        break;
    }
}

/* Setting up ---------------------------------------------------------------------------------------------------- */

/* The dispatcher's part of a processor block. IRQL: HIGH_LEVEL, interrupts off, once per processor. */
VOID KiInitializeDispatcher(PKPRCB Prcb)
{
    for (ULONG Priority = 0; Priority < MAXIMUM_PRIORITY; Priority++)
        InitializeListHead(&Prcb->DispatcherReadyListHead[Priority]);
    Prcb->ReadySummary = 0;
    InitializeListHead(&Prcb->DpcListHead);
    if (Prcb->Number == 0)
        KiInitializeTimers();
}

/*
 * What a processor does when it has nothing to do. The end of its initialisation: the thread, which could not be
 * displaced until now, becomes the one that any other displaces. IRQL: any; PASSIVE_LEVEL with interrupts on from here.
 */
VOID KiIdleLoop(VOID)
{
    PKPRCB Prcb = KeGetCurrentPrcb();

    KiSetIrql(DISPATCH_LEVEL);
    KiRestoreInterrupts(TRUE);
    KiAcquireSpinLock(&KiDispatcherLock);
    Prcb->IdleThread->Priority = KI_IDLE_PRIORITY;
    KiChooseAgain(Prcb);
    KiExitDispatcher(PASSIVE_LEVEL);
    for (;;)
        __asm__ volatile("sti; hlt" ::: "memory");
}
