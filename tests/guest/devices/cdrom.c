/* The CD-ROM drive. Its disc is the system image: any bytes will do. */
#include "devices.h"

#include <ntddcdrm.h>
#include <ntdddisk.h>

#define CD_NAME L"\\Device\\CdRom0"
#define SECTOR 2048
#define SECTORS 64                      /* of the disc that the cases read */
#define TAG 'tseT'

static NTSTATUS ReadSectors(HANDLE Drive, ULONG First, ULONG Count, PVOID Buffer)
{
    LARGE_INTEGER Offset = {.QuadPart = (LONGLONG)First * SECTOR};
    IO_STATUS_BLOCK Iosb = {{STATUS_PENDING}, 0};
    NTSTATUS Status = ZwReadFile(Drive, NULL, NULL, NULL, &Iosb, Buffer, Count * SECTOR, &Offset, NULL);

    if (NT_SUCCESS(Status)) {
        EXPECT_EQUAL(Iosb.Information, Count * SECTOR);
    }
    return Status;
}

TEST_CASE(CdRomFamilies, "L12 L38 only the section of the family that the drive is of ever comes in") {
    PMM_SECTION Mmc = DeviceSection(CD_NAME, "PAGECDMM"), Nec = DeviceSection(CD_NAME, "PAGECDNC");
    PMM_SECTION Pioneer = DeviceSection(CD_NAME, "PAGECDPI");
    CDROM_PLAY_AUDIO_MSF Range = {0, 2, 0, 1, 0, 0};
    ULONG64 PageIns;
    HANDLE Drive;

    REQUIRE(Mmc != NULL && Nec != NULL && Pioneer != NULL);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Mmc->ResidentPages, 0);
    PageIns = Mmc->PageIns;
    REQUIRE(NT_SUCCESS(DeviceOpen(CD_NAME, &Drive)));
    EXPECT_EQUAL(Mmc->ResidentPages, 0);
    /* QEMU's drive knows no audio, and says so by its sense. */
    EXPECT_STATUS(DeviceControl(Drive, IOCTL_CDROM_PLAY_AUDIO_MSF, &Range, sizeof(Range), NULL, 0, NULL),
                  STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_STATUS(DeviceControl(Drive, IOCTL_CDROM_STOP_AUDIO, NULL, 0, NULL, 0, NULL), STATUS_SUCCESS);
    EXPECT(Mmc->ResidentPages != 0);
    EXPECT(Mmc->PageIns > PageIns);
    EXPECT_EQUAL(Nec->ResidentPages + Pioneer->ResidentPages, 0);
    EXPECT_EQUAL(Nec->PageIns + Pioneer->PageIns, 0);
    ZwClose(Drive);
}

TEST_CASE(CdRomLocksWhileOpen, "L26 what the drive's interrupt runs is locked while it is open, the rest never") {
    PMM_SECTION Code = DeviceSection(CD_NAME, "PAGECD"), Rest = DeviceSection(CD_NAME, "PAGE");
    PUCHAR Buffer = ExAllocatePoolWithTag(PagedPool, SECTOR, TAG);
    HANDLE First, Second;

    REQUIRE(Code != NULL && Rest != NULL && Buffer != NULL);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Code->ResidentPages, 0);
    REQUIRE(NT_SUCCESS(DeviceOpen(CD_NAME, &First)));
    REQUIRE(NT_SUCCESS(DeviceOpen(CD_NAME, &Second)));
    EXPECT_EQUAL(Code->LockCount, 1);
    ZwClose(First);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Code->ResidentPages, Code->PageCount);
    EXPECT_EQUAL(Rest->ResidentPages, 0);
    EXPECT_STATUS(ReadSectors(Second, 0, 1, Buffer), STATUS_SUCCESS);
    EXPECT_EQUAL(Rest->LockCount, 0);
    ZwClose(Second);
    EXPECT_EQUAL(Code->LockCount, 0);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Code->ResidentPages, 0);
    ExFreePoolWithTag(Buffer, TAG);
}

