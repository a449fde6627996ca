/*
 * Opening: from a name, a pointer or a handle to a reference or a handle, with the rights that go with it.
 */
#include "ob/obp.h"
#include "nt/sysinfo.h"
#include "ke/rules.h"
#include "rtl/export.h"

/* The state that parse procedures get: the caller's, or one made here. */
static NTSTATUS ObpPrepareAccess(POBJECT_TYPE Type, ACCESS_MASK Desired, PACCESS_STATE State)
{
    ACCESS_MASK Granted = Desired;
    NTSTATUS Status = STATUS_SUCCESS;

    if (Type != NULL) {
        Status = ObpGrantAccess(Type, Desired, &Granted);
    }
    State->OriginalDesiredAccess = Desired;
    State->RemainingDesiredAccess = Granted;
    State->PreviouslyGrantedAccess = 0;
    return Status;
}

NTSTATUS ObReferenceObjectByName(PUNICODE_STRING ObjectName, ULONG Attributes, PACCESS_STATE AccessState,
                                 ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                 PVOID Context, PVOID *Object)
{
    ACCESS_STATE State;
    OBP_LOOKUP Lookup = {.Name = ObjectName, .Attributes = Attributes, .Mode = AccessMode, .Type = ObjectType,
                         .AccessState = AccessState != NULL ? AccessState : &State, .Context = Context};
    NTSTATUS Status = ObpPrepareAccess(ObjectType, DesiredAccess, Lookup.AccessState);

    if (NT_SUCCESS(Status)) {
        Status = ObpLookup(&Lookup);
    }
    *Object = Lookup.Object;
    return Status;
}
NT_EXPORT(ObReferenceObjectByName);

NTSTATUS ObOpenObjectByName(POBJECT_ATTRIBUTES ObjectAttributes, POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                            PACCESS_STATE AccessState, ACCESS_MASK DesiredAccess, PVOID Context, PHANDLE Handle)
{
    OBP_ATTRIBUTES Captured;
    ACCESS_STATE State;
    OBP_LOOKUP Lookup = {.Mode = AccessMode, .Type = ObjectType, .Context = Context, .CountHandle = TRUE,
                         .AccessState = AccessState != NULL ? AccessState : &State};
    ACCESS_MASK Granted;
    NTSTATUS Status;

    PAGED_CODE();
    Status = ObpPrepareAccess(ObjectType, DesiredAccess, Lookup.AccessState);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = ObpCaptureAttributes(ObjectAttributes, AccessMode, &Captured);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Lookup.RootDirectory = Captured.RootDirectory;
    Lookup.Name = &Captured.Name;
    Lookup.Attributes = Captured.Attributes;
    Status = ObpLookup(&Lookup);
    if (NT_SUCCESS(Status)) {
        PEPROCESS Process = PsGetCurrentProcess();
        NTSTATUS Made = ObpGrantAccess(OBP_HEADER(Lookup.Object)->Type, DesiredAccess, &Granted);
        if (NT_SUCCESS(Made)) {
            Made = ObpCreateHandle(Lookup.Object, Granted, Captured.Attributes, Lookup.HandleCounted, Process, Handle);
        }
        if (!NT_SUCCESS(Made)) {
            if (Lookup.HandleCounted) {
                ObpDecrementHandleCount(Process, Lookup.Object, 0);
            }
            ObDereferenceObject(Lookup.Object);
            Status = Made;
        }
    }
    ObpReleaseAttributes(&Captured);
    return Status;
}
NT_EXPORT(ObOpenObjectByName);

NTSTATUS ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes, PACCESS_STATE AccessState,
                               ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                               PHANDLE Handle)
{
    ACCESS_MASK Granted;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(AccessState);
    Status = ObReferenceObjectByPointer(Object, DesiredAccess, ObjectType, AccessMode);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = ObpGrantAccess(OBP_HEADER(Object)->Type, DesiredAccess, &Granted);
    if (NT_SUCCESS(Status)) {
        Status = ObpCreateHandle(Object, Granted, HandleAttributes, FALSE, PsGetCurrentProcess(), Handle);
    }
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(Object);
    }
    return Status;
}
NT_EXPORT(ObOpenObjectByPointer);

