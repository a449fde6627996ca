/*
 * The pools ("ExAllocatePoolWithTag", "ExAllocatePool2", "ExFreePoolWithTag"): blocks of up to a page from size classes,
 * whole pages above that (poolbig.c). The layout of a page is in poolblock.h.
 */
#include "ex/pool.h"
#include "ke/rules.h"
#include "ke/spinlock.h"
#include "mm/mm.h"
#include "rtl/export.h"

#define EXP_NO_TAG 0x656E6F4E    /* 'None', of allocations that name no tag */
#define EXP_POOL_MUTEX (&ExpPools[PagedPool].Mutex.Event.Header.WaitListHead)

/* Ready before the first line of code runs. The fast mutex is what ExInitializeFastMutex would make it. */
EXP_POOL ExpPools[2] = {
    [NonPagedPool] = {.Type = NonPagedPool},
    [PagedPool] = {.Type = PagedPool,
                   .Mutex = {.Count = 1,
                             .Event.Header = {.Type = EventSynchronizationObject,
                                              .WaitListHead = {EXP_POOL_MUTEX, EXP_POOL_MUTEX}}}},
};

static FORCEINLINE KIRQL ExpLock(PEXP_POOL Pool)
{
    KIRQL Irql = KeGetCurrentIrql();

    if (Pool->Type == NonPagedPool) {
        KiSetIrql(DISPATCH_LEVEL);
        KiAcquireSpinLock(&Pool->Lock);
    } else {
        ExAcquireFastMutex(&Pool->Mutex);
    }
    return Irql;
}

static FORCEINLINE VOID ExpUnlock(PEXP_POOL Pool, KIRQL Irql)
{
    if (Pool->Type == NonPagedPool) {
        KiReleaseSpinLock(&Pool->Lock);
        KiSetIrql(Irql);
    } else {
        ExReleaseFastMutex(&Pool->Mutex);
    }
}

KIRQL ExpLockPool(PEXP_POOL Pool)
{
    return ExpLock(Pool);
}

VOID ExpUnlockPool(PEXP_POOL Pool, KIRQL Irql)
{
    ExpUnlock(Pool, Irql);
}

/* The rule of level for each pool ("ExAllocatePoolWithTag": IRQL). */
static FORCEINLINE VOID ExpRequireIrql(PEXP_POOL Pool, PCSTR Routine, PVOID Caller)
{
#if DBG
    KIRQL Highest = Pool->Type == NonPagedPool ? DISPATCH_LEVEL : APC_LEVEL;
    if (KeGetCurrentIrql() > Highest)
        KiIrqlRuleBroken(Routine, Highest, Caller);
#else
    UNREFERENCED_PARAMETER(Pool);
    UNREFERENCED_PARAMETER(Routine);
    UNREFERENCED_PARAMETER(Caller);
#endif
}

/* Pages of a class that have a free block, a list from Pool->Partial. Pool lock held. */
static FORCEINLINE VOID ExpLinkPage(PEXP_POOL Pool, PPOOL_PAGE Page)
{
    PPOOL_PAGE *Head = &Pool->Partial[Page->Class];

    Page->Previous = NULL;
    Page->Next = *Head;
    if (*Head != NULL)
        (*Head)->Previous = Page;
    *Head = Page;
}

static FORCEINLINE VOID ExpUnlinkPage(PEXP_POOL Pool, PPOOL_PAGE Page)
{
    if (Page->Previous != NULL)
        Page->Previous->Next = Page->Next;
    else
        Pool->Partial[Page->Class] = Page->Next;
    if (Page->Next != NULL)
        Page->Next->Previous = Page->Previous;
}

/*
 * Gives a class another page: an empty one that was kept, or a new one. Called with the pool lock held and returns so,
 * but lets go of it while Mm works; another thread may have added a page meanwhile, which does no harm.
 * FALSE: there is no memory.
 */
static BOOLEAN ExpAddPage(PEXP_POOL Pool, ULONG Class, KIRQL *Irql)
{
    PPOOL_PAGE Page = Pool->Empty;

    if (Page != NULL) {
        Pool->Empty = Page->Next;
        Pool->EmptyCount--;
    } else {
        ExpUnlock(Pool, *Irql);
        Page = MmAllocatePoolPages(Pool->Type, 1);
        *Irql = ExpLock(Pool);
        if (Page == NULL)
            return FALSE;
    }
    PoolInitializePage(Page, Class);
    ExpLinkPage(Pool, Page);
    return TRUE;
}

