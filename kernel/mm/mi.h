/*
 * Mm's inside: the PFN database, lists, transfers, and which lock protects what.
 *
 * Locks, outermost first:
 *   range lock (MM_ADDRESS_SPACE.RangeLock, fast mutex, APC_LEVEL): which VADs a process has. Who changes one may let go of
 *       the working-set lock on the way, to wait for a transfer; this lock keeps other changes away meanwhile.
 *   working-set lock (MM_WORKING_SET.Lock, fast mutex, APC_LEVEL), one per process and one for the system: valid entries
 *       of its address space, which become valid and invalid only under it; its VADs; sections' counts (the system's).
 *   PFN lock (MiPfnLock, spin lock, DISPATCH_LEVEL): the PFN database, all lists and rings, slot maps, and every entry
 *       of kind transition: whoever holds it may turn a transition entry into the frame's OriginalPte when the frame is
 *       used for something else. So a transition entry has to be read again after taking the lock.
 *
 * A holder of a working-set lock touches resident memory only, and waits for no transfer and for no
 * frame: it lets go of the lock first and looks at the entry anew afterwards.
 *
 * The set that may never be paged, because resolving a fault needs it: everything in this folder, the PFN database,
 * page tables, nonpaged pool (IRPs, MDLs, transfers, device, file and dispatcher objects), kernel stacks, the direct
 * map, the driver of a paging device.
 */
#pragma once

#include "mm/mm.h"
#include "mm/layout.h"
#include "mm/pte.h"
#include "ke/rules.h"
#include "ke/spinlock.h"
#include "ex/fastmutex.h"
#include "section.h"

/* Frames ------------------------------------------------------------------------------------------------------- */

typedef enum _MI_FRAME_STATE {
    MiFrameZeroed,      /* on a list: contents zero */
    MiFrameFree,        /* on a list: contents of no interest */
    MiFrameStandby,     /* on a list: clean, its page can be taken back; or be dropped, since OriginalPte can bring it back */
    MiFrameModified,    /* on a list: must be written before it can be used otherwise */
    MiFrameActive,      /* mapped by a valid entry, or a permanent part of the system */
    MiFrameTransit,     /* nothing maps it and it is on no list, because a transfer, an MDL or a file's reader refers to it */
    MiFrameDeleted,     /* its page is gone, but a transfer or an MDL still refers to it: freed with the last reference */
    MiFrameBad,         /* not RAM, or not ours */
    MiFrameStates
} MI_FRAME_STATE;
#define MI_LISTS 4      /* the first four states have lists */

#define MI_FRAME_DIRTY 0x01     /* contents are not in OriginalPte's slot, whatever the entry's dirty bit says */
#define MI_FRAME_READING 0x02   /* Transit: a read is filling it */
#define MI_FRAME_WRITING 0x04   /* a write is copying it out */
#define MI_FRAME_IN_RING 0x08   /* linked into its owner's working-set ring */
#define MI_FRAME_FOR_LOCK 0x10  /* came in, or was held, for a lock: the last to be taken from standby. Not changed there */
#define MI_FRAME_CHARGED 0x20   /* paid for out of the resident budget because it is locked; returned with the last reference */
#define MI_FRAME_SHARED 0x40    /* a segment's page: Pte is its prototype, and it is in no ring */

#define MI_FRAME_READ_AHEAD 0x80 /* read along with a neighbour, and nobody has asked for it: the first to go from standby */

#define MI_RANKS 3      /* of frames on standby: read-ahead, any other, for a lock. Their flags do not change there */

#define MI_NO_FRAME 0xFFFFFFFFu

struct _MI_TRANSFER;
typedef struct _MMPFN {
    ULONG Flink, Blink;         /* list or ring neighbours, MI_NO_FRAME at the ends of a list */
    PMMPTE Pte;                 /* the entry whose page it holds, through the direct map; NULL: permanent */
    MMPTE OriginalPte;          /* what that entry becomes when the frame goes: demand-zero or paging-file */
    union {
        ULONG_PTR VirtualPage;  /* the address mapped, for flushing the TLB */
        ULONG64 ShareCount;     /* SHARED: how many entries map it */
    };
    ULONG_PTR Owner;            /* working set, or MM_SECTION + 1 (the system's then), see MiMakeOwner; SHARED: segment */
    ULONG ReferenceCount;       /* transfers and MDLs that use it: not trimmed, not freed while above zero */
    USHORT Transfer;            /* READING: index of its transfer */
    UCHAR State;
    UCHAR Flags;
} MMPFN, *PMMPFN;
C_ASSERT(sizeof(MMPFN) == 48);

