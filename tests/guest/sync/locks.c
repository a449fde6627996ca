/* Fast mutexes, resources, push locks, rundown protection and remove locks, routine by routine. */
#include "sync.h"

static FAST_MUTEX FastMutex;
static ERESOURCE Resource;
static EX_RUNDOWN_REF Rundown;
static EX_PUSH_LOCK PushLock;
static IO_REMOVE_LOCK RemoveLock;
static volatile BOOLEAN Got;

TEST_CASE(FastMutexRaises, "ExAcquireFastMutex raises to APC_LEVEL; ExReleaseFastMutex goes back to the level before") {
    KIRQL OldIrql;

    ExInitializeFastMutex(&FastMutex);
    ExAcquireFastMutex(&FastMutex);
    EXPECT_EQUAL(KeGetCurrentIrql(), APC_LEVEL);
    ExReleaseFastMutex(&FastMutex);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeRaiseIrql(APC_LEVEL, &OldIrql);
    ExAcquireFastMutex(&FastMutex);
    ExReleaseFastMutex(&FastMutex);
    EXPECT_EQUAL(KeGetCurrentIrql(), APC_LEVEL);
    KeLowerIrql(OldIrql);
}

static VOID TryFastMutex(PVOID Mutex)
{
    Got = ExTryToAcquireFastMutex(Mutex);
    EXPECT_EQUAL(KeGetCurrentIrql(), Got ? APC_LEVEL : PASSIVE_LEVEL);
    if (Got)
        ExReleaseFastMutex(Mutex);
}

TEST_CASE(TryAFastMutex, "ExTryToAcquireFastMutex: TRUE at APC_LEVEL, or FALSE at the level before, never waiting") {
    ACTOR Actor;

    ExInitializeFastMutex(&FastMutex);
    REQUIRE(ActorsStart(&Actor, 1, &FastMutex));
    ActorDo(&Actor, TryFastMutex);
    EXPECT(Got);
    ExAcquireFastMutex(&FastMutex);
    ActorDo(&Actor, TryFastMutex);
    EXPECT(!Got);
    ExReleaseFastMutex(&FastMutex);
    ActorsEnd(&Actor, 1);
}

TEST_CASE(UnsafeLeavesTheLevel, "ExAcquireFastMutexUnsafe, in a critical region, leaves the level alone") {
    KeEnterCriticalRegion();
    ExInitializeFastMutex(&FastMutex);
    ExAcquireFastMutexUnsafe(&FastMutex);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    EXPECT(!ExTryToAcquireFastMutex(&FastMutex));
    ExReleaseFastMutexUnsafe(&FastMutex);
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeLeaveCriticalRegion();
}

static VOID TakeFastMutex(PVOID Mutex)
{
    ExAcquireFastMutex(Mutex);
    ExReleaseFastMutex(Mutex);
}

TEST_CASE(FastMutexCountsContention, "FAST_MUTEX.Contention counts those who had to wait") {
    ACTOR Actor;

    ExInitializeFastMutex(&FastMutex);
    REQUIRE(ActorsStart(&Actor, 1, &FastMutex));
    ActorDo(&Actor, TakeFastMutex);
    EXPECT_EQUAL(FastMutex.Contention, 0);
    ExAcquireFastMutex(&FastMutex);
    ActorBegin(&Actor, TakeFastMutex);
    SyncSleep(30);
    ExReleaseFastMutex(&FastMutex);
    ActorFinish(&Actor);
    EXPECT_EQUAL(FastMutex.Contention, 1);
    ActorsEnd(&Actor, 1);
}

/* Resources -------------------------------------------------------------------------------------------------------- */

static VOID Share(PVOID Lock)
{
    ExAcquireResourceSharedLite(Lock, TRUE);
}

static VOID Own(PVOID Lock)
{
    ExAcquireResourceExclusiveLite(Lock, TRUE);
}

static VOID TryToShare(PVOID Lock)
{
    Got = ExAcquireResourceSharedLite(Lock, FALSE);
}

static VOID TryToOwn(PVOID Lock)
{
    Got = ExTryToAcquireResourceExclusiveLite((PERESOURCE)Lock);
}

static VOID Release(PVOID Lock)
{
    ExReleaseResourceLite(Lock);
}

