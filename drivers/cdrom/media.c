/*
 * cdrom: what is asked of the drive, as packets (PAGE).
 */
#include "cdrom.h"

static PCD_FAMILY CdFamilyOf(const UCHAR *Vendor);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, CdFamilyOf)
#pragma alloc_text(PAGE, CdInquire)
#pragma alloc_text(PAGE, CdTestUnit)
#pragma alloc_text(PAGE, CdQueryCapacity)
#pragma alloc_text(PAGE, CdReadToc)
#pragma alloc_text(PAGE, CdReadSectors)
#endif

#define INQUIRY_LENGTH 36
#define INQUIRY_VENDOR 8
#define CAPACITY_LENGTH 8
#define TOC_MSF 0x02                    /* addresses as minute, second, frame */
#define TOC_LENGTH_SIZE 2
#define SECTORS_AT_ONCE 32              /* of one command: others get their turn in between */

#pragma const_seg("PAGECONS")
/* In order; the last takes whoever is left, and all that follow the standard, such as QEMU's. */
static const CD_FAMILY CdFamilies[] = {
    {"NEC", CdNecPlay, CdNecPause, CdNecResume, CdNecStop},
    {"PIONEER", CdPioneerPlay, CdPioneerPause, CdPioneerResume, CdPioneerStop},
    {"", CdMmcPlay, CdMmcPause, CdMmcResume, CdMmcStop},
};
#pragma const_seg()

static PCD_FAMILY CdFamilyOf(const UCHAR *Vendor)
{
    ULONG Index = 0;

    PAGED_CODE();

    while (Index < ARRAYSIZE(CdFamilies) - 1 &&
           memcmp(Vendor, CdFamilies[Index].Vendor, strlen(CdFamilies[Index].Vendor)) != 0)
        Index++;
    return &CdFamilies[Index];
}

/* Who made the drive; asked once. The addresses in the table are taken, nothing at them is touched. */
NTSTATUS CdInquire(PCD_DRIVE Drive)
{
    UCHAR Packet[PACKET_LENGTH] = {PACKET_INQUIRY, 0, 0, 0, INQUIRY_LENGTH};
    ULONG Moved;
    NTSTATUS Status;

    PAGED_CODE();

    if (Drive->Family != NULL)
        return STATUS_SUCCESS;
    Status = CdExecute(Drive, Packet, Drive->Scratch, INQUIRY_LENGTH, &Moved);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Moved < INQUIRY_LENGTH)
        return STATUS_IO_DEVICE_ERROR;
    Drive->Family = CdFamilyOf(&Drive->Scratch[INQUIRY_VENDOR]);
    return STATUS_SUCCESS;
}

NTSTATUS CdTestUnit(PCD_DRIVE Drive)
{
    UCHAR Packet[PACKET_LENGTH] = {PACKET_TEST_UNIT_READY};

    PAGED_CODE();

    return CdExecute(Drive, Packet, NULL, 0, NULL);
}

/* The bytes of the disc; asked once for each disc. */
NTSTATUS CdQueryCapacity(PCD_DRIVE Drive, PULONGLONG Capacity)
{
    UCHAR Packet[PACKET_LENGTH] = {PACKET_READ_CAPACITY};
    PUCHAR Answer = Drive->Scratch;
    ULONG Moved, Last, Size;
    NTSTATUS Status;

    PAGED_CODE();

    if (Drive->Capacity == 0) {
        Status = CdExecute(Drive, Packet, Answer, CAPACITY_LENGTH, &Moved);
        if (!NT_SUCCESS(Status))
            return Status;
        Last = (ULONG)Answer[0] << 24 | Answer[1] << 16 | Answer[2] << 8 | Answer[3];
        Size = (ULONG)Answer[4] << 24 | Answer[5] << 16 | Answer[6] << 8 | Answer[7];
        if (Moved < CAPACITY_LENGTH || Size != CD_SECTOR)
            return STATUS_UNRECOGNIZED_MEDIA;
        Drive->Capacity = ((ULONGLONG)Last + 1) * CD_SECTOR;
    }
    *Capacity = Drive->Capacity;
    return STATUS_SUCCESS;
}

/* The drive's answer is laid out as the structure is. Toc is resident. Length: bytes that are valid in it. */
NTSTATUS CdReadToc(PCD_DRIVE Drive, PCDROM_TOC Toc, PULONG Length)
{
    UCHAR Packet[PACKET_LENGTH] = {
        PACKET_READ_TOC, TOC_MSF, 0, 0, 0, 0, 0, sizeof(*Toc) >> 8, (UCHAR)sizeof(*Toc),
    };
    ULONG Moved;
    NTSTATUS Status;

    PAGED_CODE();

    Status = CdExecute(Drive, Packet, Toc, sizeof(*Toc), &Moved);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Moved < FIELD_OFFSET(CDROM_TOC, TrackData))
        return STATUS_IO_DEVICE_ERROR;
    *Length = min(Moved, (ULONG)(Toc->Length[0] << 8 | Toc->Length[1]) + TOC_LENGTH_SIZE);
    return STATUS_SUCCESS;
}

/* Whole sectors, within the disc. Buffer is resident. Moved: bytes, also when it fails. */
NTSTATUS CdReadSectors(PCD_DRIVE Drive, ULONGLONG Offset, PUCHAR Buffer, ULONG Length, PULONG Moved)
{
    NTSTATUS Status = STATUS_SUCCESS;

    PAGED_CODE();

    *Moved = 0;
    while (*Moved < Length) {
        ULONG Sectors = min((Length - *Moved) / CD_SECTOR, SECTORS_AT_ONCE), Bytes;
        ULONG First = (ULONG)((Offset + *Moved) / CD_SECTOR);
        UCHAR Packet[PACKET_LENGTH] = {
            PACKET_READ_10, 0, (UCHAR)(First >> 24), (UCHAR)(First >> 16), (UCHAR)(First >> 8), (UCHAR)First,
            0, (UCHAR)(Sectors >> 8), (UCHAR)Sectors,
        };
        Status = CdExecute(Drive, Packet, Buffer + *Moved, Sectors * CD_SECTOR, &Bytes);
        if (NT_SUCCESS(Status) && Bytes != Sectors * CD_SECTOR)
            Status = STATUS_IO_DEVICE_ERROR;
        if (!NT_SUCCESS(Status))
            break;
        *Moved += Bytes;
    }
    return Status;
}
