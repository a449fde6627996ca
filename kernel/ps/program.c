/*
 * Program start: a file of bytes becomes a process. First its headers are read and checked, then the process is made
 * and the file's pages are mapped into it, and only when nothing can fail any more does its first thread run. A failure
 * before leaves nothing behind.
 */
#include "ps/psp.h"
#include "fs/fs.h"
#include "io/io.h"
#include "ldr/ldrelf.h"

#define PSP_HEADERS (16 * PAGE_SIZE)    /* how much of a file is read to find out what to map: the headers are in it */

/* What the new process is filled from. */
typedef struct _PSP_PROGRAM {
    PVOID Headers;                      /* the file's first bytes, paged pool */
    SIZE_T HeadersSize;
    ULONG64 FileSize;
    PMM_SEGMENT Segment;                /* the file's pages, entered as an image */
    LDR_ELF_PROGRAM Image;
    PROCESS_PARAMETERS Parameters;
} PSP_PROGRAM, *PPSP_PROGRAM;

/*
 * Takes hold of the file's pages, and copies its headers. From here on nobody writes the file, through whatever handle
 * or view: who opened it to write excludes this open, and who mapped it to write excludes the image.
 */
static PAGED_CODE_SECTION NTSTATUS PspTakeFile(HANDLE Handle, PPSP_PROGRAM Program)
{
    LARGE_INTEGER Start = {.QuadPart = 0};
    IO_STATUS_BLOCK Iosb;
    PFILE_OBJECT File;
    NTSTATUS Status = ObReferenceObjectByHandle(Handle, FILE_READ_DATA, *IoFileObjectType, KernelMode, (PVOID *)&File, NULL);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = FsEnterSegment(File, MmSegmentImage, FALSE, &Program->FileSize, &Program->Segment);
    ObDereferenceObject(File);
    if (!NT_SUCCESS(Status)) {
        Program->Segment = NULL;
        return Status == STATUS_MAPPED_FILE_SIZE_ZERO ? STATUS_INVALID_IMAGE_FORMAT : Status;
    }
    Program->HeadersSize = (SIZE_T)min(Program->FileSize, PSP_HEADERS);
    Program->Headers = ExAllocatePoolWithTag(PagedPool, Program->HeadersSize, PSP_TAG);
    if (Program->Headers == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return ZwReadFile(Handle, NULL, NULL, NULL, &Iosb, Program->Headers, (ULONG)Program->HeadersSize, &Start, NULL);
}

static PAGED_CODE_SECTION NTSTATUS PspOpenProgram(PCUNICODE_STRING Path, PPSP_PROGRAM Program)
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
    Status = PspTakeFile(File, Program);
    ZwClose(File);
    return Status;
}

