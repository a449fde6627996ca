/* Cancel-safe queues and remove locks, and named events. */
#include "sync.h"

typedef struct _QUEUE {
    IO_CSQ Csq;
    LIST_ENTRY Head;
    KSPIN_LOCK Lock;
    ULONG Length;
    LONG Cancelled;             /* how often CsqCompleteCanceledIrp was called */
} QUEUE, *PQUEUE;

static QUEUE Queue;

static VOID Insert(PIO_CSQ Csq, PIRP Irp)
{
    PQUEUE This = CONTAINING_RECORD(Csq, QUEUE, Csq);

    InsertTailList(&This->Head, &Irp->Tail.Overlay.ListEntry);
    This->Length++;
}

static NTSTATUS InsertUnlessFull(PIO_CSQ Csq, PIRP Irp, PVOID InsertContext)
{
    if (CONTAINING_RECORD(Csq, QUEUE, Csq)->Length >= (ULONG)(ULONG_PTR)InsertContext)
        return STATUS_DEVICE_BUSY;
    Insert(Csq, Irp);
    return STATUS_SUCCESS;
}

static VOID Remove(PIO_CSQ Csq, PIRP Irp)
{
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    CONTAINING_RECORD(Csq, QUEUE, Csq)->Length--;
}

/* The next request after Irp; PeekContext, when there is one, is the UserBuffer wanted. */
static PIRP Peek(PIO_CSQ Csq, PIRP Irp, PVOID PeekContext)
{
    PQUEUE This = CONTAINING_RECORD(Csq, QUEUE, Csq);
    PLIST_ENTRY Entry = Irp != NULL ? Irp->Tail.Overlay.ListEntry.Flink : This->Head.Flink;

    for (; Entry != &This->Head; Entry = Entry->Flink) {
        PIRP Next = CONTAINING_RECORD(Entry, IRP, Tail.Overlay.ListEntry);
        if (PeekContext == NULL || Next->UserBuffer == PeekContext)
            return Next;
    }
    return NULL;
}

static VOID Acquire(PIO_CSQ Csq, PKIRQL Irql)
{
    KeAcquireSpinLock(&CONTAINING_RECORD(Csq, QUEUE, Csq)->Lock, Irql);
}

static VOID Release(PIO_CSQ Csq, KIRQL Irql)
{
    KeReleaseSpinLock(&CONTAINING_RECORD(Csq, QUEUE, Csq)->Lock, Irql);
}

static VOID Complete(PIO_CSQ Csq, PIRP Irp)
{
    Irp->IoStatus.Status = STATUS_CANCELLED;
    InterlockedIncrement(&CONTAINING_RECORD(Csq, QUEUE, Csq)->Cancelled);
}

static VOID QueueStart(BOOLEAN Refusing)
{
    InitializeListHead(&Queue.Head);
    KeInitializeSpinLock(&Queue.Lock);
    Queue.Length = 0;
    Queue.Cancelled = 0;
    if (Refusing)
        EXPECT_STATUS(IoCsqInitializeEx(&Queue.Csq, InsertUnlessFull, Remove, Peek, Acquire, Release, Complete),
                      STATUS_SUCCESS);
    else
        EXPECT_STATUS(IoCsqInitialize(&Queue.Csq, Insert, Remove, Peek, Acquire, Release, Complete), STATUS_SUCCESS);
}

/* A request as a driver gets it, which nobody completes: it stays the case's. */
static PIRP MakeRequest(VOID)
{
    PIRP Irp = IoAllocateIrp(2, FALSE);

    if (Irp != NULL)
        IoSetNextIrpStackLocation(Irp);
    return Irp;
}

static BOOLEAN IsPending(PIRP Irp)
{
    return (IoGetCurrentIrpStackLocation(Irp)->Control & SL_PENDING_RETURNED) != 0;
}

