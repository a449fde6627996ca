/*
 * Processors calling each other, at IPI_LEVEL ("KeIpiGenericCall"): one vector, and words that say what is wanted.
 *
 * Who waits for other processors here does so with interrupts as they were, and looks for requests to itself while it
 * waits. So two that want something of each other both get it, at whatever level they are and even with interrupts off.
 * What nobody may do is wait with interrupts off for a lock whose holder waits for an answer.
 */
#include "ke/ki.h"
#include "hal/hal.h"
#include "mm/mm.h"

volatile KAFFINITY KiActiveProcessors = 1;

/* The one generic call that is under way. */
static KSPIN_LOCK KiCallLock;                   /* held by its caller until all have returned; IPI_LEVEL */
static PKIPI_BROADCAST_WORKER KiCallRoutine;
static ULONG_PTR KiCallContext;
static volatile KAFFINITY KiCallWanted;         /* processors that have yet to take notice */
static volatile LONG KiCallArriving;            /* how many are not there yet: nobody begins before all are */
static volatile LONG KiCallRunning;             /* how many have not returned from the routine */

VOID KiSendIpi(KAFFINITY Targets)
{
    for (; Targets != 0; Targets &= Targets - 1)
        HalSendInterrupt(KiProcessorBlock[__builtin_ctzll(Targets)]->ApicId, KI_IPI_VECTOR);
}

static LONG KiCount(KAFFINITY Processors)
{
    LONG Count = 0;

    for (; Processors != 0; Processors &= Processors - 1)
        Count++;
    return Count;
}

/* This processor's part of a generic call. IRQL: IPI_LEVEL. */
static ULONG_PTR KiJoinCall(VOID)
{
    ULONG_PTR Result;

    InterlockedDecrement(&KiCallArriving);
    while (KiCallArriving != 0) {
        MmServeTlbRequests();
        KiPause();
    }
    Result = KiCallRoutine(KiCallContext);
    InterlockedDecrement(&KiCallRunning);
    return Result;
}

VOID KiServeIpi(VOID)
{
    KAFFINITY Me = (KAFFINITY)1 << KeGetCurrentPrcb()->Number;

    MmServeTlbRequests();
    if (KiCallWanted & Me) {
        KIRQL OldIrql = KeGetCurrentIrql();
        if (OldIrql < IPI_LEVEL)
            KiSetIrql(IPI_LEVEL);
        /* An interrupt may have come in before the level rose, and done it. */
        if (__atomic_fetch_and(&KiCallWanted, ~Me, __ATOMIC_ACQ_REL) & Me)
            KiJoinCall();
        KiSetIrql(OldIrql);
    }
}

/*
 * Runs a routine on all processors at once: each is at IPI_LEVEL and none begins before all are there; returns when all
 * have returned, with what it returned on this one. IRQL: <= IPI_LEVEL, no lock held that another processor may be
 * waiting for with interrupts off. The routine may not wait, nor free memory.
 */
ULONG_PTR KeIpiGenericCall(PKIPI_BROADCAST_WORKER BroadcastFunction, ULONG_PTR Context)
{
    KIRQL OldIrql = KfRaiseIrql(IPI_LEVEL);
    KAFFINITY Others;
    ULONG_PTR Result;

    while (!__sync_bool_compare_and_swap(&KiCallLock, 0, KiSpinLockMine())) {
        KiServeIpi();
        KiPause();
    }
    Others = KiActiveProcessors & ~((KAFFINITY)1 << KeGetCurrentPrcb()->Number);
    KiCallRoutine = BroadcastFunction;
    KiCallContext = Context;
    KiCallArriving = KiCallRunning = KiCount(Others) + 1;
    __atomic_store_n(&KiCallWanted, Others, __ATOMIC_SEQ_CST);
    KiSendIpi(Others);
    Result = KiJoinCall();
    while (KiCallRunning != 0) {
        MmServeTlbRequests();
        KiPause();
    }
    KiReleaseSpinLock(&KiCallLock);
    KeLowerIrql(OldIrql);
    return Result;
}
NT_EXPORT(KeIpiGenericCall);
