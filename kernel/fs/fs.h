/*
 * Fs, as the other rooms see it: RamFs, the file system that the system image is unpacked into.
 *
 * It is an ordinary file-system driver that happens to be built into the kernel: the device \Device\RamFs, which the
 * link \SystemRoot leads to, and dispatch routines. Names have at most 255 characters, keep their case and are found
 * without regard to it, as on Windows. What is in the files is pageable, so it goes to the paging file like
 * everything else.
 */
#pragma once

#include "mm/mm.h"

/* Makes the driver and its device; needs Io. Called once. IRQL: PASSIVE_LEVEL. */
NTSTATUS FsInitialize(VOID);
/*
 * Unpacks the system image, a cpio archive in memory. STATUS_DATA_ERROR: it is damaged, and a line has been printed
 * that says where and how; what came before is there. STATUS_DISK_FULL: it does not fit (boot option ramfs=).
 * IRQL: PASSIVE_LEVEL.
 */
NTSTATUS FsMountBootImage(const VOID *Image, SIZE_T Size);

/*
 * The segment of an open file, entered for a use (MmEnterSegment) and with every page of its first *Size bytes; 0
 * means, and returns, the file's size. Extend: a file that is shorter may grow. STATUS_INVALID_FILE_FOR_SECTION: a
 * folder, or no file of this file system; STATUS_MAPPED_FILE_SIZE_ZERO, STATUS_SECTION_TOO_BIG, STATUS_DISK_FULL,
 * STATUS_SHARING_VIOLATION. IRQL: <= APC_LEVEL.
 */
NTSTATUS FsEnterSegment(PFILE_OBJECT File, MM_SEGMENT_USE Use, BOOLEAN Extend, PULONG64 Size, PMM_SEGMENT *Segment);
