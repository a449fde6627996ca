/* Lists whose length the system knows: asked for with ever more room until they fit. */
#include "shell.h"

NTSTATUS QueryList(LIST_QUERY *Query, PVOID Context, PVOID *List, PULONG Length)
{
    ULONG Room = 4096;
    NTSTATUS Status;

    for (;;) {
        *List = malloc(Room);
        if (*List == NULL)
            return STATUS_NO_MEMORY;
        Status = Query(Context, *List, Room, Length);
        if (NT_SUCCESS(Status))
            return Status;
        free(*List);
        *List = NULL;
        if (Status != STATUS_BUFFER_TOO_SMALL)
            return Status;
        /* It may grow until the next try. */
        Room = *Length + *Length / 4;
    }
}

static NTSTATUS QuerySystem(PVOID Class, PVOID Buffer, ULONG Length, PULONG Returned)
{
    return NtQuerySystemInformation(*(PULONG)Class, Buffer, Length, Returned);
}

NTSTATUS QuerySystemList(ULONG Class, PVOID *List, PULONG Length)
{
    return QueryList(QuerySystem, &Class, List, Length);
}
