/*
 * System services for handles and waits.
 */
#include "ob/obp.h"
#include "ps/service.h"
#include "rtl/export.h"

#define OBP_PROCESS_DUP_HANDLE 0x0040   /* "Process Security and Access Rights" */

/* The process that a handle argument means, referenced. */
static NTSTATUS ObpReferenceProcess(HANDLE Handle, KPROCESSOR_MODE Mode, PEPROCESS *Process)
{
    return ObReferenceObjectByHandle(Handle, OBP_PROCESS_DUP_HANDLE, *PsProcessType, Mode, (PVOID *)Process, NULL);
}

NTSTATUS NtClose(HANDLE Handle)
{
    return ObCloseHandle(Handle, ExGetPreviousMode());
}
NT_EXPORT(NtClose);
NT_EXPORT(ZwClose);

NTSTATUS NtDuplicateObject(HANDLE SourceProcess, HANDLE SourceHandle, HANDLE TargetProcess, USER_ADDRESS TargetHandle,
                           ACCESS_MASK DesiredAccess, ULONG Attributes, ULONG Options)
{
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    PEPROCESS Source, Target = NULL;
    HANDLE Handle;
    NTSTATUS Status;

    if (Mode != KernelMode) {
        Attributes &= ~OBJ_KERNEL_HANDLE;
    }
    Status = ObpReferenceProcess(SourceProcess, Mode, &Source);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (TargetHandle.Value != 0) {
        Status = ObpReferenceProcess(TargetProcess, Mode, &Target);
    }
    if (NT_SUCCESS(Status)) {
        Status = ObDuplicateObject(Source, SourceHandle, Target, Target != NULL ? &Handle : NULL, DesiredAccess,
                                   Attributes, Options, Mode);
    }
    if (NT_SUCCESS(Status) && Target != NULL) {
        Status = MmCopyToUser(TargetHandle, &Handle, sizeof(Handle));
        if (!NT_SUCCESS(Status)) {          /* nobody knows the new handle's value: take it back */
            ObDuplicateObject(Target, Handle, Target, NULL, 0, 0, DUPLICATE_CLOSE_SOURCE, Mode);
        }
    }
    if (Target != NULL) {
        ObDereferenceObject(Target);
    }
    ObDereferenceObject(Source);
    return Status;
}
NT_EXPORT(ZwDuplicateObject);

/* A time-out argument: *Given is NULL when the caller gave none, which means for ever. */
static NTSTATUS ObpCaptureTimeout(USER_ADDRESS Timeout, PLARGE_INTEGER Captured, PLARGE_INTEGER *Given)
{
    *Given = Timeout.Value != 0 ? Captured : NULL;
    return Timeout.Value != 0 ? MmCopyFromUser(Captured, Timeout, sizeof(*Captured)) : STATUS_SUCCESS;
}

/* References what a handle stands for and finds what to wait for in it. */
static NTSTATUS ObpReferenceWaitable(HANDLE Handle, KPROCESSOR_MODE Mode, PVOID *Object, PVOID *Wait)
{
    NTSTATUS Status = ObReferenceObjectByHandle(Handle, SYNCHRONIZE, NULL, Mode, Object, NULL);

    if (NT_SUCCESS(Status)) {
        *Wait = ObWaitObject(*Object);
        if (*Wait == NULL) {
            ObDereferenceObject(*Object);
            Status = STATUS_OBJECT_TYPE_MISMATCH;
        }
    }
    return Status;
}

NTSTATUS NtWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, USER_ADDRESS Timeout)
{
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    LARGE_INTEGER Time;
    PLARGE_INTEGER Given;
    PVOID Object, Wait;
    NTSTATUS Status = ObpCaptureTimeout(Timeout, &Time, &Given);

    if (NT_SUCCESS(Status)) {
        Status = ObpReferenceWaitable(Handle, Mode, &Object, &Wait);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = KeWaitForSingleObject(Wait, UserRequest, Mode, Alertable, Given);
    ObDereferenceObject(Object);
    return Status;
}
NT_EXPORT(ZwWaitForSingleObject);

/* What a wait for several objects needs, in one allocation: too much for the kernel stack. */
typedef struct _OBP_WAIT {
    HANDLE Handles[MAXIMUM_WAIT_OBJECTS];
    PVOID Objects[MAXIMUM_WAIT_OBJECTS];
    PVOID Waits[MAXIMUM_WAIT_OBJECTS];
    KWAIT_BLOCK Blocks[MAXIMUM_WAIT_OBJECTS];
} OBP_WAIT, *POBP_WAIT;

static NTSTATUS ObpWaitForHandles(POBP_WAIT Wait, ULONG Count, WAIT_TYPE WaitType, BOOLEAN Alertable,
                                  PLARGE_INTEGER Time)
{
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG Referenced = 0;

    while (Referenced < Count && NT_SUCCESS(Status)) {
        Status = ObpReferenceWaitable(Wait->Handles[Referenced], Mode, &Wait->Objects[Referenced],
                                      &Wait->Waits[Referenced]);
        if (NT_SUCCESS(Status)) {
            Referenced++;
        }
    }
    /* Waiting for all of a set that names one object twice could never be decided. */
    for (ULONG I = 0; NT_SUCCESS(Status) && WaitType == WaitAll && I < Count; I++) {
        for (ULONG J = 0; J < I; J++) {
            if (Wait->Waits[I] == Wait->Waits[J]) {
                Status = STATUS_INVALID_PARAMETER_MIX;
            }
        }
    }
    if (NT_SUCCESS(Status)) {
        Status = KeWaitForMultipleObjects(Count, Wait->Waits, WaitType, UserRequest, Mode, Alertable, Time,
                                          Wait->Blocks);
    }
    while (Referenced > 0) {
        ObDereferenceObject(Wait->Objects[--Referenced]);
    }
    return Status;
}

NTSTATUS NtWaitForMultipleObjects(ULONG Count, USER_ADDRESS Handles, WAIT_TYPE WaitType, BOOLEAN Alertable,
                                  USER_ADDRESS Timeout)
{
    LARGE_INTEGER Time;
    PLARGE_INTEGER Given;
    POBP_WAIT Wait;
    NTSTATUS Status;

    if (Count == 0 || Count > MAXIMUM_WAIT_OBJECTS) {
        return STATUS_INVALID_PARAMETER_1;
    }
    if (WaitType != WaitAny && WaitType != WaitAll) {
        return STATUS_INVALID_PARAMETER_3;
    }
    Status = ObpCaptureTimeout(Timeout, &Time, &Given);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Wait = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Wait), OBP_TAG);
    if (Wait == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = MmCopyFromUser(Wait->Handles, Handles, Count * sizeof(HANDLE));
    if (NT_SUCCESS(Status)) {
        Status = ObpWaitForHandles(Wait, Count, WaitType, Alertable, Given);
    }
    ExFreePoolWithTag(Wait, OBP_TAG);
    return Status;
}
NT_EXPORT(ZwWaitForMultipleObjects);
