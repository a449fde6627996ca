/*
 * The spin lock itself, inline: what remains of a lock when the caller has seen to the IRQL.
 *
 * A lock word is 0 when free. In a checked build it holds the address of the owning processor's block with bit 0 set,
 * so that "held by me" can be told from "held"; the owner is a processor and not a thread because a holder stays on its
 * processor, while the dispatcher lock is handed from thread to thread across a switch. In a free build it is 1.
 *
 * Fences. Acquiring is a LOCK-prefixed instruction: nothing of the critical section can be read or written before the
 * lock is had. Releasing is a plain store: x86-64 never moves an earlier load or store past it, so only the compiler
 * has to be held (__ATOMIC_RELEASE). A later load may be executed before the releasing store is seen by others; that is
 * harmless, because whatever lies behind the release is not protected by the lock.
 */
#pragma once

#include "ke/ke.h"

#if DBG
#define KiSpinLockMine() ((KSPIN_LOCK)(ULONG_PTR)KeGetCurrentPrcb() | 1)
#else
#define KiSpinLockMine() ((KSPIN_LOCK)1)
#endif

/* spinlock.c: waits for a lock that was seen held, then takes it. A checked build stops if this processor holds it. */
VOID KiWaitForSpinLock(PKSPIN_LOCK SpinLock);
DECLSPEC_NORETURN VOID KiSpinLockNotOwned(PKSPIN_LOCK SpinLock, PVOID Caller);

/* IRQL: high enough that no holder can interrupt another on one processor, or interrupts off. */
FORCEINLINE VOID KiAcquireSpinLock(PKSPIN_LOCK SpinLock)
{
    if (!__sync_bool_compare_and_swap(SpinLock, 0, KiSpinLockMine()))
        KiWaitForSpinLock(SpinLock);
}

FORCEINLINE VOID KiReleaseSpinLock(PKSPIN_LOCK SpinLock)
{
#if DBG
    if (*SpinLock != KiSpinLockMine())
        KiSpinLockNotOwned(SpinLock, __builtin_return_address(0));
#endif
    __atomic_store_n(SpinLock, 0, __ATOMIC_RELEASE);
}
