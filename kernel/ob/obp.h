/*
 * Ob's own: the object header, directories, handle tables.
 *
 * Locks: ObpNameLock, a fast mutex (APC_LEVEL), holds for every directory, every object's name and the making of links;
 * it is held for a whole walk through directories, never across a parse procedure. A handle table's spin lock
 * (DISPATCH_LEVEL) holds for its entries. The name lock is never taken under a table's lock.
 */
#pragma once

#include "mm/mm.h"
#include "ob/ob.h"

#define OBP_TAG 0x2020624Fu             /* "Ob  " */

typedef struct _OBJECT_DIRECTORY OBJECT_DIRECTORY, *POBJECT_DIRECTORY;

/* Flags of an object. */
#define OBP_PERMANENT 0x1               /* keeps its name without handles */
#define OBP_INSERTED 0x2                /* ObInsertObject has been called: the captured attributes are used up */

/* The body follows. */
typedef struct _OBJECT_HEADER {
    volatile LONG_PTR PointerCount;     /* interlocked */
    volatile LONG HandleCount;          /* interlocked; with a name: changed under the name lock, too */
    ULONG Flags;                        /* set before the object is known to others, or under the name lock */
    POBJECT_TYPE Type;
    /* Name lock. */
    POBJECT_DIRECTORY Directory;        /* where it is entered, NULL: nowhere. The entry holds a reference */
    LIST_ENTRY DirectoryLink;
    ULONG NameHash;
    /* Constant after creation. */
    ULONG Attributes;                   /* OBJ_...; as asked for at creation */
    HANDLE RootDirectory;               /* where the name at creation starts */
    KPROCESSOR_MODE CreateMode;
    UNICODE_STRING FullName;            /* as given at creation: a path */
    UNICODE_STRING Name;                /* last component, within FullName's buffer */
    SINGLE_LIST_ENTRY DeleteLink;       /* in the list of objects that wait for PASSIVE_LEVEL */
} DECLSPEC_ALIGN(16) OBJECT_HEADER, *POBJECT_HEADER;

#define OBP_HEADER(Object) ((POBJECT_HEADER)(Object) - 1)
#define OBP_BODY(Header) ((PVOID)((Header) + 1))

#define OBP_DIRECTORY_BUCKETS 32
struct _OBJECT_DIRECTORY {
    LIST_ENTRY Buckets[OBP_DIRECTORY_BUCKETS];  /* OBJECT_HEADER.DirectoryLink */
    ULONG Count;
};

typedef struct _OBJECT_SYMBOLIC_LINK {
    UNICODE_STRING Target;              /* the characters follow the structure */
    WCHAR Characters[];
} OBJECT_SYMBOLIC_LINK, *POBJECT_SYMBOLIC_LINK;

extern FAST_MUTEX ObpNameLock;
extern POBJECT_DIRECTORY ObpRootDirectory;

/* An OBJECT_ATTRIBUTES that has been copied into kernel memory. */
typedef struct _OBP_ATTRIBUTES {
    HANDLE RootDirectory;
    UNICODE_STRING Name;                /* pool, ends in a null; Buffer NULL: no name */
    ULONG Attributes;
} OBP_ATTRIBUTES, *POBP_ATTRIBUTES;

/* capture.c */
NTSTATUS ObpCaptureAttributes(POBJECT_ATTRIBUTES ObjectAttributes, KPROCESSOR_MODE Mode, POBP_ATTRIBUTES Captured);
VOID ObpReleaseAttributes(POBP_ATTRIBUTES Captured);

/* object.c */
NTSTATUS ObpAllocateObject(POBJECT_TYPE Type, ULONG BodySize, PVOID *Object);
VOID ObpInitializeDeletion(VOID);

/* directory.c. Name lock held. */
ULONG ObpHashName(PCUNICODE_STRING Name);
POBJECT_HEADER ObpFindEntry(POBJECT_DIRECTORY Directory, PCUNICODE_STRING Name, ULONG Hash);
VOID ObpInsertEntry(POBJECT_DIRECTORY Directory, POBJECT_HEADER Header);
/* Takes the name away; the caller drops the entry's reference after releasing the lock. */
VOID ObpRemoveEntry(POBJECT_HEADER Header);

/* lookup.c */
/* How a look-up ends: with the object that was there, or with Insert entered under the name. */
typedef struct _OBP_LOOKUP {
    HANDLE RootDirectory;
    PCUNICODE_STRING Name;
    ULONG Attributes;
    KPROCESSOR_MODE Mode;
    POBJECT_TYPE Type;                  /* wanted; NULL: any */
    PACCESS_STATE AccessState;
    PVOID Context;
    POBJECT_HEADER Insert;              /* to be entered, or NULL */
    BOOLEAN CountHandle;                /* count a handle on what is found, before the name lock is released */
    /* Result. */
    PVOID Object;                       /* referenced (unless it is Insert's own body) */
    BOOLEAN Inserted;
    BOOLEAN HandleCounted;
} OBP_LOOKUP, *POBP_LOOKUP;
NTSTATUS ObpLookup(POBP_LOOKUP Lookup);

/* handle.c */
#define OBP_KERNEL_HANDLE_BIT 0xFFFFFFFF80000000ull
/*
 * Makes a handle. Uses up one reference to Object on success, and counts the handle unless HandleCounted says that this
 * has been done; on failure both stay the caller's.
 */
NTSTATUS ObpCreateHandle(PVOID Object, ACCESS_MASK Granted, ULONG Attributes, BOOLEAN HandleCounted, PEPROCESS Process,
                         PHANDLE Handle);
/* Uncounts a handle: close procedure, name. The pointer reference stays the caller's. */
VOID ObpDecrementHandleCount(PEPROCESS Process, PVOID Object, ACCESS_MASK Granted);
/* Fills in a reference and what the handle allows. */
NTSTATUS ObpReferenceByHandle(PHANDLE_TABLE Table, HANDLE Handle, KPROCESSOR_MODE Mode, PVOID *Object,
                              POBJECT_HANDLE_INFORMATION Information);
PHANDLE_TABLE ObpTableOf(PEPROCESS Process);
NTSTATUS ObpCloseHandleIn(PHANDLE_TABLE Table, HANDLE Handle, KPROCESSOR_MODE Mode);
NTSTATUS ObpInitializeHandles(VOID);

/* access.c */
/* Maps generic rights, resolves MAXIMUM_ALLOWED. STATUS_ACCESS_DENIED: a right that the type has not. */
NTSTATUS ObpGrantAccess(POBJECT_TYPE Type, ACCESS_MASK Desired, PACCESS_MASK Granted);

/* event.c */
NTSTATUS ObpCreateEventType(VOID);
