/*
 * storm SECONDS SEED: opens, closes, locks, unlocks, pages, resets, trims, unloads and loads the same drivers from many
 * threads at once, and holds every answer against what may come. At the end nothing is locked and nothing is missing.
 *
 * serial    ports opened by several threads each, written to and counted; its sections locked and unlocked by others
 * null      opened and used, paged out entirely and reset, unloaded and loaded again
 * beep      opened and closed, which makes it page itself out and take itself back
 */
#include <windows.h>
#include <ntdll.h>
#include <winioctl.h>
#include <ntddser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 64

static volatile LONG Stop, Wrong;

/* One thread: what it does, in turns, and how often it has. */
typedef struct _WORKER {
    PCSTR What;
    BOOL (*Turn)(struct _WORKER *Worker);
    PCSTR Name;                 /* a driver, a port */
    ULONG64 Random;
    ULONG Turns, Done;          /* Done: turns that did not meet another thread's, as they may */
} WORKER;

static ULONG Random(WORKER *Worker, ULONG Below)
{
    Worker->Random = Worker->Random * 6364136223846793005ull + 1442695040888963407ull;
    return (ULONG)(Worker->Random >> 33) % Below;
}

/* Whether Status is success or one of the refusals that may come; anything else is told and counted. Ends with 0. */
static BOOL MayBe(WORKER *Worker, NTSTATUS Status, const NTSTATUS *Refusals)
{
    if (NT_SUCCESS(Status))
        return TRUE;
    for (; *Refusals != 0; Refusals++) {
        if (*Refusals == Status) {
            Sleep(1);
            return FALSE;
        }
    }
    __sync_fetch_and_add(&Wrong, 1);
    printf("storm: %s %s: %s\n", Worker->What, Worker->Name, NtStatusName(Status));
    return FALSE;
}

static const NTSTATUS NoRefusal[] = {0};
/* The driver is being unloaded, or is not there just now. */
static const NTSTATUS MayBeGone[] = {STATUS_NOT_FOUND, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_NO_SUCH_DEVICE,
                                     STATUS_DELETE_PENDING, STATUS_DEVICE_BUSY, 0};
static const NTSTATUS MayBeTaken[] = {STATUS_ACCESS_DENIED, 0};

static HANDLE Open(PCSTR Name)
{
    CHAR Path[32];

    _snprintf(Path, sizeof(Path), "\\\\.\\%s", Name);
    return CreateFileA(Path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0,
                       NULL);
}

/* Opens a port, sends a block and asks the driver how many bytes have gone. */
static BOOL PortTurn(WORKER *Worker)
{
    HANDLE Port = Open(Worker->Name);
    UCHAR Block[BLOCK] = {0};
    SERIALPERF_STATS Stats;
    DWORD Done, Size;

    if (Port == INVALID_HANDLE_VALUE)
        return MayBe(Worker, (NTSTATUS)GetLastError(), MayBeTaken);
    if (!DeviceIoControl(Port, IOCTL_SERIAL_CLEAR_STATS, NULL, 0, NULL, 0, &Size, NULL) ||
        !WriteFile(Port, Block, sizeof(Block), &Done, NULL) ||
        !DeviceIoControl(Port, IOCTL_SERIAL_GET_STATS, NULL, 0, &Stats, sizeof(Stats), &Size, NULL)) {
        MayBe(Worker, (NTSTATUS)GetLastError(), NoRefusal);
    } else if (Done != sizeof(Block) || Stats.TransmittedCount != sizeof(Block)) {
        __sync_fetch_and_add(&Wrong, 1);
        printf("storm: %s: %u bytes written, %u sent\n", Worker->Name, Done, Stats.TransmittedCount);
    }
    CloseHandle(Port);
    return TRUE;
}

/* Locks a section, perhaps twice, and unlocks it in one of the two ways. */
static BOOL LockTurn(WORKER *Worker)
{
    static const PCSTR Sections[] = {"PAGESER", "PAGESRP0", "PAGEDATA"};
    PCSTR Section = strcmp(Worker->Name, "serial") == 0 ? Sections[Random(Worker, 3)] : "PAGE";
    HANDLE Locks[2];
    ULONG Count = 1 + Random(Worker, 2), Held = 0;

    while (Held < Count &&
           MayBe(Worker, NtLockDriverSection(Worker->Name, Section, &Locks[Held]),
                 strcmp(Worker->Name, "serial") == 0 ? NoRefusal : MayBeGone))
        Held++;
    if (Random(Worker, 4) == 0)
        Sleep(1);
    for (ULONG Index = 0; Index < Held; Index++)
        MayBe(Worker, Random(Worker, 2) ? NtUnlockDriverSection(Locks[Index]) : NtClose(Locks[Index]), NoRefusal);
    return Held != 0;
}

static BOOL PageTurn(WORKER *Worker)
{
    return MayBe(Worker, Random(Worker, 2) ? NtPageDriver(Worker->Name) : NtResetDriver(Worker->Name), MayBeGone);
}

/* Writes to the device, which takes everything. */
static BOOL NullTurn(WORKER *Worker)
{
    HANDLE Device = Open(Worker->Name);
    CHAR Block[BLOCK];
    DWORD Done;

    if (Device == INVALID_HANDLE_VALUE)
        return MayBe(Worker, (NTSTATUS)GetLastError(), MayBeGone);
    if (!WriteFile(Device, Block, sizeof(Block), &Done, NULL))
        MayBe(Worker, (NTSTATUS)GetLastError(), NoRefusal);
    else if (Done != sizeof(Block))
        __sync_fetch_and_add(&Wrong, 1);
    CloseHandle(Device);
    return TRUE;
}