/* Lets go of what the start needed; the process has its own. */
static PAGED_CODE_SECTION VOID PspLeaveProgram(PPSP_PROGRAM Program)
{
    if (Program->Segment != NULL)
        MmLeaveSegment(Program->Segment, MmSegmentImage);
    if (Program->Headers != NULL)
        ExFreePoolWithTag(Program->Headers, PSP_TAG);
    ExFreePoolWithTag(Program, PSP_TAG);
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
 * The part of a segment that the file has, as a view of its pages: shared with every other process of the program, and
 * copied where it is written. The rest of its last page, up to the segment's end, shows what follows in the file: it
 * becomes zeroes in a copy. The caller is attached to the new process.
 */
static PAGED_CODE_SECTION NTSTATUS PspMapFilePart(PMM_ADDRESS_SPACE Space, const LDR_ELF_SEGMENT *Segment, PMM_VIEW View)
{
    static const UCHAR Zeroes[256];
    ULONG_PTR Base = ALIGN_DOWN_BY(Segment->Address, PAGE_SIZE), Start = Base, Tail = Segment->Address + Segment->FileSize;
    ULONG_PTR End = min(ROUND_TO_PAGES(Tail), Segment->Address + Segment->MemorySize);
    SIZE_T Size = ROUND_TO_PAGES(Tail) - Base;
    ULONG Protection = PspSegmentProtection(Segment), Old;
    NTSTATUS Status;

    View->FirstPage = (Segment->FileOffset - (Segment->Address - Base)) >> PAGE_SHIFT;
    View->Protection = Protection == PAGE_READWRITE || Tail < End ? PAGE_WRITECOPY : Protection;
    Status = MmMapView(Space, View, &Start, &Size);
    for (ULONG_PTR At = Tail; NT_SUCCESS(Status) && At < End; At += min(End - At, sizeof(Zeroes)))
        Status = MmCopyToUser((USER_ADDRESS){At}, Zeroes, min(End - At, sizeof(Zeroes)));
    if (NT_SUCCESS(Status) && Protection != PAGE_READWRITE && View->Protection == PAGE_WRITECOPY)
        Status = MmProtectVirtualMemory(Space, &Start, &Size, Protection, &Old);
    return Status;
}

/* One segment: what the file has of it, then pages of zeroes. */
static PAGED_CODE_SECTION NTSTATUS PspMapSegment(PMM_ADDRESS_SPACE Space, const LDR_ELF_SEGMENT *Segment, PMM_SEGMENT File,
                                                 ULONG_PTR ImageBase)
{
    MM_VIEW View = {.Segment = File, .Image = TRUE, .AllocationBase = ImageBase};
    ULONG_PTR Base = ALIGN_DOWN_BY(Segment->Address, PAGE_SIZE), End = ROUND_TO_PAGES(Segment->Address + Segment->MemorySize);
    NTSTATUS Status = STATUS_SUCCESS;
    SIZE_T Size;

    if (Segment->FileSize != 0) {
        Status = PspMapFilePart(Space, Segment, &View);
        Base = ROUND_TO_PAGES(Segment->Address + Segment->FileSize);
    }
    Size = End - Base;
    View.Segment = NULL;
    View.Protection = PspSegmentProtection(Segment);
    return NT_SUCCESS(Status) && Size != 0 ? MmMapView(Space, &View, &Base, &Size) : Status;
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
    ULONG_PTR ImageBase = ALIGN_DOWN_BY(Program->Image.Segments[0].Address, PAGE_SIZE);
    NTSTATUS Status = STATUS_SUCCESS;
    KAPC_STATE ApcState;

    KeStackAttachProcess(&Process->Pcb, &ApcState);
    for (ULONG Index = 0; NT_SUCCESS(Status) && Index < Program->Image.SegmentCount; Index++)
        Status = PspMapSegment(&Process->AddressSpace, &Program->Image.Segments[Index], Program->Segment, ImageBase);
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

/* Makes the first thread, with a stack of the size that the program's header asks for, and lets it run. */
static PAGED_CODE_SECTION NTSTATUS PspStartFirstThread(PEPROCESS Process, SIZE_T StackSize)
{
    PETHREAD Thread;
    NTSTATUS Status = PspCreateThreadObject(Process, PspUserThreadStart, &Thread);

    if (!NT_SUCCESS(Status))
        return Status;
    Thread->UserStart = Process->EntryPoint;
    Thread->UserArgument = Process->Parameters;
    Status = PspCreateUserStack(Thread, StackSize);
    if (!NT_SUCCESS(Status)) {
        PspDiscardThread(Thread);
        return Status;
    }
    /* One reference belongs to the running process; the reaper drops it. Nobody else can have ended it yet. */
    ObReferenceObject(Process);
    PspEnterProcess(Process);
    return PspStartThread(Thread);
}

/* Checks the file's headers; what is wrong with them is printed. */
static PAGED_CODE_SECTION NTSTATUS PspCheckImage(PCSTR Name, PPSP_PROGRAM Program)
{
    PLDR_REPORT Report = ExAllocatePoolZero(PagedPool, sizeof(LDR_REPORT), PSP_TAG);
    NTSTATUS Status;

    if (Report == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = LdrElfValidateProgram(Program->Headers, Program->HeadersSize, Program->FileSize, &Program->Image, Report);
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
    Status = PspOpenProgram(Path, Program);
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
    if (NT_SUCCESS(Status))
        Status = PspStartFirstThread(New, Program->Image.StackSize);
    PspLeaveProgram(Program);
    if (!NT_SUCCESS(Status)) {
        if (New != NULL)
            ObDereferenceObject(New);
        return Status;
    }
    *Process = New;
    return STATUS_SUCCESS;
}
