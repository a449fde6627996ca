/*
 * The documented run-time library (Rtl): counted strings, memory, bitmaps, generic tables, random numbers.
 * Shared by the kernel, drivers, programs and the host-side unit tests; the code is in kernel/rtl/.
 *
 * ANSI here is ISO 8859-1: a byte is the Unicode character of the same number. A character above U+00FF becomes
 * '?' on the way to 8 bits. Upper case covers Latin, Greek, Cyrillic and Armenian letters.
 *
 * IRQL: the documentation limits most string routines to PASSIVE_LEVEL because their tables are pageable in
 * Windows. Here nothing of Rtl is pageable: every routine that allocates nothing works at any level on resident
 * memory, and the allocating ones (AllocateDestinationString) follow ExAllocatePoolWithTag of paged pool,
 * APC_LEVEL at most.
 */
#pragma once

#include "ntdef.h"
#include "ntstatus.h"
#include "ntcrt.h"

/* Memory (kernel/rtl/memory.c). */
SIZE_T RtlCompareMemory(const VOID *First, const VOID *Second, SIZE_T Length);
SIZE_T RtlCompareMemoryUlong(PVOID Source, SIZE_T Length, ULONG Pattern);
VOID RtlFillMemoryUlong(PVOID Destination, SIZE_T Length, ULONG Pattern);
VOID RtlFillMemoryUlonglong(PVOID Destination, SIZE_T Length, ULONGLONG Pattern);
PVOID RtlSecureZeroMemory(PVOID Destination, SIZE_T Length);

/* Counted strings (kernel/rtl/nstring.c, ansi.c). */
VOID RtlInitString(PSTRING Destination, PCSZ Source);
VOID RtlInitAnsiString(PANSI_STRING Destination, PCSZ Source);
VOID RtlInitUnicodeString(PUNICODE_STRING Destination, PCWSTR Source);
NTSTATUS RtlInitUnicodeStringEx(PUNICODE_STRING Destination, PCWSTR Source);
LONG RtlCompareString(const STRING *First, const STRING *Second, BOOLEAN CaseInSensitive);
BOOLEAN RtlEqualString(const STRING *First, const STRING *Second, BOOLEAN CaseInSensitive);
VOID RtlCopyString(PSTRING Destination, const STRING *Source);
LONG RtlCompareUnicodeString(PCUNICODE_STRING First, PCUNICODE_STRING Second, BOOLEAN CaseInSensitive);
BOOLEAN RtlEqualUnicodeString(PCUNICODE_STRING First, PCUNICODE_STRING Second, BOOLEAN CaseInSensitive);
BOOLEAN RtlPrefixUnicodeString(PCUNICODE_STRING Prefix, PCUNICODE_STRING String, BOOLEAN CaseInSensitive);
VOID RtlCopyUnicodeString(PUNICODE_STRING Destination, PCUNICODE_STRING Source);
NTSTATUS RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source);
NTSTATUS RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source);
NTSTATUS RtlUpcaseUnicodeString(PUNICODE_STRING Destination, PCUNICODE_STRING Source, BOOLEAN AllocateDestination);
NTSTATUS RtlDowncaseUnicodeString(PUNICODE_STRING Destination, PCUNICODE_STRING Source, BOOLEAN AllocateDestination);
WCHAR RtlUpcaseUnicodeChar(WCHAR Character);
WCHAR RtlDowncaseUnicodeChar(WCHAR Character);
CHAR RtlUpperChar(CHAR Character);
VOID RtlUpperString(PSTRING Destination, const STRING *Source);
NTSTATUS RtlHashUnicodeString(PCUNICODE_STRING String, BOOLEAN CaseInSensitive, ULONG Algorithm, PULONG Hash);
NTSTATUS RtlAnsiStringToUnicodeString(PUNICODE_STRING Destination, PCANSI_STRING Source, BOOLEAN AllocateDestination);
NTSTATUS RtlUnicodeStringToAnsiString(PANSI_STRING Destination, PCUNICODE_STRING Source, BOOLEAN AllocateDestination);
ULONG RtlxAnsiStringToUnicodeSize(PCANSI_STRING String);
ULONG RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING String);
VOID RtlFreeUnicodeString(PUNICODE_STRING String);
VOID RtlFreeAnsiString(PANSI_STRING String);
#define RtlAnsiStringToUnicodeSize(String) RtlxAnsiStringToUnicodeSize(String)
#define RtlUnicodeStringToAnsiSize(String) RtlxUnicodeStringToAnsiSize(String)

