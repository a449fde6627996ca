/*
 * Transfers: one request to a paging file each, preallocated with all it needs, so that neither reading a page in nor
 * writing one out can fail, or wait for itself, for want of memory.
 */
#include "mm/mi.h"
#include "io/io.h"

static MI_TRANSFER MiTransfers[MI_TRANSFERS];
static PSINGLE_LIST_ENTRY MiFreeTransfers;      /* PFN lock: whoever takes or gives back a transfer has it anyway */
static KEVENT MiTransferFree;                   /* set when one comes back; then everybody looks again */
ULONG64 MiPagesIn, MiPagesOut, MiPageReads, MiPageWrites;

/* The writer always finds one: readers leave the last two alone. */
#define WRITER_TRANSFERS 2
static ULONG MiFreeTransferCount;

VOID MiInitializeTransfers(VOID)
{
    KeInitializeEvent(&MiTransferFree, NotificationEvent, TRUE);
    for (ULONG i = 0; i < MI_TRANSFERS; i++) {
        MiTransfers[i].Index = i;
        KeInitializeEvent(&MiTransfers[i].Done, NotificationEvent, FALSE);
        MiTransfers[i].FreeLink.Next = MiFreeTransfers;
        MiFreeTransfers = &MiTransfers[i].FreeLink;
        MiFreeTransferCount++;
    }
}

PMI_TRANSFER MiTransfer(ULONG Index)
{
    return &MiTransfers[Index];
}

static FORCEINLINE PMI_TRANSFER MiPopTransfer(ULONG Spare)
{
    PMI_TRANSFER Transfer = NULL;

    if (MiFreeTransferCount > Spare) {
        Transfer = CONTAINING_RECORD(MiFreeTransfers, MI_TRANSFER, FreeLink);
        MiFreeTransfers = MiFreeTransfers->Next;
        MiFreeTransferCount--;
        Transfer->References = 1;
        if (Transfer->Done.Header.SignalState != 0)
            KeClearEvent(&Transfer->Done);
    } else {
        KeClearEvent(&MiTransferFree);
    }
    return Transfer;
}

PMI_TRANSFER MiTakeTransfer(VOID)
{
    return MiPopTransfer(WRITER_TRANSFERS);
}

PMI_TRANSFER MiTryAllocateTransfer(VOID)
{
    KIRQL Irql = MiLockPfn();
    PMI_TRANSFER Transfer = MiPopTransfer(WRITER_TRANSFERS);

    MiUnlockPfn(Irql);
    return Transfer;
}

PMI_TRANSFER MiTryAllocateWriteTransfer(VOID)
{
    KIRQL Irql = MiLockPfn();
    PMI_TRANSFER Transfer = MiPopTransfer(0);

    MiUnlockPfn(Irql);
    return Transfer;
}

VOID MiWaitForTransferSlot(VOID)
{
    KeWaitForSingleObject(&MiTransferFree, WrPageIn, KernelMode, FALSE, NULL);
}

VOID MiReferenceTransfer(PMI_TRANSFER Transfer)
{
    InterlockedIncrement(&Transfer->References);
}

/*
 * The last one puts it back. The transferring side drops its reference when the frames are in their final state, so the
 * event is set here only for those who wait: with one reference there is nobody.
 */
VOID MiDropTransfer(PMI_TRANSFER Transfer)
{
    if (InterlockedDecrement(&Transfer->References) != 0) {
        KeSetEvent(&Transfer->Done, 0, FALSE);
        return;
    }
    Transfer->FreeLink.Next = MiFreeTransfers;
    MiFreeTransfers = &Transfer->FreeLink;
    MiFreeTransferCount++;
    if (MiTransferFree.Header.SignalState == 0)
        KeSetEvent(&MiTransferFree, 0, FALSE);
}

VOID MiDereferenceTransfer(PMI_TRANSFER Transfer)
{
    KIRQL Irql = MiLockPfn();

    MiDropTransfer(Transfer);
    MiUnlockPfn(Irql);
}

