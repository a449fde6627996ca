/* Programs: running, waiting, listing, ending. */
#include "shell.h"

#define MOST_JOBS 32

/* Programs in the background. Their handles are kept, so that `wait` knows how one ended that has ended. */
static struct { HANDLE Process; DWORD ProcessId; } Jobs[MOST_JOBS];

/* Gives back the handles of jobs that have ended. Only when there is no room: `wait` may want to know. */
static VOID ForgetEndedJobs(VOID)
{
    for (ULONG Index = 0; Index < MOST_JOBS; Index++) {
        if (Jobs[Index].Process != NULL && WaitForSingleObject(Jobs[Index].Process, 0) == WAIT_OBJECT_0) {
            CloseHandle(Jobs[Index].Process);
            Jobs[Index].Process = NULL;
        }
    }
}

/* Takes over the handle. FALSE: there are too many jobs. */
static BOOL KeepJob(const PROCESS_INFORMATION *Started)
{
    ULONG Index = 0;

    for (ULONG Pass = 0; Pass < 2; Pass++) {
        for (Index = 0; Index < MOST_JOBS && Jobs[Index].Process != NULL; Index++)
            ;
        if (Index < MOST_JOBS)
            break;
        ForgetEndedJobs();
    }
    if (Index == MOST_JOBS)
        return FALSE;
    Jobs[Index].Process = Started->hProcess;
    Jobs[Index].ProcessId = Started->dwProcessId;
    return TRUE;
}

/* The handle of a job, which is the shell's no longer, or NULL. */
static HANDLE TakeJob(DWORD ProcessId)
{
    for (ULONG Index = 0; Index < MOST_JOBS; Index++) {
        if (Jobs[Index].Process != NULL && Jobs[Index].ProcessId == ProcessId) {
            HANDLE Process = Jobs[Index].Process;
            Jobs[Index].Process = NULL;
            return Process;
        }
    }
    return NULL;
}

/* Waits for a process, says how it ended when that was not well, closes the handle. */
static BOOL FinishProcess(const LINE *Line, PCSTR Name, HANDLE Process)
{
    DWORD Exit = 0;
    BOOL Known = WaitForSingleObject(Process, INFINITE) != WAIT_FAILED && GetExitCodeProcess(Process, &Exit);
    DWORD Error = GetLastError();

    CloseHandle(Process);
    if (!Known)
        return Fail(Line, Name, (NTSTATUS)Error, NULL);
    if (Exit == 0)
        return TRUE;
    if (NT_SUCCESS((NTSTATUS)Exit) || NtStatusName((NTSTATUS)Exit) == NULL)
        printf("%s: %s: ended with exit status %u; what it printed says why\n", Line->Command, Name, Exit);
    else
        Fail(Line, Name, (NTSTATUS)Exit, "the program ended with this status");
    return FALSE;
}

BOOL RunCommand(const LINE *Line)
{
    DWORD Flags = Line->Unprivileged ? CREATE_UNPRIVILEGED : 0;
    PROCESS_INFORMATION Started;
    CHAR CommandLine[LONGEST_LINE];

    strcpy(CommandLine, Line->Rest);
    if (!CreateProcess(NULL, CommandLine, NULL, NULL, TRUE, Flags, NULL, NULL, NULL, &Started))
        return FailLast(Line, Line->Words[0]);
    if (!Line->Background)
        return FinishProcess(Line, Line->Words[0], Started.hProcess);
    printf("%s started, process %u\n", Line->Words[0], Started.dwProcessId);
    if (!KeepJob(&Started))
        CloseHandle(Started.hProcess);
    return TRUE;
}

BOOL WaitCommand(const LINE *Line)
{
    ULONG64 ProcessId;
    HANDLE Process;

    if (!ParseNumber(Line->Words[0], &ProcessId))
        return FailUsage(Line);
    Process = TakeJob((DWORD)ProcessId);
    if (Process == NULL)
        Process = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_INFORMATION, FALSE, (DWORD)ProcessId);
    return Process != NULL ? FinishProcess(Line, Line->Words[0], Process) : FailLast(Line, Line->Words[0]);
}

BOOL KillCommand(const LINE *Line)
{
    ULONG64 ProcessId;
    HANDLE Process;
    BOOL Good;

    if (!ParseNumber(Line->Words[0], &ProcessId))
        return FailUsage(Line);
    Process = OpenProcess(SYNCHRONIZE | PROCESS_TERMINATE, FALSE, (DWORD)ProcessId);
    if (Process == NULL)
        return FailLast(Line, Line->Words[0]);
    Good = TerminateProcess(Process, (UINT)STATUS_CANCELLED);
    if (!Good)
        FailLast(Line, Line->Words[0]);
    else
        WaitForSingleObject(Process, INFINITE);
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
