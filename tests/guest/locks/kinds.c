/* Every kind of lock there is, and those that can be made of something else. */
#include "kinds.h"

#define REMOVE_LOCKS 512        /* a remove lock is removed once and not used again */

static KSPIN_LOCK SpinLock, QueuedLock, ListLock;
static PKINTERRUPT Interrupt;
static FAST_MUTEX FastMutex;
static KGUARDED_MUTEX GuardedMutex;
static KMUTEX Mutex, RundownMutex, RemoveMutex;     /* the last two are held at PASSIVE_LEVEL */
static KSEMAPHORE Semaphore;
static KEVENT Event;
static ERESOURCE Resource;
static EX_PUSH_LOCK PushLock;
static EX_RUNDOWN_REF Rundown;
static IO_REMOVE_LOCK *RemoveLocks;
static volatile LONG RemoveIndex, Flag;
static DECLSPEC_ALIGN(16) SLIST_HEADER Tokens;
static DECLSPEC_ALIGN(16) SLIST_ENTRY Token;
static LIST_ENTRY ListHead, ListEntry;

/* NULL, none, or so short that it runs out while the object is signalled. */
static PLARGE_INTEGER AnyTimeout(PWORKER Worker, PLARGE_INTEGER Timeout)
{
    Timeout->QuadPart = -(LONGLONG)Random(Worker, 3) * TICK;
    return Random(Worker, 2) == 0 ? NULL : Timeout;
}

static BOOLEAN WaitFor(PWORKER Worker, PVOID Object)
{
    LARGE_INTEGER Timeout;
    return KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, AnyTimeout(Worker, &Timeout)) == STATUS_SUCCESS;
}

static BOOLEAN EnterSpinLock(PWORKER Worker, BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Share);
    if (Random(Worker, 2) == 0) {
        KeAcquireSpinLock(&SpinLock, &Hold->OldIrql);
        return TRUE;
    }
    KeRaiseIrql(DISPATCH_LEVEL, &Hold->OldIrql);
    if (Random(Worker, 2) == 0) {
        KeAcquireSpinLockAtDpcLevel(&SpinLock);
    } else if (!KeTryToAcquireSpinLockAtDpcLevel(&SpinLock)) {
        KeLowerIrql(Hold->OldIrql);
        return FALSE;
    }
    return TRUE;
}

static VOID LeaveSpinLock(BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Share);
    KeReleaseSpinLock(&SpinLock, Hold->OldIrql);
}

static BOOLEAN EnterQueuedLock(PWORKER Worker, BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Worker);
    UNREFERENCED_PARAMETER(Share);
    KeAcquireInStackQueuedSpinLock(&QueuedLock, &Hold->Queue);
    return TRUE;
}

static VOID LeaveQueuedLock(BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Share);
    KeReleaseInStackQueuedSpinLock(&Hold->Queue);
}

static BOOLEAN EnterInterruptLock(PWORKER Worker, BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Worker);
    UNREFERENCED_PARAMETER(Share);
    Hold->OldIrql = KeAcquireInterruptSpinLock(Interrupt);
    return TRUE;
}

static VOID LeaveInterruptLock(BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Share);
    KeReleaseInterruptSpinLock(Interrupt, Hold->OldIrql);
}

static BOOLEAN EnterFastMutex(PWORKER Worker, BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Share);
    UNREFERENCED_PARAMETER(Hold);
    if (Random(Worker, 4) == 0) {
        return ExTryToAcquireFastMutex(&FastMutex);
    }
    ExAcquireFastMutex(&FastMutex);
    return TRUE;
}

static VOID LeaveFastMutex(BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Share);
    UNREFERENCED_PARAMETER(Hold);
    ExReleaseFastMutex(&FastMutex);
}

static BOOLEAN EnterGuardedMutex(PWORKER Worker, BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Share);
    UNREFERENCED_PARAMETER(Hold);
    if (Random(Worker, 4) == 0) {
        return KeTryToAcquireGuardedMutex(&GuardedMutex);
    }
    KeAcquireGuardedMutex(&GuardedMutex);
    return TRUE;
}

static VOID LeaveGuardedMutex(BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Share);
    UNREFERENCED_PARAMETER(Hold);
    KeReleaseGuardedMutex(&GuardedMutex);
}

static BOOLEAN EnterMutex(PWORKER Worker, BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Share);
    UNREFERENCED_PARAMETER(Hold);
    return WaitFor(Worker, &Mutex);
}

static VOID LeaveMutex(BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Share);
    UNREFERENCED_PARAMETER(Hold);
    KeReleaseMutex(&Mutex, FALSE);
}

static BOOLEAN EnterSemaphore(PWORKER Worker, BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Share);
    UNREFERENCED_PARAMETER(Hold);
    return WaitFor(Worker, &Semaphore);
}

