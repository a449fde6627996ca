/*
 * Images: a range of the driver region, and the sections placed in it; and the kernel's own image, treated alike.
 */
#include "mm/mi.h"
#include "kd/kd.h"
#include "rtl/rtl.h"

VOID MiInsertSection(PMM_SECTION Section);
VOID MiRemoveSection(PMM_SECTION Section);

static PMM_IMAGE MiKernelImage;

NTSTATUS MmReserveImage(PMM_IMAGE Image, PCSTR Name, ULONG PageCount)
{
    ULONG_PTR Base = MiReserveRange(&MiDriverRange, PageCount);

    if (Base == 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!MiMakeSystemTables(Base, PageCount)) {
        MiReleaseRange(&MiDriverRange, Base, PageCount);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Image->Name = Name;
    Image->Base = Base;
    Image->PageCount = PageCount;
    Image->PagedEntirely = FALSE;
    InitializeListHead(&Image->Sections);
    return STATUS_SUCCESS;
}

VOID MmReleaseImage(PMM_IMAGE Image)
{
    ASSERT(IsListEmpty(&Image->Sections));
    MiReleaseRange(&MiDriverRange, Image->Base, Image->PageCount);
    Image->Base = 0;
}

static ULONG MiSectionProtection(PMM_SECTION Section)
{
    return Section->Protection;     /* the bits are the same */
}
C_ASSERT(MM_SECTION_READ == MI_PROTECT_READ && MM_SECTION_WRITE == MI_PROTECT_WRITE &&
         MM_SECTION_EXECUTE == MI_PROTECT_EXECUTE);

/*
 * Frames for a nonpaged section, zeroed. Waits for them when they are not at hand: the budget says that there will be
 * some.
 */
static NTSTATUS MiPopulateNonpaged(PMM_SECTION Section)
{
    if (!MiChargeResident(Section->PageCount))
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < Section->PageCount; i++)
        MiWritePte(MiSystemPte(Section->Base + (ULONG_PTR)i * PAGE_SIZE),
                   MiMakePermanent(MiWaitForPermanentFrame(), MiSectionProtection(Section)));
    Section->ResidentPages = Section->PageCount;
    return STATUS_SUCCESS;
}

NTSTATUS MmAddImageSection(PMM_IMAGE Image, PMM_SECTION Section, PCSTR Name, ULONG PageOffset, ULONG PageCount,
                           MM_SECTION_KIND Kind, UCHAR Protection)
{
    NTSTATUS Status = STATUS_SUCCESS;

    RtlZeroMemory(Section, sizeof(*Section));
    Section->Owner = Image->Name;
    strncpy(Section->Name, Name, sizeof(Section->Name) - 1);
    Section->Base = Image->Base + ((ULONG_PTR)PageOffset << PAGE_SHIFT);
    Section->PageCount = PageCount;
    Section->Kind = Section->CompileKind = (UCHAR)Kind;
    Section->Protection = Protection;
    Section->Image = Image;
    if (!MiChargeCommit(PageCount))
        return STATUS_COMMITMENT_LIMIT;
    if (Kind == MmSectionNonpaged) {
        Status = MiPopulateNonpaged(Section);
        if (!NT_SUCCESS(Status)) {
            MiReturnCommit(PageCount);
            return Status;
        }
    }
    MiLockWorkingSet(&MiSystemWorkingSet);
    if (Kind != MmSectionNonpaged)
        for (ULONG i = 0; i < PageCount; i++)
            MiWritePte(MiSystemPte(Section->Base + i * PAGE_SIZE), MiMakeDemandZero(MiSectionProtection(Section)));
    MiInsertSection(Section);
    InsertTailList(&Image->Sections, &Section->ImageEntry);
    MiUnlockWorkingSet(&MiSystemWorkingSet);
    return STATUS_SUCCESS;
}

/*
 * While there is no paging file, contents of pageable sections go into frames of the working set, marked as never
 * written.
 */
static NTSTATUS MiFillInFrames(PMM_SECTION Section, ULONG FirstPage, ULONG Pages, PUCHAR Buffer)
{
    for (ULONG i = 0; i < Pages; i++) {
        ULONG_PTR Address = Section->Base + ((ULONG_PTR)(FirstPage + i) << PAGE_SHIFT);
        NTSTATUS Status;
        PMMPFN Pfn;
        KIRQL Irql;
        /* The buffer may be paged, so bytes move without the lock; a frame that is referenced stays meanwhile. */
        MiLockWorkingSet(&MiSystemWorkingSet);
        do
            Status = MiResolveFault(&MiSystemWorkingSet, NULL, Address, 0);
        while (Status == MI_RETRY);
        if (!NT_SUCCESS(Status)) {
            MiUnlockWorkingSet(&MiSystemWorkingSet);
            return Status;
        }
        Pfn = MiPfn(MiFrameOf(MiReadPte(MiSystemPte(Address))));
        Irql = MiLockPfn();
        MiReferenceFrame(Pfn);
        Pfn->Flags |= MI_FRAME_DIRTY;
        MiUnlockPfn(Irql);
        MiUnlockWorkingSet(&MiSystemWorkingSet);
        RtlCopyMemory(MiDirectAddress(MiFrameNumber(Pfn)), Buffer + ((SIZE_T)i << PAGE_SHIFT), PAGE_SIZE);
        Irql = MiLockPfn();
        MiDereferenceFrame(Pfn);
        MiUnlockPfn(Irql);
    }
    return STATUS_SUCCESS;
}

