/*
 * What a checked build looks for in the pools, and the words for it: memory freed twice, with another tag, written past
 * its end or after it was freed. A free build looks at the header only, without which it could not go on.
 */
#include "ex/pool.h"
#include "ke/ke.h"

/* "Bug Check 0xC2", first parameter. */
#define CALLER_FREED_TWICE 0x07
#define CALLER_WRONG_TAG 0x0A
#define CALLER_NOT_POOL 0x46
#define CALLER_NO_TAG 0x9B

typedef struct _EXP_TAG_TEXT { CHAR Letters[5]; } EXP_TAG_TEXT;

static EXP_TAG_TEXT ExpTagText(ULONG Tag)
{
    EXP_TAG_TEXT Text;

    for (ULONG Index = 0; Index < 4; Index++) {
        CHAR Letter = (CHAR)(Tag >> Index * 8);
        Text.Letters[Index] = Letter >= ' ' && Letter <= '~' ? Letter : '.';
    }
    Text.Letters[4] = '\0';
    return Text;
}

VOID ExpPoolFault(POOL_FAULT Fault, PVOID Body, PVOID Caller)
{
    PPOOL_HEADER Header = PoolHeaderOf(Body);

    switch (Fault) {
    case PoolFreedTwice:
        KiBugCheck(BAD_POOL_CALLER, CALLER_FREED_TWICE, (ULONG_PTR)Caller, Header->Tag, (ULONG_PTR)Body, NULL,
                   "%p frees the pool memory at %p (tag '%s'), which is free already. Free it once, and forget the pointer "
                   "then.", Caller, Body, ExpTagText(Header->Tag).Letters);
    case PoolHeaderDamaged:
        KiBugCheck(BAD_POOL_HEADER, (ULONG_PTR)Header, (ULONG_PTR)Body, Header->Guard, PoolGuard(Header), NULL,
                   "The header at %p of the pool memory at %p, which %p frees, was overwritten: somebody wrote in front of "
                   "this memory, or past the end of what lies before it.", Header, Body, Caller);
    default:
        KiBugCheck(BAD_POOL_CALLER, CALLER_NOT_POOL, (ULONG_PTR)Caller, (ULONG_PTR)Body, 0, NULL,
                   "%p frees %p, which is no pool memory that is allocated: free exactly the address that ExAllocatePool... "
                   "returned, once.", Caller, Body);
    }
}

#if DBG

#define TAIL_PATTERN 0xFD       /* behind the end of what was asked for */
#define FREED_PATTERN 0xDD      /* in freed blocks, behind the link */
#define FREED_LOOKED_AT 128     /* bytes of a freed block that are looked at when it is handed out again */

VOID ExpCheckNewTag(ULONG Tag, PVOID Caller)
{
    if (Tag == 0)
        KiBugCheck(BAD_POOL_CALLER, CALLER_NO_TAG, (ULONG_PTR)Caller, 0, 0, NULL,
                   "%p allocates pool memory with tag 0, so that nobody could say whose it is. A tag is one to four "
                   "letters in single quotes, in reverse order.", Caller);
}

VOID ExpCheckTag(PVOID Body, ULONG Allocated, ULONG Given, PVOID Caller)
{
    if (Allocated != Given)
        KiBugCheck(BAD_POOL_CALLER, CALLER_WRONG_TAG, (ULONG_PTR)Body, Allocated, Given, NULL,
                   "%p frees the pool memory at %p with tag '%s'; it was allocated with tag '%s'. It belongs to somebody "
                   "else, or ExFreePoolWithTag must name the same tag.", Caller, Body, ExpTagText(Given).Letters,
                   ExpTagText(Allocated).Letters);
}

VOID ExpMarkTail(PUCHAR End, SIZE_T Slack)
{
    memset(End, TAIL_PATTERN, Slack);
}

VOID ExpCheckTail(PVOID Body, SIZE_T Bytes, SIZE_T Slack, ULONG Tag, PVOID Caller)
{
    PUCHAR End = (PUCHAR)Body + Bytes;

    for (SIZE_T Index = 0; Index < Slack; Index++)
        if (End[Index] != TAIL_PATTERN)
            KiBugCheck(BAD_POOL_HEADER, (ULONG_PTR)Body, (ULONG_PTR)&End[Index], Bytes, Tag, NULL,
                       "The pool memory at %p (tag '%s', %I64u bytes), which %p frees, was written past its end: byte %I64u "
                       "of it was changed.", Body, ExpTagText(Tag).Letters, (ULONG64)Bytes, Caller, (ULONG64)(Bytes + Index));
}

static SIZE_T ExpSlack(PPOOL_HEADER Header)
{
    return PoolCapacity(Header->Class) - Header->Bytes;
}

/* The bytes of a freed body that hold the pattern: all behind the link to the next free block. */
static SIZE_T ExpPatternLength(PPOOL_HEADER Header)
{
    return PoolCapacity(Header->Class) - sizeof(PVOID);
}

VOID ExpMarkAllocated(PPOOL_HEADER Header)
{
    PUCHAR Body = PoolBody(Header);

    if (Header->Filled) {
        SIZE_T Length = ExpPatternLength(Header);
        for (SIZE_T Index = 0; Index < min(Length, FREED_LOOKED_AT); Index++)
            if (Body[sizeof(PVOID) + Index] != FREED_PATTERN)
                KiBugCheck(BAD_POOL_HEADER, (ULONG_PTR)Body, (ULONG_PTR)&Body[sizeof(PVOID) + Index], 0, 0, NULL,
                           "The pool memory at %p was written after it was freed, at byte %I64u: somebody keeps a pointer "
                           "to memory that is not his any more.", Body, (ULONG64)(sizeof(PVOID) + Index));
    }
    ExpMarkTail(Body + Header->Bytes, ExpSlack(Header));
}

VOID ExpCheckAndMarkFreed(PPOOL_HEADER Header, PVOID Caller)
{
    PUCHAR Body = PoolBody(Header);

    ExpCheckTail(Body, Header->Bytes, ExpSlack(Header), Header->Tag, Caller);
    if (!PoolNextHeaderIsSound(Header))
        KiBugCheck(BAD_POOL_HEADER, (ULONG_PTR)Body, (ULONG_PTR)Header + PoolBlockSize[Header->Class], Header->Bytes,
                   Header->Tag, NULL,
                   "The header behind the pool memory at %p (tag '%s', %u bytes), which %p frees, was overwritten: this "
                   "memory was written past its end, or the next in front of it.", Body, ExpTagText(Header->Tag).Letters,
                   Header->Bytes, Caller);
    memset(Body + sizeof(PVOID), FREED_PATTERN, ExpPatternLength(Header));
    Header->Filled = TRUE;
}

#endif
