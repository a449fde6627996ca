/*
 * The generic table of the documentation: a set of elements that the table copies into memory from the caller's
 * allocation routine and orders by the caller's comparison. Beneath is the balanced tree of avl.h, which needs no
 * rearranging when it is searched; a list keeps the order of insertion, by which elements can be numbered.
 *
 * In memory an element is the header below and then the caller's bytes. The header has the size that the documentation
 * tells allocation routines to expect: three pointers of links and a list entry.
 *
 * IRQL: as the caller's routines allow; the table itself is the caller's memory. The caller serialises.
 */
#include "rtl.h"
#include "avl.h"

typedef struct _RTLP_ELEMENT {
    RTL_AVL_NODE Node;
    LIST_ENTRY OrderEntry;
    ULONG64 Data[];
} RTLP_ELEMENT, *PRTLP_ELEMENT;

C_ASSERT(sizeof(RTLP_ELEMENT) == 3 * sizeof(PVOID) + sizeof(LIST_ENTRY));
C_ASSERT(sizeof(RTL_AVL_TREE) == sizeof(struct _RTL_AVL_NODE *));

/* What a comparison of the tree needs to call one of the table's. */
typedef struct _RTLP_TABLE_KEY {
    PRTL_GENERIC_TABLE Table;
    PVOID Buffer;
} RTLP_TABLE_KEY;

static PRTL_AVL_TREE RtlpTreeOf(PRTL_GENERIC_TABLE Table)
{
    return (PRTL_AVL_TREE)&Table->TableRoot;
}

static PRTLP_ELEMENT RtlpElementOf(PRTL_AVL_NODE Node)
{
    return CONTAINING_RECORD(Node, RTLP_ELEMENT, Node);
}

/* The caller's bytes of a node, or NULL for none. */
static PVOID RtlpDataOf(PRTL_AVL_NODE Node)
{
    return Node == NULL ? NULL : RtlpElementOf(Node)->Data;
}

static LONG RtlpCompareElement(const VOID *Key, const RTL_AVL_NODE *Node)
{
    const RTLP_TABLE_KEY *Wanted = Key;

    switch (Wanted->Table->CompareRoutine(Wanted->Table, Wanted->Buffer, RtlpDataOf((PRTL_AVL_NODE)Node))) {
    case GenericLessThan:
        return -1;
    case GenericGreaterThan:
        return 1;
    default:
        return 0;
    }
}

VOID RtlInitializeGenericTable(PRTL_GENERIC_TABLE Table, PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                               PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine, PRTL_GENERIC_FREE_ROUTINE FreeRoutine,
                               PVOID TableContext)
{
    *Table = (RTL_GENERIC_TABLE){
        .CompareRoutine = CompareRoutine,
        .AllocateRoutine = AllocateRoutine,
        .FreeRoutine = FreeRoutine,
        .TableContext = TableContext,
    };
    Table->InsertOrderList.Flink = &Table->InsertOrderList;
    Table->InsertOrderList.Blink = &Table->InsertOrderList;
    Table->OrderedPointer = &Table->InsertOrderList;
}
NT_EXPORT(RtlInitializeGenericTable);

/*
 * Copies BufferSize bytes into the table unless an equal element is there. Returns the element in the table, new or old
 * as *NewElement (optional) says, or NULL when the allocation routine returned NULL.
 */
PVOID RtlInsertElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize, PBOOLEAN NewElement)
{
    RTLP_TABLE_KEY Key = {Table, Buffer};
    PRTL_AVL_NODE Found = RtlAvlFind(RtlpTreeOf(Table), &Key, RtlpCompareElement);
    PRTLP_ELEMENT Element;

    if (NewElement != NULL) {
        *NewElement = FALSE;
    }
    if (Found != NULL) {
        return RtlpDataOf(Found);
    }
    if (BufferSize > MAXULONG - sizeof(RTLP_ELEMENT)) {
        return NULL;
    }
    Element = Table->AllocateRoutine(Table, (CLONG)(sizeof(RTLP_ELEMENT) + BufferSize));
    if (Element == NULL) {
        return NULL;
    }
    memcpy(Element->Data, Buffer, BufferSize);
    RtlAvlInsert(RtlpTreeOf(Table), &Element->Node, &Key, RtlpCompareElement);
    Element->OrderEntry.Flink = &Table->InsertOrderList;
    Element->OrderEntry.Blink = Table->InsertOrderList.Blink;
    Table->InsertOrderList.Blink->Flink = &Element->OrderEntry;
    Table->InsertOrderList.Blink = &Element->OrderEntry;
    Table->NumberGenericTableElements++;
    if (NewElement != NULL) {
        *NewElement = TRUE;
    }
    return Element->Data;
}
NT_EXPORT(RtlInsertElementGenericTable);

