/*
 * The DPC watchdog ("Bug Check 0x133: DPC_WATCHDOG_VIOLATION"): a processor that does not come down from DISPATCH_LEVEL
 * is a machine that hangs, so the clock interrupt stops the system and says who it was.
 *
 * Counted are the clock ticks that a processor has taken, so time during which it did not run at all, because a
 * debugger or a busy host has stopped the machine, does not count. Nor do interrupts that are switched off: then there
 * is no tick. The limits are far above what the documentation allows a DPC, 100 microseconds, since an emulated
 * processor is slow.
 */
#include "ke/ki.h"

/* Parameter 1, as documented. */
enum { SINGLE_DPC = 0, TIME_AT_DISPATCH = 1 };

/* Of one DPC. All of a stretch at DISPATCH_LEVEL and above may take KI_DISPATCH_ALLOTMENTS times as long. */
#define KI_DISPATCH_ALLOTMENTS 3
#define KI_TICK_MILLISECONDS (1000 / KI_CLOCK_HZ)

static ULONG KiDpcAllotment;            /* ticks; 0: nobody watches */

VOID KiSetDpcWatchdog(ULONG Ticks)
{
    KiDpcAllotment = Ticks;
}

static DECLSPEC_NORETURN VOID KiDpcTooLong(PKPRCB Prcb, PKTRAP_FRAME Frame)
{
    KiBugCheck(DPC_WATCHDOG_VIOLATION, SINGLE_DPC, Prcb->DpcTicks, KiDpcAllotment, 0, Frame,
               "The DPC routine %s has run for %u clock ticks (%u ms) on processor %u, and was at %s. The rule: no thread "
               "of the processor runs until a DPC returns, so it does at once what is urgent and leaves the rest to a work "
               "item; it never waits for a device in a loop.", KiWords((PVOID)Prcb->DpcRoutine).Text, Prcb->DpcTicks,
               Prcb->DpcTicks * KI_TICK_MILLISECONDS, Prcb->Number, KiWords((PVOID)Frame->Rip).Text);
}

static DECLSPEC_NORETURN VOID KiDispatchTooLong(PKPRCB Prcb, PKTRAP_FRAME Frame, KIRQL Irql)
{
    KiBugCheck(DPC_WATCHDOG_VIOLATION, TIME_AT_DISPATCH, KiDpcAllotment * KI_DISPATCH_ALLOTMENTS, 0, 0, Frame,
               "Processor %u has not been below DISPATCH_LEVEL for %u clock ticks (%u ms); it was at %s, IRQL %u. The rule: "
               "who raises the level or holds a spin lock lowers or releases soon; one that spins for a lock waits for a "
               "holder who does not, and DPCs that queue each other must leave threads their turn.", Prcb->Number,
               Prcb->DispatchTicks, Prcb->DispatchTicks * KI_TICK_MILLISECONDS, KiWords((PVOID)Frame->Rip).Text, Irql);
}

/* A tick that came at Irql. IRQL: CLOCK_LEVEL. */
VOID KiWatchDispatch(PKPRCB Prcb, PKTRAP_FRAME Frame, KIRQL Irql)
{
    if (Irql < DISPATCH_LEVEL) {
        Prcb->DispatchTicks = 0;
        return;
    }
    Prcb->DispatchTicks++;
    if (Prcb->DpcRoutineActive)
        Prcb->DpcTicks++;
    if (KiDpcAllotment == 0)
        return;
    if (Prcb->DpcRoutineActive && Prcb->DpcTicks > KiDpcAllotment)
        KiDpcTooLong(Prcb, Frame);
    if (Prcb->DispatchTicks > KiDpcAllotment * KI_DISPATCH_ALLOTMENTS)
        KiDispatchTooLong(Prcb, Frame, Irql);
}
