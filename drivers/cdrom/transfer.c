/*
 * cdrom: the data of a command, piece by piece as the drive interrupts, and its end (PAGECD, locked while the drive is
 * open).
 */
#include "cdrom.h"

static VOID CdTake(PCD_DRIVE Drive);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGECD, CdBegin)
#pragma alloc_text(PAGECD, CdAbandon)
#pragma alloc_text(PAGECD, CdTake)
#pragma alloc_text(PAGECD, CdIsr)
#pragma alloc_text(PAGECD, CdDpc)
#endif

/* From here on interrupts are for this command. IRQL: <= DISPATCH_LEVEL, CommandMutex held. */
VOID CdBegin(PCD_DRIVE Drive, PUCHAR Buffer, ULONG Room)
{
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Drive->Interrupt);

    Drive->Buffer = Buffer;
    Drive->Room = Room;
    Drive->Moved = 0;
    Drive->Active = TRUE;
    KeReleaseInterruptSpinLock(Drive->Interrupt, OldIrql);
}

/* The command did not come to its end: the buffer is not touched any more. IRQL: <= DISPATCH_LEVEL. */
VOID CdAbandon(PCD_DRIVE Drive)
{
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Drive->Interrupt);

    Drive->Active = FALSE;
    CdOut(CD_COMMAND, COMMAND_DEVICE_RESET);
    KeReleaseInterruptSpinLock(Drive->Interrupt, OldIrql);
}

/* Reads the piece that the drive has ready, all of it: what there is no room for is read and dropped. IRQL: DIRQL. */
static VOID CdTake(PCD_DRIVE Drive)
{
    PUSHORT Port = (PUSHORT)(ULONG_PTR)(CD_BASE + CD_DATA);
    ULONG Words = (CdIn(CD_COUNT_LOW) + (CdIn(CD_COUNT_HIGH) << 8) + 1) / 2;
    ULONG Taken = min(Words, (Drive->Room - Drive->Moved) / 2);

    READ_PORT_BUFFER_USHORT(Port, (PUSHORT)(Drive->Buffer + Drive->Moved), Taken);
    Drive->Moved += Taken * 2;
    for (; Taken < Words; Taken++)
        READ_PORT_USHORT(Port);
}

/* Data to take, or the end of the command. IRQL: DIRQL. */
BOOLEAN CdIsr(PKINTERRUPT Interrupt, PVOID Context)
{
    PCD_DRIVE Drive = Context;
    UCHAR Status = CdIn(CD_STATUS);     /* takes the interrupt back */

    UNREFERENCED_PARAMETER(Interrupt);
    if (!Drive->Active || (Status & STATUS_BUSY) != 0)
        return FALSE;
    if (Status & STATUS_DATA_REQUEST) {
        CdTake(Drive);
        return TRUE;
    }
    Drive->FinalStatus = Status;
    Drive->Active = FALSE;
    IoRequestDpc(Drive->DeviceObject, NULL, Drive);
    return TRUE;
}

/* Wakes the thread that waits in CdExecute. IRQL: DISPATCH_LEVEL. */
VOID CdDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PCD_DRIVE Drive = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(&Drive->Done, IO_CD_ROM_INCREMENT, FALSE);
}
