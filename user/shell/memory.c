/* Memory: what the frames are used for, what has been paged, and whether the books agree. */
#include "shell.h"

static BOOL CheckMemory(const LINE *Line)
{
    SYSTEM_MEMORY_CHECK Check;
    NTSTATUS Status = NtQuerySystemInformation(SystemMemoryCheck, &Check, sizeof(Check), NULL);

    if (!NT_SUCCESS(Status))
        return Fail(Line, "check", Status, NULL);
    if (Line->Json) {
        JSON Json = {0};
        JsonAdd(&Json, "{\"consistent\":%s,\"report\":", Check.Consistent ? "true" : "false");
        JsonString(&Json, Check.Consistent ? "" : Check.Report);
        JsonAdd(&Json, "}");
        JsonPrint(&Json);
    } else if (Check.Consistent) {
        printf("frames, page tables, working sets and paging files are consistent\n");
    } else {
        printf("mem: %s; keep the log and report it, and boot again\n", Check.Report);
    }
    return Check.Consistent;
}

static VOID PrintText(const SYSTEM_MEMORY_INFORMATION *M, const SYSTEM_PAGING_FILE_INFORMATION *Files, ULONG Count)
{
    printf("%-10s %9s %9s %9s %9s %9s %9s %9s %9s\n", "frames", "total", "zeroed", "free", "standby", "modified",
           "active", "transit", "bad");
    printf("%-10s %9llu %9llu %9llu %9llu %9llu %9llu %9llu %9llu\n", "", M->TotalFrames, M->ZeroedFrames,
           M->FreeFrames, M->StandbyFrames, M->ModifiedFrames, M->ActiveFrames, M->TransitFrames, M->BadFrames);
    printf("%-10s %9s %9s   %-10s %9s %9s\n", "pool KiB", "nonpaged", "paged", "commit", "pages", "limit");
    printf("%-10s %9llu %9llu   %-10s %9llu %9llu\n", "", M->NonPagedPoolBytes / 1024, M->PagedPoolBytes / 1024, "",
           M->CommittedPages, M->CommitLimit);
    printf("%-10s %9s %9s %9s\n", "faults", "zero", "soft", "hard");
    printf("%-10s %9llu %9llu %9llu\n", "", M->DemandZeroFaults, M->SoftFaults, M->HardFaults);
    printf("%-10s %9s %9s %9s %9s\n", "paging", "pages-in", "pages-out", "reads", "writes");
    printf("%-10s %9llu %9llu %9llu %9llu\n", "", M->PagesIn, M->PagesOut, M->PageReads, M->PageWrites);
    printf("%-20s %9s %9s\n", "paging file", "slots", "used");
    for (ULONG Index = 0; Index < Count; Index++)
        printf("%-20s %9u %9u\n", Files[Index].Name, Files[Index].Slots, Files[Index].Used);
}

static VOID PrintJson(const SYSTEM_MEMORY_INFORMATION *M, const SYSTEM_PAGING_FILE_INFORMATION *Files, ULONG Count)
{
    JSON Json = {0};

    JsonAdd(&Json, "{\"frames\":{\"total\":%llu,\"zeroed\":%llu,\"free\":%llu,\"standby\":%llu,\"modified\":%llu,"
            "\"active\":%llu,\"transit\":%llu,\"bad\":%llu}", M->TotalFrames, M->ZeroedFrames, M->FreeFrames,
            M->StandbyFrames, M->ModifiedFrames, M->ActiveFrames, M->TransitFrames, M->BadFrames);
    JsonAdd(&Json, ",\"pool\":{\"nonpaged\":%llu,\"paged\":%llu}", M->NonPagedPoolBytes, M->PagedPoolBytes);
    JsonAdd(&Json, ",\"paging_files\":[");
    for (ULONG Index = 0; Index < Count; Index++) {
        JsonAdd(&Json, "%s{\"name\":", Index == 0 ? "" : ",");
        JsonString(&Json, Files[Index].Name);
        JsonAdd(&Json, ",\"slots\":%u,\"used\":%u}", Files[Index].Slots, Files[Index].Used);
    }
    JsonAdd(&Json, "],\"faults\":{\"demand_zero\":%llu,\"soft\":%llu,\"hard\":%llu}", M->DemandZeroFaults,
            M->SoftFaults, M->HardFaults);
    JsonAdd(&Json, ",\"pages_in\":%llu,\"pages_out\":%llu,\"page_reads\":%llu,\"page_writes\":%llu", M->PagesIn,
            M->PagesOut, M->PageReads, M->PageWrites);
    JsonAdd(&Json, ",\"commit\":{\"pages\":%llu,\"limit\":%llu}}", M->CommittedPages, M->CommitLimit);
    JsonPrint(&Json);
}

BOOL MemCommand(const LINE *Line)
{
    PSYSTEM_PAGING_FILE_INFORMATION Files;
    SYSTEM_MEMORY_INFORMATION Memory;
    ULONG Length;
    NTSTATUS Status;

    if (Line->Count != 0)
        return strcmp(Line->Words[0], "check") == 0 ? CheckMemory(Line) : FailUsage(Line);
    Status = QuerySystemList(SystemPagingFileInformation, (PVOID *)&Files, &Length);
    if (!NT_SUCCESS(Status))
        return Fail(Line, "the paging files", Status, NULL);
    Status = NtQuerySystemInformation(SystemMemoryInformation, &Memory, sizeof(Memory), NULL);
    if (NT_SUCCESS(Status))
        (Line->Json ? PrintJson : PrintText)(&Memory, Files, Length / sizeof(*Files));
    free(Files);
    return NT_SUCCESS(Status) ? TRUE : Fail(Line, "the counters", Status, NULL);
}

BOOL TrimCommand(const LINE *Line)
{
    NTSTATUS Status = NtTrimMemory();

    return NT_SUCCESS(Status) ? TRUE : Fail(Line, "memory", Status, NULL);
}
