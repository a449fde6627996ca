/*
 * The arithmetic of pool pages: size classes, blocks, headers. Plain C that knows no locks and asks nobody for memory,
 * so that tests/host can try it.
 *
 * A page of the pool serves one size class and is cut into equal blocks:
 *
 *     | POOL_PAGE (48) | POOL_HEADER (16) body | POOL_HEADER (16) body | ...
 *
 * so every body is 16-byte aligned, no block crosses a page, and the page header of a body is found by masking its
 * address. The sizes are what 1, 2, 3, ... blocks a page come to, so that little is left over. Those that are multiples
 * of 64 begin their bodies on cache lines, since 48 + 16 = 64: these are the ones for cache-aligned requests.
 */
#pragma once

#include "ntdef.h"
#include "ntcrt.h"

#define POOL_PAGE_SIZE 4096
#define POOL_CACHE_LINE 64

typedef struct DECLSPEC_ALIGN(16) _POOL_HEADER {
    ULONG Tag;
    USHORT Bytes;               /* as asked for */
    USHORT TagSlot;             /* where Tag is accounted (pooltag.c) */
    UCHAR Class;
    UCHAR State;                /* POOL_ALLOCATED or POOL_FREE */
    UCHAR Filled;               /* a free block's body holds the pattern of poolcheck.c */
    UCHAR Charged;              /* to a quota: its last eight bytes, PoolQuotaOf, say which */
    ULONG Guard;                /* PoolGuard(this): tells a header from anything else */
} POOL_HEADER, *PPOOL_HEADER;

#define POOL_ALLOCATED 0xA5
#define POOL_FREE 0x5F

typedef struct DECLSPEC_ALIGN(16) _POOL_PAGE {
    struct _POOL_PAGE *Next;    /* pages of the class that have a free block; or empty pages that are kept */
    struct _POOL_PAGE *Previous;
    PPOOL_HEADER FreeList;      /* blocks that were freed; linked through the first word of their bodies */
    USHORT Class;
    USHORT Used;                /* blocks handed out */
    USHORT Fresh;               /* blocks from this number on have never been handed out, and have no header yet */
    USHORT Blocks;              /* in all */
    ULONG Guard;
} POOL_PAGE, *PPOOL_PAGE;

C_ASSERT(sizeof(POOL_HEADER) == 16);
C_ASSERT(sizeof(POOL_PAGE) == 48);

/* Block sizes with the header, ascending. The table of classes by size, below, follows from it; tests/host compares. */
#define POOL_CLASSES 22
static const USHORT PoolBlockSize[POOL_CLASSES] = {
    32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 288, 336, 400, 448, 576, 672, 800, 1008, 1344, 2016, 4048};
#define POOL_LARGEST_BODY (4048 - sizeof(POOL_HEADER))

/* Index: (bytes + header, rounded up to 16) / 16. */
static const UCHAR PoolClassBySize[4048 / 16 + 1] = {
    [0 ... 2] = 0, [3] = 1, [4] = 2, [5] = 3, [6] = 4, [7] = 5, [8] = 6, [9 ... 10] = 7, [11 ... 12] = 8,
    [13 ... 14] = 9, [15 ... 16] = 10, [17 ... 18] = 11, [19 ... 21] = 12, [22 ... 25] = 13, [26 ... 28] = 14,
    [29 ... 36] = 15, [37 ... 42] = 16, [43 ... 50] = 17, [51 ... 63] = 18, [64 ... 84] = 19, [85 ... 126] = 20,
    [127 ... 253] = 21,
};

/* The class for a body of Bytes <= POOL_LARGEST_BODY. */
static inline ULONG PoolClass(SIZE_T Bytes)
{
    return PoolClassBySize[(Bytes + sizeof(POOL_HEADER) + 15) / 16];
}

/* The same for a body that begins on a cache line. The largest class has one block a page, which always does. */
static inline ULONG PoolCacheAlignedClass(SIZE_T Bytes)
{
    ULONG Class = PoolClass(Bytes);

    while (Class < POOL_CLASSES - 1 && PoolBlockSize[Class] % POOL_CACHE_LINE != 0)
        Class++;
    return Class;
}

static inline ULONG PoolBlocksInPage(ULONG Class)
{
    return (POOL_PAGE_SIZE - sizeof(POOL_PAGE)) / PoolBlockSize[Class];
}

static inline ULONG PoolGuard(const VOID *Header)
{
    return (ULONG)((ULONG_PTR)Header >> 4) ^ 0x7149706Fu;
}

