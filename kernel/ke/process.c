/* Processes, as far as the dispatcher knows them: an address space, threads, a signal when the last of them ends. */
#include "ke/ki.h"
#include "mm/mm.h"

/* Usable before any code has run, but for its address space, which Mm fills in. */
KPROCESS KiSystemProcess = {
    .Header = {.Type = ProcessObject,
               .WaitListHead = {&KiSystemProcess.Header.WaitListHead, &KiSystemProcess.Header.WaitListHead}},
    .ThreadListHead = {&KiSystemProcess.ThreadListHead, &KiSystemProcess.ThreadListHead},
};

/* IRQL: <= DISPATCH_LEVEL. The process is in nobody's sight yet. */
VOID KeInitializeProcess(PKPROCESS Process, ULONG64 DirectoryTableBase, KPRIORITY BasePriority)
{
    KiInitializeHeader(&Process->Header, ProcessObject, 0);
    Process->DirectoryTableBase = DirectoryTableBase;
    InitializeListHead(&Process->ThreadListHead);
    Process->BasePriority = BasePriority;
    Process->ActiveProcessors = 0;
}

VOID KiSignalProcessLocked(PKPROCESS Process)
{
    Process->Header.SignalState = 1;
    KiWakeWaiters(&Process->Header, 0);
}

/* IRQL: <= DISPATCH_LEVEL. */
VOID KiSignalProcess(PKPROCESS Process)
{
    KIRQL Irql = KiLockDispatcher();

    KiSignalProcessLocked(Process);
    KiExitDispatcher(Irql);
}

/*
 * The order is what mm/tlb.c relies on: while this processor can hold translations of an address space, its bit is set
 * there, and the bit is seen by others before any entry is read.
 */
VOID KiLoadProcess(PKPROCESS Process)
{
    PKPRCB Prcb = KeGetCurrentPrcb();
    PKPROCESS Old = Prcb->LoadedProcess;
    ULONG Me = 1u << Prcb->Number;

    __atomic_or_fetch(&Process->ActiveProcessors, Me, __ATOMIC_SEQ_CST);
    Prcb->LoadedProcess = Process;
    __asm__ volatile("movq %0, %%cr3" : : "r"(Process->DirectoryTableBase) : "memory");
    __atomic_and_fetch(&Old->ActiveProcessors, ~Me, __ATOMIC_SEQ_CST);
}

/*
 * Makes the calling thread run in another process' address space; returns the one it ran in, to go back to.
 * IRQL: <= APC_LEVEL. A switch of threads between the two steps does no harm: it loads Thread->Process
 * (switch.S), and then there is nothing left to do.
 */
PKPROCESS KeAttachProcess(PKPROCESS Process)
{
    PKTHREAD Thread = KiCurrentThread();
    PKPROCESS OldProcess = Thread->Process;

    KE_REQUIRE_IRQL(APC_LEVEL);
    if (OldProcess != Process) {
        BOOLEAN Enabled;
        *(PKPROCESS volatile *)&Thread->Process = Process;
        Enabled = KiDisableInterrupts();
        if (KeGetCurrentPrcb()->LoadedProcess != Process)
            KiLoadProcess(Process);
        KiRestoreInterrupts(Enabled);
    }
    return OldProcess;
}
