/*
 * Reader of the system image: a cpio archive in the "newc" format (`cpio -H newc`), as it lies in memory. The
 * archive comes from outside, so every field is checked before it is used and nothing of it is trusted.
 *
 * IRQL: any, for a resident archive.
 */
#pragma once

#include "ntdef.h"
#include "ntstatus.h"

/* What an entry is: the file type in its mode. */
typedef enum _RTL_CPIO_KIND { RtlCpioFile, RtlCpioFolder, RtlCpioOther } RTL_CPIO_KIND;

typedef struct _RTL_CPIO {
    const UCHAR *Start;
    SIZE_T Size;
    SIZE_T Offset;          /* of the next header */
    PCSTR Error;            /* what is wrong with the entry at Offset, after a failure */
} RTL_CPIO, *PRTL_CPIO;

typedef struct _RTL_CPIO_ENTRY {
    PCSTR Name;             /* in the archive, ends in a null; relative, no "." or ".." or empty component */
    SIZE_T NameLength;
    const UCHAR *Data;
    SIZE_T Size;
    ULONG Mode;             /* as in stat(2) */
    ULONG ModifiedTime;     /* seconds since 1970 */
    RTL_CPIO_KIND Kind;
} RTL_CPIO_ENTRY, *PRTL_CPIO_ENTRY;

#define RTL_CPIO_LONGEST_NAME 255

VOID RtlCpioOpen(PRTL_CPIO Archive, const VOID *Start, SIZE_T Size);

/*
 * Reads the next entry; the entry for the top folder itself (".") is passed over. Returns STATUS_SUCCESS,
 * STATUS_NO_MORE_ENTRIES behind the trailer, or STATUS_DATA_ERROR: then Archive->Error and Offset say what and where,
 * and every further call fails the same way.
 */
NTSTATUS RtlCpioNext(PRTL_CPIO Archive, PRTL_CPIO_ENTRY Entry);
