/*
 * Between the parts of the stress suite: what the workers share, and the filter on the paging device.
 */
#pragma once

#include "testcase.h"

#include "mm/mm.h"

#define STRESS_TAG 'rtsS'
#define PAGE_WORDS (PAGE_SIZE / sizeof(ULONG64))

/*
 * A page's words, from where it is and how often it has been written: a page that comes back old or as another is seen.
 */
VOID StressFillPage(volatile ULONG64 *Page, ULONG64 Generation);
BOOLEAN StressCheckPage(volatile ULONG64 *Page, ULONG64 Generation);

/* MmProbeAndLockPages, with a status in place of an exception. */
NTSTATUS StressLockPages(PMDL Mdl, LOCK_OPERATION Operation);

/* An object of the name space, referenced. NULL: there is none. */
PVOID StressObject(PCWSTR Name, POBJECT_TYPE Type);

/* What the filter on the paging device does with the next requests. It is nonpaged and takes no lock. */
typedef struct _STRESS_FILTER {
    volatile LONG FailWrites;       /* so many are still to fail, whoever writes */
    PKTHREAD volatile FailReadsOf;  /* this thread's reads fail */
    PKTHREAD volatile Watched;      /* of this thread's reads LastRead is where the last one began, and those fail that */
    ULONG64 LastRead;
    ULONG64 BadRead;                /* touch the page at this offset; MAXULONGLONG: none */
    volatile LONG Ordinal;          /* counts down writes and the watched thread's reads: the one that makes it 0 fails */
    volatile LONG SpoilWrite;       /* the second page of the next write of several becomes bad: */
    ULONG64 BadWrite;               /* writes that touch the page at this offset fail; MAXULONGLONG: none */
    volatile LONG Failed;
    volatile KIRQL ReadLevel;       /* where the latest read came from */
} STRESS_FILTER;
extern STRESS_FILTER StressFilter;
/* Puts the filter on the paging device and takes it off. IRQL: PASSIVE_LEVEL. */
BOOLEAN StressAttachFilter(VOID);
VOID StressDetachFilter(VOID);