/*
 * At most a cluster, straight to adjacent slots: Frames hold the contents. MI_RETRY: nothing was done, take another
 * way.
 */
static NTSTATUS MiFillInSlots(PMM_SECTION Section, ULONG FirstPage, PMI_TRANSFER Transfer)
{
    ULONG Wanted = Transfer->Count, Got;
    NTSTATUS Status;
    KIRQL Irql = MiLockPfn();

    Got = MiAllocateSlots(Wanted, &Transfer->File, &Transfer->Slot);
    if (Got != Wanted) {
        for (ULONG i = 0; i < Got; i++)
            MiFreeSlot(Transfer->File, Transfer->Slot + i);
        MiUnlockPfn(Irql);
        return MI_RETRY;
    }
    Transfer->OwnsSlots = TRUE;
    MiUnlockPfn(Irql);
    Status = MiTransferPages(Transfer, TRUE);
    Irql = MiLockPfn();
    Transfer->OwnsSlots = FALSE;
    for (ULONG i = 0; i < Got; i++) {
        ULONG_PTR Address = Section->Base + ((ULONG_PTR)(FirstPage + i) << PAGE_SHIFT);
        ASSERT(MiKindOf(MiReadPte(MiSystemPte(Address))) == MiPteDemandZero);
        if (NT_SUCCESS(Status))
            MiWritePte(MiSystemPte(Address), MiMakePagingFile(Transfer->File, Transfer->Slot + i, MiSectionProtection(Section)));
        else
            MiFreeSlot(Transfer->File, Transfer->Slot + i);     /* the writer finds out which of them cannot be written */
    }
    MiUnlockPfn(Irql);
    return NT_SUCCESS(Status) ? STATUS_SUCCESS : MI_RETRY;
}

static NTSTATUS MiFillCluster(PMM_SECTION Section, ULONG FirstPage, ULONG Pages, PUCHAR Buffer)
{
    PMI_TRANSFER Transfer;
    NTSTATUS Status = MI_RETRY;
    ULONG Got;

    while ((Transfer = MiTryAllocateTransfer()) == NULL)
        MiWaitForTransferSlot();
    /* Frames of our own carry the bytes: the buffer's may be anywhere, also out. */
    for (Got = 0; Got < Pages; Got++) {
        Transfer->Frames[Got] = MiAllocatePermanentFrame();
        if (Transfer->Frames[Got] == MI_NO_FRAME)
            break;
        RtlCopyMemory(MiDirectAddress(Transfer->Frames[Got]), Buffer + ((SIZE_T)Got << PAGE_SHIFT), PAGE_SIZE);
    }
    Transfer->Count = Pages;
    if (Got == Pages)
        Status = MiFillInSlots(Section, FirstPage, Transfer);
    while (Got-- > 0)
        MiFreePermanentFrame(Transfer->Frames[Got]);
    MiDereferenceTransfer(Transfer);
    return Status;
}

NTSTATUS MmFillImageSection(PMM_SECTION Section, ULONG FirstPage, ULONG Pages, PVOID Buffer)
{
    PUCHAR From = Buffer;

    if (FirstPage > Section->PageCount || Pages > Section->PageCount - FirstPage)
        return STATUS_INVALID_PARAMETER;
    if (Section->Kind == MmSectionNonpaged) {
        for (ULONG i = 0; i < Pages; i++) {
            MMPTE Pte = MiReadPte(MiSystemPte(Section->Base + ((ULONG_PTR)(FirstPage + i) << PAGE_SHIFT)));
            RtlCopyMemory(MiDirectAddress(MiFrameOf(Pte)), From + ((SIZE_T)i << PAGE_SHIFT), PAGE_SIZE);
        }
        return STATUS_SUCCESS;
    }
    while (Pages != 0) {
        ULONG Count = min(Pages, MI_CLUSTER);
        NTSTATUS Status = MiPagingFileCount != 0 ? MiFillCluster(Section, FirstPage, Count, From) : MI_RETRY;
        if (Status == MI_RETRY)
            Status = MiFillInFrames(Section, FirstPage, Count, From);
        if (!NT_SUCCESS(Status))
            return Status;
        FirstPage += Count;
        Pages -= Count;
        From += (SIZE_T)Count << PAGE_SHIFT;
    }
    return STATUS_SUCCESS;
}

/*
 * Protections stand in the entries from the start, since contents are placed through the direct map; what is left is to
 * say that the image is whole.
 */
VOID MmSealImage(PMM_IMAGE Image)
{
    for (PLIST_ENTRY Entry = Image->Sections.Flink; Entry != &Image->Sections; Entry = Entry->Flink)
        CONTAINING_RECORD(Entry, MM_SECTION, ImageEntry)->Stable = TRUE;
}

