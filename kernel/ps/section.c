/*
 * Section objects: memory that several processes can map, over a file or over the paging file ("CreateFileMapping"). An
 * object of type Section is a use of a segment; the views that are made of it are uses of their own and outlive it. The
 * work is Mm's.
 */
#include "ps/psp.h"
#include "ps/service.h"
#include "fs/fs.h"
#include "io/io.h"

typedef struct _PSP_SECTION {
    PMM_SEGMENT Segment;                /* entered; NULL: not yet */
    MM_SEGMENT_USE Use;
    ULONG64 Size;                       /* bytes */
    ULONG Protection;                   /* PAGE_...: the most that a view may be */
} PSP_SECTION, *PPSP_SECTION;

static POBJECT_TYPE PspSectionType;

/* The last handle is gone; views live on. IRQL: PASSIVE_LEVEL. */
static PAGED_CODE_SECTION VOID PspDeleteSection(PVOID Object)
{
    PPSP_SECTION Section = Object;

    if (Section->Segment != NULL)
        MmLeaveSegment(Section->Segment, Section->Use);
}

INIT_CODE NTSTATUS PspCreateSectionType(VOID)
{
    OBJECT_TYPE_INITIALIZER Initializer = {
        .Length = sizeof(Initializer),
        .GenericMapping = {STANDARD_RIGHTS_READ | SECTION_QUERY | SECTION_MAP_READ, STANDARD_RIGHTS_WRITE | SECTION_MAP_WRITE,
                           STANDARD_RIGHTS_EXECUTE | SECTION_MAP_EXECUTE, SECTION_ALL_ACCESS},
        .ValidAccessMask = SECTION_ALL_ACCESS,
        .DeleteProcedure = PspDeleteSection,
    };
    UNICODE_STRING Name;

    RtlInitUnicodeString(&Name, L"Section");
    return ObCreateObjectType(&Name, &Initializer, NULL, &PspSectionType);
}

/* What a view of that protection asks of the section's handle; 0: there are no such views. */
static PAGED_CODE_SECTION ACCESS_MASK PspAccessForView(ULONG Protection)
{
    switch (Protection) {
    case PAGE_READONLY:
    case PAGE_WRITECOPY: return SECTION_MAP_READ;
    case PAGE_READWRITE: return SECTION_MAP_READ | SECTION_MAP_WRITE;
    case PAGE_EXECUTE_READ: return SECTION_MAP_READ | SECTION_MAP_EXECUTE;
    default: return 0;
    }
}

/* ("CreateFileMapping": "flProtect"; "MapViewOfFile": "dwDesiredAccess".) All sections can be read and copied. */
static PAGED_CODE_SECTION BOOLEAN PspAllowsView(PPSP_SECTION Section, ULONG Protection)
{
    return Protection == Section->Protection || Protection == PAGE_READONLY || Protection == PAGE_WRITECOPY;
}

/* Memory of no file: all of it promised now, or (SEC_RESERVE) when a view commits it. */
static PAGED_CODE_SECTION NTSTATUS PspMakeMemory(PPSP_SECTION Section, BOOLEAN Commit)
{
    PMM_SEGMENT Segment;
    NTSTATUS Status;

    if (Section->Size == 0)
        return STATUS_INVALID_PARAMETER_4;
    if (Section->Size > MM_SEGMENT_PAGES << PAGE_SHIFT)
        return STATUS_SECTION_TOO_BIG;
    Status = MmCreateSegment(&Segment);
    if (!NT_SUCCESS(Status))
        return Status;
    if (Commit)
        Status = MmExtendSegment(Segment, 0, (Section->Size - 1) >> PAGE_SHIFT);
    if (NT_SUCCESS(Status))
        Status = MmEnterSegment(Segment, Section->Use);
    if (NT_SUCCESS(Status))
        Section->Segment = Segment;
    MmDereferenceSegment(Segment);
    return Status;
}

