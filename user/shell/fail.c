/* What a failed command says: which, about what, why, and what to do. */
#include "shell.h"

static const struct {
    NTSTATUS Status;
    PCSTR Advice;
} Advices[] = {
    {STATUS_PRIVILEGE_NOT_HELD, "run it from the console's shell, not with `run -u`"},
    {STATUS_OBJECT_NAME_NOT_FOUND, "`dir` lists files, `drivers` and `sections` what is loaded"},
    {STATUS_OBJECT_PATH_NOT_FOUND, "`dir` lists the folders"},
    {STATUS_NO_SUCH_FILE, "`dir` lists the files"},
    {STATUS_NOT_FOUND, "`drivers` lists what is loaded"},
    {STATUS_NO_SUCH_DEVICE, "`drivers` lists what is loaded; load its driver first"},
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
    {STATUS_INVALID_CID, "`ps` lists the processes"},
    {STATUS_OBJECT_NAME_INVALID, "give a path like drivers/null.sys"},
    {STATUS_FILE_IS_A_DIRECTORY, "give a file; `dir` lists what is in the folder"},
    {STATUS_NOT_A_DIRECTORY, "give a folder; `type` prints a file"},
    {STATUS_INVALID_DEVICE_REQUEST, "this cannot be asked of it"},
};

BOOL Fail(const LINE *Line, PCSTR Object, NTSTATUS Status, PCSTR Advice)
{
    PCSTR Name = NtStatusName(Status), Words = NtStatusWords(Status);

    for (ULONG Index = 0; Advice == NULL && Index < ARRAYSIZE(Advices); Index++) {
        if (Advices[Index].Status == Status)
            Advice = Advices[Index].Advice;
    }
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
    for (ULONG Index = 0; Index < CommandCount; Index++) {
        if (strcmp(Commands[Index].Name, Line->Command) == 0)
            printf("%s: usage: %s %s\n", Line->Command, Line->Command, Commands[Index].Arguments);
    }
    return FALSE;
}

BOOL ParseNumber(PCSTR Text, ULONG64 *Number)
{
    char *End;

    *Number = strtoull(Text, &End, 0);
    return End != Text && *End == '\0';
}

BOOL HelpCommand(const LINE *Line)
{
    BOOL Found = FALSE;

    if (Line->Count == 0)
        printf("%-10s %-32s %s\n", "command", "arguments", "what it does");
    for (ULONG Index = 0; Index < CommandCount; Index++) {
        const COMMAND *Command = &Commands[Index];
        if (Line->Count == 0 || strcmp(Command->Name, Line->Words[0]) == 0) {
            printf("%-10s %-32s %s\n", Command->Name, Command->Arguments, Command->Words);
            Found = TRUE;
        }
    }
    if (!Found)
        printf("help: %s: unknown command; `help` lists what there is\n", Line->Words[0]);
    return Found;
}
