/*
 * The balanced tree of avl.h: insertion, removal, walking and the checker.
 *
 * `Child[Side]` and `Child[!Side]` let each case be written once for both directions; `Lean` is the balance that
 * leans towards a side, -1 for the left and +1 for the right.
 *
 * IRQL: any, for resident nodes.
 */
#include "rtl.h"
#include "avl.h"

#define RTLP_BALANCE_MASK ((ULONG_PTR)3)

static FORCEINLINE PRTL_AVL_NODE RtlpParent(const RTL_AVL_NODE *Node)
{
    return (PRTL_AVL_NODE)(Node->ParentAndBalance & ~RTLP_BALANCE_MASK);
}

static FORCEINLINE LONG RtlpBalance(const RTL_AVL_NODE *Node)
{
    return (LONG)(Node->ParentAndBalance & RTLP_BALANCE_MASK) - 1;
}

static FORCEINLINE VOID RtlpSetParent(PRTL_AVL_NODE Node, PRTL_AVL_NODE Parent)
{
    Node->ParentAndBalance = (ULONG_PTR)Parent | (Node->ParentAndBalance & RTLP_BALANCE_MASK);
}

static FORCEINLINE VOID RtlpSetBalance(PRTL_AVL_NODE Node, LONG Balance)
{
    Node->ParentAndBalance = (Node->ParentAndBalance & ~RTLP_BALANCE_MASK) | (ULONG_PTR)(Balance + 1);
}

static FORCEINLINE ULONG RtlpSideOf(const RTL_AVL_NODE *Parent, const RTL_AVL_NODE *Child)
{
    return Parent->Child[RTL_AVL_RIGHT] == Child;
}

static FORCEINLINE LONG RtlpLean(ULONG Side)
{
    return Side == RTL_AVL_RIGHT ? 1 : -1;
}

/* Makes Child (may be NULL) the child of Parent on Side. */
static FORCEINLINE VOID RtlpLink(PRTL_AVL_NODE Parent, ULONG Side, PRTL_AVL_NODE Child)
{
    Parent->Child[Side] = Child;
    if (Child != NULL) {
        RtlpSetParent(Child, Parent);
    }
}

/* Puts New (may be NULL) where Old hangs, below Parent or at the root. */
static VOID RtlpReplace(PRTL_AVL_TREE Tree, PRTL_AVL_NODE Parent, PRTL_AVL_NODE Old, PRTL_AVL_NODE New)
{
    if (Parent != NULL) {
        RtlpLink(Parent, RtlpSideOf(Parent, Old), New);
    } else {
        Tree->Root = New;
        if (New != NULL) {
            RtlpSetParent(New, NULL);
        }
    }
}

/* Node is two levels deeper on Side: rotates it down and returns the node that took its place. */
static PRTL_AVL_NODE RtlpRotate(PRTL_AVL_TREE Tree, PRTL_AVL_NODE Node, ULONG Side)
{
    PRTL_AVL_NODE Parent = RtlpParent(Node);
    PRTL_AVL_NODE Child = Node->Child[Side];
    PRTL_AVL_NODE Top;
    LONG Lean = RtlpLean(Side);

    if (RtlpBalance(Child) != -Lean) {
        /* The depth is on the outside: Child comes up. Only after a removal can it have been even. */
        LONG Rest = RtlpBalance(Child) == 0 ? Lean : 0;
        Top = Child;
        RtlpReplace(Tree, Parent, Node, Top);
        RtlpLink(Node, Side, Child->Child[!Side]);
        RtlpLink(Top, !Side, Node);
        RtlpSetBalance(Node, Rest);
        RtlpSetBalance(Top, -Rest);
    } else {
        /* The depth is on the inside: the grandchild comes up between the two. */
        LONG Inner;
        Top = Child->Child[!Side];
        Inner = RtlpBalance(Top);
        RtlpReplace(Tree, Parent, Node, Top);
        RtlpLink(Node, Side, Top->Child[!Side]);
        RtlpLink(Child, !Side, Top->Child[Side]);
        RtlpLink(Top, !Side, Node);
        RtlpLink(Top, Side, Child);
        RtlpSetBalance(Node, Inner == Lean ? -Lean : 0);
        RtlpSetBalance(Child, Inner == -Lean ? Lean : 0);
        RtlpSetBalance(Top, 0);
    }
    return Top;
}

