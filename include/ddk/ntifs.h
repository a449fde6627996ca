/*
 * ntifs.h: what file-system drivers include beyond ntddk.h: the file-system run-time library (FsRtl), as far as it
 * stands on nothing but memory and locks: names, map control blocks, tunnel caches.
 */
#pragma once

#include "ntddk.h"

/* Names ("FsRtlDissectName", "FsRtlIsNameInExpression"). ---------------------------------------------------------- */

/* Wildcards that programs' * and ? are turned into for names in the old form. */
#define DOS_STAR L'<'
#define DOS_QM L'>'
#define DOS_DOT L'"'
#define ANSI_DOS_STAR '<'
#define ANSI_DOS_QM '>'
#define ANSI_DOS_DOT '"'

VOID FsRtlDissectName(UNICODE_STRING Path, PUNICODE_STRING FirstName, PUNICODE_STRING RemainingName);
VOID FsRtlDissectDbcs(ANSI_STRING Path, PANSI_STRING FirstName, PANSI_STRING RemainingName);
BOOLEAN FsRtlDoesNameContainWildCards(PUNICODE_STRING Name);
BOOLEAN FsRtlDoesDbcsContainWildCards(PANSI_STRING Name);
BOOLEAN FsRtlIsNameInExpression(PUNICODE_STRING Expression, PUNICODE_STRING Name, BOOLEAN IgnoreCase,
                                PWCH UpcaseTable);
BOOLEAN FsRtlIsDbcsInExpression(PANSI_STRING Expression, PANSI_STRING Name);
BOOLEAN FsRtlIsFatDbcsLegal(ANSI_STRING DbcsName, BOOLEAN WildCardsPermissible, BOOLEAN PathNamePermissible,
                            BOOLEAN LeadingBackslashPermissible);
BOOLEAN FsRtlIsHpfsDbcsLegal(ANSI_STRING DbcsName, BOOLEAN WildCardsPermissible, BOOLEAN PathNamePermissible,
                             BOOLEAN LeadingBackslashPermissible);

/* What each of the 128 ASCII characters may be part of. */
#define FSRTL_FAT_LEGAL 0x01
#define FSRTL_HPFS_LEGAL 0x02
#define FSRTL_NTFS_LEGAL 0x04
#define FSRTL_WILD_CHARACTER 0x08
#define FSRTL_OLE_LEGAL 0x10
#define FSRTL_NTFS_STREAM_LEGAL (FSRTL_NTFS_LEGAL | FSRTL_OLE_LEGAL)
extern const UCHAR *FsRtlLegalAnsiCharacterArray;

#define FsRtlTestAnsiCharacter(Character, DefaultReturn, WildOk, Mask)                                         \
    ((BOOLEAN)((UCHAR)(Character) >= 0x80 ? (DefaultReturn)                                                    \
                                          : FlagOn(FsRtlLegalAnsiCharacterArray[(UCHAR)(Character)],           \
                                                   (Mask) | ((WildOk) ? FSRTL_WILD_CHARACTER : 0)) != 0))
#define FsRtlIsAnsiCharacterWild(Character)                                                                    \
    FsRtlTestAnsiCharacter((Character), FALSE, FALSE, FSRTL_WILD_CHARACTER)
#define FsRtlIsAnsiCharacterLegalFat(Character, WildOk)                                                        \
    FsRtlTestAnsiCharacter((Character), TRUE, (WildOk), FSRTL_FAT_LEGAL)
#define FsRtlIsAnsiCharacterLegalHpfs(Character, WildOk)                                                       \
    FsRtlTestAnsiCharacter((Character), TRUE, (WildOk), FSRTL_HPFS_LEGAL)
#define FsRtlIsAnsiCharacterLegalNtfs(Character, WildOk)                                                       \
    FsRtlTestAnsiCharacter((Character), TRUE, (WildOk), FSRTL_NTFS_LEGAL)
#define FsRtlIsAnsiCharacterLegalNtfsStream(Character, WildOk)                                                 \
    FsRtlTestAnsiCharacter((Character), TRUE, (WildOk), FSRTL_NTFS_STREAM_LEGAL)
