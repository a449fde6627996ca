/*
 * MDLs shown in system space ("MmMapLockedPagesSpecifyCache"), where there is room just now or in a range that the
 * driver has reserved before ("MmAllocateMappingAddress"), so that a mapping there can never fail for want of room.
 */
#include "mm/mi.h"
#include "ke/rules.h"
#include "rtl/export.h"

#define MI_RESERVATION_TAG 'vRmM'
#define TABLE_SPAN (512ull << PAGE_SHIFT)

/* A range that a driver has reserved. Its storage is nonpaged; there are few, so they are in a list. */
typedef struct _MI_RESERVATION {
    LIST_ENTRY Links;                   /* MiReservations, as all of it under its lock */
    ULONG_PTR Base;
    ULONG Pages;
    ULONG Tag;
    PMDL Mdl;                           /* what is mapped there */
} MI_RESERVATION, *PMI_RESERVATION;

static LIST_ENTRY MiReservations = {&MiReservations, &MiReservations};
static KSPIN_LOCK MiReservationLock;

static ULONG MiPagesOfMdl(PMDL Mdl)
{
    return ADDRESS_AND_SIZE_TO_SPAN_PAGES(Mdl->ByteOffset, Mdl->ByteCount);
}

/* Entries for the MDL's frames from Base on, where tables are. */
static VOID MiMapFrames(ULONG_PTR Base, PMDL Mdl, MEMORY_CACHING_TYPE CacheType, BOOLEAN Write)
{
    PPFN_NUMBER Frames = MmGetMdlPfnArray(Mdl);
    ULONG Pages = MiPagesOfMdl(Mdl);
    PMMPTE Pte = NULL;

    for (ULONG i = 0; i < Pages; i++, Pte++) {
        ULONG_PTR Address = Base + (ULONG_PTR)i * PAGE_SIZE;
        MMPTE New = MiMakePermanent(Frames[i], MI_PROTECT_READ | (Write ? MI_PROTECT_WRITE : 0));
        if (i == 0 || (Address & (TABLE_SPAN - 1)) == 0)
            Pte = MiSystemPte(Address);
        MiWritePte(Pte, MiWithCacheType(New, CacheType));
    }
}

static VOID MiUnmapFrames(ULONG_PTR Base, ULONG Pages)
{
    PMMPTE Pte = NULL;

    for (ULONG i = 0; i < Pages; i++, Pte++) {
        ULONG_PTR Address = Base + (ULONG_PTR)i * PAGE_SIZE;
        if (i == 0 || (Address & (TABLE_SPAN - 1)) == 0)
            Pte = MiSystemPte(Address);
        MiWritePte(Pte, MiMakeZero());
    }
    MiFlushRange(NULL, Base, Pages);
}

static PVOID MiSetMapping(PMDL Mdl, ULONG_PTR Base)
{
    Mdl->MappedSystemVa = (PVOID)(Base + Mdl->ByteOffset);
    Mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    return Mdl->MappedSystemVa;
}

/* A range of system PTEs with its tables. 0: none. */
static ULONG_PTR MiReservePtes(ULONG Pages)
{
    ULONG_PTR Base = MiReserveRange(&MiSystemPtes, Pages);

    if (Base != 0 && !MiMakeSystemTables(Base, Pages)) {
        MiReleaseRange(&MiSystemPtes, Base, Pages);
        Base = 0;
    }
    return Base;
}

/*
 * Documentation: "MmMapLockedPagesSpecifyCache", kernel mode. Pages that lie side by side in RAM are in the direct map
 * already; others get system PTEs. NULL: none left. IRQL: <= DISPATCH_LEVEL. Never executable.
 */
PVOID MmMapLockedPagesSpecifyCache(PMDL Mdl, KPROCESSOR_MODE AccessMode, MEMORY_CACHING_TYPE CacheType,
                                   PVOID RequestedAddress, ULONG BugCheckOnFailure, ULONG Priority)
{
    PPFN_NUMBER Frames = MmGetMdlPfnArray(Mdl);
    ULONG Pages = MiPagesOfMdl(Mdl), Run = 1;
    ULONG_PTR Base;

    UNREFERENCED_PARAMETER(RequestedAddress);
    if (AccessMode != KernelMode)
        ExRaiseStatus(STATUS_NOT_SUPPORTED);
    while (Run < Pages && Frames[Run] == Frames[0] + Run)
        Run++;
    if (Run == Pages && CacheType == MmCached && Frames[Pages - 1] < MiDirectMapFrames)
        return MiSetMapping(Mdl, (ULONG_PTR)MiDirectAddress(Frames[0]));
    Base = MiReservePtes(Pages);
    if (Base == 0) {
        if (BugCheckOnFailure)
            KiBugCheck(NO_MORE_SYSTEM_PTES, Pages, MiSystemPtes.Used, 0, 0, NULL, "no %u system PTEs are left", Pages);
        return NULL;
    }
    MiMapFrames(Base, Mdl, CacheType, (Priority & MdlMappingNoWrite) == 0);
    return MiSetMapping(Mdl, Base);
}
NT_EXPORT(MmMapLockedPagesSpecifyCache);

