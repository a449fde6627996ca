/*
 * Ob, as the other rooms see it: object types, objects, handles and the name space.
 *
 * - An object is a header (object.c) and a body; everything outside Ob holds pointers to bodies. Objects and handle
 *   tables are nonpaged: dispatcher objects, files and devices live in them.
 * - The pointer count keeps the memory; the handle count keeps the name. The last handle calls the type's close
 *   procedure with a count of one, the last pointer its delete procedure, always at PASSIVE_LEVEL.
 * - Names are compared without regard to case and keep the case they were made with. `\??` is the directory of the
 *   programs' device names; `\DosDevices` and `\GLOBAL??` are links to it.
 * - There are no security descriptors: an open is granted what it asks for, as far as the type has such rights. What
 *   was granted is recorded in the handle and checked on each use.
 */
#pragma once

#include "wdm.h"

#define OB_MAXIMUM_NAME 0xFFFC          /* bytes of a full name, links resolved */

/* What an open asks for and was granted, on its way through the parse procedures. */
typedef struct _ACCESS_STATE {
    ACCESS_MASK OriginalDesiredAccess;
    ACCESS_MASK RemainingDesiredAccess; /* generic rights already mapped to the type's own */
    ACCESS_MASK PreviouslyGrantedAccess;
} ACCESS_STATE, *PACCESS_STATE;

/* Types -------------------------------------------------------------------------------------------------------- */

/*
 * One handle less. SystemHandleCount counts the handles before this one goes: 1 says that it was the last. Process is
 * the one whose table it was in, NULL the system. IRQL: PASSIVE_LEVEL.
 */
typedef VOID OB_CLOSE_METHOD(PEPROCESS Process, PVOID Object, ACCESS_MASK GrantedAccess, ULONG ProcessHandleCount,
                             ULONG SystemHandleCount);
/* The last reference is gone: give back what the body holds, not the body. IRQL: PASSIVE_LEVEL. */
typedef VOID OB_DELETE_METHOD(PVOID Object);
/*
 * Opens what lies behind an object of this type under the name that is left over, which may be empty. Returns a
 * referenced object of type ObjectType, or a failure. IRQL: PASSIVE_LEVEL, no locks held.
 */
typedef NTSTATUS OB_PARSE_METHOD(PVOID ParseObject, POBJECT_TYPE ObjectType, PACCESS_STATE AccessState,
                                 KPROCESSOR_MODE AccessMode, ULONG Attributes, PUNICODE_STRING CompleteName,
                                 PUNICODE_STRING RemainingName, PVOID Context, PVOID SecurityQos, PVOID *Object);

typedef struct _OBJECT_TYPE_INITIALIZER {
    USHORT Length;                      /* sizeof(OBJECT_TYPE_INITIALIZER) */
    BOOLEAN Waitable;                   /* the body holds a dispatcher object at WaitOffset */
    ULONG WaitOffset;
    GENERIC_MAPPING GenericMapping;
    ACCESS_MASK ValidAccessMask;
    OB_CLOSE_METHOD *CloseProcedure;    /* each may be NULL */
    OB_DELETE_METHOD *DeleteProcedure;
    OB_PARSE_METHOD *ParseProcedure;
} OBJECT_TYPE_INITIALIZER, *POBJECT_TYPE_INITIALIZER;

typedef struct _OBJECT_TYPE {
    UNICODE_STRING Name;
    OBJECT_TYPE_INITIALIZER TypeInfo;
    volatile LONG TotalNumberOfObjects;
    volatile LONG TotalNumberOfHandles;
} OBJECT_TYPE;

/* Creates the first directories. Called once, when pool is there. IRQL: PASSIVE_LEVEL. */
NTSTATUS ObInitialize(VOID);
/* Makes a type, named in \ObjectTypes; types are for good. IRQL: PASSIVE_LEVEL. */
NTSTATUS ObCreateObjectType(PUNICODE_STRING TypeName, POBJECT_TYPE_INITIALIZER Initializer, PVOID SecurityDescriptor,
                            POBJECT_TYPE *ObjectType);

/* Objects ------------------------------------------------------------------------------------------------------- */

/*
 * Makes an object with a zeroed body of ObjectBodySize bytes and one reference. The name and the attributes are
 * captured from ObjectAttributes (optional), which is a program's memory when ProbeMode is UserMode; the object gets
 * them when it is inserted. ParseContext, OwnershipMode and the charges are part of the known interface and mean
 * nothing here. IRQL: PASSIVE_LEVEL. STATUS_INSUFFICIENT_RESOURCES, STATUS_OBJECT_NAME_INVALID,
 * STATUS_ACCESS_VIOLATION.
 */
