/*
 * console: Ctrl-C.
 *
 * It must work while the program that runs reads nothing, so the DPC looks for it among what has been typed ahead. It
 * must not get lost between a line that is read and the program that this line starts, so without anybody to tell it
 * stays where it was typed (consoleioctl.h).
 */
#include "console.h"
#include "consoleioctl.h"

/* Where the first Ctrl-C of the ring is; FALSE: there is none. IRQL: DISPATCH_LEVEL, Lock held. */
static BOOLEAN ConsoleFindControlC(PCONSOLE Console, PULONG Place)
{
    ULONG In = (ULONG)ReadAcquire(&Console->In);

    for (ULONG Index = Console->Out; Index != In; Index++) {
        if (Console->TypeAhead[Index % CONSOLE_TYPE_AHEAD] == KEY_CONTROL_C) {
            *Place = Index;
            return TRUE;
        }
    }
    return FALSE;
}

/* Shows what was typed of the line that the Ctrl-C at End takes back. IRQL: DISPATCH_LEVEL, Lock held. */
static VOID ConsoleEchoDropped(PCONSOLE Console, ULONG End)
{
    ULONG Begin = End;

    while (Begin != Console->Out && Console->TypeAhead[(Begin - 1) % CONSOLE_TYPE_AHEAD] >= ' ')
        Begin--;
    for (; Begin != End; Begin++) {
        CHAR Text[2] = {(CHAR)Console->TypeAhead[Begin % CONSOLE_TYPE_AHEAD], 0};
        ConsoleEcho(Console, Text);
    }
}

VOID ConsoleServeControlC(PCONSOLE Console)
{
    ULONG Place;

    while (Console->ControlC != NULL && ConsoleFindControlC(Console, &Place)) {
        ConsoleEchoDropped(Console, Place);
        ConsoleDropTyped(Console, Place + 1);
        Console->Held = TRUE;
        ConsoleEcho(Console, "^C\n");
        KeSetEvent(Console->ControlC, IO_KEYBOARD_INCREMENT, FALSE);
    }
}

/* Puts Event, referenced, in the place of the one there was. IRQL: PASSIVE_LEVEL. */
static VOID ConsoleReplaceControlC(PCONSOLE Console, PKEVENT Event, PFILE_OBJECT Owner)
{
    PKEVENT Old;
    KIRQL OldIrql;

    KeAcquireSpinLock(&Console->Lock, &OldIrql);
    Old = Console->ControlC;
    Console->ControlC = Event;
    Console->ControlCOwner = Owner;
    Console->Held = FALSE;
    KeReleaseSpinLock(&Console->Lock, OldIrql);
    if (Old != NULL)
        ObDereferenceObject(Old);
}

VOID ConsoleForgetControlC(PCONSOLE Console, PFILE_OBJECT Owner)
{
    /* The owner sets nothing any more: it is being cleaned up. Another's event may come meanwhile, and stays. */
    BOOLEAN Owns;
    KIRQL OldIrql;

    KeAcquireSpinLock(&Console->Lock, &OldIrql);
    Owns = Console->ControlCOwner == Owner;
    KeReleaseSpinLock(&Console->Lock, OldIrql);
    if (Owns)
        ConsoleReplaceControlC(Console, NULL, NULL);
}

/* IRQL: PASSIVE_LEVEL, in the context of who asks: the handle is of its process. */
NTSTATUS ConsoleControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    PCONSOLE Console = DeviceObject->DeviceExtension;
    PKEVENT Event = NULL;
    HANDLE Handle;
    NTSTATUS Status;

    if (Stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_CONSOLE_SET_CONTROL_C)
        return ConsoleComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (Stack->Parameters.DeviceIoControl.InputBufferLength != sizeof(ULONG64))
        return ConsoleComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    Handle = (HANDLE)(ULONG_PTR)*(PULONG64)Irp->AssociatedIrp.SystemBuffer;
    if (Handle != NULL) {
        Status = ObReferenceObjectByHandle(Handle, EVENT_MODIFY_STATE, *ExEventObjectType, Irp->RequestorMode,
                                           (PVOID *)&Event, NULL);
        if (!NT_SUCCESS(Status))
            return ConsoleComplete(Irp, Status, 0);
    }
    ConsoleReplaceControlC(Console, Event, Event != NULL ? Stack->FileObject : NULL);
    ConsoleServe(Console);
    return ConsoleComplete(Irp, STATUS_SUCCESS, 0);
}
