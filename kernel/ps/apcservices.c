/*
 * System services for user APCs and alerts ("NtQueueApcThread"). What they rest on is in kernel/ke/apc.c.
 */
#include "ps/psp.h"
#include "ps/service.h"

/* The APC is on its way to the program, or its thread has ended: in both cases it is not needed any more. */
static VOID PspFreeApc(PKAPC Apc)
{
    ExFreePoolWithTag(Apc, PSP_TAG);
}

static VOID PspQueuedApc(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext, PVOID *SystemArgument1,
                         PVOID *SystemArgument2)
{
    UNREFERENCED_PARAMETER(NormalRoutine);
    UNREFERENCED_PARAMETER(NormalContext);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);
    PspFreeApc(Apc);
}

/*
 * Queues a user APC: ApcRoutine(ApcArgument1, ApcArgument2, ApcArgument3), in the thread's next alertable wait. Any
 * routine will do: only the program will ever use its address. A system thread has no user mode: STATUS_INVALID_HANDLE.
 * One that ends: STATUS_UNSUCCESSFUL.
 */
NTSTATUS NtQueueApcThread(HANDLE ThreadHandle, USER_ADDRESS ApcRoutine, USER_ADDRESS ApcArgument1,
                          USER_ADDRESS ApcArgument2, USER_ADDRESS ApcArgument3)
{
    PETHREAD Thread;
    PKAPC Apc;
    NTSTATUS Status;

    if (ApcRoutine.Value == 0)
        return STATUS_INVALID_PARAMETER;
    Status = ObReferenceObjectByHandle(ThreadHandle, THREAD_SET_CONTEXT, PspThreadType, ExGetPreviousMode(),
                                       (PVOID *)&Thread, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Thread->SystemRoutine != NULL) {
        ObDereferenceObject(Thread);
        return STATUS_INVALID_HANDLE;
    }
    Apc = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Apc), PSP_TAG);
    if (Apc == NULL) {
        ObDereferenceObject(Thread);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeInitializeApc(Apc, &Thread->Tcb, OriginalApcEnvironment, PspQueuedApc, PspFreeApc,
                    (PKNORMAL_ROUTINE)ApcRoutine.Value, UserMode, (PVOID)ApcArgument1.Value);
    if (!KeInsertQueueApc(Apc, (PVOID)ApcArgument2.Value, (PVOID)ApcArgument3.Value, 0)) {
        PspFreeApc(Apc);
        Status = STATUS_UNSUCCESSFUL;
    }
    ObDereferenceObject(Thread);
    return Status;
}

NTSTATUS NtTestAlert(VOID)
{
    return KeTestAlertThread(ExGetPreviousMode()) ? STATUS_ALERTED : STATUS_SUCCESS;
}

NTSTATUS NtAlertThread(HANDLE ThreadHandle)
{
    PETHREAD Thread;
    NTSTATUS Status = ObReferenceObjectByHandle(ThreadHandle, THREAD_ALERT, PspThreadType, ExGetPreviousMode(),
                                                (PVOID *)&Thread, NULL);

    if (NT_SUCCESS(Status)) {
        KeAlertThread(&Thread->Tcb, ExGetPreviousMode());
        ObDereferenceObject(Thread);
    }
    return Status;
}

/* Does not return to its caller when it succeeds. For programs: the kernel has no registers to go back to. */
NTSTATUS NtContinue(USER_ADDRESS UserContext, BOOLEAN TestAlert)
{
    CONTEXT Context;
    NTSTATUS Status;

    if (ExGetPreviousMode() == KernelMode)
        return STATUS_NOT_SUPPORTED;
    Status = MmCopyFromUser(&Context, UserContext, KI_CONTEXT_SIZE);
    return NT_SUCCESS(Status) ? KiContinue(&Context, TestAlert) : Status;
}

/* For the calling process; the library's start-up code calls it. */
NTSTATUS NtSetApcDispatcher(USER_ADDRESS Dispatcher)
{
    PEPROCESS Process = PsGetCurrentProcess();

    /* An address outside user space would be a fault of the kernel's on the way into user mode. */
    if (Process == PsInitialSystemProcess || Dispatcher.Value < MM_LOWEST_USER_ADDRESS ||
        Dispatcher.Value > MM_HIGHEST_USER_ADDRESS)
        return STATUS_INVALID_PARAMETER;
    Process->Pcb.UserApcDispatcher = Dispatcher.Value;
    return STATUS_SUCCESS;
}