#define HASH_STRING_ALGORITHM_DEFAULT 0
#define HASH_STRING_ALGORITHM_X65599 1

/* A string with a buffer and nothing in it yet. */
static FORCEINLINE VOID RtlInitEmptyUnicodeString(PUNICODE_STRING String, PWCHAR Buffer, USHORT BufferSize)
{
    String->Length = 0;
    String->MaximumLength = BufferSize;
    String->Buffer = Buffer;
}

static FORCEINLINE VOID RtlInitEmptyAnsiString(PANSI_STRING String, PCHAR Buffer, USHORT BufferSize)
{
    String->Length = 0;
    String->MaximumLength = BufferSize;
    String->Buffer = Buffer;
}

#define DECLARE_CONST_UNICODE_STRING(Variable, Text)                                                           \
    const WCHAR Variable##_buffer[] = Text;                                                                    \
    const UNICODE_STRING Variable = {sizeof(Text) - sizeof(WCHAR), sizeof(Text), (PWCHAR)Variable##_buffer}
#define RTL_CONSTANT_STRING(Text) {sizeof(Text) - sizeof((Text)[0]), sizeof(Text), (void *)(Text)}

/* Numbers in strings (kernel/rtl/number.c). */
NTSTATUS RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value);
NTSTATUS RtlCharToInteger(PCSZ String, ULONG Base, PULONG Value);
NTSTATUS RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String);
NTSTATUS RtlInt64ToUnicodeString(ULONGLONG Value, ULONG Base, PUNICODE_STRING String);

/* Bitmaps (kernel/rtl/bitmap.c). Bit n is bit n % 32 of word n / 32; the caller serialises access. */
typedef struct _RTL_BITMAP {
    ULONG SizeOfBitMap;     /* in bits */
    PULONG Buffer;
} RTL_BITMAP, *PRTL_BITMAP;

typedef struct _RTL_BITMAP_RUN {
    ULONG StartingIndex;
    ULONG NumberOfBits;
} RTL_BITMAP_RUN, *PRTL_BITMAP_RUN;

#define RTL_BITMAP_NONE MAXULONG    /* what the finders return when there is no such run */

VOID RtlInitializeBitMap(PRTL_BITMAP BitMap, PULONG Buffer, ULONG SizeOfBitMap);
VOID RtlClearAllBits(PRTL_BITMAP BitMap);
VOID RtlSetAllBits(PRTL_BITMAP BitMap);
VOID RtlClearBits(PRTL_BITMAP BitMap, ULONG StartingIndex, ULONG NumberToClear);
VOID RtlSetBits(PRTL_BITMAP BitMap, ULONG StartingIndex, ULONG NumberToSet);
VOID RtlClearBit(PRTL_BITMAP BitMap, ULONG BitNumber);
VOID RtlSetBit(PRTL_BITMAP BitMap, ULONG BitNumber);
BOOLEAN RtlTestBit(PRTL_BITMAP BitMap, ULONG BitNumber);
BOOLEAN RtlAreBitsClear(PRTL_BITMAP BitMap, ULONG StartingIndex, ULONG Length);
BOOLEAN RtlAreBitsSet(PRTL_BITMAP BitMap, ULONG StartingIndex, ULONG Length);
ULONG RtlNumberOfSetBits(PRTL_BITMAP BitMap);
ULONG RtlNumberOfClearBits(PRTL_BITMAP BitMap);
ULONG RtlFindClearBits(PRTL_BITMAP BitMap, ULONG NumberToFind, ULONG HintIndex);
ULONG RtlFindSetBits(PRTL_BITMAP BitMap, ULONG NumberToFind, ULONG HintIndex);
ULONG RtlFindClearBitsAndSet(PRTL_BITMAP BitMap, ULONG NumberToFind, ULONG HintIndex);
ULONG RtlFindSetBitsAndClear(PRTL_BITMAP BitMap, ULONG NumberToFind, ULONG HintIndex);
ULONG RtlFindNextForwardRunClear(PRTL_BITMAP BitMap, ULONG FromIndex, PULONG StartingRunIndex);
ULONG RtlFindFirstRunClear(PRTL_BITMAP BitMap, PULONG StartingIndex);
ULONG RtlFindLastBackwardRunClear(PRTL_BITMAP BitMap, ULONG FromIndex, PULONG StartingRunIndex);
ULONG RtlFindLongestRunClear(PRTL_BITMAP BitMap, PULONG StartingIndex);
ULONG RtlFindClearRuns(PRTL_BITMAP BitMap, PRTL_BITMAP_RUN RunArray, ULONG SizeOfRunArray, BOOLEAN LocateLongestRuns);
CCHAR RtlFindMostSignificantBit(ULONGLONG Set);
CCHAR RtlFindLeastSignificantBit(ULONGLONG Set);
#define RtlCheckBit(BitMap, Bit) (((BitMap)->Buffer[(Bit) / 32] >> ((Bit) % 32)) & 1)