static inline PVOID PoolBody(PPOOL_HEADER Header)
{
    return Header + 1;
}

static inline PPOOL_HEADER PoolHeaderOf(PVOID Body)
{
    return (PPOOL_HEADER)Body - 1;
}

static inline PPOOL_PAGE PoolPageOf(PVOID Body)
{
    return (PPOOL_PAGE)((ULONG_PTR)Body & ~(ULONG_PTR)(POOL_PAGE_SIZE - 1));
}

static inline PPOOL_HEADER PoolBlockAt(PPOOL_PAGE Page, ULONG Index)
{
    return (PPOOL_HEADER)((PUCHAR)(Page + 1) + Index * PoolBlockSize[Page->Class]);
}

/* The bytes that a block's body has room for. */
static inline SIZE_T PoolCapacity(ULONG Class)
{
    return PoolBlockSize[Class] - sizeof(POOL_HEADER);
}

/* Where a charged block keeps what it is charged to: behind what was asked for. */
static inline PVOID *PoolQuotaOf(PPOOL_HEADER Header)
{
    return (PVOID *)((PUCHAR)Header + PoolBlockSize[Header->Class]) - 1;
}

static inline VOID PoolInitializePage(PPOOL_PAGE Page, ULONG Class)
{
    Page->Next = Page->Previous = NULL;
    Page->FreeList = NULL;
    Page->Class = (USHORT)Class;
    Page->Used = 0;
    Page->Fresh = 0;
    Page->Blocks = (USHORT)PoolBlocksInPage(Class);
    Page->Guard = PoolGuard(Page);
}

static inline BOOLEAN PoolPageIsFull(PPOOL_PAGE Page)
{
    return Page->FreeList == NULL && Page->Fresh == Page->Blocks;
}

/* A block of a page that is not full: a freed one if there is, so that few pages' memory is touched. */
static inline PPOOL_HEADER PoolTakeBlock(PPOOL_PAGE Page)
{
    PPOOL_HEADER Header = Page->FreeList;

    if (Header != NULL) {
        Page->FreeList = *(PPOOL_HEADER *)PoolBody(Header);
    } else {
        Header = PoolBlockAt(Page, Page->Fresh++);
        Header->Class = (UCHAR)Page->Class;
        Header->Filled = FALSE;
        Header->Charged = FALSE;
        Header->Guard = PoolGuard(Header);
    }
    Header->State = POOL_ALLOCATED;
    Page->Used++;
    return Header;
}

static inline VOID PoolGiveBlock(PPOOL_PAGE Page, PPOOL_HEADER Header)
{
    Header->State = POOL_FREE;
    *(PPOOL_HEADER *)PoolBody(Header) = Page->FreeList;
    Page->FreeList = Header;
    Page->Used--;
}

/* What can be wrong with an address that is to be freed. */
typedef enum _POOL_FAULT { PoolNoBlock, PoolFreedTwice, PoolHeaderDamaged } POOL_FAULT;

/* Whether Body is one that was handed out and not freed since. Reads its header, which lies in the same page. */
static inline BOOLEAN PoolIsSound(PVOID Body)
{
    PPOOL_HEADER Header = PoolHeaderOf(Body);

    return Header->Guard == PoolGuard(Header) && Header->State == POOL_ALLOCATED;
}

/* What is wrong with a body that is not sound. */
static inline POOL_FAULT PoolFindFault(PVOID Body)
{
    PPOOL_HEADER Header = PoolHeaderOf(Body);

    if (((ULONG_PTR)Body & 15) != 0)
        return PoolNoBlock;
    if (Header->Guard == PoolGuard(Header) && Header->State == POOL_FREE)
        return PoolFreedTwice;      /* even if the page was given up then */
    return PoolPageOf(Body)->Guard == PoolGuard(PoolPageOf(Body)) ? PoolHeaderDamaged : PoolNoBlock;
}

/*
 * Whether the block behind this one still has its header: a body that was written past its end has destroyed it. The
 * last block of a page, and one that was never handed out, has none to look at.
 */
static inline BOOLEAN PoolNextHeaderIsSound(PPOOL_HEADER Header)
{
    PPOOL_PAGE Page = PoolPageOf(Header);
    PPOOL_HEADER Next = (PPOOL_HEADER)((PUCHAR)Header + PoolBlockSize[Page->Class]);

    return Next >= PoolBlockAt(Page, Page->Fresh) || Next->Guard == PoolGuard(Next);
}