/* Owner of a permanent frame that is the first of contiguous memory; Flink is how many frames it is (contiguous.c). */
#define MI_RUN_OWNER 2

typedef struct _MI_FRAME_LIST {
    ULONG First, Last;
    PFN_NUMBER Count;
} MI_FRAME_LIST;

extern KSPIN_LOCK MiPfnLock;
extern MI_FRAME_LIST MiFrameLists[MI_LISTS];
extern PFN_NUMBER MiHighestFrame;       /* the last one in the database */
extern PFN_NUMBER MiDirectMapFrames;    /* how many the direct map shows; RAM set aside lies behind the database */
extern PFN_NUMBER MiTotalFrames;        /* general RAM: everything but bad */
extern ULONG64 MiKernelRoot;            /* physical address of the system process' top-level table */
#define MiPfn(Frame) ((PMMPFN)MM_PFN_DATABASE + (Frame))
#define MiFrameNumber(Pfn) ((PFN_NUMBER)((Pfn) - (PMMPFN)MM_PFN_DATABASE))
#define MiAvailableFrames() \
    (MiFrameLists[MiFrameZeroed].Count + MiFrameLists[MiFrameFree].Count + MiFrameLists[MiFrameStandby].Count)

FORCEINLINE PVOID MiDirectAddress(PFN_NUMBER Frame) { return (PVOID)(MM_DIRECT_MAP + (Frame << PAGE_SHIFT)); }

FORCEINLINE KIRQL MiLockPfn(VOID)
{
    KIRQL Irql = KeGetCurrentIrql();
    KiSetIrql(DISPATCH_LEVEL);
    KiAcquireSpinLock(&MiPfnLock);
    return Irql;
}
FORCEINLINE VOID MiUnlockPfn(KIRQL Irql)
{
    KiReleaseSpinLock(&MiPfnLock);
    KiSetIrql(Irql);
}

FORCEINLINE PMM_SECTION MiSectionOfFrame(PMMPFN Pfn)
{
    return (Pfn->Owner & 1) ? (PMM_SECTION)(Pfn->Owner - 1) : NULL;
}
extern MM_WORKING_SET MiSystemWorkingSet;
FORCEINLINE PMM_WORKING_SET MiWorkingSetOfFrame(PMMPFN Pfn)
{
    return (Pfn->Owner & 1) ? &MiSystemWorkingSet : (PMM_WORKING_SET)Pfn->Owner;
}
FORCEINLINE ULONG_PTR MiMakeOwner(PMM_WORKING_SET WorkingSet, PMM_SECTION Section)
{
    return Section != NULL ? (ULONG_PTR)Section + 1 : (ULONG_PTR)WorkingSet;
}

/* pfn.c. All with the PFN lock held. */
VOID MiInsertFrame(MI_FRAME_STATE List, PMMPFN Pfn);    /* at the end of a list (standby: of its rank), with that state */
VOID MiUnlinkFrame(PMMPFN Pfn);                         /* off the list of its state */
VOID MiTakeBackFrame(PMMPFN Pfn);                       /* off its list if it is on one, its page kept */
/*
 * A frame with nothing in it, off all lists: Preferred, MiFrameZeroed or MiFrameFree, is looked for first. *Zeroed says
 * whether it is. MI_NO_FRAME: none.
 */
PFN_NUMBER MiTakeFrame(MI_FRAME_STATE Preferred, PBOOLEAN Zeroed);
VOID MiTakeThisFrame(PMMPFN Pfn);                       /* off its list, zeroed to standby, as a permanent one, not zeroed */
VOID MiFreeFrame(PMMPFN Pfn);                           /* back to the free list; wakes who waits for frames */
VOID MiReferenceFrame(PMMPFN Pfn);
VOID MiDereferenceFrame(PMMPFN Pfn);                    /* the last one frees a deleted frame, retires one in transit */
VOID MiHoldFrame(PMMPFN Pfn);                           /* a reference to a frame of any kind, off its list if it is on one */
/*
 * A frame that nothing maps any more, TLBs included: onto standby or modified, or in transit as long as it is
 * referenced.
 */
