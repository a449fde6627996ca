/*
 * Mm, as the other rooms see it: address spaces, pools' memory, image sections, paging files, kernel stacks.
 *
 * Trust in types: a user pointer is a USER_ADDRESS until it has been probed and copied; a frame is a PFN_NUMBER; a
 * physical address is a PHYSICAL_ADDRESS. None converts to another by itself.
 *
 * Lock order, outermost first: loader lock, section lock, working-set lock (APC_LEVEL), PFN lock (DISPATCH_LEVEL).
 */
#pragma once

#include "wdm.h"
#include "ke/ke.h"
#include "rtl/avl.h"

/* User pointers ---------------------------------------------------------------------------------------------- */

/* An address that a program gave: nothing is known of it. */
typedef struct _USER_ADDRESS { ULONG_PTR Value; } USER_ADDRESS;

#define MM_LOWEST_USER_ADDRESS 0x10000ull
#define MM_HIGHEST_USER_ADDRESS 0x00007FFFFFFEFFFFull

/*
 * Copy between a program's memory and a kernel buffer. The kernel buffer may be pageable. Return
 * STATUS_ACCESS_VIOLATION when any byte of the user range is outside user space, not committed or not writable (what
 * was copied until then stays copied), STATUS_IN_PAGE_ERROR when it could not be read in.
 * IRQL: <= APC_LEVEL. The current process' address space is meant. May wait.
 */
NTSTATUS MmCopyFromUser(PVOID Destination, USER_ADDRESS Source, SIZE_T Length);
NTSTATUS MmCopyToUser(USER_ADDRESS Destination, const VOID *Source, SIZE_T Length);
/* The length of a user string without its null, at most Maximum (then STATUS_BUFFER_OVERFLOW). */
NTSTATUS MmUserStringLength(USER_ADDRESS String, SIZE_T Maximum, PSIZE_T Length);

/* Initialisation --------------------------------------------------------------------------------------------- */

struct _BOOT_INFORMATION;
VOID MmInitializeFrames(const struct _BOOT_INFORMATION *Boot);  /* PFN database, kernel page tables, W^X */
VOID MmInitializeSystemSpace(VOID);                             /* pools, system PTEs, the system working set */
NTSTATUS MmStartThreads(VOID);                                  /* working-set manager, modified-page writer */
VOID MmDiscardKernelInit(VOID);                                 /* gives the kernel's INIT back, prints how much */
VOID MmReleaseBootModule(VOID);                                 /* gives the boot image's frames back */

/* Pool memory: page runs for kernel/ex/pool.c ------------------------------------------------------------------ */

/*
 * Pages of nonpaged (resident) or paged (demand-zero, committed) system memory, page aligned, zero-filled.
 * NULL when address space, frames or commit are used up. IRQL: <= DISPATCH_LEVEL nonpaged, <= APC_LEVEL paged.
 */
PVOID MmAllocatePoolPages(POOL_TYPE Type, SIZE_T Pages);
VOID MmFreePoolPages(PVOID Address, SIZE_T Pages);
extern PVOID MmNonPagedPoolStart, MmNonPagedPoolEnd, MmPagedPoolStart, MmPagedPoolEnd;

/* Kernel stacks: KERNEL_STACK_PAGES resident pages above a guard page. Returns the top, or NULL. IRQL: <= APC_LEVEL. */
PVOID MmCreateKernelStack(VOID);
#define MM_STACKS_AT_ONCE 16
VOID MmDeleteKernelStacks(PVOID const StackTops[], ULONG Count);

/* Driver images and their sections --------------------------------------------------------------------------- */

typedef enum _MM_SECTION_KIND { MmSectionNonpaged, MmSectionPageable, MmSectionInit, MmSectionDiscarded } MM_SECTION_KIND;
#define MM_SECTION_READ 1
#define MM_SECTION_WRITE 2
#define MM_SECTION_EXECUTE 4

/*
 * One section of a loaded image (or of the kernel itself): the unit of pageability and locking. The storage is the
 * loader's, nonpaged; the fields below the line are Mm's.
 */