TEST_CASE(CdRomEnds, "a read ends with the disc, and sectors behind it are the end of the file") {
    PUCHAR Buffer = ExAllocatePoolWithTag(PagedPool, 2 * SECTOR, TAG);
    LARGE_INTEGER Length, Offset;
    IO_STATUS_BLOCK Iosb;
    HANDLE Drive;

    REQUIRE(Buffer != NULL && NT_SUCCESS(DeviceOpen(CD_NAME, &Drive)));
    EXPECT_STATUS(DeviceControl(Drive, IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, &Length, sizeof(Length), NULL),
                  STATUS_SUCCESS);
    EXPECT_EQUAL(Length.QuadPart % SECTOR, 0);
    Offset.QuadPart = Length.QuadPart - SECTOR;
    EXPECT_STATUS(ZwReadFile(Drive, NULL, NULL, NULL, &Iosb, Buffer, 2 * SECTOR, &Offset, NULL), STATUS_SUCCESS);
    EXPECT_EQUAL(Iosb.Information, SECTOR);
    EXPECT_STATUS(ReadSectors(Drive, (ULONG)(Length.QuadPart / SECTOR), 1, Buffer), STATUS_END_OF_FILE);
    EXPECT_STATUS(ReadSectors(Drive, MAXULONG, 1, Buffer), STATUS_END_OF_FILE);
    ZwClose(Drive);
    ExFreePoolWithTag(Buffer, TAG);
}

#define READERS 8
#define READS 25

static PUCHAR Disc;                     /* its first SECTORS */
static volatile LONG Matched;

/* Opens, reads here and there, compares, closes; buffers of all alignments. */
static VOID ReadAndCompare(PVOID Context)
{
    ULONG Seed = (ULONG)InterlockedIncrement((volatile LONG *)Context) * 7919;
    PUCHAR Buffer = ExAllocatePoolWithTag(PagedPool, SECTORS * SECTOR + PAGE_SIZE, TAG);

    if (!EXPECT(Buffer != NULL)) {
        return;
    }
    for (ULONG Round = 0; Round < READS; Round++) {
        ULONG First = RtlRandomEx(&Seed) % SECTORS, Count = 1 + RtlRandomEx(&Seed) % (SECTORS - First);
        PUCHAR Place = Buffer + RtlRandomEx(&Seed) % (PAGE_SIZE / 2) * 2;
        HANDLE Drive;
        if (!EXPECT_STATUS(DeviceOpen(CD_NAME, &Drive), STATUS_SUCCESS)) {
            break;
        }
        if (EXPECT_STATUS(ReadSectors(Drive, First, Count, Place), STATUS_SUCCESS) &&
            EXPECT(memcmp(Place, Disc + First * SECTOR, Count * SECTOR) == 0)) {
            InterlockedIncrement(&Matched);
        }
        ZwClose(Drive);
    }
    ExFreePoolWithTag(Buffer, TAG);
}

TEST_CASE(CdRomReadByMany, "threads that open, read and close at once get their own sectors; no lock is left") {
    PMM_SECTION Code = DeviceSection(CD_NAME, "PAGECD");
    volatile LONG Number = 0;
    HANDLE Drive;

    Disc = ExAllocatePoolWithTag(PagedPool, SECTORS * SECTOR, TAG);
    Matched = 0;
    REQUIRE(Code != NULL && Disc != NULL && NT_SUCCESS(DeviceOpen(CD_NAME, &Drive)));
    EXPECT_STATUS(ReadSectors(Drive, 0, SECTORS, Disc), STATUS_SUCCESS);
    ZwClose(Drive);
    TestOnThreads(READERS, ReadAndCompare, (PVOID)&Number);
    EXPECT_EQUAL(Matched, READERS * READS);
    EXPECT_EQUAL(Code->LockCount, 0);
    ExFreePoolWithTag(Disc, TAG);
}