VOID MiRetireFrame(PMMPFN Pfn);
BOOLEAN MiLockFrame(PMMPFN Pfn);                        /* a reference that is paid for; FALSE: the budget is used up */
VOID MiReleaseFrame(PMMPFN Pfn);                        /* off lists and rings: free, or as soon as nobody refers to it */
/* A ring is doubly linked and closed: WorkingSet->FirstFrame is the oldest, its Blink the newest. */
FORCEINLINE VOID MiInsertInRing(PMM_WORKING_SET WorkingSet, PMMPFN Pfn)
{
    ULONG Frame = (ULONG)MiFrameNumber(Pfn);

    if (WorkingSet->Size++ == 0) {
        Pfn->Flink = Pfn->Blink = Frame;
        WorkingSet->FirstFrame = Frame;
    } else {
        PMMPFN First = MiPfn(WorkingSet->FirstFrame);
        Pfn->Flink = (ULONG)WorkingSet->FirstFrame;
        Pfn->Blink = First->Blink;
        MiPfn(First->Blink)->Flink = Frame;
        First->Blink = Frame;
    }
    Pfn->Flags |= MI_FRAME_IN_RING;
}
VOID MiRemoveFromRing(PMMPFN Pfn);
/* Without the lock. */
VOID MiZeroFrame(PFN_NUMBER Frame);
/*
 * The budget of frames that may become permanent or locked: what remains keeps faults going. MiTakeResident asks
 * nobody: for what is documented not to fail; the reserve gives.
 */
extern LONG64 MiResidentAvailable;
FORCEINLINE VOID MiTakeResident(ULONG64 Frames)
{
    InterlockedExchangeAdd64(&MiResidentAvailable, -(LONG64)Frames);
}
FORCEINLINE VOID MiReturnResident(ULONG64 Frames)
{
    InterlockedExchangeAdd64(&MiResidentAvailable, (LONG64)Frames);
}
FORCEINLINE BOOLEAN MiChargeResident(ULONG64 Frames)
{
    if (KiAllocationFails("resident"))
        return FALSE;
    if (InterlockedAdd64(&MiResidentAvailable, -(LONG64)Frames) >= 0)
        return TRUE;
    MiReturnResident(Frames);
    return FALSE;
}
/* Both budgets at once, resident and commit: what a permanent frame costs. */
BOOLEAN MiChargePermanent(ULONG64 Frames);
VOID MiReturnPermanent(ULONG64 Frames);
/*
 * A zeroed frame for good, already paid for. MI_NO_FRAME: all are in use just now, though the trimmer will find one.
 * IRQL: <= DISPATCH_LEVEL. The second waits for it. IRQL: <= APC_LEVEL, no working-set lock held.
 */
PFN_NUMBER MiTakePermanentFrame(VOID);
PFN_NUMBER MiWaitForPermanentFrame(VOID);
VOID MiGivePermanentFrame(PFN_NUMBER Frame);
/* The same with the charge. MI_NO_FRAME: a budget is used up, or none is free. IRQL: <= DISPATCH_LEVEL. */
PFN_NUMBER MiAllocatePermanentFrame(VOID);
VOID MiFreePermanentFrame(PFN_NUMBER Frame);
/* Lets go of every lock, waits until frames are available. IRQL: <= APC_LEVEL, no working-set lock held. */
VOID MiWaitForFrames(VOID);
extern KEVENT MiNeedFramesEvent;        /* set: the working-set manager shall trim */
extern KEVENT MiWriterEvent;            /* set: the modified-page writer shall write */
extern PFN_NUMBER MiLowFrames;          /* when fewer are available, the manager is called */

/*
 * contiguous.c. The first of Count frames in a row within [From, End), across no multiple of Boundary frames (0: none
 * is meant), now permanent and zeroed; the caller has paid. MI_NO_FRAME: there is no such run. No locks held.
 */
PFN_NUMBER MiClaimRun(PFN_NUMBER From, PFN_NUMBER End, PFN_NUMBER Count, PFN_NUMBER Boundary);
VOID MiUnclaimFrames(PFN_NUMBER First, PFN_NUMBER Count);
/* What the direct map wrote leaves the caches, before another cache type shows the frames. */
VOID MiWriteBackFrames(PFN_NUMBER First, PFN_NUMBER Count);

