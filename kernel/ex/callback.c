/*
 * Callback objects ("Callback Objects"): a component names an occasion, others register routines for it, and whoever
 * knows the object has them called, in the order of registration, at the level of who notifies.
 *
 * A registration is busy while its routine runs, and stays in the list as long as it is. Who unregisters waits until it
 * is not: after that the routine's code may go.
 */
#include "ex/callback.h"
#include "ke/rules.h"
#include "ob/ob.h"
#include "rtl/export.h"
#include "section.h"

#define EXP_CALLBACK_TAG 'bclC'
#define CALLBACK_MODIFY_STATE 0x0001
#define CALLBACK_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | CALLBACK_MODIFY_STATE)

typedef struct _CALLBACK_OBJECT {
    KSPIN_LOCK Lock;                    /* DISPATCH_LEVEL: everything below */
    LIST_ENTRY Registrations;
    BOOLEAN AllowMultipleCallbacks;
} CALLBACK_OBJECT;

typedef struct _EXP_REGISTRATION {
    LIST_ENTRY Link;                    /* CALLBACK_OBJECT.Registrations; its lock for the rest */
    PCALLBACK_OBJECT Object;            /* referenced */
    PCALLBACK_FUNCTION Function;
    PVOID Context;
    ULONG Busy;                         /* how many processors are in Function */
    BOOLEAN Leaving;                    /* no more calls; who makes it idle sets Idle */
    KEVENT Idle;
} EXP_REGISTRATION, *PEXP_REGISTRATION;

static POBJECT_TYPE ExpCallbackObjectType;

INIT_CODE NTSTATUS ExInitializeCallbacks(VOID)
{
    OBJECT_TYPE_INITIALIZER Initializer = {
        .Length = sizeof(Initializer),
        .GenericMapping = {STANDARD_RIGHTS_READ, STANDARD_RIGHTS_WRITE | CALLBACK_MODIFY_STATE,
                           STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, CALLBACK_ALL_ACCESS},
        .ValidAccessMask = CALLBACK_ALL_ACCESS,
    };
    UNICODE_STRING Name;
    NTSTATUS Status;

    RtlInitUnicodeString(&Name, L"Callback");
    Status = ObCreateObjectType(&Name, &Initializer, NULL, &ExpCallbackObjectType);
    if (!NT_SUCCESS(Status))
        return Status;
    RtlInitUnicodeString(&Name, L"\\Callback");
    return ObCreateDirectory(&Name);
}

/* Makes a new object and a handle to it. */
static NTSTATUS ExpMakeCallback(POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN AllowMultipleCallbacks, PHANDLE Handle)
{
    PCALLBACK_OBJECT Object;
    NTSTATUS Status = ObCreateObject(KernelMode, ExpCallbackObjectType, ObjectAttributes, KernelMode, NULL,
                                     sizeof(*Object), 0, 0, (PVOID *)&Object);

    if (!NT_SUCCESS(Status))
        return Status;
    KeInitializeSpinLock(&Object->Lock);
    InitializeListHead(&Object->Registrations);
    Object->AllowMultipleCallbacks = AllowMultipleCallbacks;
    return ObInsertObject(Object, NULL, CALLBACK_ALL_ACCESS, 0, NULL, Handle);
}

/*
 * The callback object of that name, by convention \Callback\NAME; Create: makes it when there is none. An object
 * without OBJ_PERMANENT keeps its name no longer than this call. The reference is the caller's, who drops it with
 * ObDereferenceObject. IRQL: PASSIVE_LEVEL. STATUS_OBJECT_NAME_NOT_FOUND and what else Ob says.
 */
NTSTATUS ExCreateCallback(PCALLBACK_OBJECT *CallbackObject, POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN Create,
                          BOOLEAN AllowMultipleCallbacks)
{
    NTSTATUS Status = STATUS_OBJECT_NAME_NOT_FOUND;
    HANDLE Handle;

    KE_REQUIRE_IRQL(PASSIVE_LEVEL);
    *CallbackObject = NULL;
    if (ObjectAttributes->ObjectName != NULL)
        Status = ObOpenObjectByName(ObjectAttributes, ExpCallbackObjectType, KernelMode, NULL, CALLBACK_MODIFY_STATE,
                                    NULL, &Handle);
    if (Status == STATUS_OBJECT_NAME_NOT_FOUND && Create)
        Status = ExpMakeCallback(ObjectAttributes, AllowMultipleCallbacks, &Handle);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByHandle(Handle, CALLBACK_MODIFY_STATE, ExpCallbackObjectType, KernelMode,
                                       (PVOID *)CallbackObject, NULL);
    ObCloseHandle(Handle, KernelMode);
    return Status;
}
NT_EXPORT(ExCreateCallback);