typedef struct _MM_SECTION {
    PCSTR Owner;                    /* driver's name, for messages and `sections` */
    CHAR Name[16];
    ULONG_PTR Base;                 /* page aligned */
    ULONG PageCount;
    UCHAR Kind;                     /* MM_SECTION_KIND */
    UCHAR Protection;               /* MM_SECTION_READ | ... */
    /* Mm's from here. System working-set lock, APC_LEVEL. */
    UCHAR CompileKind;              /* Kind as the section's name asked for; Kind may change by MmPageEntireDriver */
    BOOLEAN Stable;                 /* all bytes placed, protections applied */
    LONG LockCount;
    ULONG ResidentPages;
    ULONG64 PageIns;
    ULONG64 PageOuts;
    ULONG RaisedUses;               /* interlocked: seen at DISPATCH_LEVEL or above while it could have been out (raised.c) */
    ULONG64 Cookie;                 /* tells a section's handle from any other pointer */
    struct _LIST_ENTRY ImageEntry;  /* MM_IMAGE.Sections */
    struct _MM_IMAGE *Image;
    RTL_AVL_NODE AddressNode;       /* the tree of all sections by address */
} MM_SECTION, *PMM_SECTION;

/* One loaded image: a range of the driver region. Storage is the loader's. */
typedef struct _MM_IMAGE {
    PCSTR Name;
    ULONG_PTR Base;
    ULONG PageCount;
    LIST_ENTRY Sections;            /* MM_SECTION.ImageEntry, ascending */
    BOOLEAN PagedEntirely;          /* MmPageEntireDriver is in force */
} MM_IMAGE, *PMM_IMAGE;

/*
 * Reserves PageCount pages of the driver region. Costs page tables only. STATUS_INSUFFICIENT_RESOURCES when the region
 * or frames for page tables are used up. IRQL: <= APC_LEVEL, loader lock held.
 */
NTSTATUS MmReserveImage(PMM_IMAGE Image, PCSTR Name, ULONG PageCount);
/* Gives the range back; all sections are deleted first. */
VOID MmReleaseImage(PMM_IMAGE Image);
/*
 * Adds a section at Image->Base + PageOffset pages: Name, Kind, Protection as given. Charges commit for it.
 * STATUS_COMMITMENT_LIMIT or STATUS_INSUFFICIENT_RESOURCES otherwise. The section reads as zeroes afterwards; a
 * pageable one costs no frame yet.
 */
NTSTATUS MmAddImageSection(PMM_IMAGE Image, PMM_SECTION Section, PCSTR Name, ULONG PageOffset, ULONG PageCount,
                           MM_SECTION_KIND Kind, UCHAR Protection);
/*
 * Places Pages whole pages of content at page FirstPage of the section, before the section is stable. Nonpaged: copied
 * into its frames. Pageable and INIT: written to a paging file in one request, leaving no frame behind (while there is
 * no paging file yet, they stay in frames until trimmed). Buffer: page aligned, system space, any pool. IRQL:
 * PASSIVE_LEVEL.
 */
NTSTATUS MmFillImageSection(PMM_SECTION Section, ULONG FirstPage, ULONG Pages, PVOID Buffer);
/* Final protections of all sections of the image. After it the driver may run. */
VOID MmSealImage(PMM_IMAGE Image);
/* INIT after DriverEntry: frames, slots and commit are given back; any touch from now on is a bugcheck that says so. */
VOID MmDiscardImageSection(PMM_SECTION Section);
/* Unload: releases locks that were left (and says which), gives everything back. */
VOID MmDeleteImageSection(PMM_SECTION Section);
/*
 * Code at Address runs, or is about to run, at DISPATCH_LEVEL or above: counted for its section if that is pageable and
 * not locked. Returns the count, 0 if the use was right. Checked builds only. IRQL: any.
 */
ULONG MmCountRaisedUse(PVOID Address);
/* The section that holds an address, or NULL. IRQL: any (the tree is read under its own spin lock). */
PMM_SECTION MmFindSection(PVOID Address);

/*
 * The kernel itself as an image: its sections lie in frames already, mapped with their protections. The caller has
 * filled in Owner, Name, Base, PageCount, Kind and Protection of each; Mm does the rest. Called once at boot. IRQL:
 * PASSIVE_LEVEL.
 */
VOID MmInitializeKernelImage(PMM_IMAGE Image, PCSTR Name, ULONG_PTR Base, ULONG PageCount, PMM_SECTION Sections, ULONG Count);

/*
 * The section contract for system services: as MmLockPagable..., with a status instead of a message. Handle validity is
 * the caller's: the section must be one the loader owns. STATUS_INVALID_PARAMETER: discarded. IRQL: <= APC_LEVEL.
 */
NTSTATUS MmLockSection(PMM_SECTION Section);
NTSTATUS MmUnlockSection(PMM_SECTION Section);

/* Paging files ------------------------------------------------------------------------------------------------ */

