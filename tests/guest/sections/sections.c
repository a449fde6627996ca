/*
 * The section contract as a driver sees it: handles, counts, and what stays in memory.
 */
#include "testcase.h"

#include "ldr/ldr.h"
#include "mm/mm.h"

TEST_SUITE(sections, "1 2 4");

NTSTATUS PagedRoutine(ULONG Value);
static ULONG PagedRoutineToo(ULONG Value);

#pragma alloc_text(PAGEONE, PagedRoutine, PagedRoutineToo)

__attribute__((noinline)) NTSTATUS PagedRoutine(ULONG Value)
{
    return (NTSTATUS)(Value + 1);
}

static __attribute__((noinline)) ULONG PagedRoutineToo(ULONG Value)
{
    return Value * 3;
}

#pragma data_seg("PAGEDAT")
static volatile ULONG PagedWord = 0x74696465;
#pragma data_seg()

#pragma data_seg("MY_DATA")
static volatile ULONG NonpagedWord = 7;
#pragma data_seg()

static ULONG ResidentPages(PVOID Address)
{
    return MmFindSection(Address)->ResidentPages;
}

TEST_CASE(LockBringsIn, "L20 L23 locking a section that is out brings all of it in and makes the count one") {
    PMM_SECTION Section = MmFindSection(PagedRoutine);
    PVOID Handle;

    REQUIRE(Section != NULL);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Section->ResidentPages, 0);
    Handle = MmLockPagableCodeSection(PagedRoutine);
    REQUIRE(Handle != NULL);
    EXPECT_EQUAL(Section->ResidentPages, Section->PageCount);
    EXPECT_EQUAL(Section->LockCount, 1);
    EXPECT_EQUAL(PagedRoutine(4), 5);
    MmUnlockPagableImageSection(Handle);
    EXPECT_EQUAL(Section->LockCount, 0);
}

TEST_CASE(LockedStays, "L23 a locked section outlives a trim, an unlocked one does not") {
    PVOID Handle = MmLockPagableCodeSection(PagedRoutine);

    REQUIRE(Handle != NULL);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT(ResidentPages(PagedRoutine) != 0);
    MmUnlockPagableImageSection(Handle);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(ResidentPages(PagedRoutine), 0);
    EXPECT_EQUAL(PagedRoutineToo(4), 12);
}

TEST_CASE(LockCounts, "L22 L23 a lock of a locked section only counts; relocking goes by handle") {
    PMM_SECTION Section = MmFindSection(PagedRoutine);
    PVOID Handle = MmLockPagableCodeSection(PagedRoutine);
    ULONG64 PageIns;

    REQUIRE(Handle != NULL);
    PageIns = Section->PageIns;
    EXPECT(MmLockPagableCodeSection(PagedRoutineToo) == Handle);
    MmLockPagableSectionByHandle(Handle);
    EXPECT_EQUAL(Section->LockCount, 3);
    EXPECT_EQUAL(Section->PageIns, PageIns);
    MmUnlockPagableImageSection(Handle);
    MmUnlockPagableImageSection(Handle);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Section->ResidentPages, Section->PageCount);
    MmUnlockPagableImageSection(Handle);
    EXPECT_EQUAL(Section->LockCount, 0);
}

TEST_CASE(DataComesBack, "L21 data keeps its value through the paging file, locked by any variable's address") {
    PVOID Handle;

    PagedWord = 0x12345678;
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(ResidentPages((PVOID)&PagedWord), 0);
    Handle = MmLockPagableDataSection((PVOID)&PagedWord);
    REQUIRE(Handle != NULL);
    EXPECT_EQUAL(PagedWord, 0x12345678);
    MmUnlockPagableImageSection(Handle);
    PagedWord = 0x74696465;
}

TEST_CASE(OwnNameIsNonpaged, "L4 L35 a section of the driver's own name is nonpaged and can be locked by address") {
    PMM_SECTION Section = MmFindSection((PVOID)&NonpagedWord);
    PVOID Handle = MmLockPagableDataSection((PVOID)&NonpagedWord);

    REQUIRE(Section != NULL && Handle != NULL);
    EXPECT_EQUAL(Section->Kind, MmSectionNonpaged);
    MmUnlockPagableImageSection(Handle);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Section->ResidentPages, Section->PageCount);
    EXPECT_EQUAL(NonpagedWord, 7);
}

