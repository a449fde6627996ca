/*
 * Guarded mutexes ("Fast Mutexes and Guarded Mutexes"): the other face of fast mutexes. Where the owner of a fast mutex
 * is at APC_LEVEL, the owner of a guarded mutex stays at its level in a guarded region; either way no APC comes
 * between. The mutex itself is the same structure.
 *
 * They bear Ke's name and live in Ex, because what they are made of does.
 */
#include "exsync.h"
#include "ke/rules.h"
#include "rtl/export.h"

/* IRQL: any. */
VOID KeInitializeGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    ExInitializeFastMutex(Mutex);
}
NT_EXPORT(KeInitializeGuardedMutex);

/* Waits until it is the caller's. Not recursive. IRQL: <= APC_LEVEL; in a guarded region afterwards. */
VOID KeAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    KeEnterGuardedRegion();
    ExAcquireFastMutexUnsafe(Mutex);
}
NT_EXPORT(KeAcquireGuardedMutex);

/* By the thread that acquired it, at the level and in the regions that it acquired it in. IRQL: <= APC_LEVEL. */
VOID KeReleaseGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    ExReleaseFastMutexUnsafe(Mutex);
    KeLeaveGuardedRegion();
}
NT_EXPORT(KeReleaseGuardedMutex);

/* FALSE, and no guarded region: somebody owns it. IRQL: <= APC_LEVEL. */
BOOLEAN KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    KeEnterGuardedRegion();
    if (InterlockedCompareExchange(&Mutex->Count, 0, 1) != 1) {
        KeLeaveGuardedRegion();
        return FALSE;
    }
    Mutex->Owner = KiCurrentThread();
    return TRUE;
}
NT_EXPORT(KeTryToAcquireGuardedMutex);

/* For who keeps APCs away already. IRQL: <= APC_LEVEL, both. */
VOID KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    ExAcquireFastMutexUnsafe(Mutex);
}
NT_EXPORT(KeAcquireGuardedMutexUnsafe);

VOID KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    ExReleaseFastMutexUnsafe(Mutex);
}
NT_EXPORT(KeReleaseGuardedMutexUnsafe);
