/*
 * keep PORT EVENT: opens a port and keeps it open until somebody signals the named event (release EVENT).
 */
#include <windows.h>
#include <ntdll.h>
#include <stdio.h>
#include <stdlib.h>

static int Failed(PCSTR What)
{
    PCSTR Name = NtStatusName((NTSTATUS)GetLastError());

    printf("keep: %s: %s\n", What, Name != NULL ? Name : "unknown status");
    return EXIT_FAILURE;
}

int main(int Count, char **Words)
{
    CHAR Path[64];
    HANDLE Port, Event;

    if (Count != 3) {
        printf("keep: usage: keep PORT EVENT\n");
        return EXIT_FAILURE;
    }
    Event = CreateEvent(NULL, TRUE, FALSE, Words[2]);
    if (Event == NULL)
        return Failed(Words[2]);
    sprintf_s(Path, sizeof(Path), "\\\\.\\%s", Words[1]);
    Port = CreateFile(Path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (Port == INVALID_HANDLE_VALUE)
        return Failed(Words[1]);
    printf("%s kept open\n", Words[1]);
    if (WaitForSingleObject(Event, INFINITE) == WAIT_FAILED)
        return Failed(Words[2]);
    CloseHandle(Port);
    printf("%s closed\n", Words[1]);
    return EXIT_SUCCESS;
}