NTSTATUS ObCreateObject(KPROCESSOR_MODE ProbeMode, POBJECT_TYPE ObjectType, POBJECT_ATTRIBUTES ObjectAttributes,
                        KPROCESSOR_MODE OwnershipMode, PVOID ParseContext, ULONG ObjectBodySize, ULONG PagedPoolCharge,
                        ULONG NonPagedPoolCharge, PVOID *Object);
/*
 * Enters the object under its name and makes a handle to it (Handle not NULL). Takes over the caller's reference:
 * whatever the outcome, it is used up (on success with NewObject not NULL, *NewObject carries one). With OBJ_OPENIF
 * and a name that is taken by an object of the same type, the handle is to that one and the result
 * STATUS_OBJECT_NAME_EXISTS. IRQL: PASSIVE_LEVEL.
 */
NTSTATUS ObInsertObject(PVOID Object, PACCESS_STATE PassedAccessState, ACCESS_MASK DesiredAccess,
                        ULONG ObjectPointerBias, PVOID *NewObject, PHANDLE Handle);
/*
 * Opens by name and makes a handle. ObjectAttributes is a program's memory when AccessMode is UserMode. Context goes
 * to the parse procedure. IRQL: PASSIVE_LEVEL.
 */
NTSTATUS ObOpenObjectByName(POBJECT_ATTRIBUTES ObjectAttributes, POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                            PACCESS_STATE AccessState, ACCESS_MASK DesiredAccess, PVOID Context, PHANDLE Handle);
/* The same with a reference in place of a handle; the name is in kernel memory. */
NTSTATUS ObReferenceObjectByName(PUNICODE_STRING ObjectName, ULONG Attributes, PACCESS_STATE AccessState,
                                 ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                 PVOID Context, PVOID *Object);
NTSTATUS ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes, PACCESS_STATE AccessState,
                               ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                               PHANDLE Handle);
/*
 * A temporary object loses its name with its last handle, a permanent one keeps it. Making an object without handles
 * temporary takes its name away at once. IRQL: PASSIVE_LEVEL.
 */
VOID ObMakeTemporaryObject(PVOID Object);
/* A link that replaces the part of a path that names it. \??\NAME. IRQL: PASSIVE_LEVEL. */
NTSTATUS ObCreateSymbolicLink(PCUNICODE_STRING Name, PCUNICODE_STRING Target);
NTSTATUS ObDeleteSymbolicLink(PCUNICODE_STRING Name);
NTSTATUS ObCreateDirectory(PCUNICODE_STRING Name);

POBJECT_TYPE ObGetObjectType(PVOID Object);
/* The name within its directory; empty when it has none. Valid as long as the object is referenced. */
PCUNICODE_STRING ObQueryObjectName(PVOID Object);
/* The path it was created under, in the same way. */
PCUNICODE_STRING ObQueryObjectPath(PVOID Object);
/* What a wait on the object waits for, or NULL. */
PVOID ObWaitObject(PVOID Object);

/* Handles ------------------------------------------------------------------------------------------------------- */

typedef struct _HANDLE_TABLE *PHANDLE_TABLE;

/*
 * The table of a process: Ps makes one with ObCreateHandleTable and tells how to find it. Process is NULL for the
 * system process; until Ps has set the routine, everything is in the system's table. IRQL of the routine: <=
 * DISPATCH_LEVEL.
 */
extern PHANDLE_TABLE (*ObProcessHandleTable)(PEPROCESS Process);
extern PHANDLE_TABLE ObSystemHandleTable;

NTSTATUS ObCreateHandleTable(PEPROCESS Process, PHANDLE_TABLE *Table);
/* Closes every handle that is left; new ones are refused from now on. IRQL: PASSIVE_LEVEL. */
VOID ObCloseAllHandles(PHANDLE_TABLE Table);
/* Closes what is left and frees the table: nobody uses it any more. IRQL: PASSIVE_LEVEL. */
VOID ObDeleteHandleTable(PHANDLE_TABLE Table);
ULONG ObQueryHandleCount(PHANDLE_TABLE Table);

/*
 * Makes a handle in Target to what SourceHandle is in Source. TargetHandle may be NULL (then it only closes the
 * source, with DUPLICATE_CLOSE_SOURCE). IRQL: PASSIVE_LEVEL.
 */
NTSTATUS ObDuplicateObject(PEPROCESS Source, HANDLE SourceHandle, PEPROCESS Target, PHANDLE TargetHandle,
                           ACCESS_MASK DesiredAccess, ULONG HandleAttributes, ULONG Options, KPROCESSOR_MODE Mode);

/* The type of the links and directories; Ps, Io and Ex make theirs. */
extern POBJECT_TYPE ObDirectoryObjectType, ObSymbolicLinkObjectType;
