/*
 * Spin locks for drivers ("Introduction to Spin Locks"): the lock of spinlock.h together with the level.
 *
 * A spin lock is held at DISPATCH_LEVEL so that no other thread can come to this processor and spin for ever on a lock
 * whose owner it has displaced. Interrupt service routines use their interrupt object's lock instead, at DIRQL.
 */
#include "ke/rules.h"
#include "ke/spinlock.h"
#include "rtl/export.h"

/* Makes a lock, free. IRQL: any. */
VOID KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    *SpinLock = 0;
}
NT_EXPORT(KeInitializeSpinLock);

VOID KiWaitForSpinLock(PKSPIN_LOCK SpinLock)
{
    KSPIN_LOCK Mine = KiSpinLockMine();

    do {
#if DBG
        if (*(volatile KSPIN_LOCK *)SpinLock == Mine)
            KiBugCheck(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)SpinLock, (ULONG_PTR)__builtin_return_address(0),
                       KeGetCurrentIrql(), 0, NULL,
                       "Processor %u waits for the spin lock at %p, which it holds itself, called from %s: it would "
                       "wait for ever. A spin lock cannot be taken twice; release it first, or call the part that "
                       "expects it to be held.", KeGetCurrentPrcb()->Number, SpinLock,
                       KiWords(__builtin_return_address(0)).Text);
#endif
        /* Reading keeps the cache line shared while the owner works; only a lock that looks free is worth a write. */
        while (*(volatile KSPIN_LOCK *)SpinLock != 0)
            KiPause();
    } while (!__sync_bool_compare_and_swap(SpinLock, 0, Mine));
}

VOID KiSpinLockNotOwned(PKSPIN_LOCK SpinLock, PVOID Caller)
{
    KiBugCheck(SPIN_LOCK_NOT_OWNED, (ULONG_PTR)SpinLock, *SpinLock, (ULONG_PTR)Caller, KeGetCurrentIrql(), NULL,
               "The spin lock at %p is released by processor %u, called from %s, but %s. Only its holder may release "
               "it, once.", SpinLock, KeGetCurrentPrcb()->Number, KiWords(Caller).Text,
               *SpinLock == 0 ? "nobody holds it" : "another processor holds it");
}

/* Raises to DISPATCH_LEVEL and takes the lock; returns the old level. IRQL: <= DISPATCH_LEVEL. */
KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    KIRQL OldIrql = KeGetCurrentIrql();

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    KiSetIrql(DISPATCH_LEVEL);
    KE_NOTE_RAISED(__builtin_return_address(0), DISPATCH_LEVEL);
    KiAcquireSpinLock(SpinLock);
    return OldIrql;
}
NT_EXPORT(KeAcquireSpinLockRaiseToDpc);

/* The same at the level of KeRaiseIrqlToSynchLevel. IRQL: <= that level. */
KIRQL KeAcquireSpinLockRaiseToSynch(PKSPIN_LOCK SpinLock)
{
    KIRQL OldIrql;

    KE_REQUIRE_IRQL(SYNCH_LEVEL);
    OldIrql = KeRaiseIrqlToSynchLevel();
    KiAcquireSpinLock(SpinLock);
    return OldIrql;
}
NT_EXPORT(KeAcquireSpinLockRaiseToSynch);

#if DBG
DECLSPEC_NOINLINE static DECLSPEC_NORETURN VOID KiReleaseToWrongLevel(PKSPIN_LOCK SpinLock, KIRQL NewIrql, PVOID Caller)
{
    KiBugCheck(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)Caller, DISPATCH_LEVEL, NewIrql, (ULONG_PTR)"KeReleaseSpinLock", NULL,
               "KeReleaseSpinLock(%p, %u) was called from %s: its second argument is the level that KeAcquireSpinLock "
               "returned, at most DISPATCH_LEVEL (2).", SpinLock, NewIrql, KiWords(Caller).Text);
}
#endif

/*
 * Releases the lock and lowers to NewIrql, where a pending dispatch interrupt is then taken. IRQL: DISPATCH_LEVEL;
 * SYNCH_LEVEL if it was raised to that.
 */
VOID KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    KE_REQUIRE_IRQL_FROM(DISPATCH_LEVEL);
#if DBG
    if (NewIrql > DISPATCH_LEVEL)
        KiReleaseToWrongLevel(SpinLock, NewIrql, __builtin_return_address(0));
#endif
    KiReleaseSpinLock(SpinLock);
    KiSetIrql(NewIrql);
}
NT_EXPORT(KeReleaseSpinLock);

/* The AtDpcLevel routines leave the level alone, so it must be right already. */

/* Takes the lock and leaves the level alone. IRQL: >= DISPATCH_LEVEL, the same for all users of the lock. */
VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    KE_REQUIRE_IRQL_FROM(DISPATCH_LEVEL);
    KiAcquireSpinLock(SpinLock);
}
NT_EXPORT(KeAcquireSpinLockAtDpcLevel);

VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    KE_REQUIRE_IRQL_FROM(DISPATCH_LEVEL);
    KiReleaseSpinLock(SpinLock);
}
NT_EXPORT(KeReleaseSpinLockFromDpcLevel);

/* Takes the lock if nobody holds it; FALSE otherwise. IRQL: >= DISPATCH_LEVEL. */
BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    KE_REQUIRE_IRQL_FROM(DISPATCH_LEVEL);
    return __sync_bool_compare_and_swap(SpinLock, 0, KiSpinLockMine());
}
NT_EXPORT(KeTryToAcquireSpinLockAtDpcLevel);
