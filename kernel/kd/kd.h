/*
 * Kd: what the kernel says to the people who watch it: debug print, names for addresses, stack traces.
 */
#pragma once

#include "wdm.h"
#include "ke/ke.h"

#define KD_ADDRESS_TEXT 128

/* "serial!SerialIsr+0x1c (PAGESER)", or the bare number when nothing is loaded there. Returns Text. IRQL: any. */
PCSTR KdNameAddress(PVOID Address, CHAR Text[KD_ADDRESS_TEXT]);

/* Prints the return addresses found along the frame pointers from Rbp on, Rip first. IRQL: any. */
VOID KdPrintStack(ULONG64 Rip, ULONG64 Rbp);

/* A line that is printed in all builds, at any IRQL, whole. */
VOID KdVPrint(PCSTR Prefix, PCSTR Format, va_list Arguments);