/* Takes the element that equals Buffer out and frees it. FALSE: there is none. */
BOOLEAN RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    RTLP_TABLE_KEY Key = {Table, Buffer};
    PRTL_AVL_NODE Node = RtlAvlFind(RtlpTreeOf(Table), &Key, RtlpCompareElement);
    PRTLP_ELEMENT Element;

    if (Node == NULL) {
        return FALSE;
    }
    Element = RtlpElementOf(Node);
    /* An enumeration that stands here goes on with what follows. */
    if (Table->EnumerationPoint == Node) {
        Table->EnumerationPoint = RtlAvlPrevious(Node);
    }
    RtlAvlRemove(RtlpTreeOf(Table), Node);
    Element->OrderEntry.Blink->Flink = Element->OrderEntry.Flink;
    Element->OrderEntry.Flink->Blink = Element->OrderEntry.Blink;
    Table->OrderedPointer = &Table->InsertOrderList;
    Table->WhichOrderedElement = 0;
    Table->NumberGenericTableElements--;
    Table->FreeRoutine(Table, Element);
    return TRUE;
}
NT_EXPORT(RtlDeleteElementGenericTable);

PVOID RtlLookupElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    RTLP_TABLE_KEY Key = {Table, Buffer};

    return RtlpDataOf(RtlAvlFind(RtlpTreeOf(Table), &Key, RtlpCompareElement));
}
NT_EXPORT(RtlLookupElementGenericTable);

/* The next element in order, the first one after Restart or before the first call; NULL at the end. */
PVOID RtlEnumerateGenericTable(PRTL_GENERIC_TABLE Table, BOOLEAN Restart)
{
    PRTL_AVL_NODE Next;

    if (Restart || Table->EnumerationPoint == NULL) {
        Next = RtlAvlFirst(RtlpTreeOf(Table));
    } else {
        Next = RtlAvlNext(Table->EnumerationPoint);
    }
    if (Next != NULL) {
        Table->EnumerationPoint = Next;
    }
    return RtlpDataOf(Next);
}
NT_EXPORT(RtlEnumerateGenericTable);

/* The same with the caller's own place: *RestartKey is NULL to begin with. */
PVOID RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE Table, PVOID *RestartKey)
{
    PRTL_AVL_NODE Next = *RestartKey == NULL ? RtlAvlFirst(RtlpTreeOf(Table)) : RtlAvlNext(*RestartKey);

    if (Next != NULL) {
        *RestartKey = Next;
    }
    return RtlpDataOf(Next);
}
NT_EXPORT(RtlEnumerateGenericTableWithoutSplaying);

/* Element number I by order of insertion, from 0; NULL when there are not so many. Neighbours are found at once. */
PVOID RtlGetElementGenericTable(PRTL_GENERIC_TABLE Table, ULONG I)
{
    ULONG Wanted;

    if (I >= Table->NumberGenericTableElements) {
        return NULL;
    }
    /* The list's head counts as element 0 and the first element as 1. */
    Wanted = I + 1;
    while (Table->WhichOrderedElement < Wanted) {
        Table->OrderedPointer = Table->OrderedPointer->Flink;
        Table->WhichOrderedElement++;
    }
    while (Table->WhichOrderedElement > Wanted) {
        Table->OrderedPointer = Table->OrderedPointer->Blink;
        Table->WhichOrderedElement--;
    }
    return CONTAINING_RECORD(Table->OrderedPointer, RTLP_ELEMENT, OrderEntry)->Data;
}
NT_EXPORT(RtlGetElementGenericTable);

ULONG RtlNumberGenericTableElements(PRTL_GENERIC_TABLE Table)
{
    return Table->NumberGenericTableElements;
}
NT_EXPORT(RtlNumberGenericTableElements);

BOOLEAN RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE Table)
{
    return Table->NumberGenericTableElements == 0;
}
NT_EXPORT(RtlIsGenericTableEmpty);
