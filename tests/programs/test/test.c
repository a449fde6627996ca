/*
 * test NAME [CASE]: runs the cases of the test driver NAME, or one of them, and reports as TAP.
 *
 * What did not hold is printed by the driver, as `# ` lines before the case's own. Exit status: 0 when all went well.
 */
#include <windows.h>
#include <ntdll.h>
#include <winioctl.h>
#include <stdio.h>
#include <string.h>

#include "../../guest/lib/testioctl.h"

static PCSTR LastStatus(VOID)
{
    return NtStatusName((NTSTATUS)GetLastError());
}

static BOOL Ask(HANDLE Device, DWORD Code, ULONG Index, PVOID Answer, DWORD Size)
{
    DWORD Returned;

    return DeviceIoControl(Device, Code, &Index, sizeof(Index), Answer, Size, &Returned, NULL) && Returned == Size;
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
static BOOL RunCase(HANDLE Device, ULONG Index, ULONG Number, const TEST_DESCRIPTION *Description)
{
    TEST_RESULT Result;
    BOOL Good;

    if (!Ask(Device, IOCTL_TEST_RUN, Index, &Result, sizeof(Result))) {
        printf("not ok %u - %s # could not be run: %s\n", Number, Description->Name, LastStatus());
        return FALSE;
    }
    Good = IsClean(&Result) && Result.Failures == 0;
    printf("%s %u - %s # %s\n", Good ? "ok" : "not ok", Number, Description->Name, Description->Statement);
    return Good;
}

static int RunAll(HANDLE Device, const char *Only)
{
    TEST_DESCRIPTION Description;
    ULONG Count, Number = 0, Failed = 0;

    if (!Ask(Device, IOCTL_TEST_COUNT, 0, &Count, sizeof(Count))) {
        printf("the driver does not say how many cases it has: %s\n", LastStatus());
        return 1;
    }
    printf("1..%u\n", Only != NULL ? 1 : Count);
    for (ULONG Index = 0; Index < Count; Index++) {
        if (!Ask(Device, IOCTL_TEST_DESCRIBE, Index, &Description, sizeof(Description))) {
            printf("not ok %u - the driver does not describe its case %u: %s\n", ++Number, Index, LastStatus());
            Failed++;
        } else if (Only == NULL || strcmp(Description.Name, Only) == 0) {
            Failed += !RunCase(Device, Index, ++Number, &Description);
        }
    }
    if (Number == 0) {
        printf("no case '%s'\n", Only);
        return 1;
    }
    return Failed != 0;
}

int main(int argc, char **argv)
{
    char Path[64];
    HANDLE Device;
    int Status;

    if (argc < 2 || argc > 3 || strlen(argv[1]) > 32) {
        printf("usage: test NAME [CASE]\n");
        return 2;
    }
    _snprintf(Path, sizeof(Path), "\\\\.\\Test%s", argv[1]);
    Device = CreateFileA(Path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (Device == INVALID_HANDLE_VALUE) {
        printf("%s does not open (%s): load its driver first: load %s\n", Path, LastStatus(), argv[1]);
        return 2;
    }
    Status = RunAll(Device, argc == 3 ? argv[2] : NULL);
    CloseHandle(Device);
    return Status;
}
