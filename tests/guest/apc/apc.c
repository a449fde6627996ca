/* Asynchronous procedure calls: every rule that a driver can see. */
#include "apc.h"

TEST_SUITE(apc, "1 2 4");

static volatile LONG Order;

VOID ApcBegin(VOID)
{
    Order = 0;
}

static VOID Kernel(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext, PVOID *Argument1, PVOID *Argument2)
{
    PAPC_RECORD Record = CONTAINING_RECORD(Apc, APC_RECORD, Apc);

    UNREFERENCED_PARAMETER(NormalContext);
    Record->KernelOrder = InterlockedIncrement(&Order);
    Record->KernelIrql = KeGetCurrentIrql();
    Record->Thread = KeGetCurrentThread();
    if (*NormalRoutine == NULL) {
        Record->Argument1 = *Argument1;
        Record->Argument2 = *Argument2;
        if (Record->Gate != NULL)
            KeWaitForSingleObject(Record->Gate, Executive, KernelMode, FALSE, NULL);
        InterlockedIncrement(&Record->Times);
    }
}

static VOID Normal(PVOID NormalContext, PVOID Argument1, PVOID Argument2)
{
    PAPC_RECORD Record = NormalContext;

    Record->NormalOrder = InterlockedIncrement(&Order);
    Record->NormalIrql = KeGetCurrentIrql();
    Record->Thread = KeGetCurrentThread();
    Record->Context = NormalContext;
    Record->Argument1 = Argument1;
    Record->Argument2 = Argument2;
    if (Record->Gate != NULL)
        KeWaitForSingleObject(Record->Gate, Executive, KernelMode, FALSE, NULL);
    InterlockedIncrement(&Record->Times);
}

VOID ApcSpecial(PAPC_RECORD Record, PVOID Thread)
{
    RtlZeroMemory(Record, sizeof(*Record));
    KeInitializeApc(&Record->Apc, Thread, OriginalApcEnvironment, Kernel, NULL, NULL, KernelMode, NULL);
}

VOID ApcNormal(PAPC_RECORD Record, PVOID Thread)
{
    RtlZeroMemory(Record, sizeof(*Record));
    KeInitializeApc(&Record->Apc, Thread, OriginalApcEnvironment, Kernel, NULL, Normal, KernelMode, Record);
}

BOOLEAN ApcQueue(PAPC_RECORD Record)
{
    return KeInsertQueueApc(&Record->Apc, (PVOID)11, (PVOID)22, 0);
}

BOOLEAN ApcRan(PAPC_RECORD Record, LONG Times)
{
    for (ULONG Tries = 0; Record->Times < Times && Tries < 1000; Tries++)
        ApcSleep(10);
    return Record->Times == Times && Record->Argument1 == (PVOID)11 && Record->Argument2 == (PVOID)22 &&
           Record->Thread == Record->Apc.Thread && Record->KernelIrql == APC_LEVEL &&
           Record->NormalIrql == PASSIVE_LEVEL;
}

static VOID Begin(PVOID Context)
{
    PAPC_THREAD Thread = Context;

    Thread->Work(Thread);
    InterlockedIncrement(&Thread->Ended);
}

BOOLEAN ApcStart(PAPC_THREAD Thread, PKSTART_ROUTINE Work, ULONG Flavour)
{
    HANDLE Handle;
    NTSTATUS Status;

    RtlZeroMemory(Thread, sizeof(*Thread));
    Thread->Work = Work;
    Thread->Flavour = Flavour;
    KeInitializeEvent(&Thread->Ready, NotificationEvent, FALSE);
    KeInitializeEvent(&Thread->Object, SynchronizationEvent, FALSE);
    KeInitializeEvent(&Thread->Other, SynchronizationEvent, FALSE);
    Status = PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Begin, Thread);
    if (!EXPECT_STATUS(Status, STATUS_SUCCESS))
        return FALSE;
    EXPECT_STATUS(ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &Thread->Thread, NULL),
                  STATUS_SUCCESS);
    ZwClose(Handle);
    ApcWait(&Thread->Ready, 0);
    /* Ready is set right before the wait that the case is about. */
    ApcSleep(30);
    return TRUE;
}

VOID ApcJoin(PAPC_THREAD Thread)
{
    ApcWait(Thread->Thread, 0);
    ObDereferenceObject(Thread->Thread);
}

VOID ApcSleep(LONG Milliseconds)
{
    LARGE_INTEGER Interval = {.QuadPart = -10000ll * Milliseconds};

    KeDelayExecutionThread(KernelMode, FALSE, &Interval);
}

NTSTATUS ApcWait(PVOID Object, LONG Milliseconds)
{
    LARGE_INTEGER Interval = {.QuadPart = -10000ll * Milliseconds};

    return KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, Milliseconds != 0 ? &Interval : NULL);
}
