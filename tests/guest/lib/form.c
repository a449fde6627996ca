/*
 * The form a case is run in: with which seed, and for how long. A suite has a short form, a fixed amount of work, that
 * goes with the other tests, and can have a long one, minutes of the same, for when it is asked for (docs/testing.md).
 */
#include "run.h"

static ULONG TestFormSeed, TestFormSeconds;
static volatile ULONGLONG TestEnd;      /* interrupt time */

VOID TestSetForm(const TEST_REQUEST *Request)
{
    TestFormSeed = Request->Seed;
    TestFormSeconds = Request->Seconds;
    TestEnd = KeQueryInterruptTime() + TestFormSeconds * 10000000ull;
}

ULONG TestSeed(VOID)
{
    ULONG Seed = TestFormSeed;

    if (Seed == 0) {
        Seed = 1 + (ULONG)((ULONG64)KeQueryPerformanceCounter(NULL).QuadPart * 2654435761u >> 12) % 999999;
    }
    TestNote("seed=%u", Seed);
    return Seed;
}

BOOLEAN TestGoesOn(ULONG64 Round, ULONG64 Rounds)
{
    return TestFormSeconds == 0 ? Round < Rounds : KeQueryInterruptTime() < TestEnd;
}