static BOOL OpenTurn(WORKER *Worker)
{
    HANDLE Device = Open(Worker->Name);

    if (Device == INVALID_HANDLE_VALUE)
        return MayBe(Worker, (NTSTATUS)GetLastError(), NoRefusal);
    if (Random(Worker, 3) == 0)
        Sleep(1);
    CloseHandle(Device);
    return TRUE;
}

static BOOL LoadTurn(WORKER *Worker)
{
    static const NTSTATUS MayBeLoaded[] = {STATUS_IMAGE_ALREADY_LOADED, 0};
    CHAR Path[48];
    BOOL Unloaded;

    _snprintf(Path, sizeof(Path), "drivers/%s.sys", Worker->Name);
    Unloaded = UnloadDriver(Worker->Name) || MayBe(Worker, (NTSTATUS)GetLastError(), MayBeGone);

    if (Random(Worker, 2))
        Sleep(1);
    if (!LoadDriver(Path))
        MayBe(Worker, (NTSTATUS)GetLastError(), MayBeLoaded);
    return Unloaded;
}

static BOOL TrimTurn(WORKER *Worker)
{
    MayBe(Worker, NtTrimMemory(), NoRefusal);
    Sleep(2 + Random(Worker, 8));
    return TRUE;
}

#define WORKER_OF(Verb, Routine, Object) {.What = Verb, .Turn = Routine, .Name = Object}
static WORKER Workers[] = {
    WORKER_OF("use", PortTurn, "com3"), WORKER_OF("use", PortTurn, "com3"),
    WORKER_OF("use", PortTurn, "com4"), WORKER_OF("use", PortTurn, "com4"),
    WORKER_OF("lock", LockTurn, "serial"), WORKER_OF("lock", LockTurn, "serial"), WORKER_OF("lock", LockTurn, "null"),
    WORKER_OF("page", PageTurn, "null"), WORKER_OF("page", PageTurn, "null"),
    WORKER_OF("use", NullTurn, "nul"), WORKER_OF("use", NullTurn, "nul"),
    WORKER_OF("load", LoadTurn, "null"), WORKER_OF("load", LoadTurn, "null"),
    WORKER_OF("open", OpenTurn, "beep"), WORKER_OF("open", OpenTurn, "beep"), WORKER_OF("open", OpenTurn, "beep"),
    WORKER_OF("trim", TrimTurn, "memory"),
};

static DWORD Work(LPVOID Context)
{
    WORKER *Worker = Context;

    while (!Stop) {
        Worker->Done += Worker->Turn(Worker);
        Worker->Turns++;
        /* Time for null to be unused by all of them at once, now and then. */
        if (strncmp(Worker->Name, "nul", 3) == 0)
            Sleep(Random(Worker, 10));
    }
    return 0;
}

/* Nothing is locked any more, and whoever is nonpaged is in. */
static VOID LookAtSections(PCSTR Driver)
{
    LDR_SECTION_INFORMATION Sections[32];
    ULONG Length = 0;
    NTSTATUS Status = NtQuerySections(Driver, Sections, sizeof(Sections), &Length);

    if (!NT_SUCCESS(Status)) {
        printf("storm: sections of %s: %s\n", Driver, NtStatusName(Status));
        Wrong++;
        return;
    }
    for (ULONG Index = 0; Index < Length / sizeof(*Sections); Index++) {
        PLDR_SECTION_INFORMATION Section = &Sections[Index];
        if (Section->LockCount != 0 ||
            (Section->Kind == LDR_SECTION_NONPAGED && Section->ResidentPages != Section->Pages)) {
            printf("storm: %s %s: %d locks, %u of %u pages in\n", Driver, Section->Name, Section->LockCount,
                   Section->ResidentPages, Section->Pages);
            Wrong++;
        }
    }
}

int main(int Count, char **Words)
{
    HANDLE Threads[ARRAYSIZE(Workers)];
    ULONG Turns = 0, Done = 0, Seed;

    if (Count != 3) {
        printf("usage: storm SECONDS SEED\n");
        return 2;
    }
    Seed = (ULONG)atoi(Words[2]);
    for (ULONG Index = 0; Index < ARRAYSIZE(Workers); Index++) {
        Workers[Index].Random = (ULONG64)Seed * 1000003 + Index;
        Threads[Index] = CreateThread(NULL, 0, Work, &Workers[Index], 0, NULL);
        if (Threads[Index] == NULL) {
            printf("storm: a thread cannot be started: %s\n", NtStatusName((NTSTATUS)GetLastError()));
            return 1;
        }
    }
    Sleep((DWORD)atoi(Words[1]) * 1000);
    Stop = 1;
    for (ULONG Index = 0; Index < ARRAYSIZE(Workers); Index++) {
        WaitForSingleObject(Threads[Index], INFINITE);
        CloseHandle(Threads[Index]);
    }
    for (ULONG Index = 0; Index < ARRAYSIZE(Workers); Index++) {
        printf("%-4s %-6s %8u turns, %8u done\n", Workers[Index].What, Workers[Index].Name, Workers[Index].Turns,
               Workers[Index].Done);
        Turns += Workers[Index].Turns;
        Done += Workers[Index].Done;
        if (Workers[Index].Turns == 0) {
            printf("storm: %s %s has had no turn\n", Workers[Index].What, Workers[Index].Name);
            Wrong++;
        }
    }
    /* Whatever the last of them did to it. */
    LoadDriver("drivers/null.sys");
    NtResetDriver("null");
    LookAtSections("serial");
    LookAtSections("null");
    LookAtSections("beep");
    printf("storm: seed %u: %u turns, %u done, %d wrong\n", Seed, Turns, Done, Wrong);
    return Wrong != 0;
}