PVOID MmMapLockedPages(PMDL Mdl, KPROCESSOR_MODE AccessMode)
{
    return MmMapLockedPagesSpecifyCache(Mdl, AccessMode, MmCached, NULL, TRUE, NormalPagePriority);
}
NT_EXPORT(MmMapLockedPages);

/* The reservation that begins at an address, or NULL. Its lock held. */
static PMI_RESERVATION MiFindReservation(ULONG_PTR Base)
{
    for (PLIST_ENTRY Entry = MiReservations.Flink; Entry != &MiReservations; Entry = Entry->Flink) {
        PMI_RESERVATION Reservation = CONTAINING_RECORD(Entry, MI_RESERVATION, Links);
        if (Reservation->Base == Base)
            return Reservation;
    }
    return NULL;
}

VOID MmUnmapLockedPages(PVOID BaseAddress, PMDL Mdl)
{
    ULONG_PTR Base = (ULONG_PTR)PAGE_ALIGN(BaseAddress);
    ULONG Pages = MiPagesOfMdl(Mdl);

    ASSERT(Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
    Mdl->MdlFlags &= ~MDL_MAPPED_TO_SYSTEM_VA;
    if (Base >= MM_DIRECT_MAP && Base < MM_DIRECT_MAP + MM_DIRECT_MAP_SIZE)
        return;
#if DBG
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&MiReservationLock);
    BOOLEAN Reserved = MiFindReservation(Base) != NULL;
    KeReleaseSpinLock(&MiReservationLock, Irql);
    if (Reserved)
        KiBugCheck(SYSTEM_PTE_MISUSE, Base, (ULONG_PTR)Mdl, Pages, 0, NULL,
                   "the MDL at %p is mapped in the reserved range at %p: MmUnmapReservedMapping unmaps it there, and the range "
                   "stays reserved", Mdl, (PVOID)Base);
#endif
    MiUnmapFrames(Base, Pages);
    MiReleaseRange(&MiSystemPtes, Base, Pages);
}
NT_EXPORT(MmUnmapLockedPages);

/*
 * Documentation: "MmAllocateMappingAddress": address space for mappings of up to NumberOfBytes that begin on a page.
 * NULL: none, or no memory. IRQL: <= APC_LEVEL.
 */
PVOID MmAllocateMappingAddress(SIZE_T NumberOfBytes, ULONG PoolTag)
{
    ULONG64 Pages = NumberOfBytes / PAGE_SIZE + (NumberOfBytes % PAGE_SIZE != 0);
    PMI_RESERVATION Reservation;
    KIRQL Irql;

    KE_REQUIRE_IRQL(APC_LEVEL);
    if (Pages == 0 || Pages > MM_SYSTEM_PTE_PAGES)
        return NULL;
    Reservation = ExAllocatePoolZero(NonPagedPool, sizeof(*Reservation), MI_RESERVATION_TAG);
    if (Reservation == NULL)
        return NULL;
    Reservation->Base = MiReservePtes((ULONG)Pages);
    Reservation->Pages = (ULONG)Pages;
    Reservation->Tag = PoolTag;
    if (Reservation->Base == 0) {
        ExFreePoolWithTag(Reservation, MI_RESERVATION_TAG);
        return NULL;
    }
    Irql = KeAcquireSpinLockRaiseToDpc(&MiReservationLock);
    InsertTailList(&MiReservations, &Reservation->Links);
    KeReleaseSpinLock(&MiReservationLock, Irql);
    return (PVOID)Reservation->Base;
}
NT_EXPORT(MmAllocateMappingAddress);

