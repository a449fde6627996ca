/*
 * What a checked build looks for in the pools, and the words for it: memory freed twice, with another tag, written past
 * its end or after it was freed. A free build looks at the header only, without which it could not go on.
 */
#include "ex/pool.h"
#include "ke/rules.h"

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
                   "%s frees the pool memory at %p (tag '%s'), which is free already. Free it once, and forget the "
                   "pointer then.", KiWords(Caller).Text, Body, ExpTagText(Header->Tag).Letters);
    case PoolHeaderDamaged:
        KiBugCheck(BAD_POOL_HEADER, (ULONG_PTR)Header, (ULONG_PTR)Body, Header->Guard, PoolGuard(Header), NULL,
                   "The header at %p of the pool memory at %p, which %s frees, was overwritten: somebody wrote in "
                   "front of this memory, or past the end of what lies before it.", Header, Body, KiWords(Caller).Text);
    default:
        KiBugCheck(BAD_POOL_CALLER, CALLER_NOT_POOL, (ULONG_PTR)Caller, (ULONG_PTR)Body, 0, NULL,
                   "%s frees %p, which is no pool memory that is allocated: free exactly the address that "
                   "ExAllocatePool... returned, once.", KiWords(Caller).Text, Body);
    }
}

#if DBG

#define TAIL_PATTERN 0xFD       /* behind the end of what was asked for */
#define TAIL_LENGTH 16          /* bytes of it that are marked; more would cost more than it finds */
#define FREED_PATTERN 0xDD      /* in freed blocks, behind the link */
#define FREED_LENGTH 512        /* bytes of a block that are filled, and looked at when it is handed out again */

VOID ExpCheckNewTag(ULONG Tag, PVOID Caller)
{
    if (Tag == 0)
        KiBugCheck(BAD_POOL_CALLER, CALLER_NO_TAG, (ULONG_PTR)Caller, 0, 0, NULL,
                   "%s allocates pool memory with tag 0, so that nobody could say whose it is. A tag is one to four "
                   "letters in single quotes, in reverse order.", KiWords(Caller).Text);
}

VOID ExpCheckTag(PVOID Body, ULONG Allocated, ULONG Given, PVOID Caller)
{
    if (Allocated != Given)
        KiBugCheck(BAD_POOL_CALLER, CALLER_WRONG_TAG, (ULONG_PTR)Body, Allocated, Given, NULL,
                   "%s frees the pool memory at %p with tag '%s'; it was allocated with tag '%s'. It belongs to "
                   "somebody else, or ExFreePoolWithTag must name the same tag.", KiWords(Caller).Text, Body,
                   ExpTagText(Given).Letters, ExpTagText(Allocated).Letters);
}

VOID ExpMarkTail(PUCHAR End, SIZE_T Slack)
{
    memset(End, TAIL_PATTERN, min(Slack, TAIL_LENGTH));
}

VOID ExpCheckTail(PVOID Body, SIZE_T Bytes, SIZE_T Slack, ULONG Tag, PVOID Caller)
{
    PUCHAR End = (PUCHAR)Body + Bytes;

    Slack = min(Slack, TAIL_LENGTH);
    for (SIZE_T Index = 0; Index < Slack; Index++)
        if (End[Index] != TAIL_PATTERN)
            KiBugCheck(BAD_POOL_HEADER, (ULONG_PTR)Body, (ULONG_PTR)&End[Index], Bytes, Tag, NULL,
                       "The pool memory at %p (tag '%s', %I64u bytes), which %s frees, was written past its end: byte "
                       "%I64u was changed.", Body, ExpTagText(Tag).Letters, (ULONG64)Bytes, KiWords(Caller).Text,
                       (ULONG64)(Bytes + Index));
}

static SIZE_T ExpSlack(PPOOL_HEADER Header)
{
    return PoolCapacity(Header->Class) - Header->Bytes - (Header->Charged ? sizeof(PVOID) : 0);
}

/* The bytes of a freed body that hold the pattern: behind the link to the next free block. In eights. */
static SIZE_T ExpPatternWords(PPOOL_HEADER Header)
{
    return min(PoolCapacity(Header->Class), FREED_LENGTH) / sizeof(ULONG64) - 1;
}

VOID ExpMarkAllocated(PPOOL_HEADER Header)
{
    PUCHAR Body = PoolBody(Header);

    if (Header->Filled) {
        PULONG64 Words = (PULONG64)Body + 1;
        SIZE_T Count = ExpPatternWords(Header);
        for (SIZE_T Index = 0; Index < Count; Index++)
            if (Words[Index] != FREED_PATTERN * 0x0101010101010101ull)
                KiBugCheck(BAD_POOL_HEADER, (ULONG_PTR)Body, (ULONG_PTR)&Words[Index], Words[Index], Header->Tag, NULL,
                           "The pool memory at %p was written at %p after it was freed; the last to have it had tag "
                           "'%s'. Somebody keeps a pointer to memory that is not his any more.", Body, &Words[Index],
                           ExpTagText(Header->Tag).Letters);
        Header->Filled = FALSE;
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
                   "The header behind the pool memory at %p (tag '%s', %u bytes), which %s frees, was overwritten: "
                   "this memory was written past its end, or the next in front of it.", Body,
                   ExpTagText(Header->Tag).Letters, Header->Bytes, KiWords(Caller).Text);
    memset(Body + sizeof(ULONG64), FREED_PATTERN, ExpPatternWords(Header) * sizeof(ULONG64));
    Header->Filled = TRUE;
}

#endif
