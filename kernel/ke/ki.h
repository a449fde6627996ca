/*
 * The dispatcher's inside: what scheduler.c, wait.c, signal.c and the object files share.
 *
 * One lock, KiDispatcherLock, protects every dispatcher object, every wait list, every thread's scheduling state, the
 * ready lists and the timer wheel. It is held at DISPATCH_LEVEL and across a thread switch: the thread that gives up
 * the processor takes it, the one that gets it releases it. So nobody can see a thread as ready, and run it, before the
 * processor has left its stack.
 *
 * Words: a thread is *readied* when it may run again, *standby* when a processor has it as NextThread, *chosen* when
 * that is decided. An object is *signalled* when a wait on it would succeed, and *taken* when a wait has succeeded and
 * had its effect on it (a semaphore's count falls, a synchronization event resets).
 */
#pragma once

#include "ke/ke.h"
#include "ke/rules.h"
#include "ke/spinlock.h"
#include "rtl/export.h"

/* Below every priority a thread can have, so that any ready thread displaces an idle one. */
#define KI_IDLE_PRIORITY (-1)

/*
 * A quantum counts in thirds of a tick: a tick costs three, a wait costs one, so that waiting often is not free either.
 */
#define KI_QUANTUM_TICK 3
#define KI_QUANTUM_WAIT 1
#define KI_QUANTUM_FULL (KI_THREAD_QUANTUM * KI_QUANTUM_TICK)

/* Ordinary priorities end here: boosts stop at it, and above it priorities never change by themselves. */
#define KI_HIGHEST_DYNAMIC_PRIORITY (LOW_REALTIME_PRIORITY - 1)

/* The dispatcher lock ------------------------------------------------------------------------------------------ */

/* Raises to DISPATCH_LEVEL and takes the dispatcher lock; returns the old level. IRQL: <= DISPATCH_LEVEL. */
#define KiLockDispatcher() KiLockDispatcherFor(__func__, DISPATCH_LEVEL)
/* For a routine with a Wait parameter: what it joins to the KeWaitFor... call must be allowed to wait. */
#define KiLockDispatcherOrWait(Wait) KiLockDispatcherFor(__func__, (Wait) ? APC_LEVEL : DISPATCH_LEVEL)
FORCEINLINE KIRQL KiLockDispatcherFor(PCSTR Routine, KIRQL Highest)
{
    KIRQL OldIrql = KeGetCurrentIrql();

    KE_REQUIRE_IRQL_OF(Routine, Highest);
    KiSetIrql(DISPATCH_LEVEL);
    KiAcquireSpinLock(&KiDispatcherLock);
    return OldIrql;
}

/* scheduler.c: the part of KiExitDispatcher for when a thread has been chosen to run next. */
VOID KiExitToNextThread(PKPRCB Prcb, KIRQL OldIrql);

/*
 * Releases the dispatcher lock and goes back to OldIrql. If a readied thread displaces this one, it is switched to
 * on the way, without an interrupt; at DISPATCH_LEVEL, where no switch may happen, the dispatch interrupt is asked for.
 */
FORCEINLINE VOID KiExitDispatcher(KIRQL OldIrql)
{
    PKPRCB Prcb = KeGetCurrentPrcb();

    if (Prcb->NextThread != NULL) {
        KiExitToNextThread(Prcb, OldIrql);
        return;
    }
    KiReleaseSpinLock(&KiDispatcherLock);
    KiSetIrql(OldIrql);
}

/*
 * The end of KeSetEvent(..., Wait) and its like. With Wait, the lock stays held and the level raised for the
 * KeWaitFor... call that follows, so nothing can happen in between ("KeSetEvent": the Wait parameter).
 */
FORCEINLINE VOID KiExitDispatcherOrWait(KIRQL OldIrql, BOOLEAN Wait)
{
    if (Wait) {
        PKTHREAD Thread = KiCurrentThread();
        Thread->WaitNext = TRUE;
        Thread->WaitIrql = OldIrql;
        return;
    }
    KiExitDispatcher(OldIrql);
}

/* scheduler.c -------------------------------------------------------------------------------------------------- */

/* All with the dispatcher lock held, at DISPATCH_LEVEL. */
VOID KiReadyThread(PKTHREAD Thread, BOOLEAN Preempted);
/*
 * Gives the processor to another thread; the caller has put the current one where it will be found again, or nowhere.
 */
VOID KiSwapThread(PKPRCB Prcb, PKTHREAD Current);
VOID KiChangePriority(PKTHREAD Thread, KPRIORITY Priority);
/* What a thread does first when it has got the processor: releases the lock, buries a terminated thread, lowers. */
VOID KiFinishSwitch(KIRQL Irql);
/* Puts the current thread behind the others of its priority, if there are any. Releases the lock, returns at Irql. */
VOID KiYield(KIRQL Irql);

