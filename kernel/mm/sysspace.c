/*
 * System address space given out by pages: ranges with a bitmap, kernel stacks, device mappings.
 */
#include "mm/mi.h"
#include "rtl/export.h"
#include "rtl/rtl.h"

#define MI_HIGHEST_PHYSICAL ((1ull << 52) - 1)  /* what an entry can say */

MI_RANGE MiSystemPtes, MiNonPagedRange, MiPagedRange, MiDriverRange;

/* Boot only. */
INIT_CODE VOID MiInitializeRange(PMI_RANGE Range, ULONG_PTR Base, ULONG64 Pages)
{
    Range->Base = Base;
    Range->Hint = 0;
    Range->Used = 0;
    KeInitializeSpinLock(&Range->Lock);
    RtlInitializeBitMap(&Range->Map, MiBootAllocate((Pages + 31) / 32 * sizeof(ULONG)), (ULONG)Pages);
}

ULONG_PTR MiReserveRange(PMI_RANGE Range, ULONG64 Pages)
{
    ULONG Index = MAXULONG;
    KIRQL Irql;

    if (KiAllocationFails("addresses"))
        return 0;
    Irql = KeAcquireSpinLockRaiseToDpc(&Range->Lock);
    if (Pages <= Range->Map.SizeOfBitMap) {
        Index = RtlFindClearBitsAndSet(&Range->Map, (ULONG)Pages, Range->Hint);
        if (Index != MAXULONG) {
            Range->Hint = Index + (ULONG)Pages;
            Range->Used += Pages;
        }
    }
    KeReleaseSpinLock(&Range->Lock, Irql);
    return Index == MAXULONG ? 0 : Range->Base + ((ULONG_PTR)Index << PAGE_SHIFT);
}

VOID MiReleaseRange(PMI_RANGE Range, ULONG_PTR Address, ULONG64 Pages)
{
    ULONG Index = (ULONG)((Address - Range->Base) >> PAGE_SHIFT);
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Range->Lock);

    ASSERT(RtlAreBitsSet(&Range->Map, Index, (ULONG)Pages));
    RtlClearBits(&Range->Map, Index, (ULONG)Pages);
    if (Index < Range->Hint)
        Range->Hint = Index;    /* low addresses first: their page tables exist */
    Range->Used -= Pages;
    KeReleaseSpinLock(&Range->Lock, Irql);
}

/*
 * A kernel stack: resident, read-write, with an unmapped page below it, so that running over its end is a double fault
 * that says so and not silent damage. Each thread pays for one frame more, which it may hold while it waits for another
 * (segpage.c). May wait for frames. IRQL: <= APC_LEVEL.
 */
#define FRAMES_HELD 1

PVOID MmCreateKernelStack(VOID)
{
    ULONG_PTR Base = MiReserveRange(&MiSystemPtes, KERNEL_STACK_PAGES + 1);

    if (Base == 0)
        return NULL;
    if (!MiMakeSystemTables(Base, KERNEL_STACK_PAGES + 1) || !MiChargeResident(FRAMES_HELD)) {
        MiReleaseRange(&MiSystemPtes, Base, KERNEL_STACK_PAGES + 1);
        return NULL;
    }
    if (!MiChargePermanent(KERNEL_STACK_PAGES)) {
        MiReturnResident(FRAMES_HELD);
        MiReleaseRange(&MiSystemPtes, Base, KERNEL_STACK_PAGES + 1);
        return NULL;
    }
    for (ULONG i = 1; i <= KERNEL_STACK_PAGES; i++)
        MiWritePte(MiSystemPte(Base + i * PAGE_SIZE),
                   MiMakePermanent(MiWaitForPermanentFrame(), MI_PROTECT_READ | MI_PROTECT_WRITE));
    return (PVOID)(Base + (KERNEL_STACK_PAGES + 1) * PAGE_SIZE);
}

/*
 * Unmaps and frees up to MM_STACKS_AT_ONCE kernel stacks, that nobody runs on any more, in one round of the other
 * processors: that is what it costs. IRQL: <= DISPATCH_LEVEL.
 */
VOID MmDeleteKernelStacks(PVOID const StackTops[], ULONG Count)
{
    ULONG_PTR Addresses[MM_STACKS_AT_ONCE * KERNEL_STACK_PAGES];
    MMPTE Old[MM_STACKS_AT_ONCE * KERNEL_STACK_PAGES];
    ULONG Pages = 0;

    ASSERT(Count <= MM_STACKS_AT_ONCE);
    if (Count == 0)
        return;
    for (ULONG i = 0; i < Count; i++) {
        for (ULONG Page = KERNEL_STACK_PAGES; Page > 0; Page--, Pages++) {
            Addresses[Pages] = (ULONG_PTR)StackTops[i] - Page * PAGE_SIZE;
            Old[Pages] = MiExchangePte(MiSystemPte(Addresses[Pages]), MiMakeZero());
        }
    }
    MiFlushTlb(NULL, Addresses, Pages);
    for (ULONG i = 0; i < Pages; i++)
        MiFreePermanentFrame(MiFrameOf(Old[i]));
    MiReturnResident(Count * FRAMES_HELD);
    for (ULONG i = 0; i < Count; i++)
        MiReleaseRange(&MiSystemPtes, (ULONG_PTR)StackTops[i] - (KERNEL_STACK_PAGES + 1) * PAGE_SIZE,
                       KERNEL_STACK_PAGES + 1);
}

