/*
 * Ps' own. Locks: PspProcessListLock, then a process' Lock; both are fast mutexes (APC_LEVEL) and nothing that waits
 * for I/O is called under them.
 */
#pragma once

#include "ps/ps.h"
#include "ke/trap.h"

#define PSP_TAG 0x20207350u             /* "Ps  " */

#define PSP_BASE_PRIORITY 8
#define PSP_DEFAULT_STACK (1024 * 1024)  /* reserved; committed as it grows */
#define PSP_MAXIMUM_STACK (16 * 1024 * 1024)

/* Rights to a process and a thread that services ask for ("Process Security and Access Rights"). */
#define PROCESS_TERMINATE 0x0001
#define PROCESS_VM_OPERATION 0x0008
#define PROCESS_DUP_HANDLE 0x0040
#define PROCESS_QUERY_INFORMATION 0x0400
#define THREAD_TERMINATE 0x0001
#define THREAD_ALERT 0x0004
#define THREAD_SET_CONTEXT 0x0010

extern POBJECT_TYPE PspProcessType, PspThreadType;
extern FAST_MUTEX PspProcessListLock;
extern LIST_ENTRY PspActiveProcessHead; /* EPROCESS.ActiveProcessLinks, the system process first */

/* process.c */
/*
 * A process object with token and handle table and, except for the system process, an empty address space. Not to be
 * found by others until PspEnterProcess.
 */
NTSTATUS PspCreateProcessObject(PCSTR Name, PTOKEN Token, BOOLEAN System, PEPROCESS *Process);
VOID PspEnterProcess(PEPROCESS Process);
/* The next number for a process or thread; never given twice. */
HANDLE PspAllocateId(VOID);

/* thread.c */
/*
 * A thread with a kernel stack and, in a program, floating-point registers of its own, ready to be started; the
 * object's reference is the thread's own.
 * STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS PspCreateThreadObject(PEPROCESS Process, PKSTART_ROUTINE Start, PETHREAD *Thread);
/* For a thread that never ran. */
VOID PspDiscardThread(PETHREAD Thread);
/*
 * Enters the thread into its process and lets it run. STATUS_PROCESS_IS_TERMINATING: the process does not take it; the
 * thread is still the caller's then.
 */
NTSTATUS PspStartThread(PETHREAD Thread);
/* Where a user thread begins, in the kernel. */
KSTART_ROUTINE PspUserThreadStart;

/* userstack.c */
/*
 * Makes a user stack of Size bytes (0: the default), and enters it into the thread. STATUS_INVALID_PARAMETER: too
 * large.
 */
NTSTATUS PspCreateUserStack(PETHREAD Thread, SIZE_T Size);
VOID PspDeleteUserStack(PETHREAD Thread);

/* exit.c */
VOID PspInitializeReaper(VOID);
NTSTATUS PspStartReaper(VOID);
/* Ends the calling thread. IRQL: PASSIVE_LEVEL. */
DECLSPEC_NORETURN VOID PspExitThread(NTSTATUS ExitStatus);
/* Asks all threads of the process to end. The first status that is given counts. IRQL: PASSIVE_LEVEL. */
VOID PspTerminateProcess(PEPROCESS Process, NTSTATUS ExitStatus);
/* The same for one thread. */
VOID PspTerminateThread(PETHREAD Thread, NTSTATUS ExitStatus);
/* Gives an address space back; nobody runs in it. */
VOID PspDeleteSpace(PEPROCESS Process);

/*
 * vmservices.c: the process whose memory a service is to change, referenced. As PspReferenceProcess, and not when it
 * ends.
 */
NTSTATUS PspReferenceSpace(HANDLE Handle, PEPROCESS *Process);

/* section.c */
NTSTATUS PspCreateSectionType(VOID);

/* capture.c */
/*
 * The process that a service's handle names, referenced; NtCurrentProcess() is the caller's own. STATUS_INVALID_HANDLE,
 * STATUS_OBJECT_TYPE_MISMATCH, STATUS_ACCESS_DENIED.
 */
NTSTATUS PspReferenceProcess(HANDLE Handle, ACCESS_MASK Access, PEPROCESS *Process);
