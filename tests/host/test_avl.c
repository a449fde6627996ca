/*
 * The balanced tree against an array that says which keys are in it, through long random histories.
 */
#include "tap.h"
#include "rtl/rtl.h"
#include "rtl/avl.h"

#define KEYS 300

typedef struct _ITEM {
    RTL_AVL_NODE Node;
    ULONG Key;
    BOOLEAN In;
} ITEM;

static ITEM Items[KEYS];
static RTL_AVL_TREE Tree;

static ITEM *ItemOf(PRTL_AVL_NODE Node)
{
    return CONTAINING_RECORD(Node, ITEM, Node);
}

static LONG Compare(const VOID *Key, const RTL_AVL_NODE *Node)
{
    ULONG Other = CONTAINING_RECORD(Node, ITEM, Node)->Key;

    return *(const ULONG *)Key < Other ? -1 : *(const ULONG *)Key > Other;
}

static VOID Start(VOID)
{
    Tree.Root = NULL;
    for (ULONG Key = 0; Key < KEYS; Key++) {
        Items[Key] = (ITEM){.Key = Key};
    }
}

static VOID Insert(ULONG Key)
{
    ITEM Other = {.Key = Key};

    if (Items[Key].In) {
        CHECK(RtlAvlInsert(&Tree, &Other.Node, &Key, Compare) == &Items[Key].Node);
    } else {
        CHECK(RtlAvlInsert(&Tree, &Items[Key].Node, &Key, Compare) == NULL);
        Items[Key].In = TRUE;
    }
}

static VOID Remove(ULONG Key)
{
    if (Items[Key].In) {
        RtlAvlRemove(&Tree, &Items[Key].Node);
        Items[Key].In = FALSE;
    }
}

/* Structure, order both ways, search and lower bound of every key. */
static VOID CheckAll(VOID)
{
    PRTL_AVL_NODE Node = RtlAvlFirst(&Tree);
    PRTL_AVL_NODE Next = NULL;
    LONG Count = 0;

    for (ULONG Key = 0; Key < KEYS; Key++) {
        if (!Items[Key].In) {
            CHECK(RtlAvlFind(&Tree, &Key, Compare) == NULL);
            continue;
        }
        Count++;
        CHECK(Node == &Items[Key].Node, "key %u is out of order", Key);
        CHECK(RtlAvlFind(&Tree, &Key, Compare) == Node);
        Node = RtlAvlNext(Node);
    }
    CHECK(Node == NULL);
    CHECK_EQUAL(RtlAvlVerify(&Tree), Count);
    Node = RtlAvlLast(&Tree);
    for (ULONG Key = KEYS; Key-- > 0;) {
        if (Items[Key].In) {
            CHECK(Node == &Items[Key].Node, "key %u is out of order backwards", Key);
            Node = RtlAvlPrevious(Node);
            Next = &Items[Key].Node;
        }
        CHECK(RtlAvlLowerBound(&Tree, &Key, Compare) == Next);
    }
    CHECK(Node == NULL);
}

CASE(EmptyTree)
{
    ULONG Key = 5;

    Start();
    CHECK(RtlAvlFirst(&Tree) == NULL && RtlAvlLast(&Tree) == NULL);
    CHECK(RtlAvlFind(&Tree, &Key, Compare) == NULL && RtlAvlLowerBound(&Tree, &Key, Compare) == NULL);
    CHECK_EQUAL(RtlAvlVerify(&Tree), 0);
}

CASE(Ascending)
{
    Start();
    for (ULONG Key = 0; Key < KEYS; Key++) {
        Insert(Key);
        CheckAll();
    }
    for (ULONG Key = 0; Key < KEYS; Key++) {
        Remove(Key);
        CheckAll();
    }
}

CASE(Descending)
{
    Start();
    for (ULONG Key = KEYS; Key-- > 0;) {
        Insert(Key);
    }
    CheckAll();
    for (ULONG Key = KEYS; Key-- > 0;) {
        Remove(Key);
        CheckAll();
    }
}

CASE(RandomHistories)
{
    Start();
    for (ULONG Round = 0; Round < 4000; Round++) {
        /* Growing and shrinking by turns. */
        ULONG Key = TapRandom(KEYS);
        if (TapRandom(10) < (Round / 500 % 2 ? 3u : 7u)) {
            Insert(Key);
        } else {
            Remove(Key);
        }
        CheckAll();
    }
}

/* All orders of insertion of seven keys, and for each the removal of each key. */
CASE(EveryOrderOfSevenKeys)
{
    for (ULONG Order = 0; Order < 5040; Order++) {
        for (ULONG Gone = 0; Gone < 7; Gone++) {
            ULONG Left[7] = {0, 1, 2, 3, 4, 5, 6};
            ULONG Code = Order;
            Start();
            for (ULONG Count = 7; Count > 0; Count--) {
                ULONG Pick = Code % Count;
                Code /= Count;
                Insert(Left[Pick]);
                for (ULONG Index = Pick; Index + 1 < Count; Index++) {
                    Left[Index] = Left[Index + 1];
                }
            }
            Remove(Gone);
            CHECK_EQUAL(RtlAvlVerify(&Tree), 6);
        }
    }
}

CASE(VerifyNoticesDamage)
{
    Start();
    for (ULONG Key = 0; Key < 40; Key++) {
        Insert(Key);
    }
    Tree.Root->ParentAndBalance ^= 1;
    CHECK_EQUAL(RtlAvlVerify(&Tree), -1);
    Tree.Root->ParentAndBalance ^= 1;
    ItemOf(RtlAvlFirst(&Tree))->Node.ParentAndBalance += 8;
    CHECK_EQUAL(RtlAvlVerify(&Tree), -1);
}
