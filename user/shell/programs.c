/*
 * Programs: running, waiting, listing, ending.
 *
 * A program in the foreground has the console and ends at Ctrl-C. One in the background, a job, reads nothing: the
 * lines that are typed are the shell's. Jobs outlive the shell.
 */
#include "shell.h"

#define FEW_JOBS 32                     /* with fewer than these, ended jobs are kept for `wait` */

typedef struct _JOB {
    HANDLE Process;
    DWORD ProcessId;
    PSTR Name;
} JOB;

/* Programs in the background. Their handles are kept, so that `wait` knows how one ended that has ended. */
static JOB *Jobs;
static ULONG JobCount, JobRoom;

/* The job, which is not in the list any more. */
static JOB TakeJob(ULONG Index)
{
    JOB Job = Jobs[Index];

    memmove(&Jobs[Index], &Jobs[Index + 1], (--JobCount - Index) * sizeof(JOB));
    return Job;
}

static VOID ForgetEndedJobs(VOID)
{
    for (ULONG Index = JobCount; Index-- != 0;) {
        if (WaitForSingleObject(Jobs[Index].Process, 0) == WAIT_OBJECT_0) {
            JOB Job = TakeJob(Index);
            CloseHandle(Job.Process);
            free(Job.Name);
        }
    }
}

/* Takes over the handle. Out of memory the job runs all the same, and only how it ended is not known afterwards. */
static VOID KeepJob(PCSTR Name, HANDLE Process, DWORD ProcessId)
{
    JOB Job = {Process, ProcessId, malloc(strlen(Name) + 1)}, *More;

    if (JobCount >= FEW_JOBS)
        ForgetEndedJobs();
    if (JobCount == JobRoom && (More = realloc(Jobs, (JobRoom + FEW_JOBS) * sizeof(JOB))) != NULL) {
        Jobs = More;
        JobRoom += FEW_JOBS;
    }
    if (Job.Name == NULL || JobCount == JobRoom) {
        free(Job.Name);
        CloseHandle(Process);
        return;
    }
    strcpy(Job.Name, Name);
    Jobs[JobCount++] = Job;
}

/* Says how a process has ended when that was not well. */
static BOOL ReportEnd(const LINE *Line, PCSTR Name, HANDLE Process)
{
    DWORD Exit;

    if (!GetExitCodeProcess(Process, &Exit))
        return FailLast(Line, Name);
    if (Exit == 0)
        return TRUE;
    if (NT_SUCCESS((NTSTATUS)Exit) || NtStatusName((NTSTATUS)Exit) == NULL)
        printf("%s: %s: ended with exit status %u; what it printed says why\n", Line->Command, Name, Exit);
    else
        Fail(Line, Name, (NTSTATUS)Exit, "the program ended with this status");
    return FALSE;
}

/*
 * Waits for the program in the foreground and takes over the handle. Ctrl-C ends the program; one that does not end
 * then, because a driver has not let go of its request, is left in the background at the second.
 */
static BOOL FinishProgram(const LINE *Line, PCSTR Name, HANDLE Process, DWORD ProcessId)
{
    BOOL Good = FALSE, Ended = WaitUnlessControlC(Process);

    if (!Ended) {
        TerminateProcess(Process, (UINT)STATUS_CONTROL_C_EXIT);
        Ended = WaitUnlessControlC(Process);
    }
    IgnoreControlC();
    if (!Ended) {
        printf("%s: %s: process %u has not ended yet; `wait %u` waits for it\n", Line->Command, Name, ProcessId,
               ProcessId);
        KeepJob(Name, Process, ProcessId);
        return FALSE;
    }
    Good = ReportEnd(Line, Name, Process);
    CloseHandle(Process);
    return Good;
}

BOOL RunCommand(const LINE *Line)
{
    STARTUPINFO Background = {.dwFlags = STARTF_USESTDHANDLES, .hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE)};
    DWORD Flags = Line->Unprivileged ? CREATE_UNPRIVILEGED : 0;
    PROCESS_INFORMATION Started;
    CHAR CommandLine[LONGEST_LINE];

    strcpy(CommandLine, Line->Rest);
    if (!Line->Background)
        ListenForControlC();
    if (!CreateProcess(NULL, CommandLine, NULL, NULL, TRUE, Flags, NULL, NULL,
                       Line->Background ? &Background : NULL, &Started)) {
        FailLast(Line, Line->Words[0]);
        if (!Line->Background)
            IgnoreControlC();
        return FALSE;
    }
    if (!Line->Background)
        return FinishProgram(Line, Line->Words[0], Started.hProcess, Started.dwProcessId);
    printf("%s started, process %u\n", Line->Words[0], Started.dwProcessId);
    KeepJob(Line->Words[0], Started.hProcess, Started.dwProcessId);
    return TRUE;
}

