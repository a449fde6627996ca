/*
 * Ps, as the other rooms see it: processes and threads.
 *
 * - A process is an object of type Process: an address space, a handle table, a token, threads. A thread is an object
 *   of type Thread: a kernel thread with a number and, in a program, a user stack.
 * - System threads belong to the system process, whose kernel part is KiSystemProcess; it has no user address space and
 *   its handles are the system's (ObSystemHandleTable).
 * - A thread ends itself, always: PspExitThread cancels its requests, gives back its user stack and leaves its kernel
 *   stack for good. Ending another one only asks it to (KeRequestThreadExit).
 * - The last thread of a process closes the handles. Once it is off its stack, the reaper, a system thread, frees
 *   stack, address space and objects, and then signals the process.
 */
#pragma once

#include "ke/ke.h"
#include "mm/mm.h"
#include "ob/ob.h"
#include "se/se.h"

typedef struct _EPROCESS {
    KPROCESS Pcb;                       /* first: what Ke knows of it. Not used in the system process */
    /* Constant once the process can be found. */
    HANDLE UniqueProcessId;
    HANDLE InheritedFromUniqueProcessId;
    PTOKEN Token;
    PHANDLE_TABLE ObjectTable;          /* NULL: the system process */
    CHAR ImageFileName[PROCESS_NAME_LENGTH];
    ULONG_PTR EntryPoint;
    ULONG_PTR Parameters;               /* user address of the PROCESS_PARAMETERS */
    /* Mm's own locks. */
    MM_ADDRESS_SPACE AddressSpace;      /* not in the system process */
    BOOLEAN HasAddressSpace;            /* to be deleted: creator, then reaper */
    /* PspProcessListLock, APC_LEVEL. */
    LIST_ENTRY ActiveProcessLinks;
    /* Lock, APC_LEVEL. */
    FAST_MUTEX Lock;
    LIST_ENTRY ThreadListHead;          /* ETHREAD.ThreadListEntry: threads that have not begun to exit */
    ULONG RunningThreads;               /* in the list */
    BOOLEAN Terminating;                /* no new threads; those there are on their way out */
    NTSTATUS ExitStatus;                /* STATUS_PENDING until it is decided */
    /* Interlocked. */
    volatile LONG UnreapedThreads;      /* that still have a kernel stack */
} EPROCESS;

typedef struct _ETHREAD {
    KTHREAD Tcb;                        /* first: what Ke knows of it */
    /* Constant once the thread runs. */
    CLIENT_ID Cid;
    PEPROCESS ThreadsProcess;           /* referenced */
    PKSTART_ROUTINE SystemRoutine;      /* a system thread's start; NULL: a user thread */
    PVOID SystemContext;
    ULONG_PTR UserStart;                /* a user thread's start */
    ULONG_PTR UserArgument;
    ULONG_PTR UserStackBase;            /* lowest address: a page that is never there */
    SIZE_T UserStackSize;               /* that page included */
    /* The process' Lock, APC_LEVEL. */
    LIST_ENTRY ThreadListEntry;
    BOOLEAN ExitStatusSet;
    NTSTATUS ExitStatus;                /* STATUS_PENDING until it is decided */
    /* IrpListLock, DISPATCH_LEVEL; used by Io. */
    KSPIN_LOCK IrpListLock;
    LIST_ENTRY IrpList;                 /* IRP.ThreadListEntry: requests that this thread has made and that go on */
    /* The reaper's. */
    SINGLE_LIST_ENTRY ReaperLink;
} ETHREAD;

/*
 * Makes the types, the system process and the reaper; from here on PsCreateSystemThread works. Needs Ob and the
 * scheduler. Called once. IRQL: PASSIVE_LEVEL.
 */
NTSTATUS PsInitialize(VOID);

/*
 * Starts bin/shell.exe on the console with every privilege and waits for it, for ever: a shell that ends is reported
 * and started again, except under the boot option `run`, where the machine is switched off with the status "failed".
 * The last step of boot. IRQL: PASSIVE_LEVEL, a system thread. Returns only when the shell cannot be started.
 */
NTSTATUS PsRunShell(VOID);

FORCEINLINE PEPROCESS PsProcessOf(PKPROCESS Process)
{
    return Process == &KiSystemProcess ? PsInitialSystemProcess : CONTAINING_RECORD(Process, EPROCESS, Pcb);
}

/*
 * Starts a program: maps the static ELF64 file at Path, gives it CommandLine, Token and copies of two handles of the
 * caller's process (NULL: none), and lets its first thread run. *Process is referenced.
 * IRQL: PASSIVE_LEVEL. Waits for the file. Fails with the file's status, STATUS_INVALID_IMAGE_FORMAT (a line that says
 * what is wrong has been printed), STATUS_INSUFFICIENT_RESOURCES, STATUS_COMMITMENT_LIMIT, STATUS_INVALID_PARAMETER
 * (command line too long); nothing is left then.
 */
NTSTATUS PsCreateUserProcess(PCUNICODE_STRING Path, PCSTR CommandLine, PTOKEN Token, HANDLE StandardInput,
                             HANDLE StandardOutput, PEPROCESS *Process);

/* The service, for kernel callers: its pointers are the kernel's. IRQL: PASSIVE_LEVEL. */
NTSTATUS ZwCreateUserProcess(PHANDLE ProcessHandle, PPROCESS_START Start);

/*
 * On the way back to user mode, when KTHREAD.ExitRequested is set: ends the calling thread. IRQL: PASSIVE_LEVEL, no
 * locks.
 */
VOID PsCheckTermination(VOID);

/* How many system threads have ended and are not buried yet: what they had comes back. IRQL: <= APC_LEVEL. */
ULONG PsCountEndedThreads(VOID);

/*
 * A fault that a program's own code made: prints a line that says program, thread, address and instruction, and ends
 * the process with that status. IRQL: PASSIVE_LEVEL, no locks, from the trap handler.
 */
DECLSPEC_NORETURN VOID PsUserException(PKTRAP_FRAME TrapFrame, NTSTATUS Status, ULONG_PTR Address);
