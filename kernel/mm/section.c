/*
 * Pageable sections of images: lock, unlock, page entirely, reset (LITERATURE L20-L35; documentation of
 * "MmLockPagableCodeSection", "MmUnlockPagableImageSection", "MmPageEntireDriver", "MmResetDriverPaging").
 *
 * A handle is the address of the section's MM_SECTION, so locking by handle needs no search; a cookie in it tells it
 * from any other pointer, as far as that can be told. Counts and residency are under the system working-set lock, which
 * the trimmer holds, too: a page of a section whose count is not zero never leaves.
 *
 * Locking raises the count first and brings the pages in then, so nothing that has come in can leave again meanwhile.
 * Whoever locks a section that another is just bringing in counts and waits for the rest as well: nobody returns before
 * all is in.
 */
#include "mm/mi.h"
#include "kd/kd.h"
#include "ke/rules.h"
#include "ke/trap.h"
#include "rtl/export.h"

static RTL_AVL_TREE MiSectionTree;      /* system working-set lock and MiSectionTreeLock to change, either to read */
static KSPIN_LOCK MiSectionTreeLock;
#define SECTION_TREE_PATIENCE 100000000 /* looks at the lock */

static LONG MiCompareSection(const VOID *Key, const RTL_AVL_NODE *Node)
{
    const MM_SECTION *Section = CONTAINING_RECORD(Node, MM_SECTION, AddressNode);
    ULONG_PTR Address = (ULONG_PTR)Key;

    if (Address < Section->Base)
        return -1;
    return Address >= Section->Base + ((ULONG_PTR)Section->PageCount << PAGE_SHIFT);
}

PMM_SECTION MiSectionOfAddress(ULONG_PTR Address)
{
    PRTL_AVL_NODE Node = RtlAvlFind(&MiSectionTree, (const VOID *)Address, MiCompareSection);

    return Node != NULL ? CONTAINING_RECORD(Node, MM_SECTION, AddressNode) : NULL;
}

PMM_SECTION MiNextSection(PMM_SECTION Section)
{
    PRTL_AVL_NODE Node = Section == NULL ? RtlAvlFirst(&MiSectionTree) : RtlAvlNext(&Section->AddressNode);

    return Node != NULL ? CONTAINING_RECORD(Node, MM_SECTION, AddressNode) : NULL;
}

VOID MiInsertSection(PMM_SECTION Section)
{
    BOOLEAN Enabled = KiDisableInterrupts();

    KiAcquireSpinLock(&MiSectionTreeLock);
    RtlAvlInsert(&MiSectionTree, &Section->AddressNode, (const VOID *)Section->Base, MiCompareSection);
    Section->Cookie = MI_SECTION_COOKIE;
    KiReleaseSpinLock(&MiSectionTreeLock);
    KiRestoreInterrupts(Enabled);
}

VOID MiRemoveSection(PMM_SECTION Section)
{
    BOOLEAN Enabled = KiDisableInterrupts();

    KiAcquireSpinLock(&MiSectionTreeLock);
    RtlAvlRemove(&MiSectionTree, &Section->AddressNode);
    Section->Cookie = 0;
    KiReleaseSpinLock(&MiSectionTreeLock);
    KiRestoreInterrupts(Enabled);
}

/*
 * For messages and bugchecks: IRQL any. The lock is held for a few hundred instructions at a time; who cannot have it
 * for much longer holds it himself, or its holder has been stopped by a bugcheck: then the tree is read anyway.
 */
PMM_SECTION MmFindSection(PVOID Address)
{
    BOOLEAN Enabled = KiDisableInterrupts(), Locked;
    ULONG Patience = SECTION_TREE_PATIENCE;
    PMM_SECTION Section;

    while (!(Locked = __sync_bool_compare_and_swap(&MiSectionTreeLock, 0, KiSpinLockMine())) && !KiBugCheckActive &&
           --Patience != 0)
        KiPause();
    Section = MiSectionOfAddress((ULONG_PTR)Address);
    if (Locked)
        KiReleaseSpinLock(&MiSectionTreeLock);
    KiRestoreInterrupts(Enabled);
    return Section;
}
NT_EXPORT(MmFindSection);    /* for the test library */

