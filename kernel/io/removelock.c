/*
 * Remove locks ("Using Remove Locks"): every use of a device acquires it, and who removes the device releases it for
 * good and waits until all uses are over. Many uses may have it at once; it orders nothing between them.
 *
 * The lock of a checked driver records who acquired it, by tag, file and line: a release that fits no acquisition stops
 * the system, and a removal that has to wait for longer than the driver said names who it waits for.
 */
#include "io/iop.h"

#define IOP_REMOVE_LOCK_SIGNATURE 0x434C4D52    /* "RMLC" */
#define IOP_TIME_PER_MINUTE 600000000ll

/* What a checked driver hands over, whatever the kernel's own build is. */
typedef struct _IOP_CHECKED_REMOVE_LOCK {
    IO_REMOVE_LOCK_COMMON_BLOCK Common;
    IO_REMOVE_LOCK_DBG_BLOCK Dbg;
} IOP_CHECKED_REMOVE_LOCK;

typedef struct _IO_REMOVE_LOCK_TRACKING_BLOCK {
    PIO_REMOVE_LOCK_TRACKING_BLOCK Link;        /* Dbg.Blocks, under Dbg.Spin */
    PVOID Tag;
    LARGE_INTEGER TimeLocked;                   /* in ticks */
    PCSTR File;
    ULONG Line;
} IO_REMOVE_LOCK_TRACKING_BLOCK;

FORCEINLINE IO_REMOVE_LOCK_DBG_BLOCK *IopRemoveLockRecord(PIO_REMOVE_LOCK Lock, ULONG RemlockSize)
{
    return RemlockSize == sizeof(IOP_CHECKED_REMOVE_LOCK) ? &((IOP_CHECKED_REMOVE_LOCK *)Lock)->Dbg : NULL;
}

/*
 * A lock in resident memory, acquired by nobody. MaxLockedMinutes: after how long a removal says who it waits for, 0
 * never. HighWatermark: more acquisitions than these at once are reported, 0 none. IRQL: PASSIVE_LEVEL.
 */
VOID IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG AllocateTag, ULONG MaxLockedMinutes, ULONG HighWatermark,
                              ULONG RemlockSize)
{
    IO_REMOVE_LOCK_DBG_BLOCK *Record = IopRemoveLockRecord(Lock, RemlockSize);

    KE_REQUIRE_IRQL(PASSIVE_LEVEL);
    Lock->Common.Removed = FALSE;
    Lock->Common.IoCount = 1;
    KeInitializeEvent(&Lock->Common.RemoveEvent, SynchronizationEvent, FALSE);
    if (Record == NULL) {
        return;
    }
    RtlZeroMemory(Record, sizeof(*Record));
    Record->Signature = IOP_REMOVE_LOCK_SIGNATURE;
    Record->HighWatermark = HighWatermark;
    Record->MaxLockedTicks = MaxLockedMinutes * (IOP_TIME_PER_MINUTE / KeQueryTimeIncrement());
    Record->AllocateTag = (LONG)AllocateTag;
    InitializeListHead(&Record->LockList);
    KeInitializeSpinLock(&Record->Spin);
}
NT_EXPORT(IoInitializeRemoveLockEx);

static VOID IopRecordAcquisition(PIO_REMOVE_LOCK Lock, IO_REMOVE_LOCK_DBG_BLOCK *Record, PVOID Tag, PCSTR File,
                                 ULONG Line)
{
    PIO_REMOVE_LOCK_TRACKING_BLOCK Block = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Block),
                                                                 (ULONG)Record->AllocateTag);
    KIRQL Irql;

    if (Record->HighWatermark != 0 && (ULONG)Lock->Common.IoCount > Record->HighWatermark + 1) {
        DbgPrint("io: the remove lock at %p was acquired %d times at once, more than the %u its driver expects (%s "
                 "line %u)\n", Lock, Lock->Common.IoCount - 1, Record->HighWatermark, File, Line);
    }
    if (Block == NULL) {
        InterlockedIncrement(&Record->LowMemoryCount);
        return;
    }
    Block->Tag = Tag;
    Block->File = File;
    Block->Line = Line;
    KeQueryTickCount(&Block->TimeLocked);
    KeAcquireSpinLock(&Record->Spin, &Irql);
    Block->Link = Record->Blocks;
    Record->Blocks = Block;
    KeReleaseSpinLock(&Record->Spin, Irql);
}

