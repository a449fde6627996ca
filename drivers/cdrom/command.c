/*
 * cdrom: one command after the other, from the packet to the status (PAGE). Runs in the thread of who makes the
 * request, under CommandMutex, and waits there.
 */
#include "cdrom.h"

static BOOLEAN CdWaitUntil(UCHAR Mask, UCHAR Value);
static NTSTATUS CdCommand(PCD_DRIVE Drive, const UCHAR *Packet, PVOID Buffer, ULONG Room, PULONG Moved);
static NTSTATUS CdSense(PCD_DRIVE Drive);
static NTSTATUS CdStatusOfSense(UCHAR Key, UCHAR Code);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, CdWaitUntil)
#pragma alloc_text(PAGE, CdCommand)
#pragma alloc_text(PAGE, CdSense)
#pragma alloc_text(PAGE, CdStatusOfSense)
#pragma alloc_text(PAGE, CdExecute)
#endif

#define CD_LOOKS 1000                   /* at the status, until the drive takes a packet */
#define CD_LOOK_PAUSE 10                /* microseconds between them */
#define CD_PATIENCE (-10 * 10000000LL)  /* 10 s: a disc may have to spin up */
#define CD_TRIES 3

/* What REQUEST SENSE answers (SPC-2, fixed format). */
#define SENSE_LENGTH 18
#define SENSE_KEY 2
#define SENSE_KEY_MASK 0x0F
#define SENSE_CODE 12
enum {
    KEY_NO_SENSE = 0, KEY_RECOVERED = 1, KEY_NOT_READY = 2, KEY_MEDIUM_ERROR = 3, KEY_HARDWARE_ERROR = 4,
    KEY_ILLEGAL_REQUEST = 5, KEY_UNIT_ATTENTION = 6,
};
enum {
    CODE_OUT_OF_RANGE = 0x21, CODE_MEDIUM_CHANGED = 0x28, CODE_NO_MEDIUM = 0x3A,
};

/* FALSE: the status has not come to that within the time that a drive has for it. */
static BOOLEAN CdWaitUntil(UCHAR Mask, UCHAR Value)
{
    PAGED_CODE();

    for (ULONG Look = 0; Look < CD_LOOKS; Look++) {
        if ((CdPeekStatus() & Mask) == Value)
            return TRUE;
        KeStallExecutionProcessor(CD_LOOK_PAUSE);
    }
    return FALSE;
}

/*
 * STATUS_UNSUCCESSFUL: the drive has ended the command with a fault, whose sense it keeps until it is asked.
 * STATUS_IO_TIMEOUT: it did not answer, and has been reset.
 */
static NTSTATUS CdCommand(PCD_DRIVE Drive, const UCHAR *Packet, PVOID Buffer, ULONG Room, PULONG Moved)
{
    LARGE_INTEGER Patience = {.QuadPart = CD_PATIENCE};
    NTSTATUS Status = STATUS_SUCCESS;

    PAGED_CODE();

    if (!CdWaitUntil(STATUS_BUSY | STATUS_DATA_REQUEST, 0)) {
        CdAbandon(Drive);
        return STATUS_IO_TIMEOUT;
    }
    CdOut(CD_DEVICE, DEVICE_MASTER);
    CdOut(CD_FEATURES, 0);
    CdOut(CD_COUNT_LOW, (UCHAR)CD_SECTOR);
    CdOut(CD_COUNT_HIGH, (UCHAR)(CD_SECTOR >> 8));
    CdOut(CD_COMMAND, COMMAND_PACKET);
    if (!CdWaitUntil(STATUS_BUSY | STATUS_DATA_REQUEST, STATUS_DATA_REQUEST)) {
        CdAbandon(Drive);
        return STATUS_IO_TIMEOUT;
    }
    KeClearEvent(&Drive->Done);
    CdBegin(Drive, Buffer, Room);
    for (ULONG Index = 0; Index < PACKET_LENGTH; Index += 2)
        WRITE_PORT_USHORT((PUSHORT)(ULONG_PTR)(CD_BASE + CD_DATA), (USHORT)(Packet[Index] | Packet[Index + 1] << 8));
    /* The DPC of a command that was given up may set the event, too: so it is Active that counts. */
    while (Drive->Active && Status == STATUS_SUCCESS)
        Status = KeWaitForSingleObject(&Drive->Done, Executive, KernelMode, FALSE, &Patience);
    if (Status != STATUS_SUCCESS) {
        CdAbandon(Drive);
        return STATUS_IO_TIMEOUT;
    }
    if (Moved != NULL)
        *Moved = Drive->Moved;
    return Drive->FinalStatus & STATUS_CHECK ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}

/* As the documentation of the controls names what a drive may report. */
static NTSTATUS CdStatusOfSense(UCHAR Key, UCHAR Code)
{
    PAGED_CODE();

    switch (Key) {
    case KEY_NO_SENSE:
    case KEY_RECOVERED:
        return STATUS_SUCCESS;
    case KEY_NOT_READY:
        return Code == CODE_NO_MEDIUM ? STATUS_NO_MEDIA_IN_DEVICE : STATUS_DEVICE_NOT_READY;
    case KEY_MEDIUM_ERROR:
        return STATUS_CRC_ERROR;
    case KEY_ILLEGAL_REQUEST:
        return Code == CODE_OUT_OF_RANGE ? STATUS_NONEXISTENT_SECTOR : STATUS_INVALID_DEVICE_REQUEST;
    case KEY_UNIT_ATTENTION:
        return Code == CODE_MEDIUM_CHANGED ? STATUS_VERIFY_REQUIRED : STATUS_BUS_RESET;
    default:
        return STATUS_IO_DEVICE_ERROR;
    }
}

/* Why the last command failed. A disc that has gone or come makes what is known of it void. */
static NTSTATUS CdSense(PCD_DRIVE Drive)
{
    UCHAR Packet[PACKET_LENGTH] = {PACKET_REQUEST_SENSE, 0, 0, 0, SENSE_LENGTH};
    PUCHAR Sense = Drive->Scratch;
    ULONG Moved;
    NTSTATUS Status;

    PAGED_CODE();

    Status = CdCommand(Drive, Packet, Sense, SENSE_LENGTH, &Moved);
    if (Status == STATUS_UNSUCCESSFUL || (NT_SUCCESS(Status) && Moved < SENSE_CODE + 1))
        return STATUS_IO_DEVICE_ERROR;
    if (!NT_SUCCESS(Status))
        return Status;
    Status = CdStatusOfSense(Sense[SENSE_KEY] & SENSE_KEY_MASK, Sense[SENSE_CODE]);
    if (Status == STATUS_VERIFY_REQUIRED)
        Drive->MediaChanges++;
    if (Status == STATUS_VERIFY_REQUIRED || Status == STATUS_NO_MEDIA_IN_DEVICE)
        Drive->Capacity = 0;
    return Status;
}

/* A drive that was reset says so once, instead of doing what it was told: it is told again. */
NTSTATUS CdExecute(PCD_DRIVE Drive, const UCHAR *Packet, PVOID Buffer, ULONG Room, PULONG Moved)
{
    NTSTATUS Status = STATUS_BUS_RESET;

    PAGED_CODE();

    for (ULONG Try = 0; Try < CD_TRIES && Status == STATUS_BUS_RESET; Try++) {
        Status = CdCommand(Drive, Packet, Buffer, Room, Moved);
        if (Status == STATUS_UNSUCCESSFUL)
            Status = CdSense(Drive);
    }
    return Status == STATUS_BUS_RESET ? STATUS_IO_DEVICE_ERROR : Status;
}
