/*
 * Asynchronous procedure calls as drivers use them ("Types of APCs"; Windows Internals, "Asynchronous Procedure Call
 * Interrupts"), and attaching to another process' address space.
 *
 * KAPC itself is in kernel.h, because an IRP has one in it. These routines are exported, but the headers of the
 * literature declare none of them, and drivers that use them bring declarations of their own. So this file is not part
 * of ntddk.h.
 */
#pragma once

#include "kernel.h"

typedef enum _KAPC_ENVIRONMENT {
    OriginalApcEnvironment,     /* runs in the thread's own process */
    AttachedApcEnvironment,     /* runs in the process that the thread is attached to */
    CurrentApcEnvironment,      /* that of the two which the thread is in when the APC is initialised */
    InsertApcEnvironment        /* or when it is queued */
} KAPC_ENVIRONMENT;

typedef struct _KAPC_STATE {
    LIST_ENTRY ApcListHead[2];  /* by KPROCESSOR_MODE */
    PKPROCESS Process;          /* whose address space this is about */
    BOOLEAN KernelApcInProgress; /* a normal kernel APC's NormalRoutine runs */
    BOOLEAN KernelApcPending;   /* the list of kernel APCs is not empty */
    BOOLEAN UserApcPending;     /* user APCs are delivered on the way back to user mode */
} KAPC_STATE, *PKAPC_STATE, *PRKAPC_STATE;

/*
 * An APC for Thread. Without a NormalRoutine it is a special kernel APC: KernelRoutine runs at APC_LEVEL. With one and
 * KernelMode it is a normal kernel APC, whose NormalRoutine runs at PASSIVE_LEVEL after that. With UserMode
 * NormalRoutine is the program's. RundownRoutine is called in place of the others when the thread ends first; it may be
 * NULL.
 * IRQL: any. The APC lies in resident memory.
 */
VOID KeInitializeApc(PRKAPC Apc, PRKTHREAD Thread, KAPC_ENVIRONMENT Environment, PKKERNEL_ROUTINE KernelRoutine,
                     PKRUNDOWN_ROUTINE RundownRoutine, PKNORMAL_ROUTINE NormalRoutine, KPROCESSOR_MODE ApcMode,
                     PVOID NormalContext);
BOOLEAN KeInsertQueueApc(PRKAPC Apc, PVOID SystemArgument1, PVOID SystemArgument2, KPRIORITY Increment);
BOOLEAN KeRemoveQueueApc(PRKAPC Apc);

BOOLEAN KeAlertThread(PKTHREAD Thread, KPROCESSOR_MODE AlertMode);
BOOLEAN KeTestAlertThread(KPROCESSOR_MODE AlertMode);

VOID KeStackAttachProcess(PRKPROCESS Process, PRKAPC_STATE ApcState);
VOID KeUnstackDetachProcess(PRKAPC_STATE ApcState);
