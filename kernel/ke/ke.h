/*
 * Ke inside the kernel: the per-processor block, threads, processes, trap frames and what the other rooms call.
 *
 * Layouts that assembly knows stand in ke/offsets.h and are checked against these structures in ke/processor.c.
 * A field group is headed by the lock that protects it and that lock's IRQL.
 */
#pragma once

#include "wdm.h"
#include "kapc.h"

#define MAXIMUM_PROCESSORS 16       /* masks that the kernel keeps for itself are ULONGs */

/* Vectors: the high nibble is the IRQL (DESIGN of the levels: docs/design.md). */
#define KI_APC_VECTOR       0x1F
#define KI_DPC_VECTOR       0x2F
#define KI_FIRST_DEVICE_VECTOR 0x30
#define KI_LAST_DEVICE_VECTOR  0xCF
#define KI_CLOCK_VECTOR     0xD1
#define KI_IPI_VECTOR       0xE1
#define KI_SPURIOUS_VECTOR  0xFF

/* Segment selectors; the order of the user ones is what SYSRET wants (AMD64 APM vol. 2, "SYSCALL and SYSRET"). */
#define KGDT_R0_CODE 0x10
#define KGDT_R0_DATA 0x18
#define KGDT_R3_DATA (0x28 | 3)
#define KGDT_R3_CODE (0x30 | 3)
#define KGDT_TSS     0x40

/* What the trap entry leaves on the stack; the entry code in ke/trap.S builds it in this order. */
typedef struct _KTRAP_FRAME {
    ULONG64 R15, R14, R13, R12, R11, R10, R9, R8;
    ULONG64 Rbp, Rdi, Rsi, Rdx, Rcx, Rbx, Rax;
    ULONG64 Vector;
    ULONG64 ErrorCode;
    ULONG64 Rip, SegCs, EFlags, Rsp, SegSs;
} KTRAP_FRAME, *PKTRAP_FRAME;

#define KiTrapFromUser(Frame) (((Frame)->SegCs & 3) != 0)

/* Dispatcher object types (DISPATCHER_HEADER.Type). */
typedef enum _KOBJECTS {
    EventNotificationObject = 0,
    EventSynchronizationObject = 1,
    MutantObject = 2,
    ProcessObject = 3,
    SemaphoreObject = 5,
    ThreadObject = 6,
    TimerNotificationObject = 8,
    TimerSynchronizationObject = 9,
    ApcObject = 18,
    DpcObject = 19,
    DeviceQueueObject = 20
} KOBJECTS;

typedef enum _KTHREAD_STATE { Initialized, Ready, Running, Standby, Terminated, Waiting, Transition } KTHREAD_STATE;

typedef struct _KPROCESS {
    DISPATCHER_HEADER Header;       /* signalled when the last thread has ended */
    ULONG64 DirectoryTableBase;     /* CR3 */
    /* Dispatcher lock, DISPATCH_LEVEL. */
    LIST_ENTRY ThreadListHead;
    KPRIORITY BasePriority;
    struct _EX_QUOTA *Quota;        /* constant: what pool is charged to; NULL: the system's, not limited */
    /* Interlocked. Bit N is set before processor N loads the address space and cleared after it has loaded another. */
    volatile ULONG ActiveProcessors;
    /* Set by the program itself, any time: where its user APCs arrive (user/lib/apc.S), an address of its own, or 0. */
    volatile ULONG_PTR UserApcDispatcher;
} KPROCESS;

struct _KPRCB;