/* zero.c: the thread that zeroes free frames while nobody else wants to run. */
VOID MiZeroPageThread(PVOID Context);
VOID MiWakeZeroer(VOID);                /* PFN lock held, and the thread sleeps */
extern BOOLEAN MiZeroerSleeps;          /* PFN lock */
extern PFN_NUMBER MiFramesInZeroing;    /* PFN lock: free ones that it has off the list just now */
#define MI_ZERO_THRESHOLD 32            /* free frames that are worth waking it */

/* commit.c: promises of memory. A page that was promised can always be delivered: into a frame or into a slot. */
BOOLEAN MiChargeCommit(ULONG64 Pages);
VOID MiReturnCommit(ULONG64 Pages);
VOID MiRaiseCommitLimit(LONG64 Pages);
extern LONG64 MiCommittedPages, MiCommitLimit;

/* Page tables (pagetable.c) ---------------------------------------------------------------------------------------- */

/* The last-level entry of an address, or NULL when a table on the way is missing. Root: physical address of the top. */
PMMPTE MiFindPte(ULONG64 Root, ULONG_PTR Address);
#define MiSystemPte(Address) MiFindPte(MiKernelRoot, (ULONG_PTR)(Address))
/*
 * The same, making missing tables. NULL: no frame for one. User tables are counted in *TablePages, and paid for by the
 * VAD that the address lies in (TablesCharged), so for those it is worth waiting for a frame.
 */
PMMPTE MiMakePte(ULONG64 Root, ULONG_PTR Address, PULONG64 TablePages);
#define MI_USER_TABLES_END 0x0000800000000000ull    /* where the user half's tables end */
extern LONG64 MiSystemTablePages;       /* made for system space since boot: they stay, so they are no leak */
/* Makes the tables for a range of system space ahead, so that later look-ups cannot fail. */
BOOLEAN MiMakeSystemTables(ULONG_PTR Address, ULONG64 Pages);
/*
 * Frees the user tables that serve addresses of [Start, End) and none outside [HoleStart, HoleEnd), where nothing is
 * mapped any more. Working-set lock held.
 */
VOID MiFreeUserTables(PKPROCESS Process, ULONG64 Root, ULONG_PTR Start, ULONG_PTR End, ULONG_PTR HoleStart,
                      ULONG_PTR HoleEnd, PULONG64 TablePages);

/* init.c: zeroed memory for good, before there are frames to allocate. Panics when there is none. */
PVOID MiBootAllocate(ULONG64 Bytes);

/*
 * tlb.c: after it no processor uses an old translation of these pages: of that process, or (NULL) of system space. All
 * of a list or range costs the other processors one interrupt. IRQL: <= DISPATCH_LEVEL, interrupts on.
 */
VOID MiFlushTlb(PKPROCESS Process, const ULONG_PTR *Addresses, ULONG Count);
VOID MiFlushRange(PKPROCESS Process, ULONG_PTR Start, ULONG64 Pages);
/*
 * On this processor only: for an entry that became more permissive, which others notice by a fault of their own. Any
 * IRQL.
 */
VOID MiFlushHere(ULONG_PTR Address);

/* System address ranges (sysspace.c) ------------------------------------------------------------------------------- */

/* A range given out by pages: a bitmap with its lock. */
typedef struct _MI_RANGE {
    ULONG_PTR Base;
    RTL_BITMAP Map;
    ULONG Hint;
    KSPIN_LOCK Lock;
    ULONG64 Used;
} MI_RANGE, *PMI_RANGE;
VOID MiInitializeRange(PMI_RANGE Range, ULONG_PTR Base, ULONG64 Pages);
ULONG_PTR MiReserveRange(PMI_RANGE Range, ULONG64 Pages);    /* 0: none. IRQL: <= DISPATCH_LEVEL */
VOID MiReleaseRange(PMI_RANGE Range, ULONG_PTR Address, ULONG64 Pages);
extern MI_RANGE MiSystemPtes, MiNonPagedRange, MiPagedRange, MiDriverRange;

/* Working sets (workset.c) ------------------------------------------------------------------------------------------- */