/*
 * Makes a paging file of Minimum slots, which grows to Maximum as memory is promised, on the opened device, which the
 * caller has referenced for good. STATUS_TOO_MANY_PAGING_FILES, STATUS_INSUFFICIENT_RESOURCES; STATUS_NOT_SUPPORTED:
 * the device's driver has pageable sections. IRQL: PASSIVE_LEVEL.
 */
NTSTATUS MmCreatePagingFile(PDEVICE_OBJECT Device, PFILE_OBJECT File, PCSTR Name, ULONG Minimum, ULONG Maximum);
/* Gives back the slots that paging files have grown by, as far as nobody uses them or was promised them. */
VOID MmShrinkPagingFiles(VOID);

/* Does this driver serve a paging file? Then it must never be pageable. IRQL: any, image kept by the caller. */
BOOLEAN MmServesPaging(PMM_IMAGE Image);

/* Counters for `mem` ------------------------------------------------------------------------------------------ */

typedef struct _MM_STATISTICS {
    ULONG64 TotalFrames, ZeroedFrames, FreeFrames, StandbyFrames, ModifiedFrames, ActiveFrames, TransitFrames, BadFrames;
    ULONG64 NonPagedPoolBytes, PagedPoolBytes;
    ULONG64 NonPagedPoolPages, PagedPoolPages;  /* that the pools hold for them */
    ULONG64 DemandZeroFaults, SoftFaults, HardFaults, PagesIn, PagesOut, PageReads, PageWrites;
    ULONG64 CommittedPages, CommitLimit, SystemWorkingSet;
    LONG64 ResidentAvailable;       /* frames that may still become permanent or locked */
    ULONG64 SystemTablePages;       /* page tables of system space, which stay once they are made */
} MM_STATISTICS, *PMM_STATISTICS;
VOID MmQueryStatistics(PMM_STATISTICS Statistics);
#define MM_PAGING_FILE_NAME 32
typedef struct _MM_PAGING_FILE_STATISTICS {
    CHAR Name[MM_PAGING_FILE_NAME];
    ULONG Slots, Used;
    ULONG Minimum, Maximum;         /* slots: it has never fewer, and grows to so many */
    ULONG Bad;                      /* of those used: could not be written, and are not used again */
} MM_PAGING_FILE_STATISTICS;
/* Fills up to Count entries, returns how many there are. */
ULONG MmQueryPagingFiles(MM_PAGING_FILE_STATISTICS *Entries, ULONG Count);
/*
 * Holds the PFN database, page tables, working sets and slot maps against each other. Returns TRUE when consistent;
 * else Report names the first thing that is not. IRQL: PASSIVE_LEVEL.
 */
BOOLEAN MmCheckConsistency(PCHAR Report, SIZE_T ReportSize);

/* Segments: pages that are no one address space's ------------------------------------------------------------------- */

typedef struct _MM_SEGMENT *PMM_SEGMENT;
#define MM_SEGMENT_PAGES (1ull << 36)   /* how many one can have */

/* An empty segment with one reference. STATUS_INSUFFICIENT_RESOURCES. IRQL: <= APC_LEVEL. */
NTSTATUS MmCreateSegment(PMM_SEGMENT *Segment);
VOID MmReferenceSegment(PMM_SEGMENT Segment);
/* Gives all of it back with the last reference. IRQL: <= APC_LEVEL, no lock of Mm held; may wait for a transfer. */
VOID MmDereferenceSegment(PMM_SEGMENT Segment);
/*
 * Makes the pages from First to Last exist; new ones read as zeroes, cost commit and no frame yet.
 * STATUS_COMMITMENT_LIMIT, STATUS_SECTION_TOO_BIG: then nothing has changed. IRQL: <= APC_LEVEL, no lock of Mm held;
 * may wait for a frame.
 */
NTSTATUS MmExtendSegment(PMM_SEGMENT Segment, ULONG64 First, ULONG64 Last);
/* How many of them do not exist. */
ULONG64 MmSegmentHoles(PMM_SEGMENT Segment, ULONG64 First, ULONG64 Last);
/* How many there are in all. */
ULONG64 MmSegmentPages(PMM_SEGMENT Segment);
/*
 * Ends the pages from First on. Nobody has it mapped. IRQL: <= APC_LEVEL, no lock of Mm held; may wait for a transfer.
 */
VOID MmCutSegment(PMM_SEGMENT Segment, ULONG64 First);
/*
 * How a section object or a view uses a segment. What is run as a program is not written: MmEnterSegment says
 * STATUS_SHARING_VIOLATION to an image of what somebody may write, and to who wants to write what is an image. It takes
 * a reference; MmLeaveSegment drops it. IRQL: <= APC_LEVEL; leaving: no lock of Mm held.
 */
