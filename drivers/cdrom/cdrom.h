/*
 * cdrom: the ATAPI CD-ROM drive on the second IDE channel, and an example of code in sections by what the hardware is.
 *
 *   INIT      DriverEntry, which asks the channel whether there is such a drive.
 *   PAGE      Everything that runs in the thread of who makes the request: open and close, reads, controls, the
 *             building of commands. Never locked.
 *   PAGECD    What the drive's interrupt runs: locked while the drive is open.
 *   PAGECDMM  Playing audio, by the commands of the standard (MMC).
 *   PAGECDNC  The same by those of NEC, from before there was a standard.
 *   PAGECDPI  The same by those of Pioneer.
 *   PAGECONS  The table of these families; PAGEDATA: the section handle. For PASSIVE_LEVEL only, so never locked.
 *
 * INQUIRY says who made the drive, and so which of the three last code sections the driver will use. The others are
 * in the paging file from the time of loading and never take a frame. The price of that is a name for each; a driver
 * with one section for all makers would have all of them in memory with the first play.
 *
 * Requests are carried out one after the other, each in its own thread, under CommandMutex: command.c sends a packet
 * and waits, transfer.c moves the data and says when the command is done.
 */
#pragma once

#include <ntddk.h>
#include <ntddcdrm.h>
#include <ntdddisk.h>

/* The registers of a channel (ATA/ATAPI-4, clauses 7 and 9.8: packet command protocol). */
#define CD_BASE 0x170
#define CD_CONTROL_BASE 0x376
#define CD_IRQ 15
enum {
    CD_DATA = 0,
    CD_ERROR = 1,               /* read; the sense key in bits 4 to 7 */
    CD_FEATURES = 1,            /* write */
    CD_REASON = 2,
    CD_COUNT_LOW = 4,           /* bytes of this piece of data */
    CD_COUNT_HIGH = 5,
    CD_DEVICE = 6,
    CD_STATUS = 7,              /* read; takes the interrupt back */
    CD_COMMAND = 7,             /* write */
};
#define STATUS_BUSY 0x80
#define STATUS_DATA_REQUEST 0x08
#define STATUS_CHECK 0x01
#define DEVICE_MASTER 0xA0
#define COMMAND_DEVICE_RESET 0x08
#define COMMAND_PACKET 0xA0
#define COMMAND_IDENTIFY_PACKET 0xA1
#define CONTROL_NO_INTERRUPT 0x02

/* Packets (MMC-2; SPC-2). */
#define PACKET_LENGTH 12
enum {
    PACKET_TEST_UNIT_READY = 0x00,
    PACKET_REQUEST_SENSE = 0x03,
    PACKET_INQUIRY = 0x12,
    PACKET_START_STOP_UNIT = 0x1B,
    PACKET_READ_CAPACITY = 0x25,
    PACKET_READ_10 = 0x28,
    PACKET_READ_TOC = 0x43,
    PACKET_PLAY_AUDIO_MSF = 0x47,
    PACKET_PAUSE_RESUME = 0x4B,
};

#define CD_SECTOR 2048
#define CD_SCRATCH 1024         /* the longest answer that is no sector: the table of contents, 804 */

typedef struct _CD_DRIVE CD_DRIVE, *PCD_DRIVE;

/* How one family of drives plays audio. IRQL: PASSIVE_LEVEL, CommandMutex held. */
typedef struct _CD_FAMILY {
    CHAR Vendor[9];             /* INQUIRY's vendor begins with it; empty: everybody's */
    NTSTATUS (*Play)(PCD_DRIVE Drive, const CDROM_PLAY_AUDIO_MSF *Range);
    NTSTATUS (*Pause)(PCD_DRIVE Drive);
    NTSTATUS (*Resume)(PCD_DRIVE Drive);
    NTSTATUS (*Stop)(PCD_DRIVE Drive);
} CD_FAMILY;
typedef const CD_FAMILY *PCD_FAMILY;

/* The device extension. */
struct _CD_DRIVE {
    /* Constant. */
    PDEVICE_OBJECT DeviceObject;
    ULONG Vector;
    KIRQL Irql;
    KAFFINITY Affinity;

    FAST_MUTEX OpenMutex;       /* OpenCount, and the change between connected and not */
    LONG OpenCount;
    PKINTERRUPT Interrupt;

