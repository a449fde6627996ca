/* The documented level of each routine of Ex and Ob that a driver calls; as irqlrules.c. */
#include "broken.h"

static FAST_MUTEX FastMutex;
static KGUARDED_MUTEX Guarded;
static EX_PUSH_LOCK PushLock;
static EX_RUNDOWN_REF Rundown;
static ERESOURCE Resource;
static NPAGED_LOOKASIDE_LIST NonPaged;
static PAGED_LOOKASIDE_LIST Paged;
static WORK_QUEUE_ITEM Item;
static PCALLBACK_OBJECT Callback;
static UCHAR Zeroes[64];          /* what looks like an object as far as a rule of level looks */
static PVOID Object = Zeroes;

TEST_CASE(IrqlOfMutexes, "Ex: fast mutexes, guarded mutexes and push locks are for APC_LEVEL and below") {
    NOT_ABOVE(DISPATCH_LEVEL, ExInitializeFastMutex, ExInitializeFastMutex(&FastMutex));
    NOT_ABOVE(APC_LEVEL, ExAcquireFastMutex, ExAcquireFastMutex(&FastMutex));
    NOT_ABOVE(APC_LEVEL, ExTryToAcquireFastMutex, ExTryToAcquireFastMutex(&FastMutex));
    NOT_ABOVE(APC_LEVEL, ExReleaseFastMutex, ExReleaseFastMutex(&FastMutex));
    NOT_BELOW(APC_LEVEL, ExReleaseFastMutex, ExReleaseFastMutex(&FastMutex));
    NOT_ABOVE(APC_LEVEL, ExAcquireFastMutexUnsafe, ExAcquireFastMutexUnsafe(&FastMutex));
    NOT_ABOVE(APC_LEVEL, ExReleaseFastMutexUnsafe, ExReleaseFastMutexUnsafe(&FastMutex));
    NOT_ABOVE(APC_LEVEL, KeAcquireGuardedMutex, KeAcquireGuardedMutex(&Guarded));
    NOT_ABOVE(APC_LEVEL, KeReleaseGuardedMutex, KeReleaseGuardedMutex(&Guarded));
    NOT_ABOVE(APC_LEVEL, KeTryToAcquireGuardedMutex, KeTryToAcquireGuardedMutex(&Guarded));
    NOT_ABOVE(APC_LEVEL, ExAcquirePushLockExclusiveEx, ExAcquirePushLockExclusive(&PushLock));
    NOT_ABOVE(APC_LEVEL, ExAcquirePushLockSharedEx, ExAcquirePushLockShared(&PushLock));
    NOT_ABOVE(APC_LEVEL, ExReleasePushLockExclusiveEx, ExReleasePushLockExclusive(&PushLock));
    NOT_ABOVE(APC_LEVEL, ExReleasePushLockSharedEx, ExReleasePushLockShared(&PushLock));
}

TEST_CASE(IrqlOfResources, "Ex: resources are acquired below DISPATCH_LEVEL, released and asked about up to it") {
    NOT_ABOVE(DISPATCH_LEVEL, ExInitializeResourceLite, ExInitializeResourceLite(&Resource));
    NOT_ABOVE(DISPATCH_LEVEL, ExReinitializeResourceLite, ExReinitializeResourceLite(&Resource));
    NOT_ABOVE(APC_LEVEL, ExDeleteResourceLite, ExDeleteResourceLite(&Resource));
    NOT_ABOVE(APC_LEVEL, ExAcquireResourceSharedLite, ExAcquireResourceSharedLite(&Resource, FALSE));
    NOT_ABOVE(APC_LEVEL, ExAcquireResourceExclusiveLite, ExAcquireResourceExclusiveLite(&Resource, FALSE));
    NOT_ABOVE(APC_LEVEL, ExAcquireSharedStarveExclusive, ExAcquireSharedStarveExclusive(&Resource, FALSE));
    NOT_ABOVE(APC_LEVEL, ExAcquireSharedWaitForExclusive, ExAcquireSharedWaitForExclusive(&Resource, FALSE));
    NOT_ABOVE(APC_LEVEL, ExConvertExclusiveToSharedLite, ExConvertExclusiveToSharedLite(&Resource));
    NOT_ABOVE(DISPATCH_LEVEL, ExReleaseResourceLite, ExReleaseResourceLite(&Resource));
    NOT_ABOVE(DISPATCH_LEVEL, ExReleaseResourceForThreadLite, ExReleaseResourceForThreadLite(&Resource, 0));
    NOT_ABOVE(DISPATCH_LEVEL, ExSetResourceOwnerPointer, ExSetResourceOwnerPointer(&Resource, NULL));
    NOT_ABOVE(DISPATCH_LEVEL, ExIsResourceAcquiredExclusiveLite, ExIsResourceAcquiredExclusiveLite(&Resource));
    NOT_ABOVE(DISPATCH_LEVEL, ExIsResourceAcquiredSharedLite, ExIsResourceAcquiredSharedLite(&Resource));
    NOT_ABOVE(DISPATCH_LEVEL, ExGetExclusiveWaiterCount, ExGetExclusiveWaiterCount(&Resource));
    NOT_ABOVE(DISPATCH_LEVEL, ExGetSharedWaiterCount, ExGetSharedWaiterCount(&Resource));
}