TEST_CASE(CsqOrder, "a queued request is marked pending, has a cancel routine and leaves in the driver's order") {
    PIRP First = MakeRequest(), Second = MakeRequest(), Third = MakeRequest();

    REQUIRE(First != NULL && Second != NULL && Third != NULL);
    QueueStart(FALSE);
    EXPECT(IoCsqRemoveNextIrp(&Queue.Csq, NULL) == NULL);
    Second->UserBuffer = &Queue;
    IoCsqInsertIrp(&Queue.Csq, First, NULL);
    IoCsqInsertIrp(&Queue.Csq, Second, NULL);
    IoCsqInsertIrp(&Queue.Csq, Third, NULL);
    EXPECT(IsPending(First) && First->CancelRoutine != NULL);
    EXPECT(First->Tail.Overlay.DriverContext[3] != NULL);
    EXPECT(IoCsqRemoveNextIrp(&Queue.Csq, &Queue) == Second);
    EXPECT(IoCsqRemoveNextIrp(&Queue.Csq, &Queue) == NULL);
    EXPECT(IoCsqRemoveNextIrp(&Queue.Csq, NULL) == First);
    EXPECT(First->CancelRoutine == NULL && First->Tail.Overlay.DriverContext[3] == NULL);
    EXPECT(IoCsqRemoveNextIrp(&Queue.Csq, NULL) == Third);
    EXPECT_EQUAL(Queue.Length, 0);
    IoFreeIrp(First);
    IoFreeIrp(Second);
    IoFreeIrp(Third);
}

TEST_CASE(CsqCancel, "a cancelled request leaves the queue and is completed once, also when it was cancelled before") {
    PIRP First = MakeRequest(), Second = MakeRequest();
    IO_CSQ_IRP_CONTEXT Context;

    REQUIRE(First != NULL && Second != NULL);
    QueueStart(FALSE);
    IoCsqInsertIrp(&Queue.Csq, First, &Context);
    EXPECT(Context.Irp == First);
    EXPECT(IoCancelIrp(First));
    EXPECT_EQUAL(Queue.Cancelled, 1);
    EXPECT_EQUAL(Queue.Length, 0);
    EXPECT_STATUS(First->IoStatus.Status, STATUS_CANCELLED);
    EXPECT(Context.Irp == NULL);
    EXPECT(IoCsqRemoveIrp(&Queue.Csq, &Context) == NULL);
    EXPECT(!IoCancelIrp(First));
    EXPECT(!IoCancelIrp(Second));               /* not queued yet */
    IoCsqInsertIrp(&Queue.Csq, Second, NULL);
    EXPECT_EQUAL(Queue.Cancelled, 2);
    EXPECT_EQUAL(Queue.Length, 0);
    EXPECT(IsPending(Second));
    IoFreeIrp(First);
    IoFreeIrp(Second);
}

TEST_CASE(CsqContext, "IoCsqRemoveIrp takes exactly the request of its context, once") {
    PIRP First = MakeRequest(), Second = MakeRequest();
    IO_CSQ_IRP_CONTEXT Contexts[2];

    REQUIRE(First != NULL && Second != NULL);
    QueueStart(FALSE);
    IoCsqInsertIrp(&Queue.Csq, First, &Contexts[0]);
    IoCsqInsertIrp(&Queue.Csq, Second, &Contexts[1]);
    EXPECT(IoCsqRemoveIrp(&Queue.Csq, &Contexts[1]) == Second);
    EXPECT(IoCsqRemoveIrp(&Queue.Csq, &Contexts[1]) == NULL);
    EXPECT(IoCsqRemoveNextIrp(&Queue.Csq, NULL) == First);
    EXPECT(IoCsqRemoveIrp(&Queue.Csq, &Contexts[0]) == NULL);
    EXPECT_EQUAL(Queue.Cancelled, 0);
    IoFreeIrp(First);
    IoFreeIrp(Second);
}