ULONG MiCountRun(PMM_SECTION Section, PMMPTE Pte, ULONG_PTR Address, ULONG Most)
{
    ULONG_PTR End = Section->Base + ((ULONG_PTR)Section->PageCount << PAGE_SHIFT);
    MMPTE First = MiReadPte(Pte);
    ULONG Run = 1;

    for (; Run < Most; Run++) {
        ULONG_PTR At = Address + Run * PAGE_SIZE;
        MMPTE Next;
        if (At >= End || (At & ((512ull << PAGE_SHIFT) - 1)) == 0)
            break;
        Next = MiReadPte(Pte + Run);
        if (MiIsValid(Next) || MiKindOf(Next) != MiPtePagingFile || MiFileOf(Next) != MiFileOf(First) ||
            MiSlotOf(Next) != MiSlotOf(First) + Run)
            break;
    }
    return Run;
}

/*
 * Brings in every page of a section, system working-set lock held; it is let go of on the way. Runs of adjacent slots
 * come in one request each, so a section written in one piece costs one. STATUS_SUCCESS or STATUS_IN_PAGE_ERROR.
 */
NTSTATUS MiBringIn(PMM_SECTION Section)
{
    while (Section->ResidentPages != Section->PageCount) {
        PMMPTE First = MiSystemPte(Section->Base), Pte = First;
        NTSTATUS Status = STATUS_SUCCESS;
        ULONG Page = 0, Run;

        for (; Page < Section->PageCount; Page += Run) {
            ULONG_PTR Address = Section->Base + ((ULONG_PTR)Page << PAGE_SHIFT);
            MMPTE Value;
            /* The entries of a section may lie in two tables: find the first of each anew. */
            Pte = Page == 0 || (Address & ((512ull << PAGE_SHIFT) - 1)) == 0 ? MiSystemPte(Address) : Pte;
            Value = MiReadPte(Pte);
            Run = 1;
            if (MiIsValid(Value)) {
                Pte++;
                continue;
            }
            if (MiKindOf(Value) == MiPtePagingFile) {
                Run = MiCountRun(Section, Pte, Address, MI_CLUSTER);
                Status = MiReadPages(&MiSystemWorkingSet, Section, Pte, Address, Run, Run);
            } else {
                Status = MiResolveFault(&MiSystemWorkingSet, NULL, Address, 0);
            }
            if (!NT_SUCCESS(Status))
                return Status;
            if (Status == MI_RETRY)
                break;
            Pte += Run;
        }
    }
    return STATUS_SUCCESS;
}

/*
 * Locked pages are taken out of the budget of frames that faults can live on, once for a section, however often it is
 * locked. Nonpaged sections have paid when they were made. Always: who locks by handle is not told of a failure, so the
 * reserve gives what the budget has not.
 */
