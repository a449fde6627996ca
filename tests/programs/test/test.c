/*
 * test NAME [CASE] [seed=N] [minutes=M]: runs the cases of the test driver NAME, or one of them, and reports as TAP.
 *
 * seed: what cases that do things at random begin with, instead of another seed every time; their report names it.
 * minutes: cases that have a long form run that long, all of them together (tests/guest/lib/form.c).
 *
 * What did not hold is printed by the driver, as `# ` lines before the case's own. Exit status: 0 when all went well.
 */
#include <windows.h>
#include <ntdll.h>
#include <winioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../guest/lib/testioctl.h"

static PCSTR LastStatus(VOID)
{
    return NtStatusName((NTSTATUS)GetLastError());
}

/* Every request begins with the index of the case. */
static BOOL Ask(HANDLE Device, DWORD Code, const TEST_REQUEST *Request, PVOID Answer, DWORD Size)
{
    DWORD Returned;

    return DeviceIoControl(Device, Code, (PVOID)Request, sizeof(*Request), Answer, Size, &Returned, NULL) &&
           Returned == Size;
}

/* Prints what speaks against the case beside its own expectations. Returns whether nothing does. */
static BOOL IsClean(const TEST_RESULT *Result)
{
    BOOL Clean = TRUE;

    if (Result->Inconsistency[0] != '\0') {
        printf("# the memory manager is inconsistent: %s\n", Result->Inconsistency);
        Clean = FALSE;
    }
    if (Result->LeakedPages > 0 || Result->LeakedPoolBytes > 0 || Result->LeakedFrames > 0) {
        printf("# leaked in each of %u runs: %lld pages of commit, %lld bytes of pool, %lld frames\n", Result->Runs,
               Result->LeakedPages, Result->LeakedPoolBytes, Result->LeakedFrames);
        Clean = FALSE;
    }
    return Clean;
}

/* Runs one case and prints its line. Number: in the report, from 1. */
static BOOL RunCase(HANDLE Device, const TEST_REQUEST *Request, ULONG Number, const TEST_DESCRIPTION *Description)
{
    TEST_RESULT Result;
    BOOL Good;

    if (!Ask(Device, IOCTL_TEST_RUN, Request, &Result, sizeof(Result))) {
        printf("not ok %u - %s # could not be run: %s\n", Number, Description->Name, LastStatus());
        return FALSE;
    }
    Good = IsClean(&Result) && Result.Failures == 0;
    printf("%s %u - %s # %s\n", Good ? "ok" : "not ok", Number, Description->Name, Description->Statement);
    return Good;
}

/* Only: the one case to run, or NULL. */
static int RunAll(HANDLE Device, const char *Only, ULONG Seed, ULONG Minutes)
{
    TEST_REQUEST Request = {.Seed = Seed};
    TEST_DESCRIPTION Description;
    ULONG Count, Number = 0, Failed = 0;

    if (!Ask(Device, IOCTL_TEST_COUNT, &Request, &Count, sizeof(Count))) {
        printf("the driver does not say how many cases it has: %s\n", LastStatus());
        return 1;
    }
    printf("1..%u\n", Only != NULL ? 1 : Count);
    Request.Seconds = Minutes * 60 / (Only != NULL || Count == 0 ? 1 : Count);
    for (ULONG Index = 0; Index < Count; Index++) {
        Request.Index = Index;
        if (!Ask(Device, IOCTL_TEST_DESCRIBE, &Request, &Description, sizeof(Description))) {
            printf("not ok %u - the driver does not describe its case %u: %s\n", ++Number, Index, LastStatus());
            Failed++;
        } else if (Only == NULL || strcmp(Description.Name, Only) == 0) {
            Failed += !RunCase(Device, &Request, ++Number, &Description);
        }
    }
    if (Number == 0) {
        printf("no case '%s'\n", Only);
        return 1;
    }
    return Failed != 0;
}

/* Takes NAME=NUMBER apart. FALSE: it is not that. */
static BOOL NumberOption(const char *Argument, const char *Name, PULONG Value)
{
    SIZE_T Length = strlen(Name);
    char *End;

    if (strncmp(Argument, Name, Length) != 0 || Argument[Length] != '=' || Argument[Length + 1] == '\0') {
        return FALSE;
    }
    *Value = (ULONG)strtoull(Argument + Length + 1, &End, 10);
    return *End == '\0';
}

int main(int argc, char **argv)
{
    const char *Only = NULL;
    ULONG Seed = 0, Minutes = 0;
    char Path[64];
    HANDLE Device;
    int Status;

    for (int i = 2; i < argc; i++) {
        if (NumberOption(argv[i], "seed", &Seed) || NumberOption(argv[i], "minutes", &Minutes)) {
            continue;
        }
        if (Only != NULL || strchr(argv[i], '=') != NULL) {
            argc = 0;
        }
        Only = argv[i];
    }
    if (argc < 2 || strlen(argv[1]) > 32 || Minutes > 10000) {
        printf("usage: test NAME [CASE] [seed=N] [minutes=M]\n");
        return 2;
    }
    _snprintf(Path, sizeof(Path), "\\\\.\\Test%s", argv[1]);
    Device = CreateFileA(Path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (Device == INVALID_HANDLE_VALUE) {
        printf("%s does not open (%s): load its driver first: load %s\n", Path, LastStatus(), argv[1]);
        return 2;
    }
    Status = RunAll(Device, Only, Seed, Minutes);
    CloseHandle(Device);
    return Status;
}
