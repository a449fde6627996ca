/*
 * Requests on their way: buffers of each method, completion, pending, cancelling, stacks, StartIo.
 */
#include "target.h"

#define CODE(Function, Method) CTL_CODE(FILE_DEVICE_UNKNOWN, Function, Method, FILE_ANY_ACCESS)
#define CODE_BUFFERED CODE(0x801, METHOD_BUFFERED)
#define CODE_FAIL CODE(0x802, METHOD_BUFFERED)
#define CODE_OUT_DIRECT CODE(0x803, METHOD_OUT_DIRECT)
#define CODE_LATER CODE(0x804, METHOD_BUFFERED)

/* Turns the input round in the system buffer and claims three bytes of it. */
static NTSTATUS Reverse(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PUCHAR Buffer = Irp->AssociatedIrp.SystemBuffer;
    ULONG Length = Stack->Parameters.DeviceIoControl.InputBufferLength;

    UNREFERENCED_PARAMETER(Device);
    if (Stack->MajorFunction != IRP_MJ_DEVICE_CONTROL) {
        return TargetComplete(Irp, STATUS_SUCCESS, 0);      /* cleanup */
    }
    for (ULONG I = 0; I < Length / 2; I++) {
        UCHAR Byte = Buffer[I];
        Buffer[I] = Buffer[Length - 1 - I];
        Buffer[Length - 1 - I] = Byte;
    }
    return TargetComplete(Irp, Stack->Parameters.DeviceIoControl.IoControlCode == CODE_FAIL ? STATUS_DATA_ERROR
                                                                                             : STATUS_SUCCESS, 3);
}

TEST_CASE(BufferedControl, "METHOD_BUFFERED copies back Information bytes, and none when the status is an error") {
    PDEVICE_OBJECT Device = TargetCreate(TARGET_NAME, 0, FALSE, Reverse);
    CHAR Output[8] = "-------";
    IO_STATUS_BLOCK Iosb;
    HANDLE Handle;

    REQUIRE(Device != NULL);
    EXPECT_STATUS(TargetOpen(TARGET_NAME, FILE_SYNCHRONOUS_IO_NONALERT, &Handle), STATUS_SUCCESS);
    EXPECT_STATUS(ZwDeviceIoControlFile(Handle, NULL, NULL, NULL, &Iosb, CODE_BUFFERED, "abcd", 4, Output, 8),
                  STATUS_SUCCESS);
    EXPECT_EQUAL(Iosb.Information, 3);
    EXPECT(memcmp(Output, "dcb----", 8) == 0);
    EXPECT_STATUS(ZwDeviceIoControlFile(Handle, NULL, NULL, NULL, &Iosb, CODE_FAIL, "wxyz", 4, Output, 8),
                  STATUS_DATA_ERROR);
    EXPECT(memcmp(Output, "dcb----", 8) == 0);
    /* Information beyond the output buffer copies no more than the buffer holds. */
    EXPECT_STATUS(ZwDeviceIoControlFile(Handle, NULL, NULL, NULL, &Iosb, CODE_BUFFERED, "wxyz", 4, Output, 1),
                  STATUS_SUCCESS);
    EXPECT(memcmp(Output, "zcb----", 8) == 0);
    ZwClose(Handle);
    TargetDelete(Device);
}

static NTSTATUS FillDirect(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Length = Stack->Parameters.DeviceIoControl.OutputBufferLength;

    UNREFERENCED_PARAMETER(Device);
    if (Stack->MajorFunction != IRP_MJ_DEVICE_CONTROL) {
        return TargetComplete(Irp, STATUS_SUCCESS, 0);
    }
    if (Irp->MdlAddress == NULL || MmGetMdlByteCount(Irp->MdlAddress) != Length) {
        return TargetComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    }
    memset(MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority), *(PUCHAR)Irp->AssociatedIrp.SystemBuffer,
           Length);
    return TargetComplete(Irp, STATUS_SUCCESS, Length);
}

