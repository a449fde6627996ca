/*
 * console: from the UART to lines.
 *
 * ConsoleIsr (DIRQL) moves bytes into the ring. ConsoleServe, under the lock at DISPATCH_LEVEL, takes them out, edits
 * the line and completes reads; the DPC calls it when bytes have come, ConsoleRead when a read has.
 */
#include "console.h"
#include "../serial/uart.h"

#define COM1_BASE 0x3F8

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

VOID ConsoleDropTyped(PCONSOLE Console, ULONG End)
{
    BOOLEAN WasFull = Console->In - Console->Out == CONSOLE_TYPE_AHEAD;

    WriteRelease(&Console->Out, End);
    if (WasFull)
        ConsoleEnableInput(Console);
    Console->LineLength = Console->LineTaken = 0;
    Console->LineComplete = FALSE;
    Console->AfterReturn = FALSE;
}

/* Whether the next byte is a Ctrl-C that there is an event for. IRQL: DISPATCH_LEVEL, Lock held. */
static BOOLEAN ConsoleAtControlC(PCONSOLE Console)
{
    return Console->ControlC != NULL && (ULONG)ReadAcquire(&Console->In) != Console->Out &&
           Console->TypeAhead[Console->Out % CONSOLE_TYPE_AHEAD] == KEY_CONTROL_C;
}

/* The line ------------------------------------------------------------------------------------------------------- */

/* The line of the read that is served next; nobody's when none waits. IRQL: DISPATCH_LEVEL, Lock held. */
static PKD_LINE ConsoleReadersLine(PCONSOLE Console)
{
    PCONSOLE_OUTPUT Output = &Console->Spare;

    if (!IsListEmpty(&Console->Reads))
        Output = CONTAINING_RECORD(Console->Reads.Flink, IRP, Tail.Overlay.ListEntry)->Tail.Overlay.DriverContext[0];
    return &Output->Line;
}

VOID ConsoleEcho(PCONSOLE Console, PCSTR Text)
{
    KdWriteLine(ConsoleReadersLine(Console), Text, (ULONG)strlen(Text));
}

static VOID ConsoleRubOut(PCONSOLE Console)
{
    if (Console->LineLength == 0)
        return;
    Console->LineLength--;
    KdRubOut(ConsoleReadersLine(Console));
}

static VOID ConsoleAppend(PCONSOLE Console, UCHAR Byte)
{
    CHAR Text[2] = {(CHAR)Byte, 0};

    /* The last place is the newline's. */
    if (Console->LineLength == CONSOLE_LINE - 1) {
        ConsoleEcho(Console, "\a");
        return;
    }
    Console->Line[Console->LineLength++] = Byte;
    ConsoleEcho(Console, Text);
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
        ConsoleEcho(Console, "\n");
    } else if (Byte == KEY_BACKSPACE || Byte == KEY_DELETE) {
        ConsoleRubOut(Console);
    } else if (Byte == KEY_CONTROL_C) {
        /* Nobody but the reader to tell: it gets an empty line in place of the one that was begun. */
        Console->Line[0] = KEY_NEWLINE;
        Console->LineLength = 1;
        Console->LineComplete = TRUE;
        ConsoleEcho(Console, "^C\n");
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

VOID ConsoleServe(PCONSOLE Console)
{
    LIST_ENTRY Done;
    KIRQL OldIrql;
    UCHAR Byte;
    PIRP Irp;

    InitializeListHead(&Done);
    KeAcquireSpinLock(&Console->Lock, &OldIrql);
    if (!IsListEmpty(&Console->Reads) && !Console->LineComplete)
        KdShowLine(ConsoleReadersLine(Console));
    while (!IsListEmpty(&Console->Reads) && !Console->Held) {
        if (!Console->LineComplete) {
            if (ConsoleAtControlC(Console) || !ConsoleTakeByte(Console, &Byte))
                break;
            ConsoleEdit(Console, Byte);
        } else if ((Irp = ConsoleTakeRead(Console)) != NULL) {
            ConsoleGiveLine(Console, Irp);
            InsertTailList(&Done, &Irp->Tail.Overlay.ListEntry);
        }
    }
    ConsoleServeControlC(Console);
    KeReleaseSpinLock(&Console->Lock, OldIrql);

    /* Completing calls out of the driver, so it is done without the lock. */
    while (!IsListEmpty(&Done)) {
        Irp = CONTAINING_RECORD(RemoveHeadList(&Done), IRP, Tail.Overlay.ListEntry);
        ConsoleEndRead(Irp);
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

/* Pends until there is a whole line; a read gets one line at most. IRQL: PASSIVE_LEVEL, the reader's own context. */
NTSTATUS ConsoleRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCONSOLE Console = DeviceObject->DeviceExtension;
    KIRQL OldIrql;

    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length == 0)
        return ConsoleComplete(Irp, STATUS_SUCCESS, 0);

    Irp->Tail.Overlay.DriverContext[0] = ConsoleBeginRead(Console);
    KeAcquireSpinLock(&Console->Lock, &OldIrql);
    IoSetCancelRoutine(Irp, ConsoleCancelRead);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        /* It was cancelled before it could be queued, and nobody has called the cancel routine. */
        KeReleaseSpinLock(&Console->Lock, OldIrql);
        ConsoleEndRead(Irp);
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
    ConsoleEndRead(Irp);
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
    while (!IsListEmpty(&Done)) {
        PIRP Read = CONTAINING_RECORD(RemoveHeadList(&Done), IRP, Tail.Overlay.ListEntry);
        ConsoleEndRead(Read);
        ConsoleComplete(Read, STATUS_CANCELLED, 0);
    }
    ConsoleForgetControlC(Console, FileObject);
    return ConsoleComplete(Irp, STATUS_SUCCESS, 0);
}
