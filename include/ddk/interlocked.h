/*
 * Interlocked operations and linked lists.
 *
 * Interlocked* are macros over compiler built-ins, because sources predeclare the routines with `long`. Each is a
 * full barrier, as documented; the Acquire/Release/NoFence forms are at least as strong as their names.
 */
#pragma once

#include "ntdef.h"

#define InterlockedIncrement(p) ((LONG)__atomic_add_fetch((p), 1, __ATOMIC_SEQ_CST))
#define InterlockedDecrement(p) ((LONG)__atomic_sub_fetch((p), 1, __ATOMIC_SEQ_CST))
#define InterlockedExchange(p, v) ((LONG)__atomic_exchange_n((p), (LONG)(v), __ATOMIC_SEQ_CST))
#define InterlockedExchangeAdd(p, v) ((LONG)__atomic_fetch_add((p), (LONG)(v), __ATOMIC_SEQ_CST))
#define InterlockedAdd(p, v) ((LONG)__atomic_add_fetch((p), (LONG)(v), __ATOMIC_SEQ_CST))
#define InterlockedOr(p, v) ((LONG)__atomic_fetch_or((p), (v), __ATOMIC_SEQ_CST))
#define InterlockedAnd(p, v) ((LONG)__atomic_fetch_and((p), (v), __ATOMIC_SEQ_CST))
#define InterlockedXor(p, v) ((LONG)__atomic_fetch_xor((p), (v), __ATOMIC_SEQ_CST))
#define InterlockedCompareExchange(p, v, c) ((LONG)__sync_val_compare_and_swap((p), (LONG)(c), (LONG)(v)))
#define InterlockedIncrement64(p) ((LONG64)__atomic_add_fetch((p), 1, __ATOMIC_SEQ_CST))
#define InterlockedDecrement64(p) ((LONG64)__atomic_sub_fetch((p), 1, __ATOMIC_SEQ_CST))
#define InterlockedExchange64(p, v) ((LONG64)__atomic_exchange_n((p), (LONG64)(v), __ATOMIC_SEQ_CST))
#define InterlockedExchangeAdd64(p, v) ((LONG64)__atomic_fetch_add((p), (LONG64)(v), __ATOMIC_SEQ_CST))
#define InterlockedAdd64(p, v) ((LONG64)__atomic_add_fetch((p), (LONG64)(v), __ATOMIC_SEQ_CST))
#define InterlockedOr64(p, v) ((LONG64)__atomic_fetch_or((p), (v), __ATOMIC_SEQ_CST))
#define InterlockedAnd64(p, v) ((LONG64)__atomic_fetch_and((p), (v), __ATOMIC_SEQ_CST))
#define InterlockedXor64(p, v) ((LONG64)__atomic_fetch_xor((p), (v), __ATOMIC_SEQ_CST))
#define InterlockedCompareExchange64(p, v, c) ((LONG64)__sync_val_compare_and_swap((p), (LONG64)(c), (LONG64)(v)))
#define InterlockedExchangePointer(p, v) ((PVOID)__atomic_exchange_n((PVOID *)(p), (PVOID)(v), __ATOMIC_SEQ_CST))
#define InterlockedCompareExchangePointer(p, v, c)                                                             \
    ((PVOID)__sync_val_compare_and_swap((PVOID *)(p), (PVOID)(c), (PVOID)(v)))
#define InterlockedIncrementAcquire InterlockedIncrement
#define InterlockedIncrementRelease InterlockedIncrement
#define InterlockedDecrementAcquire InterlockedDecrement
#define InterlockedDecrementRelease InterlockedDecrement
#define InterlockedCompareExchangeAcquire InterlockedCompareExchange
#define InterlockedCompareExchangeRelease InterlockedCompareExchange
#define InterlockedCompareExchangePointerAcquire InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerRelease InterlockedCompareExchangePointer
#define InterlockedBitTestAndSet(p, b)                                                                         \
    ((UCHAR)((__atomic_fetch_or((p), 1u << (b), __ATOMIC_SEQ_CST) >> (b)) & 1))
#define InterlockedBitTestAndReset(p, b)                                                                       \
    ((UCHAR)((__atomic_fetch_and((p), ~(1u << (b)), __ATOMIC_SEQ_CST) >> (b)) & 1))
#define KeMemoryBarrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define MemoryBarrier() KeMemoryBarrier()
/* In a loop that waits for another processor: this one need not hurry ("YieldProcessor"). */
#define YieldProcessor() __asm__ volatile("pause" ::: "memory")
#define _ReadWriteBarrier() __asm__ volatile("" ::: "memory")
#define ReadAcquire(p) ((LONG)__atomic_load_n((p), __ATOMIC_ACQUIRE))
#define ReadNoFence(p) ((LONG)__atomic_load_n((p), __ATOMIC_RELAXED))
#define WriteRelease(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)

/* Lists ("Singly and Doubly Linked Lists"): the caller synchronises. */
FORCEINLINE VOID InitializeListHead(PLIST_ENTRY Head)
{
    Head->Flink = Head->Blink = Head;
}

FORCEINLINE BOOLEAN IsListEmpty(const LIST_ENTRY *Head)
{
    return Head->Flink == Head;
}

/* Returns TRUE when the list is empty afterwards. */
FORCEINLINE BOOLEAN RemoveEntryList(PLIST_ENTRY Entry)
{
    PLIST_ENTRY Flink = Entry->Flink, Blink = Entry->Blink;
    Blink->Flink = Flink;
    Flink->Blink = Blink;
    return Flink == Blink;
}

FORCEINLINE PLIST_ENTRY RemoveHeadList(PLIST_ENTRY Head)
{
    PLIST_ENTRY Entry = Head->Flink;
    RemoveEntryList(Entry);
    return Entry;
}

FORCEINLINE PLIST_ENTRY RemoveTailList(PLIST_ENTRY Head)
{
    PLIST_ENTRY Entry = Head->Blink;
    RemoveEntryList(Entry);
    return Entry;
}

FORCEINLINE VOID InsertTailList(PLIST_ENTRY Head, PLIST_ENTRY Entry)
{
    PLIST_ENTRY Blink = Head->Blink;
    Entry->Flink = Head;
    Entry->Blink = Blink;
    Blink->Flink = Entry;
    Head->Blink = Entry;
}

FORCEINLINE VOID InsertHeadList(PLIST_ENTRY Head, PLIST_ENTRY Entry)
{
    PLIST_ENTRY Flink = Head->Flink;
    Entry->Flink = Flink;
    Entry->Blink = Head;
    Flink->Blink = Entry;
    Head->Flink = Entry;
}

FORCEINLINE PSINGLE_LIST_ENTRY PopEntryList(PSINGLE_LIST_ENTRY Head)
{
    PSINGLE_LIST_ENTRY Entry = Head->Next;
    if (Entry != NULL)
        Head->Next = Entry->Next;
    return Entry;
}

FORCEINLINE VOID PushEntryList(PSINGLE_LIST_ENTRY Head, PSINGLE_LIST_ENTRY Entry)
{
    Entry->Next = Head->Next;
    Head->Next = Entry;
}
