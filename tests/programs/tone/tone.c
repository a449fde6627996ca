/* tone HERTZ MILLISECONDS: sounds the speaker. */
#include <windows.h>
#include <ntdll.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc != 3) {
        printf("usage: tone HERTZ MILLISECONDS\n");
        return 2;
    }
    if (!Beep((DWORD)atoi(argv[1]), (DWORD)atoi(argv[2]))) {
        printf("tone: %s\n", NtStatusName((NTSTATUS)GetLastError()));
        return 1;
    }
    printf("tone: done\n");
    return 0;
}