TEST_CASE(DirectControl, "L33 METHOD_OUT_DIRECT locks the output pages and leaves the input in a system buffer") {
    PDEVICE_OBJECT Device = TargetCreate(TARGET_NAME, 0, FALSE, FillDirect);
    PUCHAR Output = ExAllocatePoolWithTag(PagedPool, 3 * PAGE_SIZE, 'tseT');
    IO_STATUS_BLOCK Iosb;
    HANDLE Handle;

    REQUIRE(Device != NULL && Output != NULL);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_STATUS(TargetOpen(TARGET_NAME, 0, &Handle), STATUS_SUCCESS);
    EXPECT_STATUS(ZwDeviceIoControlFile(Handle, NULL, NULL, NULL, &Iosb, CODE_OUT_DIRECT, "x", 1, Output + 100,
                                        2 * PAGE_SIZE), STATUS_SUCCESS);
    EXPECT_EQUAL(Iosb.Information, 2 * PAGE_SIZE);
    EXPECT_EQUAL(Output[100], 'x');
    EXPECT_EQUAL(Output[100 + 2 * PAGE_SIZE - 1], 'x');
    ZwClose(Handle);
    ExFreePoolWithTag(Output, 'tseT');
    TargetDelete(Device);
}

TEST_CASE(UnsetSlot, "a request that the driver has no routine for ends with STATUS_INVALID_DEVICE_REQUEST") {
    PDEVICE_OBJECT Device = TargetCreate(TARGET_NAME, DO_BUFFERED_IO, FALSE, NULL);
    LARGE_INTEGER Offset = {.QuadPart = 0};
    IO_STATUS_BLOCK Iosb;
    HANDLE Handle;
    CHAR Byte;

    REQUIRE(Device != NULL);
    EXPECT_STATUS(TargetOpen(TARGET_NAME, FILE_SYNCHRONOUS_IO_NONALERT, &Handle), STATUS_SUCCESS);
    EXPECT_STATUS(ZwReadFile(Handle, NULL, NULL, NULL, &Iosb, &Byte, 1, &Offset, NULL), STATUS_INVALID_DEVICE_REQUEST);
    ZwClose(Handle);
    TargetDelete(Device);
}

TEST_CASE(ExclusiveDevice, "a device made exclusive is open once; the second open is STATUS_ACCESS_DENIED") {
    PDEVICE_OBJECT Device = TargetCreate(TARGET_NAME, 0, TRUE, NULL);
    HANDLE First, Second;

    REQUIRE(Device != NULL);
    EXPECT_STATUS(TargetOpen(TARGET_NAME, 0, &First), STATUS_SUCCESS);
    EXPECT_STATUS(TargetOpen(TARGET_NAME, 0, &Second), STATUS_ACCESS_DENIED);
    ZwClose(First);
    EXPECT_STATUS(TargetOpen(TARGET_NAME, 0, &First), STATUS_SUCCESS);
    ZwClose(First);
    TargetDelete(Device);
}

/* Requests that the target keeps until a DPC completes them. */
static KDPC LaterDpc;
static KTIMER LaterTimer;

static VOID CompleteLater(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second)
{
    PIRP Irp = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    if (Irp->AssociatedIrp.SystemBuffer != NULL) {
        memcpy(Irp->AssociatedIrp.SystemBuffer, "later", 5);
    }
    TargetComplete(Irp, STATUS_SUCCESS, 5);
}

static NTSTATUS Postpone(PDEVICE_OBJECT Device, PIRP Irp)
{
    LARGE_INTEGER Soon = {.QuadPart = -200000};

    UNREFERENCED_PARAMETER(Device);
    if (IoGetCurrentIrpStackLocation(Irp)->MajorFunction == IRP_MJ_CLEANUP) {
        return TargetComplete(Irp, STATUS_SUCCESS, 0);
    }
    IoMarkIrpPending(Irp);
    KeInitializeDpc(&LaterDpc, CompleteLater, Irp);
    KeInitializeTimer(&LaterTimer);
    KeSetTimer(&LaterTimer, Soon, &LaterDpc);
    return STATUS_PENDING;
}

