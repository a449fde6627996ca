/*
 * The documented level of each routine of the kernel's core, its locks and its requests: a checked build stops whoever
 * breaks it and names the routine, the limit and the caller. One line each ("Requirements: IRQL" of its page).
 */
#include "broken.h"

static KEVENT Event;
static KMUTEX Mutex;
static KMUTANT Mutant;
static KSEMAPHORE Semaphore;
static KTIMER Timer;
static KSPIN_LOCK Lock;
static KLOCK_QUEUE_HANDLE QueueHandle;
static KDEVICE_QUEUE Queue;
static KDEVICE_QUEUE_ENTRY Entry;
static KIRQL Irql;
static LARGE_INTEGER Now, Soon = {.QuadPart = -10};
static PVOID Objects[1] = {&Event};

static VOID MakeObjects(VOID)
{
    KeInitializeEvent(&Event, NotificationEvent, TRUE);
    KeInitializeMutex(&Mutex, 0);
    KeInitializeMutant(&Mutant, FALSE);
    KeInitializeSemaphore(&Semaphore, 1, 10);
    KeInitializeTimer(&Timer);
    KeInitializeSpinLock(&Lock);
    KeInitializeDeviceQueue(&Queue);
}

TEST_CASE(IrqlOfSignals, "Ke: events, semaphores, mutexes, timers are signalled at DISPATCH_LEVEL or below") {
    MakeObjects();
    NOT_ABOVE(DISPATCH_LEVEL, KeSetEvent, KeSetEvent(&Event, 0, FALSE));
    NOT_ABOVE(DISPATCH_LEVEL, KePulseEvent, KePulseEvent(&Event, 0, FALSE));
    NOT_ABOVE(DISPATCH_LEVEL, KeResetEvent, KeResetEvent(&Event));
    NOT_ABOVE(DISPATCH_LEVEL, KeClearEvent, KeClearEvent(&Event));
    NOT_ABOVE(DISPATCH_LEVEL, KeReleaseSemaphore, KeReleaseSemaphore(&Semaphore, 0, 1, FALSE));
    NOT_ABOVE(DISPATCH_LEVEL, KeReleaseMutex, KeReleaseMutex(&Mutex, FALSE));
    NOT_ABOVE(DISPATCH_LEVEL, KeReleaseMutant, KeReleaseMutant(&Mutant, 0, FALSE, FALSE));
    NOT_ABOVE(DISPATCH_LEVEL, KeReadStateMutex, KeReadStateMutex(&Mutex));
    NOT_ABOVE(DISPATCH_LEVEL, KeInitializeTimer, KeInitializeTimer(&Timer));
    NOT_ABOVE(DISPATCH_LEVEL, KeInitializeTimerEx, KeInitializeTimerEx(&Timer, SynchronizationTimer));
    NOT_ABOVE(DISPATCH_LEVEL, KeSetTimer, KeSetTimer(&Timer, Soon, NULL));
    NOT_ABOVE(DISPATCH_LEVEL, KeSetTimerEx, KeSetTimerEx(&Timer, Soon, 0, NULL));
    NOT_ABOVE(DISPATCH_LEVEL, KeSetCoalescableTimer, KeSetCoalescableTimer(&Timer, Soon, 0, 1, NULL));
    NOT_ABOVE(DISPATCH_LEVEL, KeCancelTimer, KeCancelTimer(&Timer));
    NOT_ABOVE(DISPATCH_LEVEL, KeReadStateTimer, KeReadStateTimer(&Timer));
}

TEST_CASE(IrqlOfSignalAndWait, "Ke: a signal with Wait=TRUE begins a wait, so it is given at APC_LEVEL or below") {
    MakeObjects();
    NOT_ABOVE(APC_LEVEL, KeSetEvent, KeSetEvent(&Event, 0, TRUE));
    NOT_ABOVE(APC_LEVEL, KePulseEvent, KePulseEvent(&Event, 0, TRUE));
    NOT_ABOVE(APC_LEVEL, KeReleaseSemaphore, KeReleaseSemaphore(&Semaphore, 0, 1, TRUE));
    NOT_ABOVE(APC_LEVEL, KeReleaseMutex, KeReleaseMutex(&Mutex, TRUE));
    NOT_ABOVE(APC_LEVEL, KeReleaseMutant, KeReleaseMutant(&Mutant, 0, FALSE, TRUE));
}

