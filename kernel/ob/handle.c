/*
 * Handle tables.
 *
 * A handle is 32 bits wide: bits 2-21 the index of its entry, bits 22-29 the entry's sequence number, which grows with
 * each close; bits 0 and 1 are clear; a kernel handle has bits 31-63 set. Entries are used again in the order in which
 * they became free, so a stale handle stays invalid until 256 later handles have had its entry.
 *
 * Entries lie in chunks that never move; the array of chunks is replaced by one of twice the size when it is full. One
 * spin lock per table: it is held for a few instructions, because a look-up references the object under it.
 */
#include "ob/obp.h"
#include "rtl/export.h"

#define OBP_CHUNK_ENTRIES 32
#define OBP_INDEX_BITS 20
#define OBP_MAXIMUM_ENTRIES (1u << OBP_INDEX_BITS)
#define OBP_SEQUENCE_BITS 8
#define OBP_SEQUENCE_SHIFT (2 + OBP_INDEX_BITS)

typedef struct _HANDLE_TABLE_ENTRY {
    PVOID Object;                       /* NULL: free */
    union {
        ACCESS_MASK GrantedAccess;
        ULONG NextFree;                 /* index; 0 ends the list */
    };
    UCHAR Attributes;                   /* OBJ_INHERIT */
    UCHAR Sequence;
} HANDLE_TABLE_ENTRY, *PHANDLE_TABLE_ENTRY;

typedef struct _HANDLE_TABLE {
    PEPROCESS Process;                  /* NULL: the system's */
    KSPIN_LOCK Lock;
    /* Lock, DISPATCH_LEVEL. */
    PHANDLE_TABLE_ENTRY *Chunks;
    ULONG ChunkCapacity;
    ULONG ChunkCount;
    ULONG FirstFree, LastFree;          /* 0: none; entry 0 is never used */
    ULONG HandleCount;
    BOOLEAN Closing;
} HANDLE_TABLE;

static PHANDLE_TABLE ObpDefaultTable(PEPROCESS Process)
{
    UNREFERENCED_PARAMETER(Process);
    return ObSystemHandleTable;
}

PHANDLE_TABLE (*ObProcessHandleTable)(PEPROCESS Process) = ObpDefaultTable;
PHANDLE_TABLE ObSystemHandleTable;

static PHANDLE_TABLE_ENTRY ObpEntry(PHANDLE_TABLE Table, ULONG Index)
{
    return &Table->Chunks[Index / OBP_CHUNK_ENTRIES][Index % OBP_CHUNK_ENTRIES];
}

static VOID ObpAppendFree(PHANDLE_TABLE Table, ULONG Index)
{
    ObpEntry(Table, Index)->NextFree = 0;
    if (Table->LastFree != 0) {
        ObpEntry(Table, Table->LastFree)->NextFree = Index;
    } else {
        Table->FirstFree = Index;
    }
    Table->LastFree = Index;
}

