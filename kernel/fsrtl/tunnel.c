/*
 * Tunnel caches ("FsRtlAddToTunnelCache"): a file that is deleted and made again under its name within a few seconds
 * gets its other name and its times back. Entries live so long, or until there are too many; the oldest go first.
 * All routines: IRQL <= APC_LEVEL.
 */
#include "fsrtl/fsrtlp.h"

#define FSRTLP_TUNNEL_LIFE 150000000ull     /* 15 s */
#define FSRTLP_TUNNEL_ENTRIES 256

typedef struct _FSRTLP_TUNNEL_ENTRY {
    LIST_ENTRY Link;                /* TUNNEL.TimerQueue */
    ULONGLONG Expires;              /* interrupt time */
    ULONGLONG DirectoryKey;
    BOOLEAN KeyByShortName;
    UNICODE_STRING ShortName, LongName;
    ULONG DataLength;
    PVOID Data;                     /* this and the names lie behind the entry, in one block */
} FSRTLP_TUNNEL_ENTRY, *PFSRTLP_TUNNEL_ENTRY;

#define FsRtlpTunnelEntry(Entry) CONTAINING_RECORD((Entry), FSRTLP_TUNNEL_ENTRY, Link)

static VOID FsRtlpRemove(PTUNNEL Cache, PFSRTLP_TUNNEL_ENTRY Entry)
{
    RemoveEntryList(&Entry->Link);
    Cache->NumEntries--;
    ExFreePoolWithTag(Entry, FSRTLP_TAG);
}

/* Takes the mutex and lets go what is too old, or one too many. */
static VOID FsRtlpLockTunnel(PTUNNEL Cache)
{
    ExAcquireFastMutex(&Cache->Mutex);
    while (!IsListEmpty(&Cache->TimerQueue)) {
        PFSRTLP_TUNNEL_ENTRY Oldest = FsRtlpTunnelEntry(Cache->TimerQueue.Flink);
        if (Oldest->Expires > KeQueryInterruptTime() && Cache->NumEntries <= FSRTLP_TUNNEL_ENTRIES) {
            break;
        }
        FsRtlpRemove(Cache, Oldest);
    }
}

static PFSRTLP_TUNNEL_ENTRY FsRtlpFindTunnel(PTUNNEL Cache, ULONGLONG DirectoryKey, PCUNICODE_STRING Name)
{
    for (PLIST_ENTRY Link = Cache->TimerQueue.Flink; Link != &Cache->TimerQueue; Link = Link->Flink) {
        PFSRTLP_TUNNEL_ENTRY Entry = FsRtlpTunnelEntry(Link);
        if (Entry->DirectoryKey == DirectoryKey &&
            RtlEqualUnicodeString(Entry->KeyByShortName ? &Entry->ShortName : &Entry->LongName, Name, TRUE)) {
            return Entry;
        }
    }
    return NULL;
}

VOID FsRtlInitializeTunnelCache(PTUNNEL Cache)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    RtlZeroMemory(Cache, sizeof(*Cache));
    ExInitializeFastMutex(&Cache->Mutex);
    InitializeListHead(&Cache->TimerQueue);
}
NT_EXPORT(FsRtlInitializeTunnelCache);

/* Copies a string to *Place, which moves on. */
static VOID FsRtlpStore(PUNICODE_STRING To, PCUNICODE_STRING From, PUCHAR *Place)
{
    To->Length = To->MaximumLength = From != NULL ? From->Length : 0;
    To->Buffer = (PWCH)*Place;
    if (To->Length != 0) {
        RtlCopyMemory(*Place, From->Buffer, To->Length);
    }
    *Place += To->Length;
}

/*
 * Keeps a name that has gone from its directory, with the caller's data, in place of an earlier entry of that name.
 * Without memory nothing is kept: the cache is a courtesy.
 */
