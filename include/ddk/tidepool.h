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
 * Writes text to the system's console, the UART at COM1, in one piece: nothing of DbgPrint or of another call comes
 * between. It waits for the UART by polling, with interrupts off for short pieces only. IRQL: any. Text is resident.
 */
VOID HalDisplayString(PCSTR Text, ULONG Length);
