/*
 * console: programs' side of COM1, the line that people and test scripts sit at.
 *
 * Output goes through the kernel's lines (KD_LINE), which DbgPrint uses too, one for each program: the two never mix
 * inside a line, nor do two programs. A read shows its program's line, prompt and all, and what is typed is echoed
 * there. Input is interrupt-driven: the service routine puts bytes into a ring, the DPC makes lines of them.
 *
 * Lines are edited and echoed only while a read waits. What is typed ahead stays in the ring as it came and is echoed
 * when the program asks for it, so a transcript shows every command behind the prompt that it answered.
 *
 * The console is always in use, so nothing of it is pageable but the unload routine; DriverEntry is discarded.
 */
#pragma once

#include <ntddk.h>
#include <tidepool.h>

#define CONSOLE_TYPE_AHEAD 4096     /* bytes, a power of two */
#define CONSOLE_LINE 1024           /* longest line, its newline included */

enum {                      /* what can be typed besides text */
    KEY_CONTROL_C = 0x03,
    KEY_BACKSPACE = 0x08,
    KEY_NEWLINE = 0x0A,
    KEY_RETURN = 0x0D,
    KEY_CLEAR_LINE = 0x15,  /* Ctrl-U */
    KEY_DELETE = 0x7F       /* what most terminals send for backspace */
};

#define CONSOLE_TAG 'snoC'

/* A program's line on the console. */
typedef struct _CONSOLE_OUTPUT {
    LIST_ENTRY Link;                /* CONSOLE.Outputs */
    PEPROCESS Process;              /* referenced; NULL: the spare one */
    volatile LONG Reads;            /* requests that echo there */
    KD_LINE Line;
} CONSOLE_OUTPUT, *PCONSOLE_OUTPUT;

/* The device extension. */
typedef struct _CONSOLE {
    PDEVICE_OBJECT DeviceObject;
    PKINTERRUPT Interrupt;

    /* WriteMutex, APC_LEVEL: one program's write at a time. */
    FAST_MUTEX WriteMutex;
    LIST_ENTRY Outputs;             /* of programs that have used it and are not known to have ended */
    CONSOLE_OUTPUT Spare;           /* for who got none, and for keys that nobody reads */

    /*
     * The ring of bytes as they came. The service routine alone moves In, whoever holds Lock alone moves Out; both only
     * grow, and their difference is the number of bytes there.
     */
    volatile ULONG In;
    volatile ULONG Out;
    UCHAR TypeAhead[CONSOLE_TYPE_AHEAD];

    /* Lock, DISPATCH_LEVEL. */
    KSPIN_LOCK Lock;
    LIST_ENTRY Reads;               /* IRP.Tail.Overlay.ListEntry, oldest first; DriverContext[0]: CONSOLE_OUTPUT */
    UCHAR Line[CONSOLE_LINE];
    ULONG LineLength;
    ULONG LineTaken;                /* bytes of a complete line that a short read has taken */
    BOOLEAN LineComplete;           /* it ends in a newline and is being read */
    BOOLEAN AfterReturn;            /* the last byte was a carriage return: a line feed now is its second half */
    PKEVENT ControlC;               /* referenced; what a Ctrl-C sets, or NULL */
    PFILE_OBJECT ControlCOwner;     /* the file it was set through, to be compared only */
    BOOLEAN Held;                   /* a Ctrl-C has set it: what was typed behind is not for who reads now */
} CONSOLE, *PCONSOLE;

/* input.c */
KSERVICE_ROUTINE ConsoleIsr;
IO_DPC_ROUTINE ConsoleDpc;
DRIVER_DISPATCH ConsoleRead;
DRIVER_DISPATCH ConsoleCleanup;

/* Gives reads, and Ctrl-C's event, what has been typed, as far as both go. IRQL: <= DISPATCH_LEVEL. */
VOID ConsoleServe(PCONSOLE Console);
/* Forgets all that was typed before End, a place in the ring, and the line. IRQL: DISPATCH_LEVEL, Lock held. */
VOID ConsoleDropTyped(PCONSOLE Console, ULONG End);
/* Shows what a key does, on the line of the read that waits. IRQL: DISPATCH_LEVEL, Lock held. */
VOID ConsoleEcho(PCONSOLE Console, PCSTR Text);

/* output.c */
DRIVER_DISPATCH ConsoleWrite;
VOID ConsoleInitializeOutput(PCONSOLE Console);
/* Nobody writes or reads any more. IRQL: PASSIVE_LEVEL. */
VOID ConsoleDeleteOutputs(PCONSOLE Console);
/* The calling program's line, for a read; ConsoleEndRead when that ends. IRQL: PASSIVE_LEVEL. */
PCONSOLE_OUTPUT ConsoleBeginRead(PCONSOLE Console);
/* IRQL: <= DISPATCH_LEVEL, the read is not in the queue any more. */
VOID ConsoleEndRead(PIRP Irp);

/* control.c */
DRIVER_DISPATCH ConsoleControl;
/* Tells Ctrl-C's event of one that was typed, when there are both. IRQL: DISPATCH_LEVEL, Lock held. */
VOID ConsoleServeControlC(PCONSOLE Console);
/* The last handle to Owner is closed: an event that was set through it is forgotten. IRQL: PASSIVE_LEVEL. */
VOID ConsoleForgetControlC(PCONSOLE Console, PFILE_OBJECT Owner);

/* Lets the UART interrupt when bytes arrive and there is room for them, or not at all. IRQL: any. */
VOID ConsoleEnableInput(PCONSOLE Console);
VOID ConsoleDisableInput(PCONSOLE Console);

NTSTATUS ConsoleComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);
