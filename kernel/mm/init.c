/*
 * Mm at boot: which RAM is ours, what is set aside, the final page tables with write and execute apart, the PFN
 * database.
 *
 * Until the database is filled, memory comes from MiBootAllocate: a rising mark in the largest hole of RAM that the
 * boot page tables show, never given back.
 */
#include "mm/mi.h"
#include "ex/options.h"
#include "rtl/export.h"
#include "hal/hal.h"
#include "kd/kd.h"

/* linker.ld */
extern UCHAR KernelImageStart[], KernelImageEnd[], KernelTextStart[], KernelTextEnd[], KernelPageStart[], KernelPageEnd[];
extern UCHAR KernelInitStart[], KernelInitEnd[], KernelRodataStart[], KernelRodataEnd[], KiBootStackGuard[];
extern UCHAR KernelBootStart[], KernelBootEnd[];
extern UCHAR KernelPhysicalStart[], KernelPhysicalEnd[];

#define BOOT_WINDOW 0x40000000ull           /* what the boot page tables show of the direct map */
#define DIRECT_PAGE 0x200000ull
#define SMALLEST_RAM (4ull << 20)           /* of a cap */
#define SMALLEST_REST (5ull << 19)          /* what a paging file leaves of the hole that it is in */
#define POOL_SPACE_PAGES (64ull << 30 >> PAGE_SHIFT)    /* layout.h: each pool's share of address space */

PFN_NUMBER MiDirectMapFrames;
ULONG64 MiKernelRoot;
MM_WORKING_SET MiSystemWorkingSet;

static ULONG64 MiBootNext, MiBootEnd;       /* physical */
static ULONG64 MiReservedBase, MiReservedSize;  /* "ramdisk" */
static ULONG64 MiModuleBase, MiModuleSize;  /* page aligned outward */

VOID MiInitializeFrameEvents(VOID);
VOID MiInitializeTransfers(VOID);
VOID MiInitializePagingFiles(VOID);
VOID MiInitializeDriverPaging(VOID);

INIT_CODE PVOID MiBootAllocate(ULONG64 Bytes)
{
    PVOID Address = (PVOID)(MM_DIRECT_MAP + MiBootNext);

    Bytes = ROUND_TO_PAGES(Bytes);
    if (Bytes > MiBootEnd - MiBootNext)
        KiBugCheck(MEMORY_MANAGEMENT, Bytes, MiBootNext, MiBootEnd, 0, NULL,
                   "there is not enough RAM to start: %I64u KiB more are needed; give the machine more memory, or a smaller "
                   "pagefile=", (Bytes - (MiBootEnd - MiBootNext)) >> 10);
    MiBootNext += Bytes;
    RtlZeroMemory(Address, Bytes);
    return Address;
}

/*
 * Takes what is left of the range when [Start, End) of it is used: shrinks *From..*To to the larger rest, or to
 * nothing.
 */
INIT_CODE static VOID MiCutHole(PULONG64 From, PULONG64 To, ULONG64 Start, ULONG64 End)
{
    if (End <= *From || Start >= *To)
        return;
    if ((Start > *From ? Start - *From : 0) > (*To > End ? *To - End : 0))
        *To = Start;
    else
        *From = End;
}

/* What is left of a range of RAM besides the kernel and the boot module, in one piece; From >= To: nothing. */
INIT_CODE static VOID MiFindHole(const BOOT_RANGE *Range, PULONG64 From, PULONG64 To)
{
    *From = Range->Base;
    *To = Range->Base + Range->Length;
    MiCutHole(From, To, (ULONG64)KernelPhysicalStart, (ULONG64)KernelPhysicalEnd);
    if (*From < *To && MiModuleSize != 0)
        MiCutHole(From, To, MiModuleBase, MiModuleBase + MiModuleSize);
}