TEST_CASE(PendingRead, "a read that is completed from a DPC is waited for, and its data arrives") {
    PDEVICE_OBJECT Device = TargetCreate(TARGET_NAME, DO_BUFFERED_IO, FALSE, Postpone);
    LARGE_INTEGER Offset = {.QuadPart = 0};
    IO_STATUS_BLOCK Iosb;
    CHAR Buffer[8] = "-------";
    HANDLE Handle;

    REQUIRE(Device != NULL);
    EXPECT_STATUS(TargetOpen(TARGET_NAME, FILE_SYNCHRONOUS_IO_NONALERT, &Handle), STATUS_SUCCESS);
    EXPECT_STATUS(ZwReadFile(Handle, NULL, NULL, NULL, &Iosb, Buffer, 8, &Offset, NULL), STATUS_SUCCESS);
    EXPECT_EQUAL(Iosb.Information, 5);
    EXPECT(memcmp(Buffer, "later--", 8) == 0);
    ZwClose(Handle);
    TargetDelete(Device);
}

TEST_CASE(BuiltRequest,
          "IoBuildDeviceIoControlRequest: a completion at DISPATCH_LEVEL reaches a buffer in paged pool") {
    PDEVICE_OBJECT Device = TargetCreate(NULL, 0, FALSE, Postpone);
    PCHAR Output = ExAllocatePoolWithTag(PagedPool, PAGE_SIZE, 'tseT');
    IO_STATUS_BLOCK Iosb = {{0}, 0};
    KEVENT Event;
    PIRP Irp;

    REQUIRE(Device != NULL && Output != NULL);
    memset(Output, '-', 8);
    MmTrimAllSystemPageableMemory(TRUE);
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Irp = IoBuildDeviceIoControlRequest(CODE_LATER, Device, NULL, 0, Output, 8, TRUE, &Event, &Iosb);
    REQUIRE(Irp != NULL);
    EXPECT_STATUS(IoCallDriver(Device, Irp), STATUS_PENDING);
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
    EXPECT_STATUS(Iosb.Status, STATUS_SUCCESS);
    EXPECT_EQUAL(Iosb.Information, 5);
    EXPECT(memcmp(Output, "later---", 8) == 0);
    ExFreePoolWithTag(Output, 'tseT');
    TargetDelete(Device);
}

static volatile LONG Completions, PendingSeen;

static NTSTATUS KeepRequest(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    EXPECT(Device == NULL);                 /* nobody above the one who allocated it */
    InterlockedIncrement(&Completions);
    PendingSeen = Irp->PendingReturned;
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

TEST_CASE(OwnRequest, "a driver's own IRP comes back to its completion routine, which keeps it for another trip") {
    PDEVICE_OBJECT Device = TargetCreate(NULL, 0, FALSE, Postpone);
    KEVENT Event;
    PIRP Irp;

    REQUIRE(Device != NULL);
    Irp = IoAllocateIrp(Device->StackSize, FALSE);
    REQUIRE(Irp != NULL);
    Completions = 0;
    for (ULONG Trip = 0; Trip < 2; Trip++) {
        KeInitializeEvent(&Event, NotificationEvent, FALSE);
        IoGetNextIrpStackLocation(Irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
        IoSetCompletionRoutine(Irp, KeepRequest, &Event, TRUE, TRUE, TRUE);
        PendingSeen = FALSE;
        EXPECT_STATUS(IoCallDriver(Device, Irp), STATUS_PENDING);
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        EXPECT(PendingSeen);
        EXPECT_EQUAL(Irp->IoStatus.Information, 5);
        IoReuseIrp(Irp, STATUS_SUCCESS);
    }
    EXPECT_EQUAL(Completions, 2);
    IoFreeIrp(Irp);
    TargetDelete(Device);
}

/* A request that waits until it is cancelled, by its file's cleanup or by IoCancelIrp. */
static PIRP volatile Waiting;
static KEVENT WaitingEvent;

static VOID CancelWaiting(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    Waiting = NULL;
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    TargetComplete(Irp, STATUS_CANCELLED, 0);
}

static NTSTATUS WaitForCancel(PDEVICE_OBJECT Device, PIRP Irp)
{
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Device);
    if (IoGetCurrentIrpStackLocation(Irp)->MajorFunction == IRP_MJ_CLEANUP) {
        PIRP Read;
        IoAcquireCancelSpinLock(&Irql);
        Read = Waiting;
        Waiting = NULL;
        if (Read != NULL) {
            IoSetCancelRoutine(Read, NULL);
        }
        IoReleaseCancelSpinLock(Irql);
        if (Read != NULL) {
            TargetComplete(Read, STATUS_CANCELLED, 0);
        }
        return TargetComplete(Irp, STATUS_SUCCESS, 0);
    }
    IoAcquireCancelSpinLock(&Irql);
    if (Irp->Cancel) {
        IoReleaseCancelSpinLock(Irql);
        return TargetComplete(Irp, STATUS_CANCELLED, 0);
    }
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, CancelWaiting);
    Waiting = Irp;
    IoReleaseCancelSpinLock(Irql);
    KeSetEvent(&WaitingEvent, IO_NO_INCREMENT, FALSE);
    return STATUS_PENDING;
}

