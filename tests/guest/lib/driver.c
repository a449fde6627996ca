/*
 * The driver around a suite's cases: one device, \Device\TestNAME, that tells what cases there are and runs one.
 * tests/programs/test is the program that asks.
 */
#include "run.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD TestUnload;
static DRIVER_DISPATCH TestOpenClose, TestControl;

#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(INIT, TestInitialize)

/* A suite that looks at its DriverEntry has one of its own. */
__attribute__((weak)) NTSTATUS TestInitialize(VOID)
{
    return STATUS_SUCCESS;
}

/* One case at a time: failures and leaks are counted for the whole system. */
static KEVENT TestTurn;

static ULONG TestCount(VOID)
{
    return (ULONG)(TestCasesEnd - TestCasesStart);
}

static VOID TestCopyText(PCHAR Destination, SIZE_T Size, PCSTR Source)
{
    strncpy(Destination, Source, Size - 1);
    Destination[Size - 1] = '\0';
}

/* IRQL: PASSIVE_LEVEL. */
static NTSTATUS TestOpenClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

/*
 * Answers one request from the buffer it came in. *Information: bytes of the answer.
 * IRQL: PASSIVE_LEVEL. Waits while another thread runs a case.
 */
static NTSTATUS TestAnswer(PIO_STACK_LOCATION Stack, PVOID Buffer, PULONG_PTR Information)
{
    ULONG InputLength = Stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG OutputLength = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG Code = Stack->Parameters.DeviceIoControl.IoControlCode;
    const TEST_CASE_RECORD *Case;

    if (Code == IOCTL_TEST_COUNT) {
        if (OutputLength < sizeof(ULONG)) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        *(PULONG)Buffer = TestCount();
        *Information = sizeof(ULONG);
        return STATUS_SUCCESS;
    }
    if (Code != IOCTL_TEST_DESCRIBE && Code != IOCTL_TEST_RUN) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (InputLength < sizeof(ULONG)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (*(PULONG)Buffer >= TestCount()) {
        return STATUS_NO_MORE_ENTRIES;
    }
    Case = &TestCasesStart[*(PULONG)Buffer];
    if (Code == IOCTL_TEST_DESCRIBE) {
        PTEST_DESCRIPTION Description = Buffer;
        if (OutputLength < sizeof(*Description)) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        TestCopyText(Description->Name, sizeof(Description->Name), Case->Name);
        TestCopyText(Description->Statement, sizeof(Description->Statement), Case->Statement);
        *Information = sizeof(*Description);
        return STATUS_SUCCESS;
    }
    if (InputLength < sizeof(TEST_REQUEST)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (OutputLength < sizeof(TEST_RESULT)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    /* An event and not a mutex of any kind: a case runs at PASSIVE_LEVEL with APCs let in. */
    KeWaitForSingleObject(&TestTurn, Executive, KernelMode, FALSE, NULL);
    TestRunCase(Case, Buffer, Buffer);
    KeSetEvent(&TestTurn, IO_NO_INCREMENT, FALSE);
    *Information = sizeof(TEST_RESULT);
    return STATUS_SUCCESS;
}

/* IRQL: PASSIVE_LEVEL. */
static NTSTATUS TestControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    ULONG_PTR Information = 0;
    NTSTATUS Status = TestAnswer(IoGetCurrentIrpStackLocation(Irp), Irp->AssociatedIrp.SystemBuffer, &Information);

    UNREFERENCED_PARAMETER(Device);
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* IRQL: PASSIVE_LEVEL. */
static VOID TestUnload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING Link;

    RtlInitUnicodeString(&Link, TestLinkName);
    IoDeleteSymbolicLink(&Link);
    IoDeleteDevice(Driver->DeviceObject);
}

/* IRQL: PASSIVE_LEVEL. Fails as IoCreateDevice and IoCreateSymbolicLink do. */
NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING Name, Link;
    PDEVICE_OBJECT Device;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    Status = TestInitialize();
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    KeInitializeEvent(&TestTurn, SynchronizationEvent, TRUE);
    Driver->MajorFunction[IRP_MJ_CREATE] = TestOpenClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = TestOpenClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = TestControl;
    Driver->DriverUnload = TestUnload;
    RtlInitUnicodeString(&Name, TestDeviceName);
    RtlInitUnicodeString(&Link, TestLinkName);
    Status = IoCreateDevice(Driver, 0, &Name, TEST_DEVICE, 0, FALSE, &Device);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = IoCreateSymbolicLink(&Link, &Name);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(Device);
    }
    return Status;
}
