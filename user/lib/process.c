/* Processes: starting, asking, ending. */
#include "sdk.h"

/*
 * The program that a command line's first word means: a path when it has a slash; else it is in bin, and .exe may be
 * left out.
 */
static NTSTATUS SdkProgramPath(LPCSTR CommandLine, SDK_PATH *Path)
{
    CHAR Word[MAX_PATH], Name[MAX_PATH];
    SIZE_T Length;

    if (CommandLine == NULL)
        return STATUS_INVALID_PARAMETER;
    CommandLine += strspn(CommandLine, " \t\"");
    Length = strcspn(CommandLine, " \t\"");
    if (Length >= MAX_PATH - sizeof("bin/.exe"))
        return STATUS_OBJECT_NAME_INVALID;
    memcpy(Word, CommandLine, Length);
    Word[Length] = '\0';
    if (strpbrk(Word, "/\\") != NULL)
        return SdkPath(Word, Path);
    _snprintf(Name, sizeof(Name), "bin/%s%s", Word, strchr(Word, '.') != NULL ? "" : ".exe");
    return SdkPath(Name, Path);
}

BOOL CreateProcessA(LPCSTR ApplicationName, LPSTR CommandLine, LPSECURITY_ATTRIBUTES ProcessAttributes,
                    LPSECURITY_ATTRIBUTES ThreadAttributes, BOOL InheritHandles, DWORD CreationFlags,
                    LPVOID Environment, LPCSTR CurrentDirectory, LPSTARTUPINFOA StartupInfo,
                    LPPROCESS_INFORMATION ProcessInformation)
{
    PROCESS_START Start = {.CommandLine = CommandLine != NULL ? CommandLine : ApplicationName};
    SDK_PATH Path;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(ProcessAttributes);
    UNREFERENCED_PARAMETER(ThreadAttributes);
    UNREFERENCED_PARAMETER(InheritHandles);
    UNREFERENCED_PARAMETER(Environment);
    UNREFERENCED_PARAMETER(CurrentDirectory);
    Start.StandardInput = SdkParameters->StandardInput;
    Start.StandardOutput = SdkParameters->StandardOutput;
    if (StartupInfo != NULL && (StartupInfo->dwFlags & STARTF_USESTDHANDLES) != 0) {
        Start.StandardInput = StartupInfo->hStdInput;
        Start.StandardOutput = StartupInfo->hStdOutput;
    }
    if (CreationFlags & CREATE_UNPRIVILEGED)
        Start.Flags = PROCESS_START_UNPRIVILEGED;
    Status = ApplicationName != NULL ? SdkPath(ApplicationName, &Path) : SdkProgramPath(CommandLine, &Path);
    if (!NT_SUCCESS(Status))
        return SdkResult(Status);
    Start.ImagePath = Path.Name;
    Status = NtCreateUserProcess(&ProcessInformation->hProcess, &Start);
    ProcessInformation->hThread = NULL;
    ProcessInformation->dwProcessId = (DWORD)Start.ProcessId;
    ProcessInformation->dwThreadId = 0;
    return SdkResult(Status);
}

HANDLE OpenProcess(DWORD DesiredAccess, BOOL Inherit, DWORD ProcessId)
{
    CLIENT_ID ClientId = {ULongToHandle(ProcessId), NULL};
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Process;

    UNREFERENCED_PARAMETER(Inherit);
    InitializeObjectAttributes(&Attributes, NULL, 0, NULL, NULL);
    return SdkResult(NtOpenProcess(&Process, DesiredAccess, &Attributes, &ClientId)) ? Process : NULL;
}

BOOL TerminateProcess(HANDLE Process, UINT ExitCode)
{
    return SdkResult(NtTerminateProcess(Process, (NTSTATUS)ExitCode));
}

BOOL GetExitCodeProcess(HANDLE Process, LPDWORD ExitCode)
{
    PROCESS_BASIC_INFORMATION Basic;

    if (!SdkResult(NtQueryInformationProcess(Process, ProcessBasicInformation, &Basic, sizeof(Basic), NULL)))
        return FALSE;
    *ExitCode = (DWORD)Basic.ExitStatus;
    return TRUE;
}

HANDLE GetCurrentProcess(VOID)
{
    return NtCurrentProcess();
}

DWORD GetCurrentProcessId(VOID)
{
    return (DWORD)SdkParameters->ProcessId;
}