static HANDLE ReaderHandle;
static NTSTATUS ReaderStatus;

static VOID Reader(PVOID Context)
{
    LARGE_INTEGER Offset = {.QuadPart = 0};
    IO_STATUS_BLOCK Iosb;
    CHAR Byte;

    UNREFERENCED_PARAMETER(Context);
    ReaderStatus = ZwReadFile(ReaderHandle, NULL, NULL, NULL, &Iosb, &Byte, 1, &Offset, NULL);
}

static VOID CloseUnderReader(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeWaitForSingleObject(&WaitingEvent, Executive, KernelMode, FALSE, NULL);
    ZwClose(ReaderHandle);
}

static volatile LONG Role;

static VOID ReaderAndCloser(PVOID Context)
{
    if (InterlockedIncrement(&Role) == 1) {
        Reader(Context);
    } else {
        CloseUnderReader(Context);
    }
}

TEST_CASE(CloseEndsRead,
          "closing the last handle sends IRP_MJ_CLEANUP while another thread's read waits, and ends it") {
    PDEVICE_OBJECT Device = TargetCreate(TARGET_NAME, DO_BUFFERED_IO, FALSE, WaitForCancel);

    REQUIRE(Device != NULL);
    KeInitializeEvent(&WaitingEvent, NotificationEvent, FALSE);
    Waiting = NULL;
    Role = 0;
    EXPECT_STATUS(TargetOpen(TARGET_NAME, FILE_SYNCHRONOUS_IO_NONALERT, &ReaderHandle), STATUS_SUCCESS);
    TestOnThreads(2, ReaderAndCloser, NULL);
    EXPECT_STATUS(ReaderStatus, STATUS_CANCELLED);
    TargetDelete(Device);
}