NTSTATUS ObInsertObject(PVOID Object, PACCESS_STATE PassedAccessState, ACCESS_MASK DesiredAccess,
                        ULONG ObjectPointerBias, PVOID *NewObject, PHANDLE Handle)
{
    POBJECT_HEADER Header = OBP_HEADER(Object);
    OBP_LOOKUP Lookup = {.RootDirectory = Header->RootDirectory, .Name = &Header->FullName,
                         .Attributes = Header->Attributes, .Mode = Header->CreateMode, .Type = Header->Type,
                         .Insert = Header, .CountHandle = Handle != NULL, .Object = Object, .Inserted = TRUE};
    NTSTATUS Status = STATUS_SUCCESS, Made;
    ACCESS_MASK Granted = 0;

    PAGED_CODE();
    UNREFERENCED_PARAMETER(PassedAccessState);
    UNREFERENCED_PARAMETER(ObjectPointerBias);
    ASSERT((Header->Flags & OBP_INSERTED) == 0);
    Header->Flags |= OBP_INSERTED;
    if (Header->FullName.Buffer != NULL) {
        Lookup.Inserted = FALSE;
        Status = ObpLookup(&Lookup);
        if (!NT_SUCCESS(Status)) {
            ObDereferenceObject(Object);
            return Status;
        }
    }
    if (!Lookup.Inserted) {             /* OBJ_OPENIF found another one, referenced: the new one is not needed */
        ObDereferenceObject(Object);
        Object = Lookup.Object;
    }
    if (NewObject != NULL) {
        ObReferenceObject(Object);
        *NewObject = Object;
    }
    if (Handle == NULL) {
        ObDereferenceObject(Object);
        return Status;
    }
    Made = ObpGrantAccess(OBP_HEADER(Object)->Type, DesiredAccess, &Granted);
    if (NT_SUCCESS(Made)) {
        Made = ObpCreateHandle(Object, Granted, Lookup.Attributes, Lookup.HandleCounted, PsGetCurrentProcess(), Handle);
    }
    if (NT_SUCCESS(Made)) {
        return Status;
    }
    if (Lookup.HandleCounted) {             /* takes the name away again, too */
        ObpDecrementHandleCount(PsGetCurrentProcess(), Object, 0);
    }
    if (NewObject != NULL) {
        ObDereferenceObject(Object);
    }
    ObDereferenceObject(Object);
    return Made;
}
NT_EXPORT(ObInsertObject);

/* The objects behind NtCurrentProcess() and NtCurrentThread(): everything is allowed on them. */
static PVOID ObpPseudoHandle(HANDLE Handle)
{
    return Handle == NtCurrentProcess() ? (PVOID)PsGetCurrentProcess()
           : Handle == NtCurrentThread() ? (PVOID)PsGetCurrentThread() : NULL;
}

