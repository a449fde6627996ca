/*
 * The zero-page thread: while no other thread wants to run it takes free frames, fills them with zeroes and puts them
 * on the zeroed list, so that a demand-zero fault finds its page done. It runs at the lowest priority there is, which
 * nobody else has, and waits when no free frame is left: an idle processor halts then.
 *
 * One frame at a time is in its hands, so what it may hold on to when it is preempted does not matter to anybody;
 * counters show it as free. It looks for work only when a good many frames have become free: waking it for each would
 * cost more than it saves.
 */
#include "mm/mi.h"

BOOLEAN MiZeroerSleeps;                 /* FALSE until the thread has been through all frames for the first time */
PFN_NUMBER MiFramesInZeroing;
static KEVENT MiZeroEvent;

VOID MiWakeZeroer(VOID)
{
    MiZeroerSleeps = FALSE;
    KeSetEvent(&MiZeroEvent, 0, FALSE);
}

/* FALSE: there was none, and the next to free one wakes the thread. IRQL: <= APC_LEVEL. */
static BOOLEAN MiZeroFreeFrame(VOID)
{
    KIRQL Irql = MiLockPfn();
    PMMPFN Pfn;

    MiZeroerSleeps = MiFrameLists[MiFrameFree].Count == 0;
    if (MiZeroerSleeps) {
        MiUnlockPfn(Irql);
        return FALSE;
    }
    Pfn = MiPfn(MiFrameLists[MiFrameFree].First);
    MiUnlinkFrame(Pfn);
    Pfn->State = MiFrameActive;
    MiFramesInZeroing++;
    MiUnlockPfn(Irql);
    MiZeroFrame(MiFrameNumber(Pfn));
    Irql = MiLockPfn();
    MiFramesInZeroing--;
    MiInsertFrame(MiFrameZeroed, Pfn);
    MiUnlockPfn(Irql);
    return TRUE;
}

/* Its thread, made by MmStartThreads. */
VOID MiZeroPageThread(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeInitializeEvent(&MiZeroEvent, SynchronizationEvent, FALSE);
    for (;;) {
        while (MiZeroFreeFrame())
            ;
        KeWaitForSingleObject(&MiZeroEvent, WrFreePage, KernelMode, FALSE, NULL);
    }
}