/* The reservation that a driver means, its lock held; a bugcheck if it means none, or somebody else's. */
static PMI_RESERVATION MiRequireReservation(PVOID BaseAddress, ULONG PoolTag, PCSTR Routine)
{
    PMI_RESERVATION Reservation = MiFindReservation((ULONG_PTR)BaseAddress);

    if (Reservation == NULL || Reservation->Tag != PoolTag)
        KiBugCheck(SYSTEM_PTE_MISUSE, (ULONG_PTR)BaseAddress, PoolTag, Reservation != NULL ? Reservation->Tag : 0, 0, NULL,
                   "%s: %p is %s; it must be what MmAllocateMappingAddress returned, with the same tag", Routine, BaseAddress,
                   Reservation != NULL ? "reserved under another tag" : "no reserved range");
    return Reservation;
}

/* Documentation: "MmFreeMappingAddress". Nothing is mapped there any more. IRQL: <= APC_LEVEL. */
VOID MmFreeMappingAddress(PVOID BaseAddress, ULONG PoolTag)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&MiReservationLock);
    PMI_RESERVATION Reservation = MiRequireReservation(BaseAddress, PoolTag, "MmFreeMappingAddress");

    if (Reservation->Mdl != NULL)
        KiBugCheck(SYSTEM_PTE_MISUSE, (ULONG_PTR)BaseAddress, PoolTag, (ULONG_PTR)Reservation->Mdl, 0, NULL,
                   "MmFreeMappingAddress: the MDL at %p is still mapped in the reserved range at %p: MmUnmapReservedMapping "
                   "comes first", Reservation->Mdl, BaseAddress);
    RemoveEntryList(&Reservation->Links);
    KeReleaseSpinLock(&MiReservationLock, Irql);
    MiReleaseRange(&MiSystemPtes, Reservation->Base, Reservation->Pages);
    ExFreePoolWithTag(Reservation, MI_RESERVATION_TAG);
}
NT_EXPORT(MmFreeMappingAddress);

/*
 * Documentation: "MmMapLockedPagesWithReservedMapping". NULL: the MDL is longer than the range, or another one is
 * mapped there.
 * IRQL: <= DISPATCH_LEVEL.
 */
PVOID MmMapLockedPagesWithReservedMapping(PVOID MappingAddress, ULONG PoolTag, PMDL Mdl, MEMORY_CACHING_TYPE CacheType)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&MiReservationLock);
    PMI_RESERVATION Reservation = MiRequireReservation(MappingAddress, PoolTag, "MmMapLockedPagesWithReservedMapping");
    BOOLEAN Fits = Reservation->Mdl == NULL && MiPagesOfMdl(Mdl) <= Reservation->Pages;

    if (Fits)
        Reservation->Mdl = Mdl;
    KeReleaseSpinLock(&MiReservationLock, Irql);
    if (!Fits)
        return NULL;
    MiMapFrames((ULONG_PTR)MappingAddress, Mdl, CacheType, TRUE);
    return MiSetMapping(Mdl, (ULONG_PTR)MappingAddress);
}
NT_EXPORT(MmMapLockedPagesWithReservedMapping);

/* Documentation: "MmUnmapReservedMapping". The range stays reserved. IRQL: <= DISPATCH_LEVEL. */
VOID MmUnmapReservedMapping(PVOID BaseAddress, ULONG PoolTag, PMDL Mdl)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&MiReservationLock);
    PMI_RESERVATION Reservation = MiRequireReservation(BaseAddress, PoolTag, "MmUnmapReservedMapping");

    if (Reservation->Mdl != Mdl)
        KiBugCheck(SYSTEM_PTE_MISUSE, (ULONG_PTR)BaseAddress, (ULONG_PTR)Mdl, (ULONG_PTR)Reservation->Mdl, 0, NULL,
                   "MmUnmapReservedMapping: the MDL at %p is not what is mapped in the reserved range at %p", Mdl, BaseAddress);
    KeReleaseSpinLock(&MiReservationLock, Irql);
    Mdl->MdlFlags &= ~MDL_MAPPED_TO_SYSTEM_VA;
    MiUnmapFrames((ULONG_PTR)BaseAddress, MiPagesOfMdl(Mdl));
    /* Only now may the next one be mapped. */
    Irql = KeAcquireSpinLockRaiseToDpc(&MiReservationLock);
    Reservation->Mdl = NULL;
    KeReleaseSpinLock(&MiReservationLock, Irql);
}
NT_EXPORT(MmUnmapReservedMapping);
