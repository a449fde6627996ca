/*
 * console: from the UART to lines.
 *
 * ConsoleIsr (DIRQL) moves bytes into the ring. ConsoleServe, under the lock at DISPATCH_LEVEL, takes them out, edits
 * the line and completes reads; the DPC calls it when bytes have come, ConsoleRead when a read has.
 */
#include "console.h"
#include <tidepool.h>
#include "../serial/uart.h"

#define COM1_BASE 0x3F8

enum {                      /* what can be typed besides text */
    KEY_BACKSPACE = 0x08,
    KEY_NEWLINE = 0x0A,
    KEY_RETURN = 0x0D,
    KEY_CLEAR_LINE = 0x15,  /* Ctrl-U */
    KEY_DELETE = 0x7F       /* what most terminals send for backspace */
};

static DRIVER_CANCEL ConsoleCancelRead;

static UCHAR ConsoleIn(ULONG Register)
{
    return READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)(COM1_BASE + Register));
}

static VOID ConsoleOut(ULONG Register, UCHAR Value)
{
    WRITE_PORT_UCHAR((PUCHAR)(ULONG_PTR)(COM1_BASE + Register), Value);
}

/* The ring ------------------------------------------------------------------------------------------------------- */

static BOOLEAN ConsoleRingFull(PCONSOLE Console)
{
    return Console->In - ReadAcquire(&Console->Out) == CONSOLE_TYPE_AHEAD;
}

/*
 * While the ring is full the UART keeps the bytes and does not interrupt for them; a sender that looks at the line's
 * state, as the virtual machine's does, waits. IRQL: DIRQL, under the interrupt's lock.
 */
static VOID ConsoleSetInterruptEnable(PCONSOLE Console)
{
    ConsoleOut(UART_IER, ConsoleRingFull(Console) ? 0 : IER_RECEIVED);
}

/* IRQL: <= DIRQL. */
VOID ConsoleEnableInput(PCONSOLE Console)
{
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Console->Interrupt);

    ConsoleOut(UART_MCR, MCR_DTR | MCR_RTS | MCR_OUT2);
    ConsoleSetInterruptEnable(Console);
    KeReleaseInterruptSpinLock(Console->Interrupt, OldIrql);
}

/* IRQL: <= DIRQL. */
VOID ConsoleDisableInput(PCONSOLE Console)
{
    KIRQL OldIrql = KeAcquireInterruptSpinLock(Console->Interrupt);

    ConsoleOut(UART_IER, 0);
    ConsoleOut(UART_MCR, MCR_DTR | MCR_RTS);
    KeReleaseInterruptSpinLock(Console->Interrupt, OldIrql);
}

/* IRQL: DIRQL. FALSE: the interrupt is another device's on the same line. */
BOOLEAN ConsoleIsr(PKINTERRUPT Interrupt, PVOID Context)
{
    PCONSOLE Console = Context;

    UNREFERENCED_PARAMETER(Interrupt);
    if (ConsoleIn(UART_IIR) & IIR_NONE)
        return FALSE;
    while (!ConsoleRingFull(Console) && (ConsoleIn(UART_LSR) & LSR_DATA_READY) != 0) {
        Console->TypeAhead[Console->In % CONSOLE_TYPE_AHEAD] = ConsoleIn(UART_RBR);
        WriteRelease(&Console->In, Console->In + 1);
    }
    ConsoleSetInterruptEnable(Console);
    IoRequestDpc(Console->DeviceObject, NULL, Console);
    return TRUE;
}

/* The next byte; FALSE: none. IRQL: DISPATCH_LEVEL, Lock held. */
static BOOLEAN ConsoleTakeByte(PCONSOLE Console, PUCHAR Byte)
{
    BOOLEAN WasFull;

    if ((ULONG)ReadAcquire(&Console->In) == Console->Out)
        return FALSE;
    WasFull = Console->In - Console->Out == CONSOLE_TYPE_AHEAD;
    *Byte = Console->TypeAhead[Console->Out % CONSOLE_TYPE_AHEAD];
    WriteRelease(&Console->Out, Console->Out + 1);
    if (WasFull)
        ConsoleEnableInput(Console);
    return TRUE;
}

/* The line ------------------------------------------------------------------------------------------------------- */

static VOID ConsoleEcho(PCSTR Text)
{
    HalDisplayString(Text, (ULONG)strlen(Text));
}

static VOID ConsoleRubOut(PCONSOLE Console)
{
    if (Console->LineLength == 0)
        return;
    Console->LineLength--;
    ConsoleEcho("\b \b");
}

static VOID ConsoleAppend(PCONSOLE Console, UCHAR Byte)
{
    CHAR Text[2] = {(CHAR)Byte, 0};

    /* The last place is the newline's. */
    if (Console->LineLength == CONSOLE_LINE - 1) {
        ConsoleEcho("\a");
        return;
    }
    Console->Line[Console->LineLength++] = Byte;
    ConsoleEcho(Text);
}

/* One byte as it was typed. IRQL: DISPATCH_LEVEL, Lock held, the line is not complete. */
static VOID ConsoleEdit(PCONSOLE Console, UCHAR Byte)
{
    BOOLEAN AfterReturn = Console->AfterReturn;

    Console->AfterReturn = Byte == KEY_RETURN;
    if (Byte == KEY_NEWLINE && AfterReturn)
        return;
    if (Byte == KEY_RETURN || Byte == KEY_NEWLINE) {
        Console->Line[Console->LineLength++] = KEY_NEWLINE;
        Console->LineComplete = TRUE;
        ConsoleEcho("\n");
    } else if (Byte == KEY_BACKSPACE || Byte == KEY_DELETE) {
        ConsoleRubOut(Console);
    } else if (Byte == KEY_CLEAR_LINE) {
        while (Console->LineLength > 0)
            ConsoleRubOut(Console);
    } else if (Byte >= ' ' || Byte == '\t') {
        ConsoleAppend(Console, Byte);
    }
}

