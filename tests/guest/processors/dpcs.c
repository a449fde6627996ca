/* DPCs of several processors ("KeFlushQueuedDpcs", "KeSetTargetProcessorDpcEx", "KeInitializeThreadedDpc"). */
#include "testcase.h"

#define MOST_PROCESSORS 16
#define EACH 4

static KDPC Dpcs[MOST_PROCESSORS][EACH];
static volatile LONG Returned;

static VOID RunSlowly(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeStallExecutionProcessor(500);
    InterlockedIncrement(&Returned);
}

TEST_CASE(FlushWaitsForAllDpcs, "KeFlushQueuedDpcs: on return every DPC that was queued on any processor has run to its end") {
    ULONG Processors = KeQueryActiveProcessorCount(NULL);

    for (ULONG Round = 0; Round < 10; Round++) {
        LONG Queued = 0;
        Returned = 0;
        for (ULONG Number = 0; Number < Processors; Number++) {
            for (ULONG i = 0; i < EACH; i++) {
                KeInitializeDpc(&Dpcs[Number][i], RunSlowly, NULL);
                KeSetTargetProcessorDpc(&Dpcs[Number][i], (CCHAR)((Number + Round) % Processors));
                KeSetImportanceDpc(&Dpcs[Number][i], (KDPC_IMPORTANCE)((i + Round) % (MediumHighImportance + 1)));
                Queued += KeInsertQueueDpc(&Dpcs[Number][i], NULL, NULL);
            }
        }
        KeFlushQueuedDpcs();
        EXPECT_EQUAL(Returned, Queued);
        EXPECT_EQUAL(Queued, Processors * EACH);
    }
}

static volatile ULONG RanOn;

static VOID NoteWhere(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    RanOn = KeGetCurrentProcessorNumber();
}

TEST_CASE(DpcTargetByNumber, "KeSetTargetProcessorDpcEx: takes group and number, and refuses a processor that is not there") {
    PROCESSOR_NUMBER Number = {0};
    KDPC Dpc;

    KeInitializeThreadedDpc(&Dpc, NoteWhere, NULL);
    for (; Number.Number < KeQueryActiveProcessorCount(NULL); Number.Number++) {
        EXPECT_STATUS(KeSetTargetProcessorDpcEx(&Dpc, &Number), STATUS_SUCCESS);
        RanOn = MAXULONG;
        EXPECT(KeInsertQueueDpc(&Dpc, NULL, NULL));
        KeFlushQueuedDpcs();
        EXPECT_EQUAL(RanOn, Number.Number);
    }
    EXPECT_STATUS(KeSetTargetProcessorDpcEx(&Dpc, &Number), STATUS_INVALID_PARAMETER);
    Number = (PROCESSOR_NUMBER){.Group = 1};
    EXPECT_STATUS(KeSetTargetProcessorDpcEx(&Dpc, &Number), STATUS_INVALID_PARAMETER);
}