typedef struct _KTHREAD {
    DISPATCHER_HEADER Header;       /* signalled when the thread has ended */
    PVOID KernelStack;              /* stack pointer while switched out */
    PVOID InitialStack;             /* top of the kernel stack: what a trap or system call from user mode starts at */
    PVOID StackLimit;               /* lowest byte; the page below is a guard */
    /*
     * Dispatcher lock, DISPATCH_LEVEL; Process is the thread's own: the address space it runs in. While the thread is
     * attached to another process this is that process' state, and its own is in SavedApcState.
     */
    KAPC_STATE ApcState;
    PVOID FpuState;                 /* its own: where its floating-point registers are while it does not run, or NULL */
    PVOID TryFrames;                /* innermost __try record of this thread; its own, no lock */
    KPROCESSOR_MODE PreviousMode;   /* its own */
    volatile BOOLEAN ExitRequested; /* KeRequestThreadExit: waits in UserMode end, the way back to user mode ends it */
    BOOLEAN UserProbed;             /* its own: ProbeForRead or -Write in this request, so it may touch user memory */
    BOOLEAN ApcQueueable;           /* dispatcher lock: APCs may be queued; not any more once it ends */
    union {                         /* its own, zero or negative; for the owner of a mutex who waits, dispatcher lock */
        struct {
            SHORT KernelApcDisable; /* critical regions: no normal kernel APCs */
            SHORT SpecialApcDisable; /* guarded regions: no kernel APCs at all */
        };
        LONG CombinedApcDisable;
    };
    UCHAR State;                    /* KTHREAD_STATE from here on: dispatcher lock, DISPATCH_LEVEL */
    BOOLEAN Alertable;
    BOOLEAN Alerted[2];             /* by KPROCESSOR_MODE: KeAlertThread, not yet noticed */
    UCHAR ApcStateIndex;            /* AttachedApcEnvironment: attached */
    UCHAR WaitMode;
    UCHAR WaitReason;
    KIRQL WaitIrql;
    BOOLEAN WaitNext;               /* a Wait=TRUE call holds the dispatcher lock for the wait that follows */
    UCHAR IdleThread;
    KPRIORITY Priority;
    KPRIORITY BasePriority;
    LONG Quantum;
    ULONG NextProcessor;            /* where it runs, is ready, or last ran */
    ULONG IdealProcessor;           /* where it rather runs when that is idle */
    KAFFINITY Affinity;
    NTSTATUS WaitStatus;
    LIST_ENTRY ReadyListEntry;
    LIST_ENTRY ThreadListEntry;     /* KPROCESS.ThreadListHead */
    LIST_ENTRY MutantListHead;
    PKWAIT_BLOCK WaitBlockList;
    KWAIT_BLOCK WaitBlock[THREAD_WAIT_OBJECTS];
    KWAIT_BLOCK TimerWaitBlock;
    KTIMER Timer;
    KAPC_STATE SavedApcState;
    PKAPC_STATE ApcStatePointer[2]; /* by KAPC_ENVIRONMENT: which of the two is which */
    ULONG ContextSwitches;
    PKSTART_ROUTINE StartRoutine;
    PVOID StartContext;
    PKPROCESS OwnerProcess;         /* whose thread it is; ApcState.Process differs while it is attached to another */
} KTHREAD;

/* One processor. GS points here while in the kernel. First fields: ke/offsets.h. */
typedef struct _KPRCB {
    struct _KPRCB *Self;
    PKTHREAD CurrentThread;
    PVOID KernelStackTop;           /* InitialStack of CurrentThread, for the system-call entry */
    ULONG64 UserRsp;                /* scratch of the system-call entry */
    PKPROCESS LoadedProcess;        /* its own: whose page tables CR3 holds */
    PVOID Tss;                      /* where it finds the stack that a trap from user mode starts at */
    PKTHREAD NextThread;            /* dispatcher lock: chosen to run next, or NULL */
    PKTHREAD IdleThread;
    ULONG Number;
    ULONG ApicId;
    BOOLEAN DpcRoutineActive;
    BOOLEAN QuantumEnd;
    volatile BOOLEAN DpcInterruptRequested;
    UCHAR InterruptDepth;
    /* DpcLock, HIGH_LEVEL (an ISR queues DPCs). */
    KSPIN_LOCK DpcLock;
    LIST_ENTRY DpcListHead;
    ULONG DpcCount;
    /* Its own: what the watchdog looks at. */
    PKDEFERRED_ROUTINE DpcRoutine;  /* that runs, or ran last */
    ULONG DpcTicks;                 /* that it has taken */
    ULONG DispatchTicks;            /* since the processor was last seen below DISPATCH_LEVEL */
    /* Dispatcher lock. */
    ULONG ReadySummary;             /* bit N: DispatcherReadyListHead[N] is not empty */
    LIST_ENTRY DispatcherReadyListHead[MAXIMUM_PRIORITY];
    /* Its own. */
    ULONG64 InterruptCount;
    ULONG64 DpcRun;
    ULONG64 ContextSwitches;
    ULONG64 IdleTicks, KernelTicks, UserTicks;
    PVOID Gdt;
    PKTHREAD TerminatedThread;      /* its own: switched away from for good; KiThreadReaper comes next */
    KIRQL FreezeIrql;
    PKTRAP_FRAME volatile FreezeFrame;  /* where it was when a bugcheck on another processor stopped it */
} KPRCB, *PKPRCB;