VOID FsRtlAddToTunnelCache(PTUNNEL Cache, ULONGLONG DirectoryKey, PUNICODE_STRING ShortName, PUNICODE_STRING LongName,
                           BOOLEAN KeyByShortName, ULONG DataLength, PVOID Data)
{
    PUNICODE_STRING Key = KeyByShortName ? ShortName : LongName;
    PFSRTLP_TUNNEL_ENTRY New, Old;
    PUCHAR Place;

    KE_REQUIRE_IRQL(APC_LEVEL);
    New = ExAllocatePoolWithTag(PagedPool, sizeof(*New) + DataLength + (ShortName != NULL ? ShortName->Length : 0) +
                                               (LongName != NULL ? LongName->Length : 0), FSRTLP_TAG);
    if (New == NULL) {
        return;
    }
    New->Expires = KeQueryInterruptTime() + FSRTLP_TUNNEL_LIFE;
    New->DirectoryKey = DirectoryKey;
    New->KeyByShortName = KeyByShortName;
    New->DataLength = DataLength;
    New->Data = New + 1;
    RtlCopyMemory(New->Data, Data, DataLength);
    Place = (PUCHAR)New->Data + DataLength;
    FsRtlpStore(&New->ShortName, ShortName, &Place);
    FsRtlpStore(&New->LongName, LongName, &Place);
    FsRtlpLockTunnel(Cache);
    Old = FsRtlpFindTunnel(Cache, DirectoryKey, Key);
    if (Old != NULL) {
        FsRtlpRemove(Cache, Old);
    }
    InsertTailList(&Cache->TimerQueue, &New->Link);
    Cache->NumEntries++;
    ExReleaseFastMutex(&Cache->Mutex);
}
NT_EXPORT(FsRtlAddToTunnelCache);

/*
 * Looks for a name that comes into the directory. TRUE: there was one; ShortName, LongName and Data receive what was
 * kept, *DataLength its length. A LongName that is too small gets a buffer from paged pool, which the caller frees. A
 * Data buffer or ShortName that is too small, or no memory, is FALSE.
 */
BOOLEAN FsRtlFindInTunnelCache(PTUNNEL Cache, ULONGLONG DirectoryKey, PUNICODE_STRING Name, PUNICODE_STRING ShortName,
                               PUNICODE_STRING LongName, PULONG DataLength, PVOID Data)
{
    PFSRTLP_TUNNEL_ENTRY Entry;
    BOOLEAN Found = FALSE;

    KE_REQUIRE_IRQL(APC_LEVEL);
    FsRtlpLockTunnel(Cache);
    Entry = FsRtlpFindTunnel(Cache, DirectoryKey, Name);
    if (Entry != NULL && Entry->DataLength <= *DataLength && Entry->ShortName.Length <= ShortName->MaximumLength) {
        PWCH Room = LongName->Buffer;
        if (Entry->LongName.Length > LongName->MaximumLength) {
            Room = ExAllocatePoolWithTag(PagedPool, Entry->LongName.Length, FSRTLP_TAG);
        }
        Found = Room != NULL || Entry->LongName.Length == 0;
        if (Found) {
            if (Room != LongName->Buffer) {
                LongName->Buffer = Room;
                LongName->MaximumLength = Entry->LongName.Length;
            }
            RtlCopyUnicodeString(LongName, &Entry->LongName);
            RtlCopyUnicodeString(ShortName, &Entry->ShortName);
            RtlCopyMemory(Data, Entry->Data, Entry->DataLength);
            *DataLength = Entry->DataLength;
        }
    }
    ExReleaseFastMutex(&Cache->Mutex);
    return Found;
}
NT_EXPORT(FsRtlFindInTunnelCache);

/* Forgets the names of a directory, which goes itself. */
VOID FsRtlDeleteKeyFromTunnelCache(PTUNNEL Cache, ULONGLONG DirectoryKey)
{
    PLIST_ENTRY Link, Next;

    KE_REQUIRE_IRQL(APC_LEVEL);
    FsRtlpLockTunnel(Cache);
    for (Link = Cache->TimerQueue.Flink; Link != &Cache->TimerQueue; Link = Next) {
        Next = Link->Flink;
        if (FsRtlpTunnelEntry(Link)->DirectoryKey == DirectoryKey) {
            FsRtlpRemove(Cache, FsRtlpTunnelEntry(Link));
        }
    }
    ExReleaseFastMutex(&Cache->Mutex);
}
NT_EXPORT(FsRtlDeleteKeyFromTunnelCache);

/* Forgets everything, before the cache's memory goes. Nobody uses it any more. */
VOID FsRtlDeleteTunnelCache(PTUNNEL Cache)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    while (!IsListEmpty(&Cache->TimerQueue)) {
        FsRtlpRemove(Cache, FsRtlpTunnelEntry(Cache->TimerQueue.Flink));
    }
}
NT_EXPORT(FsRtlDeleteTunnelCache);
