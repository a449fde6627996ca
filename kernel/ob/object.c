/*
 * Objects: allocation, reference counts, deletion.
 *
 * Deleting runs a type's delete procedure, which may send an IRP or wait, so it happens at PASSIVE_LEVEL. A last
 * reference that is dropped at a higher level puts the object on a list, and a worker thread deletes it.
 */
#include "ob/obp.h"
#include "ke/rules.h"
#include "rtl/export.h"

static PSINGLE_LIST_ENTRY volatile ObpDeleteList;
static WORK_QUEUE_ITEM ObpDeleteItem;

/* Frees the object for good. IRQL: PASSIVE_LEVEL; <= DISPATCH_LEVEL for a type without delete procedure. */
static VOID ObpDeleteObject(POBJECT_HEADER Header)
{
    POBJECT_TYPE Type = Header->Type;

    ASSERT(Header->HandleCount == 0 && Header->Directory == NULL);
    if (Type->TypeInfo.DeleteProcedure != NULL) {
        Type->TypeInfo.DeleteProcedure(OBP_BODY(Header));
    }
    InterlockedDecrement(&Type->TotalNumberOfObjects);
    if (Header->FullName.Buffer != NULL) {
        ExFreePoolWithTag(Header->FullName.Buffer, OBP_TAG);
    }
    ExFreePoolWithTag(Header, OBP_TAG);
}

/*
 * Worker thread, PASSIVE_LEVEL. The list is taken exactly once a run: so the item is queued when and only when the
 * list is not empty, and never twice.
 */
static VOID ObpDeleteDeferred(PVOID Context)
{
    PSINGLE_LIST_ENTRY Entry = InterlockedExchangePointer((PVOID *)&ObpDeleteList, NULL), Next;

    UNREFERENCED_PARAMETER(Context);
    for (; Entry != NULL; Entry = Next) {
        Next = Entry->Next;
        ObpDeleteObject(CONTAINING_RECORD(Entry, OBJECT_HEADER, DeleteLink));
    }
}

/* IRQL: <= DISPATCH_LEVEL. */
static VOID ObpDeferDelete(POBJECT_HEADER Header)
{
    PSINGLE_LIST_ENTRY Old;

    do {
        Old = ObpDeleteList;
        Header->DeleteLink.Next = Old;
    } while (InterlockedCompareExchangePointer((PVOID *)&ObpDeleteList, &Header->DeleteLink, Old) != Old);
    if (Old == NULL) {
        ExQueueWorkItem(&ObpDeleteItem, CriticalWorkQueue);
    }
}

