/*
 * RamFs' own.
 *
 * A node is a file or folder; it lies in paged pool. A file's bytes are the pages of a segment of Mm (data.c). While a
 * node is open it has an FCB, which is nonpaged because it holds a lock. A file object's FsContext is the FCB, its
 * FsContext2 the CCB of this open.
 *
 * Locks, outermost first; all fast mutexes (APC_LEVEL, where paged memory may still be touched):
 * - FspTreeLock: names, parents, children, which nodes have an FCB, counts and share access in the FCBs;
 * - an FCB's Lock: the node's data, size and times.
 * A caller's buffer is touched with an FCB's lock held: Mm resolves that fault without any file.
 */
#pragma once

#include "mm/mm.h"
#include "fs/fs.h"
#include "io/io.h"

#define FSP_TAG 0x20207346u             /* "Fs  " */
#define FSP_LONGEST_NAME 255            /* characters */
#define FSP_LARGEST_FILE (1ull << 48)   /* bytes; a segment has room for that */

struct _FSP_FCB;

typedef struct _FSP_NODE {
    /* Tree lock. */
    RTL_AVL_NODE NameLink;              /* Parent->Children */
    struct _FSP_NODE *Parent;           /* NULL: the root, or a node that has been deleted and is still open */
    RTL_AVL_TREE Children;              /* a folder's, by name */
    struct _FSP_FCB *Fcb;               /* NULL: not open */
    /* Constant. */
    BOOLEAN Folder;
    UNICODE_STRING Name;                /* the characters follow the structure */
    PMM_SEGMENT Segment;                /* a file's pages; changed under the FCB's lock */
    /* FCB's lock. */
    ULONG64 Size;
    LARGE_INTEGER CreationTime;
    LARGE_INTEGER LastWriteTime;
    WCHAR Characters[];
} FSP_NODE, *PFSP_NODE;

typedef struct _FSP_FCB {
    FAST_MUTEX Lock;
    PFSP_NODE Node;
    /* Tree lock. */
    ULONG FileCount;                    /* file objects: until IRP_MJ_CLOSE */
    ULONG HandleCount;                  /* until IRP_MJ_CLEANUP */
    BOOLEAN DeletePending;              /* goes with the last handle */
    SHARE_ACCESS Share;
} FSP_FCB, *PFSP_FCB;

/* One open. Paged pool; used by one request at a time or under the tree lock. */
typedef struct _FSP_CCB {
    BOOLEAN DeleteOnClose;
    BOOLEAN Listing;                    /* a listing has begun: Pattern and Last mean something */
    UNICODE_STRING Pattern;             /* Buffer NULL: everything */
    UNICODE_STRING Last;                /* the name that was listed last, in LastName */
    WCHAR LastName[FSP_LONGEST_NAME];
} FSP_CCB, *PFSP_CCB;

extern FAST_MUTEX FspTreeLock;
extern PFSP_NODE FspRoot;

/* space.c: what the file system may take. */
VOID FspInitializeSpace(VOID);
/* STATUS_DISK_FULL: the limit is reached. IRQL: <= APC_LEVEL. */
NTSTATUS FspCharge(ULONG64 Bytes);
VOID FspUncharge(ULONG64 Bytes);

/* data.c: FCB's lock, or a node that nobody else knows. */
/* Makes pages from First to Last exist; new ones read as zeroes. STATUS_DISK_FULL: then none has been added. */
NTSTATUS FspAddPages(PFSP_NODE Node, ULONG64 First, ULONG64 Last);
/* Frees the pages from First on. */
VOID FspCutPages(PFSP_NODE Node, ULONG64 First);
/*
 * Sets the size: cuts, or grows by a hole. STATUS_DISK_FULL: too large; STATUS_USER_MAPPED_FILE: it is mapped and would
 * be cut; STATUS_IN_PAGE_ERROR.
 */
NTSTATUS FspSetSize(PFSP_NODE Node, ULONG64 Size);

/* Fills a range with zeroes, as far as it has pages. STATUS_IN_PAGE_ERROR. */
NTSTATUS FspZeroRange(PFSP_NODE Node, ULONG64 From, ULONG64 To);
/* Comes before the file is made so long. STATUS_IN_PAGE_ERROR. */
NTSTATUS FspPrepareGrowth(PFSP_NODE Node, ULONG64 Size);

/* Somebody has a section of it, a view, or runs it. */
FORCEINLINE BOOLEAN FspIsMapped(PFSP_NODE Node)
{
    return Node->Segment != NULL && MmIsSegmentUsed(Node->Segment, MmSegmentUses);
}

FORCEINLINE ULONG64 FspAllocationSize(PFSP_NODE Node)
{
    return Node->Segment != NULL ? MmSegmentPages(Node->Segment) * PAGE_SIZE : 0;
}

/* node.c: tree lock. */
NTSTATUS FspCreateNode(PFSP_NODE Parent, PCUNICODE_STRING Name, BOOLEAN Folder, PFSP_NODE *Node);
PFSP_NODE FspFindChild(PFSP_NODE Folder, PCUNICODE_STRING Name);
/* The first child whose name is behind Name; NULL Name: the first of all. */
PFSP_NODE FspNextChild(PFSP_NODE Folder, PCUNICODE_STRING Name);
VOID FspUnlinkNode(PFSP_NODE Node);
/* Gives a node back that is unlinked and not open. No lock needed. */
VOID FspFreeNode(PFSP_NODE Node);
/* STATUS_OBJECT_NAME_INVALID: too long, or a character that no name may have. */
NTSTATUS FspCheckName(PCUNICODE_STRING Name);
/*
 * Walks Path from Start. *Parent is the folder that holds the last component, *Name that component (empty when the
 * path is), *Node the node or NULL.
 */
NTSTATUS FspWalk(PFSP_NODE Start, PCUNICODE_STRING Path, PFSP_NODE *Parent, PUNICODE_STRING Name, PFSP_NODE *Node);

/* pattern.c */
BOOLEAN FspMatches(PCUNICODE_STRING Pattern, PCUNICODE_STRING Name);

/* Dispatch routines. */
DRIVER_DISPATCH FspDispatchCreate, FspDispatchCleanup, FspDispatchClose, FspDispatchRead, FspDispatchWrite,
    FspDispatchQueryInformation, FspDispatchSetInformation, FspDispatchDirectoryControl, FspDispatchFlush;
/* ramfs.c: ends a request. Returns Status. */
NTSTATUS FspComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);