extern PKPRCB KiProcessorBlock[MAXIMUM_PROCESSORS];
extern ULONG KeNumberProcessors;                /* blocks that are complete */
extern volatile KAFFINITY KiActiveProcessors;   /* bit N: processor N runs and is asked to drop translations */
extern KSPIN_LOCK KiDispatcherLock;
extern volatile ULONGLONG KiInterruptTime;      /* 100 ns since boot, advanced by the clock of processor 0 */
extern volatile ULONGLONG KiTickCount;
extern KPROCESS KiSystemProcess;                /* where system threads live; Ps makes its EPROCESS around it */

#define KI_CLOCK_HZ 100
#define KI_TIME_INCREMENT (10000000 / KI_CLOCK_HZ)  /* 100 ns units a tick */
#define KI_THREAD_QUANTUM 3                         /* ticks */
#define KERNEL_STACK_PAGES 4                        /* 16 KiB, guard page below */

FORCEINLINE PKPRCB KeGetCurrentPrcb(VOID)
{
    PKPRCB Prcb;
    __asm__ volatile("movq %%gs:0, %0" : "=r"(Prcb));
    return Prcb;
}

FORCEINLINE PKTHREAD KiCurrentThread(VOID)
{
    PKTHREAD Thread;
    __asm__ volatile("movq %%gs:8, %0" : "=r"(Thread));
    return Thread;
}

/* irql.c, and inline forms for the kernel's own use where both levels are known. */
FORCEINLINE VOID KiSetIrql(KIRQL Irql)
{
    __asm__ volatile("movq %0, %%cr8" : : "r"((ULONG64)Irql) : "memory");
}

/* Disables interrupts; returns whether they were on. Pair with KiRestoreInterrupts. */
FORCEINLINE BOOLEAN KiDisableInterrupts(VOID)
{
    ULONG64 Flags;
    __asm__ volatile("pushfq; popq %0; cli" : "=r"(Flags) : : "memory");
    return (Flags & 0x200) != 0;
}
FORCEINLINE VOID KiRestoreInterrupts(BOOLEAN Enabled)
{
    if (Enabled)
        __asm__ volatile("sti" ::: "memory");
}
FORCEINLINE VOID KiPause(VOID)
{
    __asm__ volatile("pause" ::: "memory");
}

/* thread.c, scheduler.c, wait.c ---------------------------------------------------------------------------- */

/*
 * Makes a thread around a caller-provided KTHREAD and kernel stack (MmCreateKernelStack). It starts in StartRoutine
 * at PASSIVE_LEVEL when KeReadyThread is called. IRQL: <= DISPATCH_LEVEL.
 */
VOID KeInitializeThread(PKTHREAD Thread, PVOID StackTop, PVOID StackLimit, PKSTART_ROUTINE StartRoutine, PVOID StartContext,
                        PKPROCESS Process, KPRIORITY Priority);
VOID KeReadyThread(PKTHREAD Thread);
/*
 * Ends the calling thread: abandons its mutexes, signals it, never returns. When the switch away from it is done
 * (so that nobody runs on its stack any more) the scheduler calls KiThreadReaper, set by Ps, at DISPATCH_LEVEL.
 */
DECLSPEC_NORETURN VOID KeTerminateThread(KPRIORITY Increment);
extern VOID (*KiThreadReaper)(PKTHREAD Thread);
/*
 * Asks a thread to end itself: a wait of its in UserMode, and every later one, ends with STATUS_USER_APC, and
 * ExitRequested tells the way back to user mode to end the thread. A KernelMode wait is left alone. The request is
 * never taken back. IRQL: <= DISPATCH_LEVEL. Any thread, any number of times.
 */
VOID KeRequestThreadExit(PKTHREAD Thread);
/*
 * On the way back to user mode, when the thread has been asked to end or has user APCs: ends it, or makes Frame go to
 * the program's dispatcher of APCs. IRQL: PASSIVE_LEVEL, interrupts on.
 */
VOID KiUserModeWork(PKTRAP_FRAME Frame);
/*
 * The end of a thread's APCs: no more are queued, kernel APCs that were run now, of user APCs the RundownRoutine. A
 * thread in a region or attached to another process is a bugcheck. The calling thread, about to end. IRQL:
 * PASSIVE_LEVEL.
 */