TEST_CASE(NoHandleOutside, "L32 an address outside every image gives no handle") {
    ULONG Local = 0;

    EXPECT(MmLockPagableDataSection(&Local) == NULL);
}

/* What gets away with it: pageable, not locked, and used above APC_LEVEL. --------------------------------------------- */

/* Free builds do not look. */
#if DBG
#define COUNTED 1
#else
#define COUNTED 0
#endif

NTSTATUS PagedRaiser(ULONG Value);
static KDEFERRED_ROUTINE PagedDpc;

#pragma alloc_text(PAGEHIGH, PagedRaiser, PagedDpc)

__attribute__((noinline)) NTSTATUS PagedRaiser(ULONG Value)
{
    KIRQL OldIrql;

    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    Value++;
    KeLowerIrql(OldIrql);
    return (NTSTATUS)Value;
}

static VOID PagedDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeSetEvent(Context, 0, FALSE);
}

/* Keeps the routines' page in memory without locking their section, so that the mistake is survived for certain. */
static PMDL KeepIn(PVOID Address)
{
    PMDL Mdl = IoAllocateMdl((PVOID)((ULONG_PTR)Address & ~(ULONG_PTR)(PAGE_SIZE - 1)), PAGE_SIZE, FALSE, FALSE, NULL);

    if (Mdl != NULL)
        MmProbeAndLockPages(Mdl, KernelMode, IoReadAccess);
    return Mdl;
}

TEST_CASE(RaisedUseIsCounted, "L37 pageable code at DISPATCH_LEVEL is counted though its page is in, and not when locked") {
    PMM_SECTION Section = MmFindSection(PagedRaiser);
    PMDL Mdl = KeepIn(PagedRaiser);
    ULONG Before = Section->RaisedUses;
    PVOID Handle;

    REQUIRE(Mdl != NULL);
    EXPECT_EQUAL(PagedRaiser(1), 2);
    EXPECT_EQUAL(Section->RaisedUses, Before + COUNTED);
    EXPECT_EQUAL(PagedRaiser(2), 3);
    EXPECT_EQUAL(Section->RaisedUses, Before + 2 * COUNTED);
    Handle = MmLockPagableCodeSection(PagedRaiser);
    REQUIRE(Handle != NULL);
    EXPECT_EQUAL(PagedRaiser(3), 4);
    EXPECT_EQUAL(Section->RaisedUses, Before + 2 * COUNTED);
    MmUnlockPagableImageSection(Handle);
    MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
}

TEST_CASE(PagedDpcIsCounted, "L13 L37 a DPC routine in pageable code that is not locked is counted each time it runs") {
    PMM_SECTION Section = MmFindSection(PagedDpc);
    PMDL Mdl = KeepIn(PagedDpc);
    ULONG Before = Section->RaisedUses;
    KEVENT Done;
    KDPC Dpc;

    REQUIRE(Mdl != NULL);
    KeInitializeEvent(&Done, SynchronizationEvent, FALSE);
    KeInitializeDpc(&Dpc, PagedDpc, &Done);
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
    KeFlushQueuedDpcs();
    EXPECT_EQUAL(Section->RaisedUses, Before + COUNTED);
    MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
}

/* Only the two above break the rule, and they are in a section of their own. */
TEST_CASE(NobodyElseIsCounted, "L37 no other section has been used at a raised level") {
    PMM_SECTION Own = MmFindSection(PagedRaiser);

    for (PLIST_ENTRY Entry = PsLoadedModuleList.Flink; Entry != &PsLoadedModuleList; Entry = Entry->Flink) {
        PLDR_MODULE Module = CONTAINING_RECORD(Entry, LDR_MODULE, ListEntry);
        for (ULONG Number = 0; Number < Module->SectionCount; Number++)
            if (&Module->Sections[Number] != Own)
                EXPECT_EQUAL(Module->Sections[Number].RaisedUses, 0);
    }
}
