/*
 * Allocation failures by ordinal: a workload runs with its first allocation failing, then with its second, and so on
 * until it passes without one having failed. Each time it ends in an ordinary status, and all that it had taken is
 * back: pool (and with it objects and handles), commit, frames, and the budget of those that may be locked.
 *
 * Allocations are what a checked build asks KiAllocationHook for. A free build has no hook, so nothing fails there.
 */
#include "failing.h"

#include <excpt.h>

TEST_SUITE(failing, "1 2");
TEST_MACHINE("--com2 null", "");

#if DBG

#include "ke/rules.h"

#define MOST_ORDINALS 600
#define MOST_TRIES 4

static struct {
    PVOID Thread;               /* whose allocations count */
    ULONG Left;                 /* until one fails */
    PCSTR What;                 /* what failed; NULL: nothing did */
} volatile Failing;

static BOOLEAN FailOne(PCSTR What)
{
    if (KeGetCurrentThread() != Failing.Thread || Failing.Left == 0 || --Failing.Left != 0)
        return FALSE;
    Failing.What = What;
    return TRUE;
}

typedef struct _BALANCE {
    LONG64 Pool, Commit, Resident, Frames;
} BALANCE;

/* What the pools hold for the same bytes, and tables of system space, are no difference. */
static BALANCE TakeBalance(VOID)
{
    MM_STATISTICS Now;
    LONG64 Held;

    MmTrimAllSystemPageableMemory(TRUE);
    Now = Statistics();
    Held = (LONG64)Now.NonPagedPoolPages;
    return (BALANCE){
        .Pool = (LONG64)(Now.NonPagedPoolBytes + Now.PagedPoolBytes),
        .Commit = (LONG64)Now.CommittedPages - Held - (LONG64)Now.PagedPoolPages,
        .Resident = Now.ResidentAvailable + Held + (LONG64)Now.SystemTablePages,
        .Frames = (LONG64)(Now.ZeroedFrames + Now.FreeFrames + Now.StandbyFrames + Now.SystemTablePages) + Held};
}

/* Waits for what other threads give back. */
static BOOLEAN IsBack(const BALANCE *Before, BALANCE *After)
{
    LARGE_INTEGER Pause = {.QuadPart = -10 * 1000 * 5};

    for (ULONG Look = 0; Look < 40; Look++) {
        *After = TakeBalance();
        if (After->Pool <= Before->Pool && After->Commit <= Before->Commit && After->Resident >= Before->Resident &&
            After->Frames >= Before->Frames)
            return TRUE;
        KeDelayExecutionThread(KernelMode, FALSE, &Pause);
    }
    return FALSE;
}

static NTSTATUS RunWith(ULONG Ordinal, NTSTATUS (*Workload)(VOID))
{
    volatile NTSTATUS Status = STATUS_SUCCESS;

    Failing.Thread = KeGetCurrentThread();
    Failing.Left = Ordinal;
    Failing.What = NULL;
    KiAllocationHook = FailOne;
    __try {
        Status = Workload();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    KiAllocationHook = NULL;
    return Status;
}

static BOOLEAN IsOrdinary(NTSTATUS Status)
{
    return Status == STATUS_INSUFFICIENT_RESOURCES || Status == STATUS_NO_MEMORY || Status == STATUS_COMMITMENT_LIMIT ||
           Status == STATUS_WORKING_SET_QUOTA || Status == STATUS_DISK_FULL || Status == STATUS_QUOTA_EXCEEDED;
}

VOID FailOneByOne(PCSTR Name, NTSTATUS (*Workload)(VOID))
{
    ULONG Ordinal, Absorbed = 0;

    /* Once before, so that what is kept for the next time is there. */
    EXPECT_STATUS(RunWith(0, Workload), STATUS_SUCCESS);
    for (Ordinal = 1; Ordinal < MOST_ORDINALS; Ordinal++) {
        BALANCE Before, After;
        NTSTATUS Status;
        ULONG Try = 0;
        /* What a first failure leaves for the next time is no leak: one that comes again every time is. */
        do {
            Before = TakeBalance();
            Status = RunWith(Ordinal, Workload);
        } while (!IsBack(&Before, &After) && ++Try < MOST_TRIES);
        if (Try == MOST_TRIES) {
            TestNote("%s, %u (%s): pool %I64d, commit %I64d, locked %I64d, frames %I64d are missing", Name, Ordinal,
                     Failing.What != NULL ? Failing.What : "none", After.Pool - Before.Pool, After.Commit - Before.Commit,
                     Before.Resident - After.Resident, Before.Frames - After.Frames);
            EXPECT(!"everything is back");
        }
        if (Failing.What == NULL)
            break;
        /* Some can do without: a smaller cluster, the next try. */
        Absorbed += NT_SUCCESS(Status);
        if (!NT_SUCCESS(Status) && !IsOrdinary(Status)) {
            TestNote("%s, %u (%s): status 0x%08X", Name, Ordinal, Failing.What, Status);
            EXPECT(!"the failure is an ordinary one");
        }
    }
    TestNote("%s: %u allocations failed, %u of them without harm", Name, Ordinal - 1, Absorbed);
    EXPECT(Ordinal > 1 && Ordinal < MOST_ORDINALS);
}

#else

VOID FailOneByOne(PCSTR Name, NTSTATUS (*Workload)(VOID))
{
    TestNote("%s: a free build has no hook", Name);
    EXPECT_STATUS(Workload(), STATUS_SUCCESS);
}

#endif
