/*
 * Look-up: from a path to an object. Walks directories, follows symbolic links, and hands what is left of the path to
 * the parse procedure of the first object that has one (a device: the rest is a file's name). The same walk enters a
 * new object under its name, so that between "not there" and "entered" nobody comes in.
 *
 * The walk holds the name lock; a parse procedure is called without it.
 */
#include "ob/obp.h"

/* More links than this on one path are taken for a circle. */
#define OBP_MAXIMUM_LINKS 32

#define OBP_NEAR_NAME 64            /* characters */

/*
 * The state of one walk: Rest is what is still to be resolved, in Near or Owned (pool) once a link has been followed.
 */
typedef struct _OBP_WALK {
    POBJECT_DIRECTORY Directory;
    UNICODE_STRING Full;
    UNICODE_STRING Rest;
    PWCHAR Owned;
    ULONG Links;
    WCHAR Near[OBP_NEAR_NAME];      /* a short path without memory of its own: a link of a driver that unloads can be deleted */
} OBP_WALK, *POBP_WALK;

/* Takes the first component off Rest, with the backslash behind it. FALSE: it is empty, "\\" doubled for instance. */
static BOOLEAN ObpNextComponent(PUNICODE_STRING Rest, PUNICODE_STRING Component)
{
    USHORT Length = 0;

    while (Length < Rest->Length && Rest->Buffer[Length / sizeof(WCHAR)] != L'\\') {
        Length += sizeof(WCHAR);
    }
    Component->Buffer = Rest->Buffer;
    Component->Length = Component->MaximumLength = Length;
    Rest->Buffer += Length / sizeof(WCHAR);
    Rest->Length -= Length;
    return Length != 0;
}

/* Drops the backslash that separates a component from the next; at the end there is none. */
static VOID ObpSkipSeparator(PUNICODE_STRING Rest)
{
    if (Rest->Length != 0) {
        Rest->Buffer++;
        Rest->Length -= sizeof(WCHAR);
    }
}

/*
 * Replaces the path up to Rest by the link's target and starts again at the root. Rest keeps its leading backslash.
 * STATUS_OBJECT_NAME_INVALID: the path became too long; STATUS_OBJECT_PATH_INVALID: a circle.
 */
