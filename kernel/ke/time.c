/*
 * Time ("KeQuerySystemTime", "KeQueryInterruptTime", "KeQueryTickCount") and the clock tick.
 *
 * Interrupt time counts from boot and never jumps; system time is interrupt time and a constant. Processor 0 advances
 * them; they are aligned 64-bit words, which are read whole.
 */
#include "ke/ki.h"

volatile ULONGLONG KiInterruptTime;
volatile ULONGLONG KiTickCount;
ULONGLONG KiBootTime;

/* 100 ns since 1601, to the tick. IRQL: any. */
VOID KeQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
    CurrentTime->QuadPart = (LONGLONG)(KiBootTime + KiInterruptTime);
}
NT_EXPORT(KeQuerySystemTime);

ULONGLONG KeQueryInterruptTime(VOID)
{
    return KiInterruptTime;
}
NT_EXPORT(KeQueryInterruptTime);

VOID KeQueryTickCount(PLARGE_INTEGER CurrentCount)
{
    CurrentCount->QuadPart = (LONGLONG)KiTickCount;
}
NT_EXPORT(KeQueryTickCount);

/* 100 ns units in a tick. */
ULONG KeQueryTimeIncrement(VOID)
{
    return KI_TIME_INCREMENT;
}
NT_EXPORT(KeQueryTimeIncrement);

/* The clock interrupt. IRQL: CLOCK_LEVEL, on every processor; no lock can be taken that DISPATCH_LEVEL code holds. */
VOID KiUpdateRunTime(PKTRAP_FRAME TrapFrame, KIRQL Irql)
{
    PKPRCB Prcb = KeGetCurrentPrcb();
    PKTHREAD Thread = Prcb->CurrentThread;

    if (Prcb->Number == 0) {
        ULONGLONG Before = KiInterruptTime;
        KiTickCount = KiTickCount + 1;
        KiInterruptTime = Before + KI_TIME_INCREMENT;
        KeMemoryBarrier();      /* with KiStartTimer's: time first, then a look at the wheel */
        KiCheckTimers(Before, Before + KI_TIME_INCREMENT);
    }

    if (Thread == Prcb->IdleThread) {
        if (Prcb->DpcRoutineActive)
            Prcb->KernelTicks++;
        else
            Prcb->IdleTicks++;
    } else {
        if (KiTrapFromUser(TrapFrame))
            Prcb->UserTicks++;
        else
            Prcb->KernelTicks++;
        Thread->Quantum -= KI_QUANTUM_TICK;
        if (Thread->Quantum <= 0) {
            Prcb->QuantumEnd = TRUE;
            KiRequestDispatchInterrupt();
        }
    }
    KiWatchDispatch(Prcb, TrapFrame, Irql);
    /* DPCs of low importance wait no longer than to here. */
    if (Prcb->DpcCount != 0 && !Prcb->DpcRoutineActive)
        KiRequestDispatchInterrupt();
}
