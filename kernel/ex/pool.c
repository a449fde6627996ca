/*
 * The pools ("ExAllocatePoolWithTag", "ExAllocatePool2", "ExFreePoolWithTag"): blocks of up to a page from size
 * classes, whole pages above that (poolbig.c). The layout of a page is in poolblock.h.
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

/* Paged is a constant where these are inlined, and so is Pool. */
static FORCEINLINE KIRQL ExpLock(PEXP_POOL Pool, BOOLEAN Paged)
{
    KIRQL Irql = KeGetCurrentIrql();

    if (Paged) {
        ExAcquireFastMutex(&Pool->Mutex);
    } else {
        KiSetIrql(DISPATCH_LEVEL);
        KiAcquireSpinLock(&Pool->Lock);
    }
    return Irql;
}

static FORCEINLINE VOID ExpUnlock(PEXP_POOL Pool, BOOLEAN Paged, KIRQL Irql)
{
    if (Paged) {
        ExReleaseFastMutex(&Pool->Mutex);
    } else {
        KiReleaseSpinLock(&Pool->Lock);
        KiSetIrql(Irql);
    }
}

KIRQL ExpLockPool(PEXP_POOL Pool)
{
    return ExpLock(Pool, Pool->Type == PagedPool);
}

VOID ExpUnlockPool(PEXP_POOL Pool, KIRQL Irql)
{
    ExpUnlock(Pool, Pool->Type == PagedPool, Irql);
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
DECLSPEC_NOINLINE static BOOLEAN ExpAddPage(PEXP_POOL Pool, ULONG Class, KIRQL *Irql)
{
    PPOOL_PAGE Page = Pool->Empty;

    if (Page != NULL) {
        Pool->Empty = Page->Next;
        Pool->EmptyCount--;
    } else {
        ExpUnlockPool(Pool, *Irql);
        Page = MmAllocatePoolPages(Pool->Type, 1);
        *Irql = ExpLockPool(Pool);
        if (Page == NULL)
            return FALSE;
    }
    PoolInitializePage(Page, Class);
    ExpLinkPage(Pool, Page);
    return TRUE;
}

/*
 * The last block of a page has come back. The page stays for the next class that needs one; returned when enough such
 * pages are kept already, and the caller gives it to Mm once he holds no lock.
 */
DECLSPEC_NOINLINE static PPOOL_PAGE ExpKeepEmptyPage(PEXP_POOL Pool, PPOOL_PAGE Page)
{
    Page->Guard = 0;            /* nothing in it is a block any more */
    if (Pool->EmptyCount == EXP_POOL_EMPTY_PAGES)
        return Page;
    Page->Next = Pool->Empty;
    Pool->Empty = Page;
    Pool->EmptyCount++;
    return NULL;
}

/*
 * NULL when there is no memory. The class has room for Bytes, and for one pointer more with a quota, which is charged
 * already.
 */
static FORCEINLINE PVOID ExpAllocateBlock(PEXP_POOL Pool, BOOLEAN Paged, SIZE_T Bytes, ULONG Class, ULONG Tag, PEX_QUOTA Quota)
{
    KIRQL Irql = ExpLock(Pool, Paged);
    PPOOL_HEADER Header;
    PPOOL_PAGE Page;

    while ((Page = Pool->Partial[Class]) == NULL) {
        if (!ExpAddPage(Pool, Class, &Irql)) {
            ExpUnlock(Pool, Paged, Irql);
            return NULL;
        }
    }
    Header = PoolTakeBlock(Page);
    if (PoolPageIsFull(Page))
        ExpUnlinkPage(Pool, Page);
    Header->Tag = Tag;
    Header->Bytes = (USHORT)Bytes;
    Header->TagSlot = (USHORT)ExpChargeTag(Pool, Tag, Bytes);
    if (Quota != NULL) {
        Header->Charged = TRUE;
        ExpMarkAllocated(Header);
        *PoolQuotaOf(Header) = Quota;
    } else {
        ExpMarkAllocated(Header);
    }
    ExpUnlock(Pool, Paged, Irql);
    return PoolBody(Header);
}

static FORCEINLINE VOID ExpFreeBlock(PEXP_POOL Pool, BOOLEAN Paged, PVOID Body, ULONG Tag, PVOID Caller)
{
    PPOOL_HEADER Header = PoolHeaderOf(Body);
    PPOOL_PAGE Page = PoolPageOf(Body), Unused = NULL;
    KIRQL Irql = ExpLock(Pool, Paged);
    PVOID Quota = NULL;
    SIZE_T Bytes;

    if (!PoolIsSound(Body))
        ExpPoolFault(PoolFindFault(Body), Body, Caller);
    if (Tag != 0)
        ExpCheckTag(Body, Header->Tag, Tag, Caller);
    Bytes = Header->Bytes;
    if (Header->Charged)
        Quota = *PoolQuotaOf(Header);
    ExpCheckAndMarkFreed(Header, Caller);
    Header->Charged = FALSE;
    ExpReturnTag(Pool, Header->TagSlot, Bytes);
    if (PoolPageIsFull(Page))
        ExpLinkPage(Pool, Page);
    PoolGiveBlock(Page, Header);
    if (Page->Used == 0) {
        ExpUnlinkPage(Pool, Page);
        Unused = ExpKeepEmptyPage(Pool, Page);
    }
    ExpUnlock(Pool, Paged, Irql);
    if (Quota != NULL)
        ExpReturnQuota(Quota, Paged, Bytes);
    if (Unused != NULL)
        MmFreePoolPages(Unused, 1);
}

DECLSPEC_NOINLINE static PVOID ExpAllocateFromPool(POOL_TYPE PoolType, SIZE_T Bytes, ULONG Class, ULONG Tag, PEX_QUOTA Quota)
{
    return PoolType & PagedPool ? ExpAllocateBlock(&ExpPools[PagedPool], TRUE, Bytes, Class, Tag, Quota)
                                : ExpAllocateBlock(&ExpPools[NonPagedPool], FALSE, Bytes, Class, Tag, Quota);
}

/* The rule of level for each pool ("ExAllocatePoolWithTag": IRQL). */
static FORCEINLINE VOID ExpRequireIrql(BOOLEAN Paged, PCSTR Routine, PVOID Caller)
{
#if DBG
    KIRQL Highest = Paged ? APC_LEVEL : DISPATCH_LEVEL;
    if (KeGetCurrentIrql() > Highest)
        KiIrqlRuleBroken(Routine, Highest, Caller);
#else
    UNREFERENCED_PARAMETER(Paged);
    UNREFERENCED_PARAMETER(Routine);
    UNREFERENCED_PARAMETER(Caller);
#endif
}

/* What is not the straight way of ExpAllocate. */
DECLSPEC_NOINLINE static PVOID ExpAllocateOther(POOL_TYPE PoolType, SIZE_T Bytes, ULONG Tag)
{
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    PEX_QUOTA Quota = NULL;
    PVOID Body = NULL;
    SIZE_T Room;

    if ((PoolType & EXP_POOL_CHARGED) && !ExpChargeQuota(PoolType & PagedPool, Bytes, &Quota)) {
        Status = STATUS_QUOTA_EXCEEDED;
    } else {
        Room = Quota == NULL || Bytes > POOL_LARGEST_BODY ? Bytes : Bytes + sizeof(Quota);
        if (Room > POOL_LARGEST_BODY)
            Body = ExpAllocatePages(&ExpPools[PoolType & PagedPool], Bytes, Tag, Quota);
        else if (PoolType & NonPagedPoolCacheAligned)
            Body = ExpAllocateFromPool(PoolType, Bytes, PoolCacheAlignedClass(Room), Tag, Quota);
        else
            Body = ExpAllocateFromPool(PoolType, Bytes, PoolClass(Room), Tag, Quota);
        if (Body == NULL && Quota != NULL)
            ExpReturnQuota(Quota, PoolType & PagedPool, Bytes);
    }
    if (Body == NULL && (PoolType & POOL_RAISE_IF_ALLOCATION_FAILURE))
        ExRaiseStatus(Status);
    return Body;
}

/* The straight way is a small block of nonpaged pool. */
static FORCEINLINE PVOID ExpAllocate(POOL_TYPE PoolType, SIZE_T Bytes, ULONG Tag, PVOID Caller)
{
    ExpRequireIrql(PoolType & PagedPool,
                   PoolType & PagedPool ? "ExAllocatePool(PagedPool)" : "ExAllocatePool(NonPagedPool)", Caller);
    ExpCheckNewTag(Tag, Caller);
    if (KiAllocationFails("pool")) {
        if (PoolType & POOL_RAISE_IF_ALLOCATION_FAILURE)
            ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
        return NULL;
    }
    if (Bytes <= POOL_LARGEST_BODY &&
        (PoolType & (PagedPool | NonPagedPoolCacheAligned | POOL_RAISE_IF_ALLOCATION_FAILURE | EXP_POOL_CHARGED)) == 0)
        return ExpAllocateBlock(&ExpPools[NonPagedPool], FALSE, Bytes, PoolClass(Bytes), Tag, NULL);
    return ExpAllocateOther(PoolType, Bytes, Tag);
}

/* Whole pages come zeroed from Mm. */
static FORCEINLINE PVOID ExpAllocateZero(POOL_TYPE PoolType, SIZE_T Bytes, ULONG Tag, PVOID Caller)
{
    PVOID Body = ExpAllocate(PoolType, Bytes, Tag, Caller);

    if (Body != NULL && Bytes <= POOL_LARGEST_BODY)
        RtlZeroMemory(Body, Bytes);
    return Body;
}

/*
 * Memory for the kernel and drivers. Less than a page: 16-byte aligned, in one page. A page and more: page aligned. The
 * contents are undefined. NULL when there is none, or STATUS_INSUFFICIENT_RESOURCES is raised if PoolType has
 * POOL_RAISE_IF_ALLOCATION_FAILURE. IRQL: <= DISPATCH_LEVEL for nonpaged, <= APC_LEVEL for paged pool.
 */
PVOID ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return ExpAllocate(PoolType, NumberOfBytes, Tag, __builtin_return_address(0));
}
NT_EXPORT(ExAllocatePoolWithTag);

