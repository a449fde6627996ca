/*
 * Two processes that share more than the machine has.
 */
#include "views.h"

/* Two processes count up in words of their own beside each other, in every page. */
int Stress(PCSTR Name, ULONG Mib, ULONG Rounds, BOOL Child)
{
    ULONG Pages = Mib << 8, Wrong = 0;
    HANDLE Mapping = CreateFileMapping(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, Pages * PAGE, Name);
    ULONGLONG *View = Mapping != NULL ? MapViewOfFile(Mapping, FILE_MAP_WRITE, 0, 0, 0) : NULL;
    PROCESS_INFORMATION Other = {.hProcess = NULL};
    CHAR CommandLine[96];
    DWORD Exit = 0;

    if (View == NULL) {
        printf("views: %u MiB are not to be had: %s\n", Mib, NtStatusName((NTSTATUS)GetLastError()));
        return 1;
    }
    sprintf_s(CommandLine, sizeof(CommandLine), "views stress %u %u child", Mib, Rounds);
    if (!Child && !CreateProcess(SELF, CommandLine, NULL, NULL, FALSE, 0, NULL, NULL, NULL, &Other))
        return 1;
    for (ULONG Round = 0; Round < Rounds; Round++) {
        for (ULONG Page = 0; Page < Pages; Page++) {
            volatile ULONGLONG *Mine = &View[(ULONGLONG)Page * 512 + (Child ? 1 : 0) + Page * 7 % 500];
            Wrong += *Mine != (Round == 0 ? 0 : Word(Page, Round * 2 + Child));
            *Mine = Word(Page, (Round + 1) * 2 + Child);
        }
    }
    if (!Child) {
        WaitForSingleObject(Other.hProcess, INFINITE);
        GetExitCodeProcess(Other.hProcess, &Exit);
        printf("views: %u MiB shared, %u rounds, %u words wrong here, %u there\n", Mib, Rounds, Wrong, (ULONG)Exit);
    }
    return Wrong != 0 || Exit != 0;
}
