/*
 * The printer port. QEMU's printer takes every byte at once; held on its strobe it is busy for as long as a case likes.
 */
#include "devices.h"

#include <ntddpar.h>
#include <ntddser.h>

#define PAR_NAME L"\\Device\\Parallel0"
#define PAR_CONTROL ((PUCHAR)0x37A)
#define CONTROL_OPEN 0x1C           /* selected, not reset, interrupts */
#define CONTROL_STROBE 0x01

#define BYTES 5000
#define WRITES 4
#define SHORTEST_TIMEOUT 2000       /* ms */

static UCHAR Bytes[BYTES];

static VOID HoldPrinter(VOID)
{
    WRITE_PORT_UCHAR(PAR_CONTROL, CONTROL_OPEN | CONTROL_STROBE);
}

static VOID ReleasePrinter(VOID)
{
    WRITE_PORT_UCHAR(PAR_CONTROL, CONTROL_OPEN);
}

/* A write on its way. */
typedef struct _PAR_WRITE {
    PIRP Irp;
    KEVENT Event;
    IO_STATUS_BLOCK Iosb;
} PAR_WRITE, *PPAR_WRITE;

static BOOLEAN BeginWrite(HANDLE Port, PPAR_WRITE Write)
{
    LARGE_INTEGER Offset = {.QuadPart = 0};
    PDEVICE_OBJECT Device;
    PFILE_OBJECT File;

    if (!EXPECT_STATUS(ObReferenceObjectByHandle(Port, 0, *IoFileObjectType, KernelMode, (PVOID *)&File, NULL),
                       STATUS_SUCCESS)) {
        return FALSE;
    }
    Device = IoGetRelatedDeviceObject(File);
    ObDereferenceObject(File);
    KeInitializeEvent(&Write->Event, NotificationEvent, FALSE);
    Write->Irp = IoBuildSynchronousFsdRequest(IRP_MJ_WRITE, Device, Bytes, BYTES, &Offset, &Write->Event, &Write->Iosb);
    if (!EXPECT(Write->Irp != NULL)) {
        return FALSE;
    }
    IoCallDriver(Device, Write->Irp);
    return TRUE;
}

static VOID ExpectWritten(PPAR_WRITE Write, NTSTATUS Status, ULONG Length)
{
    KeWaitForSingleObject(&Write->Event, Executive, KernelMode, FALSE, NULL);
    EXPECT_STATUS(Write->Iosb.Status, Status);
    EXPECT_EQUAL(Write->Iosb.Information, Length);
}

TEST_CASE(ParallelLocksWhileOpen, "L26 L38 PAGEPAR is locked while the port is open, and out when it is closed") {
    PMM_SECTION Code = DeviceSection(PAR_NAME, "PAGEPAR");
    PMM_SECTION Config = DeviceSection(PAR_NAME, "PAGEPAR0");
    PAR_WRITE Write;
    HANDLE Port, Second;

    REQUIRE(Code != NULL && Config != NULL);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Code->ResidentPages + Config->ResidentPages, 0);
    EXPECT_EQUAL(Code->LockCount, 0);
    REQUIRE(NT_SUCCESS(DeviceOpen(PAR_NAME, &Port)));
    EXPECT_STATUS(DeviceOpen(PAR_NAME, &Second), STATUS_ACCESS_DENIED);
    EXPECT_EQUAL(Code->LockCount, 1);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Code->ResidentPages, Code->PageCount);
    EXPECT_EQUAL(Config->ResidentPages, 0);
    if (BeginWrite(Port, &Write)) {
        ExpectWritten(&Write, STATUS_SUCCESS, BYTES);
    }
    ZwClose(Port);
    EXPECT_EQUAL(Code->LockCount, 0);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Code->ResidentPages, 0);
}

TEST_CASE(ParallelTimesOut, "a write that a busy printer does not take ends with STATUS_TIMEOUT") {
    SERIAL_TIMEOUTS Timeouts = {.WriteTotalTimeoutConstant = SHORTEST_TIMEOUT}, Old = {0};
    PAR_WRITE Write;
    HANDLE Port;

    REQUIRE(NT_SUCCESS(DeviceOpen(PAR_NAME, &Port)));
    EXPECT_STATUS(DeviceControl(Port, IOCTL_SERIAL_GET_TIMEOUTS, NULL, 0, &Old, sizeof(Old), NULL), STATUS_SUCCESS);
    EXPECT_STATUS(DeviceControl(Port, IOCTL_SERIAL_SET_TIMEOUTS, &Timeouts, sizeof(Timeouts), NULL, 0, NULL),
                  STATUS_SUCCESS);
    HoldPrinter();
    if (BeginWrite(Port, &Write)) {
        ExpectWritten(&Write, STATUS_TIMEOUT, 0);
    }
    ReleasePrinter();
    EXPECT_STATUS(DeviceControl(Port, IOCTL_SERIAL_SET_TIMEOUTS, &Old, sizeof(Old), NULL, 0, NULL), STATUS_SUCCESS);
    if (BeginWrite(Port, &Write)) {
        ExpectWritten(&Write, STATUS_SUCCESS, BYTES);
    }
    ZwClose(Port);
}