PVOID ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    return ExpAllocate(PoolType, NumberOfBytes, EXP_NO_TAG, __builtin_return_address(0));
}
NT_EXPORT(ExAllocatePool);

PVOID ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag, EX_POOL_PRIORITY Priority)
{
    UNREFERENCED_PARAMETER(Priority);
    return ExpAllocate(PoolType, NumberOfBytes, Tag, __builtin_return_address(0));
}
NT_EXPORT(ExAllocatePoolWithTagPriority);

/* As ExAllocatePoolWithTag, filled with zeroes. */
PVOID ExAllocatePoolZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return ExpAllocateZero(PoolType, NumberOfBytes, Tag, __builtin_return_address(0));
}
NT_EXPORT(ExAllocatePoolZero);

/*
 * The quota routines charge the current process, which may be another than the one that frees the memory and gets none
 * of it back then. STATUS_QUOTA_EXCEEDED or STATUS_INSUFFICIENT_RESOURCES is raised, or NULL returned if
 * POOL_QUOTA_FAIL_INSTEAD_OF_RAISE asks for it ("ExAllocatePoolWithQuotaTag").
 */
static POOL_TYPE ExpQuotaType(POOL_TYPE PoolType)
{
    return (PoolType & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE ? PoolType : PoolType | POOL_RAISE_IF_ALLOCATION_FAILURE) |
           EXP_POOL_CHARGED;
}