static VOID LeaveSemaphore(BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Share);
    UNREFERENCED_PARAMETER(Hold);
    KeReleaseSemaphore(&Semaphore, 1, 1, FALSE);
}

static BOOLEAN EnterEvent(PWORKER Worker, BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Share);
    UNREFERENCED_PARAMETER(Hold);
    return WaitFor(Worker, &Event);
}

static VOID LeaveEvent(BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Share);
    UNREFERENCED_PARAMETER(Hold);
    KeSetEvent(&Event, 1, FALSE);
}

static BOOLEAN EnterResource(PWORKER Worker, BOOLEAN Share, HOLD *Hold)
{
    BOOLEAN Wait = Random(Worker, 4) != 0, Entered;

    UNREFERENCED_PARAMETER(Hold);
    KeEnterCriticalRegion();
    if (!Share) {
        Entered = ExAcquireResourceExclusiveLite(&Resource, Wait);
    } else if (Random(Worker, 3) == 0) {
        Entered = ExAcquireSharedStarveExclusive(&Resource, Wait);
    } else {
        Entered = ExAcquireResourceSharedLite(&Resource, Wait);
    }
    if (!Entered) {
        KeLeaveCriticalRegion();
    }
    return Entered;
}

static VOID LeaveResource(BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Hold);
    if (!Share) {
        ExConvertExclusiveToSharedLite(&Resource);
    }
    ExReleaseResourceLite(&Resource);
    KeLeaveCriticalRegion();
}

static BOOLEAN EnterPushLock(PWORKER Worker, BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Worker);
    UNREFERENCED_PARAMETER(Hold);
    KeEnterCriticalRegion();
    if (Share) {
        ExAcquirePushLockShared(&PushLock);
    } else {
        ExAcquirePushLockExclusive(&PushLock);
    }
    return TRUE;
}

static VOID LeavePushLock(BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Hold);
    if (Share) {
        ExReleasePushLockShared(&PushLock);
    } else {
        ExReleasePushLockExclusive(&PushLock);
    }
    KeLeaveCriticalRegion();
}

/* Whoever has run it down is alone. */
static BOOLEAN EnterRundown(PWORKER Worker, BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Worker);
    UNREFERENCED_PARAMETER(Hold);
    if (Share) {
        return ExAcquireRundownProtection(&Rundown);
    }
    KeWaitForSingleObject(&RundownMutex, Executive, KernelMode, FALSE, NULL);
    ExWaitForRundownProtectionRelease(&Rundown);
    return TRUE;
}

static VOID LeaveRundown(BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Hold);
    if (Share) {
        ExReleaseRundownProtection(&Rundown);
        return;
    }
    ExReInitializeRundownProtection(&Rundown);
    KeReleaseMutex(&RundownMutex, FALSE);
}

/* The same; the next lock of the row is for those who come later. */
static BOOLEAN EnterRemoveLock(PWORKER Worker, BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Worker);
    if (!Share) {
        KeWaitForSingleObject(&RemoveMutex, Executive, KernelMode, FALSE, NULL);
    }
    Hold->Index = RemoveIndex;
    if (NT_SUCCESS(IoAcquireRemoveLock(&RemoveLocks[Hold->Index], Hold))) {
        if (!Share && Hold->Index + 1 < REMOVE_LOCKS) {
            IoReleaseRemoveLockAndWait(&RemoveLocks[Hold->Index], Hold);
            return TRUE;
        }
        if (Share) {
            return TRUE;
        }
        IoReleaseRemoveLock(&RemoveLocks[Hold->Index], Hold);
    }
    if (!Share) {
        KeReleaseMutex(&RemoveMutex, FALSE);
    }
    return FALSE;
}

static VOID LeaveRemoveLock(BOOLEAN Share, HOLD *Hold)
{
    if (Share) {
        IoReleaseRemoveLock(&RemoveLocks[Hold->Index], Hold);
        return;
    }
    RemoveIndex = Hold->Index + 1;
    KeReleaseMutex(&RemoveMutex, FALSE);
}

/* Who has taken the one entry off the sequenced list has the lock. */
static BOOLEAN EnterSList(PWORKER Worker, BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Worker);
    UNREFERENCED_PARAMETER(Share);
    Hold->Token = ExInterlockedPopEntrySList(&Tokens, &ListLock);
    return Hold->Token != NULL;
}

static VOID LeaveSList(BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Share);
    ExInterlockedPushEntrySList(&Tokens, Hold->Token, &ListLock);
}

static BOOLEAN EnterList(PWORKER Worker, BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Worker);
    UNREFERENCED_PARAMETER(Share);
    UNREFERENCED_PARAMETER(Hold);
    return ExInterlockedRemoveHeadList(&ListHead, &ListLock) != NULL;
}

