/*
 * Named events for drivers ("IoCreateNotificationEvent", "IoCreateSynchronizationEvent"): how a driver and a program,
 * or two drivers, tell each other that something has happened.
 */
#include "io/iop.h"

/* Opens the event of that name, or makes it, signalled. */
static PKEVENT IopCreateNamedEvent(PUNICODE_STRING EventName, PHANDLE EventHandle, EVENT_TYPE Type)
{
    OBJECT_ATTRIBUTES Attributes;
    PKEVENT Event;
    HANDLE Handle;

    KE_REQUIRE_IRQL(PASSIVE_LEVEL);
    InitializeObjectAttributes(&Attributes, EventName, OBJ_OPENIF | OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (!NT_SUCCESS(ZwCreateEvent(&Handle, EVENT_ALL_ACCESS, &Attributes, Type, TRUE))) {
        return NULL;
    }
    if (!NT_SUCCESS(ObReferenceObjectByHandle(Handle, EVENT_ALL_ACCESS, *ExEventObjectType, KernelMode, (PVOID *)&Event,
                                              NULL))) {
        ZwClose(Handle);
        return NULL;
    }
    ObDereferenceObject(Event);         /* the handle keeps it */
    *EventHandle = Handle;
    return Event;
}

/*
 * The event of that name, which is made, signalled, when there is none. The pointer is good until the handle is closed
 * (ZwClose). NULL: it could not be had, and there is no handle. IRQL: PASSIVE_LEVEL.
 */
PKEVENT IoCreateNotificationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    return IopCreateNamedEvent(EventName, EventHandle, NotificationEvent);
}
NT_EXPORT(IoCreateNotificationEvent);

PKEVENT IoCreateSynchronizationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    return IopCreateNamedEvent(EventName, EventHandle, SynchronizationEvent);
}
NT_EXPORT(IoCreateSynchronizationEvent);