/*
 * Sets Wanted bytes aside for the ramdisk: at the top of the highest hole that has room for them and for the system
 * beside them, where a cap on RAM may leave it unused anyway. Where no hole is so large, what the largest can give.
 */
INIT_CODE static VOID MiSetAside(const BOOT_INFORMATION *Boot, ULONG64 Wanted)
{
    const BOOT_RANGE *Last = &Boot->Ranges[Boot->RangeCount - 1];
    /* The database of frames takes an 85th of RAM, and it lies low, where boot sees it. */
    ULONG64 BestTop = 0, BestRoom = 0, Rest = SMALLEST_REST + (Last->Base + Last->Length) / 32;

    for (ULONG i = Boot->RangeCount; i-- > 0 && BestRoom < Wanted;) {
        ULONG64 From, To, Room;
        MiFindHole(&Boot->Ranges[i], &From, &To);
        Room = To > From + Rest ? To - From - Rest : 0;
        if (Room > BestRoom) {
            BestRoom = Room;
            BestTop = To;
        }
    }
    MiReservedSize = min(Wanted, BestRoom) & ~(ULONG64)(PAGE_SIZE - 1);
    MiReservedBase = BestTop - MiReservedSize;
    if (MiReservedSize < Wanted && ExQueryBootOption("pagefile") != NULL)
        DbgPrint("pagefile=: %I64u KiB do not fit into RAM; using %I64u KiB\n", Wanted >> 10, MiReservedSize >> 10);
}

/* What the ramdisk shall have: what pagefile= says, 0 when it has other paging files or none. */
INIT_CODE static ULONG64 MiRamDiskSize(ULONG64 Default)
{
    EX_PAGING_FILE Files[EX_MOST_PAGING_FILES];
    ULONG Count = ExQueryPagingFiles(Files);

    for (ULONG i = 0; i < Count; i++)
        if (Files[i].RamDisk)
            return ROUND_TO_PAGES(Files[i].Maximum != 0 ? Files[i].Maximum : Default);
    return 0;
}

/* How much RAM is ours: up to the cap, and to where the database of frames has to reach. */
INIT_CODE static ULONG64 MiChooseMemory(const BOOT_INFORMATION *Boot)
{
    const BOOT_RANGE *Last = &Boot->Ranges[Boot->RangeCount - 1];
    ULONG64 Total = Last->Base + Last->Length, Cap = ExQueryBootSize("mem", MAXULONGLONG), Ram = 0;

    if (Cap < SMALLEST_RAM) {
        DbgPrint("mem=: %I64u KiB are too little to start with; using %I64u KiB\n", Cap >> 10, SMALLEST_RAM >> 10);
        Cap = SMALLEST_RAM;
    }
    Cap = min(Cap & ~(ULONG64)(PAGE_SIZE - 1), Total);
    /* The image is read once and then given back, so it may lie beyond the cap. */
    MiModuleBase = Boot->ModuleBase & ~(ULONG64)(PAGE_SIZE - 1);
    MiModuleSize = ROUND_TO_PAGES(Boot->ModuleBase + Boot->ModuleLength) - MiModuleBase;
    for (ULONG i = 0; i < Boot->RangeCount; i++)
        if (Boot->Ranges[i].Base < Cap)
            Ram += min(Boot->Ranges[i].Length, Cap - Boot->Ranges[i].Base);
    MiSetAside(Boot, MiRamDiskSize(Ram / 2));
    MiDirectMapFrames = Total >> PAGE_SHIFT;
    return MiReservedSize != 0 && MiReservedBase + MiReservedSize == Total ? min(Cap, MiReservedBase) : Cap;
}

INIT_CODE static VOID MiChooseBootHole(const BOOT_INFORMATION *Boot, ULONG64 Cap)
{
    for (ULONG i = 0; i < Boot->RangeCount; i++) {
        ULONG64 From, To;
        MiFindHole(&Boot->Ranges[i], &From, &To);
        To = min(To, min(Cap, BOOT_WINDOW));
        if (From < To && MiReservedSize != 0)
            MiCutHole(&From, &To, MiReservedBase, MiReservedBase + MiReservedSize);
        if (From < To && To - From > MiBootEnd - MiBootNext) {
            MiBootNext = From;
            MiBootEnd = To;
        }
    }
}

