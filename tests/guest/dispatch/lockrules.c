/* Rules of use that a checked build stops over: locks, waits, levels, work items. Each names the bugcheck it is. */
#include "broken.h"

#include "ke/rules.h"

static KSPIN_LOCK Lock;
static KLOCK_QUEUE_HANDLE Handle;
static FAST_MUTEX FastMutex;
static ERESOURCE Resource;
static KEVENT Event;
static PVOID Objects[MAXIMUM_WAIT_OBJECTS + 1];
static KWAIT_BLOCK Blocks[MAXIMUM_WAIT_OBJECTS + 1];
static WORK_QUEUE_ITEM Item;
static PIRP Irp;
static DRIVER_OBJECT Driver;
static DEVICE_OBJECT Device = {.DriverObject = &Driver};

/* At DISPATCH_LEVEL, where these routines belong. */
static VOID ReleaseFree(VOID)
{
    KfRaiseIrql(DISPATCH_LEVEL);
    KeReleaseSpinLock(&Lock, PASSIVE_LEVEL);
}

TEST_CASE(ReleaseFreeSpinLock, "KeReleaseSpinLock of a lock that nobody holds is SPIN_LOCK_NOT_OWNED") {
    KeInitializeSpinLock(&Lock);
    BREAKS(SPIN_LOCK_NOT_OWNED, ReleaseFree());
}

static VOID AcquireTwice(VOID)
{
    KfRaiseIrql(DISPATCH_LEVEL);
    KeAcquireSpinLockAtDpcLevel(&Lock);
    KeAcquireSpinLockAtDpcLevel(&Lock);
}

TEST_CASE(SpinLockTwice, "a spin lock is not recursive: taking one that is held here is SPIN_LOCK_ALREADY_OWNED") {
    KeInitializeSpinLock(&Lock);
    BREAKS(SPIN_LOCK_ALREADY_OWNED, AcquireTwice());
}

static VOID ReleaseFreeQueued(VOID)
{
    KfRaiseIrql(DISPATCH_LEVEL);
    Handle.LockQueue = (KSPIN_LOCK_QUEUE){.Next = NULL, .Lock = &Lock};
    KeReleaseInStackQueuedSpinLock(&Handle);
}

TEST_CASE(ReleaseFreeQueuedSpinLock, "releasing a queued spin lock that nobody holds is SPIN_LOCK_NOT_OWNED") {
    KeInitializeSpinLock(&Lock);
    BREAKS(SPIN_LOCK_NOT_OWNED, ReleaseFreeQueued());
}

static VOID ReleaseToDeviceLevel(VOID)
{
    KfRaiseIrql(DISPATCH_LEVEL);
    KeReleaseSpinLock(&Lock, DISPATCH_LEVEL + 1);
}

TEST_CASE(ReleaseUpwards, "KeReleaseSpinLock takes the level that KeAcquireSpinLock returned, never a higher one") {
    KeInitializeSpinLock(&Lock);
    BREAKS(IRQL_NOT_LESS_OR_EQUAL, ReleaseToDeviceLevel());
}

static VOID RaiseDownwards(VOID)
{
    KIRQL OldIrql;

    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    KeRaiseIrql(APC_LEVEL, &OldIrql);
}

TEST_CASE(RaiseOnlyUpwards, "KeRaiseIrql to a lower level is a bugcheck") {
    BREAKS(IRQL_NOT_LESS_OR_EQUAL, RaiseDownwards());
    BREAKS(IRQL_NOT_LESS_OR_EQUAL, KfRaiseIrql(HIGH_LEVEL + 1));
    NOT_ABOVE(DISPATCH_LEVEL, KeRaiseIrql, KeRaiseIrqlToDpcLevel());
}

TEST_CASE(LowerOnlyDownwards, "KeLowerIrql to a higher level is a bugcheck") {
    BREAKS(IRQL_NOT_LESS_OR_EQUAL, KeLowerIrql(APC_LEVEL));
}

TEST_CASE(FastMutexTwice, "a fast mutex is not recursive: taking one's own is MUTEX_ALREADY_OWNED") {
    ExInitializeFastMutex(&FastMutex);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&FastMutex);
    BREAKS(MUTEX_ALREADY_OWNED, ExAcquireFastMutex(&FastMutex));
    BREAKS(MUTEX_ALREADY_OWNED, ExAcquireFastMutexUnsafe(&FastMutex));
    ExReleaseFastMutexUnsafe(&FastMutex);
    KeLeaveCriticalRegion();
}

static VOID ReleaseFreeFastMutex(VOID)
{
    KfRaiseIrql(APC_LEVEL);
    ExReleaseFastMutex(&FastMutex);
}

