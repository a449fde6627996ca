/*
 * What programs may ask about the system, and switching it off. One routine per class fills a buffer in paged pool;
 * only then is the program's memory written.
 */
#include "ps/capture.h"
#include "ps/psp.h"
#include "ps/service.h"
#include "ex/options.h"
#include "ex/pool.h"
#include "hal/hal.h"
#include "io/io.h"

#define PSP_LONGEST_OPTION 64           /* a key of the boot command line, with its null */
#define PSP_MOST_ENTRIES 4096          /* bound on what a program can make the kernel allocate for a list */

/* Fills up to Capacity entries; returns how many there are. */
typedef ULONG PSP_QUERY(PVOID Entries, ULONG Capacity);

static PAGED_CODE_SECTION ULONG PspQueryBasic(PVOID Entries, ULONG Capacity)
{
    PSYSTEM_BASIC_INFORMATION Basic = Entries;
    LARGE_INTEGER Time;

    if (Capacity == 0)
        return 1;
    KeQuerySystemTime(&Time);
    Basic->NumberOfProcessors = KeNumberProcessors;
    Basic->PageSize = PAGE_SIZE;
    Basic->InterruptTime = KeQueryInterruptTime();
    Basic->SystemTime = (ULONG64)Time.QuadPart;
    for (ULONG Number = 0; Number < KeNumberProcessors; Number++) {
        Basic->ContextSwitches += KiProcessorBlock[Number]->ContextSwitches;
        Basic->Interrupts += KiProcessorBlock[Number]->InterruptCount;
    }
    return 1;
}

static PAGED_CODE_SECTION ULONG PspQueryMemory(PVOID Entries, ULONG Capacity)
{
    PSYSTEM_MEMORY_INFORMATION Memory = Entries;
    MM_STATISTICS Statistics;

    if (Capacity == 0)
        return 1;
    MmQueryStatistics(&Statistics);
#define PSP_COPY(Field) Memory->Field = Statistics.Field
    PSP_COPY(TotalFrames);
    PSP_COPY(ZeroedFrames);
    PSP_COPY(FreeFrames);
    PSP_COPY(StandbyFrames);
    PSP_COPY(ModifiedFrames);
    PSP_COPY(ActiveFrames);
    PSP_COPY(TransitFrames);
    PSP_COPY(BadFrames);
    PSP_COPY(NonPagedPoolBytes);
    PSP_COPY(PagedPoolBytes);
    PSP_COPY(DemandZeroFaults);
    PSP_COPY(SoftFaults);
    PSP_COPY(HardFaults);
    PSP_COPY(PagesIn);
    PSP_COPY(PagesOut);
    PSP_COPY(PageReads);
    PSP_COPY(PageWrites);
    PSP_COPY(CommittedPages);
    PSP_COPY(CommitLimit);
    PSP_COPY(SystemWorkingSet);
#undef PSP_COPY
    return 1;
}

C_ASSERT(sizeof(SYSTEM_PAGING_FILE_INFORMATION) == sizeof(MM_PAGING_FILE_STATISTICS));
C_ASSERT(offsetof(SYSTEM_PAGING_FILE_INFORMATION, Bad) == offsetof(MM_PAGING_FILE_STATISTICS, Bad));

static PAGED_CODE_SECTION ULONG PspQueryPagingFiles(PVOID Entries, ULONG Capacity)
{
    return MmQueryPagingFiles(Entries, Capacity);
}

static PAGED_CODE_SECTION ULONG PspQueryProcesses(PVOID Entries, ULONG Capacity)
{
    PSYSTEM_PROCESS_INFORMATION Entry = Entries;
    MM_STATISTICS Statistics;
    ULONG Count = 0;

    MmQueryStatistics(&Statistics);
    ExAcquireFastMutex(&PspProcessListLock);
    for (PLIST_ENTRY Link = PspActiveProcessHead.Flink; Link != &PspActiveProcessHead; Link = Link->Flink, Count++) {
        PEPROCESS Process = CONTAINING_RECORD(Link, EPROCESS, ActiveProcessLinks);
        if (Count >= Capacity)
            continue;
        Entry->UniqueProcessId = HandleToUlong(Process->UniqueProcessId);
        Entry->InheritedFromUniqueProcessId = HandleToUlong(Process->InheritedFromUniqueProcessId);
        Entry->NumberOfThreads = (ULONG)Process->UnreapedThreads;
        Entry->HandleCount = ObQueryHandleCount(ObProcessHandleTable(Process));
        Entry->ResidentPages = Process == PsInitialSystemProcess ? Statistics.SystemWorkingSet
                                                                 : MmWorkingSetSize(&Process->AddressSpace);
        Entry->CommittedPages = Process->AddressSpace.CommittedPages;
        Entry->Terminating = Process->Terminating;
        strcpy(Entry->ImageName, Process->ImageFileName);
        Entry++;
    }
    ExReleaseFastMutex(&PspProcessListLock);
    return Count;
}

static PAGED_CODE_SECTION ULONG PspQueryConsistency(PVOID Entries, ULONG Capacity)
{
    PSYSTEM_MEMORY_CHECK Check = Entries;

    if (Capacity != 0)
        Check->Consistent = MmCheckConsistency(Check->Report, sizeof(Check->Report));
    return 1;
}

static PAGED_CODE_SECTION ULONG PspQueryInterrupts(PVOID Entries, ULONG Capacity)
{
    return IoQueryInterrupts(Entries, Capacity);
}