TEST_CASE(IrqlOfPools, "Ex: nonpaged pool is for DISPATCH_LEVEL and below, paged pool for APC_LEVEL and below") {
    static PVOID InNonPaged, InPaged;

    InNonPaged = ExAllocatePoolWithTag(NonPagedPool, 16, 'tseT');
    InPaged = ExAllocatePoolWithTag(PagedPool, 16, 'tseT');
    REQUIRE(InNonPaged != NULL && InPaged != NULL);
    NOT_ABOVE(DISPATCH_LEVEL, ExAllocatePool(NonPagedPool), ExAllocatePoolWithTag(NonPagedPool, 16, 'tseT'));
    NOT_ABOVE(APC_LEVEL, ExAllocatePool(PagedPool), ExAllocatePool2(POOL_FLAG_PAGED, 16, 'tseT'));
    NOT_ABOVE(DISPATCH_LEVEL, ExFreePool(nonpaged), ExFreePoolWithTag(InNonPaged, 'tseT'));
    NOT_ABOVE(APC_LEVEL, ExFreePool(paged), ExFreePool(InPaged));
    ExFreePool(InNonPaged);
    ExFreePool(InPaged);
}

TEST_CASE(IrqlOfLookasideLists, "Ex: nonpaged lookaside lists up to DISPATCH_LEVEL, paged ones up to APC_LEVEL") {
    NOT_ABOVE(DISPATCH_LEVEL, ExInitializeNPagedLookasideList,
              ExInitializeNPagedLookasideList(&NonPaged, NULL, NULL, 0, 64, 'tseT', 0));
    NOT_ABOVE(DISPATCH_LEVEL, ExAllocateFromNPagedLookasideList, ExAllocateFromNPagedLookasideList(&NonPaged));
    NOT_ABOVE(DISPATCH_LEVEL, ExFreeToNPagedLookasideList, ExFreeToNPagedLookasideList(&NonPaged, &Object));
    NOT_ABOVE(DISPATCH_LEVEL, ExDeleteNPagedLookasideList, ExDeleteNPagedLookasideList(&NonPaged));
    NOT_ABOVE(APC_LEVEL, ExInitializePagedLookasideList,
              ExInitializePagedLookasideList(&Paged, NULL, NULL, 0, 64, 'tseT', 0));
    NOT_ABOVE(APC_LEVEL, ExAllocateFromPagedLookasideList, ExAllocateFromPagedLookasideList(&Paged));
    NOT_ABOVE(APC_LEVEL, ExFreeToPagedLookasideList, ExFreeToPagedLookasideList(&Paged, &Object));
    NOT_ABOVE(APC_LEVEL, ExDeletePagedLookasideList, ExDeletePagedLookasideList(&Paged));
}

TEST_CASE(IrqlOfRundown, "Ex: rundown protection is acquired up to DISPATCH_LEVEL, begun and waited for below it") {
    NOT_ABOVE(APC_LEVEL, ExReInitializeRundownProtection, ExReInitializeRundownProtection(&Rundown));
    NOT_ABOVE(DISPATCH_LEVEL, ExAcquireRundownProtection, ExAcquireRundownProtection(&Rundown));
    NOT_ABOVE(DISPATCH_LEVEL, ExAcquireRundownProtectionEx, ExAcquireRundownProtectionEx(&Rundown, 2));
    NOT_ABOVE(DISPATCH_LEVEL, ExReleaseRundownProtection, ExReleaseRundownProtection(&Rundown));
    NOT_ABOVE(DISPATCH_LEVEL, ExReleaseRundownProtectionEx, ExReleaseRundownProtectionEx(&Rundown, 2));
    NOT_ABOVE(APC_LEVEL, ExRundownCompleted, ExRundownCompleted(&Rundown));
    NOT_ABOVE(APC_LEVEL, ExWaitForRundownProtectionRelease, ExWaitForRundownProtectionRelease(&Rundown));
}

TEST_CASE(IrqlOfCallbacks, "Ex and Ob: callback objects, work items, references to objects") {
    NOT_ABOVE(PASSIVE_LEVEL, ExCreateCallback, ExCreateCallback(&Callback, NULL, TRUE, TRUE));
    NOT_ABOVE(APC_LEVEL, ExRegisterCallback, ExRegisterCallback(Callback, NULL, NULL));
    NOT_ABOVE(APC_LEVEL, ExUnregisterCallback, ExUnregisterCallback(Object));
    NOT_ABOVE(DISPATCH_LEVEL, ExNotifyCallback, ExNotifyCallback(Callback, NULL, NULL));
    NOT_ABOVE(DISPATCH_LEVEL, ExQueueWorkItem, ExQueueWorkItem(&Item, DelayedWorkQueue));
    NOT_ABOVE(DISPATCH_LEVEL, ObReferenceObjectByHandle,
              ObReferenceObjectByHandle(NULL, 0, NULL, KernelMode, &Object, NULL));
    NOT_ABOVE(DISPATCH_LEVEL, ObReferenceObjectByPointer, ObReferenceObjectByPointer(NULL, 0, NULL, KernelMode));
    NOT_ABOVE(DISPATCH_LEVEL, ObDereferenceObject, ObDereferenceObject(Object));
}