static NTSTATUS ObpFollowLink(POBP_WALK Walk, POBJECT_SYMBOLIC_LINK Link)
{
    ULONG Length = Link->Target.Length + Walk->Rest.Length;
    PWCHAR Buffer;

    if (++Walk->Links > OBP_MAXIMUM_LINKS) {
        return STATUS_OBJECT_PATH_INVALID;
    }
    if (Length > OB_MAXIMUM_NAME) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    /* The first time only: later the path that is read lies there. */
    if (Walk->Links == 1 && Length + sizeof(WCHAR) <= sizeof(Walk->Near)) {
        Buffer = Walk->Near;
    } else {
        Buffer = ExAllocatePoolWithTag(NonPagedPool, Length + sizeof(WCHAR), OBP_TAG);
    }
    if (Buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlCopyMemory(Buffer, Link->Target.Buffer, Link->Target.Length);
    RtlCopyMemory((PCHAR)Buffer + Link->Target.Length, Walk->Rest.Buffer, Walk->Rest.Length);
    Buffer[Length / sizeof(WCHAR)] = UNICODE_NULL;
    if (Walk->Owned != NULL) {
        ExFreePoolWithTag(Walk->Owned, OBP_TAG);
    }
    Walk->Owned = Buffer != Walk->Near ? Buffer : NULL;
    Walk->Full.Buffer = Buffer;
    Walk->Full.Length = (USHORT)Length;
    Walk->Full.MaximumLength = (USHORT)(Length + sizeof(WCHAR));
    Walk->Rest = Walk->Full;
    ObpSkipSeparator(&Walk->Rest);          /* targets are absolute: ObCreateSymbolicLink sees to it */
    Walk->Directory = ObpRootDirectory;
    return STATUS_SUCCESS;
}

/* Counts the handle that is about to be made, so that nobody can take the name away until then. Name lock held. */
static VOID ObpCountHandle(POBP_LOOKUP Lookup, POBJECT_HEADER Header)
{
    if (Lookup->CountHandle) {
        InterlockedIncrement(&Header->HandleCount);
        InterlockedIncrement(&Header->Type->TotalNumberOfHandles);
        Lookup->HandleCounted = TRUE;
    }
}

/* The end of the walk at an existing object. Name lock held. */
static NTSTATUS ObpFoundObject(POBP_LOOKUP Lookup, POBJECT_HEADER Header)
{
    NTSTATUS Status = STATUS_SUCCESS;

    if (Lookup->Insert != NULL) {
        if ((Lookup->Attributes & OBJ_OPENIF) == 0) {
            return STATUS_OBJECT_NAME_COLLISION;
        }
        Status = STATUS_OBJECT_NAME_EXISTS;
    }
    if (Lookup->Type != NULL && Lookup->Type != Header->Type) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    ObReferenceObject(OBP_BODY(Header));
    ObpCountHandle(Lookup, Header);
    Lookup->Object = OBP_BODY(Header);
    return Status;
}

/* Whether the walk goes on through this object's parse procedure. */
static BOOLEAN ObpParses(POBP_LOOKUP Lookup, POBJECT_HEADER Header, PCUNICODE_STRING Rest)
{
    return Header->Type->TypeInfo.ParseProcedure != NULL && (Rest->Length != 0 || Lookup->Type != Header->Type) &&
           Lookup->Insert == NULL;
}

/*
 * Walks from Walk->Directory. On STATUS_REPARSE the parse procedure of *Parser (referenced) has to be called with
 * Walk->Rest. Name lock held.
 */
static NTSTATUS ObpWalkDirectories(POBP_LOOKUP Lookup, POBP_WALK Walk, PVOID *Parser)
{
    UNICODE_STRING Component;
    POBJECT_HEADER Header;
    NTSTATUS Status;
    ULONG Hash;

    for (;;) {
        if (Walk->Rest.Length == 0) {       /* the directory itself: "\", or a trailing backslash */
            return ObpFoundObject(Lookup, OBP_HEADER(Walk->Directory));
        }
        if (!ObpNextComponent(&Walk->Rest, &Component)) {
            return STATUS_OBJECT_NAME_INVALID;
        }
        Hash = ObpHashName(&Component);
        Header = ObpFindEntry(Walk->Directory, &Component, Hash);
        if (Header == NULL) {
            if (Walk->Rest.Length != 0) {
                return STATUS_OBJECT_PATH_NOT_FOUND;
            }
            if (Lookup->Insert == NULL) {
                return STATUS_OBJECT_NAME_NOT_FOUND;
            }
            ObpInsertEntry(Walk->Directory, Lookup->Insert);
            ObpCountHandle(Lookup, Lookup->Insert);
            Lookup->Inserted = TRUE;
            Lookup->Object = OBP_BODY(Lookup->Insert);
            return STATUS_SUCCESS;
        }
        if (Header->Type == ObSymbolicLinkObjectType &&
            (Walk->Rest.Length != 0 || (Lookup->Type != ObSymbolicLinkObjectType && Lookup->Insert == NULL))) {
            Status = ObpFollowLink(Walk, OBP_BODY(Header));
            if (!NT_SUCCESS(Status)) {
                return Status;
            }
            continue;
        }
        if (ObpParses(Lookup, Header, &Walk->Rest)) {
            *Parser = OBP_BODY(Header);
            ObReferenceObject(*Parser);
            return STATUS_REPARSE;
        }
        if (Walk->Rest.Length == 0) {
            return ObpFoundObject(Lookup, Header);
        }
        if (Header->Type != ObDirectoryObjectType) {
            return STATUS_OBJECT_PATH_NOT_FOUND;
        }
        Walk->Directory = OBP_BODY(Header);
        ObpSkipSeparator(&Walk->Rest);
    }
}

/*
 * Where the walk begins: the root directory, the directory that RootDirectory is a handle to, or an object with a parse
 * procedure (an open folder). *Start is referenced when it is not NULL.
 */
static NTSTATUS ObpWalkStart(POBP_LOOKUP Lookup, POBP_WALK Walk, PVOID *Start)
{
    NTSTATUS Status;

    *Start = NULL;
    Walk->Full = Walk->Rest = *Lookup->Name;
    if (Lookup->RootDirectory == NULL) {
        if (Walk->Full.Length == 0 || Walk->Full.Buffer[0] != L'\\') {
            return STATUS_OBJECT_PATH_SYNTAX_BAD;
        }
        ObpSkipSeparator(&Walk->Rest);
        Walk->Directory = ObpRootDirectory;
        return STATUS_SUCCESS;
    }
    if (Walk->Full.Length != 0 && Walk->Full.Buffer[0] == L'\\') {
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    }
    Status = ObReferenceObjectByHandle(Lookup->RootDirectory, 0, NULL, Lookup->Mode, Start, NULL);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Walk->Directory = *Start;
    return STATUS_SUCCESS;
}

/* Calls the parse procedure of Parser with what is left. No locks held. */
static NTSTATUS ObpParse(POBP_LOOKUP Lookup, POBP_WALK Walk, PVOID Parser)
{
    POBJECT_TYPE Type = OBP_HEADER(Parser)->Type;
    PVOID Object = NULL;
    NTSTATUS Status;

    Status = Type->TypeInfo.ParseProcedure(Parser, Lookup->Type, Lookup->AccessState, Lookup->Mode, Lookup->Attributes,
                                           &Walk->Full, &Walk->Rest, Lookup->Context, NULL, &Object);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Lookup->Type != NULL && OBP_HEADER(Object)->Type != Lookup->Type) {
        ObDereferenceObject(Object);
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    Lookup->Object = Object;
    return Status;
}

/*
 * Finds, or enters, the object under Lookup->Name. Lookup->Object is referenced on success, unless it was entered
 * (then it is the caller's own). IRQL: PASSIVE_LEVEL. STATUS_OBJECT_NAME_EXISTS (a success): OBJ_OPENIF found one.
 */
NTSTATUS ObpLookup(POBP_LOOKUP Lookup)
{
    OBP_WALK Walk = {0};
    PVOID Start, Parser = NULL;
    NTSTATUS Status;

    PAGED_CODE();
    Lookup->Object = NULL;
    Lookup->Inserted = Lookup->HandleCounted = FALSE;
    Status = ObpWalkStart(Lookup, &Walk, &Start);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Start != NULL && OBP_HEADER(Start)->Type != ObDirectoryObjectType) {
        if (Lookup->Insert == NULL && OBP_HEADER(Start)->Type->TypeInfo.ParseProcedure != NULL) {
            Status = ObpParse(Lookup, &Walk, Start);
        } else {
            Status = STATUS_OBJECT_TYPE_MISMATCH;
        }
    } else {
        ExAcquireFastMutex(&ObpNameLock);
        Status = ObpWalkDirectories(Lookup, &Walk, &Parser);
        ExReleaseFastMutex(&ObpNameLock);
        if (Parser != NULL) {
            Status = ObpParse(Lookup, &Walk, Parser);
            ObDereferenceObject(Parser);
        }
    }
    if (Start != NULL) {
        ObDereferenceObject(Start);
    }
    if (Walk.Owned != NULL) {
        ExFreePoolWithTag(Walk.Owned, OBP_TAG);
    }
    return Status;
}