/*
 * Has the routine called at each notification, until ExUnregisterCallback is given what this returns. NULL: no memory,
 * or there is one and the object was made for one only. IRQL: <= APC_LEVEL.
 */
PVOID ExRegisterCallback(PCALLBACK_OBJECT CallbackObject, PCALLBACK_FUNCTION CallbackFunction, PVOID CallbackContext)
{
    PEXP_REGISTRATION Registration;
    BOOLEAN Allowed;
    KIRQL Irql;

    KE_REQUIRE_IRQL(APC_LEVEL);
    Registration = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Registration), EXP_CALLBACK_TAG);
    if (Registration == NULL)
        return NULL;
    Registration->Object = CallbackObject;
    Registration->Function = CallbackFunction;
    Registration->Context = CallbackContext;
    Registration->Busy = 0;
    Registration->Leaving = FALSE;
    KeInitializeEvent(&Registration->Idle, NotificationEvent, FALSE);
    ObReferenceObject(CallbackObject);

    Irql = KeAcquireSpinLockRaiseToDpc(&CallbackObject->Lock);
    Allowed = CallbackObject->AllowMultipleCallbacks || IsListEmpty(&CallbackObject->Registrations);
    if (Allowed)
        InsertTailList(&CallbackObject->Registrations, &Registration->Link);
    KeReleaseSpinLock(&CallbackObject->Lock, Irql);
    if (Allowed)
        return Registration;
    ObDereferenceObject(CallbackObject);
    ExFreePoolWithTag(Registration, EXP_CALLBACK_TAG);
    return NULL;
}
NT_EXPORT(ExRegisterCallback);

/* The routine is not called any more; waits until it has returned wherever it runs. IRQL: <= APC_LEVEL. */
VOID ExUnregisterCallback(PVOID CallbackRegistration)
{
    PEXP_REGISTRATION Registration = CallbackRegistration;
    PCALLBACK_OBJECT Object = Registration->Object;
    KIRQL Irql;

    KE_REQUIRE_IRQL(APC_LEVEL);
    Irql = KeAcquireSpinLockRaiseToDpc(&Object->Lock);
    Registration->Leaving = TRUE;
    while (Registration->Busy != 0) {
        KeReleaseSpinLock(&Object->Lock, Irql);
        KeWaitForSingleObject(&Registration->Idle, Executive, KernelMode, FALSE, NULL);
        Irql = KeAcquireSpinLockRaiseToDpc(&Object->Lock);
    }
    RemoveEntryList(&Registration->Link);
    KeReleaseSpinLock(&Object->Lock, Irql);
    ExFreePoolWithTag(Registration, EXP_CALLBACK_TAG);
    ObDereferenceObject(Object);
}
NT_EXPORT(ExUnregisterCallback);

/* Calls every registered routine with both arguments, at the caller's level. IRQL: <= DISPATCH_LEVEL. */
VOID ExNotifyCallback(PVOID CallbackObject, PVOID Argument1, PVOID Argument2)
{
    PCALLBACK_OBJECT Object = CallbackObject;
    PLIST_ENTRY Link;
    KIRQL Irql;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    Irql = KeAcquireSpinLockRaiseToDpc(&Object->Lock);
    for (Link = Object->Registrations.Flink; Link != &Object->Registrations;) {
        PEXP_REGISTRATION Registration = CONTAINING_RECORD(Link, EXP_REGISTRATION, Link);

        if (!Registration->Leaving) {
            Registration->Busy++;
            KeReleaseSpinLock(&Object->Lock, Irql);
            Registration->Function(Registration->Context, Argument1, Argument2);
            Irql = KeAcquireSpinLockRaiseToDpc(&Object->Lock);
            if (--Registration->Busy == 0 && Registration->Leaving)
                KeSetEvent(&Registration->Idle, 0, FALSE);
        }
        /* Busy or linked, it has not left the list; once the lock is dropped with Busy 0 it may be freed. */
        Link = Link->Flink;
    }
    KeReleaseSpinLock(&Object->Lock, Irql);
}
NT_EXPORT(ExNotifyCallback);