VOID KeRundownApcs(VOID);
VOID KeInitializeProcess(PKPROCESS Process, ULONG64 DirectoryTableBase, KPRIORITY BasePriority);
/* The boot stack becomes the idle thread of this processor. IRQL: HIGH_LEVEL, interrupts off. */
VOID KiInitializeIdleThread(PKPRCB Prcb, PKTHREAD Thread, PVOID StackTop, PVOID StackLimit);
DECLSPEC_NORETURN VOID KiIdleLoop(VOID);
VOID KiInitializeDispatcher(PKPRCB Prcb);
VOID KiQuantumEnd(VOID);
/* The dispatch interrupt (vector 0x2F): runs queued DPCs, then switches threads when one was chosen. */
VOID KiDispatchInterrupt(VOID);
/* The APC interrupt: runs the kernel APCs of the calling thread that may run now. IRQL: APC_LEVEL. */
VOID KiDeliverKernelApcs(VOID);
/* Asks for the dispatch interrupt on this processor (self-IPI). Any IRQL. */
VOID KiRequestDispatchInterrupt(VOID);
/*
 * The clock tick on this processor, CLOCK_LEVEL: time, quantum, expired timers (their DPC), the watchdog. Irql: where
 * it came.
 */
VOID KiUpdateRunTime(PKTRAP_FRAME TrapFrame, KIRQL Irql);
/* Asks for the dispatch interrupt on another processor (IPI, vector 0x2F). Any IRQL. */
VOID KiSendDispatchInterrupt(PKPRCB Prcb);
/*
 * Signals a process object. Ps does it when everything of the process has been given back, which is after its last
 * thread has ended; so who waits for a program finds its memory free again.
 */
VOID KiSignalProcess(PKPROCESS Process);
/* System time (100 ns since 1601) when interrupt time was 0. Set once, before the first timer. */
extern ULONGLONG KiBootTime;

/* switch.S: saves the old thread's callee-saved registers and stack, takes up the new one's. Dispatcher lock held. */
VOID KiSwapContext(PKTHREAD Old, PKTHREAD New);
VOID KiThreadStartup(VOID);

/* watchdog.c ------------------------------------------------------------------------------------------------- */
/* How many clock ticks a DPC may take before the system stops; 0: as many as it likes. */
#define KI_DPC_ALLOTMENT 500
VOID KiSetDpcWatchdog(ULONG Ticks);

/* fpu.c ------------------------------------------------------------------------------------------------------ */
/* The floating-point state that a program's thread begins with, for KTHREAD.FpuState; NULL: no memory. */
PVOID KiAllocateFpuArea(VOID);
VOID KiFreeFpuArea(PVOID Area);

/* ipi.c ------------------------------------------------------------------------------------------------------ */
/*
 * Interrupts processors at IPI_LEVEL. The requests that they are to look for stand where they look already. IRQL: any.
 */
VOID KiSendIpi(KAFFINITY Targets);
/*
 * Does what other processors have asked this one to do. IRQL: >= DISPATCH_LEVEL; for those who wait for other
 * processors.
 */
VOID KiServeIpi(VOID);
/* process.c: loads a process' page tables. IRQL: DISPATCH_LEVEL or interrupts off. */
VOID KiLoadProcess(PKPROCESS Process);

/* interrupt.c ---------------------------------------------------------------------------------------------- */
VOID KiDispatchDeviceInterrupt(PKTRAP_FRAME TrapFrame);

/* except.c ------------------------------------------------------------------------------------------------- */
/* Makes a trap in kernel mode return to the innermost __try of its thread. FALSE: the thread is in none. */
BOOLEAN KiRaiseFromTrap(PKTRAP_FRAME Frame, NTSTATUS Status, ULONG ParameterCount, ULONG_PTR First, ULONG_PTR Second);

/* bugcheck.c ------------------------------------------------------------------------------------------------ */
/* A bugcheck is being reported: all other processors stand still, or are about to, with whatever locks they hold. */
extern volatile BOOLEAN KiBugCheckActive;
/* The end of a processor that the reporter of a bugcheck has stopped: leaves its state to the report. From NMI. */
DECLSPEC_NORETURN VOID KiFreezeProcessor(PKTRAP_FRAME Frame);
/* As KeBugCheckEx, with the trap frame where it happened and the rule in words (printed below the STOP line). */
DECLSPEC_NORETURN VOID KiBugCheck(ULONG Code, ULONG_PTR P1, ULONG_PTR P2, ULONG_PTR P3, ULONG_PTR P4, PKTRAP_FRAME Frame,
                                  PCSTR Rule, ...);
#include "ke/bugcodes.h"