TEST_CASE(IrqlOfWaits, "Ke: waits are for APC_LEVEL and below; with a timeout of zero for DISPATCH_LEVEL, no higher") {
    KIRQL OldIrql;

    MakeObjects();
    NOT_ABOVE(APC_LEVEL, KeWaitForSingleObject, KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL));
    NOT_ABOVE(APC_LEVEL, KeWaitForSingleObject, KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, &Soon));
    NOT_ABOVE(DISPATCH_LEVEL, KeWaitForSingleObject, KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, &Now));
    NOT_ABOVE(APC_LEVEL, KeWaitForMultipleObjects,
              KeWaitForMultipleObjects(1, Objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL));
    NOT_ABOVE(DISPATCH_LEVEL, KeWaitForMultipleObjects,
              KeWaitForMultipleObjects(1, Objects, WaitAny, Executive, KernelMode, FALSE, &Now, NULL));
    NOT_ABOVE(APC_LEVEL, KeDelayExecutionThread, KeDelayExecutionThread(KernelMode, FALSE, &Soon));
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    EXPECT_STATUS(KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, &Now), STATUS_SUCCESS);
    KeLowerIrql(OldIrql);
}

TEST_CASE(IrqlOfThreads, "Ke and Ps: priority, affinity, critical regions, beginning and end of a thread") {
    NOT_ABOVE(PASSIVE_LEVEL, KeSetPriorityThread, KeSetPriorityThread(KeGetCurrentThread(), 8));
    NOT_ABOVE(PASSIVE_LEVEL, KeQueryPriorityThread, KeQueryPriorityThread(KeGetCurrentThread()));
    NOT_ABOVE(APC_LEVEL, KeSetSystemAffinityThread, KeSetSystemAffinityThread(1));
    NOT_ABOVE(APC_LEVEL, KeSetSystemAffinityThreadEx, KeSetSystemAffinityThreadEx(1));
    NOT_ABOVE(APC_LEVEL, KeRevertToUserAffinityThread, KeRevertToUserAffinityThread());
    NOT_ABOVE(APC_LEVEL, KeRevertToUserAffinityThreadEx, KeRevertToUserAffinityThreadEx(1));
    NOT_ABOVE(APC_LEVEL, KeEnterCriticalRegion, KeEnterCriticalRegion());
    NOT_ABOVE(APC_LEVEL, KeLeaveCriticalRegion, KeLeaveCriticalRegion());
    NOT_ABOVE(PASSIVE_LEVEL, PsCreateSystemThread, PsCreateSystemThread(NULL, 0, NULL, NULL, NULL, NULL, NULL));
    NOT_ABOVE(PASSIVE_LEVEL, PsTerminateSystemThread, PsTerminateSystemThread(STATUS_SUCCESS));
    NOT_ABOVE(APC_LEVEL, KeFlushQueuedDpcs, KeFlushQueuedDpcs());
}