extern LIST_ENTRY MiWorkingSetList;
extern FAST_MUTEX MiWorkingSetListLock;     /* taken before a working-set lock */
VOID MiInitializeWorkingSet(PMM_WORKING_SET WorkingSet, PKPROCESS Process);
VOID MiRemoveWorkingSet(PMM_WORKING_SET WorkingSet);
FORCEINLINE VOID MiLockWorkingSet(PMM_WORKING_SET WorkingSet) { ExAcquireFastMutexInline(&WorkingSet->Lock); }
FORCEINLINE VOID MiUnlockWorkingSet(PMM_WORKING_SET WorkingSet) { ExReleaseFastMutexInline(&WorkingSet->Lock); }
/*
 * Takes up to Count pages out of a working set, lock held. Gentle: spares pages used since the last look. Returns how
 * many left. Locked sections, locked pages and pages in transfer stay.
 */
ULONG64 MiTrimWorkingSet(PMM_WORKING_SET WorkingSet, ULONG64 Count, BOOLEAN Gentle);
/*
 * Ends the life of a run of pages: frames, slots and entries are given back, the entries become NewPte. Waits for
 * transfers that read into them. The working-set lock is held, and let go of and retaken on the way.
 */
VOID MiDeletePages(PMM_WORKING_SET WorkingSet, ULONG64 Root, ULONG_PTR Address, ULONG64 Pages, MMPTE NewPte);

/* Faults (fault.c) ----------------------------------------------------------------------------------------------------- */

/*
 * Makes one page valid for the given use, working-set lock held. STATUS_SUCCESS: it is. MI_RETRY: the lock was let go
 * of (and is held again): look anew. Else what is wrong with the address.
 */
#define MI_RETRY ((NTSTATUS)0x40FF0001)
NTSTATUS MiResolveFault(PMM_WORKING_SET WorkingSet, PMM_ADDRESS_SPACE Space, ULONG_PTR Address, ULONG Reason);
/*
 * Adjacent pages whose slots follow each other, in one request; Count <= MI_CLUSTER. The first Wanted become valid, the
 * rest wait on standby. As MiResolveFault.
 */
NTSTATUS MiReadPages(PMM_WORKING_SET WorkingSet, PMM_SECTION Section, PMMPTE Pte, ULONG_PTR Address, ULONG Count, ULONG Wanted);
/*
 * How many pages from Address on, at most Most, are out in slots that follow each other, by entries of one table; Pte
 * is the first one's, a paging-file entry. Within the section; its working-set lock held.
 */
ULONG MiCountRun(PMM_SECTION Section, PMMPTE Pte, ULONG_PTR Address, ULONG Most);
extern ULONG64 MiDemandZeroFaults, MiSoftFaults, MiHardFaults;

/* Transfers and paging files (transfer.c, pagefile.c) ------------------------------------------------------------------ */

#define MI_CLUSTER 16                   /* pages in one request */
#define MI_TRANSFERS 16
#define MI_PAGING_FILES 16

/* One request to a paging file, with everything it needs, so that it cannot fail for want of memory. */
typedef struct _MI_TRANSFER {
    SINGLE_LIST_ENTRY FreeLink;
    volatile LONG References;           /* the one who transfers, and each who waits for it */
    ULONG Index;
    ULONG Count;
    ULONG File;
    ULONG64 Slot;
    BOOLEAN OwnsSlots;                  /* PFN lock: a write to slots that no entry and no frame names yet */
    NTSTATUS Status;
    KEVENT Done;
    MDL Mdl;                            /* the frame numbers follow it */
    PFN_NUMBER Frames[MI_CLUSTER];
} MI_TRANSFER, *PMI_TRANSFER;
C_ASSERT(offsetof(MI_TRANSFER, Frames) == offsetof(MI_TRANSFER, Mdl) + sizeof(MDL));

