/*
 * Requests: allocation, initialisation, reuse.
 *
 * Freed requests of each small stack size wait on a list of their own, so that the common case costs neither the pool
 * nor a search. A request is nonpaged: drivers handle it at DISPATCH_LEVEL.
 */
#include "io/iop.h"

#define IOP_LARGEST_CACHED 4            /* stack locations */
#define IOP_CACHE_DEPTH 16              /* requests kept per size */

typedef struct _IOP_CACHE {
    /* Lock, DISPATCH_LEVEL. */
    KSPIN_LOCK Lock;
    SINGLE_LIST_ENTRY Free;             /* through IRP.MdlAddress */
    ULONG Depth;
} DECLSPEC_CACHEALIGN IOP_CACHE, *PIOP_CACHE;

static IOP_CACHE IopCaches[IOP_LARGEST_CACHED + 1];

INIT_CODE VOID IopInitializeIrps(VOID)
{
    for (ULONG I = 0; I < ARRAYSIZE(IopCaches); I++) {
        KeInitializeSpinLock(&IopCaches[I].Lock);
    }
}

/* Makes an IRP of memory that holds PacketSize bytes ("IoInitializeIrp"). IRQL: any. */
VOID IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize)
{
    RtlZeroMemory(Irp, PacketSize);
    Irp->Type = IO_TYPE_IRP;
    Irp->Size = PacketSize;
    Irp->StackCount = StackSize;
    Irp->CurrentLocation = (CHAR)(StackSize + 1);
    Irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(Irp + 1) + StackSize;
    InitializeListHead(&Irp->ThreadListEntry);
}
NT_EXPORT(IoInitializeIrp);

/*
 * A request with StackSize locations, or NULL ("IoAllocateIrp"). ChargeQuota makes no difference: most
 * requests come from a cache and go back to it, whoever made them. IRQL: <= DISPATCH_LEVEL.
 */
PIRP IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota)
{
    PSINGLE_LIST_ENTRY Entry = NULL;
    BOOLEAN Cached;
    PIRP Irp;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(ChargeQuota);
    if (StackSize < 0 || StackSize >= MAXCHAR - 1) {
        return NULL;
    }
    Cached = StackSize <= IOP_LARGEST_CACHED;
    if (Cached) {
        PIOP_CACHE Cache = &IopCaches[(UCHAR)StackSize];
        KIRQL Irql;
        KeAcquireSpinLock(&Cache->Lock, &Irql);
        Entry = PopEntryList(&Cache->Free);
        if (Entry != NULL) {
            Cache->Depth--;
        }
        KeReleaseSpinLock(&Cache->Lock, Irql);
    }
    Irp = Entry != NULL ? CONTAINING_RECORD(Entry, IRP, MdlAddress)
                        : ExAllocatePoolWithTag(NonPagedPool, IoSizeOfIrp(StackSize), IOP_TAG);
    if (Irp != NULL) {
        IoInitializeIrp(Irp, IoSizeOfIrp(StackSize), StackSize);
        Irp->AllocationFlags = Cached ? IOP_IRP_LOOKASIDE : 0;
    }
    return Irp;
}
NT_EXPORT(IoAllocateIrp);

/* IRQL: <= DISPATCH_LEVEL. Freeing one that is in use or freed already is a bugcheck. */
VOID IoFreeIrp(PIRP Irp)
{
    PIOP_CACHE Cache = &IopCaches[(UCHAR)Irp->StackCount % ARRAYSIZE(IopCaches)];
    BOOLEAN Kept = FALSE;
    KIRQL Irql;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (Irp->Type != IO_TYPE_IRP || !IsListEmpty(&Irp->ThreadListEntry)) {
        KiBugCheck(MULTIPLE_IRP_COMPLETE_REQUESTS, (ULONG_PTR)Irp, 1, 0, 0, NULL,
                   "IoFreeIrp of %p, which is %s; called from %p", Irp,
                   Irp->Type == IO_TYPE_IRP ? "still a thread's or a file's" : "no IRP, or freed already",
                   __builtin_return_address(0));
    }
    Irp->Type = IO_TYPE_IRP_FREE;
    if ((Irp->AllocationFlags & IOP_IRP_LOOKASIDE) != 0) {
        KeAcquireSpinLock(&Cache->Lock, &Irql);
        if (Cache->Depth < IOP_CACHE_DEPTH) {
            /* The link goes where it does not hide that this is a freed IRP. */
            PushEntryList(&Cache->Free, (PSINGLE_LIST_ENTRY)&Irp->MdlAddress);
            Cache->Depth++;
            Kept = TRUE;
        }
        KeReleaseSpinLock(&Cache->Lock, Irql);
    }
    if (!Kept) {
        ExFreePoolWithTag(Irp, IOP_TAG);
    }
}
NT_EXPORT(IoFreeIrp);

/* Ready for another trip, by the driver that allocated it ("IoReuseIrp"). IRQL: <= DISPATCH_LEVEL. */
VOID IoReuseIrp(PIRP Irp, NTSTATUS Status)
{
    UCHAR Flags = Irp->AllocationFlags;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    IoInitializeIrp(Irp, Irp->Size, Irp->StackCount);
    Irp->AllocationFlags = Flags;
    Irp->IoStatus.Status = Status;
}
NT_EXPORT(IoReuseIrp);
