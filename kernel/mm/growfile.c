/*
 * Paging files that grow. A file has a least and a most number of slots; everything that it may ever need was allocated
 * for the most when it was made, so that growing is no more than saying so, at any time and for nothing.
 *
 * It grows when memory is promised beyond the commit limit, or when no slot is free though one was promised, since
 * clean pages in memory may keep theirs then. It shrinks when the system ends.
 */
#include "mm/mi.h"
#include "rtl/export.h"
#include "rtl/rtl.h"

#define GROWTH 256                      /* slots at a time: 1 MiB */

/* How many slots could be added to all files. PFN lock held. */
static ULONG64 MiRoomToGrow(VOID)
{
    ULONG64 Room = 0;

    for (ULONG i = 0; i < MiPagingFileCount; i++)
        Room += MiPagingFiles[i].Maximum - MiPagingFiles[i].Slots;
    return Room;
}

static VOID MiSetSlots(PMI_PAGING_FILE File, ULONG Slots)
{
    File->Slots = Slots;
    File->Map.SizeOfBitMap = Slots;
    if (File->Hint >= Slots)
        File->Hint = 0;
}

ULONG64 MiGrowPagingFiles(ULONG64 Wanted)
{
    ULONG64 Got = 0;

    while (Got < Wanted) {
        PMI_PAGING_FILE Best = NULL;
        ULONG Step;
        for (ULONG i = 0; i < MiPagingFileCount; i++) {
            PMI_PAGING_FILE File = &MiPagingFiles[i];
            if (File->Slots < File->Maximum &&
                (Best == NULL || File->Maximum - File->Slots > Best->Maximum - Best->Slots))
                Best = File;
        }
        if (Best == NULL)
            break;
        Step = (ULONG)min(Best->Maximum - Best->Slots, max(Wanted - Got, GROWTH));
        MiSetSlots(Best, Best->Slots + Step);
        Got += Step;
    }
    MiRaiseCommitLimit((LONG64)Got);
    return Got;
}

BOOLEAN MiGrowCommitLimit(ULONG64 Pages)
{
    KIRQL Irql = MiLockPfn();
    BOOLEAN Grows = MiRoomToGrow() >= Pages;

    if (Grows)
        MiGrowPagingFiles(Pages);
    MiUnlockPfn(Irql);
    return Grows;
}

/*
 * Lowers the commit limit by as much of Pages as has not been promised, and returns how much. Whoever charges commit
 * adds first and looks at the limit then; here it is the other way round, so one of the two sees the other.
 */
static ULONG64 MiLowerCommitLimit(ULONG64 Pages)
{
    LONG64 Over;

    MiRaiseCommitLimit(-(LONG64)Pages);
    Over = __atomic_load_n(&MiCommittedPages, __ATOMIC_SEQ_CST) - __atomic_load_n(&MiCommitLimit, __ATOMIC_SEQ_CST);
    if (Over <= 0)
        return Pages;
    Over = min(Over, (LONG64)Pages);
    MiRaiseCommitLimit(Over);
    return Pages - (ULONG64)Over;
}

/* IRQL: <= APC_LEVEL. */
VOID MmShrinkPagingFiles(VOID)
{
    for (ULONG i = 0; i < MiPagingFileCount; i++) {
        PMI_PAGING_FILE File = &MiPagingFiles[i];
        KIRQL Irql = MiLockPfn();
        ULONG Least = File->Slots;
        while (Least > File->Minimum && !RtlTestBit(&File->Map, Least - 1))
            Least--;
        MiSetSlots(File, File->Slots - (ULONG)MiLowerCommitLimit(File->Slots - Least));
        MiUnlockPfn(Irql);
    }
}
NT_EXPORT(MmShrinkPagingFiles);    /* for the test library */