TEST_CASE(CsqRefused, "a request that CsqInsertIrpEx refuses is neither queued nor marked pending") {
    PIRP First = MakeRequest(), Second = MakeRequest();
    IO_CSQ_IRP_CONTEXT Context;

    REQUIRE(First != NULL && Second != NULL);
    QueueStart(TRUE);
    EXPECT_STATUS(IoCsqInsertIrpEx(&Queue.Csq, First, NULL, (PVOID)1), STATUS_SUCCESS);
    EXPECT_STATUS(IoCsqInsertIrpEx(&Queue.Csq, Second, &Context, (PVOID)1), STATUS_DEVICE_BUSY);
    EXPECT(!IsPending(Second) && Second->CancelRoutine == NULL);
    EXPECT(!IoCancelIrp(Second));
    EXPECT(IoCsqRemoveIrp(&Queue.Csq, &Context) == NULL);
    EXPECT(IoCsqRemoveNextIrp(&Queue.Csq, NULL) == First);
    IoFreeIrp(First);
    IoFreeIrp(Second);
}

TEST_CASE(CsqBeingCancelled, "a request whose cancellation has begun is passed over, and left to its cancel routine") {
    PIRP First = MakeRequest(), Second = MakeRequest();
    PDRIVER_CANCEL Routine;
    IO_CSQ_IRP_CONTEXT Context;

    REQUIRE(First != NULL && Second != NULL);
    QueueStart(FALSE);
    IoCsqInsertIrp(&Queue.Csq, First, &Context);
    IoCsqInsertIrp(&Queue.Csq, Second, NULL);
    IoAcquireCancelSpinLock(&First->CancelIrql);        /* as IoCancelIrp, up to the call */
    First->Cancel = TRUE;
    Routine = IoSetCancelRoutine(First, NULL);
    EXPECT(IoCsqRemoveIrp(&Queue.Csq, &Context) == NULL);
    EXPECT(IoCsqRemoveNextIrp(&Queue.Csq, NULL) == Second);
    EXPECT(IoCsqRemoveNextIrp(&Queue.Csq, NULL) == NULL);
    EXPECT_EQUAL(Queue.Length, 1);
    Routine(IoGetCurrentIrpStackLocation(First)->DeviceObject, First);
    EXPECT_EQUAL(Queue.Length, 0);
    EXPECT_EQUAL(Queue.Cancelled, 1);
    IoFreeIrp(First);
    IoFreeIrp(Second);
}

#define REQUESTS 200
static PIRP Requests[REQUESTS];
static volatile LONG Taken, NextToCancel;

static VOID TakeRequests(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    while (Taken + Queue.Cancelled < REQUESTS) {
        if (IoCsqRemoveNextIrp(&Queue.Csq, NULL) != NULL)
            InterlockedIncrement(&Taken);
    }
}

static VOID QueueAndCancel(PVOID Context)
{
    ULONG_PTR Which = (ULONG_PTR)InterlockedIncrement(&NextToCancel);

    UNREFERENCED_PARAMETER(Context);
    if (Which == 1) {
        for (ULONG Index = 0; Index < REQUESTS; Index++)
            IoCsqInsertIrp(&Queue.Csq, Requests[Index], NULL);
    } else if (Which == 2) {
        for (ULONG Index = 0; Index < REQUESTS; Index++)
            IoCancelIrp(Requests[Index]);
    } else {
        TakeRequests(NULL);
    }
}

TEST_CASE(CsqRace, "a request is either removed or cancelled, never both, never neither") {
    Taken = NextToCancel = 0;
    QueueStart(FALSE);
    for (ULONG Index = 0; Index < REQUESTS; Index++)
        REQUIRE((Requests[Index] = MakeRequest()) != NULL);
    TestOnThreads(4, QueueAndCancel, NULL);
    EXPECT_EQUAL(Taken + Queue.Cancelled, REQUESTS);
    EXPECT_EQUAL(Queue.Length, 0);
    for (ULONG Index = 0; Index < REQUESTS; Index++)
        IoFreeIrp(Requests[Index]);
}

/* Remove locks --------------------------------------------------------------------------------------------------- */

static IO_REMOVE_LOCK RemoveLock;