PMI_TRANSFER MiTransfer(ULONG Index);
PMI_TRANSFER MiTakeTransfer(VOID);          /* PFN lock held. NULL: all in use */
PMI_TRANSFER MiTryAllocateTransfer(VOID);   /* the same without the lock. IRQL: <= DISPATCH_LEVEL */
PMI_TRANSFER MiTryAllocateWriteTransfer(VOID);  /* the writer's: readers leave some for it */
VOID MiWaitForTransferSlot(VOID);           /* until one may be free. No locks held */
VOID MiReferenceTransfer(PMI_TRANSFER Transfer);
VOID MiDropTransfer(PMI_TRANSFER Transfer);  /* a reference; PFN lock held */
VOID MiDereferenceTransfer(PMI_TRANSFER Transfer);  /* the same without the lock */
VOID MiWaitForTransfer(PMI_TRANSFER Transfer);  /* and drops the caller's reference */
/* Reads or writes Transfer->Count frames at Transfer->Slot, and waits. IRQL: <= APC_LEVEL, no working-set lock held. */
NTSTATUS MiTransferPages(PMI_TRANSFER Transfer, BOOLEAN Write);
/* The same after a failure, one page to a request; a bit for each that has been moved. */
ULONG MiTransferSingly(PMI_TRANSFER Transfer, BOOLEAN Write);
#define MI_ALL_PAGES MAXULONG
C_ASSERT(MI_CLUSTER <= 32);

typedef struct _MI_PAGING_FILE {
    CHAR Name[MM_PAGING_FILE_NAME];
    PDEVICE_OBJECT Device;
    PFILE_OBJECT FileObject;
    ULONG Minimum, Maximum;             /* slots */
    RTL_BITMAP Map;                     /* PFN lock from here: one bit a slot; Slots of them, in room for Maximum */
    ULONG Hint;
    ULONG Slots, Used, Bad;
    PULONG Checksums;                   /* checked build: of each slot's contents */
    PIRP Irps[MI_TRANSFERS];            /* one for each transfer, by its index */
} MI_PAGING_FILE, *PMI_PAGING_FILE;
extern MI_PAGING_FILE MiPagingFiles[MI_PAGING_FILES];
extern ULONG MiPagingFileCount;
/* PFN lock held. Up to Count adjacent slots of one file; returns how many, 0 when all are used. */
ULONG MiAllocateSlots(ULONG Count, PULONG File, PULONG64 Slot);
VOID MiFreeSlot(ULONG File, ULONG64 Slot);
VOID MiFreeSlotOf(MMPTE Pte);               /* of a paging-file entry; else nothing */
VOID MiRetireSlot(ULONG File, ULONG64 Slot);  /* a write failed: never used again */
/* growfile.c. PFN lock held. Adds at least Wanted slots, or as many as there is room for; returns how many. */
ULONG64 MiGrowPagingFiles(ULONG64 Wanted);
/* Raises the commit limit by at least Pages. FALSE: the files cannot grow so far. IRQL: <= DISPATCH_LEVEL. */
BOOLEAN MiGrowCommitLimit(ULONG64 Pages);

/* Writer (writer.c) -------------------------------------------------------------------------------------------------- */

/*
 * Writes one cluster of the modified list. FALSE: nothing was there to write, no slot was to be had, or the write
 * failed; so a loop of it ends. No locks held. IRQL: <= APC_LEVEL.
 */
BOOLEAN MiWriteCluster(VOID);
extern volatile BOOLEAN MiWriterStuck;      /* the last try wrote nothing though there was something to write */
extern KEVENT MiWritesDone;
/* Writes until the modified list is empty and all writes are done, or nothing more can be written. */
VOID MiFlushModifiedPages(VOID);
extern ULONG64 MiPagesIn, MiPagesOut, MiPageReads, MiPageWrites;

/* Sections (section.c) ----------------------------------------------------------------------------------------------- */

PMM_SECTION MiSectionOfAddress(ULONG_PTR Address);      /* system working-set lock held */
PMM_SECTION MiNextSection(PMM_SECTION Section);         /* by address, NULL for the first; the same lock held */
NTSTATUS MiBringIn(PMM_SECTION Section);
/* A driver that pages must never be paged itself: bugcheck if this image is one. */
VOID MiRequireNotPagingDevice(PMM_IMAGE Image);
ULONG64 MiDiscardKernelSections(VOID);                  /* pages given back */
/* Counts a page of a section in or out of memory, working-set lock held. */
FORCEINLINE VOID MiCountResident(PMM_SECTION Section, LONG Change)
{
    if (Section != NULL)
        Section->ResidentPages += (ULONG)Change;
}
#define MI_SECTION_COOKIE 0x4E4F495443455354ull

