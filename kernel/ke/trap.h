/*
 * Ke's own: the contract between the entry code in trap.S and its C side.
 */
#pragma once

#include "ke/ke.h"
#include "ke/offsets.h"

/* One system service; the table is made from include/nt/services.h. */
typedef struct _KI_SERVICE {
    PVOID Routine;
    ULONG ArgumentCount;
} KI_SERVICE;
extern const KI_SERVICE KiServiceTable[];
extern const ULONG KiServiceCount;

NTSTATUS KiInvokeService(PVOID Routine, const ULONG64 *Arguments, ULONG Count);
DECLSPEC_NORETURN VOID KiEnterUserMode(ULONG64 Rip, ULONG64 Rsp, ULONG64 Argument);

/*
 * What upper rooms plug in: the check on the way back to user mode of a thread that shall end, and the end of a program
 * that raised an exception. Both run on the thread's kernel stack at PASSIVE_LEVEL with interrupts on.
 */
extern VOID (*KiUserExitRoutine)(VOID);
extern VOID (*KiUserExceptionRoutine)(PKTRAP_FRAME Frame, NTSTATUS Status, ULONG_PTR Address);

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
