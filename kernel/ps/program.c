/*
 * Program start: a file of bytes becomes a process. First everything is read and checked, then the process is made and
 * filled, and only when nothing can fail any more does its first thread run. A failure before leaves nothing behind.
 */
#include "ps/psp.h"
#include "ldr/ldrelf.h"

#define PSP_LARGEST_FILE (64 * 1024 * 1024)

/* What the new process is filled from. */
typedef struct _PSP_PROGRAM {
    PVOID File;                         /* its bytes, paged pool */
    SIZE_T FileSize;
    LDR_ELF_PROGRAM Image;
    PROCESS_PARAMETERS Parameters;
} PSP_PROGRAM, *PPSP_PROGRAM;

/* The file's bytes, copied so that nobody changes them while they are checked and used. */
static PAGED_CODE_SECTION NTSTATUS PspReadFile(HANDLE File, PPSP_PROGRAM Program)
{
    FILE_STANDARD_INFORMATION Standard;
    LARGE_INTEGER Start = {.QuadPart = 0};
    IO_STATUS_BLOCK Iosb;
    NTSTATUS Status = ZwQueryInformationFile(File, &Iosb, &Standard, sizeof(Standard), FileStandardInformation);

    if (!NT_SUCCESS(Status))
        return Status;
    if ((ULONG64)Standard.EndOfFile.QuadPart > PSP_LARGEST_FILE)
        return STATUS_SECTION_TOO_BIG;
    if (Standard.EndOfFile.QuadPart == 0)
        return STATUS_INVALID_IMAGE_FORMAT;
    Program->FileSize = (SIZE_T)Standard.EndOfFile.QuadPart;
    Program->File = ExAllocatePoolWithTag(PagedPool, Program->FileSize, PSP_TAG);
    if (Program->File == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = ZwReadFile(File, NULL, NULL, NULL, &Iosb, Program->File, (ULONG)Program->FileSize, &Start, NULL);
    Program->FileSize = Iosb.Information;
    return Status;
}

static PAGED_CODE_SECTION NTSTATUS PspOpenAndRead(PCUNICODE_STRING Path, PPSP_PROGRAM Program)
{
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Iosb;
    HANDLE File;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, (PUNICODE_STRING)Path, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    Status = ZwOpenFile(&File, FILE_READ_DATA | SYNCHRONIZE, &Attributes, &Iosb, FILE_SHARE_READ,
                        FILE_NON_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = PspReadFile(File, Program);
    ZwClose(File);
    return Status;
}

/* "\SystemRoot\bin\shell.exe" -> "shell.exe", cut to what fits. */
static PAGED_CODE_SECTION VOID PspProgramName(PCUNICODE_STRING Path, PCHAR Name)
{
    ULONG Count = Path->Length / sizeof(WCHAR), First = Count, Length;

    while (First > 0 && Path->Buffer[First - 1] != '\\' && Path->Buffer[First - 1] != '/')
        First--;
    Length = min(Count - First, PROCESS_NAME_LENGTH - 1);
    for (ULONG Index = 0; Index < Length; Index++) {
        WCHAR Character = Path->Buffer[First + Index];
        Name[Index] = (CHAR)(Character >= ' ' && Character < 0x7F ? Character : '?');
    }
    Name[Length] = '\0';
}

/* The protection of a segment's pages; both writable and executable was refused by the validator. */
static PAGED_CODE_SECTION ULONG PspSegmentProtection(const LDR_ELF_SEGMENT *Segment)
{
    if (Segment->Protection & LDR_EXECUTE)
        return PAGE_EXECUTE_READ;
    return Segment->Protection & LDR_WRITE ? PAGE_READWRITE : PAGE_READONLY;
}

/*
 * One segment: committed, filled from the file, given its protection. Pages that the file does not reach stay
 * demand-zero. The caller is attached to the new process.
 */
static PAGED_CODE_SECTION NTSTATUS PspMapSegment(PMM_ADDRESS_SPACE Space, const LDR_ELF_SEGMENT *Segment,
                                                 const UCHAR *File)
{
    ULONG_PTR Base = ALIGN_DOWN_BY(Segment->Address, PAGE_SIZE);
    SIZE_T Size = ROUND_TO_PAGES(Segment->Address + Segment->MemorySize) - Base;
    ULONG Protection = PspSegmentProtection(Segment), Old;
    NTSTATUS Status = MmAllocateVirtualMemory(Space, &Base, &Size, MEM_COMMIT, PAGE_READWRITE);

    if (NT_SUCCESS(Status) && Segment->FileSize != 0)
        Status = MmCopyToUser((USER_ADDRESS){Segment->Address}, File + Segment->FileOffset, Segment->FileSize);
    if (NT_SUCCESS(Status) && Protection != PAGE_READWRITE)
        Status = MmProtectVirtualMemory(Space, &Base, &Size, Protection, &Old);
    return Status;
}

/* Reserves what the image spans: segments lie closer together than reservations of their own could. */
static PAGED_CODE_SECTION NTSTATUS PspReserveImage(PMM_ADDRESS_SPACE Space, const LDR_ELF_PROGRAM *Image)
{
    ULONG_PTR Base = MM_HIGHEST_USER_ADDRESS, End = 0;
    SIZE_T Size;

    for (ULONG Index = 0; Index < Image->SegmentCount; Index++) {
        Base = min(Base, ALIGN_DOWN_BY(Image->Segments[Index].Address, PAGE_SIZE));
        End = max(End, Image->Segments[Index].Address + Image->Segments[Index].MemorySize);
    }
    Size = End - Base;
    return MmAllocateVirtualMemory(Space, &Base, &Size, MEM_RESERVE, PAGE_READWRITE);
}

/* The page that tells the program who it is. */
static PAGED_CODE_SECTION NTSTATUS PspMapParameters(PEPROCESS Process, const PROCESS_PARAMETERS *Parameters)
{
    PMM_ADDRESS_SPACE Space = &Process->AddressSpace;
    ULONG_PTR Base = 0;
    SIZE_T Size = sizeof(*Parameters);
    ULONG Old;
    NTSTATUS Status = MmAllocateVirtualMemory(Space, &Base, &Size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = MmCopyToUser((USER_ADDRESS){Base}, Parameters, sizeof(*Parameters));
    if (NT_SUCCESS(Status))
        Status = MmProtectVirtualMemory(Space, &Base, &Size, PAGE_READONLY, &Old);
    Process->Parameters = Base;
    return Status;
}

/* Fills the new process' memory, seen from inside: the copies go the way of any program's memory and may fault. */
static PAGED_CODE_SECTION NTSTATUS PspFillProcess(PEPROCESS Process, PPSP_PROGRAM Program)
{
    KAPC_STATE ApcState;
    NTSTATUS Status;

    KeStackAttachProcess(&Process->Pcb, &ApcState);
    Status = PspReserveImage(&Process->AddressSpace, &Program->Image);

    for (ULONG Index = 0; NT_SUCCESS(Status) && Index < Program->Image.SegmentCount; Index++)
        Status = PspMapSegment(&Process->AddressSpace, &Program->Image.Segments[Index], Program->File);
    if (NT_SUCCESS(Status))
        Status = PspMapParameters(Process, &Program->Parameters);
    KeUnstackDetachProcess(&ApcState);
    Process->EntryPoint = Program->Image.Entry;
    return Status;
}

/* The new process' own handle to what the caller's handle means. */
static PAGED_CODE_SECTION NTSTATUS PspInheritHandle(HANDLE Handle, PEPROCESS Process, PHANDLE Inherited)
{
    *Inherited = NULL;
    if (Handle == NULL)
        return STATUS_SUCCESS;
    return ObDuplicateObject(PsGetCurrentProcess(), Handle, Process, Inherited, 0, 0, DUPLICATE_SAME_ACCESS,
                             ExGetPreviousMode());
}

/* Makes the first thread and lets it run. */
static PAGED_CODE_SECTION NTSTATUS PspStartFirstThread(PEPROCESS Process)
{
    PETHREAD Thread;
    NTSTATUS Status = PspCreateThreadObject(Process, PspUserThreadStart, &Thread);

    if (!NT_SUCCESS(Status))
        return Status;
    Thread->UserStart = Process->EntryPoint;
    Thread->UserArgument = Process->Parameters;
    Status = PspCreateUserStack(Thread, PSP_DEFAULT_STACK);
    if (!NT_SUCCESS(Status)) {
        PspDiscardThread(Thread);
        return Status;
    }
    /* One reference belongs to the running process; the reaper drops it. Nobody else can have ended it yet. */
    ObReferenceObject(Process);
    PspEnterProcess(Process);
    return PspStartThread(Thread);
}

/* Checks the file's bytes; what is wrong with them is printed. */
static PAGED_CODE_SECTION NTSTATUS PspCheckImage(PCSTR Name, PPSP_PROGRAM Program)
{
    PLDR_REPORT Report = ExAllocatePoolZero(PagedPool, sizeof(LDR_REPORT), PSP_TAG);
    NTSTATUS Status;

    if (Report == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = LdrElfValidateProgram(Program->File, Program->FileSize, &Program->Image, Report);
    if (!NT_SUCCESS(Status))
        DbgPrint("%s: %s\n", Name, Report->Error);
    ExFreePoolWithTag(Report, PSP_TAG);
    return Status;
}

PAGED_CODE_SECTION NTSTATUS PsCreateUserProcess(PCUNICODE_STRING Path, PCSTR CommandLine, PTOKEN Token,
                                                HANDLE StandardInput, HANDLE StandardOutput, PEPROCESS *Process)
{
    CHAR Name[PROCESS_NAME_LENGTH];
    PPSP_PROGRAM Program;
    PEPROCESS New = NULL;
    NTSTATUS Status;

    PAGED_CODE();
    if (strlen(CommandLine) >= PROCESS_COMMAND_LINE)
        return STATUS_INVALID_PARAMETER;
    Program = ExAllocatePoolZero(PagedPool, sizeof(*Program), PSP_TAG);
    if (Program == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    PspProgramName(Path, Name);
    Status = PspOpenAndRead(Path, Program);
    if (NT_SUCCESS(Status))
        Status = PspCheckImage(Name, Program);
    if (NT_SUCCESS(Status))
        Status = PspCreateProcessObject(Name, Token, FALSE, &New);
    if (NT_SUCCESS(Status))
        Status = PspInheritHandle(StandardInput, New, &Program->Parameters.StandardInput);
    if (NT_SUCCESS(Status))
        Status = PspInheritHandle(StandardOutput, New, &Program->Parameters.StandardOutput);
    if (NT_SUCCESS(Status)) {
        Program->Parameters.ProcessId = HandleToUlong(New->UniqueProcessId);
        strcpy(Program->Parameters.CommandLine, CommandLine);
        Status = PspFillProcess(New, Program);
    }
    if (Program->File != NULL)
        ExFreePoolWithTag(Program->File, PSP_TAG);
    ExFreePoolWithTag(Program, PSP_TAG);
    if (NT_SUCCESS(Status))
        Status = PspStartFirstThread(New);
    if (!NT_SUCCESS(Status)) {
        if (New != NULL)
            ObDereferenceObject(New);
        return Status;
    }
    *Process = New;
    return STATUS_SUCCESS;
}
