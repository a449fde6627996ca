/*
 * Time ("KeQuerySystemTime", "KeQueryInterruptTime", "KeQueryTickCount") and the clock tick.
 *
 * Interrupt time counts from boot; system time is interrupt time and a constant. The clock interrupt of processor 0
 * advances them to the last whole tick of the performance counter's time, so they never run ahead of it, and a tick
 * that was lost is made up for by the next. They are aligned 64-bit words, which are read whole. The Precise routines
 * take the counter's time itself.
 */
#include "ke/ki.h"
#include "hal/hal.h"

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

/* Interrupt time to the microsecond, with the performance counter's value that it was made from. IRQL: any. */
ULONG64 KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp)
{
    return HalQueryTime(QpcTimeStamp);
}
NT_EXPORT(KeQueryInterruptTimePrecise);

/* System time to the microsecond. IRQL: any. */
VOID KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime)
{
    ULONG64 Counter;

    CurrentTime->QuadPart = (LONGLONG)(KiBootTime + HalQueryTime(&Counter));
}
NT_EXPORT(KeQuerySystemTimePrecise);

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

/* To the last whole tick. The interrupt may come a little early; then there is nothing to do until the next. */
static VOID KiAdvanceTime(VOID)
{
    ULONG64 Counter;
    ULONGLONG Before = KiInterruptTime, Ticks = HalQueryTime(&Counter) / KI_TIME_INCREMENT;

    if (Ticks <= KiTickCount)
        return;
    KiTickCount = Ticks;
    KiInterruptTime = Ticks * KI_TIME_INCREMENT;
    KeMemoryBarrier();          /* with KiStartTimer's: time first, then a look at the wheel */
    KiCheckTimers(Before, KiInterruptTime);
}

/* The clock interrupt. IRQL: CLOCK_LEVEL, on every processor; no lock can be taken that DISPATCH_LEVEL code holds. */
VOID KiUpdateRunTime(PKTRAP_FRAME TrapFrame, KIRQL Irql)
{
    PKPRCB Prcb = KeGetCurrentPrcb();
    PKTHREAD Thread = Prcb->CurrentThread;

    if (Prcb->Number == 0)
        KiAdvanceTime();

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
