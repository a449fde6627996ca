/* Cache-aware rundown protection ("ExInitializeRundownProtectionCacheAware" and its neighbours). */
#include "sync.h"

static PEX_RUNDOWN_REF_CACHE_AWARE Rundown;
static volatile LONG Ended, Used, Late;

TEST_CASE(CacheAwareRefuses, "uses are refused after ExWaitForRundownProtectionReleaseCacheAware") {
    Rundown = ExAllocateCacheAwareRundownProtection(NonPagedPool, 'tseT');
    REQUIRE(Rundown != NULL);
    EXPECT(ExAcquireRundownProtectionCacheAware(Rundown));
    EXPECT(ExAcquireRundownProtectionCacheAwareEx(Rundown, 2));
    ExReleaseRundownProtectionCacheAwareEx(Rundown, 3);
    ExWaitForRundownProtectionReleaseCacheAware(Rundown);
    EXPECT(!ExAcquireRundownProtectionCacheAware(Rundown));
    ExWaitForRundownProtectionReleaseCacheAware(Rundown);       /* returns: it is over */
    ExRundownCompletedCacheAware(Rundown);
    EXPECT(!ExAcquireRundownProtectionCacheAware(Rundown));
    ExReInitializeRundownProtectionCacheAware(Rundown);
    EXPECT(ExAcquireRundownProtectionCacheAware(Rundown));
    ExReleaseRundownProtectionCacheAware(Rundown);
    ExFreeCacheAwareRundownProtection(Rundown);
}

TEST_CASE(CacheAwareOwnMemory, "ExInitializeRundownProtectionCacheAware takes ExSizeOf... bytes of the driver's own") {
    Rundown = ExAllocatePoolWithTag(NonPagedPool, ExSizeOfRundownProtectionCacheAware(), 'tseT');
    REQUIRE(Rundown != NULL);
    ExInitializeRundownProtectionCacheAware(Rundown, ExSizeOfRundownProtectionCacheAware());
    EXPECT(ExAcquireRundownProtectionCacheAware(Rundown));
    ExReleaseRundownProtectionCacheAware(Rundown);
    ExWaitForRundownProtectionReleaseCacheAware(Rundown);
    ExFreePoolWithTag(Rundown, 'tseT');
}

static VOID EndIt(PVOID Lock)
{
    ExWaitForRundownProtectionReleaseCacheAware(Lock);
    Ended = 1;
}

TEST_CASE(CacheAwareElsewhere, "a use that begins on one processor may end on another; the end waits for it") {
    ACTOR Actor;

    Ended = 0;
    Rundown = ExAllocateCacheAwareRundownProtection(NonPagedPool, 'tseT');
    REQUIRE(Rundown != NULL);
    REQUIRE(ActorsStart(&Actor, 1, Rundown));
    for (ULONG Number = 0; Number < KeQueryActiveProcessorCount(NULL); Number++) {
        KeSetSystemAffinityThread((KAFFINITY)1 << Number);
        EXPECT(ExAcquireRundownProtectionCacheAwareEx(Rundown, 2));
    }
    KeSetSystemAffinityThread(1);
    for (ULONG Number = 0; Number < KeQueryActiveProcessorCount(NULL); Number++)
        ExReleaseRundownProtectionCacheAware(Rundown);          /* all of them here */
    ActorBegin(&Actor, EndIt);
    SyncSleep(30);
    for (ULONG Number = 0; Number < KeQueryActiveProcessorCount(NULL); Number++) {
        EXPECT_EQUAL(Ended, 0);
        ExReleaseRundownProtectionCacheAware(Rundown);
    }
    KeRevertToUserAffinityThread();
    ActorFinish(&Actor);
    EXPECT_EQUAL(Ended, 1);
    ActorsEnd(&Actor, 1);
    ExFreeCacheAwareRundownProtection(Rundown);
}

static VOID UseUntilEnd(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    while (ExAcquireRundownProtectionCacheAware(Rundown)) {
        InterlockedIncrement(&Used);
        if (Ended)
            InterlockedIncrement(&Late);
        ExReleaseRundownProtectionCacheAware(Rundown);
    }
}

TEST_CASE(CacheAwareUnderLoad, "whoever has cache-aware rundown protection finds the thing alive") {
    VOID Run(PVOID Context) {
        if (InterlockedIncrement((volatile LONG *)Context) == 1) {
            SyncSleep(30);
            EndIt(Rundown);
        } else {
            UseUntilEnd(NULL);
        }
    }
    static volatile LONG Number;

    Number = Ended = Used = Late = 0;
    Rundown = ExAllocateCacheAwareRundownProtection(NonPagedPool, 'tseT');
    REQUIRE(Rundown != NULL);
    TestOnThreads(5, Run, (PVOID)&Number);
    EXPECT(Used > 0);
    EXPECT_EQUAL(Late, 0);
    ExFreeCacheAwareRundownProtection(Rundown);
}
