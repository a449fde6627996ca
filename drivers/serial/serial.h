/*
 * serial: COM2 to COM4, and an example of a driver that is in memory only while it is used.
 *
 * Which section a routine is in, and why:
 *
 *   INIT      DriverEntry and the search for ports. Runs once, is discarded.
 *   PAGESRP0  Open, close, settings, unload. Runs at PASSIVE_LEVEL, so it may be paged at any time and is never
 *             locked. It must not hold a spin lock, which would raise the level under its own feet: whatever needs one
 *             it leaves to a routine of PAGESER.
 *   PAGESER   What runs at DISPATCH_LEVEL or above: the interrupt service routine, the DPCs, and reads, writes and
 *             settings as far as they hold a lock. Locked by open.c before the interrupt is connected, unlocked after
 *             it is disconnected and the last DPC is done. Out of memory while no port is open.
 *   PAGEDATA  Tables and the two section handles. The service routine reads some of the tables, so it is locked along
 *             with PAGESER.
 *   nonpaged  String literals, and what is allocated: device extensions, and the receive buffer of an open port.
 *
 * One idea carries the rest: SerialServe looks at the requests and at the port, and does what can be done. The DPC
 * calls it when the UART has interrupted, a timer when a request's time may be up, a dispatch routine when it has
 * queued a request. None of them tells it why, so there is no message to lose or to come too late.
 */
#pragma once

#include <ntddk.h>
#include <ntddser.h>
#include "uart.h"

#define SERIAL_BUFFER_SIZE 4096             /* of the receive buffer, bytes: a power of two */
#define SERIAL_LARGEST_BUFFER 0x100000      /* that IOCTL_SERIAL_SET_QUEUE_SIZE makes */
#define SERIAL_LINK_LENGTH 20               /* characters of \DosDevices\COMn and its null */
#define SERIAL_TAG 'reS '

/* Interrupt time counts 100 ns; a point of it that never comes. */
#define SERIAL_MILLISECOND 10000ull
#define SERIAL_NEVER MAXULONGLONG

/* A timer that is set for one deadline at a time and has SerialServe look when it has come. Port's Lock. */
typedef struct _SERIAL_TIMER {
    KTIMER Timer;
    KDPC Dpc;
    ULONGLONG Deadline;                     /* interrupt time; SERIAL_NEVER: not set */
} SERIAL_TIMER, *PSERIAL_TIMER;

/* The device extension: one port. */
typedef struct _SERIAL_PORT {
    /* Constant once DriverEntry has found the port. */
    PDEVICE_OBJECT DeviceObject;
    ULONG_PTR Base;                         /* first I/O port */
    ULONG Vector;
    KIRQL Irql;
    KAFFINITY Affinity;
    BOOLEAN HasFifos;                       /* a 16550A; if not, an 8250 or 16450 */
    WCHAR LinkName[SERIAL_LINK_LENGTH];

    /* Interlocked: 0 or 1, and for a moment 2 while a second opening is refused. */
    LONG OpenCount;

    /* Set while open, at PASSIVE_LEVEL, by the one open or close there can be. */
    PKINTERRUPT Interrupt;

    /* Lock, DISPATCH_LEVEL: requests. */
    KSPIN_LOCK Lock;
    LIST_ENTRY Reads;                       /* IRP.Tail.Overlay.ListEntry, oldest first */
    LIST_ENTRY Writes;
    LIST_ENTRY Waits;                       /* IOCTL_SERIAL_WAIT_ON_MASK: one at most */
    PIRP CurrentRead;                       /* the first of Reads, once its times are set; NULL: none */
    PIRP CurrentWrite;                      /* the first of Writes, once it is given to the transmitter */
    ULONGLONG ReadTotalDeadline;            /* of CurrentRead */
    ULONGLONG ReadIntervalDeadline;
    ULONGLONG ReadInterval;                 /* 100 ns; 0: none */
    BOOLEAN ReadAny;                        /* any byte satisfies it */
    BOOLEAN ReadAtOnce;                     /* it takes what is there, and that is a success */
    ULONGLONG WriteDeadline;                /* of CurrentWrite */
    SERIAL_TIMER ReadTimer;
    SERIAL_TIMER WriteTimer;

    /*
     * The receive buffer. The service routine alone moves In, whoever holds Lock alone moves Out; both only grow, and
     * their difference is the number of bytes there. Buffer and BufferSize change under both locks.
     */
    PUCHAR Buffer;
    ULONG BufferSize;
    volatile ULONG In;
    volatile ULONG Out;

    /* Interlocked. */
    volatile LONG WaitMask;                 /* SERIAL_EV_... that are wanted */
    volatile LONG Events;                   /* those that have happened since the last wait was answered */

    /* The interrupt's lock, DIRQL, from here on. What the UART is to do: */
    BOOLEAN Running;                        /* the port is open */
    BOOLEAN Dtr, Rts;                       /* as programs set them, unless they follow the buffer */
    BOOLEAN BreakOn;
    ULONG BaudRate;
    USHORT Divisor;                         /* of BaudRate */
    UCHAR LineRegister;                     /* LineControl as LCR has it, without break */
    SERIAL_LINE_CONTROL LineControl;
    SERIAL_HANDFLOW HandFlow;
    SERIAL_CHARS Chars;
    SERIAL_TIMEOUTS Timeouts;
    /* what it has been told: */
    UCHAR Ier, Mcr;
    /* and how things stand: */
    PUCHAR TransmitNext;                    /* into CurrentWrite's buffer */
    volatile ULONG TransmitLeft;            /* bytes that the UART has not taken yet */
    volatile BOOLEAN TransmitBusy;          /* from the start until the UART has sent the last of them on */
    BOOLEAN HaveUrgent;                     /* Urgent, an XON or XOFF, goes before everything else */
    UCHAR Urgent;
    BOOLEAN Throttled;                      /* the sender has been asked to stop: the buffer is nearly full */
    BOOLEAN XoffReceived;
    UCHAR ModemStatus;                      /* MSR as it was read last */
    ULONG Errors;                           /* SERIAL_ERROR_... since they were asked for last */
    SERIALPERF_STATS Stats;
} SERIAL_PORT, *PSERIAL_PORT;

