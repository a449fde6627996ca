/*
 * Ke's own: the contract between the entry code in trap.S and its C side.
 */
#pragma once

#include "ke/ke.h"
#include "ke/offsets.h"
#include "nt/context.h"

/* One system service; the table is made from include/nt/services.h. */
typedef struct _KI_SERVICE {
    PVOID Routine;
    ULONG ArgumentCount;
} KI_SERVICE;
extern const KI_SERVICE KiServiceTable[];
extern const ULONG KiServiceCount;

NTSTATUS KiInvokeService(PVOID Routine, const ULONG64 *Arguments, ULONG Count);
/*
 * To user mode by a frame that lies, aligned to 16, on the thread's kernel stack; nothing below it is needed any more.
 */
DECLSPEC_NORETURN VOID KiLeaveByFrame(PKTRAP_FRAME Frame);
DECLSPEC_NORETURN VOID KiEnterUserMode(ULONG64 Rip, ULONG64 Rsp, ULONG64 Argument);

/*
 * What upper rooms plug in: the check on the way back to user mode of a thread that shall end, and the end of a program
 * that raised an exception. Both run on the thread's kernel stack at PASSIVE_LEVEL with interrupts on.
 */
extern VOID (*KiUserExitRoutine)(VOID);
extern VOID (*KiUserExceptionRoutine)(PKTRAP_FRAME Frame, NTSTATUS Status, ULONG_PTR Address);

/* The part of CONTEXT that goes to a program with a user APC and comes back with NtContinue: no vector registers. */
#define KI_CONTEXT_SIZE FIELD_OFFSET(CONTEXT, FltSave)
/*
 * apcdeliver.c: leaves the system service in progress, and goes on in user mode with the registers of Context, of which
 * nothing is trusted; with TestAlert by way of the user APCs that are queued. IRQL: PASSIVE_LEVEL. Returns only when
 * that cannot be: STATUS_INVALID_PARAMETER.
 */
NTSTATUS KiContinue(const CONTEXT *Context, BOOLEAN TestAlert);

/* User copies (trap.S); the ranges have been checked by the caller (mm/usercopy.c). */
extern UCHAR KiUserCopyStart[], KiUserCopyEnd[], KiUserCopyFault[];
NTSTATUS KiUserCopy(PVOID Destination, const VOID *Source, SIZE_T Length);
/*
 * One word of kernel memory that may not be there: a status of 32 bits in its place then, so for words that can be told
 * from one. IRQL: <= APC_LEVEL.
 */
ULONG64 KiPeekKernelWord(const ULONG64 *Address);
NTSTATUS KiUserStringLength(PCSTR String, SIZE_T Maximum, PSIZE_T Length);

typedef struct _KI_SMAP_SITE {
    PUCHAR Address;
    ULONG64 IsStac;
} KI_SMAP_SITE, *PKI_SMAP_SITE;
extern KI_SMAP_SITE KernelSmapSitesStart[], KernelSmapSitesEnd[];
VOID KiPatchSmap(VOID);
