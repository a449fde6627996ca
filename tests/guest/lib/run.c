/*
 * Running one case and judging it: the expectations that it counts, and what it did not give back.
 *
 * A first run may rightly leave something: pool pages that hold freed blocks, page tables, a cache. So a case that seems
 * to leak runs again, and only what is missing after every run counts.
 */
#include "run.h"

#include "mm/mm.h"

#define MOST_RUNS 4

static volatile LONG TestFailures;

BOOLEAN TestExpect(BOOLEAN Holds, PCSTR Text, PCSTR File, ULONG Line)
{
    if (!Holds) {
        InterlockedIncrement(&TestFailures);
        DbgPrint("# %s:%u: %s does not hold\n", File, Line, Text);
    }
    return Holds;
}

BOOLEAN TestExpectEqual(ULONGLONG Seen, ULONGLONG Expected, PCSTR Text, PCSTR File, ULONG Line)
{
    if (Seen != Expected) {
        InterlockedIncrement(&TestFailures);
        DbgPrint("# %s:%u: %s does not hold: seen 0x%I64x, expected 0x%I64x\n", File, Line, Text, Seen, Expected);
    }
    return Seen == Expected;
}

VOID TestNote(PCSTR Format, ...)
{
    CHAR Line[192];
    va_list Arguments;

    va_start(Arguments, Format);
    _vsnprintf(Line, sizeof(Line) - 1, Format, Arguments);
    va_end(Arguments);
    Line[sizeof(Line) - 1] = '\0';
    DbgPrint("# %s\n", Line);
}

/* What a case may not change. Everything pageable is sent out first, so that a page's being in or out is no difference. */
typedef struct _TEST_BALANCE {
    ULONG64 Commit;
    ULONG64 Pool;
    ULONG64 Frames;
} TEST_BALANCE;

static VOID TestTakeBalance(TEST_BALANCE *Balance)
{
    MM_STATISTICS Now;

    MmTrimAllSystemPageableMemory(TRUE);
    MmQueryStatistics(&Now);
    Balance->Commit = Now.CommittedPages;
    Balance->Pool = Now.NonPagedPoolBytes + Now.PagedPoolBytes;
    Balance->Frames = Now.ZeroedFrames + Now.FreeFrames + Now.StandbyFrames;
}

VOID TestRunCase(const TEST_CASE_RECORD *Case, PTEST_RESULT Result)
{
    TEST_BALANCE Before, After;

    RtlZeroMemory(Result, sizeof(*Result));
    TestFailures = 0;
    do {
        TestTakeBalance(&Before);
        Case->Routine();
        TestTakeBalance(&After);
        Result->LeakedPages = (LONGLONG)(After.Commit - Before.Commit);
        Result->LeakedPoolBytes = (LONGLONG)(After.Pool - Before.Pool);
        Result->LeakedFrames = (LONGLONG)(Before.Frames - After.Frames);
        Result->Runs++;
        if (!MmCheckConsistency(Result->Inconsistency, sizeof(Result->Inconsistency))) {
            break;
        }
        Result->Inconsistency[0] = '\0';
    } while (TestFailures == 0 && Result->Runs < MOST_RUNS &&
             (Result->LeakedPages > 0 || Result->LeakedPoolBytes > 0 || Result->LeakedFrames > 0));
    Result->Failures = TestFailures;
}
