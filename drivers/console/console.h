/*
 * console: programs' side of COM1, the line that people and test scripts sit at.
 *
 * Output goes through the kernel's own routine for the UART, which DbgPrint uses too, so the two never mix inside a
 * line. Input is interrupt-driven: the service routine puts bytes into a ring, the DPC makes lines of them.
 *
 * Lines are edited and echoed only while a read waits. What is typed ahead stays in the ring as it came and is echoed
 * when the program asks for it, so a transcript shows every command behind the prompt that it answered.
 *
 * The console is always in use, so nothing of it is pageable but the unload routine; DriverEntry is discarded.
 */
#pragma once

#include <ntddk.h>

#define CONSOLE_TYPE_AHEAD 4096     /* bytes, a power of two */
#define CONSOLE_LINE 1024           /* longest line, its newline included */

/* The device extension. */
typedef struct _CONSOLE {
    PDEVICE_OBJECT DeviceObject;
    PKINTERRUPT Interrupt;
    FAST_MUTEX WriteMutex;          /* one program's write at a time */

    /*
     * The ring of bytes as they came. The service routine alone moves In, whoever holds Lock alone moves Out; both only
     * grow, and their difference is the number of bytes there.
     */
    volatile ULONG In;
    volatile ULONG Out;
    UCHAR TypeAhead[CONSOLE_TYPE_AHEAD];

    /* Lock, DISPATCH_LEVEL. */
    KSPIN_LOCK Lock;
    LIST_ENTRY Reads;               /* IRP.Tail.Overlay.ListEntry, oldest first */
    UCHAR Line[CONSOLE_LINE];
    ULONG LineLength;
    ULONG LineTaken;                /* bytes of a complete line that a short read has taken */
    BOOLEAN LineComplete;           /* it ends in a newline and is being read */
    BOOLEAN AfterReturn;            /* the last byte was a carriage return: a line feed now is its second half */
} CONSOLE, *PCONSOLE;

/* input.c */
KSERVICE_ROUTINE ConsoleIsr;
IO_DPC_ROUTINE ConsoleDpc;
DRIVER_DISPATCH ConsoleRead;
DRIVER_DISPATCH ConsoleCleanup;

/* Lets the UART interrupt when bytes arrive and there is room for them, or not at all. IRQL: any. */
VOID ConsoleEnableInput(PCONSOLE Console);
VOID ConsoleDisableInput(PCONSOLE Console);

NTSTATUS ConsoleComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);
