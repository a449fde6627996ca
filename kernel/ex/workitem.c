/*
 * Work items ("System Worker Threads"): what a DPC or a dispatch routine leaves for a thread at PASSIVE_LEVEL.
 *
 * Two queues. Delayed items are the ordinary ones, and may wait for each other a little: two threads serve them.
 * Critical items run before ordinary threads; hypercritical ones run in the same thread, before those.
 */
#include "ex/worker.h"
#include "ke/ke.h"
#include "ke/rules.h"
#include "rtl/export.h"
#include "section.h"

typedef struct _EXP_WORK_QUEUE {
    LIST_ENTRY Items;           /* Lock, DISPATCH_LEVEL */
    KSPIN_LOCK Lock;
    KSEMAPHORE Available;       /* counts Items */
    KPRIORITY Priority;
    ULONG Threads;
} EXP_WORK_QUEUE, *PEXP_WORK_QUEUE;

/* Ready before the first line of code runs: an item that is queued before there are threads waits for them. */
#define EXP_EMPTY_LIST(Head) {&(Head), &(Head)}
#define EXP_WORK_QUEUE_OF(Queue, QueuePriority, QueueThreads)                                                  \
    [Queue] = {                                                                                                \
        .Items = EXP_EMPTY_LIST(ExpWorkQueues[Queue].Items),                                                   \
        .Available = {.Header = {.Type = SemaphoreObject,                                                      \
                                 .WaitListHead = EXP_EMPTY_LIST(ExpWorkQueues[Queue].Available.Header.WaitListHead)}, \
                      .Limit = MAXLONG},                                                                       \
        .Priority = QueuePriority,                                                                             \
        .Threads = QueueThreads}

static EXP_WORK_QUEUE ExpWorkQueues[] = {
    EXP_WORK_QUEUE_OF(CriticalWorkQueue, 13, 1),
    EXP_WORK_QUEUE_OF(DelayedWorkQueue, 12, 2),
};

/*
 * Has a worker thread call the item's routine, once. The item is the caller's, in resident memory, and may be freed or
 * queued again from its routine. IRQL: <= DISPATCH_LEVEL.
 */
VOID ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType)
{
    PEXP_WORK_QUEUE Queue = &ExpWorkQueues[QueueType == DelayedWorkQueue ? DelayedWorkQueue : CriticalWorkQueue];
    KIRQL Irql;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (QueueType >= MaximumWorkQueue || WorkItem->List.Flink != NULL)
        KiBugCheck(WORKER_INVALID, (ULONG_PTR)WorkItem, QueueType, (ULONG_PTR)WorkItem->WorkerRoutine, 0, NULL,
                   QueueType >= MaximumWorkQueue
                       ? "The work item at %p (routine %s) is queued to a queue that does not exist."
                       : "The work item at %p (routine %s) is queued while it is queued already, or was not "
                         "initialised by ExInitializeWorkItem. Queue it again when its routine has been called.",
                   WorkItem, KiWords(WorkItem->WorkerRoutine).Text);
    Irql = KeAcquireSpinLockRaiseToDpc(&Queue->Lock);
    if (QueueType == HyperCriticalWorkQueue)
        InsertHeadList(&Queue->Items, &WorkItem->List);
    else
        InsertTailList(&Queue->Items, &WorkItem->List);
    KeReleaseSpinLock(&Queue->Lock, Irql);
    KeReleaseSemaphore(&Queue->Available, 0, 1, FALSE);
}
NT_EXPORT(ExQueueWorkItem);

static PWORK_QUEUE_ITEM ExpNextWorkItem(PEXP_WORK_QUEUE Queue)
{
    PWORK_QUEUE_ITEM WorkItem;
    KIRQL Irql;

    KeWaitForSingleObject(&Queue->Available, WrQueue, KernelMode, FALSE, NULL);
    Irql = KeAcquireSpinLockRaiseToDpc(&Queue->Lock);
    WorkItem = CONTAINING_RECORD(RemoveHeadList(&Queue->Items), WORK_QUEUE_ITEM, List);
    KeReleaseSpinLock(&Queue->Lock, Irql);
    return WorkItem;
}

static KSTART_ROUTINE ExpWorkerThread;
static VOID ExpWorkerThread(PVOID StartContext)
{
    PEXP_WORK_QUEUE Queue = StartContext;

    KeSetPriorityThread(KeGetCurrentThread(), Queue->Priority);
    for (;;) {
        PWORK_QUEUE_ITEM WorkItem = ExpNextWorkItem(Queue);
        PWORKER_THREAD_ROUTINE Routine = WorkItem->WorkerRoutine;
        PVOID Parameter = WorkItem->Parameter;

        WorkItem->List.Flink = NULL;        /* from here on it may be queued again */
        Routine(Parameter);
        if (KeGetCurrentIrql() != PASSIVE_LEVEL || KiCurrentThread()->CombinedApcDisable != 0)
            KiBugCheck(WORKER_THREAD_RETURNED_AT_BAD_IRQL, (ULONG_PTR)Routine, KeGetCurrentIrql(), (ULONG_PTR)Parameter,
                       (ULONG_PTR)WorkItem, NULL,
                       "The work-item routine %s returned at IRQL %u in %d critical and %d guarded regions: it keeps a "
                       "lock, a mutex or a raised level. It was called at PASSIVE_LEVEL (0) and must leave that way.",
                       KiWords(Routine).Text, KeGetCurrentIrql(), -KiCurrentThread()->KernelApcDisable,
                       -KiCurrentThread()->SpecialApcDisable);
    }
}

INIT_CODE NTSTATUS ExInitializeWorkQueues(VOID)
{
    for (ULONG Index = 0; Index < ARRAYSIZE(ExpWorkQueues); Index++) {
        for (ULONG Number = 0; Number < ExpWorkQueues[Index].Threads; Number++) {
            HANDLE Handle;
            NTSTATUS Status = PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, ExpWorkerThread,
                                                   &ExpWorkQueues[Index]);
            if (!NT_SUCCESS(Status))
                return Status;
            ZwClose(Handle);
        }
    }
    return STATUS_SUCCESS;
}