TEST_CASE(IrqlOfSpinLocks, "Ke: spin locks are taken at DISPATCH_LEVEL or below; the AtDpcLevel routines there only") {
    MakeObjects();
    NOT_ABOVE(DISPATCH_LEVEL, KeAcquireSpinLockRaiseToDpc, KeAcquireSpinLock(&Lock, &Irql));
    NOT_BELOW(DISPATCH_LEVEL, KeReleaseSpinLock, KeReleaseSpinLock(&Lock, PASSIVE_LEVEL));
    NOT_BELOW(DISPATCH_LEVEL, KeAcquireSpinLockAtDpcLevel, KeAcquireSpinLockAtDpcLevel(&Lock));
    NOT_BELOW(DISPATCH_LEVEL, KeReleaseSpinLockFromDpcLevel, KeReleaseSpinLockFromDpcLevel(&Lock));
    NOT_BELOW(DISPATCH_LEVEL, KeTryToAcquireSpinLockAtDpcLevel, KeTryToAcquireSpinLockAtDpcLevel(&Lock));
    NOT_ABOVE(DISPATCH_LEVEL, KeAcquireInStackQueuedSpinLock, KeAcquireInStackQueuedSpinLock(&Lock, &QueueHandle));
    NOT_BELOW(DISPATCH_LEVEL, KeReleaseInStackQueuedSpinLock, KeReleaseInStackQueuedSpinLock(&QueueHandle));
    NOT_BELOW(DISPATCH_LEVEL, KeAcquireInStackQueuedSpinLockAtDpcLevel,
              KeAcquireInStackQueuedSpinLockAtDpcLevel(&Lock, &QueueHandle));
    NOT_BELOW(DISPATCH_LEVEL, KeReleaseInStackQueuedSpinLockFromDpcLevel,
              KeReleaseInStackQueuedSpinLockFromDpcLevel(&QueueHandle));
    NOT_ABOVE(SYNCH_LEVEL, KeAcquireSpinLockRaiseToSynch, KeAcquireSpinLockRaiseToSynch(&Lock));
    NOT_ABOVE(SYNCH_LEVEL, KeAcquireInStackQueuedSpinLockRaiseToSynch,
              KeAcquireInStackQueuedSpinLockRaiseToSynch(&Lock, &QueueHandle));
    NOT_ABOVE(DISPATCH_LEVEL, KeAcquireQueuedSpinLock, KeAcquireQueuedSpinLock(LockQueueBcbLock));
    NOT_ABOVE(SYNCH_LEVEL, KeAcquireQueuedSpinLockRaiseToSynch, KeAcquireQueuedSpinLockRaiseToSynch(LockQueueBcbLock));
    NOT_ABOVE(DISPATCH_LEVEL, KeTryToAcquireQueuedSpinLock, KeTryToAcquireQueuedSpinLock(LockQueueBcbLock, &Irql));
    NOT_ABOVE(SYNCH_LEVEL, KeTryToAcquireQueuedSpinLockRaiseToSynch,
              KeTryToAcquireQueuedSpinLockRaiseToSynch(LockQueueBcbLock, &Irql));
    NOT_BELOW(DISPATCH_LEVEL, KeReleaseQueuedSpinLock, KeReleaseQueuedSpinLock(LockQueueBcbLock, PASSIVE_LEVEL));
}

TEST_CASE(IrqlOfDeviceQueues, "Ke: device queues are used at DISPATCH_LEVEL; one entry is taken out there or below") {
    MakeObjects();
    NOT_ABOVE(DISPATCH_LEVEL, KeInsertDeviceQueue, KeInsertDeviceQueue(&Queue, &Entry));
    NOT_BELOW(DISPATCH_LEVEL, KeInsertDeviceQueue, KeInsertDeviceQueue(&Queue, &Entry));
    NOT_BELOW(DISPATCH_LEVEL, KeInsertByKeyDeviceQueue, KeInsertByKeyDeviceQueue(&Queue, &Entry, 1));
    NOT_BELOW(DISPATCH_LEVEL, KeRemoveDeviceQueue, KeRemoveDeviceQueue(&Queue));
    NOT_BELOW(DISPATCH_LEVEL, KeRemoveByKeyDeviceQueue, KeRemoveByKeyDeviceQueue(&Queue, 1));
    NOT_ABOVE(DISPATCH_LEVEL, KeRemoveEntryDeviceQueue, KeRemoveEntryDeviceQueue(&Queue, &Entry));
}

static PIRP Irp;
static MDL Mdl;
static PDEVICE_OBJECT Device;
static PIO_WORKITEM WorkItem;
static PKINTERRUPT Interrupt;
static IO_CSQ Csq;
static IO_REMOVE_LOCK RemoveLock;
static IO_CSQ_IRP_CONTEXT CsqContext;