/* FORCEINLINE, so that they are part of their caller, in whatever section that is. */
FORCEINLINE UCHAR SerialIn(ULONG_PTR Base, ULONG Register)
{
    return READ_PORT_UCHAR((PUCHAR)(Base + Register));
}

FORCEINLINE VOID SerialOut(ULONG_PTR Base, ULONG Register, UCHAR Value)
{
    WRITE_PORT_UCHAR((PUCHAR)(Base + Register), Value);
}

/* INIT: init.c --------------------------------------------------------------------------------------------------- */

DRIVER_INITIALIZE DriverEntry;

/* PAGESRP0: open.c, control.c ------------------------------------------------------------------------------------ */

DRIVER_UNLOAD SerialUnload;
DRIVER_DISPATCH SerialCreate;
DRIVER_DISPATCH SerialCleanup;
DRIVER_DISPATCH SerialClose;
DRIVER_DISPATCH SerialDeviceControl;

/* PAGESER -------------------------------------------------------------------------------------------------------- */

/* queue.c: requests. Lock is held where no IRQL is given. */
VOID SerialServe(PSERIAL_PORT Port);                                /* IRQL: <= DISPATCH_LEVEL, Lock not held */
NTSTATUS SerialQueue(PSERIAL_PORT Port, PLIST_ENTRY Queue, PIRP Irp);   /* the same */
VOID SerialCancelAll(PSERIAL_PORT Port, BOOLEAN Reads, BOOLEAN Writes, BOOLEAN Waits);  /* the same */
PIRP SerialFirst(PLIST_ENTRY Queue);
PIRP SerialLast(PLIST_ENTRY Queue);
VOID SerialFinish(PSERIAL_PORT Port, PIRP Irp, NTSTATUS Status, PLIST_ENTRY Done);
VOID SerialSetTimer(PSERIAL_TIMER Timer, ULONGLONG Deadline);
NTSTATUS SerialComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);  /* IRQL: <= DISPATCH_LEVEL, Lock not held */
VOID SerialCompleteAll(PLIST_ENTRY Done);                                   /* the same */

/* read.c, write.c, event.c: their part of SerialServe. Lock held. */
DRIVER_DISPATCH SerialRead;
DRIVER_DISPATCH SerialWrite;
DRIVER_DISPATCH SerialFlush;
VOID SerialServeReads(PSERIAL_PORT Port, PLIST_ENTRY Done);
VOID SerialServeWrites(PSERIAL_PORT Port, PLIST_ENTRY Done);
VOID SerialServeWaits(PSERIAL_PORT Port, PLIST_ENTRY Done);
ULONG SerialStopTransmit(PSERIAL_PORT Port);                        /* returns the bytes that were not sent */

/* event.c. IRQL: <= DISPATCH_LEVEL; SerialEvent at any. */
VOID SerialEvent(PSERIAL_PORT Port, ULONG Event);
VOID SerialSetWaitMask(PSERIAL_PORT Port, ULONG Mask);

/* interrupt.c. IRQL: DIRQL, under the interrupt's lock, but for the DPCs. */
KSERVICE_ROUTINE SerialIsr;
IO_DPC_ROUTINE SerialDpc;
KDEFERRED_ROUTINE SerialTimerDpc;
VOID SerialUpdateHardware(PSERIAL_PORT Port);
VOID SerialReadModemStatus(PSERIAL_PORT Port);
ULONG SerialHoldReasons(PSERIAL_PORT Port);

/* state.c: the port's state, changed and asked for under the locks. IRQL: <= DISPATCH_LEVEL. */
VOID SerialStartUart(PSERIAL_PORT Port);
VOID SerialStopUart(PSERIAL_PORT Port);
VOID SerialCopyState(PSERIAL_PORT Port, PVOID Destination, const VOID *Source, SIZE_T Length);
VOID SerialRefresh(PSERIAL_PORT Port);
VOID SerialApplyLine(PSERIAL_PORT Port, ULONG BaudRate, USHORT Divisor, const SERIAL_LINE_CONTROL *Line,
                     UCHAR LineRegister);
VOID SerialSetBreak(PSERIAL_PORT Port, BOOLEAN On);
VOID SerialSetHandFlow(PSERIAL_PORT Port, const SERIAL_HANDFLOW *HandFlow);
VOID SerialQueryStatus(PSERIAL_PORT Port, PSERIAL_STATUS Status);
ULONG SerialQueryModemStatus(PSERIAL_PORT Port);
VOID SerialPurge(PSERIAL_PORT Port, ULONG What);
PUCHAR SerialReplaceBuffer(PSERIAL_PORT Port, PUCHAR Buffer, ULONG Size);