TEST_CASE(FastMutexNotOwned, "releasing a fast mutex that one does not own is THREAD_NOT_MUTEX_OWNER") {
    ExInitializeFastMutex(&FastMutex);
    BREAKS(THREAD_NOT_MUTEX_OWNER, ReleaseFreeFastMutex());
    BREAKS(THREAD_NOT_MUTEX_OWNER, ExReleaseFastMutexUnsafe(&FastMutex));
}

/* In a thread of its own: the one that runs the cases is in a critical region itself. */
static VOID LeaveOnce(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeEnterCriticalRegion();
    KeLeaveCriticalRegion();
    BREAKS(APC_INDEX_MISMATCH, KeLeaveCriticalRegion());
}

TEST_CASE(CriticalRegionsInPairs, "a KeLeaveCriticalRegion without its KeEnterCriticalRegion is APC_INDEX_MISMATCH") {
    TestOnThreads(1, LeaveOnce, NULL);
}

static NTSTATUS WaitForThatMany(ULONG Count, PKWAIT_BLOCK WaitBlocks)
{
    return KeWaitForMultipleObjects(Count, Objects, WaitAll, Executive, KernelMode, FALSE, NULL, WaitBlocks);
}

TEST_CASE(TooManyObjects, "KeWaitForMultipleObjects: THREAD_WAIT_OBJECTS without blocks, MAXIMUM_WAIT_OBJECTS with") {
    KeInitializeEvent(&Event, NotificationEvent, TRUE);
    for (ULONG Index = 0; Index < ARRAYSIZE(Objects); Index++)
        Objects[Index] = &Event;
    BREAKS(MAXIMUM_WAIT_OBJECTS_EXCEEDED, WaitForThatMany(0, NULL));
    BREAKS(MAXIMUM_WAIT_OBJECTS_EXCEEDED, WaitForThatMany(THREAD_WAIT_OBJECTS + 1, NULL));
    BREAKS(MAXIMUM_WAIT_OBJECTS_EXCEEDED, WaitForThatMany(MAXIMUM_WAIT_OBJECTS + 1, Blocks));
    EXPECT_STATUS(WaitForThatMany(THREAD_WAIT_OBJECTS, NULL), STATUS_SUCCESS);
    EXPECT_STATUS(WaitForThatMany(MAXIMUM_WAIT_OBJECTS, Blocks), STATUS_SUCCESS);
}

static VOID Nothing(PVOID Parameter)
{
    UNREFERENCED_PARAMETER(Parameter);
}

TEST_CASE(WorkQueuesThatAreNone, "ExQueueWorkItem to a queue that does not exist, or twice, is WORKER_INVALID") {
    ExInitializeWorkItem(&Item, Nothing, NULL);
    BREAKS(WORKER_INVALID, ExQueueWorkItem(&Item, MaximumWorkQueue));
    Item.List.Flink = &Item.List;       /* as it is while it is queued */
    BREAKS(WORKER_INVALID, ExQueueWorkItem(&Item, DelayedWorkQueue));
}

TEST_CASE(ResourceStillOwned, "a resource that somebody owns is neither deleted nor made new") {
    KeEnterCriticalRegion();
    ExInitializeResourceLite(&Resource);
    ExAcquireResourceSharedLite(&Resource, TRUE);
    BREAKS(DRIVER_VERIFIER_DETECTED_VIOLATION, ExDeleteResourceLite(&Resource));
    BREAKS(DRIVER_VERIFIER_DETECTED_VIOLATION, ExReinitializeResourceLite(&Resource));
    BREAKS(RESOURCE_OWNER_POINTER_INVALID, ExSetResourceOwnerPointer(&Resource, (PVOID)0x1000));
    ExReleaseResourceLite(&Resource);
    ExDeleteResourceLite(&Resource);
    KeLeaveCriticalRegion();
}

TEST_CASE(CompletedTwice, "IoCompleteRequest of a request that is complete is MULTIPLE_IRP_COMPLETE_REQUESTS") {
    Irp = IoAllocateIrp(1, FALSE);
    REQUIRE(Irp != NULL);
    Irp->CurrentLocation = 3;           /* past its one location, as after the completion */
    BREAKS(MULTIPLE_IRP_COMPLETE_REQUESTS, IoCompleteRequest(Irp, IO_NO_INCREMENT));
    Irp->CurrentLocation = 1;           /* on the last one: nothing left for a device below */
    BREAKS(NO_MORE_IRP_STACK_LOCATIONS, IoCallDriver(&Device, Irp));
    IoFreeIrp(Irp);
}
