/*
 * The disk driver from the outside: what is written comes back, whatever its size and wherever its buffer lies, with
 * many requests under way at once; and what cannot be is refused. The machine has three disks; the last two share an
 * interrupt line.
 */
#include "testcase.h"

#include <ntdddisk.h>

TEST_SUITE(virtio, "1 4");
TEST_MACHINE("--disk 16M --disk 4M --disk 4M", "disk");

#define TAG 'ksdT'
#define REGION (64 * 1024)
#define WORDS(Bytes) ((Bytes) / sizeof(ULONG))

/* A disk that the case has open. */
typedef struct _OPENED {
    PFILE_OBJECT File;
    PDEVICE_OBJECT Device;
} OPENED;

static BOOLEAN Open(ULONG Number, OPENED *Disk)
{
    WCHAR Buffer[] = L"\\Device\\Disk?";
    UNICODE_STRING Name;

    Buffer[RTL_NUMBER_OF(Buffer) - 2] = (WCHAR)(L'0' + Number);
    RtlInitUnicodeString(&Name, Buffer);
    return EXPECT_STATUS(IoGetDeviceObjectPointer(&Name, FILE_READ_DATA | FILE_WRITE_DATA, &Disk->File, &Disk->Device),
                         STATUS_SUCCESS);
}