/* The pages of a file. The handle must allow what views of the section will do. */
static PAGED_CODE_SECTION NTSTATUS PspMapFile(PPSP_SECTION Section, HANDLE FileHandle)
{
    ACCESS_MASK Access = FILE_READ_DATA | (Section->Use == MmSegmentWritten ? FILE_WRITE_DATA : 0) |
                         (Section->Protection == PAGE_EXECUTE_READ ? FILE_EXECUTE : 0);
    PFILE_OBJECT File;
    NTSTATUS Status = ObReferenceObjectByHandle(FileHandle, Access, *IoFileObjectType, ExGetPreviousMode(), (PVOID *)&File,
                                                NULL);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = FsEnterSegment(File, Section->Use, Section->Use == MmSegmentWritten, &Section->Size, &Section->Segment);
    if (!NT_SUCCESS(Status))
        Section->Segment = NULL;
    ObDereferenceObject(File);
    return Status;
}

static PAGED_CODE_SECTION NTSTATUS PspReturnSection(NTSTATUS Status, HANDLE Handle, USER_ADDRESS Place)
{
    NTSTATUS Copied;

    if (!NT_SUCCESS(Status))
        return Status;
    Copied = MmCopyToUser(Place, &Handle, sizeof(Handle));
    if (!NT_SUCCESS(Copied)) {
        ObCloseHandle(Handle, KernelMode);
        return Copied;
    }
    return Status;
}

/*
 * STATUS_OBJECT_NAME_EXISTS, a success: OBJ_OPENIF, and there was one of that name, of whatever size it is. Attributes:
 * SEC_COMMIT or SEC_RESERVE (for a file they are the same).
 */
PAGED_CODE_SECTION NTSTATUS NtCreateSection(USER_ADDRESS SectionHandle, ACCESS_MASK DesiredAccess,
                                            USER_ADDRESS ObjectAttributes, USER_ADDRESS MaximumSize, ULONG PageProtection,
                                            ULONG Attributes, HANDLE FileHandle)
{
    KPROCESSOR_MODE Mode = ExGetPreviousMode();
    LARGE_INTEGER Size = {.QuadPart = 0};
    PPSP_SECTION Section;
    HANDLE Handle;
    NTSTATUS Status = STATUS_SUCCESS;

    PAGED_CODE();
    if (Attributes != SEC_COMMIT && Attributes != SEC_RESERVE)
        return STATUS_INVALID_PARAMETER_6;
    if (PspAccessForView(PageProtection) == 0)
        return STATUS_INVALID_PAGE_PROTECTION;
    if (MaximumSize.Value != 0)
        Status = MmCopyFromUser(&Size, MaximumSize, sizeof(Size));
    if (NT_SUCCESS(Status) && Size.QuadPart < 0)
        Status = STATUS_SECTION_TOO_BIG;
    if (NT_SUCCESS(Status))
        Status = ObCreateObject(Mode, PspSectionType, (POBJECT_ATTRIBUTES)ObjectAttributes.Value, Mode, NULL,
                                sizeof(*Section), 0, 0, (PVOID *)&Section);
    if (!NT_SUCCESS(Status))
        return Status;
    RtlZeroMemory(Section, sizeof(*Section));
    Section->Use = PageProtection == PAGE_READWRITE ? MmSegmentWritten : MmSegmentRead;
    Section->Size = (ULONG64)Size.QuadPart;
    Section->Protection = PageProtection;
    Status = FileHandle != NULL ? PspMapFile(Section, FileHandle) : PspMakeMemory(Section, Attributes == SEC_COMMIT);
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(Section);
        return Status;
    }
    Status = ObInsertObject(Section, NULL, DesiredAccess, 0, NULL, &Handle);
    return PspReturnSection(Status, Handle, SectionHandle);
}

PAGED_CODE_SECTION NTSTATUS NtOpenSection(USER_ADDRESS SectionHandle, ACCESS_MASK DesiredAccess,
                                          USER_ADDRESS ObjectAttributes)
{
    HANDLE Handle;
    NTSTATUS Status;

    PAGED_CODE();
    Status = ObOpenObjectByName((POBJECT_ATTRIBUTES)ObjectAttributes.Value, PspSectionType, ExGetPreviousMode(), NULL,
                                DesiredAccess, NULL, &Handle);
    return PspReturnSection(Status, Handle, SectionHandle);
}

/* What NtMapViewOfSection is given. */
typedef struct _PSP_MAPPING {
    ULONG_PTR Base;
    SIZE_T Size;
    LARGE_INTEGER Offset;
} PSP_MAPPING, *PPSP_MAPPING;