TEST_CASE(IrqlOfRequests, "Io: requests are allocated, sent, completed and cancelled at DISPATCH_LEVEL or below") {
    NOT_ABOVE(DISPATCH_LEVEL, IoAllocateIrp, IoAllocateIrp(1, FALSE));
    Irp = IoAllocateIrp(1, FALSE);
    REQUIRE(Irp != NULL);
    NOT_ABOVE(DISPATCH_LEVEL, IoFreeIrp, IoFreeIrp(Irp));
    NOT_ABOVE(DISPATCH_LEVEL, IoReuseIrp, IoReuseIrp(Irp, STATUS_SUCCESS));
    NOT_ABOVE(DISPATCH_LEVEL, IofCallDriver, IoCallDriver(Device, Irp));
    NOT_ABOVE(DISPATCH_LEVEL, IofCompleteRequest, IoCompleteRequest(Irp, IO_NO_INCREMENT));
    NOT_ABOVE(DISPATCH_LEVEL, IoCancelIrp, IoCancelIrp(Irp));
    NOT_ABOVE(DISPATCH_LEVEL, IoStartPacket, IoStartPacket(Device, Irp, NULL, NULL));
    NOT_ABOVE(DISPATCH_LEVEL, IoStartNextPacket, IoStartNextPacket(Device, FALSE));
    NOT_BELOW(DISPATCH_LEVEL, IoStartNextPacket, IoStartNextPacket(Device, FALSE));
    NOT_BELOW(DISPATCH_LEVEL, IoStartNextPacketByKey, IoStartNextPacketByKey(Device, FALSE, 1));
    NOT_ABOVE(DISPATCH_LEVEL, IoAcquireCancelSpinLock, IoAcquireCancelSpinLock(&Irql));
    NOT_ABOVE(DISPATCH_LEVEL, IoReleaseCancelSpinLock, IoReleaseCancelSpinLock(PASSIVE_LEVEL));
    NOT_BELOW(DISPATCH_LEVEL, IoReleaseCancelSpinLock, IoReleaseCancelSpinLock(PASSIVE_LEVEL));
    IoFreeIrp(Irp);
}

TEST_CASE(IrqlOfIoHelpers, "Io: work items, MDLs, stacks of devices, interrupts, cancel-safe queues, remove locks") {
    NOT_ABOVE(DISPATCH_LEVEL, IoAllocateWorkItem, IoAllocateWorkItem(Device));
    NOT_ABOVE(DISPATCH_LEVEL, IoFreeWorkItem, IoFreeWorkItem(WorkItem));
    NOT_ABOVE(DISPATCH_LEVEL, IoQueueWorkItem, IoQueueWorkItem(WorkItem, NULL, DelayedWorkQueue, NULL));
    NOT_ABOVE(DISPATCH_LEVEL, IoQueueWorkItemEx, IoQueueWorkItemEx(WorkItem, NULL, DelayedWorkQueue, NULL));
    NOT_ABOVE(DISPATCH_LEVEL, IoAllocateMdl, IoAllocateMdl(&Lock, 8, FALSE, FALSE, NULL));
    NOT_ABOVE(DISPATCH_LEVEL, IoFreeMdl, IoFreeMdl(&Mdl));
    NOT_ABOVE(DISPATCH_LEVEL, IoAttachDeviceToDeviceStackSafe,
              IoAttachDeviceToDeviceStackSafe(Device, Device, &Device));
    NOT_ABOVE(DISPATCH_LEVEL, IoDetachDevice, IoDetachDevice(Device));
    NOT_ABOVE(PASSIVE_LEVEL, IoConnectInterrupt,
              IoConnectInterrupt(&Interrupt, NULL, NULL, NULL, 0, 0, 0, Latched, FALSE, 0, FALSE));
    NOT_ABOVE(PASSIVE_LEVEL, IoDisconnectInterrupt, IoDisconnectInterrupt(Interrupt));
    NOT_ABOVE(DISPATCH_LEVEL, IoCsqInsertIrp, IoCsqInsertIrp(&Csq, Irp, NULL));
    NOT_ABOVE(DISPATCH_LEVEL, IoCsqInsertIrpEx, IoCsqInsertIrpEx(&Csq, Irp, NULL, NULL));
    NOT_ABOVE(DISPATCH_LEVEL, IoCsqRemoveNextIrp, IoCsqRemoveNextIrp(&Csq, NULL));
    NOT_ABOVE(DISPATCH_LEVEL, IoCsqRemoveIrp, IoCsqRemoveIrp(&Csq, &CsqContext));
    NOT_ABOVE(PASSIVE_LEVEL, IoInitializeRemoveLockEx, IoInitializeRemoveLock(&RemoveLock, 'tseT', 0, 0));
    NOT_ABOVE(DISPATCH_LEVEL, IoAcquireRemoveLockEx, IoAcquireRemoveLock(&RemoveLock, NULL));
    NOT_ABOVE(DISPATCH_LEVEL, IoReleaseRemoveLockEx, IoReleaseRemoveLock(&RemoveLock, NULL));
    NOT_ABOVE(PASSIVE_LEVEL, IoReleaseRemoveLockAndWaitEx, IoReleaseRemoveLockAndWait(&RemoveLock, NULL));
}
