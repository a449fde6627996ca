/*
 * Whole drivers: MmPageEntireDriver makes every section of a driver pageable, whatever its compile-time attribute;
 * MmResetDriverPaging brings the nonpaged ones back to stay (LITERATURE L29, L31; documentation of both routines).
 *
 * A nonpaged page is a frame without a way back; to become pageable it gets one (its entry, its section) and joins the
 * system working set, from where the trimmer takes it like any other.
 */
#include "mm/mi.h"
#include "kd/kd.h"
#include "ke/rules.h"
#include "rtl/export.h"

/*
 * The section lock of the lock order: one change of a whole driver at a time. Bringing pages in lets go of the
 * working-set lock, and nobody may find the driver half reset meanwhile.
 */
static FAST_MUTEX MiDriverPagingLock;

INIT_CODE VOID MiInitializeDriverPaging(VOID)
{
    ExInitializeFastMutex(&MiDriverPagingLock);
}

/* The driver behind an address, or NULL with a message. */
static PMM_IMAGE MiImageForDriver(PCSTR Routine, PVOID Address, PVOID Caller)
{
    CHAR Who[KD_ADDRESS_TEXT];
    PMM_SECTION Section = MmFindSection(Address);

    if (Section != NULL && Section->Base >= MM_DRIVER_IMAGES)
        return Section->Image;
    DbgPrint("%s(%p), called by %s: the address lies in no loaded driver\n", Routine, Address, KdNameAddress(Caller, Who));
    return NULL;
}

/* System working-set lock held. */
static VOID MiMakePageable(PMM_SECTION Section)
{
    ULONG Held = 0;

    Section->Kind = MmSectionPageable;
    for (ULONG i = 0; i < Section->PageCount; i++) {
        ULONG_PTR Address = Section->Base + ((ULONG_PTR)i << PAGE_SHIFT);
        PMMPTE Pte = MiSystemPte(Address);
        PMMPFN Pfn = MiPfn(MiFrameOf(MiReadPte(Pte)));
        KIRQL Irql = MiLockPfn();
        Pfn->Pte = Pte;
        Pfn->OriginalPte = MiMakeDemandZero(Section->Protection);
        Pfn->VirtualPage = Address;
        Pfn->Owner = MiMakeOwner(&MiSystemWorkingSet, Section);
        Pfn->Flags |= MI_FRAME_DIRTY;
        MiInsertInRing(&MiSystemWorkingSet, Pfn);
        if (Pfn->ReferenceCount != 0 && !(Pfn->Flags & MI_FRAME_CHARGED)) {
            Pfn->Flags |= MI_FRAME_CHARGED;     /* an MDL holds it: locked, as any pageable page would be */
            Held++;
        }
        MiUnlockPfn(Irql);
    }
    /* A lock pays for the section from now on, as for any pageable one. */
    if (Section->LockCount == 0)
        MiReturnResident(Section->PageCount);
    MiTakeResident(Held);
}

/* System working-set lock held; let go of on the way. */
static VOID MiMakeNonpaged(PMM_SECTION Section)
{
    if (Section->LockCount++ == 0)
        MiTakeResident(Section->PageCount);     /* documented not to fail */
    if (!NT_SUCCESS(MiBringIn(Section)))
        KiBugCheck(KERNEL_DATA_INPAGE_ERROR, Section->Base, 0, 0, 0, NULL,
                   "section %s of %s could not be read back for MmResetDriverPaging", Section->Name, Section->Owner);
    for (ULONG i = 0; i < Section->PageCount; i++) {
        PMMPTE Pte = MiSystemPte(Section->Base + ((ULONG_PTR)i << PAGE_SHIFT));
        PMMPFN Pfn = MiPfn(MiFrameOf(MiReadPte(Pte)));
        KIRQL Irql = MiLockPfn();
        MiRemoveFromRing(Pfn);
        /* It needs no way back, so no slot; a write that is under way finds it dirty and gives its slot back. */
        MiFreeSlotOf(Pfn->OriginalPte);
        Pfn->OriginalPte = MiMakeZero();
        Pfn->Flags |= MI_FRAME_DIRTY;
        Pfn->Pte = NULL;
        Pfn->Owner = 0;
        MiUnlockPfn(Irql);
    }
    Section->Kind = MmSectionNonpaged;
    Section->LockCount--;
}

/*
 * Returns the base of the driver that holds the address; NULL and a message when there is none. Waits until queued DPCs
 * have run, the driver's among them. A second call has no further effect. Locked sections stay until they are unlocked.
 * IRQL: PASSIVE_LEVEL; APC_LEVEL is tolerated.
 */
PVOID MmPageEntireDriver(PVOID AddressWithinSection)
{
    PMM_IMAGE Image;

    KE_REQUIRE_IRQL(APC_LEVEL);
    Image = MiImageForDriver("MmPageEntireDriver", AddressWithinSection, __builtin_return_address(0));
    if (Image == NULL)
        return NULL;
    MiRequireNotPagingDevice(Image);
    KeFlushQueuedDpcs();
    ExAcquireFastMutex(&MiDriverPagingLock);
    MiLockWorkingSet(&MiSystemWorkingSet);
    if (!Image->PagedEntirely) {
        Image->PagedEntirely = TRUE;
        for (PLIST_ENTRY Entry = Image->Sections.Flink; Entry != &Image->Sections; Entry = Entry->Flink) {
            PMM_SECTION Section = CONTAINING_RECORD(Entry, MM_SECTION, ImageEntry);
            if (Section->Kind == MmSectionNonpaged)
                MiMakePageable(Section);
        }
    }
    MiUnlockWorkingSet(&MiSystemWorkingSet);
    ExReleaseFastMutex(&MiDriverPagingLock);
    return (PVOID)Image->Base;
}
NT_EXPORT(MmPageEntireDriver);

/* Without MmPageEntireDriver before it, does nothing. IRQL: PASSIVE_LEVEL; APC_LEVEL is tolerated. Waits for pages. */
VOID MmResetDriverPaging(PVOID AddressWithinSection)
{
    PMM_IMAGE Image;

    KE_REQUIRE_IRQL(APC_LEVEL);
    Image = MiImageForDriver("MmResetDriverPaging", AddressWithinSection, __builtin_return_address(0));
    if (Image == NULL)
        return;
    ExAcquireFastMutex(&MiDriverPagingLock);
    MiLockWorkingSet(&MiSystemWorkingSet);
    if (Image->PagedEntirely) {
        Image->PagedEntirely = FALSE;
        for (PLIST_ENTRY Entry = Image->Sections.Flink; Entry != &Image->Sections; Entry = Entry->Flink) {
            PMM_SECTION Section = CONTAINING_RECORD(Entry, MM_SECTION, ImageEntry);
            if (Section->CompileKind == MmSectionNonpaged && Section->Kind == MmSectionPageable)
                MiMakeNonpaged(Section);
        }
    }
    MiUnlockWorkingSet(&MiSystemWorkingSet);
    ExReleaseFastMutex(&MiDriverPagingLock);
}
NT_EXPORT(MmResetDriverPaging);