/* Maps one page, or one large page, making tables from boot memory. */
INIT_CODE static PMMPTE MiBootPte(ULONG_PTR Address, ULONG LowestLevel)
{
    PMMPTE Table = (PMMPTE)(MM_DIRECT_MAP + MiKernelRoot);

    for (ULONG Level = 3; Level > LowestLevel; Level--) {
        PMMPTE Entry = &Table[(Address >> (PAGE_SHIFT + 9 * Level)) & 511];
        if (!MiIsValid(*Entry))
            *Entry = MiMakeTable(((ULONG64)MiBootAllocate(PAGE_SIZE) - MM_DIRECT_MAP) >> PAGE_SHIFT, FALSE);
        Table = (PMMPTE)(MM_DIRECT_MAP + (Entry->Value & MI_PTE_FRAME_MASK));
    }
    return &Table[(Address >> (PAGE_SHIFT + 9 * LowestLevel)) & 511];
}

INIT_CODE static BOOLEAN MiIsWithin(ULONG_PTR Address, const UCHAR *Start, const UCHAR *End)
{
    return Address >= (ULONG_PTR)Start && Address < (ULONG_PTR)End;
}

/* The kernel image, page by page: code is not writable, data is not executable. */
INIT_CODE static VOID MiMapKernel(VOID)
{
    for (ULONG_PTR Address = (ULONG_PTR)KernelImageStart; Address < (ULONG_PTR)KernelImageEnd; Address += PAGE_SIZE) {
        ULONG Protection = MI_PROTECT_READ;
        if (MiIsWithin(Address, KernelTextStart, KernelTextEnd) || MiIsWithin(Address, KernelPageStart, KernelPageEnd) ||
            MiIsWithin(Address, KernelInitStart, KernelInitEnd))
            Protection |= MI_PROTECT_EXECUTE;
        else if (!MiIsWithin(Address, KernelRodataStart, KernelRodataEnd))
            Protection |= MI_PROTECT_WRITE;
        *MiBootPte(Address, 0) = MiMakePermanent((Address - MM_KERNEL_BASE) >> PAGE_SHIFT, Protection);
    }
    *MiBootPte((ULONG_PTR)KiBootStackGuard, 0) = MiMakeZero();
}

INIT_CODE static VOID MiBuildPageTables(PFN_NUMBER Frames)
{
    ULONG_PTR Database = MM_PFN_DATABASE, DatabaseEnd = Database + ROUND_TO_PAGES(Frames * sizeof(MMPFN));

    MiKernelRoot = (ULONG64)MiBootAllocate(PAGE_SIZE) - MM_DIRECT_MAP;
    for (ULONG64 At = 0; At < MiDirectMapFrames << PAGE_SHIFT; At += DIRECT_PAGE) {
        MMPTE Pte = MiMakePermanent(At >> PAGE_SHIFT, MI_PROTECT_READ | MI_PROTECT_WRITE);
        Pte.Value |= MI_PTE_LARGE;
        *MiBootPte(MM_DIRECT_MAP + At, 1) = Pte;
    }
    MiMapKernel();
    for (; Database < DatabaseEnd; Database += PAGE_SIZE) {
        ULONG64 Physical = (ULONG64)MiBootAllocate(PAGE_SIZE) - MM_DIRECT_MAP;
        *MiBootPte(Database, 0) = MiMakePermanent(Physical >> PAGE_SHIFT, MI_PROTECT_READ | MI_PROTECT_WRITE);
    }
    /* The top-level entries of the upper half are made now, because every process copies them. */
    MiBootPte(MM_SYSTEM_PTES, 0);
    MiBootPte(MM_DRIVER_IMAGES, 0);
    __asm__ volatile("movq %0, %%cr3" : : "r"(MiKernelRoot) : "memory");
}