TEST_CASE(ResourceRefusesAtOnce, "with Wait FALSE a resource that is not free is refused at once, to share or to own") {
    ACTOR Actors[2];

    ExInitializeResourceLite(&Resource);
    REQUIRE(ActorsStart(Actors, 2, &Resource));
    ActorDo(&Actors[0], Own);
    ActorDo(&Actors[1], TryToShare);
    EXPECT(!Got);
    ActorDo(&Actors[1], TryToOwn);
    EXPECT(!Got);
    ActorDo(&Actors[0], Release);
    ActorDo(&Actors[1], TryToOwn);
    EXPECT(Got);
    ActorDo(&Actors[1], Release);
    ActorsEnd(Actors, 2);
    ExDeleteResourceLite(&Resource);
}

TEST_CASE(ResourceOfSomebodyElse, "ExIsResourceAcquired...Lite speak of the calling thread alone") {
    ACTOR Actor;

    ExInitializeResourceLite(&Resource);
    REQUIRE(ActorsStart(&Actor, 1, &Resource));
    ActorDo(&Actor, Own);
    EXPECT(!ExIsResourceAcquiredExclusiveLite(&Resource));
    EXPECT_EQUAL(ExIsResourceAcquiredSharedLite(&Resource), 0);
    ActorDo(&Actor, Release);
    ActorsEnd(&Actor, 1);
    ExDeleteResourceLite(&Resource);
}

TEST_CASE(ResourceReleaseForAThread, "ExReleaseResourceForThreadLite gives back what another thread has acquired") {
    ACTOR Actors[2];

    ExInitializeResourceLite(&Resource);
    REQUIRE(ActorsStart(Actors, 2, &Resource));
    ActorDo(&Actors[0], Share);
    ActorDo(&Actors[1], TryToOwn);
    EXPECT(!Got);
    ExReleaseResourceForThreadLite(&Resource, (ERESOURCE_THREAD)Actors[0].Thread);
    ActorDo(&Actors[1], TryToOwn);
    EXPECT(Got);
    ActorDo(&Actors[1], Release);
    ActorsEnd(Actors, 2);
    ExDeleteResourceLite(&Resource);
}

TEST_CASE(ResourceWaiterCounts, "ExGetExclusiveWaiterCount and ExGetSharedWaiterCount count who waits now") {
    ACTOR Actors[3];

    ExInitializeResourceLite(&Resource);
    EXPECT_EQUAL(ExGetExclusiveWaiterCount(&Resource) + ExGetSharedWaiterCount(&Resource), 0);
    REQUIRE(ActorsStart(Actors, 3, &Resource));
    ActorDo(&Actors[0], Own);
    ActorBegin(&Actors[1], Own);
    for (ULONG Try = 0; Try < 1000 && ExGetExclusiveWaiterCount(&Resource) == 0; Try++)
        SyncSleep(1);
    EXPECT_EQUAL(ExGetExclusiveWaiterCount(&Resource), 1);
    EXPECT_EQUAL(ExGetSharedWaiterCount(&Resource), 0);
    ActorBegin(&Actors[2], Share);
    for (ULONG Try = 0; Try < 1000 && ExGetSharedWaiterCount(&Resource) == 0; Try++)
        SyncSleep(1);
    EXPECT_EQUAL(ExGetExclusiveWaiterCount(&Resource), 1);
    EXPECT_EQUAL(ExGetSharedWaiterCount(&Resource), 1);
    ActorDo(&Actors[0], Release);
    ActorFinish(&Actors[2]);
    ActorDo(&Actors[2], Release);
    ActorFinish(&Actors[1]);
    ActorDo(&Actors[1], Release);
    EXPECT_EQUAL(ExGetExclusiveWaiterCount(&Resource) + ExGetSharedWaiterCount(&Resource), 0);
    ActorsEnd(Actors, 3);
    ExDeleteResourceLite(&Resource);
}

TEST_CASE(ResourceWithItsRegion, "ExEnterCriticalRegionAndAcquireResource...: APCs are off until it is released") {
    BOOLEAN Before = KeAreApcsDisabled();

    ExInitializeResourceLite(&Resource);
    ExEnterCriticalRegionAndAcquireResourceExclusive(&Resource);
    EXPECT(KeAreApcsDisabled());
    EXPECT(ExIsResourceAcquiredExclusiveLite(&Resource));
    ExReleaseResourceAndLeaveCriticalRegion(&Resource);
    ExEnterCriticalRegionAndAcquireResourceShared(&Resource);
    EXPECT_EQUAL(ExIsResourceAcquiredSharedLite(&Resource), 1);
    ExReleaseResourceAndLeaveCriticalRegion(&Resource);
    EXPECT_EQUAL(KeAreApcsDisabled(), Before);
    ExDeleteResourceLite(&Resource);
}

