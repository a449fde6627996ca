/* Interlocked lists and numbers, sequenced lists, lookaside lists, routine by routine. */
#include "sync.h"
#include <excpt.h>

static KSPIN_LOCK Lock;
static LIST_ENTRY Head, First, Second;
static SINGLE_LIST_ENTRY Top, One, Two;
static SLIST_HEADER Sequenced;
static SLIST_ENTRY Items[4];

TEST_CASE(InsertHeadReturnsTheFirst, "ExInterlockedInsertHeadList returns what was first, NULL for an empty list") {
    KeInitializeSpinLock(&Lock);
    InitializeListHead(&Head);
    EXPECT(ExInterlockedInsertHeadList(&Head, &First, &Lock) == NULL);
    EXPECT(ExInterlockedInsertHeadList(&Head, &Second, &Lock) == &First);
    EXPECT(ExInterlockedRemoveHeadList(&Head, &Lock) == &Second);
}

TEST_CASE(InsertTailReturnsTheLast, "ExInterlockedInsertTailList returns what was last, NULL for an empty list") {
    KeInitializeSpinLock(&Lock);
    InitializeListHead(&Head);
    EXPECT(ExInterlockedInsertTailList(&Head, &First, &Lock) == NULL);
    EXPECT(ExInterlockedInsertTailList(&Head, &Second, &Lock) == &First);
    EXPECT(ExInterlockedRemoveHeadList(&Head, &Lock) == &First);
}

TEST_CASE(RemoveHeadOfNothing, "ExInterlockedRemoveHeadList returns NULL when the list is empty") {
    KeInitializeSpinLock(&Lock);
    InitializeListHead(&Head);
    EXPECT(ExInterlockedRemoveHeadList(&Head, &Lock) == NULL);
}

TEST_CASE(PushAndPopEntries, "ExInterlockedPushEntryList returns the first entry before; Pop takes the last pushed") {
    KeInitializeSpinLock(&Lock);
    Top.Next = NULL;
    EXPECT(ExInterlockedPushEntryList(&Top, &One, &Lock) == NULL);
    EXPECT(ExInterlockedPushEntryList(&Top, &Two, &Lock) == &One);
    EXPECT(ExInterlockedPopEntryList(&Top, &Lock) == &Two);
    EXPECT(ExInterlockedPopEntryList(&Top, &Lock) == &One);
    EXPECT(ExInterlockedPopEntryList(&Top, &Lock) == NULL);
}

TEST_CASE(AddReturnsTheNumberBefore, "ExInterlockedAddUlong and AddLargeInteger return the value before") {
    ULONG Number = 0xFFFFFFFF;
    LARGE_INTEGER Large = {.QuadPart = 0xFFFFFFFF}, Increment = {.QuadPart = 1};

    KeInitializeSpinLock(&Lock);
    EXPECT_EQUAL(ExInterlockedAddUlong(&Number, 2, &Lock), 0xFFFFFFFF);
    EXPECT_EQUAL(Number, 1);
    EXPECT_EQUAL(ExInterlockedAddLargeInteger(&Large, Increment, &Lock).QuadPart, 0xFFFFFFFF);
    EXPECT_EQUAL(Large.QuadPart, 0x100000000);
}

TEST_CASE(InterlockedAtAnyLevel, "the ExInterlocked routines may be called at a device's level, and leave it") {
    KIRQL OldIrql;

    KeInitializeSpinLock(&Lock);
    InitializeListHead(&Head);
    KeRaiseIrql(DISPATCH_LEVEL + 1, &OldIrql);
    ExInterlockedInsertTailList(&Head, &First, &Lock);
    EXPECT(ExInterlockedRemoveHeadList(&Head, &Lock) == &First);
    EXPECT_EQUAL(KeGetCurrentIrql(), DISPATCH_LEVEL + 1);
    KeLowerIrql(OldIrql);
}

TEST_CASE(InterlockedResults, "Interlocked: increment and decrement return the new value, the exchanges the old one") {
    LONG Number = 5;
    PVOID Pointer = &Head;

    EXPECT_EQUAL(InterlockedIncrement(&Number), 6);
    EXPECT_EQUAL(InterlockedDecrement(&Number), 5);
    EXPECT_EQUAL(InterlockedExchange(&Number, 7), 5);
    EXPECT_EQUAL(InterlockedExchangeAdd(&Number, 3), 7);
    EXPECT_EQUAL(InterlockedOr(&Number, 0x10), 10);
    EXPECT_EQUAL(InterlockedAnd(&Number, 0x18), 0x1A);
    EXPECT_EQUAL(InterlockedXor(&Number, 0xFF), 0x18);
    EXPECT_EQUAL(Number, 0xE7);
    EXPECT(InterlockedExchangePointer(&Pointer, &Top) == &Head);
    EXPECT(Pointer == &Top);
}

TEST_CASE(CompareExchange, "InterlockedCompareExchange stores if the value is the comparand; it returns the old one") {
    LONG Number = 5;
    PVOID Pointer = NULL;

    EXPECT_EQUAL(InterlockedCompareExchange(&Number, 9, 4), 5);
    EXPECT_EQUAL(Number, 5);
    EXPECT_EQUAL(InterlockedCompareExchange(&Number, 9, 5), 5);
    EXPECT_EQUAL(Number, 9);
    EXPECT(InterlockedCompareExchangePointer(&Pointer, &Head, &Top) == NULL);
    EXPECT(Pointer == NULL);
    EXPECT(InterlockedCompareExchangePointer(&Pointer, &Head, NULL) == NULL);
    EXPECT(Pointer == &Head);
}