/* Every frame's first state: general RAM is free but for what boot has used. */
INIT_CODE static VOID MiFillDatabase(const BOOT_INFORMATION *Boot, ULONG64 BootStart)
{
    for (PFN_NUMBER Frame = 0; Frame <= MiHighestFrame; Frame++)
        MiPfn(Frame)->State = MiFrameBad;
    for (ULONG i = 0; i < Boot->RangeCount; i++) {
        PFN_NUMBER Frame = Boot->Ranges[i].Base >> PAGE_SHIFT, End = Frame + (Boot->Ranges[i].Length >> PAGE_SHIFT);
        for (; Frame < End && Frame <= MiHighestFrame; Frame++) {
            ULONG64 At = Frame << PAGE_SHIFT;
            PMMPFN Pfn = MiPfn(Frame);
            if (At >= MiReservedBase && At < MiReservedBase + MiReservedSize)
                continue;
            MiTotalFrames++;
            if ((At >= (ULONG64)KernelPhysicalStart && At < (ULONG64)KernelPhysicalEnd) ||
                (At >= MiModuleBase && At < MiModuleBase + MiModuleSize) || (At >= BootStart && At < MiBootNext))
                Pfn->State = MiFrameActive;
            else
                MiInsertFrame(MiFrameFree, Pfn);
        }
    }
}

#define SYSTEM_MINIMUM 16               /* pages of the system working set that stay under any pressure */

/* IRQL: HIGH_LEVEL, on the boot page tables; returns on the final ones. */
INIT_CODE VOID MmInitializeFrames(const BOOT_INFORMATION *Boot)
{
    ULONG64 Cap = MiChooseMemory(Boot), BootStart, Reserve;

    MiChooseBootHole(Boot, Cap);
    BootStart = MiBootNext;
    MiHighestFrame = (Cap >> PAGE_SHIFT) - 1;
    MiBuildPageTables(MiHighestFrame + 1);

    MiInitializeRange(&MiSystemPtes, MM_SYSTEM_PTES, MM_SYSTEM_PTE_PAGES);
    MiInitializeRange(&MiNonPagedRange, MM_NONPAGED_POOL, min(MiHighestFrame + 1, POOL_SPACE_PAGES));
    MiInitializeRange(&MiPagedRange, MM_PAGED_POOL, min(max((MiHighestFrame + 1) * 4, 0x8000), POOL_SPACE_PAGES));
    MiInitializeRange(&MiDriverRange, MM_DRIVER_IMAGES, MM_DRIVER_IMAGE_PAGES);
    MmNonPagedPoolStart = (PVOID)MM_NONPAGED_POOL;
    MmNonPagedPoolEnd = (PVOID)(MM_NONPAGED_POOL + ((ULONG64)MiNonPagedRange.Map.SizeOfBitMap << PAGE_SHIFT));
    MmPagedPoolStart = (PVOID)MM_PAGED_POOL;
    MmPagedPoolEnd = (PVOID)(MM_PAGED_POOL + ((ULONG64)MiPagedRange.Map.SizeOfBitMap << PAGE_SHIFT));

    MiFillDatabase(Boot, BootStart);
    /*
     * What must never be locked or made permanent: enough frames for faults, the writer and the trimmer to make
     * progress.
     */
    MiLowFrames = MiTotalFrames / 64 + 32;
    Reserve = MiLowFrames + 64 + SYSTEM_MINIMUM;
    if (MiFrameLists[MiFrameFree].Count <= Reserve * 2)
        KiBugCheck(MEMORY_MANAGEMENT, MiFrameLists[MiFrameFree].Count, Reserve, 0, 0, NULL,
                   "only %I64u KiB of RAM are free after the kernel is placed; give the machine more memory, or a smaller "
                   "pagefile=", MiFrameLists[MiFrameFree].Count * 4);
    MiResidentAvailable = (LONG64)(MiFrameLists[MiFrameFree].Count - Reserve);
    MiCommitLimit = (LONG64)(MiFrameLists[MiFrameFree].Count - MiLowFrames);
    KiSystemProcess.DirectoryTableBase = MiKernelRoot;
}

