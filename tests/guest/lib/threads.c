/*
 * Running one routine on several system threads at once, for cases about what threads do to each other.
 */
#include "testcase.h"

#define MOST_THREADS 16

VOID TestOnThreads(ULONG Count, PKSTART_ROUTINE Routine, PVOID Context)
{
    PVOID Threads[MOST_THREADS];
    ULONG Started = 0;

    while (Started < Count && Started < MOST_THREADS) {
        HANDLE Handle;
        NTSTATUS Status = PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine, Context);
        if (!EXPECT_STATUS(Status, STATUS_SUCCESS)) {
            break;
        }
        Status = ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &Threads[Started],
                                           NULL);
        ZwClose(Handle);
        if (!EXPECT_STATUS(Status, STATUS_SUCCESS)) {
            break;
        }
        Started++;
    }
    for (ULONG Index = 0; Index < Started; Index++) {
        KeWaitForSingleObject(Threads[Index], Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(Threads[Index]);
    }
}