/* Segments (segment.c, segpage.c) -------------------------------------------------------------------------------------- */

typedef struct _MM_SEGMENT {
    LIST_ENTRY Links;           /* MiSegmentList; PFN lock */
    volatile LONG References;
    FAST_MUTEX Lock;            /* held by who adds pages or cuts them off */
    MMPTE Root;                 /* PFN lock to read, Lock as well to change: page 0 (height 0), or the highest table */
    ULONG Height;
    ULONG64 Pages, Tables;      /* Lock: those that are there, neither holes nor behind the end */
    ULONG ViewsSeen;            /* the consistency check's */
    ULONG Uses[MmSegmentUses];  /* PFN lock: section objects and views. Nothing is cut off while there are any */
} MM_SEGMENT;
extern LIST_ENTRY MiSegmentList;
/* The prototype of a page, or NULL where no table leads. PFN lock held, and the answer good as long as it is. */
PMMPTE MiFindPrototype(PMM_SEGMENT Segment, ULONG64 Page);
/*
 * The frame of a page, brought in when it is not in one, with a reference. No lock held; waits. STATUS_IN_PAGE_ERROR;
 * STATUS_END_OF_FILE: there is no such page.
 */
NTSTATUS MiBringSegmentPage(PMM_SEGMENT Segment, ULONG64 Page, PMMPFN *Frame);
/*
 * deletepage.c: ends a page whose entry nothing maps: frame, slot and entry are given back. No working-set lock held;
 * waits.
 */
VOID MiEndPage(PMMPTE Pte);

/* Virtual addresses of processes (vad.c) -------------------------------------------------------------------------------- */

typedef struct _MMVAD {
    RTL_AVL_NODE Node;
    ULONG_PTR Start, End;       /* End is the first byte behind */
    ULONG Protection;           /* MI_PROTECT_..., 0: no access */
    BOOLEAN Committed;          /* every page is, unless its entry says decommitted; else those with an entry are */
    BOOLEAN Deleting;           /* being released: nothing of it may come back by a fault */
    ULONG64 TablesCharged;      /* page tables that it may need at the worst, paid for when it was made */
    ULONG_PTR AllocationBase;   /* where the reservation begins that it is a part of: an image has several */
    /* A view. Referenced; NULL: private memory. */
    PMM_SEGMENT Segment;
    ULONG64 FirstPage;          /* of the segment, at Start */
    ULONG64 CopiesCharged;      /* commit for copies of its pages, paid when it was made or first made copy-on-write */
    BOOLEAN Writable;           /* its pages may be written in place, so VirtualProtect may ask for that */
    BOOLEAN Image;
    BOOLEAN Stack;              /* grows by its guard page (userstack.c) */
} MMVAD, *PMMVAD;
PMMVAD MiFindVad(PMM_ADDRESS_SPACE Space, ULONG_PTR Address);
/* The first VAD that holds or follows an address, or NULL. */
PMMVAD MiNextVad(PMM_ADDRESS_SPACE Space, ULONG_PTR Address);
/* The VAD that holds all of [Start, End), or NULL. */
PMMVAD MiFindVadForRange(PMM_ADDRESS_SPACE Space, ULONG_PTR Start, ULONG_PTR End);
/* Range lock and working-set lock, the latter let go of on the way by most that follows. */
VOID MiLockRanges(PMM_ADDRESS_SPACE Space);
VOID MiUnlockRanges(PMM_ADDRESS_SPACE Space);
BOOLEAN MiIsUserRange(ULONG_PTR Base, SIZE_T Size);
/*
 * Enters a VAD: *Start is an address, or 0 for the lowest gap at a multiple of 64 KiB; Pages of commit are charged with
 * it. Template says the rest. STATUS_NO_MEMORY, STATUS_CONFLICTING_ADDRESSES, STATUS_COMMITMENT_LIMIT.
 */
NTSTATUS MiInsertVad(PMM_ADDRESS_SPACE Space, const MMVAD *Template, PULONG_PTR Start, ULONG_PTR Length, ULONG64 Commit,
                     PMMVAD *Vad);
/*
 * What a view had of its segment, to be let go of (MmLeaveSegment) when no lock is held. Segment NULL: it was no view.
 */