/* Adds a chunk. Takes the lock; IRQL: PASSIVE_LEVEL. Another processor may have added one meanwhile: no harm. */
static NTSTATUS ObpGrowTable(PHANDLE_TABLE Table)
{
    PHANDLE_TABLE_ENTRY Chunk = ExAllocatePoolWithTag(NonPagedPool, OBP_CHUNK_ENTRIES * sizeof(*Chunk), OBP_TAG);
    PHANDLE_TABLE_ENTRY *Larger = NULL, *Replaced = NULL;
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG Capacity;
    KIRQL Irql;

    if (Chunk == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(Chunk, OBP_CHUNK_ENTRIES * sizeof(*Chunk));
    Capacity = Table->ChunkCapacity != 0 ? Table->ChunkCapacity * 2 : 4;
    if (Table->ChunkCount == Table->ChunkCapacity) {
        Larger = ExAllocatePoolWithTag(NonPagedPool, Capacity * sizeof(*Larger), OBP_TAG);
        if (Larger == NULL) {
            ExFreePoolWithTag(Chunk, OBP_TAG);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    KeAcquireSpinLock(&Table->Lock, &Irql);
    if (Table->ChunkCount == Table->ChunkCapacity && Larger != NULL && Capacity > Table->ChunkCapacity) {
        RtlCopyMemory(Larger, Table->Chunks, Table->ChunkCount * sizeof(*Larger));
        Replaced = Table->Chunks;
        Table->Chunks = Larger;
        Table->ChunkCapacity = Capacity;
        Larger = NULL;
    }
    if (Table->ChunkCount >= OBP_MAXIMUM_ENTRIES / OBP_CHUNK_ENTRIES) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
    } else if (Table->ChunkCount < Table->ChunkCapacity) {
        ULONG First = Table->ChunkCount * OBP_CHUNK_ENTRIES;
        Table->Chunks[Table->ChunkCount++] = Chunk;
        Chunk = NULL;
        for (ULONG I = First == 0; I < OBP_CHUNK_ENTRIES; I++) {
            ObpAppendFree(Table, First + I);
        }
    }
    KeReleaseSpinLock(&Table->Lock, Irql);
    if (Replaced != NULL) {
        ExFreePoolWithTag(Replaced, OBP_TAG);
    }
    if (Larger != NULL) {
        ExFreePoolWithTag(Larger, OBP_TAG);
    }
    if (Chunk != NULL) {
        ExFreePoolWithTag(Chunk, OBP_TAG);
    }
    return Status;
}

/* Enters Object. IRQL: PASSIVE_LEVEL. STATUS_PROCESS_IS_TERMINATING: the table is being closed. */
static NTSTATUS ObpEnterHandle(PHANDLE_TABLE Table, PVOID Object, ACCESS_MASK Granted, ULONG Attributes,
                               PULONG_PTR Value)
{
    PHANDLE_TABLE_ENTRY Entry;
    NTSTATUS Status;
    ULONG Index;
    KIRQL Irql;

    for (;;) {
        KeAcquireSpinLock(&Table->Lock, &Irql);
        if (Table->Closing) {
            KeReleaseSpinLock(&Table->Lock, Irql);
            return STATUS_PROCESS_IS_TERMINATING;
        }
        Index = Table->FirstFree;
        if (Index != 0) {
            break;
        }
        KeReleaseSpinLock(&Table->Lock, Irql);
        Status = ObpGrowTable(Table);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    Entry = ObpEntry(Table, Index);
    Table->FirstFree = Entry->NextFree;
    if (Table->FirstFree == 0) {
        Table->LastFree = 0;
    }
    Entry->Object = Object;
    Entry->GrantedAccess = Granted;
    Entry->Attributes = (UCHAR)(Attributes & OBJ_INHERIT);
    *Value = (ULONG_PTR)Index << 2 | (ULONG_PTR)Entry->Sequence << OBP_SEQUENCE_SHIFT;
    Table->HandleCount++;
    KeReleaseSpinLock(&Table->Lock, Irql);
    return STATUS_SUCCESS;
}

/* The live entry behind a handle, kernel bits taken off; NULL: none. Lock held. */
static PHANDLE_TABLE_ENTRY ObpFindHandle(PHANDLE_TABLE Table, ULONG_PTR Value)
{
    ULONG Index = (ULONG)(Value >> 2) & (OBP_MAXIMUM_ENTRIES - 1);
    PHANDLE_TABLE_ENTRY Entry;

    if ((Value & 3) != 0 || Value >> (OBP_SEQUENCE_SHIFT + OBP_SEQUENCE_BITS) != 0 || Index == 0 ||
        Index >= Table->ChunkCount * OBP_CHUNK_ENTRIES) {
        return NULL;
    }
    Entry = ObpEntry(Table, Index);
    if (Entry->Object == NULL || Entry->Sequence != (UCHAR)(Value >> OBP_SEQUENCE_SHIFT)) {
        return NULL;
    }
    return Entry;
}

/* Which table a handle is in and its value there. FALSE: a program used a kernel handle. */
static BOOLEAN ObpDecodeHandle(PHANDLE_TABLE *Table, HANDLE Handle, KPROCESSOR_MODE Mode, PULONG_PTR Value)
{
    *Value = (ULONG_PTR)Handle;
    if ((*Value & OBP_KERNEL_HANDLE_BIT) == OBP_KERNEL_HANDLE_BIT) {
        if (Mode != KernelMode) {
            return FALSE;
        }
        *Value &= ~OBP_KERNEL_HANDLE_BIT;
        *Table = ObSystemHandleTable;
    }
    return TRUE;
}

NTSTATUS ObpReferenceByHandle(PHANDLE_TABLE Table, HANDLE Handle, KPROCESSOR_MODE Mode, PVOID *Object,
                              POBJECT_HANDLE_INFORMATION Information)
{
    PHANDLE_TABLE_ENTRY Entry;
    ULONG_PTR Value;
    KIRQL Irql;

    if (!ObpDecodeHandle(&Table, Handle, Mode, &Value)) {
        return STATUS_INVALID_HANDLE;
    }
    KeAcquireSpinLock(&Table->Lock, &Irql);
    Entry = ObpFindHandle(Table, Value);
    if (Entry == NULL) {
        KeReleaseSpinLock(&Table->Lock, Irql);
        return STATUS_INVALID_HANDLE;
    }
    *Object = Entry->Object;
    ObReferenceObject(Entry->Object);
    Information->GrantedAccess = Entry->GrantedAccess;
    Information->HandleAttributes = Entry->Attributes;
    KeReleaseSpinLock(&Table->Lock, Irql);
    return STATUS_SUCCESS;
}

NTSTATUS ObpCreateHandle(PVOID Object, ACCESS_MASK Granted, ULONG Attributes, BOOLEAN HandleCounted, PEPROCESS Process,
                         PHANDLE Handle)
{
    BOOLEAN Kernel = (Attributes & OBJ_KERNEL_HANDLE) != 0;
    POBJECT_HEADER Header = OBP_HEADER(Object);
    ULONG_PTR Value;
    NTSTATUS Status;

    /* Counted before it can be found, so that a racing close cannot count below zero. */
    if (!HandleCounted) {
        InterlockedIncrement(&Header->HandleCount);
        InterlockedIncrement(&Header->Type->TotalNumberOfHandles);
    }
    Status = ObpEnterHandle(Kernel ? ObSystemHandleTable : ObpTableOf(Process), Object, Granted, Attributes, &Value);
    if (!NT_SUCCESS(Status)) {
        if (!HandleCounted) {
            InterlockedDecrement(&Header->Type->TotalNumberOfHandles);
            InterlockedDecrement(&Header->HandleCount);
        }
        return Status;
    }
    *Handle = (HANDLE)(Value | (Kernel ? OBP_KERNEL_HANDLE_BIT : 0));
    return STATUS_SUCCESS;
}

VOID ObpDecrementHandleCount(PEPROCESS Process, PVOID Object, ACCESS_MASK Granted)
{
    POBJECT_HEADER Header = OBP_HEADER(Object);
    POBJECT_TYPE Type = Header->Type;
    BOOLEAN Unnamed = FALSE;
    LONG Left;

    /* An object never gets a name after its first handle, so one that has none needs no lock. */
    if (Header->Directory == NULL) {
        Left = InterlockedDecrement(&Header->HandleCount);
    } else {
        ExAcquireFastMutex(&ObpNameLock);
        Left = InterlockedDecrement(&Header->HandleCount);
        if (Left == 0 && Header->Directory != NULL && (Header->Flags & OBP_PERMANENT) == 0) {
            ObpRemoveEntry(Header);
            Unnamed = TRUE;
        }
        ExReleaseFastMutex(&ObpNameLock);
    }
    InterlockedDecrement(&Type->TotalNumberOfHandles);
    if (Type->TypeInfo.CloseProcedure != NULL) {
        Type->TypeInfo.CloseProcedure(Process, Object, Granted, 0, (ULONG)Left + 1);
    }
    if (Unnamed) {
        ObDereferenceObject(Object);
    }
}

/* Takes the handle out, then lets its object go. IRQL: PASSIVE_LEVEL. */
NTSTATUS ObpCloseHandleIn(PHANDLE_TABLE Table, HANDLE Handle, KPROCESSOR_MODE Mode)
{
    PHANDLE_TABLE_ENTRY Entry;
    ACCESS_MASK Granted;
    ULONG_PTR Value;
    PVOID Object;
    KIRQL Irql;

    if (!ObpDecodeHandle(&Table, Handle, Mode, &Value)) {
        return STATUS_INVALID_HANDLE;
    }
    KeAcquireSpinLock(&Table->Lock, &Irql);
    Entry = ObpFindHandle(Table, Value);
    if (Entry == NULL) {
        KeReleaseSpinLock(&Table->Lock, Irql);
        return STATUS_INVALID_HANDLE;
    }
    Object = Entry->Object;
    Granted = Entry->GrantedAccess;
    Entry->Object = NULL;
    Entry->Sequence++;
    Table->HandleCount--;
    ObpAppendFree(Table, (ULONG)(Value >> 2) & (OBP_MAXIMUM_ENTRIES - 1));
    KeReleaseSpinLock(&Table->Lock, Irql);
    ObpDecrementHandleCount(Table->Process, Object, Granted);
    ObDereferenceObject(Object);
    return STATUS_SUCCESS;
}

NTSTATUS ObCreateHandleTable(PEPROCESS Process, PHANDLE_TABLE *Table)
{
    PHANDLE_TABLE New = ExAllocatePoolWithTag(NonPagedPool, sizeof(*New), OBP_TAG);

    if (New == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(New, sizeof(*New));
    New->Process = Process;
    KeInitializeSpinLock(&New->Lock);
    *Table = New;
    return STATUS_SUCCESS;
}

VOID ObCloseAllHandles(PHANDLE_TABLE Table)
{
    ULONG_PTR Value;
    ULONG Index = 1;
    KIRQL Irql;

    PAGED_CODE();
    KeAcquireSpinLock(&Table->Lock, &Irql);
    Table->Closing = TRUE;
    while (Index < Table->ChunkCount * OBP_CHUNK_ENTRIES) {
        PHANDLE_TABLE_ENTRY Entry = ObpEntry(Table, Index);
        if (Entry->Object != NULL) {
            Value = (ULONG_PTR)Index << 2 | (ULONG_PTR)Entry->Sequence << OBP_SEQUENCE_SHIFT;
            KeReleaseSpinLock(&Table->Lock, Irql);
            ObpCloseHandleIn(Table, (HANDLE)Value, KernelMode);
            KeAcquireSpinLock(&Table->Lock, &Irql);
        }
        Index++;
    }
    KeReleaseSpinLock(&Table->Lock, Irql);
}

VOID ObDeleteHandleTable(PHANDLE_TABLE Table)
{
    ObCloseAllHandles(Table);
    for (ULONG I = 0; I < Table->ChunkCount; I++) {
        ExFreePoolWithTag(Table->Chunks[I], OBP_TAG);
    }
    if (Table->Chunks != NULL) {
        ExFreePoolWithTag(Table->Chunks, OBP_TAG);
    }
    ExFreePoolWithTag(Table, OBP_TAG);
}

ULONG ObQueryHandleCount(PHANDLE_TABLE Table)
{
    return Table->HandleCount;
}

PHANDLE_TABLE ObpTableOf(PEPROCESS Process)
{
    return ObProcessHandleTable(Process);
}

INIT_CODE NTSTATUS ObpInitializeHandles(VOID)
{
    return ObCreateHandleTable(NULL, &ObSystemHandleTable);
}