TEST_CASE(ParallelCancels, "writes are cancelled in the queue and at the printer; the others go out when it is ready") {
    PAR_WRITE Write[WRITES];
    ULONG Begun = 0;
    HANDLE Port;

    REQUIRE(NT_SUCCESS(DeviceOpen(PAR_NAME, &Port)));
    HoldPrinter();
    while (Begun < WRITES && BeginWrite(Port, &Write[Begun])) {
        Begun++;
    }
    if (EXPECT_EQUAL(Begun, WRITES)) {
        EXPECT(IoCancelIrp(Write[1].Irp));
        ExpectWritten(&Write[1], STATUS_CANCELLED, 0);
        EXPECT(IoCancelIrp(Write[0].Irp));
        ExpectWritten(&Write[0], STATUS_CANCELLED, 0);
    }
    /* No interrupt says that the printer is back: the driver looks. */
    ReleasePrinter();
    for (ULONG Index = 2; Index < Begun; Index++) {
        ExpectWritten(&Write[Index], STATUS_SUCCESS, BYTES);
    }
    ZwClose(Port);
}

TEST_CASE(ParallelCleansUp, "closing the last handle ends every write that waits") {
    PAR_WRITE Write[WRITES];
    ULONG Begun = 0;
    HANDLE Port;

    REQUIRE(NT_SUCCESS(DeviceOpen(PAR_NAME, &Port)));
    HoldPrinter();
    while (Begun < WRITES && BeginWrite(Port, &Write[Begun])) {
        Begun++;
    }
    ZwClose(Port);
    for (ULONG Index = 0; Index < Begun; Index++) {
        ExpectWritten(&Write[Index], STATUS_CANCELLED, 0);
    }
    ReleasePrinter();
}

TEST_CASE(ParallelControls, "the printer's status, its reset, and refusals with documented statuses") {
    PAR_QUERY_INFORMATION Status = {0};
    PAR_SET_INFORMATION Reset = {PARALLEL_INIT};
    SERIAL_TIMEOUTS Timeouts = {.WriteTotalTimeoutConstant = SHORTEST_TIMEOUT - 1};
    ULONG_PTR Length;
    PAR_WRITE Write;
    HANDLE Port;

    REQUIRE(NT_SUCCESS(DeviceOpen(PAR_NAME, &Port)));
    EXPECT_STATUS(DeviceControl(Port, IOCTL_PAR_SET_INFORMATION, &Reset, sizeof(Reset), NULL, 0, NULL), STATUS_SUCCESS);
    EXPECT_STATUS(DeviceControl(Port, IOCTL_PAR_QUERY_INFORMATION, NULL, 0, &Status, sizeof(Status), &Length),
                  STATUS_SUCCESS);
    EXPECT_EQUAL(Length, sizeof(Status));
    EXPECT_EQUAL(Status.Status, PARALLEL_SELECTED);
    EXPECT_STATUS(DeviceControl(Port, IOCTL_PAR_QUERY_INFORMATION, NULL, 0, NULL, 0, NULL), STATUS_BUFFER_TOO_SMALL);
    EXPECT_STATUS(DeviceControl(Port, IOCTL_PAR_SET_INFORMATION, NULL, 0, NULL, 0, NULL), STATUS_BUFFER_TOO_SMALL);
    Reset.Init = PARALLEL_AUTOFEED;
    EXPECT_STATUS(DeviceControl(Port, IOCTL_PAR_SET_INFORMATION, &Reset, sizeof(Reset), NULL, 0, NULL),
                  STATUS_INVALID_PARAMETER);
    EXPECT_STATUS(DeviceControl(Port, IOCTL_SERIAL_SET_TIMEOUTS, &Timeouts, sizeof(Timeouts), NULL, 0, NULL),
                  STATUS_INVALID_PARAMETER);
    EXPECT_STATUS(DeviceControl(Port, IOCTL_SERIAL_SET_TIMEOUTS, &Timeouts, sizeof(Timeouts) - 1, NULL, 0, NULL),
                  STATUS_BUFFER_TOO_SMALL);
    EXPECT_STATUS(DeviceControl(Port, IOCTL_SERIAL_GET_TIMEOUTS, NULL, 0, &Timeouts, sizeof(Timeouts) - 1, NULL),
                  STATUS_BUFFER_TOO_SMALL);
    EXPECT_STATUS(DeviceControl(Port, IOCTL_SERIAL_PURGE, NULL, 0, NULL, 0, NULL), STATUS_INVALID_DEVICE_REQUEST);
    /* A write under way is no time for a reset. */
    HoldPrinter();
    if (BeginWrite(Port, &Write)) {
        Reset.Init = PARALLEL_INIT;
        EXPECT_STATUS(DeviceControl(Port, IOCTL_PAR_SET_INFORMATION, &Reset, sizeof(Reset), NULL, 0, NULL),
                      STATUS_DEVICE_BUSY);
        EXPECT_STATUS(DeviceControl(Port, IOCTL_PAR_QUERY_INFORMATION, NULL, 0, &Status, sizeof(Status), NULL),
                      STATUS_SUCCESS);
        EXPECT_EQUAL(Status.Status, PARALLEL_SELECTED | PARALLEL_BUSY);
        ReleasePrinter();
        ExpectWritten(&Write, STATUS_SUCCESS, BYTES);
    }
    ReleasePrinter();
    ZwClose(Port);
}
