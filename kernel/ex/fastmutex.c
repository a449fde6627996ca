/*
 * Fast mutexes ("Fast Mutexes and Guarded Mutexes"): mutual exclusion between threads at the price of one interlocked
 * instruction while nobody has to wait. Not recursive. The owner is at APC_LEVEL, so no APC can come between.
 *
 * Count is 1 when free, 0 when owned, and one less for each thread that waits. Who takes it to below zero waits on
 * the event; a release that finds somebody waiting sets the event, which hands the mutex over to exactly one of them.
 */
#include "executive.h"
#include "ex/fastmutex.h"
#include "ke/rules.h"
#include "rtl/export.h"

/* IRQL: <= DISPATCH_LEVEL. The mutex lies in resident memory. */
VOID ExInitializeFastMutex(PFAST_MUTEX FastMutex)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    FastMutex->Count = 1;
    FastMutex->Owner = NULL;
    FastMutex->Contention = 0;
    FastMutex->OldIrql = PASSIVE_LEVEL;
    KeInitializeEvent(&FastMutex->Event, SynchronizationEvent, FALSE);
}
NT_EXPORT(ExInitializeFastMutex);

#if DBG
DECLSPEC_NOINLINE static DECLSPEC_NORETURN VOID ExpFastMutexOwned(PFAST_MUTEX FastMutex, PVOID Caller)
{
    KiBugCheck(MUTEX_ALREADY_OWNED, (ULONG_PTR)FastMutex, (ULONG_PTR)FastMutex->Owner, (ULONG_PTR)Caller, 0, NULL,
               "%s acquires the fast mutex at %p, which the thread owns already: it would wait for itself for ever. A "
               "fast mutex cannot be taken twice; KeInitializeMutex makes one that can.", KiWords(Caller).Text,
               FastMutex);
}

DECLSPEC_NOINLINE static DECLSPEC_NORETURN VOID ExpFastMutexNotOwned(PFAST_MUTEX FastMutex, PVOID Caller)
{
    KiBugCheck(THREAD_NOT_MUTEX_OWNER, (ULONG_PTR)KiCurrentThread(), (ULONG_PTR)FastMutex, (ULONG_PTR)FastMutex->Owner,
               (ULONG_PTR)Caller, NULL,
               "%s releases the fast mutex at %p, but its owner is thread %p and not the calling one, %p. Only the "
               "thread that acquired it may release it, once.", KiWords(Caller).Text, FastMutex, FastMutex->Owner,
               KiCurrentThread());
}
#endif

DECLSPEC_NOINLINE VOID ExpWaitForFastMutex(PFAST_MUTEX FastMutex, PVOID Caller)
{
#if DBG
    if (FastMutex->Owner == KiCurrentThread())
        ExpFastMutexOwned(FastMutex, Caller);
#else
    UNREFERENCED_PARAMETER(Caller);
#endif
    InterlockedIncrement(&FastMutex->Contention);
    KeWaitForSingleObject(&FastMutex->Event, WrFastMutex, KernelMode, FALSE, NULL);
}

static FORCEINLINE VOID ExpTakeFastMutex(PFAST_MUTEX FastMutex, PVOID Caller)
{
    if (InterlockedDecrement(&FastMutex->Count) != 0)
        ExpWaitForFastMutex(FastMutex, Caller);
    FastMutex->Owner = KiCurrentThread();
}

static FORCEINLINE VOID ExpGiveFastMutex(PFAST_MUTEX FastMutex, PVOID Caller)
{
#if DBG
    if (FastMutex->Count > 0 || FastMutex->Owner != KiCurrentThread())
        ExpFastMutexNotOwned(FastMutex, Caller);
#else
    UNREFERENCED_PARAMETER(Caller);
#endif
    FastMutex->Owner = NULL;
    if (InterlockedIncrement(&FastMutex->Count) <= 0)
        KeSetEvent(&FastMutex->Event, 1, FALSE);
}

/* Waits until the mutex is free, owns it, and stays at APC_LEVEL. IRQL: <= APC_LEVEL. */
VOID ExAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    KIRQL OldIrql = KeGetCurrentIrql();

    KE_REQUIRE_IRQL(APC_LEVEL);
    KiSetIrql(APC_LEVEL);
    ExpTakeFastMutex(FastMutex, __builtin_return_address(0));
    FastMutex->OldIrql = OldIrql;
}
NT_EXPORT(ExAcquireFastMutex);

/* Gives the mutex back and returns to the level before it was acquired. IRQL: APC_LEVEL. */
VOID ExReleaseFastMutex(PFAST_MUTEX FastMutex)
{
    KIRQL OldIrql = (KIRQL)FastMutex->OldIrql;

    KE_REQUIRE_IRQL_AT(APC_LEVEL);
    ExpGiveFastMutex(FastMutex, __builtin_return_address(0));
    KiSetIrql(OldIrql);
}
NT_EXPORT(ExReleaseFastMutex);

/* Owns the mutex if it is free, at APC_LEVEL then; else FALSE, at the level as before. IRQL: <= APC_LEVEL. */
BOOLEAN ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    KIRQL OldIrql = KeGetCurrentIrql();

    KE_REQUIRE_IRQL(APC_LEVEL);
    KiSetIrql(APC_LEVEL);
    if (InterlockedCompareExchange(&FastMutex->Count, 0, 1) != 1) {
        KiSetIrql(OldIrql);
        return FALSE;
    }
    FastMutex->Owner = KiCurrentThread();
    FastMutex->OldIrql = OldIrql;
    return TRUE;
}
NT_EXPORT(ExTryToAcquireFastMutex);

/*
 * The Unsafe routines leave the level alone: the caller is at APC_LEVEL, or in a critical region. IRQL: <= APC_LEVEL.
 */
VOID ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    ExpTakeFastMutex(FastMutex, __builtin_return_address(0));
}
NT_EXPORT(ExAcquireFastMutexUnsafe);

VOID ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    ExpGiveFastMutex(FastMutex, __builtin_return_address(0));
}
NT_EXPORT(ExReleaseFastMutexUnsafe);
