/*
 * hold PORT COMMAND: opens a port and, while it is open, runs a program with the console; then closes the port.
 *
 * So a session can see what a second opener of a port gets, and what two open ports do. Exit status: that of the program,
 * or 1 when the port does not open.
 */
#include <windows.h>
#include <ntdll.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    STARTUPINFOA Startup = {.cb = sizeof(Startup)};
    PROCESS_INFORMATION Process;
    char Path[32], Command[256] = "";
    HANDLE Port;
    DWORD Status = 1;

    if (argc < 3 || strlen(argv[1]) > 8) {
        printf("usage: hold PORT PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    for (int Index = 2; Index < argc; Index++) {
        SIZE_T Used = strlen(Command);
        _snprintf(Command + Used, sizeof(Command) - 1 - Used, "%s%s", Index > 2 ? " " : "", argv[Index]);
    }
    _snprintf(Path, sizeof(Path), "\\\\.\\%s", argv[1]);
    Port = CreateFileA(Path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (Port == INVALID_HANDLE_VALUE) {
        printf("hold: %s does not open: %s\n", argv[1], NtStatusName((NTSTATUS)GetLastError()));
        return 1;
    }
    printf("hold: %s is open\n", argv[1]);
    if (CreateProcessA(NULL, Command, NULL, NULL, FALSE, 0, NULL, NULL, &Startup, &Process)) {
        WaitForSingleObject(Process.hProcess, INFINITE);
        GetExitCodeProcess(Process.hProcess, &Status);
        CloseHandle(Process.hProcess);
    } else {
        printf("hold: '%s' does not start: %s\n", Command, NtStatusName((NTSTATUS)GetLastError()));
    }
    CloseHandle(Port);
    printf("hold: %s is closed\n", argv[1]);
    return Status;
}