VOID MiWaitForTransfer(PMI_TRANSFER Transfer)
{
    KeWaitForSingleObject(&Transfer->Done, WrPageIn, KernelMode, FALSE, NULL);
    if (InterlockedDecrement(&Transfer->References) == 0) {
        InterlockedIncrement(&Transfer->References);
        MiDereferenceTransfer(Transfer);
    }
}

#if DBG
/* Enough to tell one page from another and a torn one from a whole. */
static ULONG MiChecksum(PFN_NUMBER Frame)
{
    const ULONG64 *Words = MiDirectAddress(Frame);
    ULONG64 Sum = 0x9E3779B97F4A7C15ull;

    for (ULONG i = 0; i < PAGE_SIZE / sizeof(ULONG64); i++)
        Sum = (Sum << 5 | Sum >> 59) ^ Words[i];
    return (ULONG)(Sum ^ Sum >> 32);
}
#endif

/* The first Count frames of the transfer, from or to Slot on. */
static NTSTATUS MiMovePages(PMI_TRANSFER Transfer, ULONG64 Slot, ULONG Count, BOOLEAN Write)
{
    PMI_PAGING_FILE File = &MiPagingFiles[Transfer->File];
    IO_STATUS_BLOCK Iosb;
    PMDL Mdl = &Transfer->Mdl;
    NTSTATUS Status;

    Mdl->Next = NULL;
    Mdl->Size = (CSHORT)(sizeof(MDL) + Count * sizeof(PFN_NUMBER));
    Mdl->MdlFlags = MDL_PAGES_LOCKED | MDL_ALLOCATED_FIXED_SIZE | (Write ? 0 : MDL_IO_PAGE_READ | MDL_WRITE_OPERATION);
    Mdl->Process = NULL;
    /* One page is in the direct map. More are shown by the device's driver, if it wants to see them. */
    if (Count == 1) {
        Mdl->MappedSystemVa = MiDirectAddress(Transfer->Frames[0]);
        Mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    } else {
        Mdl->MappedSystemVa = NULL;
    }
    Mdl->StartVa = NULL;
    Mdl->ByteOffset = 0;
    Mdl->ByteCount = Count << PAGE_SHIFT;
#if DBG
    for (ULONG i = 0; Write && i < Count; i++)
        File->Checksums[Slot + i] = MiChecksum(Transfer->Frames[i]);
#endif
    Status = IoPagingIo(File->FileObject, File->Irps[Transfer->Index], Mdl, Slot << PAGE_SHIFT, Write, &Iosb);
    if (Count != 1 && (Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA))
        MmUnmapLockedPages(Mdl->MappedSystemVa, Mdl);
    if (NT_SUCCESS(Status) && Iosb.Information != Mdl->ByteCount)
        Status = STATUS_IO_DEVICE_ERROR;
    InterlockedIncrement64((PLONG64)(Write ? &MiPageWrites : &MiPageReads));
#if DBG
    for (ULONG i = 0; !Write && NT_SUCCESS(Status) && i < Count; i++)
        if (File->Checksums[Slot + i] != MiChecksum(Transfer->Frames[i])) {
            DbgPrint("Paging file %s: slot %I64u does not hold what was written to it\n", File->Name, Slot + i);
            Status = STATUS_CRC_ERROR;
        }
#endif
    Transfer->Status = Status;
    return Status;
}

NTSTATUS MiTransferPages(PMI_TRANSFER Transfer, BOOLEAN Write)
{
    return MiMovePages(Transfer, Transfer->Slot, Transfer->Count, Write);
}

/*
 * A request for several pages fails as a whole, whichever of them is at fault: each once more by itself. The MDL begins
 * with the transfer's first frame, so the page that is meant stands in its place meanwhile.
 */
ULONG MiTransferSingly(PMI_TRANSFER Transfer, BOOLEAN Write)
{
    PFN_NUMBER First = Transfer->Frames[0];
    ULONG Good = 0;

    for (ULONG i = 0; i < Transfer->Count; i++) {
        Transfer->Frames[0] = i == 0 ? First : Transfer->Frames[i];
        if (NT_SUCCESS(MiMovePages(Transfer, Transfer->Slot + i, 1, Write)))
            Good |= 1u << i;
    }
    Transfer->Frames[0] = First;
    return Good;
}
