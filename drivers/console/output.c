/*
 * console: programs' output, and which line each has.
 *
 * A line is a process', not a file's: programs inherit their standard output, so many write to one file. Nobody tells
 * the driver that a process has ended; whoever writes next finds out, and ends a line that was left unfinished.
 */
#include "console.h"

/* The most that is written in one piece, with interrupts off while the UART takes it. */
#define CONSOLE_PIECE 128

static VOID ConsoleInitializeLine(PCONSOLE_OUTPUT Output, PEPROCESS Process)
{
    Output->Process = Process;
    Output->Reads = 0;
    KdInitializeLine(&Output->Line);
}

/* IRQL: PASSIVE_LEVEL. */
VOID ConsoleInitializeOutput(PCONSOLE Console)
{
    ExInitializeFastMutex(&Console->WriteMutex);
    InitializeListHead(&Console->Outputs);
    ConsoleInitializeLine(&Console->Spare, NULL);
}

static BOOLEAN ConsoleHasEnded(PEPROCESS Process)
{
    LARGE_INTEGER Now = {.QuadPart = 0};

    return KeWaitForSingleObject(Process, Executive, KernelMode, FALSE, &Now) == STATUS_SUCCESS;
}

/* Moves the lines of ended programs, or all, to Done, ended. IRQL: APC_LEVEL, WriteMutex held. */
static VOID ConsoleCollectOutputs(PCONSOLE Console, BOOLEAN All, PLIST_ENTRY Done)
{
    for (PLIST_ENTRY Entry = Console->Outputs.Flink, Next; Entry != &Console->Outputs; Entry = Next) {
        PCONSOLE_OUTPUT Output = CONTAINING_RECORD(Entry, CONSOLE_OUTPUT, Link);
        Next = Entry->Flink;
        if (ReadAcquire(&Output->Reads) == 0 && (All || ConsoleHasEnded(Output->Process))) {
            RemoveEntryList(Entry);
            KdEndLine(&Output->Line);
            InsertTailList(Done, Entry);
        }
    }
}

/* IRQL: PASSIVE_LEVEL. */
static VOID ConsoleFreeOutputs(PLIST_ENTRY Done)
{
    while (!IsListEmpty(Done)) {
        PCONSOLE_OUTPUT Output = CONTAINING_RECORD(RemoveHeadList(Done), CONSOLE_OUTPUT, Link);
        ObDereferenceObject(Output->Process);
        ExFreePoolWithTag(Output, CONSOLE_TAG);
    }
}

VOID ConsoleDeleteOutputs(PCONSOLE Console)
{
    LIST_ENTRY Done;

    InitializeListHead(&Done);
    ExAcquireFastMutex(&Console->WriteMutex);
    ConsoleCollectOutputs(Console, TRUE, &Done);
    ExReleaseFastMutex(&Console->WriteMutex);
    ConsoleFreeOutputs(&Done);
    KdEndLine(&Console->Spare.Line);
}

/* The calling program's line; without memory for one of its own, the spare one. IRQL: APC_LEVEL, WriteMutex held. */
static PCONSOLE_OUTPUT ConsoleFindOutput(PCONSOLE Console)
{
    PEPROCESS Process = PsGetCurrentProcess();
    PCONSOLE_OUTPUT Output;

    for (PLIST_ENTRY Entry = Console->Outputs.Flink; Entry != &Console->Outputs; Entry = Entry->Flink) {
        Output = CONTAINING_RECORD(Entry, CONSOLE_OUTPUT, Link);
        if (Output->Process == Process)
            return Output;
    }
    Output = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Output), CONSOLE_TAG);
    if (Output == NULL)
        return &Console->Spare;
    ObReferenceObject(Process);
    ConsoleInitializeLine(Output, Process);
    InsertTailList(&Console->Outputs, &Output->Link);
    return Output;
}

PCONSOLE_OUTPUT ConsoleBeginRead(PCONSOLE Console)
{
    PCONSOLE_OUTPUT Output;

    ExAcquireFastMutex(&Console->WriteMutex);
    Output = ConsoleFindOutput(Console);
    InterlockedIncrement(&Output->Reads);
    ExReleaseFastMutex(&Console->WriteMutex);
    return Output;
}

VOID ConsoleEndRead(PIRP Irp)
{
    PCONSOLE_OUTPUT Output = Irp->Tail.Overlay.DriverContext[0];

    InterlockedDecrement(&Output->Reads);
}

/* How much of the text goes out next. */
static ULONG ConsolePiece(PCSTR Text, ULONG Length)
{
    ULONG Piece = 0;

    while (Piece < Length && Piece < CONSOLE_PIECE) {
        if (Text[Piece++] == '\n')
            break;
    }
    return Piece;
}

/* Writes whole, one caller after the other. IRQL: PASSIVE_LEVEL. Waits for other writers and for the UART. */
NTSTATUS ConsoleWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCONSOLE Console = DeviceObject->DeviceExtension;
    ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    PCSTR Text = Irp->AssociatedIrp.SystemBuffer;
    PCONSOLE_OUTPUT Output;
    LIST_ENTRY Done;
    ULONG Piece;

    InitializeListHead(&Done);
    ExAcquireFastMutex(&Console->WriteMutex);
    ConsoleCollectOutputs(Console, FALSE, &Done);
    Output = ConsoleFindOutput(Console);
    for (ULONG Written = 0; Written < Length; Written += Piece) {
        Piece = ConsolePiece(Text + Written, Length - Written);
        KdWriteLine(&Output->Line, Text + Written, Piece);
    }
    ExReleaseFastMutex(&Console->WriteMutex);
    ConsoleFreeOutputs(&Done);
    return ConsoleComplete(Irp, STATUS_SUCCESS, Length);
}