#define FsRtlIsUnicodeCharacterWild(Character)                                                                 \
    ((Character) < 0x80 && FsRtlIsAnsiCharacterWild((UCHAR)(Character)))

/* Map control blocks: where the blocks of a file lie ("FsRtlInitializeLargeMcb"). ---------------------------------- */

typedef LONGLONG LBN, *PLBN;
typedef LONGLONG VBN, *PVBN;
typedef struct _BASE_MCB {
    ULONG MaximumPairCount;
    ULONG PairCount;            /* runs, holes between them counted */
    USHORT PoolType;
    USHORT Flags;
    PVOID Mapping;
} BASE_MCB, *PBASE_MCB;
typedef struct _LARGE_MCB {
    PKGUARDED_MUTEX GuardedMutex;
    BASE_MCB BaseMcb;
} LARGE_MCB, *PLARGE_MCB;

VOID FsRtlInitializeLargeMcb(PLARGE_MCB Mcb, POOL_TYPE PoolType);
VOID FsRtlUninitializeLargeMcb(PLARGE_MCB Mcb);
BOOLEAN FsRtlAddLargeMcbEntry(PLARGE_MCB Mcb, LONGLONG Vbn, LONGLONG Lbn, LONGLONG SectorCount);
VOID FsRtlRemoveLargeMcbEntry(PLARGE_MCB Mcb, LONGLONG Vbn, LONGLONG SectorCount);
VOID FsRtlTruncateLargeMcb(PLARGE_MCB Mcb, LONGLONG Vbn);
BOOLEAN FsRtlSplitLargeMcb(PLARGE_MCB Mcb, LONGLONG Vbn, LONGLONG Amount);
BOOLEAN FsRtlLookupLargeMcbEntry(PLARGE_MCB Mcb, LONGLONG Vbn, PLONGLONG Lbn, PLONGLONG SectorCountFromLbn,
                                 PLONGLONG StartingLbn, PLONGLONG SectorCountFromStartingLbn, PULONG Index);
BOOLEAN FsRtlLookupLastLargeMcbEntry(PLARGE_MCB Mcb, PLONGLONG Vbn, PLONGLONG Lbn);
BOOLEAN FsRtlLookupLastLargeMcbEntryAndIndex(PLARGE_MCB Mcb, PLONGLONG Vbn, PLONGLONG Lbn, PULONG Index);
ULONG FsRtlNumberOfRunsInLargeMcb(PLARGE_MCB Mcb);
BOOLEAN FsRtlGetNextLargeMcbEntry(PLARGE_MCB Mcb, ULONG RunIndex, PLONGLONG Vbn, PLONGLONG Lbn, PLONGLONG SectorCount);

/* Tunnel caches: what a name that has just gone had ("FsRtlAddToTunnelCache"). ------------------------------------ */

typedef struct _TUNNEL {
    FAST_MUTEX Mutex;
    PVOID Cache;                /* without a meaning here */
    LIST_ENTRY TimerQueue;      /* entries, the oldest first */
    USHORT NumEntries;
} TUNNEL, *PTUNNEL;

VOID FsRtlInitializeTunnelCache(PTUNNEL Cache);
VOID FsRtlAddToTunnelCache(PTUNNEL Cache, ULONGLONG DirectoryKey, PUNICODE_STRING ShortName, PUNICODE_STRING LongName,
                           BOOLEAN KeyByShortName, ULONG DataLength, PVOID Data);
BOOLEAN FsRtlFindInTunnelCache(PTUNNEL Cache, ULONGLONG DirectoryKey, PUNICODE_STRING Name, PUNICODE_STRING ShortName,
                               PUNICODE_STRING LongName, PULONG DataLength, PVOID Data);
VOID FsRtlDeleteKeyFromTunnelCache(PTUNNEL Cache, ULONGLONG DirectoryKey);
VOID FsRtlDeleteTunnelCache(PTUNNEL Cache);