/* Makes an object of a type with a zeroed body and one reference. IRQL: <= DISPATCH_LEVEL. */
NTSTATUS ObpAllocateObject(POBJECT_TYPE Type, ULONG BodySize, PVOID *Object)
{
    POBJECT_HEADER Header;

    if (BodySize > MAXLONG - sizeof(OBJECT_HEADER)) {
        return STATUS_INVALID_PARAMETER;
    }
    Header = ExAllocatePoolWithTag(NonPagedPool, sizeof(OBJECT_HEADER) + BodySize, OBP_TAG);
    if (Header == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(Header, sizeof(OBJECT_HEADER) + BodySize);
    Header->PointerCount = 1;
    Header->Type = Type;
    InterlockedIncrement(&Type->TotalNumberOfObjects);
    *Object = OBP_BODY(Header);
    return STATUS_SUCCESS;
}

/* "Last component" of a path: what stands behind the last backslash. */
static VOID ObpLastComponent(PCUNICODE_STRING Path, PUNICODE_STRING Name)
{
    USHORT Start = Path->Length / sizeof(WCHAR);

    while (Start > 0 && Path->Buffer[Start - 1] != L'\\') {
        Start--;
    }
    Name->Buffer = Path->Buffer + Start;
    Name->Length = Name->MaximumLength = (USHORT)(Path->Length - Start * sizeof(WCHAR));
}

NTSTATUS ObCreateObject(KPROCESSOR_MODE ProbeMode, POBJECT_TYPE ObjectType, POBJECT_ATTRIBUTES ObjectAttributes,
                        KPROCESSOR_MODE OwnershipMode, PVOID ParseContext, ULONG ObjectBodySize, ULONG PagedPoolCharge,
                        ULONG NonPagedPoolCharge, PVOID *Object)
{
    OBP_ATTRIBUTES Captured = {0};
    POBJECT_HEADER Header;
    NTSTATUS Status;

    PAGED_CODE();
    UNREFERENCED_PARAMETER(OwnershipMode);
    UNREFERENCED_PARAMETER(ParseContext);
    UNREFERENCED_PARAMETER(PagedPoolCharge);
    UNREFERENCED_PARAMETER(NonPagedPoolCharge);
    if (ObjectAttributes != NULL) {
        Status = ObpCaptureAttributes(ObjectAttributes, ProbeMode, &Captured);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    Status = ObpAllocateObject(ObjectType, ObjectBodySize, Object);
    if (!NT_SUCCESS(Status)) {
        ObpReleaseAttributes(&Captured);
        return Status;
    }
    Header = OBP_HEADER(*Object);
    Header->Attributes = Captured.Attributes;
    Header->RootDirectory = Captured.RootDirectory;
    Header->CreateMode = ProbeMode;
    if (Captured.Name.Buffer != NULL) {
        Header->FullName = Captured.Name;           /* the header owns the buffer from here on */
        ObpLastComponent(&Header->FullName, &Header->Name);
        Header->NameHash = ObpHashName(&Header->Name);
    }
    if ((Captured.Attributes & OBJ_PERMANENT) != 0) {
        Header->Flags |= OBP_PERMANENT;
    }
    return STATUS_SUCCESS;
}

/* IRQL: any. Returns the new count. */
LONG_PTR ObReferenceObject(PVOID Object)
{
    POBJECT_HEADER Header = OBP_HEADER(Object);
    LONG_PTR Count = InterlockedIncrement64(&Header->PointerCount);

    ASSERTMSG("reference to an object that is being deleted", Count > 1);
    return Count;
}
NT_EXPORT(ObReferenceObject);

/* IRQL: <= DISPATCH_LEVEL. Returns the new count; at zero the object goes, at once or from a worker thread. */
LONG_PTR ObDereferenceObject(PVOID Object)
{
    POBJECT_HEADER Header = OBP_HEADER(Object);
    LONG_PTR Count;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    Count = InterlockedDecrement64(&Header->PointerCount);
    ASSERTMSG("dereference of an object without references", Count >= 0);
    if (Count == 0) {
        if (Header->Type->TypeInfo.DeleteProcedure == NULL || KeGetCurrentIrql() == PASSIVE_LEVEL) {
            ObpDeleteObject(Header);
        } else {
            ObpDeferDelete(Header);
        }
    }
    return Count;
}
NT_EXPORT(ObDereferenceObject);

/* IRQL: <= DISPATCH_LEVEL. The type is checked for programs, and for everyone where one is given. */
NTSTATUS ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                    KPROCESSOR_MODE AccessMode)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(DesiredAccess);
    if (OBP_HEADER(Object)->Type != ObjectType && (ObjectType != NULL || AccessMode == UserMode)) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    ObReferenceObject(Object);
    return STATUS_SUCCESS;
}
NT_EXPORT(ObReferenceObjectByPointer);

POBJECT_TYPE ObGetObjectType(PVOID Object)
{
    return OBP_HEADER(Object)->Type;
}
NT_EXPORT(ObGetObjectType);

PCUNICODE_STRING ObQueryObjectName(PVOID Object)
{
    return &OBP_HEADER(Object)->Name;
}

PCUNICODE_STRING ObQueryObjectPath(PVOID Object)
{
    return &OBP_HEADER(Object)->FullName;
}

PVOID ObWaitObject(PVOID Object)
{
    POBJECT_TYPE Type = OBP_HEADER(Object)->Type;

    return Type->TypeInfo.Waitable ? (PCHAR)Object + Type->TypeInfo.WaitOffset : NULL;
}

/* Called by ObInitialize, before anything can be deleted. */
INIT_CODE VOID ObpInitializeDeletion(VOID)
{
    ExInitializeWorkItem(&ObpDeleteItem, ObpDeleteDeferred, NULL);
}
