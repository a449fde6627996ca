/*
 * The shell: reads lines from the console, the start-up script or the boot option `run`, and carries them out.
 *
 * A command is one entry in the table of commands.c and a routine here. It prints a table with a header line, or with
 * -j the same as JSON in one line; what goes wrong is one line that names command, object and status and says what to
 * do. It returns whether it succeeded.
 */
#pragma once

#include <windows.h>
#include <ntdll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_WORDS 32
#define LONGEST_LINE 1024

/* A line, cut into words. */
typedef struct _LINE {
    PCSTR Command;
    ULONG Count;                        /* words behind the command, options taken out */
    PSTR Words[MOST_WORDS];
    BOOL Json;                          /* -j */
    BOOL Unprivileged;                  /* -u */
    BOOL Background;                    /* & at the end */
    PCSTR Rest;                         /* the line behind the command as it was typed, options and & taken off */
} LINE;

typedef BOOL COMMAND_ROUTINE(const LINE *Line);

typedef struct _COMMAND {
    PCSTR Name;
    PCSTR Arguments;
    ULONG Least, Most;                  /* words it takes */
    COMMAND_ROUTINE *Routine;
    PCSTR Words;                        /* for help */
    PCSTR Find;                         /* where to look for what was not found; NULL: it looks for nothing */
} COMMAND;

extern const COMMAND Commands[];
extern const ULONG CommandCount;
/* The entry of that name, or NULL. */
const COMMAND *FindCommand(PCSTR Name);

/* shell.c */
/* Carries out one line; Where is put in front of an error that is the line's own, "" for a typed one. */
BOOL Execute(PCSTR Where, PCSTR Text);
/* The same for several, between semicolons; Echo: as if each had been typed. Goes on after a failure. */
BOOL ExecuteAll(PCSTR Text, BOOL Echo);

/* fail.c */
/*
 * Prints "command: object: STATUS_NAME: what it means; what to do". Advice NULL: by the command or the status. Returns
 * FALSE.
 */
BOOL Fail(const LINE *Line, PCSTR Object, NTSTATUS Status, PCSTR Advice);
/* The same with the last error of the library. */
BOOL FailLast(const LINE *Line, PCSTR Object);
/* A line that says how the command is used. Returns FALSE. */
BOOL FailUsage(const LINE *Line);

/* control.c */
/* From here on a Ctrl-C ends WaitUnlessControlC; it has not come yet. */
VOID ListenForControlC(VOID);
/* From here on a Ctrl-C is the prompt's. */
VOID IgnoreControlC(VOID);
/* Waits for an object. FALSE: Ctrl-C came first. */
BOOL WaitUnlessControlC(HANDLE Object);
/* Between these two a Ctrl-C cancels what is under way on a port and on standard input. */
typedef struct _CANCELLER {
    HANDLE Port, Done, Thread;
} CANCELLER;
VOID BeginCancelling(CANCELLER *Guard, HANDLE Port);
VOID EndCancelling(CANCELLER *Guard);

/* json.c: text that grows, printed in one piece. Out of memory it stays as it is and prints what it has. */
typedef struct _JSON {
    PSTR Text;
    SIZE_T Length, Size;
} JSON;
VOID JsonAdd(JSON *Json, PCSTR Format, ...) __attribute__((format(printf, 2, 3)));
/* A string in quotes, with what needs it escaped. */
VOID JsonString(JSON *Json, PCSTR Text);
/* Prints it as a line and frees it. */
VOID JsonPrint(JSON *Json);

/* list.c: lists whose length the system knows. */
typedef NTSTATUS LIST_QUERY(PVOID Context, PVOID Buffer, ULONG Length, PULONG Returned);
/* The list in memory that the caller frees, and its length in bytes. */
NTSTATUS QueryList(LIST_QUERY *Query, PVOID Context, PVOID *List, PULONG Length);
NTSTATUS QuerySystemList(ULONG Class, PVOID *List, PULONG Length);

/* A number argument. FALSE: it is none. */
BOOL ParseNumber(PCSTR Text, ULONG64 *Number);
/* The same for a process, whose number has 32 bits. */
BOOL ParseProcessId(PCSTR Text, ULONG64 *ProcessId);
/* CRC-32 of zlib and Ethernet, from the library. */
ULONG RtlCrc32(ULONG Crc, const VOID *Buffer, SIZE_T Length);

/* The routines in the table. */
COMMAND_ROUTINE HelpCommand, DriversCommand, SectionsCommand, LoadCommand, UnloadCommand, LockCommand, UnlockCommand,
    PageCommand, ResetCommand, TrimCommand, MemCommand, PagefileCommand, PoolUsedCommand, PsCommand, DirCommand,
    TypeCommand, DelCommand, CopyCommand, SumCommand, RunCommand, WaitCommand, KillCommand, OpenCommand, SendCommand,
    ReceiveCommand, IrqlCommand,
    BugCheckCommand, ShutdownCommand;
