/*
 * Bringing the other processors to life, one after the other, and what each of them does first.
 *
 * A processor counts when its bit is in KiActiveProcessors: from then on it is sent TLB requests, so it drops whatever
 * its TLB has taken up until then, and does nothing with memory that may go before it counts. KeNumberProcessors rises
 * last, when its block is complete: whoever goes through the blocks finds nothing half made.
 */
#include "ex/options.h"
#include "ex/processors.h"
#include "hal/hal.h"
#include "hal/tables.h"
#include "hal/trampoline.h"
#include "mm/mm.h"
#include "section.h"

#define EXP_PROCESSOR_TAG 'rPxE'
#define EXP_START_SECONDS 10             /* a host that is busy with other things may be slow to run a processor */

/* Everything of one processor, in one piece of nonpaged pool, for good. */
typedef struct _EXP_PROCESSOR {
    HAL_PROCESSOR_TABLES Tables;        /* first, for its alignment: the piece begins on a page */
    KPRCB Prcb;
    KTHREAD IdleThread;
    PVOID StackTop;
    ULONG Number;
    volatile LONG Alive;                /* 0: not yet; 1: it runs; -1: given up, it must not come any more */
} EXP_PROCESSOR, *PEXP_PROCESSOR;

/*
 * First C code of a second processor, called by boot/trampoline.S. IRQL: CR8 is 0 after a reset, interrupts off.
 */
static VOID ExpStartProcessor(PVOID Argument)
{
    PEXP_PROCESSOR Processor = Argument;
    PKPRCB Prcb = &Processor->Prcb;

    if (InterlockedCompareExchange(&Processor->Alive, 1, 0) != 0)
        for (;;)
            __asm__ volatile("cli; hlt");
    KiSetIrql(HIGH_LEVEL);
    HalInitializeProcessor(Prcb, Processor->Number, &Processor->Tables, Processor->StackTop);
    KiInitializeDispatcher(Prcb);
    KiInitializeIdleThread(Prcb, &Processor->IdleThread, Processor->StackTop,
                           (PCHAR)Processor->StackTop - KERNEL_STACK_PAGES * PAGE_SIZE);
    HalInitializeApic();
    MmJoinTlbRounds();
    HalStartClock();
    __atomic_store_n(&KeNumberProcessors, Processor->Number + 1, __ATOMIC_RELEASE);
    KiIdleLoop();
}

/* FALSE: there is no memory for it, or it did not come. */
INIT_CODE static BOOLEAN ExpBringUp(ULONG Number, ULONG ApicId)
{
    PEXP_PROCESSOR Processor = ExAllocatePoolZero(NonPagedPool, sizeof(*Processor), EXP_PROCESSOR_TAG);
    ULONG64 End;

    if (Processor == NULL)
        return FALSE;
    ASSERT(((ULONG_PTR)Processor & (PAGE_SIZE - 1)) == 0);
    Processor->Number = Number;
    Processor->StackTop = MmCreateKernelStack();
    if (Processor->StackTop == NULL) {
        ExFreePoolWithTag(Processor, EXP_PROCESSOR_TAG);
        return FALSE;
    }
    HalStartProcessor(ApicId, Processor->StackTop, ExpStartProcessor, Processor, &Processor->Alive);
    End = HalReadTsc() + HalTscFrequency * EXP_START_SECONDS;
    while (__atomic_load_n(&KeNumberProcessors, __ATOMIC_ACQUIRE) <= Number) {
        KiPause();
        if ((LONG64)(End - HalReadTsc()) <= 0 && InterlockedCompareExchange(&Processor->Alive, -1, 0) == 0) {
            /* Wherever it is, INIT makes it wait for a start-up IPI that does not come. Its memory stays. */
            HalSendInit(ApicId);
            return FALSE;
        }
    }
    return TRUE;
}

/* How many processors to run: maxcpus=, within what there is room for. */
INIT_CODE static ULONG ExpMostProcessors(VOID)
{
    ULONG64 Most = ExQueryBootSize("maxcpus", MAXIMUM_PROCESSORS);

    if (Most == 0) {
        DbgPrint("Warning: maxcpus=0: one processor runs, since one has to\n");
        Most = 1;
    }
    return (ULONG)min(Most, MAXIMUM_PROCESSORS);
}

/* Starts the processors that ACPI lists. IRQL: PASSIVE_LEVEL, on the first one, with its clock and pools. */
INIT_CODE VOID ExStartProcessors(VOID)
{
    ULONG Most = ExpMostProcessors(), Number = 1;

    if (HalMachine.ProcessorCount <= 1 || Most == 1)
        return;
    if (!HalPrepareTrampoline() || !MmMapIdentityPage(TRAMPOLINE_PHYSICAL)) {
        DbgPrint("No memory for the page tables of the trampoline: going on with one processor\n");
        return;
    }
    for (ULONG i = 0; i < min(HalMachine.ProcessorCount, HAL_MOST_PROCESSORS) && Number < Most; i++) {
        ULONG ApicId = HalMachine.ApicIds[i];
        if (ApicId == KiProcessorBlock[0]->ApicId)
            continue;
        if (ExpBringUp(Number, ApicId))
            Number++;
        else
            DbgPrint("The processor with APIC identifier %u did not start: going on without it\n", ApicId);
    }
    /* Nothing of user space may be executable, or there at all, in the system process. */
    MmUnmapIdentityPage(TRAMPOLINE_PHYSICAL);
    DbgPrint("Processors: %u of %u run\n", KeNumberProcessors, HalMachine.ProcessorCount);
}
