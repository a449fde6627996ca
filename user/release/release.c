/* release EVENT: signals a named event, for which a program like keep waits. */
#include <windows.h>
#include <ntdll.h>
#include <stdio.h>
#include <stdlib.h>

int main(int Count, char **Words)
{
    HANDLE Event;

    if (Count != 2) {
        printf("release: usage: release EVENT\n");
        return EXIT_FAILURE;
    }
    Event = OpenEvent(EVENT_MODIFY_STATE, FALSE, Words[1]);
    if (Event == NULL || !SetEvent(Event)) {
        PCSTR Name = NtStatusName((NTSTATUS)GetLastError());
        printf("release: %s: %s; nobody waits under that name\n", Words[1], Name != NULL ? Name : "unknown status");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