/* Byte order. */
#define RtlUshortByteSwap(Value) __builtin_bswap16(Value)
#define RtlUlongByteSwap(Value) __builtin_bswap32(Value)
#define RtlUlonglongByteSwap(Value) __builtin_bswap64(Value)

/*
 * Generic tables (kernel/rtl/gentable.c): copies of the caller's elements, found by the caller's comparison. The caller
 * serialises access, and runs at the level that its own routines need.
 */
typedef enum _RTL_GENERIC_COMPARE_RESULTS {
    GenericLessThan, GenericGreaterThan, GenericEqual
} RTL_GENERIC_COMPARE_RESULTS;

struct _RTL_GENERIC_TABLE;
typedef RTL_GENERIC_COMPARE_RESULTS RTL_GENERIC_COMPARE_ROUTINE(struct _RTL_GENERIC_TABLE *Table, PVOID FirstStruct,
                                                                PVOID SecondStruct);
typedef RTL_GENERIC_COMPARE_ROUTINE *PRTL_GENERIC_COMPARE_ROUTINE;
typedef PVOID RTL_GENERIC_ALLOCATE_ROUTINE(struct _RTL_GENERIC_TABLE *Table, CLONG ByteSize);
typedef RTL_GENERIC_ALLOCATE_ROUTINE *PRTL_GENERIC_ALLOCATE_ROUTINE;
typedef VOID RTL_GENERIC_FREE_ROUTINE(struct _RTL_GENERIC_TABLE *Table, PVOID Buffer);
typedef RTL_GENERIC_FREE_ROUTINE *PRTL_GENERIC_FREE_ROUTINE;

/* Opaque but for TableContext, which the three routines may read. */
typedef struct _RTL_GENERIC_TABLE {
    struct _RTL_AVL_NODE *TableRoot;
    LIST_ENTRY InsertOrderList;
    PLIST_ENTRY OrderedPointer;             /* element number WhichOrderedElement - 1, of the last request by number */
    ULONG WhichOrderedElement;
    ULONG NumberGenericTableElements;
    struct _RTL_AVL_NODE *EnumerationPoint; /* the element that was enumerated last, or NULL */
    PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine;
    PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine;
    PRTL_GENERIC_FREE_ROUTINE FreeRoutine;
    PVOID TableContext;
} RTL_GENERIC_TABLE, *PRTL_GENERIC_TABLE;

VOID RtlInitializeGenericTable(PRTL_GENERIC_TABLE Table, PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                               PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine, PRTL_GENERIC_FREE_ROUTINE FreeRoutine,
                               PVOID TableContext);
PVOID RtlInsertElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize, PBOOLEAN NewElement);
BOOLEAN RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer);
PVOID RtlLookupElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer);
PVOID RtlEnumerateGenericTable(PRTL_GENERIC_TABLE Table, BOOLEAN Restart);
PVOID RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE Table, PVOID *RestartKey);
PVOID RtlGetElementGenericTable(PRTL_GENERIC_TABLE Table, ULONG I);
ULONG RtlNumberGenericTableElements(PRTL_GENERIC_TABLE Table);
BOOLEAN RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE Table);

/* Random numbers (kernel/rtl/random.c): not for secrets. */
ULONG RtlRandomEx(PULONG Seed);
ULONG RtlRandom(PULONG Seed);