VOID RtlAvlInsertBelow(PRTL_AVL_TREE Tree, PRTL_AVL_NODE Parent, ULONG Side, PRTL_AVL_NODE Node)
{
    Node->Child[RTL_AVL_LEFT] = NULL;
    Node->Child[RTL_AVL_RIGHT] = NULL;
    Node->ParentAndBalance = (ULONG_PTR)Parent;
    RtlpSetBalance(Node, 0);
    if (Parent == NULL) {
        Tree->Root = Node;
        return;
    }
    Parent->Child[Side] = Node;
    /* The subtree at Node has grown by one level: tell its ancestors until one does not grow. */
    for (; Parent != NULL; Node = Parent, Parent = RtlpParent(Node)) {
        ULONG Grown = RtlpSideOf(Parent, Node);
        LONG Lean = RtlpLean(Grown);
        LONG Balance = RtlpBalance(Parent);
        if (Balance == Lean) {
            RtlpRotate(Tree, Parent, Grown);
            return;
        }
        RtlpSetBalance(Parent, Balance + Lean);
        if (Balance != 0) {
            return;
        }
    }
}

PRTL_AVL_NODE RtlAvlInsert(PRTL_AVL_TREE Tree, PRTL_AVL_NODE Node, const VOID *Key, RTL_AVL_COMPARE *Compare)
{
    PRTL_AVL_NODE Parent = NULL;
    ULONG Side = RTL_AVL_LEFT;

    for (PRTL_AVL_NODE Next = Tree->Root; Next != NULL; Next = Parent->Child[Side]) {
        LONG Order = Compare(Key, Next);
        if (Order == 0) {
            return Next;
        }
        Parent = Next;
        Side = Order > 0;
    }
    RtlAvlInsertBelow(Tree, Parent, Side, Node);
    return NULL;
}

/* Lets Node, which has two children, change places with its successor, which has no left child. */
static VOID RtlpSwapWithNext(PRTL_AVL_TREE Tree, PRTL_AVL_NODE Node)
{
    PRTL_AVL_NODE Next = Node->Child[RTL_AVL_RIGHT];
    PRTL_AVL_NODE NextParent, NextRight;
    LONG NodeBalance = RtlpBalance(Node);
    LONG NextBalance;

    while (Next->Child[RTL_AVL_LEFT] != NULL) {
        Next = Next->Child[RTL_AVL_LEFT];
    }
    NextParent = RtlpParent(Next);
    NextRight = Next->Child[RTL_AVL_RIGHT];
    NextBalance = RtlpBalance(Next);

    RtlpReplace(Tree, RtlpParent(Node), Node, Next);
    RtlpLink(Next, RTL_AVL_LEFT, Node->Child[RTL_AVL_LEFT]);
    if (NextParent == Node) {
        RtlpLink(Next, RTL_AVL_RIGHT, Node);
    } else {
        RtlpLink(Next, RTL_AVL_RIGHT, Node->Child[RTL_AVL_RIGHT]);
        RtlpLink(NextParent, RTL_AVL_LEFT, Node);
    }
    RtlpSetBalance(Next, NodeBalance);
    Node->Child[RTL_AVL_LEFT] = NULL;
    RtlpLink(Node, RTL_AVL_RIGHT, NextRight);
    RtlpSetBalance(Node, NextBalance);
}