typedef enum _MM_SEGMENT_USE { MmSegmentRead, MmSegmentWritten, MmSegmentImage, MmSegmentUses } MM_SEGMENT_USE;
NTSTATUS MmEnterSegment(PMM_SEGMENT Segment, MM_SEGMENT_USE Use);
VOID MmLeaveSegment(PMM_SEGMENT Segment, MM_SEGMENT_USE Use);
/* Whether anybody uses it so; MmSegmentUses: in any way. */
BOOLEAN MmIsSegmentUsed(PMM_SEGMENT Segment, MM_SEGMENT_USE Use);
/*
 * Shows a page in system space and keeps it there until it is released: one at a time for a thread. Write: it will be
 * changed. STATUS_END_OF_FILE: the page does not exist; STATUS_IN_PAGE_ERROR. IRQL: <= APC_LEVEL, no lock of Mm held;
 * waits.
 */
NTSTATUS MmHoldSegmentPage(PMM_SEGMENT Segment, ULONG64 Page, BOOLEAN Write, PVOID *Data);
VOID MmReleaseSegmentPage(PVOID Data);

/* Processes' address spaces ------------------------------------------------------------------------------------ */

typedef struct _MM_WORKING_SET {
    FAST_MUTEX Lock;                /* the working-set lock */
    PFN_NUMBER FirstFrame;          /* ring of active frames, linked through the PFN database; PFN lock */
    ULONG64 Size;                   /* frames in it */
    PFN_NUMBER FirstTable;          /* ring of page tables that map pages of views (share.c); PFN lock */
    ULONG64 Tables;                 /* how many those are */
    ULONG64 SharedSize;             /* pages of views that are mapped */
    ULONG64 MinimumSize;            /* of both kinds of pages together */
    LIST_ENTRY WorkingSetLinks;     /* MmWorkingSetList */
    PKPROCESS Process;              /* NULL: the system's */
} MM_WORKING_SET, *PMM_WORKING_SET;

typedef struct _MM_ADDRESS_SPACE {
    MM_WORKING_SET WorkingSet;
    ULONG64 DirectoryTableBase;     /* physical address of the top-level table */
    FAST_MUTEX RangeLock;           /* held over every change of the tree; taken before the working-set lock */
    RTL_AVL_TREE Vads;              /* MMVAD by start address; working-set lock, and the range lock to change it */
    ULONG64 CommittedPages;
    ULONG64 PageTablePages;
    ULONG64 LockedPages;            /* VirtualLock */
    ULONG64 PageFaults;
    BOOLEAN Deleting;               /* range lock: nothing may be added any more */
} MM_ADDRESS_SPACE, *PMM_ADDRESS_SPACE;

/* A new, empty user half. STATUS_INSUFFICIENT_RESOURCES. IRQL: <= APC_LEVEL. */
NTSTATUS MmCreateAddressSpace(PMM_ADDRESS_SPACE Space, PKPROCESS Process);
/* Frees every frame, slot, table. Nobody runs in it any more. IRQL: PASSIVE_LEVEL. */
VOID MmDeleteAddressSpace(PMM_ADDRESS_SPACE Space);
/* The address space of the calling thread's process (Ps sets the way from KPROCESS to it). */
extern PMM_ADDRESS_SPACE (*MmProcessSpace)(PKPROCESS Process);

/* Pages that are mapped now, a program's own and those of views. */
FORCEINLINE ULONG64 MmWorkingSetSize(PMM_ADDRESS_SPACE Space)
{
    return Space->WorkingSet.Size + Space->WorkingSet.SharedSize;
}

/*
 * NtAllocateVirtualMemory and its neighbours without the system-service part: Base and Size are in kernel memory.
 * Protect: PAGE_NOACCESS, PAGE_READONLY, PAGE_READWRITE, PAGE_EXECUTE_READ (writable and executable at once is
 * STATUS_INVALID_PAGE_PROTECTION). IRQL: PASSIVE_LEVEL. Documented statuses.
 */
