/*
 * The heap: blocks within chunks of 64 KiB, each chunk a row of blocks, each block with the size of itself and of its
 * left neighbour in front. A free block merges with free neighbours. What is larger than a chunk's half gets pages of
 * its own. One lock for all; first fit.
 */
#include "sdk.h"
#include <stdlib.h>

#define SDK_CHUNK (64 * 1024)
#define SDK_LARGE (SDK_CHUNK / 2)
#define SDK_UNIT 16                     /* blocks are aligned to it, and as long as a multiple of it */

typedef struct _SDK_BLOCK {
    ULONG Size;                         /* with this header; 0: the end of the chunk, or pages of its own */
    ULONG Left;                         /* size of the block before; 0: the first of its chunk */
    union {
        ULONG64 Free;                   /* in a chunk: whether it is */
        ULONG64 LargeSize;              /* pages of its own: bytes that were asked for */
    };
    /* In a free block. */
    struct _SDK_BLOCK *Next, *Previous;
} SDK_BLOCK;

#define SDK_HEADER offsetof(SDK_BLOCK, Next)
C_ASSERT(SDK_HEADER == SDK_UNIT);

static volatile LONG SdkHeapLock;
static SDK_BLOCK *SdkFreeBlocks;

static SDK_BLOCK *SdkRightOf(SDK_BLOCK *Block)
{
    return (SDK_BLOCK *)((PUCHAR)Block + Block->Size);
}

static VOID SdkListFree(SDK_BLOCK *Block)
{
    Block->Free = TRUE;
    Block->Previous = NULL;
    Block->Next = SdkFreeBlocks;
    if (SdkFreeBlocks != NULL)
        SdkFreeBlocks->Previous = Block;
    SdkFreeBlocks = Block;
}

static VOID SdkUnlistFree(SDK_BLOCK *Block)
{
    Block->Free = FALSE;
    if (Block->Next != NULL)
        Block->Next->Previous = Block->Previous;
    if (Block->Previous != NULL)
        Block->Previous->Next = Block->Next;
    else
        SdkFreeBlocks = Block->Next;
}

/* A new chunk: one free block and the end mark. */
static BOOL SdkAddChunk(VOID)
{
    SDK_BLOCK *Block = VirtualAlloc(NULL, SDK_CHUNK, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    if (Block == NULL)
        return FALSE;
    Block->Size = SDK_CHUNK - SDK_HEADER;
    Block->Left = 0;
    SdkRightOf(Block)->Size = 0;
    SdkRightOf(Block)->Left = Block->Size;
    SdkRightOf(Block)->Free = FALSE;
    SdkListFree(Block);
    return TRUE;
}

/* Takes Size bytes off the front of a free block; the rest stays free when it can hold a block. */
static VOID SdkTake(SDK_BLOCK *Block, ULONG Size)
{
    SDK_BLOCK *Rest;

    SdkUnlistFree(Block);
    if (Block->Size - Size < sizeof(SDK_BLOCK))
        return;
    Rest = (SDK_BLOCK *)((PUCHAR)Block + Size);
    Rest->Size = Block->Size - Size;
    Rest->Left = Size;
    SdkRightOf(Rest)->Left = Rest->Size;
    Block->Size = Size;
    SdkListFree(Rest);
}

static void *SdkAllocateLarge(size_t Size)
{
    SDK_BLOCK *Block;

    if (Size > MAXULONGLONG - SDK_HEADER)
        return NULL;
    Block = VirtualAlloc(NULL, Size + SDK_HEADER, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (Block == NULL)
        return NULL;
    Block->LargeSize = Size;            /* Size stays 0: the pages are zero */
    return (PUCHAR)Block + SDK_HEADER;
}

void *malloc(size_t Size)
{
    SDK_BLOCK *Block;
    ULONG Whole;

    if (Size > SDK_LARGE)
        return SdkAllocateLarge(Size);
    Whole = (ULONG)ALIGN_UP_BY(Size + SDK_HEADER, SDK_UNIT);
    Whole = max(Whole, (ULONG)sizeof(SDK_BLOCK));
    SdkLock(&SdkHeapLock);
    do {
        for (Block = SdkFreeBlocks; Block != NULL && Block->Size < Whole; Block = Block->Next)
            ;
    } while (Block == NULL && SdkAddChunk());
    if (Block != NULL)
        SdkTake(Block, Whole);
    SdkUnlock(&SdkHeapLock);
    return Block != NULL ? (PUCHAR)Block + SDK_HEADER : NULL;
}

void free(void *Address)
{
    SDK_BLOCK *Block, *Right, *Left;

    if (Address == NULL)
        return;
    Block = (SDK_BLOCK *)((PUCHAR)Address - SDK_HEADER);
    if (Block->Size == 0) {
        VirtualFree(Block, 0, MEM_RELEASE);
        return;
    }
    SdkLock(&SdkHeapLock);
    Right = SdkRightOf(Block);
    if (Right->Free) {
        SdkUnlistFree(Right);
        Block->Size += Right->Size;
    }
    if (Block->Left != 0) {
        Left = (SDK_BLOCK *)((PUCHAR)Block - Block->Left);
        if (Left->Free) {
            SdkUnlistFree(Left);
            Left->Size += Block->Size;
            Block = Left;
        }
    }
    SdkRightOf(Block)->Left = Block->Size;
    SdkListFree(Block);
    SdkUnlock(&SdkHeapLock);
}

void *calloc(size_t Count, size_t Size)
{
    void *Address;

    if (Size != 0 && Count > MAXULONGLONG / Size)
        return NULL;
    Address = malloc(Count * Size);
    if (Address != NULL)
        memset(Address, 0, Count * Size);
    return Address;
}

void *realloc(void *Address, size_t Size)
{
    SDK_BLOCK *Block;
    size_t Old;
    void *Moved;

    if (Address == NULL)
        return malloc(Size);
    Block = (SDK_BLOCK *)((PUCHAR)Address - SDK_HEADER);
    Old = Block->Size != 0 ? Block->Size - SDK_HEADER : Block->LargeSize;
    if (Size <= Old)
        return Address;
    Moved = malloc(Size);
    if (Moved == NULL)
        return NULL;
    memcpy(Moved, Address, Old);
    free(Address);
    return Moved;
}
