/*
 * Rtl: what the rest of the kernel uses of the run-time library beyond the documented routines of nt/ntrtl.h.
 *
 * Everything in this folder is plain C without global state, is resident, and also compiles on the host, where
 * tests/host tries it under the address and undefined-behaviour sanitizers.
 */
#pragma once

#include "ntrtl.h"
#include "export.h"

/*
 * Receives formatted text, piece by piece, in order. Wide pieces come one character at a time. Called at the
 * level of the caller of RtlpFormat; it must not fail: a full sink counts and drops.
 */
typedef VOID (*PRTL_FORMAT_SINK)(PVOID Context, WCHAR Character);

/*
 * The engine behind every formatted print of the kernel: parses Format and sends the text to Sink. The table of
 * conversions is in format.c. RtlpFormatWide is the same for a 16-bit format, in which plain %s and %c are wide.
 * IRQL: any; touches no pageable memory but what the arguments point to. Returns the number of characters.
 */
SIZE_T RtlpFormat(PRTL_FORMAT_SINK Sink, PVOID Context, PCSTR Format, va_list Arguments);
SIZE_T RtlpFormatWide(PRTL_FORMAT_SINK Sink, PVOID Context, PCWSTR Format, va_list Arguments);

/* CRC-32 of zlib and Ethernet (kernel/rtl/crc32.c). Start with 0 and feed the result back to go on. */
ULONG RtlCrc32(ULONG Crc, const VOID *Buffer, SIZE_T Length);