/* What needs dispatcher objects and pool ranges. IRQL: PASSIVE_LEVEL, before any paged pool is used. */
INIT_CODE VOID MmInitializeSystemSpace(VOID)
{
    MiInitializeFrameEvents();
    ExInitializeFastMutex(&MiWorkingSetListLock);
    InitializeListHead(&MiWorkingSetList);
    MiInitializeWorkingSet(&MiSystemWorkingSet, NULL);
    MiSystemWorkingSet.MinimumSize = SYSTEM_MINIMUM;
    MiInitializeTransfers();
    MiInitializePagingFiles();
    MiInitializeDriverPaging();
    /* One table for the driver region and one for the kernel's stacks now, so that the first loads leave no trace. */
    if (!MiMakeSystemTables(MM_DRIVER_IMAGES, 512) || !MiMakeSystemTables(MM_SYSTEM_PTES, 512))
        KiBugCheck(MEMORY_MANAGEMENT, 0, 0, 0, 0, NULL, "no frame is left for the first page tables");
}

NTSTATUS MmQueryReservedMemory(PCSTR Name, PPHYSICAL_ADDRESS Base, PSIZE_T Size)
{
    if (strcmp(Name, "ramdisk") != 0 || MiReservedSize == 0)
        return STATUS_NOT_FOUND;
    Base->QuadPart = (LONGLONG)MiReservedBase;
    *Size = MiReservedSize;
    return STATUS_SUCCESS;
}
NT_EXPORT(MmQueryReservedMemory);

/* Frames that boot used and nobody needs any more; those behind the database were never counted and stay unused. */
static ULONG64 MiReleaseBootFrames(ULONG64 Base, ULONG64 End)
{
    ULONG64 Count = 0;

    for (PFN_NUMBER Frame = Base >> PAGE_SHIFT; Frame < End >> PAGE_SHIFT && Frame <= MiHighestFrame; Frame++) {
        KIRQL Irql = MiLockPfn();
        if (MiPfn(Frame)->State == MiFrameActive) {
            MiFreeFrame(MiPfn(Frame));
            Count++;
        }
        MiUnlockPfn(Irql);
    }
    MiReturnResident(Count);
    MiRaiseCommitLimit((LONG64)Count);
    return Count;
}

VOID MmReleaseBootModule(VOID)
{
    MiReleaseBootFrames(MiModuleBase, MiModuleBase + MiModuleSize);
}

/* The code and tables that boot began with. They are mapped with the rest of the image, so the mapping goes first. */
static ULONG64 MiReleaseBootCode(VOID)
{
    for (ULONG64 At = (ULONG64)KernelBootStart; At < (ULONG64)KernelBootEnd; At += PAGE_SIZE)
        MiWritePte(MiSystemPte(MM_KERNEL_BASE + At), MiMakeDiscarded());
    MiFlushRange(NULL, MM_KERNEL_BASE + (ULONG64)KernelBootStart,
                 ((ULONG64)KernelBootEnd - (ULONG64)KernelBootStart) >> PAGE_SHIFT);
    return MiReleaseBootFrames((ULONG64)KernelBootStart, (ULONG64)KernelBootEnd);
}

VOID MmDiscardKernelInit(VOID)
{
    ULONG64 Pages = MiDiscardKernelSections() + MiReleaseBootCode();

    DbgPrint("INIT of the kernel discarded: %I64u KiB freed\n", Pages * PAGE_SIZE / 1024);
}
