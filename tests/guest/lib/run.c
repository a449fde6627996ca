/*
 * Running one case and judging it: the expectations that it counts, and what it did not give back.
 *
 * A first run may rightly leave something: pool pages that hold freed blocks, page tables, a cache. So a case that
 * seems to leak runs again, and only what is missing after every run counts.
 */
#include "run.h"

#include "mm/mm.h"
#include "ps/ps.h"

#define MOST_RUNS 4
/* Looks at the balance, 10 ms apart: in a row that found nothing new, and in all, before something counts as leaked. */
#define PATIENCE 10
#define MOST_LOOKS 1000

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

/* What a case may not change. Everything pageable is sent out first: a page's being in or out is no difference. */
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
    /* Page tables of system space stay once they are made, and are no leak. */
    Balance->Frames = Now.ZeroedFrames + Now.FreeFrames + Now.StandbyFrames + Now.SystemTablePages;
}

static BOOLEAN TestSameBalance(const TEST_BALANCE *One, const TEST_BALANCE *Other)
{
    return One->Commit == Other->Commit && One->Pool == Other->Pool && One->Frames == Other->Frames;
}

/*
 * What the case has not given back. Waits for what is on its way: threads that have ended are buried by another one,
 * and as long as anything changes there may be more to come.
 */
static BOOLEAN TestLeaked(const TEST_BALANCE *Before, PTEST_RESULT Result)
{
    LARGE_INTEGER Pause = {.QuadPart = -10 * 1000 * 10};
    TEST_BALANCE Last = {0}, After;

    for (ULONG Look = 0, Quiet = 0; Look < MOST_LOOKS && Quiet < PATIENCE; Look++) {
        if (Look != 0) {
            KeDelayExecutionThread(KernelMode, FALSE, &Pause);
        }
        if (PsCountEndedThreads() != 0) {
            continue;
        }
        TestTakeBalance(&After);
        Result->LeakedPages = (LONGLONG)(After.Commit - Before->Commit);
        Result->LeakedPoolBytes = (LONGLONG)(After.Pool - Before->Pool);
        Result->LeakedFrames = (LONGLONG)(Before->Frames - After.Frames);
        if (Result->LeakedPages <= 0 && Result->LeakedPoolBytes <= 0 && Result->LeakedFrames <= 0) {
            return FALSE;
        }
        Quiet = TestSameBalance(&After, &Last) ? Quiet + 1 : 0;
        Last = After;
    }
    EXPECT_EQUAL(PsCountEndedThreads(), 0);
    return TRUE;
}

VOID TestRunCase(const TEST_CASE_RECORD *Case, const TEST_REQUEST *Request, PTEST_RESULT Result)
{
    TEST_REQUEST Form = *Request;
    TEST_BALANCE Before;
    BOOLEAN Leaked;

    RtlZeroMemory(Result, sizeof(*Result));
    TestFailures = 0;
    do {
        TestTakeBalance(&Before);
        TestSetForm(&Form);
        Case->Routine();
        Leaked = TestLeaked(&Before, Result);
        Result->Runs++;
        if (!MmCheckConsistency(Result->Inconsistency, sizeof(Result->Inconsistency))) {
            break;
        }
        Result->Inconsistency[0] = '\0';
    } while (Leaked && TestFailures == 0 && Result->Runs < MOST_RUNS);
    Result->Failures = TestFailures;
}
