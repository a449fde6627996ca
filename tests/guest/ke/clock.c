/*
 * Time ("KeQueryInterruptTime", "KeQuerySystemTimePrecise", "KeQueryPerformanceCounter", "KeStallExecutionProcessor").
 */
#include "ke.h"

#define READINGS 2000

TEST_CASE(TicksMakeTime, "KeQueryTimeIncrement: what the tick count goes up by, the interrupt time does by so many 100 ns") {
    LARGE_INTEGER Before, After;
    ULONGLONG Time;

    do {
        KeQueryTickCount(&Before);
        Time = KeQueryInterruptTime();
        KeQueryTickCount(&After);
    } while (Before.QuadPart != After.QuadPart);
    EXPECT_EQUAL(Time, (ULONGLONG)Before.QuadPart * KeQueryTimeIncrement());
}

TEST_CASE(PreciseTimes, "KeQuery...TimePrecise: the tick's time and what has passed since, never behind it") {
    for (ULONG i = 0; i < READINGS; i++) {
        ULONG64 Stamp, Time;
        LARGE_INTEGER System, Precise, Before, After;

        KeQuerySystemTime(&System);
        KeQuerySystemTimePrecise(&Precise);
        EXPECT(Precise.QuadPart >= System.QuadPart);
        Time = KeQueryInterruptTime();
        Before = KeQueryPerformanceCounter(NULL);
        EXPECT(KeQueryInterruptTimePrecise(&Stamp) >= Time);
        After = KeQueryPerformanceCounter(NULL);
        EXPECT((LONGLONG)Stamp >= Before.QuadPart && (LONGLONG)Stamp <= After.QuadPart);
    }
}

TEST_CASE(PreciseTimeIsScaledCounter, "KeQueryInterruptTimePrecise: differences are those of the performance counter") {
    ULONG64 First, Second, Passed, Counted;
    LARGE_INTEGER Frequency;

    KeQueryPerformanceCounter(&Frequency);
    Passed = KeQueryInterruptTimePrecise(&First);
    KeTestSleep(20);
    Passed = KeQueryInterruptTimePrecise(&Second) - Passed;
    Counted = (Second - First) * 1000 / ((ULONG64)Frequency.QuadPart / 10000);
    EXPECT(Passed >= Counted - Counted / 1000 - 1 && Passed <= Counted + Counted / 1000 + 1);
}

TEST_CASE(RelativeWaitIsNotEarly, "KeDelayExecutionThread: a relative interval passes in full, by the performance counter too") {
    for (LONG Milliseconds = 1; Milliseconds < 16; Milliseconds++) {
        ULONG64 Counter, Begin = KeQueryInterruptTimePrecise(&Counter);
        KeTestSleep(Milliseconds);
        EXPECT(KeQueryInterruptTimePrecise(&Counter) - Begin >= (ULONG64)Milliseconds * 10000);
    }
}

static KSPIN_LOCK ReadLock;
static LONGLONG LatestCounter;
static ULONG64 LatestTime;
static volatile LONG WentBack;

static VOID ReadInTurn(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (ULONG i = 0; i < READINGS; i++) {
        ULONG64 Stamp, Time;
        LONGLONG Counter;
        KIRQL Irql;

        KeAcquireSpinLock(&ReadLock, &Irql);
        Counter = KeQueryPerformanceCounter(NULL).QuadPart;
        Time = KeQueryInterruptTimePrecise(&Stamp);
        if (Counter < LatestCounter || Time < LatestTime)
            InterlockedIncrement(&WentBack);
        LatestCounter = Counter;
        LatestTime = Time;
        KeReleaseSpinLock(&ReadLock, Irql);
    }
}

TEST_CASE(CounterNeverGoesBack, "KeQueryPerformanceCounter: read on any processor after another, it is never less") {
    KeInitializeSpinLock(&ReadLock);
    LatestCounter = 0;
    LatestTime = 0;
    WentBack = 0;
    TestOnThreads(8, ReadInTurn, NULL);
    EXPECT_EQUAL(WentBack, 0);
}

TEST_CASE(StallTakesItsTime, "KeStallExecutionProcessor: at least as many microseconds, at any level") {
    LARGE_INTEGER Frequency, Before, After;
    KIRQL Irql;

    for (ULONG Microseconds = 1; Microseconds <= 1000; Microseconds *= 10) {
        KeRaiseIrql(Microseconds == 10 ? HIGH_LEVEL : DISPATCH_LEVEL, &Irql);
        Before = KeQueryPerformanceCounter(&Frequency);
        KeStallExecutionProcessor(Microseconds);
        After = KeQueryPerformanceCounter(NULL);
        KeLowerIrql(Irql);
        EXPECT(After.QuadPart - Before.QuadPart >= Frequency.QuadPart * (LONGLONG)Microseconds / 1000000);
    }
}