static VOID LeaveList(BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Share);
    UNREFERENCED_PARAMETER(Hold);
    ExInterlockedInsertTailList(&ListHead, &ListEntry, &ListLock);
}

static BOOLEAN EnterFlag(PWORKER Worker, BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Worker);
    UNREFERENCED_PARAMETER(Share);
    UNREFERENCED_PARAMETER(Hold);
    return InterlockedCompareExchange(&Flag, 1, 0) == 0;
}

static VOID LeaveFlag(BOOLEAN Share, HOLD *Hold)
{
    UNREFERENCED_PARAMETER(Share);
    UNREFERENCED_PARAMETER(Hold);
    InterlockedExchange(&Flag, 0);
}

const KIND Kinds[KINDS] = {
    {"spin lock", EnterSpinLock, LeaveSpinLock, FALSE, FALSE},
    {"queued spin lock", EnterQueuedLock, LeaveQueuedLock, FALSE, FALSE},
    {"interrupt spin lock", EnterInterruptLock, LeaveInterruptLock, FALSE, FALSE},
    {"fast mutex", EnterFastMutex, LeaveFastMutex, FALSE, TRUE},
    {"guarded mutex", EnterGuardedMutex, LeaveGuardedMutex, FALSE, TRUE},
    {"mutex", EnterMutex, LeaveMutex, FALSE, TRUE},
    {"semaphore", EnterSemaphore, LeaveSemaphore, FALSE, TRUE},
    {"synchronization event", EnterEvent, LeaveEvent, FALSE, TRUE},
    {"resource", EnterResource, LeaveResource, TRUE, TRUE},
    {"push lock", EnterPushLock, LeavePushLock, TRUE, TRUE},
    {"rundown protection", EnterRundown, LeaveRundown, TRUE, TRUE},
    {"remove lock", EnterRemoveLock, LeaveRemoveLock, TRUE, TRUE},
    {"sequenced list", EnterSList, LeaveSList, FALSE, TRUE},
    {"interlocked list", EnterList, LeaveList, FALSE, TRUE},
    {"interlocked flag", EnterFlag, LeaveFlag, FALSE, TRUE},
};

static BOOLEAN NeverMine(PKINTERRUPT Object, PVOID Context)
{
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(Context);
    return FALSE;
}

/* An interrupt that does not come, for its lock. */
static BOOLEAN ConnectInterrupt(VOID)
{
    KAFFINITY Affinity;
    KIRQL Irql;
    ULONG Vector = HalGetInterruptVector(Isa, 0, 5, 5, &Irql, &Affinity);

    return EXPECT_STATUS(IoConnectInterrupt(&Interrupt, NeverMine, NULL, NULL, Vector, Irql, Irql, Latched, TRUE, Affinity,
                                            FALSE), STATUS_SUCCESS);
}

BOOLEAN KindsBegin(VOID)
{
    RemoveLocks = ExAllocatePoolWithTag(NonPagedPool, REMOVE_LOCKS * sizeof(IO_REMOVE_LOCK), LOCKS_TAG);
    if (!EXPECT(RemoveLocks != NULL)) {
        return FALSE;
    }
    if (!ConnectInterrupt()) {
        ExFreePoolWithTag(RemoveLocks, LOCKS_TAG);
        return FALSE;
    }
    KeInitializeSpinLock(&SpinLock);
    KeInitializeSpinLock(&QueuedLock);
    KeInitializeSpinLock(&ListLock);
    ExInitializeFastMutex(&FastMutex);
    KeInitializeMutex(&RundownMutex, 0);
    KeInitializeMutex(&RemoveMutex, 0);
    KeInitializeGuardedMutex(&GuardedMutex);
    KeInitializeMutex(&Mutex, 0);
    KeInitializeSemaphore(&Semaphore, 1, 1);
    KeInitializeEvent(&Event, SynchronizationEvent, TRUE);
    ExInitializeResourceLite(&Resource);
    ExInitializePushLock(&PushLock);
    ExInitializeRundownProtection(&Rundown);
    for (ULONG Index = 0; Index < REMOVE_LOCKS; Index++) {
        IoInitializeRemoveLock(&RemoveLocks[Index], LOCKS_TAG, 0, 0);
    }
    RemoveIndex = Flag = 0;
    ExInitializeSListHead(&Tokens);
    ExInterlockedPushEntrySList(&Tokens, &Token, &ListLock);
    InitializeListHead(&ListHead);
    InsertTailList(&ListHead, &ListEntry);
    return TRUE;
}

VOID KindsEnd(VOID)
{
    EXPECT_EQUAL(KeReadStateSemaphore(&Semaphore), 1);
    EXPECT_STATUS(ExDeleteResourceLite(&Resource), STATUS_SUCCESS);
    IoDisconnectInterrupt(Interrupt);
    ExFreePoolWithTag(RemoveLocks, LOCKS_TAG);
}