static FORCEINLINE NTSTATUS MiLockSectionHeld(PMM_SECTION Section, BOOLEAN Always)
{
    NTSTATUS Status = STATUS_SUCCESS;

    if (Section->Kind == MmSectionDiscarded)
        return STATUS_INVALID_PARAMETER;
    if (Section->Kind == MmSectionNonpaged) {
        Section->LockCount++;           /* never out */
        return STATUS_SUCCESS;
    }
    if (Section->LockCount++ == 0) {
        if (Always) {
            MiTakeResident(Section->PageCount);
        } else if (!MiChargeResident(Section->PageCount)) {
            Section->LockCount = 0;
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    if (Section->ResidentPages != Section->PageCount) {
        Status = MiBringIn(Section);
        /* A count of zero by now: the section was discarded meanwhile, and its locks with it. */
        if (!NT_SUCCESS(Status) && Section->LockCount != 0 && --Section->LockCount == 0)
            MiReturnResident(Section->PageCount);
    }
    return Status;
}

static FORCEINLINE NTSTATUS MiLockSection(PMM_SECTION Section, BOOLEAN Always)
{
    NTSTATUS Status;

    MiLockWorkingSet(&MiSystemWorkingSet);
    Status = MiLockSectionHeld(Section, Always);
    MiUnlockWorkingSet(&MiSystemWorkingSet);
    return Status;
}

static FORCEINLINE NTSTATUS MiUnlockSection(PMM_SECTION Section)
{
    NTSTATUS Status = STATUS_SUCCESS;

    MiLockWorkingSet(&MiSystemWorkingSet);
    if (Section->LockCount == 0)
        Status = STATUS_NOT_LOCKED;
    else if (--Section->LockCount == 0 && Section->Kind != MmSectionNonpaged)
        MiReturnResident(Section->PageCount);
    MiUnlockWorkingSet(&MiSystemWorkingSet);
    return Status;
}

NTSTATUS MmLockSection(PMM_SECTION Section)
{
    return MiLockSection(Section, FALSE);
}

NTSTATUS MmUnlockSection(PMM_SECTION Section)
{
    return MiUnlockSection(Section);
}

/* The contract for drivers ------------------------------------------------------------------------------------------ */

static DECLSPEC_NOINLINE VOID MiComplain(PCSTR Routine, PVOID Argument, PVOID Caller, PCSTR What)
{
    CHAR Who[KD_ADDRESS_TEXT], Where[KD_ADDRESS_TEXT];

    DbgPrint("%s(%s), called by %s: %s\n", Routine, KdNameAddress(Argument, Where), KdNameAddress(Caller, Who), What);
}

static DECLSPEC_NOINLINE VOID MiComplainOfLock(PCSTR Routine, PVOID Argument, PVOID Caller, NTSTATUS Status)
{
    MiComplain(Routine, Argument, Caller,
               Status == STATUS_INVALID_PARAMETER ? "the section was INIT and is discarded; there is nothing to lock"
               : Status == STATUS_IN_PAGE_ERROR   ? "the section could not be read in"
                                                  : "there are not enough frames to lock the section");
}

/*
 * Documentation: "MmLockPagableDataSection", "MmLockPagableCodeSection": locks the section that holds the address and
 * returns its handle; NULL and a message when there is none, when it is discarded or cannot be brought in.
 * IRQL: PASSIVE_LEVEL; APC_LEVEL is tolerated. Waits.
 */
PVOID MmLockPagableDataSection(PVOID AddressWithinSection)
{
    NTSTATUS Status = STATUS_SUCCESS;
    PMM_SECTION Section;

    KE_REQUIRE_IRQL(APC_LEVEL);
    MiLockWorkingSet(&MiSystemWorkingSet);
    Section = MiSectionOfAddress((ULONG_PTR)AddressWithinSection);
    if (Section != NULL)
        Status = MiLockSectionHeld(Section, FALSE);
    MiUnlockWorkingSet(&MiSystemWorkingSet);
    if (Section == NULL) {
        MiComplain("MmLockPagableDataSection", AddressWithinSection, __builtin_return_address(0),
                   "the address lies in no loaded image; buffers are locked with MmProbeAndLockPages");
    } else if (!NT_SUCCESS(Status)) {
        MiComplainOfLock("MmLockPagableDataSection", AddressWithinSection, __builtin_return_address(0), Status);
        Section = NULL;
    }
    return Section;
}
NT_EXPORT(MmLockPagableDataSection);

/* Whatever a driver may pass: memory that is not there is an answer like any other (KiPeekKernelWord). */
static FORCEINLINE BOOLEAN MiIsHandle(PVOID Handle)
{
    return ((ULONG_PTR)Handle & 7) == 0 && (ULONG_PTR)Handle >= MM_SYSTEM_RANGE_START &&
           KiPeekKernelWord(&((PMM_SECTION)Handle)->Cookie) == MI_SECTION_COOKIE;
}

/*
 * Documentation: "MmLockPagableSectionByHandle". Returns with the section in and locked, however little memory may be
 * locked just now. What has no lock afterwards, and a message: no handle, a section that was INIT, pages that cannot be
 * read. IRQL: PASSIVE_LEVEL; APC_LEVEL is tolerated. Constant time but for paging.
 */
VOID MmLockPagableSectionByHandle(PVOID ImageSectionHandle)
{
    NTSTATUS Status;

    KE_REQUIRE_IRQL(APC_LEVEL);
    if (!MiIsHandle(ImageSectionHandle)) {
        MiComplain("MmLockPagableSectionByHandle", ImageSectionHandle, __builtin_return_address(0),
                   "that is no section handle (a driver's handles end with the driver)");
        return;
    }
    Status = MiLockSection(ImageSectionHandle, TRUE);
    if (!NT_SUCCESS(Status))
        MiComplainOfLock("MmLockPagableSectionByHandle", ImageSectionHandle, __builtin_return_address(0), Status);
}
NT_EXPORT(MmLockPagableSectionByHandle);

/*
 * Documentation: "MmUnlockPagableImageSection". At count zero the section may be paged out again. IRQL: <= APC_LEVEL.
 */
VOID MmUnlockPagableImageSection(PVOID ImageSectionHandle)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    if (!MiIsHandle(ImageSectionHandle))
        MiComplain("MmUnlockPagableImageSection", ImageSectionHandle, __builtin_return_address(0),
                   "that is no section handle (a driver's handles end with the driver)");
    else if (!NT_SUCCESS(MiUnlockSection(ImageSectionHandle)))
        MiComplain("MmUnlockPagableImageSection", ImageSectionHandle, __builtin_return_address(0),
                   "the section is not locked: more unlocks than locks");
}
NT_EXPORT(MmUnlockPagableImageSection);