static VOID RemoveDevice(PVOID Lock)
{
    EXPECT_STATUS(IoAcquireRemoveLock((PIO_REMOVE_LOCK)Lock, Lock), STATUS_SUCCESS);
    IoReleaseRemoveLockAndWait((PIO_REMOVE_LOCK)Lock, Lock);
}

TEST_CASE(RemoveLockWaits, "removal waits for every acquisition, of any tag, and refuses new ones from its beginning") {
    KIRQL OldIrql;
    ACTOR Actor;

    IoInitializeRemoveLock(&RemoveLock, 'kcoL', 0, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    EXPECT_STATUS(IoAcquireRemoveLock(&RemoveLock, NULL), STATUS_SUCCESS);
    EXPECT_STATUS(IoAcquireRemoveLock(&RemoveLock, &Actor), STATUS_SUCCESS);
    EXPECT_STATUS(IoAcquireRemoveLock(&RemoveLock, &Actor), STATUS_SUCCESS);
    IoReleaseRemoveLock(&RemoveLock, &Actor);
    KeLowerIrql(OldIrql);
    REQUIRE(ActorsStart(&Actor, 1, &RemoveLock));
    ActorBegin(&Actor, RemoveDevice);
    for (ULONG Try = 0; Try < 1000 && !*(volatile BOOLEAN *)&RemoveLock.Common.Removed; Try++)
        SyncSleep(1);
    EXPECT_STATUS(IoAcquireRemoveLock(&RemoveLock, &Actor), STATUS_DELETE_PENDING);
    IoReleaseRemoveLock(&RemoveLock, NULL);
    SyncSleep(20);
    EXPECT(!ActorIsDone(&Actor));
    IoReleaseRemoveLock(&RemoveLock, &Actor);
    ActorFinish(&Actor);
    EXPECT_STATUS(IoAcquireRemoveLock(&RemoveLock, NULL), STATUS_DELETE_PENDING);
    ActorsEnd(&Actor, 1);
}

TEST_CASE(RemoveLockFree, "the lock of a free driver, which keeps no record, works the same") {
    ULONG Size = sizeof(IO_REMOVE_LOCK_COMMON_BLOCK);

    IoInitializeRemoveLockEx(&RemoveLock, 'kcoL', 1, 1, Size);
    EXPECT_STATUS(IoAcquireRemoveLockEx(&RemoveLock, NULL, __FILE__, __LINE__, Size), STATUS_SUCCESS);
    EXPECT_STATUS(IoAcquireRemoveLockEx(&RemoveLock, &Size, __FILE__, __LINE__, Size), STATUS_SUCCESS);
    IoReleaseRemoveLockEx(&RemoveLock, NULL, Size);
    IoReleaseRemoveLockAndWaitEx(&RemoveLock, &Size, Size);
    EXPECT_STATUS(IoAcquireRemoveLockEx(&RemoveLock, NULL, __FILE__, __LINE__, Size), STATUS_DELETE_PENDING);
}

/* Named events --------------------------------------------------------------------------------------------------- */

TEST_CASE(NamedEvents, "IoCreateNotificationEvent makes a signalled event, and finds the one of its name again") {
    HANDLE First, Second;
    PKEVENT Event, Again;
    UNICODE_STRING Name;

    RtlInitUnicodeString(&Name, L"\\SyncTest");
    Event = IoCreateNotificationEvent(&Name, &First);
    REQUIRE(Event != NULL);
    EXPECT_EQUAL(KeReadStateEvent(Event), 1);
    KeClearEvent(Event);
    Again = IoCreateNotificationEvent(&Name, &Second);
    EXPECT(Again == Event);
    EXPECT_EQUAL(KeReadStateEvent(Event), 0);
    ZwClose(Second);
    ZwClose(First);
    Event = IoCreateSynchronizationEvent(&Name, &First);
    REQUIRE(Event != NULL);
    EXPECT_EQUAL(KeReadStateEvent(Event), 1);
    EXPECT_STATUS(KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    EXPECT_EQUAL(KeReadStateEvent(Event), 0);
    ZwClose(First);
}
