/*
 * Ports: talking, sending, receiving. A port is opened for overlapped transfers, because one thread reads from it while
 * another writes.
 */
#include "shell.h"

#define PIECE (16 * 1024)
#define STOP_WAIT 50                    /* ms between two tries to end the reader */

/* Opens \\.\PORT. */
static HANDLE OpenPort(PCSTR Name)
{
    CHAR Path[64];

    _snprintf(Path, sizeof(Path), "\\\\.\\%s", Name);
    Path[sizeof(Path) - 1] = '\0';
    return CreateFile(Path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
}

/*
 * A read ends as soon as there is a byte (MAXDWORD twice and a constant: "COMMTIMEOUTS"). What is no serial port has no
 * time-outs and reads as it likes.
 */
static VOID ReadWhatComes(HANDLE Port)
{
    COMMTIMEOUTS Timeouts = {MAXDWORD, MAXDWORD, MAXDWORD - 1, 0, 0};

    SetCommTimeouts(Port, &Timeouts);
}

/* A read ends when all that was asked for has come. */
static VOID ReadAll(HANDLE Port)
{
    COMMTIMEOUTS Timeouts = {0};

    SetCommTimeouts(Port, &Timeouts);
}

/* What the reader of `open` works with. */
typedef struct _TALK {
    HANDLE Port;
    volatile BOOL Stop;
} TALK;

/* Prints what arrives, until it is told to stop or the port fails. */
static DWORD TalkReader(LPVOID Context)
{
    TALK *Talk = Context;
    OVERLAPPED Overlapped = {0};
    CHAR Buffer[256];
    DWORD Length, Written;

    while (!Talk->Stop) {
        if (!ReadFile(Talk->Port, Buffer, sizeof(Buffer), &Length, &Overlapped))
            return GetLastError();
        if (Length != 0)
            WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), Buffer, Length, &Written, NULL);
    }
    return 0;
}

/* Cancels the reader's read, as often as it takes: it may have been just about to begin one. */
static VOID StopReader(TALK *Talk, HANDLE Reader)
{
    Talk->Stop = TRUE;
    do {
        CancelIoEx(Talk->Port, NULL);
    } while (WaitForSingleObject(Reader, STOP_WAIT) == WAIT_TIMEOUT);
    CloseHandle(Reader);
}

/* Typed lines go out, until one is a dot or Ctrl-C comes. */
static BOOL TalkWriter(const LINE *Line, TALK *Talk)
{
    OVERLAPPED Overlapped = {0};
    CHAR Text[LONGEST_LINE];
    CANCELLER Guard;
    DWORD Length, Written;
    BOOL Good = TRUE;

    BeginCancelling(&Guard, Talk->Port);
    while (Good && gets_s(Text, sizeof(Text) - 2) != NULL && strcmp(Text, ".") != 0) {
        if (Text[0] == '!') {
            /* The command has Ctrl-C for itself. */
            EndCancelling(&Guard);
            Execute("", Text + 1);
            BeginCancelling(&Guard, Talk->Port);
            continue;
        }
        strcat(Text, "\r\n");
        Length = (DWORD)strlen(Text);
        if (!WriteFile(Talk->Port, Text, Length, &Written, &Overlapped))
            Good = FailLast(Line, Line->Words[0]);
    }
    EndCancelling(&Guard);
    return Good;
}

BOOL OpenCommand(const LINE *Line)
{
    TALK Talk = {OpenPort(Line->Words[0]), FALSE};
    HANDLE Reader;
    BOOL Good;

    if (Talk.Port == INVALID_HANDLE_VALUE)
        return FailLast(Line, Line->Words[0]);
    ReadWhatComes(Talk.Port);
    Reader = CreateThread(NULL, 0, TalkReader, &Talk, 0, NULL);
    if (Reader == NULL) {
        Good = FailLast(Line, Line->Words[0]);
    } else {
        printf("%s open\n", Line->Words[0]);
        Good = TalkWriter(Line, &Talk);
        StopReader(&Talk, Reader);
        printf("%s closed\n", Line->Words[0]);
    }
    CloseHandle(Talk.Port);
    return Good;
}

/* Moves a file's bytes through a port in large pieces. Count: bytes to receive; 0: send the file whole. */
static BOOL MoveBytes(const LINE *Line, HANDLE Port, HANDLE File, PVOID Buffer, BOOL Receive, ULONG64 Count)
{
    PCSTR From = Line->Words[Receive ? 0 : 1], To = Line->Words[Receive ? 1 : 0];
    OVERLAPPED Overlapped = {0};
    ULONG64 Done = 0;
    ULONG Crc = 0;
    DWORD Length, Written;

    /* What comes before a port is open is lost: now the far end may send. */
    if (Receive)
        printf("%s open, waiting for %llu bytes\n", From, Count);
    while (!Receive || Done < Count) {
        DWORD Wanted = Receive ? (DWORD)min(Count - Done, (ULONG64)PIECE) : PIECE;
        if (!ReadFile(Receive ? Port : File, Buffer, Wanted, &Length, Receive ? &Overlapped : NULL))
            return FailLast(Line, From);
        if (Length == 0)
            break;
        for (DWORD Offset = 0; Offset < Length; Offset += Written) {
            if (!WriteFile(Receive ? File : Port, (PCHAR)Buffer + Offset, Length - Offset, &Written,
                           Receive ? NULL : &Overlapped))
                return FailLast(Line, To);
            if (Written == 0)
                return Fail(Line, To, Receive ? STATUS_DISK_FULL : STATUS_IO_DEVICE_ERROR, NULL);
        }
        Crc = RtlCrc32(Crc, Buffer, Length);
        Done += Length;
    }
    printf("%llu bytes, CRC-32 %08x\n", Done, Crc);
    return TRUE;
}

static BOOL Transfer(const LINE *Line, BOOL Receive, ULONG64 Count)
{
    HANDLE File, Port = OpenPort(Line->Words[0]);
    CANCELLER Guard;
    PVOID Buffer;
    BOOL Good;

    if (Port == INVALID_HANDLE_VALUE)
        return FailLast(Line, Line->Words[0]);
    ReadAll(Port);
    File = CreateFile(Line->Words[1], Receive ? GENERIC_WRITE : GENERIC_READ, Receive ? 0 : FILE_SHARE_READ, NULL,
                      Receive ? CREATE_ALWAYS : OPEN_EXISTING, 0, NULL);
    if (File == INVALID_HANDLE_VALUE) {
        Good = FailLast(Line, Line->Words[1]);
    } else {
        Buffer = malloc(PIECE);
        BeginCancelling(&Guard, Port);
        Good = Buffer != NULL ? MoveBytes(Line, Port, File, Buffer, Receive, Count)
                              : Fail(Line, Line->Words[1], STATUS_NO_MEMORY, NULL);
        EndCancelling(&Guard);
        free(Buffer);
        CloseHandle(File);
    }
    CloseHandle(Port);
    return Good;
}

BOOL SendCommand(const LINE *Line)
{
    return Transfer(Line, FALSE, 0);
}

BOOL ReceiveCommand(const LINE *Line)
{
    ULONG64 Count;

    return ParseNumber(Line->Words[2], &Count) ? Transfer(Line, TRUE, Count) : FailUsage(Line);
}
