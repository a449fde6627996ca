/*
 * hold PORT: opens a port and keeps it open until the program is killed, so that a session can see what a second opener
 * gets and what two open ports do.
 */
#include <windows.h>
#include <ntdll.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    char Path[32];

    if (argc != 2 || strlen(argv[1]) > 8) {
        printf("usage: hold PORT\n");
        return 2;
    }
    _snprintf(Path, sizeof(Path), "\\\\.\\%s", argv[1]);
    if (CreateFileA(Path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL) == INVALID_HANDLE_VALUE) {
        printf("hold: %s does not open: %s\n", argv[1], NtStatusName((NTSTATUS)GetLastError()));
        return 1;
    }
    printf("hold: %s is open\n", argv[1]);
    Sleep(INFINITE);
    return 0;
}