PVOID ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return ExpAllocate(ExpQuotaType(PoolType), NumberOfBytes, Tag, __builtin_return_address(0));
}
NT_EXPORT(ExAllocatePoolWithQuotaTag);

PVOID ExAllocatePoolQuotaZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return ExpAllocateZero(ExpQuotaType(PoolType), NumberOfBytes, Tag, __builtin_return_address(0));
}
NT_EXPORT(ExAllocatePoolQuotaZero);

static PVOID ExpAllocateByFlags(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag, PVOID Caller)
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
    if (Flags & POOL_FLAG_USE_QUOTA)
        PoolType |= EXP_POOL_CHARGED;
    if (Flags & POOL_FLAG_UNINITIALIZED)
        return ExpAllocate(PoolType, NumberOfBytes, Tag, Caller);
    return ExpAllocateZero(PoolType, NumberOfBytes, Tag, Caller);
}
/*
 * Memory filled with zeroes unless POOL_FLAG_UNINITIALIZED. Flags name exactly one pool. NULL (or, with
 * POOL_FLAG_RAISE_ON_FAILURE, an exception) when there is no memory or a parameter is not valid: no bytes, no tag, not
 * one pool. Pool memory is never executable. IRQL: as ExAllocatePoolWithTag.
 */
PVOID ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    return ExpAllocateByFlags(Flags, NumberOfBytes, Tag, __builtin_return_address(0));
}
NT_EXPORT(ExAllocatePool2);