/* NULL when there is no memory. Bytes <= POOL_LARGEST_BODY. */
static FORCEINLINE PVOID ExpAllocateBlock(PEXP_POOL Pool, SIZE_T Bytes, ULONG Class, ULONG Tag)
{
    KIRQL Irql = ExpLock(Pool);
    PPOOL_HEADER Header;
    PPOOL_PAGE Page;

    while ((Page = Pool->Partial[Class]) == NULL) {
        if (!ExpAddPage(Pool, Class, &Irql)) {
            ExpUnlock(Pool, Irql);
            return NULL;
        }
    }
    Header = PoolTakeBlock(Page);
    if (PoolPageIsFull(Page))
        ExpUnlinkPage(Pool, Page);
    Header->Tag = Tag;
    Header->Bytes = (USHORT)Bytes;
    Header->TagSlot = (USHORT)ExpChargeTag(Pool, Tag, Bytes);
    ExpMarkAllocated(Header);
    ExpUnlock(Pool, Irql);
    return PoolBody(Header);
}

/* A block's way back. An empty page stays for the next class that needs one, or goes back to Mm. */
static FORCEINLINE VOID ExpFreeBlock(PEXP_POOL Pool, PVOID Body, ULONG Tag, PVOID Caller)
{
    PPOOL_HEADER Header = PoolHeaderOf(Body);
    PPOOL_PAGE Page = PoolPageOf(Body), Unused = NULL;
    BOOLEAN WasFull;
    KIRQL Irql = ExpLock(Pool);
    POOL_FAULT Fault = PoolCheckHeader(Body);

    if (Fault != PoolSound)
        ExpPoolFault(Fault, Body, Caller);
    if (Tag != 0)
        ExpCheckTag(Body, Header->Tag, Tag, Caller);
    ExpCheckAndMarkFreed(Header, Caller);
    ExpReturnTag(Pool, Header->TagSlot, Header->Bytes);
    WasFull = PoolPageIsFull(Page);
    PoolGiveBlock(Page, Header);
    if (Page->Used == 0) {
        if (!WasFull)
            ExpUnlinkPage(Pool, Page);
        if (Pool->EmptyCount < EXP_POOL_EMPTY_PAGES) {
            Page->Guard = 0;        /* a body in it is no block any more */
            Page->Next = Pool->Empty;
            Pool->Empty = Page;
            Pool->EmptyCount++;
        } else {
            Unused = Page;
        }
    } else if (WasFull) {
        ExpLinkPage(Pool, Page);
    }
    ExpUnlock(Pool, Irql);
    if (Unused != NULL)
        MmFreePoolPages(Unused, 1);
}

static FORCEINLINE PVOID ExpAllocate(POOL_TYPE PoolType, SIZE_T Bytes, ULONG Tag, BOOLEAN Zero, PVOID Caller)
{
    PEXP_POOL Pool = &ExpPools[PoolType & PagedPool];
    PVOID Body;

    ExpRequireIrql(Pool, Pool->Type == NonPagedPool ? "ExAllocatePool(NonPagedPool)" : "ExAllocatePool(PagedPool)", Caller);
    ExpCheckNewTag(Tag, Caller);
    if (Bytes > POOL_LARGEST_BODY) {
        Body = ExpAllocatePages(Pool, Bytes, Tag);
    } else {
        ULONG Class = PoolType & NonPagedPoolCacheAligned ? PoolCacheAlignedClass(Bytes) : PoolClass(Bytes);
        Body = ExpAllocateBlock(Pool, Bytes, Class, Tag);
        if (Zero && Body != NULL)
            RtlZeroMemory(Body, Bytes);
    }
    if (Body == NULL && (PoolType & POOL_RAISE_IF_ALLOCATION_FAILURE))
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    return Body;
}

/*
 * Memory for the kernel and drivers. Less than a page: 16-byte aligned, in one page. A page and more: page aligned. The
 * contents are undefined. NULL when there is none, or STATUS_INSUFFICIENT_RESOURCES is raised if PoolType has
 * POOL_RAISE_IF_ALLOCATION_FAILURE. IRQL: <= DISPATCH_LEVEL for nonpaged, <= APC_LEVEL for paged pool.
 */
PVOID ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return ExpAllocate(PoolType, NumberOfBytes, Tag, FALSE, __builtin_return_address(0));
}
NT_EXPORT(ExAllocatePoolWithTag);

PVOID ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    return ExpAllocate(PoolType, NumberOfBytes, EXP_NO_TAG, FALSE, __builtin_return_address(0));
}
NT_EXPORT(ExAllocatePool);

