/*
 * Guarded mutexes ("Fast Mutexes and Guarded Mutexes"): another name of fast mutexes, as from Windows 8 on. The code
 * between acquiring and releasing runs at APC_LEVEL, where no APC comes.
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

/* Waits until it is the caller's. Not recursive. IRQL: <= APC_LEVEL; APC_LEVEL afterwards. */
VOID KeAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    ExAcquireFastMutex(Mutex);
}
NT_EXPORT(KeAcquireGuardedMutex);

/* By the thread that acquired it. IRQL: APC_LEVEL; as before the acquisition afterwards. */
VOID KeReleaseGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    ExReleaseFastMutex(Mutex);
}
NT_EXPORT(KeReleaseGuardedMutex);

/* FALSE, at the level as before: somebody owns it. IRQL: <= APC_LEVEL. */
BOOLEAN KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    return ExTryToAcquireFastMutex(Mutex);
}
NT_EXPORT(KeTryToAcquireGuardedMutex);

/* For who keeps APCs away already; the level stays. IRQL: <= APC_LEVEL, both. */
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