TEST_CASE(SequencedListIsAStack, "a sequenced list gives back what was pushed last; pushing returns the first before") {
    ExInitializeSListHead(&Sequenced);
    EXPECT(ExInterlockedPopEntrySList(&Sequenced, &Lock) == NULL);
    EXPECT(ExInterlockedPushEntrySList(&Sequenced, &Items[0], &Lock) == NULL);
    EXPECT(ExInterlockedPushEntrySList(&Sequenced, &Items[1], &Lock) == &Items[0]);
    EXPECT(ExInterlockedPopEntrySList(&Sequenced, &Lock) == &Items[1]);
    EXPECT(ExInterlockedPopEntrySList(&Sequenced, &Lock) == &Items[0]);
}

TEST_CASE(DepthOfASequencedList, "ExQueryDepthSList returns how many entries there are") {
    ExInitializeSListHead(&Sequenced);
    for (USHORT Count = 0; Count < 4; Count++) {
        EXPECT_EQUAL(ExQueryDepthSList(&Sequenced), Count);
        ExInterlockedPushEntrySList(&Sequenced, &Items[Count], &Lock);
    }
    ExInterlockedPopEntrySList(&Sequenced, &Lock);
    EXPECT_EQUAL(ExQueryDepthSList(&Sequenced), 3);
}

TEST_CASE(FlushASequencedList, "ExInterlockedFlushSList takes all entries, linked, and leaves the list empty") {
    PSLIST_ENTRY Taken;

    ExInitializeSListHead(&Sequenced);
    EXPECT(ExInterlockedFlushSList(&Sequenced) == NULL);
    ExInterlockedPushEntrySList(&Sequenced, &Items[0], &Lock);
    ExInterlockedPushEntrySList(&Sequenced, &Items[1], &Lock);
    Taken = ExInterlockedFlushSList(&Sequenced);
    EXPECT(Taken == &Items[1] && Taken->Next == &Items[0] && Items[0].Next == NULL);
    EXPECT_EQUAL(ExQueryDepthSList(&Sequenced), 0);
}

/* Lookaside lists -------------------------------------------------------------------------------------------------- */

static NPAGED_LOOKASIDE_LIST List;
static volatile LONG Allocated, Freed;

static PVOID OwnAllocate(POOL_TYPE PoolType, SIZE_T Size, ULONG Tag)
{
    EXPECT_EQUAL(Size, 64);
    EXPECT_EQUAL(Tag, 'tseT');
    InterlockedIncrement(&Allocated);
    return ExAllocatePoolWithTag(PoolType, Size, Tag);
}

static VOID OwnFree(PVOID Entry)
{
    InterlockedIncrement(&Freed);
    ExFreePool(Entry);
}

TEST_CASE(LookasideKeepsEntries, "a lookaside list gives a freed entry to the next, without its Allocate routine") {
    PVOID Entry;

    Allocated = Freed = 0;
    ExInitializeNPagedLookasideList(&List, OwnAllocate, OwnFree, 0, 64, 'tseT', 0);
    Entry = ExAllocateFromNPagedLookasideList(&List);
    EXPECT(Entry != NULL);
    EXPECT_EQUAL(Allocated, 1);
    ExFreeToNPagedLookasideList(&List, Entry);
    EXPECT_EQUAL(Freed, 0);
    EXPECT(ExAllocateFromNPagedLookasideList(&List) == Entry);
    EXPECT_EQUAL(Allocated, 1);
    ExFreeToNPagedLookasideList(&List, Entry);
    ExDeleteNPagedLookasideList(&List);
    EXPECT_EQUAL(Freed, 1);
}

TEST_CASE(LookasideIsBounded, "a lookaside list keeps a bounded number of entries; the rest go to its Free routine") {
    PVOID Entries[100];

    Allocated = Freed = 0;
    ExInitializeNPagedLookasideList(&List, OwnAllocate, OwnFree, 0, 64, 'tseT', 4);
    for (ULONG Index = 0; Index < 100; Index++)
        Entries[Index] = ExAllocateFromNPagedLookasideList(&List);
    EXPECT_EQUAL(Allocated, 100);
    for (ULONG Index = 0; Index < 100; Index++)
        ExFreeToNPagedLookasideList(&List, Entries[Index]);
    EXPECT(Freed > 0 && Freed < 100);
    ExDeleteNPagedLookasideList(&List);
    EXPECT_EQUAL(Freed, 100);
}

static PVOID NoMemory(POOL_TYPE PoolType, SIZE_T Size, ULONG Tag)
{
    UNREFERENCED_PARAMETER(PoolType);
    UNREFERENCED_PARAMETER(Size);
    UNREFERENCED_PARAMETER(Tag);
    return NULL;
}

TEST_CASE(LookasideWithoutMemory, "when the Allocate routine has no memory, allocating from the list returns NULL") {
    ExInitializeNPagedLookasideList(&List, NoMemory, OwnFree, 0, 64, 'tseT', 0);
    EXPECT(ExAllocateFromNPagedLookasideList(&List) == NULL);
    ExDeleteNPagedLookasideList(&List);
}