NTSTATUS MmAllocateVirtualMemory(PMM_ADDRESS_SPACE Space, PULONG_PTR Base, PSIZE_T Size, ULONG Type, ULONG Protect);
NTSTATUS MmFreeVirtualMemory(PMM_ADDRESS_SPACE Space, PULONG_PTR Base, PSIZE_T Size, ULONG Type);
NTSTATUS MmProtectVirtualMemory(PMM_ADDRESS_SPACE Space, PULONG_PTR Base, PSIZE_T Size, ULONG Protect, PULONG Old);
/*
 * A view: pages of a segment from FirstPage on appear at *Base, or (0) where there is room; *Size is rounded up to
 * pages. Protection: PAGE_READONLY, PAGE_READWRITE, PAGE_WRITECOPY, PAGE_EXECUTE_READ. The pages exist, or may come to,
 * and the caller uses the segment in a way that allows the view. Segment NULL: private pages of zeroes, as an image has
 * them. AllocationBase: of the image that the view is a part of, else 0. STATUS_CONFLICTING_ADDRESSES,
 * STATUS_NO_MEMORY, STATUS_COMMITMENT_LIMIT (copies of a PAGE_WRITECOPY view are promised),
 * STATUS_INVALID_PAGE_PROTECTION. IRQL: PASSIVE_LEVEL.
 */
typedef struct _MM_VIEW {
    PMM_SEGMENT Segment;
    ULONG64 FirstPage;
    ULONG Protection;
    BOOLEAN Image;
    ULONG_PTR AllocationBase;
} MM_VIEW, *PMM_VIEW;
NTSTATUS MmMapView(PMM_ADDRESS_SPACE Space, const MM_VIEW *View, PULONG_PTR Base, PSIZE_T Size);
/*
 * A stack of Size bytes, of which little is committed before it is used: *Base is its lowest address, *Total its size
 * with the page at its end that is never there. STATUS_NO_MEMORY, STATUS_COMMITMENT_LIMIT. IRQL: PASSIVE_LEVEL.
 */
NTSTATUS MmCreateUserStack(PMM_ADDRESS_SPACE Space, SIZE_T Size, PULONG_PTR Base, PSIZE_T Total);
/* What lies at an address. STATUS_INVALID_PARAMETER: no program's address. IRQL: PASSIVE_LEVEL. */
NTSTATUS MmQueryVirtualMemory(PMM_ADDRESS_SPACE Space, ULONG_PTR Address, PMEMORY_BASIC_INFORMATION Information);
/* Unmaps the view that holds the address, or all of an image. STATUS_NOT_MAPPED_VIEW. IRQL: PASSIVE_LEVEL. */
NTSTATUS MmUnmapView(PMM_ADDRESS_SPACE Space, ULONG_PTR Address);
/* Pins pages in the working set (VirtualLock); at most the quota: STATUS_WORKING_SET_QUOTA. */
NTSTATUS MmLockVirtualMemory(PMM_ADDRESS_SPACE Space, ULONG_PTR Base, SIZE_T Size);
NTSTATUS MmUnlockVirtualMemory(PMM_ADDRESS_SPACE Space, ULONG_PTR Base, SIZE_T Size);

/* MmProbeAndLockPages with a status in place of an exception, for callers in the kernel. IRQL: <= APC_LEVEL. */
NTSTATUS MmTryProbeAndLockPages(PMDL Mdl, KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation);

/* Other processors (tlb.c), called from ke/ipi.c and, by a processor that starts, from ex/processors.c. */
VOID MmServeTlbRequests(VOID);
VOID MmJoinTlbRounds(VOID);
/*
 * A page of the first MiB at its own address in the system process, executable and not writable, for a processor that
 * switches paging on in it; and gone again. FALSE: no frame for a table. IRQL: PASSIVE_LEVEL, while the kernel starts.
 */
BOOLEAN MmMapIdentityPage(ULONG_PTR Address);
VOID MmUnmapIdentityPage(ULONG_PTR Address);

/* Other ---------------------------------------------------------------------------------------------------------- */

/*
 * Memory that was set aside at boot under a name ("ramdisk"), never part of general RAM. STATUS_NOT_FOUND.
 * IRQL: PASSIVE_LEVEL.
 */
NTSTATUS MmQueryReservedMemory(PCSTR Name, PPHYSICAL_ADDRESS Base, PSIZE_T Size);

/* The page-fault path (ke/trap.c): STATUS_SUCCESS: retry the instruction; else what is wrong with the address. */
#define MM_FAULT_PRESENT 1
#define MM_FAULT_WRITE 2
#define MM_FAULT_USER 4
#define MM_FAULT_RESERVED 8
#define MM_FAULT_EXECUTE 16
NTSTATUS MmAccessFault(ULONG_PTR Address, ULONG Reason, KPROCESSOR_MODE Mode, PKTRAP_FRAME Frame);
