/* What a failed command says: which, about what, why, and what to do. */
#include "shell.h"

static const struct {
    NTSTATUS Status;
    PCSTR Advice;
} Advices[] = {
    {STATUS_PRIVILEGE_NOT_HELD, "run it from the console's shell, not with `run -u`"},
    {STATUS_ACCESS_DENIED, "somebody has it open, or it may not be used that way; `ps` lists the programs"},
    {STATUS_SHARING_VIOLATION, "somebody has it open; try again when that is closed"},
    {STATUS_DEVICE_BUSY, "close what is open on it and unlock its sections first"},
    {STATUS_INVALID_HANDLE, "give a handle that `lock` printed and that has not been unlocked"},
    {STATUS_OBJECT_TYPE_MISMATCH, "give a handle that `lock` printed"},
    {STATUS_INVALID_IMAGE_FORMAT, "build it again; the line above says what is wrong with it"},
    {STATUS_DRIVER_ENTRYPOINT_NOT_FOUND, "load the driver that exports it first; the line above names it"},
    {STATUS_IMAGE_ALREADY_LOADED, "unload it first"},
    {STATUS_INSUFFICIENT_RESOURCES, "end programs or unload drivers, or boot with a larger --mem"},
    {STATUS_NO_MEMORY, "end programs, or boot with a larger --mem"},
    {STATUS_COMMITMENT_LIMIT, "end programs, or boot with a larger --mem or pagefile="},
    {STATUS_DISK_FULL, "delete files, or boot with a larger --mem"},
    {STATUS_OBJECT_NAME_INVALID, "give a path like drivers/null.sys"},
    {STATUS_FILE_IS_A_DIRECTORY, "give a file; `dir` lists what is in the folder"},
    {STATUS_NOT_A_DIRECTORY, "give a folder; `type` prints a file"},
    {STATUS_INVALID_DEVICE_REQUEST, "this cannot be asked of it"},
    {STATUS_NOT_SUPPORTED, "the line above says why; ask it of another"},
};

/* What was asked for is not there. */
static const NTSTATUS Missing[] = {
    STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND, STATUS_NO_SUCH_FILE, STATUS_NO_SUCH_DEVICE,
    STATUS_NOT_FOUND, STATUS_INVALID_CID,
};

/* What to do about a status, or NULL. */
static PCSTR FindAdvice(PCSTR Name, NTSTATUS Status)
{
    const COMMAND *Command = FindCommand(Name);

    for (ULONG Index = 0; Index < ARRAYSIZE(Missing); Index++) {
        if (Missing[Index] == Status && Command != NULL)
            return Command->Find;
    }
    for (ULONG Index = 0; Index < ARRAYSIZE(Advices); Index++) {
        if (Advices[Index].Status == Status)
            return Advices[Index].Advice;
    }
    return NULL;
}

BOOL Fail(const LINE *Line, PCSTR Object, NTSTATUS Status, PCSTR Advice)
{
    PCSTR Name = NtStatusName(Status), Words = NtStatusWords(Status);

    if (Advice == NULL)
        Advice = FindAdvice(Line->Command, Status);
    if (Advice == NULL)
        Advice = "`help` says how the command is used";
    if (Name != NULL)
        printf("%s: %s: %s: %s; %s\n", Line->Command, Object, Name, Words, Advice);
    else
        printf("%s: %s: status 0x%08X; %s\n", Line->Command, Object, (ULONG)Status, Advice);
    return FALSE;
}

BOOL FailLast(const LINE *Line, PCSTR Object)
{
    return Fail(Line, Object, (NTSTATUS)GetLastError(), NULL);
}

BOOL FailUsage(const LINE *Line)
{
    printf("%s: usage: %s %s\n", Line->Command, Line->Command, FindCommand(Line->Command)->Arguments);
    return FALSE;
}

BOOL ParseNumber(PCSTR Text, ULONG64 *Number)
{
    char *End;

    *Number = strtoull(Text, &End, 0);
    return End != Text && *End == '\0';
}

BOOL ParseProcessId(PCSTR Text, ULONG64 *ProcessId)
{
    return ParseNumber(Text, ProcessId) && *ProcessId <= MAXULONG;
}
