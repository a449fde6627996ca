/*
 * parallel: LPT1, the printer port, and an example of StartIo in code that is in memory only while it is used.
 *
 *   INIT      DriverEntry and the search for the port.
 *   PAGEPAR0  Open, close, write's first half, settings, unload: PASSIVE_LEVEL, never locked.
 *   PAGEPAR   StartIo, the service routine, the DPCs, cancelling: DISPATCH_LEVEL and above. Locked while the port is
 *             open.
 *   PAGEDATA  The handle of PAGEPAR. For PASSIVE_LEVEL only, so this one is never locked.
 *
 * The I/O manager queues the writes and gives one at a time to StartIo. From then on it is Current, until somebody
 * takes it out of there: the one who does completes it and starts the next. Who that is, whether the service
 * routine's DPC, the timer's, a cancel or a cleanup, is decided under the cancel spin lock, which the queue's own
 * routines take as well.
 */
#pragma once

#include <ntddk.h>
#include <ntddpar.h>
#include <ntddser.h>

/* The registers (IEEE 1284-1994, compatibility mode; IBM PC/AT Technical Reference, "Parallel Printer Adapter"). */
#define PAR_DATA 0
#define PAR_STATUS 1
#define PAR_CONTROL 2
#define STATUS_NOT_BUSY 0x80            /* the printer takes a byte */
#define STATUS_PAPER_END 0x20
#define STATUS_SELECTED 0x10            /* on line */
#define STATUS_NO_FAULT 0x08
#define CONTROL_STROBE 0x01             /* its rise tells the printer that there is a byte */
#define CONTROL_NO_INIT 0x04            /* clear: the printer is reset */
#define CONTROL_SELECT 0x08
#define CONTROL_INTERRUPT 0x10          /* each byte that the printer has taken interrupts */
#define CONTROL_IDLE (CONTROL_NO_INIT | CONTROL_SELECT)
#define CONTROL_OPEN (CONTROL_IDLE | CONTROL_INTERRUPT)

/* The device extension. */
typedef struct _PAR_PORT {
    /* Constant. */
    PDEVICE_OBJECT DeviceObject;
    ULONG_PTR Base;
    ULONG Vector;
    KIRQL Irql;
    KAFFINITY Affinity;

    /* Interlocked: 0 or 1, and for a moment 2 while a second opening is refused. */
    LONG OpenCount;

    /* Set while open, at PASSIVE_LEVEL. */
    PKINTERRUPT Interrupt;

    /* The cancel spin lock, DISPATCH_LEVEL. */
    PIRP Current;                       /* the write that is under way; NULL: none */
    ULONGLONG Deadline;                 /* of Current, interrupt time */
    BOOLEAN Closing;                    /* the handle is closed: nothing is started any more */

    KTIMER Timer;                       /* runs while there is a Current */
    KDPC TimerDpc;

    volatile ULONG Timeout;             /* of a write, milliseconds */

    /* The interrupt's lock, DIRQL. */
    PUCHAR Next;                        /* into Current's buffer */
    volatile ULONG Left;                /* bytes that the printer has not been given */
} PAR_PORT, *PPAR_PORT;

FORCEINLINE UCHAR ParIn(PPAR_PORT Port, ULONG Register)
{
    return READ_PORT_UCHAR((PUCHAR)(Port->Base + Register));
}

FORCEINLINE VOID ParOut(PPAR_PORT Port, ULONG Register, UCHAR Value)
{
    WRITE_PORT_UCHAR((PUCHAR)(Port->Base + Register), Value);
}

/* INIT: init.c */
DRIVER_INITIALIZE DriverEntry;

/* PAGEPAR0: open.c, control.c */
DRIVER_UNLOAD ParUnload;
DRIVER_DISPATCH ParCreate;
DRIVER_DISPATCH ParCleanup;
DRIVER_DISPATCH ParClose;
DRIVER_DISPATCH ParWrite;
DRIVER_DISPATCH ParDeviceControl;
NTSTATUS ParComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);     /* IRQL: PASSIVE_LEVEL */

/* PAGEPAR: transfer.c */
DRIVER_STARTIO ParStartIo;
DRIVER_CANCEL ParCancel;
KSERVICE_ROUTINE ParIsr;
IO_DPC_ROUTINE ParDpc;
KDEFERRED_ROUTINE ParTimerDpc;
VOID ParCancelAll(PPAR_PORT Port);                                          /* IRQL: <= DISPATCH_LEVEL */
NTSTATUS ParResetPrinter(PPAR_PORT Port);                                   /* the same */
