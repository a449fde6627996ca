/*
 * keep PORT EVENT: opens a port and keeps it open until somebody signals the named event (release EVENT).
 */
#include <windows.h>
#include <ntdll.h>
#include <stdio.h>
#include <stdlib.h>

static int Failed(PCSTR What)
{
    NTSTATUS Status = (NTSTATUS)GetLastError();
    PCSTR Name = NtStatusName(Status);

    printf("keep: %s: %s; %s\n", What, Name != NULL ? Name : "unknown status",
           Status == STATUS_ACCESS_DENIED ? "somebody has it open: try again when that is closed"
                                          : "the ports are com2, com3 and com4, and serial must be loaded");
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