/* Forgets one acquisition with this tag. */
static VOID IopForgetAcquisition(PIO_REMOVE_LOCK Lock, IO_REMOVE_LOCK_DBG_BLOCK *Record, PVOID Tag, PVOID Caller)
{
    PIO_REMOVE_LOCK_TRACKING_BLOCK *Link, Block;
    KIRQL Irql;

    KeAcquireSpinLock(&Record->Spin, &Irql);
    for (Link = &Record->Blocks; *Link != NULL && (*Link)->Tag != Tag; Link = &(*Link)->Link) {
    }
    Block = *Link;
    if (Block != NULL) {
        *Link = Block->Link;
    } else if (Record->LowMemoryCount > 0) {
        Record->LowMemoryCount--;               /* it could not be recorded */
    } else {
        KiBugCheck(DRIVER_VERIFIER_DETECTED_VIOLATION, (ULONG_PTR)Lock, (ULONG_PTR)Tag, (ULONG_PTR)Caller, 0, NULL,
                   "%s releases the remove lock at %p with the tag %p, with which nobody has acquired it. The tag is "
                   "the same for IoAcquireRemoveLock and its IoReleaseRemoveLock.", KiWords(Caller).Text, Lock, Tag);
    }
    KeReleaseSpinLock(&Record->Spin, Irql);
    if (Block != NULL) {
        ExFreePoolWithTag(Block, (ULONG)Record->AllocateTag);
    }
}

static VOID IopGiveRemoveLock(PIO_REMOVE_LOCK Lock)
{
    LONG Count = InterlockedDecrement(&Lock->Common.IoCount);

    ASSERTMSG("a remove lock is released as often as it was acquired", Count >= 0);
    if (Count == 0) {
        KeSetEvent(&Lock->Common.RemoveEvent, IO_NO_INCREMENT, FALSE);
    }
}

/* STATUS_DELETE_PENDING: the device is being removed, and must not be used. Never waits. IRQL: <= DISPATCH_LEVEL. */
NTSTATUS IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, PCSTR File, ULONG Line, ULONG RemlockSize)
{
    IO_REMOVE_LOCK_DBG_BLOCK *Record = IopRemoveLockRecord(RemoveLock, RemlockSize);

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    /* Counted first and looked at afterwards: the removal does the reverse, so one of the two sees the other. */
    InterlockedIncrement(&RemoveLock->Common.IoCount);
    if (*(volatile BOOLEAN *)&RemoveLock->Common.Removed) {
        IopGiveRemoveLock(RemoveLock);
        return STATUS_DELETE_PENDING;
    }
    if (Record != NULL) {
        IopRecordAcquisition(RemoveLock, Record, Tag, File, Line);
    }
    return STATUS_SUCCESS;
}
NT_EXPORT(IoAcquireRemoveLockEx);

/* Once for each IoAcquireRemoveLock that succeeded, with its tag. IRQL: <= DISPATCH_LEVEL. */
VOID IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    IO_REMOVE_LOCK_DBG_BLOCK *Record = IopRemoveLockRecord(RemoveLock, RemlockSize);

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (Record != NULL) {
        IopForgetAcquisition(RemoveLock, Record, Tag, __builtin_return_address(0));
    }
    IopGiveRemoveLock(RemoveLock);
}
NT_EXPORT(IoReleaseRemoveLockEx);

static VOID IopNameHolders(PIO_REMOVE_LOCK Lock, IO_REMOVE_LOCK_DBG_BLOCK *Record)
{
    LARGE_INTEGER Now;
    KIRQL Irql;

    KeQueryTickCount(&Now);
    KeAcquireSpinLock(&Record->Spin, &Irql);
    for (PIO_REMOVE_LOCK_TRACKING_BLOCK Block = Record->Blocks; Block != NULL; Block = Block->Link) {
        DbgPrint("io: the remove lock at %p is still held with the tag %p, acquired %I64d ticks ago at %s line %u\n",
                 Lock, Block->Tag, Now.QuadPart - Block->TimeLocked.QuadPart, Block->File, Block->Line);
    }
    KeReleaseSpinLock(&Record->Spin, Irql);
}

/*
 * For who removes the device: releases the caller's own acquisition, refuses all further ones, and waits until every
 * other is released. IRQL: PASSIVE_LEVEL.
 */
VOID IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    IO_REMOVE_LOCK_DBG_BLOCK *Record = IopRemoveLockRecord(RemoveLock, RemlockSize);

    KE_REQUIRE_IRQL(PASSIVE_LEVEL);
    if (Record != NULL) {
        IopForgetAcquisition(RemoveLock, Record, Tag, __builtin_return_address(0));
    }
    RemoveLock->Common.Removed = TRUE;
    KeMemoryBarrier();
    InterlockedDecrement(&RemoveLock->Common.IoCount);      /* the caller's; the lock's own remains */
    IopGiveRemoveLock(RemoveLock);
    if (Record != NULL && Record->MaxLockedTicks != 0) {
        LARGE_INTEGER Timeout = {.QuadPart = -Record->MaxLockedTicks * KeQueryTimeIncrement()};

        if (KeWaitForSingleObject(&RemoveLock->Common.RemoveEvent, Executive, KernelMode, FALSE, &Timeout) ==
            STATUS_SUCCESS) {
            return;
        }
        IopNameHolders(RemoveLock, Record);
    }
    KeWaitForSingleObject(&RemoveLock->Common.RemoveEvent, Executive, KernelMode, FALSE, NULL);
}
NT_EXPORT(IoReleaseRemoveLockAndWaitEx);
