/*
 * Types, symbolic links, directories: the objects that the name space itself is made of, and its beginning.
 */
#include "ob/obp.h"
#include "rtl/export.h"

POBJECT_TYPE ObDirectoryObjectType, ObSymbolicLinkObjectType;
static POBJECT_TYPE ObpTypeObjectType;

static const GENERIC_MAPPING ObpGenericMapping = {STANDARD_RIGHTS_READ | 1, STANDARD_RIGHTS_WRITE | 2,
                                                  STANDARD_RIGHTS_EXECUTE | 1, STANDARD_RIGHTS_REQUIRED | 0xF};

/* A type's memory: an object of the type "Type", which is its own type's too. */
static NTSTATUS ObpMakeType(PCUNICODE_STRING TypeName, POBJECT_TYPE_INITIALIZER Initializer, POBJECT_TYPE *NewType)
{
    static OBJECT_TYPE Nothing;             /* counts the first object of all, before there are types */
    POBJECT_TYPE Type;
    NTSTATUS Status = ObpAllocateObject(ObpTypeObjectType != NULL ? ObpTypeObjectType : &Nothing, sizeof(OBJECT_TYPE),
                                        (PVOID *)&Type);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Type->Name = *TypeName;
    Type->TypeInfo = *Initializer;
    if (ObpTypeObjectType == NULL) {
        OBP_HEADER(Type)->Type = Type;
    }
    *NewType = Type;
    return STATUS_SUCCESS;
}

NTSTATUS ObCreateObjectType(PUNICODE_STRING TypeName, POBJECT_TYPE_INITIALIZER Initializer, PVOID SecurityDescriptor,
                            POBJECT_TYPE *ObjectType)
{
    static const WCHAR Prefix[] = L"\\ObjectTypes\\";
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Path;
    POBJECT_TYPE Type;
    NTSTATUS Status;

    PAGED_CODE();
    UNREFERENCED_PARAMETER(SecurityDescriptor);
    if (Initializer->Length != sizeof(*Initializer) || TypeName->Length == 0 || TypeName->Length > 128) {
        return STATUS_INVALID_PARAMETER;
    }
    Path.Length = 0;
    Path.MaximumLength = (USHORT)(sizeof(Prefix) + TypeName->Length);
    Path.Buffer = ExAllocatePoolWithTag(NonPagedPool, Path.MaximumLength, OBP_TAG);
    if (Path.Buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlAppendUnicodeToString(&Path, Prefix);
    RtlAppendUnicodeStringToString(&Path, TypeName);
    InitializeObjectAttributes(&Attributes, &Path, OBJ_PERMANENT, NULL, NULL);
    Status = ObCreateObject(KernelMode, ObpTypeObjectType, &Attributes, KernelMode, NULL, sizeof(OBJECT_TYPE), 0, 0,
                            (PVOID *)&Type);
    ExFreePoolWithTag(Path.Buffer, OBP_TAG);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Type->Name = OBP_HEADER(Type)->Name;
    Type->TypeInfo = *Initializer;
    Status = ObInsertObject(Type, NULL, 0, 0, NULL, NULL);
    if (NT_SUCCESS(Status)) {
        *ObjectType = Type;
    }
    return Status;
}
NT_EXPORT(ObCreateObjectType);

static VOID ObpInitializeBuckets(POBJECT_DIRECTORY Directory)
{
    for (ULONG I = 0; I < OBP_DIRECTORY_BUCKETS; I++) {
        InitializeListHead(&Directory->Buckets[I]);
    }
}

/* Makes a permanent directory. IRQL: PASSIVE_LEVEL. */
NTSTATUS ObCreateDirectory(PCUNICODE_STRING Name)
{
    OBJECT_ATTRIBUTES Attributes;
    POBJECT_DIRECTORY Directory;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, (PUNICODE_STRING)Name, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE, NULL, NULL);
    Status = ObCreateObject(KernelMode, ObDirectoryObjectType, &Attributes, KernelMode, NULL, sizeof(*Directory), 0, 0,
                            (PVOID *)&Directory);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    ObpInitializeBuckets(Directory);
    return ObInsertObject(Directory, NULL, 0, 0, NULL, NULL);
}

/*
 * Makes a permanent link. STATUS_OBJECT_PATH_SYNTAX_BAD: the target is not a full path; STATUS_OBJECT_NAME_COLLISION:
 * the name is taken. IRQL: PASSIVE_LEVEL.
 */