/* Gives a section's frames and slots back and leaves NewPte in its entries. System working-set lock held. */
static VOID MiEmptySection(PMM_SECTION Section, MMPTE NewPte)
{
    MiDeletePages(&MiSystemWorkingSet, MiKernelRoot, Section->Base, Section->PageCount, NewPte);
    Section->ResidentPages = 0;
    MiReturnCommit(Section->PageCount);
}

VOID MmDiscardImageSection(PMM_SECTION Section)
{
    MiLockWorkingSet(&MiSystemWorkingSet);
    if (Section->LockCount != 0) {
        DbgPrint("%s: section %s is discarded with a lock count of %d; INIT cannot be locked past DriverEntry\n", Section->Owner,
                 Section->Name, Section->LockCount);
        Section->LockCount = 0;
        MiReturnResident(Section->PageCount);
    }
    Section->Kind = MmSectionDiscarded;     /* first, since the lock is let go of on the way */
    MiEmptySection(Section, MiMakeDiscarded());
    MiUnlockWorkingSet(&MiSystemWorkingSet);
}

VOID MmDeleteImageSection(PMM_SECTION Section)
{
    MiLockWorkingSet(&MiSystemWorkingSet);
    if (Section->LockCount != 0) {
        DbgPrint("%s: unloaded with a lock count of %d on section %s; its unload routine must release every handle\n",
                 Section->Owner, Section->LockCount, Section->Name);
        if (Section->Kind != MmSectionNonpaged)
            MiReturnResident(Section->PageCount);
        Section->LockCount = 0;
    }
    /* One that MmPageEntireDriver made pageable has its charge back already. */
    if (Section->Kind == MmSectionNonpaged)
        MiReturnResident(Section->PageCount);
    if (Section->Kind != MmSectionDiscarded)
        MiEmptySection(Section, MiMakeZero());
    else
        MiDeletePages(&MiSystemWorkingSet, MiKernelRoot, Section->Base, Section->PageCount, MiMakeZero());
    MiRemoveSection(Section);
    RemoveEntryList(&Section->ImageEntry);
    MiUnlockWorkingSet(&MiSystemWorkingSet);
}

/* The kernel's own sections: resident now; those that are pageable join the system working set. */
INIT_CODE static VOID MiAdoptKernelSection(PMM_SECTION Section)
{
    Section->ResidentPages = Section->PageCount;
    Section->CompileKind = Section->Kind;
    Section->Stable = TRUE;
    if (Section->Kind != MmSectionNonpaged) {
        /* These frames were never in the budgets, since boot found them used; from now on they can leave. */
        MiRaiseCommitLimit(Section->PageCount);
        MiChargeCommit(Section->PageCount);
        MiReturnResident(Section->PageCount);
        for (ULONG i = 0; i < Section->PageCount; i++) {
            ULONG_PTR Address = Section->Base + ((ULONG_PTR)i << PAGE_SHIFT);
            PMMPTE Pte = MiSystemPte(Address);
            PMMPFN Pfn = MiPfn(MiFrameOf(MiReadPte(Pte)));
            KIRQL Irql = MiLockPfn();
            Pfn->Pte = Pte;
            Pfn->OriginalPte = MiMakeDemandZero(MiSectionProtection(Section));
            Pfn->VirtualPage = Address;
            Pfn->Owner = MiMakeOwner(&MiSystemWorkingSet, Section);
            Pfn->Flags = MI_FRAME_DIRTY;
            MiInsertInRing(&MiSystemWorkingSet, Pfn);
            MiUnlockPfn(Irql);
        }
    }
    MiInsertSection(Section);
}

INIT_CODE VOID MmInitializeKernelImage(PMM_IMAGE Image, PCSTR Name, ULONG_PTR Base, ULONG PageCount, PMM_SECTION Sections,
                                       ULONG Count)
{
    Image->Name = Name;
    Image->Base = Base;
    Image->PageCount = PageCount;
    Image->PagedEntirely = FALSE;
    InitializeListHead(&Image->Sections);
    MiKernelImage = Image;
    MiLockWorkingSet(&MiSystemWorkingSet);
    for (ULONG i = 0; i < Count; i++) {
        Sections[i].Image = Image;
        if (Sections[i].PageCount != 0)
            MiAdoptKernelSection(&Sections[i]);
        InsertTailList(&Image->Sections, &Sections[i].ImageEntry);
    }
    MiUnlockWorkingSet(&MiSystemWorkingSet);
}

/* The kernel's INIT and INITDATA. The caller must not itself be in them. */
ULONG64 MiDiscardKernelSections(VOID)
{
    ULONG64 Pages = 0;

    for (PLIST_ENTRY Entry = MiKernelImage->Sections.Flink; Entry != &MiKernelImage->Sections; Entry = Entry->Flink) {
        PMM_SECTION Section = CONTAINING_RECORD(Entry, MM_SECTION, ImageEntry);
        if (Section->Kind == MmSectionInit && Section->PageCount != 0) {
            Pages += Section->PageCount;
            MmDiscardImageSection(Section);
        }
    }
    return Pages;
}