#define VIEW_GRANULARITY 0x10000        /* of a view's address and its place in the section */

static PAGED_CODE_SECTION NTSTATUS PspMapSection(PPSP_SECTION Section, PEPROCESS Process, PPSP_MAPPING Mapping,
                                                 ULONG Protection)
{
    MM_VIEW View = {.Segment = Section->Segment, .Protection = Protection};

    if (!PspAllowsView(Section, Protection))
        return STATUS_SECTION_PROTECTION;
    if (Mapping->Base % VIEW_GRANULARITY != 0 || Mapping->Offset.QuadPart % VIEW_GRANULARITY != 0)
        return STATUS_MAPPED_ALIGNMENT;
    if (Mapping->Offset.QuadPart < 0 || (ULONG64)Mapping->Offset.QuadPart >= Section->Size)
        return STATUS_INVALID_VIEW_SIZE;
    if (Mapping->Size == 0)
        Mapping->Size = Section->Size - (ULONG64)Mapping->Offset.QuadPart;
    if (Mapping->Size > Section->Size - (ULONG64)Mapping->Offset.QuadPart)
        return STATUS_INVALID_VIEW_SIZE;
    View.FirstPage = (ULONG64)Mapping->Offset.QuadPart >> PAGE_SHIFT;
    return MmMapView(&Process->AddressSpace, &View, &Mapping->Base, &Mapping->Size);
}

PAGED_CODE_SECTION NTSTATUS NtMapViewOfSection(HANDLE SectionHandle, HANDLE ProcessHandle, USER_ADDRESS BaseAddress,
                                               ULONG_PTR ZeroBits, SIZE_T CommitSize, USER_ADDRESS SectionOffset,
                                               USER_ADDRESS ViewSize, ULONG Inherit, ULONG AllocationType, ULONG Protect)
{
    PSP_MAPPING Mapping = {.Offset.QuadPart = 0};
    PPSP_SECTION Section;
    PEPROCESS Process;
    NTSTATUS Status;

    PAGED_CODE();
    UNREFERENCED_PARAMETER(CommitSize);
    if (ZeroBits != 0 || AllocationType != 0 || (Inherit != ViewShare && Inherit != ViewUnmap))
        return STATUS_INVALID_PARAMETER;
    if (PspAccessForView(Protect) == 0)
        return STATUS_INVALID_PAGE_PROTECTION;
    Status = MmCopyFromUser(&Mapping.Base, BaseAddress, sizeof(Mapping.Base));
    if (NT_SUCCESS(Status))
        Status = MmCopyFromUser(&Mapping.Size, ViewSize, sizeof(Mapping.Size));
    if (NT_SUCCESS(Status) && SectionOffset.Value != 0)
        Status = MmCopyFromUser(&Mapping.Offset, SectionOffset, sizeof(Mapping.Offset));
    if (NT_SUCCESS(Status))
        Status = PspReferenceSpace(ProcessHandle, &Process);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByHandle(SectionHandle, PspAccessForView(Protect), PspSectionType, ExGetPreviousMode(),
                                       (PVOID *)&Section, NULL);
    if (NT_SUCCESS(Status)) {
        Status = PspMapSection(Section, Process, &Mapping, Protect);
        ObDereferenceObject(Section);
    }
    /* As documented for memory: a failure to tell the program where it is does not undo what was done. */
    if (NT_SUCCESS(Status))
        Status = MmCopyToUser(BaseAddress, &Mapping.Base, sizeof(Mapping.Base));
    if (NT_SUCCESS(Status))
        Status = MmCopyToUser(ViewSize, &Mapping.Size, sizeof(Mapping.Size));
    ObDereferenceObject(Process);
    return Status;
}

/* BaseAddress: any address in the view. */
PAGED_CODE_SECTION NTSTATUS NtUnmapViewOfSection(HANDLE ProcessHandle, USER_ADDRESS BaseAddress)
{
    PEPROCESS Process;
    NTSTATUS Status;

    PAGED_CODE();
    Status = PspReferenceSpace(ProcessHandle, &Process);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = MmUnmapView(&Process->AddressSpace, BaseAddress.Value);
    ObDereferenceObject(Process);
    return Status;
}