typedef struct _MI_VIEW_END {
    PMM_SEGMENT Segment;
    MM_SEGMENT_USE Use;
} MI_VIEW_END, *PMI_VIEW_END;
FORCEINLINE MM_SEGMENT_USE MiUseOfView(const MMVAD *Vad)
{
    return Vad->Image ? MmSegmentImage : Vad->Writable ? MmSegmentWritten : MmSegmentRead;
}
/* Gives a VAD back with all of its pages. */
VOID MiReleaseVad(PMM_ADDRESS_SPACE Space, PMMVAD Vad, PMI_VIEW_END End);
/* Commits the pages of [Start, End) that are not yet; all or none. STATUS_COMMITMENT_LIMIT. */
NTSTATUS MiCommitRange(PMM_ADDRESS_SPACE Space, PMMVAD Vad, ULONG_PTR Start, ULONG_PTR End, ULONG Protection);
/*
 * userstack.c: a guard page was touched. A stack grows: STATUS_SUCCESS, or STATUS_STACK_OVERFLOW at its end. Anything
 * else is no stack: STATUS_GUARD_PAGE_VIOLATION. No lock of Mm held.
 */
NTSTATUS MiGrowStack(PMM_ADDRESS_SPACE Space, ULONG_PTR Address);
/* Is a page of the VAD committed, as its entry says? */
BOOLEAN MiIsCommitted(PMMVAD Vad, PMMPTE Pte);
/* The tables of [Start, End), which lies in one VAD. Waits for frames. */
VOID MiMakeTables(PMM_ADDRESS_SPACE Space, ULONG_PTR Start, ULONG_PTR End);
/* protect.c: PAGE_... to MI_PROTECT_...; FALSE: no such protection, or writable and executable at once. And back. */
BOOLEAN MiProtectionFromPage(ULONG Page, PULONG Protection);
ULONG MiPageFromProtection(ULONG Protection);
/*
 * Another protection for one committed page, whatever its state; its old translation is still to be flushed, by the
 * caller, for all pages at once. Working-set lock held. Where it may not be valid any more it leaves the working set.
 */
VOID MiProtectPage(PMM_ADDRESS_SPACE Space, PMMVAD Vad, PMMPTE Pte, ULONG_PTR Address, ULONG Wanted);
/* lockvm.c: takes VirtualLock's hold off a frame. Working-set lock and PFN lock held. */
VOID MiUnpinFrame(PMM_WORKING_SET WorkingSet, PMMPFN Pfn);

/* Views (share.c, viewfault.c) ------------------------------------------------------------------------------------------ */

/*
 * One more entry maps a shared frame, and one less: its old value is given, and no processor uses it any more.
 * Working-set lock and PFN lock held.
 */
VOID MiShareFrame(PMM_WORKING_SET WorkingSet, PMMPTE Pte, ULONG_PTR Address, PMMPFN Pfn, ULONG Protection);
VOID MiUnshareFrame(PMM_WORKING_SET WorkingSet, PMMPTE Pte, MMPTE Old);
/* Takes up to Count pages of views out of a working set, as MiTrimWorkingSet does with the others. */
ULONG64 MiTrimViews(PMM_WORKING_SET WorkingSet, ULONG64 Count, BOOLEAN Gentle);
FORCEINLINE BOOLEAN MiMapsSharedFrame(MMPTE Pte)
{
    return MiIsValid(Pte) && (MiPfn(MiFrameOf(Pte))->Flags & MI_FRAME_SHARED);
}
/* A page of a view whose entry is empty or of kind view. As MiResolveFault. */
NTSTATUS MiViewFault(PMM_ADDRESS_SPACE Space, PMMVAD Vad, PMMPTE Pte, ULONG_PTR Address, ULONG Protection);
/* A write to a valid page that is to be copied first. STATUS_SUCCESS or MI_RETRY. */
NTSTATUS MiCopyOnWrite(PMM_ADDRESS_SPACE Space, PMMPTE Pte, ULONG_PTR Address);

/* Bugchecks that state the rule (rules.c) ------------------------------------------------------------------------------ */
NTSTATUS MiFaultAtRaisedIrql(ULONG_PTR Address, ULONG Reason, KIRQL Irql, PKTRAP_FRAME Frame);
DECLSPEC_NORETURN VOID MiTouchedDiscarded(ULONG_PTR Address, PKTRAP_FRAME Frame);