/* Reads ---------------------------------------------------------------------------------------------------------- */

/*
 * Takes the oldest read out of the queue, for the caller to complete; NULL when there is none. A read that is being
 * cancelled is taken out too but left to its cancel routine, which waits for the lock. IRQL: DISPATCH_LEVEL, Lock
 * held.
 */
static PIRP ConsoleTakeRead(PCONSOLE Console)
{
    while (!IsListEmpty(&Console->Reads)) {
        PIRP Irp = CONTAINING_RECORD(RemoveHeadList(&Console->Reads), IRP, Tail.Overlay.ListEntry);
        if (IoSetCancelRoutine(Irp, NULL) != NULL)
            return Irp;
        InitializeListHead(&Irp->Tail.Overlay.ListEntry);
    }
    return NULL;
}

/* As much of the complete line as the read takes; the next read goes on behind it. */
static VOID ConsoleGiveLine(PCONSOLE Console, PIRP Irp)
{
    ULONG Wanted = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;
    ULONG Given = min(Wanted, Console->LineLength - Console->LineTaken);

    RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, Console->Line + Console->LineTaken, Given);
    Irp->IoStatus.Information = Given;
    Console->LineTaken += Given;
    if (Console->LineTaken == Console->LineLength) {
        Console->LineLength = Console->LineTaken = 0;
        Console->LineComplete = FALSE;
    }
}

/* Gives reads what has been typed, as far as both go. IRQL: <= DISPATCH_LEVEL. */
static VOID ConsoleServe(PCONSOLE Console)
{
    LIST_ENTRY Done;
    KIRQL OldIrql;
    UCHAR Byte;
    PIRP Irp;

    InitializeListHead(&Done);
    KeAcquireSpinLock(&Console->Lock, &OldIrql);
    while (!IsListEmpty(&Console->Reads)) {
        if (!Console->LineComplete) {
            if (!ConsoleTakeByte(Console, &Byte))
                break;
            ConsoleEdit(Console, Byte);
        } else if ((Irp = ConsoleTakeRead(Console)) != NULL) {
            ConsoleGiveLine(Console, Irp);
            InsertTailList(&Done, &Irp->Tail.Overlay.ListEntry);
        }
    }
    KeReleaseSpinLock(&Console->Lock, OldIrql);

    /* Completing calls out of the driver, so it is done without the lock. */
    while (!IsListEmpty(&Done)) {
        Irp = CONTAINING_RECORD(RemoveHeadList(&Done), IRP, Tail.Overlay.ListEntry);
        ConsoleComplete(Irp, STATUS_SUCCESS, Irp->IoStatus.Information);
    }
}

/* Bytes have come. IRQL: DISPATCH_LEVEL. */
VOID ConsoleDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    ConsoleServe(Context);
}

/* Pends until there is a whole line; a read gets one line at most. IRQL: <= DISPATCH_LEVEL. */
NTSTATUS ConsoleRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCONSOLE Console = DeviceObject->DeviceExtension;
    KIRQL OldIrql;

    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length == 0)
        return ConsoleComplete(Irp, STATUS_SUCCESS, 0);

    KeAcquireSpinLock(&Console->Lock, &OldIrql);
    IoSetCancelRoutine(Irp, ConsoleCancelRead);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        /* It was cancelled before it could be queued, and nobody has called the cancel routine. */
        KeReleaseSpinLock(&Console->Lock, OldIrql);
        return ConsoleComplete(Irp, STATUS_CANCELLED, 0);
    }
    IoMarkIrpPending(Irp);
    InsertTailList(&Console->Reads, &Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&Console->Lock, OldIrql);

    ConsoleServe(Console);
    return STATUS_PENDING;
}

/* IRQL: DISPATCH_LEVEL, with the cancel lock held, which it releases. */
static VOID ConsoleCancelRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCONSOLE Console = DeviceObject->DeviceExtension;
    KIRQL OldIrql;

    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(&Console->Lock, &OldIrql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&Console->Lock, OldIrql);
    ConsoleComplete(Irp, STATUS_CANCELLED, 0);
}

/* A program's last handle to this file is closed: its reads are cancelled, others' go on. IRQL: PASSIVE_LEVEL. */
NTSTATUS ConsoleCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCONSOLE Console = DeviceObject->DeviceExtension;
    PFILE_OBJECT FileObject = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    LIST_ENTRY Done;
    KIRQL OldIrql;

    InitializeListHead(&Done);
    KeAcquireSpinLock(&Console->Lock, &OldIrql);
    for (PLIST_ENTRY Entry = Console->Reads.Flink, Next; Entry != &Console->Reads; Entry = Next) {
        PIRP Read = CONTAINING_RECORD(Entry, IRP, Tail.Overlay.ListEntry);
        Next = Entry->Flink;
        if (IoGetCurrentIrpStackLocation(Read)->FileObject == FileObject && IoSetCancelRoutine(Read, NULL) != NULL) {
            RemoveEntryList(Entry);
            InsertTailList(&Done, Entry);
        }
    }
    KeReleaseSpinLock(&Console->Lock, OldIrql);
    while (!IsListEmpty(&Done))
        ConsoleComplete(CONTAINING_RECORD(RemoveHeadList(&Done), IRP, Tail.Overlay.ListEntry), STATUS_CANCELLED, 0);
    return ConsoleComplete(Irp, STATUS_SUCCESS, 0);
}
