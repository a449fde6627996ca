/*
 * Mutexes ("Mutex Objects"): owned by a thread, which may take them again and again and gives them back as often.
 *
 * The signal state is 1 when free, 0 when owned once, and falls by one for each further time. A kernel mutex
 * (KeInitializeMutex) keeps kernel APCs away from its owner, and a thread must not end while it owns one; a mutant
 * (KeInitializeMutant), the kind that programs have handles to, does not, and is abandoned then.
 */
#include "ke/ki.h"
#include "executive.h"

/* A kernel mutex, free. Level has no meaning any more ("KeInitializeMutex"). IRQL: any. */
VOID KeInitializeMutex(PRKMUTEX Mutex, ULONG Level)
{
    UNREFERENCED_PARAMETER(Level);
    KeInitializeMutant(Mutex, FALSE);
    Mutex->ApcDisable = 1;
}
NT_EXPORT(KeInitializeMutex);

/* A mutant, free or owned by the calling thread. IRQL: <= DISPATCH_LEVEL. */
VOID KeInitializeMutant(PRKMUTANT Mutant, BOOLEAN InitialOwner)
{
    KiInitializeHeader(&Mutant->Header, MutantObject, 1);
    Mutant->OwnerThread = NULL;
    Mutant->Abandoned = FALSE;
    Mutant->ApcDisable = 0;
    if (InitialOwner) {
        KIRQL Irql = KiLockDispatcher();
        KiTakeMutant(Mutant, KiCurrentThread());
        KiExitDispatcher(Irql);
    }
}
NT_EXPORT(KeInitializeMutant);

/*
 * A wait on the mutant by Thread has succeeded. Returns STATUS_ABANDONED_WAIT_0 when its last owner ended
 * without giving it back, else STATUS_SUCCESS. Dispatcher lock held.
 */
NTSTATUS KiTakeMutant(PKMUTANT Mutant, PKTHREAD Thread)
{
    if (--Mutant->Header.SignalState != 0)
        return STATUS_SUCCESS;
    Mutant->OwnerThread = Thread;
    Thread->KernelApcDisable = (SHORT)(Thread->KernelApcDisable - Mutant->ApcDisable);
    InsertTailList(&Thread->MutantListHead, &Mutant->MutantListEntry);
    if (!Mutant->Abandoned)
        return STATUS_SUCCESS;
    Mutant->Abandoned = FALSE;
    return STATUS_ABANDONED_WAIT_0;
}

/* Frees an owned mutant and lets the next one have it. Dispatcher lock held. */
static VOID KiFreeMutant(PKMUTANT Mutant, KPRIORITY Increment)
{
    PKTHREAD Owner = Mutant->OwnerThread;

    Owner->KernelApcDisable = (SHORT)(Owner->KernelApcDisable + Mutant->ApcDisable);
    if (Owner->KernelApcDisable == 0 && Owner->ApcState.KernelApcPending)
        KiNoticeKernelApc(Owner, 0);
    Mutant->OwnerThread = NULL;
    RemoveEntryList(&Mutant->MutantListEntry);
    Mutant->Header.SignalState = 1;
    if (!IsListEmpty(&Mutant->Header.WaitListHead))
        KiWakeWaiters(&Mutant->Header, Increment);
}

/*
 * Gives a mutant back once, or, Abandoned, altogether, so that the next owner's wait says so. Returns the previous
 * signal state: 0 means that it is free now. Raises STATUS_MUTANT_NOT_OWNED (STATUS_ABANDONED when it had been
 * abandoned) when the caller does not own it. IRQL: <= DISPATCH_LEVEL; with Wait <= APC_LEVEL.
 */
LONG KeReleaseMutant(PRKMUTANT Mutant, KPRIORITY Increment, BOOLEAN Abandoned, BOOLEAN Wait)
{
    KIRQL Irql = KiLockDispatcherOrWait(Wait);
    LONG OldState = Mutant->Header.SignalState;

    if (Abandoned) {
        Mutant->Abandoned = TRUE;
        if (Mutant->OwnerThread != NULL)
            KiFreeMutant(Mutant, Increment);
    } else {
        if (Mutant->OwnerThread != KiCurrentThread()) {
            NTSTATUS Status = Mutant->Abandoned ? STATUS_ABANDONED : STATUS_MUTANT_NOT_OWNED;
            KiExitDispatcher(Irql);
            ExRaiseStatus(Status);
        }
        if (OldState == 0)
            KiFreeMutant(Mutant, Increment);
        else
            Mutant->Header.SignalState++;
    }
    KiExitDispatcherOrWait(Irql, Wait);
    return OldState;
}
NT_EXPORT(KeReleaseMutant);

LONG KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait)
{
    KE_REQUIRE_IRQL(Wait ? APC_LEVEL : DISPATCH_LEVEL);
    return KeReleaseMutant(Mutex, 1, FALSE, Wait);
}
NT_EXPORT(KeReleaseMutex);

/* 1: free; else owned. IRQL: <= DISPATCH_LEVEL. */
LONG KeReadStateMutex(PRKMUTEX Mutex)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    return *(volatile LONG *)&Mutex->Header.SignalState;
}
NT_EXPORT(KeReadStateMutex);

/* The thread ends: its mutants are abandoned; a kernel mutex is the driver's mistake. Dispatcher lock held. */
VOID KiAbandonMutants(PKTHREAD Thread)
{
    while (!IsListEmpty(&Thread->MutantListHead)) {
        PKMUTANT Mutant = CONTAINING_RECORD(Thread->MutantListHead.Flink, KMUTANT, MutantListEntry);

        if (Mutant->ApcDisable != 0)
            KiBugCheck(THREAD_TERMINATE_HELD_MUTEX, (ULONG_PTR)Thread, (ULONG_PTR)Mutant, 0, 0, NULL,
                       "Thread %p ends while it owns the mutex at %p: what the mutex protects may be half changed. "
                       "Call KeReleaseMutex as often as a wait for it succeeded.", Thread, Mutant);
        Mutant->Abandoned = TRUE;
        KiFreeMutant(Mutant, 1);
    }
}