/* IRP_MJ_READ, _WRITE or _FLUSH_BUFFERS, waited for. */
static NTSTATUS Transfer(PDEVICE_OBJECT Device, ULONG Major, PVOID Buffer, ULONG Length, ULONG64 Offset,
                         PULONG_PTR Information)
{
    LARGE_INTEGER At = {.QuadPart = (LONGLONG)Offset};
    IO_STATUS_BLOCK Iosb = {.Information = 0};
    NTSTATUS Status;
    KEVENT Event;
    PIRP Irp;

    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Irp = IoBuildSynchronousFsdRequest(Major, Device, Buffer, Length, &At, &Event, &Iosb);
    if (Irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = IoCallDriver(Device, Irp);
    if (Status == STATUS_PENDING) {
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        Status = Iosb.Status;
    }
    *Information = Iosb.Information;
    return Status;
}

static VOID Fill(PULONG Words, ULONG Count, ULONG Seed)
{
    for (ULONG i = 0; i < Count; i++) {
        Words[i] = Seed * 0x9E3779B1u + i;
    }
}

static ULONG CountWrong(const ULONG *Words, ULONG Count, ULONG Seed)
{
    ULONG Wrong = 0;

    for (ULONG i = 0; i < Count; i++) {
        Wrong += Words[i] != Seed * 0x9E3779B1u + i;
    }
    return Wrong;
}

/* Writes, wipes and reads back; the buffer begins Skew bytes into a page. */
static VOID RoundTrip(PDEVICE_OBJECT Device, ULONG Length, ULONG64 Offset, ULONG Skew, ULONG Seed)
{
    PUCHAR Block = ExAllocatePoolWithTag(NonPagedPool, Length + PAGE_SIZE + Skew, TAG);
    PULONG Buffer = (PULONG)(PAGE_ALIGN(Block + PAGE_SIZE - 1) + Skew);
    ULONG_PTR Moved;

    REQUIRE(Block != NULL);
    Fill(Buffer, WORDS(Length), Seed);
    EXPECT_STATUS(Transfer(Device, IRP_MJ_WRITE, Buffer, Length, Offset, &Moved), STATUS_SUCCESS);
    EXPECT_EQUAL(Moved, Length);
    RtlZeroMemory(Buffer, Length);
    EXPECT_STATUS(Transfer(Device, IRP_MJ_READ, Buffer, Length, Offset, &Moved), STATUS_SUCCESS);
    EXPECT_EQUAL(Moved, Length);
    EXPECT_EQUAL(CountWrong(Buffer, WORDS(Length), Seed), 0);
    ExFreePoolWithTag(Block, TAG);
}

TEST_CASE(RoundTrips, "what is written is read back: one sector, pages, more than one piece, buffers off page and sector") {
    OPENED Disk;

    if (!Open(0, &Disk)) {
        return;
    }
    RoundTrip(Disk.Device, 512, 0, 0, 1);
    RoundTrip(Disk.Device, 512, 512, 0xFFC, 2);
    RoundTrip(Disk.Device, PAGE_SIZE, 8 * PAGE_SIZE, 0, 3);
    RoundTrip(Disk.Device, 300 * 1024, 1 << 20, 0, 4);
    RoundTrip(Disk.Device, 300 * 1024 + 512, (1 << 20) + 512, 52, 5);
    ObDereferenceObject(Disk.File);
}

/* Where the asynchronous requests of a case are counted down. */
typedef struct _BATCH {
    KEVENT Done;
    volatile LONG Left;
    volatile LONG Failed;
} BATCH;

static NTSTATUS EndOfBatched(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    BATCH *Batch = Context;

    UNREFERENCED_PARAMETER(Device);
    if (!NT_SUCCESS(Irp->IoStatus.Status) || Irp->IoStatus.Information != REGION) {
        InterlockedIncrement(&Batch->Failed);
    }
    MmUnlockPages(Irp->MdlAddress);
    IoFreeMdl(Irp->MdlAddress);
    IoFreeIrp(Irp);
    if (InterlockedDecrement(&Batch->Left) == 0) {
        KeSetEvent(&Batch->Done, 0, FALSE);
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

#define BATCH_REQUESTS 40               /* more than the device takes at once */

/* All requests are sent before any is waited for. */
static VOID RunBatch(PDEVICE_OBJECT Device, ULONG Major, PUCHAR Buffer)
{
    BATCH Batch = {.Left = 1};

    KeInitializeEvent(&Batch.Done, NotificationEvent, FALSE);
    for (ULONG i = 0; i < BATCH_REQUESTS; i++) {
        LARGE_INTEGER At = {.QuadPart = (LONGLONG)i * REGION};
        PIRP Irp = IoBuildAsynchronousFsdRequest(Major, Device, Buffer + i * REGION, REGION, &At, NULL);
        if (!EXPECT(Irp != NULL)) {
            break;
        }
        InterlockedIncrement(&Batch.Left);
        IoSetCompletionRoutine(Irp, EndOfBatched, &Batch, TRUE, TRUE, TRUE);
        IoCallDriver(Device, Irp);
    }
    if (InterlockedDecrement(&Batch.Left) != 0) {
        KeWaitForSingleObject(&Batch.Done, Executive, KernelMode, FALSE, NULL);
    }
    EXPECT_EQUAL(Batch.Failed, 0);
}

TEST_CASE(ManyAtOnce, "more requests than the device takes at once all end well, each with its own bytes") {
    PUCHAR Buffer = ExAllocatePoolWithTag(NonPagedPool, BATCH_REQUESTS * REGION, TAG);
    ULONG Wrong = 0;
    OPENED Disk;

    REQUIRE(Buffer != NULL);
    if (Open(0, &Disk)) {
        for (ULONG i = 0; i < BATCH_REQUESTS; i++) {
            Fill((PULONG)(PVOID)(Buffer + i * REGION), WORDS(REGION), 100 + i);
        }
        RunBatch(Disk.Device, IRP_MJ_WRITE, Buffer);
        RtlZeroMemory(Buffer, BATCH_REQUESTS * REGION);
        RunBatch(Disk.Device, IRP_MJ_READ, Buffer);
        for (ULONG i = 0; i < BATCH_REQUESTS; i++) {
            Wrong += CountWrong((PULONG)(PVOID)(Buffer + i * REGION), WORDS(REGION), 100 + i);
        }
        EXPECT_EQUAL(Wrong, 0);
        ObDereferenceObject(Disk.File);
    }
    ExFreePoolWithTag(Buffer, TAG);
}

static OPENED Both[2];
static volatile LONG WrongWords;

/* Each thread has a region of its own on one of the disks. */
static VOID WorkOnOne(PVOID Context)
{
    static volatile LONG Next;
    ULONG Mine = (ULONG)InterlockedIncrement(&Next) % 8;
    PULONG Buffer = ExAllocatePoolWithTag(NonPagedPool, REGION, TAG);
    PDEVICE_OBJECT Device = Both[Mine % 2].Device;
    ULONG_PTR Moved;

    UNREFERENCED_PARAMETER(Context);
    REQUIRE(Buffer != NULL);
    for (ULONG Round = 0; Round < 20; Round++) {
        ULONG Length = 512u << (Round % 8);
        Fill(Buffer, WORDS(Length), Mine * 1000 + Round);
        EXPECT_STATUS(Transfer(Device, IRP_MJ_WRITE, Buffer, Length, Mine * REGION, &Moved), STATUS_SUCCESS);
        RtlZeroMemory(Buffer, Length);
        EXPECT_STATUS(Transfer(Device, IRP_MJ_READ, Buffer, Length, Mine * REGION, &Moved), STATUS_SUCCESS);
        InterlockedExchangeAdd(&WrongWords, (LONG)CountWrong(Buffer, WORDS(Length), Mine * 1000 + Round));
    }
    ExFreePoolWithTag(Buffer, TAG);
}

/* The interrupt line of the disk with that number. */
static UCHAR LineOf(ULONG Number)
{
    PCI_COMMON_CONFIG Config;

    for (ULONG Slot = 0; Slot < PCI_MAX_DEVICES; Slot++) {
        HalGetBusData(PCIConfiguration, 0, Slot, &Config, PCI_COMMON_HDR_LENGTH);
        if (Config.VendorID == 0x1AF4 && Config.DeviceID == 0x1001 && Number-- == 0) {
            return Config.u.type0.InterruptLine;
        }
    }
    return 0xFF;
}

TEST_CASE(TwoOnOneLine, "two devices that share an interrupt line, each busy from several threads, both get theirs") {
    EXPECT_EQUAL(LineOf(1), LineOf(2));
    if (!Open(1, &Both[0])) {
        return;
    }
    if (Open(2, &Both[1])) {
        WrongWords = 0;
        TestOnThreads(8, WorkOnOne, NULL);
        EXPECT_EQUAL(WrongWords, 0);
        ObDereferenceObject(Both[1].File);
    }
    ObDereferenceObject(Both[0].File);
}

static NTSTATUS Control(PDEVICE_OBJECT Device, ULONG Code, PVOID Buffer, ULONG Length)
{
    IO_STATUS_BLOCK Iosb;
    NTSTATUS Status;
    KEVENT Event;
    PIRP Irp;

    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Irp = IoBuildDeviceIoControlRequest(Code, Device, NULL, 0, Buffer, Length, FALSE, &Event, &Iosb);
    if (Irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = IoCallDriver(Device, Irp);
    if (Status == STATUS_PENDING) {
        KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        Status = Iosb.Status;
    }
    return Status;
}

TEST_CASE(LengthAndGeometry, "the disk says how long it is, how it is divided, and that it can be written") {
    GET_LENGTH_INFORMATION Length = {.Length.QuadPart = 0};
    DISK_GEOMETRY Geometry = {.BytesPerSector = 0};
    OPENED Disk;

    if (!Open(1, &Disk)) {
        return;
    }
    EXPECT_STATUS(Control(Disk.Device, IOCTL_DISK_GET_LENGTH_INFO, &Length, sizeof(Length)), STATUS_SUCCESS);
    EXPECT_EQUAL(Length.Length.QuadPart, 4 << 20);
    EXPECT_STATUS(Control(Disk.Device, IOCTL_DISK_GET_LENGTH_INFO, &Length, sizeof(Length) - 1), STATUS_BUFFER_TOO_SMALL);
    EXPECT_STATUS(Control(Disk.Device, IOCTL_DISK_GET_DRIVE_GEOMETRY, &Geometry, sizeof(Geometry)), STATUS_SUCCESS);
    EXPECT_EQUAL(Geometry.BytesPerSector, 512);
    EXPECT(Geometry.Cylinders.QuadPart * Geometry.TracksPerCylinder * Geometry.SectorsPerTrack * 512 <= 4 << 20);
    EXPECT_STATUS(Control(Disk.Device, IOCTL_DISK_IS_WRITABLE, NULL, 0), STATUS_SUCCESS);
    ObDereferenceObject(Disk.File);
}

TEST_CASE(WrongRequests, "parts of sectors and what lies beyond the end are refused, nothing is moved; a flush is taken") {
    static const struct { ULONG64 Offset; ULONG Length; } Wrong[] = {
        {1, 512}, {0, 511}, {4 << 20, 512}, {(4 << 20) - 512, 1024}, {1ull << 62, 512}, {~511ull, 512}};
    PULONG Buffer = ExAllocatePoolWithTag(NonPagedPool, PAGE_SIZE, TAG);
    ULONG_PTR Moved;
    OPENED Disk;

    REQUIRE(Buffer != NULL);
    if (Open(1, &Disk)) {
        for (ULONG i = 0; i < ARRAYSIZE(Wrong); i++) {
            Fill(Buffer, WORDS(PAGE_SIZE), 7);
            EXPECT_STATUS(Transfer(Disk.Device, IRP_MJ_READ, Buffer, Wrong[i].Length, Wrong[i].Offset, &Moved),
                          STATUS_INVALID_PARAMETER);
            EXPECT_EQUAL(Moved, 0);
            EXPECT_EQUAL(CountWrong(Buffer, WORDS(PAGE_SIZE), 7), 0);
        }
        EXPECT_STATUS(Transfer(Disk.Device, IRP_MJ_WRITE, Buffer, 512, (4 << 20) - 512, &Moved), STATUS_SUCCESS);
        EXPECT_STATUS(Transfer(Disk.Device, IRP_MJ_FLUSH_BUFFERS, NULL, 0, 0, &Moved), STATUS_SUCCESS);
        ObDereferenceObject(Disk.File);
    }
    ExFreePoolWithTag(Buffer, TAG);
}
