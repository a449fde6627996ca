/*
 * What the cases about APCs share: an APC that writes down how it ran, and a thread that something can be done to while
 * it waits, computes or holds something.
 */
#pragma once

#include "testcase.h"
#include <kapc.h>

/* One APC and what its routines saw. Order: from 1, counted over all of a case; 0: did not run. */
typedef struct _APC_RECORD {
    KAPC Apc;
    volatile LONG KernelOrder, NormalOrder;
    volatile ULONG KernelIrql, NormalIrql;
    PKTHREAD volatile Thread;
    PVOID volatile Context, Argument1, Argument2;
    PKEVENT Gate;               /* the last routine waits for it */
    volatile LONG Times;
} APC_RECORD, *PAPC_RECORD;

/* Begins the count anew. */
VOID ApcBegin(VOID);
VOID ApcSpecial(PAPC_RECORD Record, PVOID Thread);
VOID ApcNormal(PAPC_RECORD Record, PVOID Thread);
/* Queues it with arguments that ApcRan then expects. */
BOOLEAN ApcQueue(PAPC_RECORD Record);
/* Waits until it has run so often, for some seconds at most. */
BOOLEAN ApcRan(PAPC_RECORD Record, LONG Times);

/* A system thread at its work, which sets Ready when it has begun. */
typedef struct _APC_THREAD {
    PVOID Thread;
    PKSTART_ROUTINE Work;
    KEVENT Ready, Object, Other;
    volatile BOOLEAN Stop;
    volatile LONG Ended;
    volatile NTSTATUS Status;
    ULONG Flavour;              /* of the work, as the case means it */
    ULONGLONG Time;
} APC_THREAD, *PAPC_THREAD;
/* Work gets the APC_THREAD. Returns when it has set Ready, or FALSE. */
BOOLEAN ApcStart(PAPC_THREAD Thread, PKSTART_ROUTINE Work, ULONG Flavour);
VOID ApcJoin(PAPC_THREAD Thread);

VOID ApcSleep(LONG Milliseconds);
NTSTATUS ApcWait(PVOID Object, LONG Milliseconds);
