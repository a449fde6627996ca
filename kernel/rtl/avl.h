/*
 * An intrusive balanced tree: the node lives in the structure that is kept, so nothing is allocated and nothing can
 * fail. It keeps the address ranges of processes and the sections of loaded drivers, where the search is on the
 * path of a page fault.
 *
 * Balance is AVL: the two subtrees of a node differ in height by one at most. The parent pointer carries the
 * balance in its two lowest bits, which the alignment of a node leaves free.
 *
 * A comparison routine orders a key against a node: below zero when the key belongs to the left of it. Searching is
 * inline, so that a comparison known at compile time costs no call.
 *
 * IRQL: any, for resident nodes; the caller serialises changes against everything else.
 */
#pragma once

#include "ntdef.h"

typedef struct _RTL_AVL_NODE {
    struct _RTL_AVL_NODE *Child[2];     /* left, right */
    ULONG_PTR ParentAndBalance;         /* balance + 1: height of the right subtree minus that of the left, + 1 */
} RTL_AVL_NODE, *PRTL_AVL_NODE;

typedef struct _RTL_AVL_TREE {
    PRTL_AVL_NODE Root;                 /* NULL in an empty tree: all zeroes is a valid empty tree */
} RTL_AVL_TREE, *PRTL_AVL_TREE;

typedef LONG RTL_AVL_COMPARE(const VOID *Key, const RTL_AVL_NODE *Node);

#define RTL_AVL_LEFT    0
#define RTL_AVL_RIGHT   1

/* The node that equals Key, or NULL. */
static FORCEINLINE PRTL_AVL_NODE RtlAvlFind(const RTL_AVL_TREE *Tree, const VOID *Key, RTL_AVL_COMPARE *Compare)
{
    PRTL_AVL_NODE Node = Tree->Root;

    while (Node != NULL) {
        LONG Order = Compare(Key, Node);
        if (Order == 0) {
            break;
        }
        Node = Node->Child[Order > 0];
    }
    return Node;
}

/* The first node that is not below Key, or NULL: where a range that begins at Key would meet its successor. */
static FORCEINLINE PRTL_AVL_NODE RtlAvlLowerBound(const RTL_AVL_TREE *Tree, const VOID *Key, RTL_AVL_COMPARE *Compare)
{
    PRTL_AVL_NODE Node = Tree->Root;
    PRTL_AVL_NODE Best = NULL;

    while (Node != NULL) {
        LONG Order = Compare(Key, Node);
        if (Order <= 0) {
            Best = Node;
        }
        Node = Node->Child[Order > 0];
    }
    return Best;
}

/*
 * Puts Node below Parent, on a side where Parent has no child; Parent is NULL for the first node. For callers that
 * have just searched and know the place; RtlAvlInsert searches by itself.
 */
VOID RtlAvlInsertBelow(PRTL_AVL_TREE Tree, PRTL_AVL_NODE Parent, ULONG Side, PRTL_AVL_NODE Node);

/* Puts Node where Key, its own key, belongs. Returns NULL, or the node that has this key and keeps its place. */
PRTL_AVL_NODE RtlAvlInsert(PRTL_AVL_TREE Tree, PRTL_AVL_NODE Node, const VOID *Key, RTL_AVL_COMPARE *Compare);

/* Takes Node, which is in the tree, out of it; no other node moves in memory. */
VOID RtlAvlRemove(PRTL_AVL_TREE Tree, PRTL_AVL_NODE Node);

/* In order: the lowest and the highest node, the next and the one before; NULL at the end. */
PRTL_AVL_NODE RtlAvlFirst(const RTL_AVL_TREE *Tree);
PRTL_AVL_NODE RtlAvlLast(const RTL_AVL_TREE *Tree);
PRTL_AVL_NODE RtlAvlNext(const RTL_AVL_NODE *Node);
PRTL_AVL_NODE RtlAvlPrevious(const RTL_AVL_NODE *Node);

/* Checks links and balance of the whole tree; the number of nodes, or -1 when something is wrong. Costs all nodes. */
SSIZE_T RtlAvlVerify(const RTL_AVL_TREE *Tree);
