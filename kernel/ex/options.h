/* Boot options: the kernel's command line as key=value words. */
#pragma once
#include "wdm.h"
VOID ExInitializeOptions(PCSTR CommandLine);
/* The value of a key, or NULL when it was not given. The string stays. IRQL: any. */
PCSTR ExQueryBootOption(PCSTR Key);
/* A size with a suffix K, M or G; Default when it was not given or is no size (which is said). */
ULONG64 ExQueryBootSize(PCSTR Key, ULONG64 Default);
/* Reads a size at *Text, which is then what follows it. FALSE: there is none. */
BOOLEAN ExReadSize(PCSTR *Text, PULONG64 Size);

/* The paging files that the word pagefile= asks for (pagingfiles.c). */
typedef struct _EX_PAGING_FILE {
    BOOLEAN RamDisk;            /* on memory that is set aside; else on a disk */
    ULONG Disk;                 /* its number */
    ULONG64 Minimum, Maximum;   /* bytes; Maximum 0: all that the device has, and for the ramdisk the default */
} EX_PAGING_FILE, *PEX_PAGING_FILE;
#define EX_MOST_PAGING_FILES 8
/* Returns how many there are; what the word says wrong is printed, once. IRQL: any, while the kernel starts. */
ULONG ExQueryPagingFiles(PEX_PAGING_FILE Files);
