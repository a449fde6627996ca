/*
 * The system's numbered queued spin locks ("KeAcquireQueuedSpinLock"): locks that drivers of file systems share by
 * number instead of by address. A processor holds each of them once at a time, so its place in the line is its own for
 * good and no handle is needed.
 */
#include "ke/queuedlock.h"
#include "rtl/export.h"

static KSPIN_LOCK KiNumberedLocks[LockQueueMaximumLock];
static KSPIN_LOCK_QUEUE KiNumberedPlaces[MAXIMUM_PROCESSORS][LockQueueMaximumLock];

/* At DISPATCH_LEVEL or above, where the processor stays. */
static PKSPIN_LOCK_QUEUE KiPlaceInLine(KSPIN_LOCK_QUEUE_NUMBER Number)
{
    ASSERT(Number < LockQueueMaximumLock);
    return &KiNumberedPlaces[KeGetCurrentPrcb()->Number][Number];
}

/* Raises to DISPATCH_LEVEL and takes the lock; returns the old level. IRQL: <= DISPATCH_LEVEL. */
KIRQL KeAcquireQueuedSpinLock(KSPIN_LOCK_QUEUE_NUMBER Number)
{
    KIRQL OldIrql;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    OldIrql = KfRaiseIrql(DISPATCH_LEVEL);
    KiAcquireQueuedLock(&KiNumberedLocks[Number], KiPlaceInLine(Number));
    return OldIrql;
}
NT_EXPORT(KeAcquireQueuedSpinLock);

/* The same at SYNCH_LEVEL. IRQL: <= SYNCH_LEVEL. */
KIRQL KeAcquireQueuedSpinLockRaiseToSynch(KSPIN_LOCK_QUEUE_NUMBER Number)
{
    KIRQL OldIrql;

    KE_REQUIRE_IRQL(SYNCH_LEVEL);
    OldIrql = KeRaiseIrqlToSynchLevel();
    KiAcquireQueuedLock(&KiNumberedLocks[Number], KiPlaceInLine(Number));
    return OldIrql;
}
NT_EXPORT(KeAcquireQueuedSpinLockRaiseToSynch);

/* At NewIrql, with the lock if nobody has it; else FALSE, at the level as before. */
static LOGICAL KiTryNumberedLock(KSPIN_LOCK_QUEUE_NUMBER Number, KIRQL NewIrql, PKIRQL OldIrql)
{
    *OldIrql = KfRaiseIrql(NewIrql);
    if (KiTryQueuedLock(&KiNumberedLocks[Number], KiPlaceInLine(Number)))
        return TRUE;
    KeLowerIrql(*OldIrql);
    return FALSE;
}

/* IRQL: <= DISPATCH_LEVEL. */
LOGICAL KeTryToAcquireQueuedSpinLock(KSPIN_LOCK_QUEUE_NUMBER Number, PKIRQL OldIrql)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    return KiTryNumberedLock(Number, DISPATCH_LEVEL, OldIrql);
}
NT_EXPORT(KeTryToAcquireQueuedSpinLock);

/* IRQL: <= SYNCH_LEVEL. */
LOGICAL KeTryToAcquireQueuedSpinLockRaiseToSynch(KSPIN_LOCK_QUEUE_NUMBER Number, PKIRQL OldIrql)
{
    KE_REQUIRE_IRQL(SYNCH_LEVEL);
    return KiTryNumberedLock(Number, SYNCH_LEVEL, OldIrql);
}
NT_EXPORT(KeTryToAcquireQueuedSpinLockRaiseToSynch);

/* Releases the lock and goes back to OldIrql. IRQL: >= DISPATCH_LEVEL. */
VOID KeReleaseQueuedSpinLock(KSPIN_LOCK_QUEUE_NUMBER Number, KIRQL OldIrql)
{
    KE_REQUIRE_IRQL_FROM(DISPATCH_LEVEL);
    KiReleaseQueuedLock(KiPlaceInLine(Number), __builtin_return_address(0));
    KeLowerIrql(OldIrql);
}
NT_EXPORT(KeReleaseQueuedSpinLock);
