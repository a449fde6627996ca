/*
 * tidepool.h: the few routines that Tidepool offers to drivers beyond the documented NT interface. A driver that
 * includes this header is tied to Tidepool; only the drivers that the system itself stands on do.
 */
#pragma once

#include "wdm.h"

/*
 * Memory that was set aside at boot under a name and is never part of general RAM: the ramdisk's is "ramdisk". Map it
 * with MmMapIoSpace. IRQL: PASSIVE_LEVEL. STATUS_NOT_FOUND: nothing was set aside under that name.
 */
NTSTATUS MmQueryReservedMemory(PCSTR Name, PPHYSICAL_ADDRESS Base, PSIZE_T Size);

/*
 * A writer's line on the system's console, the UART at COM1: what it has written since its last newline. DbgPrint has
 * one for the kernel and all drivers, and of two lines none lands inside the other. Resident memory. IRQL of all of
 * them: any. They wait for the UART by polling, with interrupts off, so keep the pieces short.
 */
#define KD_LINE_LENGTH 1100         /* of a longer line no more is written again */
typedef struct _KD_LINE {
    LIST_ENTRY Link;
    ULONG Length;
    BOOLEAN Long;                   /* there is more of it on the console than Text holds */
    CHAR Text[KD_LINE_LENGTH];
} KD_LINE, *PKD_LINE;

VOID KdInitializeLine(PKD_LINE Line);
/* Writes text, of which the part behind the last newline may not be seen while another's line is at the cursor. */
VOID KdWriteLine(PKD_LINE Line, PCSTR Text, ULONG Length);
/* Brings the line to the cursor and keeps it there until it ends: somebody types at it. */
VOID KdShowLine(PKD_LINE Line);
/* Takes its last character back. */
VOID KdRubOut(PKD_LINE Line);
/* Ends the line if it has begun; the memory is the caller's again. */
VOID KdEndLine(PKD_LINE Line);