/* Waits for a process that the shell has a handle to. FALSE in *Ended: Ctrl-C came first. */
static BOOL WaitAndReport(const LINE *Line, PCSTR Name, HANDLE Process, BOOL *Ended)
{
    *Ended = WaitUnlessControlC(Process);
    if (*Ended)
        return ReportEnd(Line, Name, Process);
    printf("%s: %s: has not ended yet\n", Line->Command, Name);
    return FALSE;
}

/* One process by its number, a job or not. */
static BOOL WaitForNumber(const LINE *Line, DWORD ProcessId)
{
    PCSTR Name = Line->Words[0];
    ULONG Index = 0;
    HANDLE Process;
    BOOL Good, Ended;

    while (Index < JobCount && Jobs[Index].ProcessId != ProcessId)
        Index++;
    if (Index < JobCount) {
        Good = WaitAndReport(Line, Name, Jobs[Index].Process, &Ended);
        if (!Ended)
            return FALSE;
        JOB Job = TakeJob(Index);
        free(Job.Name);
        Process = Job.Process;
    } else {
        Process = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_INFORMATION, FALSE, ProcessId);
        if (Process == NULL)
            return FailLast(Line, Name);
        Good = WaitAndReport(Line, Name, Process, &Ended);
    }
    CloseHandle(Process);
    return Good;
}

/* All jobs, oldest first; those that ended badly are named. */
static BOOL WaitForJobs(const LINE *Line)
{
    BOOL AllGood = TRUE, Ended = TRUE;
    CHAR Name[MAX_PATH];

    while (JobCount != 0) {
        _snprintf(Name, sizeof(Name), "%u (%s)", Jobs[0].ProcessId, Jobs[0].Name);
        Name[sizeof(Name) - 1] = '\0';
        if (!WaitAndReport(Line, Name, Jobs[0].Process, &Ended))
            AllGood = FALSE;
        if (!Ended)
            break;
        JOB Job = TakeJob(0);
        CloseHandle(Job.Process);
        free(Job.Name);
    }
    return AllGood;
}

BOOL WaitCommand(const LINE *Line)
{
    ULONG64 ProcessId = 0;
    BOOL Good;

    if (Line->Count != 0 && !ParseProcessId(Line->Words[0], &ProcessId))
        return FailUsage(Line);
    ListenForControlC();
    Good = Line->Count != 0 ? WaitForNumber(Line, (DWORD)ProcessId) : WaitForJobs(Line);
    IgnoreControlC();
    return Good;
}

BOOL KillCommand(const LINE *Line)
{
    ULONG64 ProcessId;
    HANDLE Process;
    BOOL Good;

    if (!ParseProcessId(Line->Words[0], &ProcessId))
        return FailUsage(Line);
    Process = OpenProcess(SYNCHRONIZE | PROCESS_TERMINATE, FALSE, (DWORD)ProcessId);
    if (Process == NULL)
        return FailLast(Line, Line->Words[0]);
    Good = TerminateProcess(Process, (UINT)STATUS_CANCELLED);
    if (!Good) {
        FailLast(Line, Line->Words[0]);
    } else {
        ListenForControlC();
        Good = WaitUnlessControlC(Process);
        IgnoreControlC();
        if (!Good)
            printf("%s: %s: has not ended yet; `wait %s` waits for it\n", Line->Command, Line->Words[0],
                   Line->Words[0]);
    }
    CloseHandle(Process);
    return Good;
}

BOOL PsCommand(const LINE *Line)
{
    PSYSTEM_PROCESS_INFORMATION Processes;
    JSON Json = {0};
    ULONG Length;
    NTSTATUS Status = QuerySystemList(SystemProcessInformation, (PVOID *)&Processes, &Length);

    if (!NT_SUCCESS(Status))
        return Fail(Line, "the list", Status, NULL);
    if (!Line->Json)
        printf("%6s %-20s %7s %8s %-8s %6s %7s\n", "pid", "name", "threads", "resident", "state", "parent", "handles");
    for (ULONG Index = 0; Index < Length / sizeof(*Processes); Index++) {
        PSYSTEM_PROCESS_INFORMATION P = &Processes[Index];
        PCSTR State = P->Terminating ? "ending" : "running";
        if (!Line->Json) {
            printf("%6llu %-20s %7u %8llu %-8s %6llu %7u\n", P->UniqueProcessId, P->ImageName, P->NumberOfThreads,
                   P->ResidentPages, State, P->InheritedFromUniqueProcessId, P->HandleCount);
            continue;
        }
        JsonAdd(&Json, "%s{\"pid\":%llu,\"name\":", Index == 0 ? "[" : ",", P->UniqueProcessId);
        JsonString(&Json, P->ImageName);
        JsonAdd(&Json, ",\"threads\":%u,\"resident\":%llu,\"state\":\"%s\",\"parent\":%llu,\"handles\":%u,"
                "\"commit\":%llu}", P->NumberOfThreads, P->ResidentPages, State,
                P->InheritedFromUniqueProcessId, P->HandleCount, P->CommittedPages);
    }
    if (Line->Json) {
        JsonAdd(&Json, "]");
        JsonPrint(&Json);
    }
    free(Processes);
    return TRUE;
}