PVOID ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag, EX_POOL_PRIORITY Priority)
{
    UNREFERENCED_PARAMETER(Priority);
    return ExpAllocate(PoolType, NumberOfBytes, Tag, FALSE, __builtin_return_address(0));
}
NT_EXPORT(ExAllocatePoolWithTagPriority);

/* As ExAllocatePoolWithTag, filled with zeroes. */
PVOID ExAllocatePoolZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return ExpAllocate(PoolType, NumberOfBytes, Tag, TRUE, __builtin_return_address(0));
}
NT_EXPORT(ExAllocatePoolZero);

/* The quota routines raise when there is no memory, unless asked to return NULL ("ExAllocatePoolWithQuotaTag"). */
static POOL_TYPE ExpQuotaType(POOL_TYPE PoolType)
{
    return PoolType & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE ? PoolType : PoolType | POOL_RAISE_IF_ALLOCATION_FAILURE;
}

PVOID ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return ExpAllocate(ExpQuotaType(PoolType), NumberOfBytes, Tag, FALSE, __builtin_return_address(0));
}
NT_EXPORT(ExAllocatePoolWithQuotaTag);

PVOID ExAllocatePoolQuotaZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return ExpAllocate(ExpQuotaType(PoolType), NumberOfBytes, Tag, TRUE, __builtin_return_address(0));
}
NT_EXPORT(ExAllocatePoolQuotaZero);

/*
 * Memory filled with zeroes unless POOL_FLAG_UNINITIALIZED. Flags name exactly one pool. NULL (or, with
 * POOL_FLAG_RAISE_ON_FAILURE, an exception) when there is no memory or a parameter is not valid: no bytes, no tag, not one
 * pool. Pool memory is never executable. IRQL: as ExAllocatePoolWithTag.
 */
PVOID ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    POOL_FLAGS Pools = Flags & (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED);
    POOL_TYPE PoolType = Pools == POOL_FLAG_PAGED ? PagedPool : NonPagedPoolNx;

    if (Pools == 0 || (Pools & (Pools - 1)) != 0 || NumberOfBytes == 0 || Tag == 0) {
        if (Flags & POOL_FLAG_RAISE_ON_FAILURE)
            ExRaiseStatus(STATUS_INVALID_PARAMETER);
        return NULL;
    }
    if (Flags & POOL_FLAG_CACHE_ALIGNED)
        PoolType |= NonPagedPoolCacheAligned;
    if (Flags & POOL_FLAG_RAISE_ON_FAILURE)
        PoolType |= POOL_RAISE_IF_ALLOCATION_FAILURE;
    return ExpAllocate(PoolType, NumberOfBytes, Tag, (Flags & POOL_FLAG_UNINITIALIZED) == 0, __builtin_return_address(0));
}
NT_EXPORT(ExAllocatePool2);

static FORCEINLINE VOID ExpFree(PVOID Body, ULONG Tag, PVOID Caller)
{
    PEXP_POOL Pool;

    if (Body >= MmNonPagedPoolStart && Body < MmNonPagedPoolEnd)
        Pool = &ExpPools[NonPagedPool];
    else if (Body >= MmPagedPoolStart && Body < MmPagedPoolEnd)
        Pool = &ExpPools[PagedPool];
    else
        ExpPoolFault(PoolNoBlock, Body, Caller);
    ExpRequireIrql(Pool, Pool->Type == NonPagedPool ? "ExFreePool(nonpaged)" : "ExFreePool(paged)", Caller);
    if (((ULONG_PTR)Body & (PAGE_SIZE - 1)) == 0)
        ExpFreePages(Pool, Body, Tag, Caller);
    else
        ExpFreeBlock(Pool, Body, Tag, Caller);
}

/* Gives pool memory back. Tag: the one it was allocated with, or 0. IRQL: as for allocating from its pool. */
VOID ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    ExpFree(P, Tag, __builtin_return_address(0));
}
NT_EXPORT(ExFreePoolWithTag);

VOID ExFreePool(PVOID P)
{
    ExpFree(P, 0, __builtin_return_address(0));
}
NT_EXPORT(ExFreePool);

/* No extended parameters are defined for what can be allocated here. */
VOID ExFreePool2(PVOID P, ULONG Tag, PVOID ExtendedParameters, ULONG ExtendedParametersCount)
{
    UNREFERENCED_PARAMETER(ExtendedParameters);
    UNREFERENCED_PARAMETER(ExtendedParametersCount);
    ExpFree(P, Tag, __builtin_return_address(0));
}
NT_EXPORT(ExFreePool2);