/* Push locks ------------------------------------------------------------------------------------------------------- */

TEST_CASE(PushLockIsAWord, "ExInitializePushLock: a push lock is one word, zero when free, and shared by several") {
    KeEnterCriticalRegion();
    ExInitializePushLock(&PushLock);
    EXPECT_EQUAL(PushLock, 0);
    ExAcquirePushLockShared(&PushLock);
    ExAcquirePushLockShared(&PushLock);
    EXPECT(PushLock != 0);
    ExReleasePushLockShared(&PushLock);
    ExReleasePushLockShared(&PushLock);
    EXPECT_EQUAL(PushLock, 0);
    ExAcquirePushLockExclusive(&PushLock);
    ExReleasePushLockExclusive(&PushLock);
    EXPECT_EQUAL(PushLock, 0);
    KeLeaveCriticalRegion();
}

/* Rundown protection ----------------------------------------------------------------------------------------------- */

TEST_CASE(RundownBySeveral, "ExAcquireRundownProtectionEx counts as many uses as it says; they are given back singly") {
    ExInitializeRundownProtection(&Rundown);
    EXPECT(ExAcquireRundownProtectionEx(&Rundown, 3));
    ExReleaseRundownProtection(&Rundown);
    ExReleaseRundownProtectionEx(&Rundown, 2);
    ExWaitForRundownProtectionRelease(&Rundown);        /* returns: none is left */
    EXPECT(!ExAcquireRundownProtection(&Rundown));
}

TEST_CASE(RundownAgain, "ExReInitializeRundownProtection lets uses begin again after an end") {
    ExInitializeRundownProtection(&Rundown);
    ExWaitForRundownProtectionRelease(&Rundown);
    EXPECT(!ExAcquireRundownProtection(&Rundown));
    ExReInitializeRundownProtection(&Rundown);
    EXPECT(ExAcquireRundownProtection(&Rundown));
    ExReleaseRundownProtection(&Rundown);
}

TEST_CASE(RundownCompleted, "after ExRundownCompleted uses are refused, and a wait for the end returns at once") {
    ExInitializeRundownProtection(&Rundown);
    ExWaitForRundownProtectionRelease(&Rundown);
    ExRundownCompleted(&Rundown);
    EXPECT(!ExAcquireRundownProtectionEx(&Rundown, 2));
    ExWaitForRundownProtectionRelease(&Rundown);
}

TEST_CASE(RundownAtDispatch, "rundown protection is acquired and released at DISPATCH_LEVEL, too") {
    KIRQL OldIrql;

    ExInitializeRundownProtection(&Rundown);
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    EXPECT(ExAcquireRundownProtection(&Rundown));
    ExReleaseRundownProtection(&Rundown);
    KeLowerIrql(OldIrql);
    ExWaitForRundownProtectionRelease(&Rundown);
}

/* Remove locks ----------------------------------------------------------------------------------------------------- */

TEST_CASE(RemoveLockAfterTheEnd, "IoAcquireRemoveLock returns STATUS_DELETE_PENDING once the removal has begun") {
    IoInitializeRemoveLock(&RemoveLock, 'tseT', 0, 0);
    EXPECT_STATUS(IoAcquireRemoveLock(&RemoveLock, &RemoveLock), STATUS_SUCCESS);
    IoReleaseRemoveLock(&RemoveLock, &RemoveLock);
    EXPECT_STATUS(IoAcquireRemoveLock(&RemoveLock, &RemoveLock), STATUS_SUCCESS);
    IoReleaseRemoveLockAndWait(&RemoveLock, &RemoveLock);
    EXPECT_STATUS(IoAcquireRemoveLock(&RemoveLock, &RemoveLock), STATUS_DELETE_PENDING);
}

TEST_CASE(RemoveLockSameTag, "a remove lock is acquired again with the same tag, and released as often") {
    IoInitializeRemoveLock(&RemoveLock, 'tseT', 0, 0);
    for (ULONG Time = 0; Time < 3; Time++)
        EXPECT_STATUS(IoAcquireRemoveLock(&RemoveLock, &RemoveLock), STATUS_SUCCESS);
    IoReleaseRemoveLock(&RemoveLock, &RemoveLock);
    IoReleaseRemoveLock(&RemoveLock, &RemoveLock);
    IoReleaseRemoveLockAndWait(&RemoveLock, &RemoveLock);       /* returns: it was the last */
}