/* apc.c, apcdeliver.c ------------------------------------------------------------------------------------------ */

/* What an alert adds to the priority of the thread whose wait it ends. */
#define KI_ALERT_INCREMENT 2

/*
 * Whether a kernel APC may run in the thread now, but for its level: special ones outside of guarded regions, normal
 * ones also outside of critical regions and of another normal one. Dispatcher lock held.
 */
FORCEINLINE BOOLEAN KiKernelApcMayRun(PKTHREAD Thread)
{
    PLIST_ENTRY Head = &Thread->ApcState.ApcListHead[KernelMode];

    if (IsListEmpty(Head) || Thread->SpecialApcDisable != 0)
        return FALSE;
    return CONTAINING_RECORD(Head->Flink, KAPC, ApcListEntry)->NormalRoutine == NULL ||
           (Thread->KernelApcDisable == 0 && !Thread->ApcState.KernelApcInProgress);
}

/* Makes a thread see that it has a kernel APC, or that one may run now. Dispatcher lock held. */
VOID KiNoticeKernelApc(PKTHREAD Thread, KPRIORITY Increment);
VOID KiUnlinkApc(PKAPC_STATE State, PKAPC Apc);
/* Asks for the APC interrupt on this processor (self-IPI). Any IRQL. */
VOID KiRequestApcInterrupt(VOID);

/* signal.c ----------------------------------------------------------------------------------------------------- */

/* All with the dispatcher lock held. */
VOID KiWakeWaiters(DISPATCHER_HEADER *Header, KPRIORITY Increment);
VOID KiUnwaitThread(PKTHREAD Thread, NTSTATUS Status, KPRIORITY Increment);
NTSTATUS KiTakeMutant(PKMUTANT Mutant, PKTHREAD Thread);
VOID KiAbandonMutants(PKTHREAD Thread);
VOID KiSignalProcessLocked(PKPROCESS Process);

FORCEINLINE BOOLEAN KiIsSignalled(DISPATCHER_HEADER *Header, PKTHREAD Thread)
{
    if (Header->SignalState > 0)
        return TRUE;
    return Header->Type == MutantObject && CONTAINING_RECORD(Header, KMUTANT, Header)->OwnerThread == Thread;
}

/* Takes a signalled object for Thread. Returns STATUS_SUCCESS, or STATUS_ABANDONED_WAIT_0 for an abandoned mutant. */
FORCEINLINE NTSTATUS KiTakeObject(DISPATCHER_HEADER *Header, PKTHREAD Thread)
{
    if (Header->Type == EventSynchronizationObject || Header->Type == TimerSynchronizationObject)
        Header->SignalState = 0;
    else if (Header->Type == SemaphoreObject)
        Header->SignalState--;
    else if (Header->Type == MutantObject)
        return KiTakeMutant(CONTAINING_RECORD(Header, KMUTANT, Header), Thread);
    return STATUS_SUCCESS;
}

FORCEINLINE VOID KiInitializeHeader(DISPATCHER_HEADER *Header, KOBJECTS Type, LONG SignalState)
{
    Header->Type = (UCHAR)Type;
    Header->Absolute = 0;
    Header->Inserted = FALSE;
    Header->Spare = 0;
    Header->SignalState = SignalState;
    InitializeListHead(&Header->WaitListHead);
}

/* timer.c ------------------------------------------------------------------------------------------------------ */

/* The interrupt time that a documented due time means (negative: from now on; else a system time). */
ULONGLONG KiDueTime(LARGE_INTEGER DueTime);
/* A timer that is not started. IRQL: any, for the first threads. */
VOID KiInitializeTimer(PKTIMER Timer, TIMER_TYPE Type);
/* Starts a timer. FALSE, and not started: the due time has come. Dispatcher lock held. */
BOOLEAN KiStartTimer(PKTIMER Timer, ULONGLONG DueTime);
/* Stops a timer that is started. Dispatcher lock held. */
VOID KiStopTimer(PKTIMER Timer);
VOID KiInitializeTimers(VOID);
/* Asks for the expiry DPC when a timer is due. Clock interrupt of processor 0. */
VOID KiCheckTimers(ULONGLONG Before, ULONGLONG Now);

/* watchdog.c --------------------------------------------------------------------------------------------------- */

/* Stops the system when this processor has been at DISPATCH_LEVEL for too long. Clock interrupt, which came at Irql. */
VOID KiWatchDispatch(PKPRCB Prcb, PKTRAP_FRAME Frame, KIRQL Irql);

/* dpc.c -------------------------------------------------------------------------------------------------------- */

/* Runs every DPC in this processor's queue. IRQL: DISPATCH_LEVEL, interrupts on. */
VOID KiRetireDpcs(PKPRCB Prcb);