/* As ObReferenceObjectByHandle, in the table of any process. */
static NTSTATUS ObpReferenceIn(PHANDLE_TABLE Table, HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                               KPROCESSOR_MODE AccessMode, PVOID *Object, POBJECT_HANDLE_INFORMATION Information)
{
    PVOID Found = ObpPseudoHandle(Handle);
    NTSTATUS Status = STATUS_SUCCESS;

    if (Found != NULL) {
        ObReferenceObject(Found);
        Information->HandleAttributes = 0;
        Information->GrantedAccess = OBP_HEADER(Found)->Type->TypeInfo.ValidAccessMask;
    } else {
        Status = ObpReferenceByHandle(Table, Handle, AccessMode, &Found, Information);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    if (ObjectType != NULL && OBP_HEADER(Found)->Type != ObjectType) {
        Status = STATUS_OBJECT_TYPE_MISMATCH;
    } else if (AccessMode != KernelMode) {
        RtlMapGenericMask(&DesiredAccess, &OBP_HEADER(Found)->Type->TypeInfo.GenericMapping);
        if ((DesiredAccess & ~Information->GrantedAccess) != 0) {
            Status = STATUS_ACCESS_DENIED;
        }
    }
    if (NT_SUCCESS(Status)) {
        *Object = Found;
    } else {
        ObDereferenceObject(Found);
    }
    return Status;
}

/*
 * References what a handle of the current process (or a kernel handle) stands for. Rights are checked for programs
 * only, as documented. IRQL: PASSIVE_LEVEL; <= DISPATCH_LEVEL works. STATUS_INVALID_HANDLE,
 * STATUS_OBJECT_TYPE_MISMATCH, STATUS_ACCESS_DENIED.
 */
NTSTATUS ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                   KPROCESSOR_MODE AccessMode, PVOID *Object, POBJECT_HANDLE_INFORMATION Information)
{
    OBJECT_HANDLE_INFORMATION Found;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    *Object = NULL;
    return ObpReferenceIn(ObpTableOf(PsGetCurrentProcess()), Handle, DesiredAccess, ObjectType, AccessMode, Object,
                          Information != NULL ? Information : &Found);
}
NT_EXPORT(ObReferenceObjectByHandle);

/* IRQL: PASSIVE_LEVEL. STATUS_INVALID_HANDLE: not open, or a pseudo-handle, which needs no closing. */
NTSTATUS ObCloseHandle(HANDLE Handle, KPROCESSOR_MODE PreviousMode)
{
    PAGED_CODE();
    return ObpCloseHandleIn(ObpTableOf(PsGetCurrentProcess()), Handle, PreviousMode);
}
NT_EXPORT(ObCloseHandle);

NTSTATUS ObDuplicateObject(PEPROCESS Source, HANDLE SourceHandle, PEPROCESS Target, PHANDLE TargetHandle,
                           ACCESS_MASK DesiredAccess, ULONG HandleAttributes, ULONG Options, KPROCESSOR_MODE Mode)
{
    PHANDLE_TABLE SourceTable = ObpTableOf(Source);
    OBJECT_HANDLE_INFORMATION Information;
    ACCESS_MASK Granted;
    PVOID Object;
    NTSTATUS Status;

    PAGED_CODE();
    Status = ObpReferenceIn(SourceTable, SourceHandle, 0, NULL, Mode, &Object, &Information);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (TargetHandle != NULL) {
        Granted = Information.GrantedAccess;
        if ((Options & DUPLICATE_SAME_ACCESS) == 0) {
            /* More than the source has would be a way around what was granted. */
            Status = ObpGrantAccess(OBP_HEADER(Object)->Type, DesiredAccess, &Granted);
            if (NT_SUCCESS(Status) && (DesiredAccess & MAXIMUM_ALLOWED) != 0) {
                Granted &= Information.GrantedAccess;
            } else if (NT_SUCCESS(Status) && Mode != KernelMode && (Granted & ~Information.GrantedAccess) != 0) {
                Status = STATUS_ACCESS_DENIED;
            }
        }
        if ((Options & DUPLICATE_SAME_ATTRIBUTES) != 0) {
            HandleAttributes = Information.HandleAttributes;
        }
        if (NT_SUCCESS(Status)) {
            ObReferenceObject(Object);
            Status = ObpCreateHandle(Object, Granted, HandleAttributes, FALSE, Target, TargetHandle);
            if (!NT_SUCCESS(Status)) {
                ObDereferenceObject(Object);
            }
        }
    }
    if ((Options & DUPLICATE_CLOSE_SOURCE) != 0) {
        NTSTATUS Closed = ObpCloseHandleIn(SourceTable, SourceHandle, Mode);
        Status = NT_SUCCESS(Status) ? Closed : Status;
    }
    ObDereferenceObject(Object);
    return Status;
}