/*
 * The same with parameters ("ExAllocatePool3"): a priority and a preferred node make no difference where all memory is
 * alike; a secure pool is not there, nor what is not known, and asking for that fails unless it is marked optional.
 */
PVOID ExAllocatePool3(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag, PCPOOL_EXTENDED_PARAMETER ExtendedParameters,
                      ULONG ExtendedParametersCount)
{
    for (ULONG i = 0; i < ExtendedParametersCount; i++) {
        ULONG64 Type = ExtendedParameters[i].Type;
        if (Type != PoolExtendedParameterPriority && Type != PoolExtendedParameterNumaNode && !ExtendedParameters[i].Optional) {
            if (Flags & POOL_FLAG_RAISE_ON_FAILURE)
                ExRaiseStatus(STATUS_INVALID_PARAMETER);
            return NULL;
        }
    }
    return ExpAllocateByFlags(Flags, NumberOfBytes, Tag, __builtin_return_address(0));
}
NT_EXPORT(ExAllocatePool3);

DECLSPEC_NOINLINE static VOID ExpFreePaged(PVOID Body, ULONG Tag, PVOID Caller)
{
    if (Body < MmPagedPoolStart || Body >= MmPagedPoolEnd)
        ExpPoolFault(PoolNoBlock, Body, Caller);
    ExpRequireIrql(TRUE, "ExFreePool(paged)", Caller);
    if (BYTE_OFFSET(Body) == 0)
        ExpFreePages(&ExpPools[PagedPool], Body, Tag, Caller);
    else
        ExpFreeBlock(&ExpPools[PagedPool], TRUE, Body, Tag, Caller);
}

static FORCEINLINE VOID ExpFree(PVOID Body, ULONG Tag, PVOID Caller)
{
    if (Body < MmNonPagedPoolStart || Body >= MmNonPagedPoolEnd) {
        ExpFreePaged(Body, Tag, Caller);
        return;
    }
    ExpRequireIrql(FALSE, "ExFreePool(nonpaged)", Caller);
    if (BYTE_OFFSET(Body) == 0)
        ExpFreePages(&ExpPools[NonPagedPool], Body, Tag, Caller);
    else
        ExpFreeBlock(&ExpPools[NonPagedPool], FALSE, Body, Tag, Caller);
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

/* No extended parameter says anything about freeing. */
VOID ExFreePool2(PVOID P, ULONG Tag, PCPOOL_EXTENDED_PARAMETER ExtendedParameters, ULONG ExtendedParametersCount)
{
    UNREFERENCED_PARAMETER(ExtendedParameters);
    UNREFERENCED_PARAMETER(ExtendedParametersCount);
    ExpFree(P, Tag, __builtin_return_address(0));
}
NT_EXPORT(ExFreePool2);