TEST_CASE(CancelRequest, "IoCancelIrp calls the cancel routine once; a request without one is only marked") {
    PDEVICE_OBJECT Device = TargetCreate(NULL, 0, FALSE, WaitForCancel);
    KEVENT Event;
    PIRP Irp;

    REQUIRE(Device != NULL);
    KeInitializeEvent(&WaitingEvent, NotificationEvent, FALSE);
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Irp = IoAllocateIrp(Device->StackSize, FALSE);
    REQUIRE(Irp != NULL);
    EXPECT(!IoCancelIrp(Irp));
    EXPECT(Irp->Cancel);
    IoReuseIrp(Irp, STATUS_SUCCESS);
    IoGetNextIrpStackLocation(Irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    IoSetCompletionRoutine(Irp, KeepRequest, &Event, TRUE, TRUE, TRUE);
    EXPECT_STATUS(IoCallDriver(Device, Irp), STATUS_PENDING);
    EXPECT(IoCancelIrp(Irp));
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
    EXPECT_STATUS(Irp->IoStatus.Status, STATUS_CANCELLED);
    EXPECT(!IoCancelIrp(Irp));
    IoFreeIrp(Irp);
    TargetDelete(Device);
}

/* A filter: passes everything down, counting. */
static PDEVICE_OBJECT Below;
static volatile LONG Passed;

static NTSTATUS PassDown(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    InterlockedIncrement(&Passed);
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(Below, Irp);
}

TEST_CASE(FilterOnTop, "a device attached above another gets its requests first and needs one stack location more") {
    PDEVICE_OBJECT Device = TargetCreate(TARGET_NAME, DO_BUFFERED_IO, FALSE, Postpone);
    PDEVICE_OBJECT Filter = TargetCreate(NULL, DO_BUFFERED_IO, FALSE, PassDown);
    LARGE_INTEGER Offset = {.QuadPart = 0};
    IO_STATUS_BLOCK Iosb;
    CHAR Buffer[8];
    HANDLE Handle;

    REQUIRE(Device != NULL && Filter != NULL);
    Below = IoAttachDeviceToDeviceStack(Filter, Device);
    EXPECT(Below == Device);
    EXPECT_EQUAL(Filter->StackSize, Device->StackSize + 1);
    Passed = 0;
    /* Create is the test library's, which completes it in the filter. */
    EXPECT_STATUS(TargetOpen(TARGET_NAME, FILE_SYNCHRONOUS_IO_NONALERT, &Handle), STATUS_SUCCESS);
    EXPECT_STATUS(ZwReadFile(Handle, NULL, NULL, NULL, &Iosb, Buffer, 8, &Offset, NULL), STATUS_SUCCESS);
    EXPECT_EQUAL(Passed, 1);
    EXPECT_EQUAL(Iosb.Information, 5);
    ZwClose(Handle);
    EXPECT_EQUAL(Passed, 2);                /* and the cleanup */
    IoDetachDevice(Device);
    TargetDelete(Filter);
    TargetDelete(Device);
}

/* StartIo: three requests, of which the device has one at a time. */
static ULONG Order[3], Started;
static LONG AtOnce;

static VOID StartOne(PDEVICE_OBJECT Device, PIRP Irp)
{
    EXPECT_EQUAL(KeGetCurrentIrql(), DISPATCH_LEVEL);
    EXPECT(Device->CurrentIrp == Irp);
    EXPECT_EQUAL(++AtOnce, 1);
    if (Started < 3) {
        Order[Started++] = (ULONG)IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.ByteOffset.LowPart;
    }
}

static VOID FinishOne(PDEVICE_OBJECT Device)
{
    KIRQL Irql;
    PIRP Irp;

    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    Irp = Device->CurrentIrp;
    AtOnce--;
    IoStartNextPacket(Device, FALSE);
    TargetComplete(Irp, STATUS_SUCCESS, 0);
    KeLowerIrql(Irql);
}

static NTSTATUS QueueForStartIo(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoMarkIrpPending(Irp);
    IoStartPacket(Device, Irp, NULL, NULL);
    return STATUS_PENDING;
}

TEST_CASE(StartIoInTurn,
          "L17 StartIo runs at DISPATCH_LEVEL with one request at a time, in the order in which they came") {
    PDEVICE_OBJECT Device = TargetCreate(NULL, 0, FALSE, QueueForStartIo);
    KEVENT Events[3];
    PIRP Irps[3];

    REQUIRE(Device != NULL);
    Device->DriverObject->DriverStartIo = StartOne;
    Started = 0;
    AtOnce = 0;
    for (ULONG I = 0; I < 3; I++) {
        KeInitializeEvent(&Events[I], NotificationEvent, FALSE);
        Irps[I] = IoAllocateIrp(Device->StackSize, FALSE);
        REQUIRE(Irps[I] != NULL);
        IoGetNextIrpStackLocation(Irps[I])->MajorFunction = IRP_MJ_READ;
        IoGetNextIrpStackLocation(Irps[I])->Parameters.Read.ByteOffset.QuadPart = 10 + I;
        IoSetCompletionRoutine(Irps[I], KeepRequest, &Events[I], TRUE, TRUE, TRUE);
        EXPECT_STATUS(IoCallDriver(Device, Irps[I]), STATUS_PENDING);
    }
    EXPECT_EQUAL(Started, 1);
    for (ULONG I = 0; I < 3; I++) {
        FinishOne(Device);
        KeWaitForSingleObject(&Events[I], Executive, KernelMode, FALSE, NULL);
        EXPECT_EQUAL(Order[I], 10 + I);
        IoFreeIrp(Irps[I]);
    }
    EXPECT(Device->CurrentIrp == NULL);
    Device->DriverObject->DriverStartIo = NULL;
    TargetDelete(Device);
}

static NTSTATUS Succeed(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return TargetComplete(Irp, STATUS_SUCCESS, 0);
}

TEST_CASE(AssociatedRequests, "the last of the requests that another was split into completes that one") {
    PDEVICE_OBJECT Device = TargetCreate(NULL, 0, FALSE, Succeed);
    KEVENT Event;
    PIRP Master, Part[2];

    REQUIRE(Device != NULL);
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Master = IoAllocateIrp(1, FALSE);
    REQUIRE(Master != NULL);
    IoSetCompletionRoutine(Master, KeepRequest, &Event, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(Master);      /* as if it had been sent to this driver */
    Master->AssociatedIrp.IrpCount = 2;
    for (ULONG I = 0; I < 2; I++) {
        Part[I] = IoMakeAssociatedIrp(Master, Device->StackSize);
        REQUIRE(Part[I] != NULL);
        IoGetNextIrpStackLocation(Part[I])->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    }
    Completions = 0;
    IoCallDriver(Device, Part[0]);
    EXPECT_EQUAL(Completions, 0);
    IoCallDriver(Device, Part[1]);
    EXPECT_EQUAL(Completions, 1);
    IoFreeIrp(Master);
    TargetDelete(Device);
}

TEST_CASE(PartialMdl, "IoBuildPartialMdl describes the middle of a locked buffer by the same frames") {
    PUCHAR Buffer = ExAllocatePoolWithTag(NonPagedPool, 4 * PAGE_SIZE, 'tseT');
    PMDL Whole, Part;

    REQUIRE(Buffer != NULL);
    Whole = IoAllocateMdl(Buffer, 4 * PAGE_SIZE, FALSE, FALSE, NULL);
    Part = IoAllocateMdl(Buffer + PAGE_SIZE + 10, PAGE_SIZE, FALSE, FALSE, NULL);
    REQUIRE(Whole != NULL && Part != NULL);
    MmBuildMdlForNonPagedPool(Whole);
    IoBuildPartialMdl(Whole, Part, Buffer + PAGE_SIZE + 10, PAGE_SIZE);
    EXPECT_EQUAL(MmGetMdlByteCount(Part), PAGE_SIZE);
    EXPECT_EQUAL(MmGetMdlByteOffset(Part), BYTE_OFFSET(Buffer + 10));
    EXPECT(MmGetMdlVirtualAddress(Part) == Buffer + PAGE_SIZE + 10);
    EXPECT(MmGetSystemAddressForMdlSafe(Part, NormalPagePriority) == Buffer + PAGE_SIZE + 10);
    EXPECT_EQUAL(MmGetMdlPfnArray(Part)[0], MmGetMdlPfnArray(Whole)[1]);
    EXPECT_EQUAL(MmGetMdlPfnArray(Part)[1], MmGetMdlPfnArray(Whole)[2]);
    IoFreeMdl(Part);
    IoFreeMdl(Whole);
    ExFreePoolWithTag(Buffer, 'tseT');
}

TEST_CASE(MdlTooLong, "IoAllocateMdl refuses a buffer that the documented MDL cannot describe") {
    EXPECT(IoAllocateMdl((PVOID)0x10000, 0x7FFFFFFF, FALSE, FALSE, NULL) == NULL);
}