VOID RtlAvlRemove(PRTL_AVL_TREE Tree, PRTL_AVL_NODE Node)
{
    PRTL_AVL_NODE Parent, Only;
    ULONG Shrunk = RTL_AVL_LEFT;

    if (Node->Child[RTL_AVL_LEFT] != NULL && Node->Child[RTL_AVL_RIGHT] != NULL) {
        RtlpSwapWithNext(Tree, Node);
    }
    Parent = RtlpParent(Node);
    Only = Node->Child[RTL_AVL_LEFT] != NULL ? Node->Child[RTL_AVL_LEFT] : Node->Child[RTL_AVL_RIGHT];
    if (Parent != NULL) {
        Shrunk = RtlpSideOf(Parent, Node);
    }
    RtlpReplace(Tree, Parent, Node, Only);

    /* The subtree below Parent on the side Shrunk has lost one level: tell the ancestors until one does not. */
    while (Parent != NULL) {
        LONG Lean = RtlpLean(Shrunk);
        LONG Balance = RtlpBalance(Parent);
        PRTL_AVL_NODE Above;

        if (Balance == 0) {
            RtlpSetBalance(Parent, -Lean);
            return;
        }
        if (Balance == Lean) {
            RtlpSetBalance(Parent, 0);
        } else {
            Parent = RtlpRotate(Tree, Parent, !Shrunk);
            if (RtlpBalance(Parent) != 0) {
                return;
            }
        }
        Above = RtlpParent(Parent);
        if (Above != NULL) {
            Shrunk = RtlpSideOf(Above, Parent);
        }
        Parent = Above;
    }
}

/* As far as it goes to one side. */
static PRTL_AVL_NODE RtlpOutermost(PRTL_AVL_NODE Node, ULONG Side)
{
    while (Node != NULL && Node->Child[Side] != NULL) {
        Node = Node->Child[Side];
    }
    return Node;
}

/* The neighbour on a side: the near end of the subtree there, or the first ancestor that has Node on its other side. */
static PRTL_AVL_NODE RtlpNeighbour(const RTL_AVL_NODE *Node, ULONG Side)
{
    PRTL_AVL_NODE Parent;

    if (Node->Child[Side] != NULL) {
        return RtlpOutermost(Node->Child[Side], !Side);
    }
    for (Parent = RtlpParent(Node); Parent != NULL && Parent->Child[Side] == Node; Parent = RtlpParent(Node)) {
        Node = Parent;
    }
    return Parent;
}

PRTL_AVL_NODE RtlAvlFirst(const RTL_AVL_TREE *Tree)
{
    return RtlpOutermost(Tree->Root, RTL_AVL_LEFT);
}

PRTL_AVL_NODE RtlAvlLast(const RTL_AVL_TREE *Tree)
{
    return RtlpOutermost(Tree->Root, RTL_AVL_RIGHT);
}

PRTL_AVL_NODE RtlAvlNext(const RTL_AVL_NODE *Node)
{
    return RtlpNeighbour(Node, RTL_AVL_RIGHT);
}

PRTL_AVL_NODE RtlAvlPrevious(const RTL_AVL_NODE *Node)
{
    return RtlpNeighbour(Node, RTL_AVL_LEFT);
}

/*
 * The height of the subtree, counting its nodes, or -1 when a link or balance is wrong. Recursion is bounded by the
 * height that a tree of correct balance can have, so a corrupt tree cannot exhaust the stack.
 */
#define RTLP_HIGHEST_TREE 92        /* 1.44 times 64 */

static LONG RtlpVerifyBelow(const RTL_AVL_NODE *Node, const RTL_AVL_NODE *Parent, LONG Depth, SSIZE_T *Count)
{
    LONG Left, Right;

    if (Node == NULL) {
        return 0;
    }
    if (Depth > RTLP_HIGHEST_TREE || RtlpParent(Node) != Parent) {
        return -1;
    }
    Left = RtlpVerifyBelow(Node->Child[RTL_AVL_LEFT], Node, Depth + 1, Count);
    Right = RtlpVerifyBelow(Node->Child[RTL_AVL_RIGHT], Node, Depth + 1, Count);
    if (Left < 0 || Right < 0 || Right - Left != RtlpBalance(Node)) {
        return -1;
    }
    (*Count)++;
    return max(Left, Right) + 1;
}

SSIZE_T RtlAvlVerify(const RTL_AVL_TREE *Tree)
{
    SSIZE_T Count = 0;

    return RtlpVerifyBelow(Tree->Root, NULL, 1, &Count) < 0 ? -1 : Count;
}