/*
 * Documentation: "MmMapIoSpace". Cached RAM below the direct map's end is there already; all else gets system PTEs.
 * IRQL: <= DISPATCH_LEVEL. NULL: no address space or no frame for a page table, no bytes, or an unknown cache type.
 */
PVOID MmMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, MEMORY_CACHING_TYPE CacheType)
{
    ULONG64 Physical = (ULONG64)PhysicalAddress.QuadPart;
    ULONG Pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(Physical, NumberOfBytes);
    ULONG_PTR Base;

    if (NumberOfBytes == 0 || Physical > MI_HIGHEST_PHYSICAL || NumberOfBytes - 1 > MI_HIGHEST_PHYSICAL - Physical ||
        CacheType > MmHardwareCoherentCached)
        return NULL;
    if (CacheType == MmCached && (Physical + NumberOfBytes - 1) >> PAGE_SHIFT < MiDirectMapFrames)
        return (PVOID)(MM_DIRECT_MAP + Physical);
    Base = MiReserveRange(&MiSystemPtes, Pages);
    if (Base == 0)
        return NULL;
    if (!MiMakeSystemTables(Base, Pages)) {
        MiReleaseRange(&MiSystemPtes, Base, Pages);
        return NULL;
    }
    for (ULONG i = 0; i < Pages; i++) {
        MMPTE Pte = MiMakePermanent((Physical >> PAGE_SHIFT) + i, MI_PROTECT_READ | MI_PROTECT_WRITE);
        MiWritePte(MiSystemPte(Base + i * PAGE_SIZE), MiWithCacheType(Pte, CacheType));
    }
    return (PVOID)(Base + BYTE_OFFSET(Physical));
}
NT_EXPORT(MmMapIoSpace);

VOID MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    ULONG_PTR Base = (ULONG_PTR)PAGE_ALIGN(BaseAddress);
    ULONG Pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(BaseAddress, NumberOfBytes);

    if (Base >= MM_DIRECT_MAP && Base < MM_DIRECT_MAP + MM_DIRECT_MAP_SIZE)
        return;
    for (ULONG i = 0; i < Pages; i++)
        MiWritePte(MiSystemPte(Base + i * PAGE_SIZE), MiMakeZero());
    MiFlushRange(NULL, Base, Pages);
    MiReleaseRange(&MiSystemPtes, Base, Pages);
}
NT_EXPORT(MmUnmapIoSpace);

/* Documentation: "MmIsAddressValid": would a touch fault? For messages; the answer may be old. IRQL: any. */
BOOLEAN MmIsAddressValid(PVOID VirtualAddress)
{
    ULONG_PTR Address = (ULONG_PTR)VirtualAddress;
    ULONG64 Root;
    PMMPTE Pte;

    if (Address >= MM_DIRECT_MAP && Address < MM_DIRECT_MAP + MM_DIRECT_MAP_SIZE)
        return (Address - MM_DIRECT_MAP) >> PAGE_SHIFT < MiDirectMapFrames;
    if (Address > MM_HIGHEST_USER_ADDRESS && Address < MM_SYSTEM_RANGE_START)
        return FALSE;
    __asm__ volatile("movq %%cr3, %0" : "=r"(Root));
    Pte = MiFindPte(Root & MI_PTE_FRAME_MASK, Address);
    return Pte != NULL && MiIsValid(MiReadPte(Pte));
}
NT_EXPORT(MmIsAddressValid);

/* Documentation: "MmGetPhysicalAddress". Zero when nothing is mapped there. IRQL: any, for memory that stays. */
PHYSICAL_ADDRESS MmGetPhysicalAddress(PVOID BaseAddress)
{
    ULONG_PTR Address = (ULONG_PTR)BaseAddress;
    PHYSICAL_ADDRESS Physical = {.QuadPart = 0};
    PMMPTE Pte;

    if (Address >= MM_DIRECT_MAP && Address < MM_DIRECT_MAP + MM_DIRECT_MAP_SIZE) {
        Physical.QuadPart = (LONGLONG)(Address - MM_DIRECT_MAP);
    } else {
        ULONG64 Root;
        __asm__ volatile("movq %%cr3, %0" : "=r"(Root));
        Pte = MiFindPte(Root & MI_PTE_FRAME_MASK, Address);
        if (Pte != NULL && MiIsValid(MiReadPte(Pte)))
            Physical.QuadPart = (LONGLONG)((MiFrameOf(MiReadPte(Pte)) << PAGE_SHIFT) | BYTE_OFFSET(Address));
    }
    return Physical;
}
NT_EXPORT(MmGetPhysicalAddress);