    FAST_MUTEX CommandMutex;    /* inside OpenMutex; the drive, and: */
    PCD_FAMILY Family;          /* NULL until INQUIRY has been asked */
    ULONG MediaChanges;         /* discs that have come since the driver was loaded */
    ULONGLONG Capacity;         /* bytes; 0: not known */
    CDROM_PLAY_AUDIO_MSF LastPlay;
    UCHAR Scratch[CD_SCRATCH];

    KEVENT Done;                /* of the command that is under way */

    /* The interrupt's lock, DIRQL. */
    volatile BOOLEAN Active;    /* a command is under way */
    PUCHAR Buffer;              /* resident */
    ULONG Room, Moved;          /* bytes */
    UCHAR FinalStatus;
};

FORCEINLINE UCHAR CdIn(ULONG Register)
{
    return READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)(CD_BASE + Register));
}

FORCEINLINE VOID CdOut(ULONG Register, UCHAR Value)
{
    WRITE_PORT_UCHAR((PUCHAR)(ULONG_PTR)(CD_BASE + Register), Value);
}

/* The status without its effect on the interrupt. */
FORCEINLINE UCHAR CdPeekStatus(VOID)
{
    return READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)CD_CONTROL_BASE);
}

/* INIT: init.c */
DRIVER_INITIALIZE DriverEntry;

/* PAGE: open.c, control.c, media.c, command.c. CommandMutex is held where there is a Drive. */
DRIVER_UNLOAD CdUnload;
DRIVER_DISPATCH CdCreate;
DRIVER_DISPATCH CdClose;
DRIVER_DISPATCH CdRead;
DRIVER_DISPATCH CdDeviceControl;
NTSTATUS CdComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);
VOID CdAcquire(PFAST_MUTEX Mutex);
VOID CdRelease(PFAST_MUTEX Mutex);
/*
 * Sends a packet of PACKET_LENGTH bytes and waits until it is done; what it answers goes to Buffer, which is resident.
 * Moved: bytes; may be NULL. When the drive reports a fault, its sense is asked for and comes back as a status.
 */
NTSTATUS CdExecute(PCD_DRIVE Drive, const UCHAR *Packet, PVOID Buffer, ULONG Room, PULONG Moved);
NTSTATUS CdInquire(PCD_DRIVE Drive);
NTSTATUS CdTestUnit(PCD_DRIVE Drive);
NTSTATUS CdQueryCapacity(PCD_DRIVE Drive, PULONGLONG Capacity);
NTSTATUS CdReadToc(PCD_DRIVE Drive, PCDROM_TOC Toc, PULONG Length);
NTSTATUS CdReadSectors(PCD_DRIVE Drive, ULONGLONG Offset, PUCHAR Buffer, ULONG Length, PULONG Moved);

/* PAGECD: transfer.c */
KSERVICE_ROUTINE CdIsr;
IO_DPC_ROUTINE CdDpc;
VOID CdBegin(PCD_DRIVE Drive, PUCHAR Buffer, ULONG Room);                   /* IRQL: <= DISPATCH_LEVEL */
VOID CdAbandon(PCD_DRIVE Drive);                                            /* the same */

/* PAGECDMM, PAGECDNC, PAGECDPI: mmc.c, nec.c, pioneer.c */
NTSTATUS CdMmcPlay(PCD_DRIVE Drive, const CDROM_PLAY_AUDIO_MSF *Range);
NTSTATUS CdMmcPause(PCD_DRIVE Drive);
NTSTATUS CdMmcResume(PCD_DRIVE Drive);
NTSTATUS CdMmcStop(PCD_DRIVE Drive);
NTSTATUS CdNecPlay(PCD_DRIVE Drive, const CDROM_PLAY_AUDIO_MSF *Range);
NTSTATUS CdNecPause(PCD_DRIVE Drive);
NTSTATUS CdNecResume(PCD_DRIVE Drive);
NTSTATUS CdNecStop(PCD_DRIVE Drive);
NTSTATUS CdPioneerPlay(PCD_DRIVE Drive, const CDROM_PLAY_AUDIO_MSF *Range);
NTSTATUS CdPioneerPause(PCD_DRIVE Drive);
NTSTATUS CdPioneerResume(PCD_DRIVE Drive);
NTSTATUS CdPioneerStop(PCD_DRIVE Drive);
