/* Ke and the parts of Ex that stand on it: every rule of the documentation that a driver can see. */
#include "ke.h"

TEST_SUITE(ke, "1 2 4");

PVOID KeTestStart(PKSTART_ROUTINE Routine, PVOID Context)
{
    HANDLE Handle;
    PVOID Thread = NULL;
    NTSTATUS Status = PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine, Context);

    if (!EXPECT_STATUS(Status, STATUS_SUCCESS))
        return NULL;
    EXPECT_STATUS(ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &Thread, NULL),
                  STATUS_SUCCESS);
    ZwClose(Handle);
    return Thread;
}

VOID KeTestJoin(PVOID Thread)
{
    if (Thread == NULL)
        return;
    KeTestWait(Thread);
    ObDereferenceObject(Thread);
}