NTSTATUS ObCreateSymbolicLink(PCUNICODE_STRING Name, PCUNICODE_STRING Target)
{
    OBJECT_ATTRIBUTES Attributes;
    POBJECT_SYMBOLIC_LINK Link;
    NTSTATUS Status;

    if (Target->Length == 0 || Target->Length > OB_MAXIMUM_NAME || Target->Buffer[0] != L'\\') {
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    }
    InitializeObjectAttributes(&Attributes, (PUNICODE_STRING)Name, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE, NULL, NULL);
    Status = ObCreateObject(KernelMode, ObSymbolicLinkObjectType, &Attributes, KernelMode, NULL,
                            (ULONG)sizeof(*Link) + Target->Length, 0, 0, (PVOID *)&Link);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    RtlCopyMemory(Link->Characters, Target->Buffer, Target->Length);
    Link->Target.Buffer = Link->Characters;
    Link->Target.Length = Link->Target.MaximumLength = Target->Length;
    return ObInsertObject(Link, NULL, 0, 0, NULL, NULL);
}

NTSTATUS ObDeleteSymbolicLink(PCUNICODE_STRING Name)
{
    PVOID Link;
    NTSTATUS Status = ObReferenceObjectByName((PUNICODE_STRING)Name, OBJ_CASE_INSENSITIVE, NULL, 0,
                                              ObSymbolicLinkObjectType, KernelMode, NULL, &Link);

    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    ObMakeTemporaryObject(Link);
    ObDereferenceObject(Link);
    return STATUS_SUCCESS;
}

VOID ObMakeTemporaryObject(PVOID Object)
{
    POBJECT_HEADER Header = OBP_HEADER(Object);
    BOOLEAN Unnamed = FALSE;

    PAGED_CODE();
    ExAcquireFastMutex(&ObpNameLock);
    Header->Flags &= ~OBP_PERMANENT;
    if (Header->Directory != NULL && Header->HandleCount == 0) {
        ObpRemoveEntry(Header);
        Unnamed = TRUE;
    }
    ExReleaseFastMutex(&ObpNameLock);
    if (Unnamed) {
        ObDereferenceObject(Object);
    }
}
NT_EXPORT(ObMakeTemporaryObject);

/* One of the three types that the name space itself needs: made before there is a directory to enter them in. */
static INIT_CODE NTSTATUS ObpMakeFirstType(PCWSTR Name, ACCESS_MASK SpecificRights, POBJECT_TYPE *Type)
{
    OBJECT_TYPE_INITIALIZER Initializer = {.Length = sizeof(Initializer), .GenericMapping = ObpGenericMapping,
                                           .ValidAccessMask = STANDARD_RIGHTS_REQUIRED | SpecificRights};
    UNICODE_STRING TypeName;

    RtlInitUnicodeString(&TypeName, Name);
    return ObpMakeType(&TypeName, &Initializer, Type);
}

static INIT_CODE NTSTATUS ObpMakeRoot(VOID)
{
    NTSTATUS Status = ObpAllocateObject(ObDirectoryObjectType, sizeof(OBJECT_DIRECTORY), (PVOID *)&ObpRootDirectory);

    if (NT_SUCCESS(Status)) {
        ObpInitializeBuckets(ObpRootDirectory);
        OBP_HEADER(ObpRootDirectory)->Flags |= OBP_PERMANENT;
    }
    return Status;
}

INIT_CODE NTSTATUS ObInitialize(VOID)
{
    static const PCWSTR Directories[] = {L"\\ObjectTypes", L"\\Device", L"\\Driver", L"\\FileSystem", L"\\??",
                                         L"\\BaseNamedObjects"};
    static const PCWSTR Links[] = {L"\\DosDevices", L"\\GLOBAL??"};
    UNICODE_STRING Name, Target;
    NTSTATUS Status;

    ExInitializeFastMutex(&ObpNameLock);
    ObpInitializeDeletion();
    Status = ObpInitializeHandles();
    if (NT_SUCCESS(Status)) {
        Status = ObpMakeFirstType(L"Type", 0x1, &ObpTypeObjectType);
    }
    if (NT_SUCCESS(Status)) {
        Status = ObpMakeFirstType(L"Directory", 0xF, &ObDirectoryObjectType);
    }
    if (NT_SUCCESS(Status)) {
        Status = ObpMakeFirstType(L"SymbolicLink", 0x1, &ObSymbolicLinkObjectType);
    }
    if (NT_SUCCESS(Status)) {
        Status = ObpMakeRoot();
    }
    for (ULONG I = 0; NT_SUCCESS(Status) && I < ARRAYSIZE(Directories); I++) {
        RtlInitUnicodeString(&Name, Directories[I]);
        Status = ObCreateDirectory(&Name);
    }
    RtlInitUnicodeString(&Target, L"\\??");
    for (ULONG I = 0; NT_SUCCESS(Status) && I < ARRAYSIZE(Links); I++) {
        RtlInitUnicodeString(&Name, Links[I]);
        Status = ObCreateSymbolicLink(&Name, &Target);
    }
    return NT_SUCCESS(Status) ? ObpCreateEventType() : Status;
}
