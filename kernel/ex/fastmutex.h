/*
 * The fast mutex inline, for paths that are counted in instructions: those that lock a working set. The checked build
 * calls the routines in fastmutex.c, which look at level and owner; the free build has here what they would do.
 */
#pragma once

#include "executive.h"
#include "ke/ke.h"

/*
 * fastmutex.c: waits for a mutex that the caller has counted itself in for. Caller: for messages of the checked build.
 */
VOID ExpWaitForFastMutex(PFAST_MUTEX FastMutex, PVOID Caller);

/* IRQL: <= APC_LEVEL, and APC_LEVEL afterwards. */
FORCEINLINE VOID ExAcquireFastMutexInline(PFAST_MUTEX FastMutex)
{
#if DBG
    ExAcquireFastMutex(FastMutex);
#else
    KIRQL OldIrql = KeGetCurrentIrql();

    KiSetIrql(APC_LEVEL);
    if (InterlockedDecrement(&FastMutex->Count) != 0)
        ExpWaitForFastMutex(FastMutex, NULL);
    FastMutex->Owner = KiCurrentThread();
    FastMutex->OldIrql = OldIrql;
#endif
}

/* IRQL: APC_LEVEL; the level before it was acquired afterwards. */
FORCEINLINE VOID ExReleaseFastMutexInline(PFAST_MUTEX FastMutex)
{
#if DBG
    ExReleaseFastMutex(FastMutex);
#else
    KIRQL OldIrql = (KIRQL)FastMutex->OldIrql;
    BOOLEAN Waiters;

    FastMutex->Owner = NULL;
    /* The flags say at once what the compiler would compute from the sum. */
    __asm__ volatile("lock incl %0" : "+m"(FastMutex->Count), "=@ccle"(Waiters) : : "memory");
    if (Waiters)
        KeSetEvent(&FastMutex->Event, 1, FALSE);
    KiSetIrql(OldIrql);
#endif
}
