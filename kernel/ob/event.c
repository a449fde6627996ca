/*
 * Event objects: a KEVENT with a handle, and often a name, for programs and drivers.
 */
#include "ob/obp.h"
#include "ps/service.h"
#include "rtl/export.h"

static POBJECT_TYPE ObpEventObjectType;
POBJECT_TYPE *ExEventObjectType = &ObpEventObjectType;
NT_EXPORT(ExEventObjectType);

INIT_CODE NTSTATUS ObpCreateEventType(VOID)
{
    OBJECT_TYPE_INITIALIZER Initializer = {
        .Length = sizeof(Initializer),
        .Waitable = TRUE,
        .WaitOffset = offsetof(KEVENT, Header),
        .GenericMapping = {STANDARD_RIGHTS_READ | EVENT_QUERY_STATE, STANDARD_RIGHTS_WRITE | EVENT_MODIFY_STATE,
                           STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, EVENT_ALL_ACCESS},
        .ValidAccessMask = EVENT_ALL_ACCESS,
    };
    UNICODE_STRING Name;

    RtlInitUnicodeString(&Name, L"Event");
    return ObCreateObjectType(&Name, &Initializer, NULL, &ObpEventObjectType);
}

/*
 * Hands the caller its handle, or takes the handle back when it cannot be handed over. Status is what the making gave.
 */
static NTSTATUS ObpReturnHandle(NTSTATUS Status, HANDLE Handle, USER_ADDRESS Place)
{
    NTSTATUS Copied;

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Copied = MmCopyToUser(Place, &Handle, sizeof(Handle));
    if (!NT_SUCCESS(Copied)) {
        ObCloseHandle(Handle, KernelMode);
        return Copied;
    }
    return Status;
}

/* STATUS_OBJECT_NAME_EXISTS, a success: OBJ_OPENIF, and there was one of that name. */
NTSTATUS NtCreateEvent(USER_ADDRESS EventHandle, ACCESS_MASK DesiredAccess, USER_ADDRESS ObjectAttributes,
                       EVENT_TYPE EventType, BOOLEAN InitialState)
{
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    HANDLE Handle;
    PKEVENT Event;
    NTSTATUS Status;

    if (EventType != NotificationEvent && EventType != SynchronizationEvent) {
        return STATUS_INVALID_PARAMETER;
    }
    Status = ObCreateObject(Mode, ObpEventObjectType, (POBJECT_ATTRIBUTES)ObjectAttributes.Value, Mode, NULL,
                            sizeof(*Event), 0, 0, (PVOID *)&Event);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    KeInitializeEvent(Event, EventType, InitialState != FALSE);
    Status = ObInsertObject(Event, NULL, DesiredAccess, 0, NULL, &Handle);
    return ObpReturnHandle(Status, Handle, EventHandle);
}
NT_EXPORT(ZwCreateEvent);

NTSTATUS NtOpenEvent(USER_ADDRESS EventHandle, ACCESS_MASK DesiredAccess, USER_ADDRESS ObjectAttributes)
{
    HANDLE Handle;
    NTSTATUS Status = ObOpenObjectByName((POBJECT_ATTRIBUTES)ObjectAttributes.Value, ObpEventObjectType,
                                         ExGetPreviousMode(), NULL, DesiredAccess, NULL, &Handle);

    return ObpReturnHandle(Status, Handle, EventHandle);
}
NT_EXPORT(ZwOpenEvent);

/* Sets or resets, and tells the state before. */
static NTSTATUS ObpChangeEvent(HANDLE EventHandle, USER_ADDRESS PreviousState, BOOLEAN Set)
{
    PKEVENT Event;
    LONG Previous;
    NTSTATUS Status = ObReferenceObjectByHandle(EventHandle, EVENT_MODIFY_STATE, ObpEventObjectType,
                                                ExGetPreviousMode(), (PVOID *)&Event, NULL);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Previous = Set ? KeSetEvent(Event, EVENT_INCREMENT, FALSE) : KeResetEvent(Event);
    ObDereferenceObject(Event);
    return PreviousState.Value != 0 ? MmCopyToUser(PreviousState, &Previous, sizeof(Previous)) : STATUS_SUCCESS;
}

NTSTATUS NtSetEvent(HANDLE EventHandle, USER_ADDRESS PreviousState)
{
    return ObpChangeEvent(EventHandle, PreviousState, TRUE);
}
NT_EXPORT(ZwSetEvent);

NTSTATUS NtResetEvent(HANDLE EventHandle, USER_ADDRESS PreviousState)
{
    return ObpChangeEvent(EventHandle, PreviousState, FALSE);
}
NT_EXPORT(ZwResetEvent);