static PAGED_CODE_SECTION ULONG PspQueryPoolTags(PVOID Entries, ULONG Capacity)
{
    PSYSTEM_POOL_TAG_INFORMATION Entry = Entries;
    ULONG Count = 0;

    for (ULONG Pool = 0; Pool < 2; Pool++) {
        EX_POOL_TAG Tag;
        for (ULONG Slot = 0; ExQueryPoolTag(Pool, &Slot, &Tag); Slot++, Count++) {
            if (Count >= Capacity)
                continue;
            RtlCopyMemory(Entry->Tag, &Tag.Tag, sizeof(Entry->Tag));
            Entry->Paged = Pool == PagedPool;
            Entry->Allocations = Tag.Allocations;
            Entry->Frees = Tag.Frees;
            Entry->Bytes = Tag.Bytes;
            Entry++;
        }
    }
    return Count;
}

static const struct {
    PSP_QUERY *Query;
    ULONG EntrySize;
    BOOLEAN Single;                     /* exactly one entry: the length must fit exactly */
} PspClasses[] = {
    [SystemBasicInformation] = {PspQueryBasic, sizeof(SYSTEM_BASIC_INFORMATION), TRUE},
    [SystemMemoryInformation] = {PspQueryMemory, sizeof(SYSTEM_MEMORY_INFORMATION), TRUE},
    [SystemPagingFileInformation] = {PspQueryPagingFiles, sizeof(SYSTEM_PAGING_FILE_INFORMATION), FALSE},
    [SystemProcessInformation] = {PspQueryProcesses, sizeof(SYSTEM_PROCESS_INFORMATION), FALSE},
    [SystemMemoryCheck] = {PspQueryConsistency, sizeof(SYSTEM_MEMORY_CHECK), TRUE},
    [SystemInterruptInformation] = {PspQueryInterrupts, sizeof(SYSTEM_INTERRUPT_INFORMATION), FALSE},
    [SystemPoolTagInformation] = {PspQueryPoolTags, sizeof(SYSTEM_POOL_TAG_INFORMATION), FALSE},
};

/*
 * Lists return STATUS_BUFFER_TOO_SMALL when the buffer holds fewer entries than there are; ReturnLength (optional) is
 * how many bytes all of them take, in either case.
 */
PAGED_CODE_SECTION NTSTATUS NtQuerySystemInformation(ULONG Class, USER_ADDRESS Information, ULONG Length,
                                                     USER_ADDRESS ReturnLength)
{
    ULONG Size, Capacity, Count, Needed;
    NTSTATUS Status = STATUS_SUCCESS;
    PVOID Entries = NULL;

    PAGED_CODE();
    if (Class >= ARRAYSIZE(PspClasses))
        return STATUS_INVALID_INFO_CLASS;
    Size = PspClasses[Class].EntrySize;
    if (PspClasses[Class].Single && Length != Size)
        return STATUS_INFO_LENGTH_MISMATCH;
    Capacity = min(Length / Size, PSP_MOST_ENTRIES);
    if (Capacity != 0) {
        Entries = ExAllocatePoolZero(PagedPool, (SIZE_T)Capacity * Size, PSP_TAG);
        if (Entries == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    Count = PspClasses[Class].Query(Entries, Capacity);
    Needed = Count * Size;
    if (Count > Capacity)
        Status = STATUS_BUFFER_TOO_SMALL;
    else if (Count != 0)
        Status = MmCopyToUser(Information, Entries, Needed);
    if (Entries != NULL)
        ExFreePoolWithTag(Entries, PSP_TAG);
    if (ReturnLength.Value != 0 && (NT_SUCCESS(Status) || Status == STATUS_BUFFER_TOO_SMALL)) {
        NTSTATUS Written = MmCopyToUser(ReturnLength, &Needed, sizeof(Needed));
        if (!NT_SUCCESS(Written))
            Status = Written;
    }
    return Status;
}

/* A word of the boot command line, with a null. STATUS_NOT_FOUND: it was not given; STATUS_BUFFER_TOO_SMALL. */
PAGED_CODE_SECTION NTSTATUS NtQueryBootOption(USER_ADDRESS Key, USER_ADDRESS Value, ULONG Length)
{
    CHAR Name[PSP_LONGEST_OPTION];
    PCSTR Option;
    NTSTATUS Status;

    PAGED_CODE();
    Status = PsCaptureString(Key, Name, sizeof(Name));
    if (!NT_SUCCESS(Status))
        return Status == STATUS_BUFFER_OVERFLOW ? STATUS_NOT_FOUND : Status;
    Option = ExQueryBootOption(Name);
    if (Option == NULL)
        return STATUS_NOT_FOUND;
    if (strlen(Option) >= Length)
        return STATUS_BUFFER_TOO_SMALL;
    return MmCopyToUser(Value, Option, strlen(Option) + 1);
}

/* Switches the machine off. SHUTDOWN_PASS or SHUTDOWN_FAIL is the run's result. Needs SeShutdownPrivilege. */
PAGED_CODE_SECTION NTSTATUS NtShutdownSystem(ULONG Result)
{
    NTSTATUS Status;

    PAGED_CODE();
    Status = PsCheckPrivilege(SeShutdownPrivilege);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Result != SHUTDOWN_PASS && Result != SHUTDOWN_FAIL)
        return STATUS_INVALID_PARAMETER;
    MmShrinkPagingFiles();
    HalPowerOff(Result == SHUTDOWN_PASS ? HAL_EXIT_PASS : HAL_EXIT_FAIL);
}
