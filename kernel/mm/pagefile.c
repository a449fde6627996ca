/*
 * Paging files: where the slots are and which are used, and how more files come to be.
 *
 * A paging file is a device or file reached by IRPs, a bitmap of slots of one page each, and the requests that the
 * transfers use on it. Slots are handed out in runs, so that a cluster goes out, and comes back, in one request.
 */
#include "mm/mi.h"
#include "io/io.h"
#include "rtl/export.h"
#include "rtl/rtl.h"

#define MI_PAGING_FILE_TAG 'fPmM'

MI_PAGING_FILE MiPagingFiles[MI_PAGING_FILES];
ULONG MiPagingFileCount;

ULONG MiAllocateSlots(ULONG Count, PULONG File, PULONG64 Slot)
{
    /* The file with most room first; then whatever run there is, halving the wish until one slot is asked for. */
    ULONG Best = 0;

    for (ULONG i = 1; i < MiPagingFileCount; i++)
        if (MiPagingFiles[i].Slots - MiPagingFiles[i].Used > MiPagingFiles[Best].Slots - MiPagingFiles[Best].Used)
            Best = i;
    if (MiPagingFileCount == 0)
        return 0;
    if (MiPagingFiles[Best].Slots == MiPagingFiles[Best].Used && MiGrowPagingFiles(Count) != 0)
        return MiAllocateSlots(Count, File, Slot);
    for (; Count > 0; Count /= 2) {
        PMI_PAGING_FILE F = &MiPagingFiles[Best];
        ULONG Index = F->Slots - F->Used >= Count ? RtlFindClearBitsAndSet(&F->Map, Count, F->Hint) : MAXULONG;
        if (Index != MAXULONG) {
            F->Hint = Index + Count;
            F->Used += Count;
            *File = Best;
            *Slot = Index;
            return Count;
        }
    }
    return 0;
}

VOID MiFreeSlot(ULONG File, ULONG64 Slot)
{
    PMI_PAGING_FILE F = &MiPagingFiles[File];

    ASSERT(Slot < F->Slots && RtlTestBit(&F->Map, (ULONG)Slot));
    RtlClearBit(&F->Map, (ULONG)Slot);
    F->Used--;
}

VOID MiFreeSlotOf(MMPTE Pte)
{
    if (!MiIsValid(Pte) && MiKindOf(Pte) == MiPtePagingFile)
        MiFreeSlot(MiFileOf(Pte), MiSlotOf(Pte));
}

VOID MiRetireSlot(ULONG File, ULONG64 Slot)
{
    UNREFERENCED_PARAMETER(Slot);
    MiPagingFiles[File].Bad++;          /* its bit stays set: nobody gets it again */
    MiRaiseCommitLimit(-1);
}

/* The image of the driver behind a device, or NULL when it is the kernel's own. */
static PMM_IMAGE MiImageOfDevice(PDEVICE_OBJECT Device)
{
    PMM_SECTION Section = MmFindSection(Device->DriverObject->DriverStart);

    return Section != NULL && Section->Base >= MM_DRIVER_IMAGES ? Section->Image : NULL;
}

/* The paging file that an image's driver serves, or MAXULONG. */
static ULONG MiFileServedBy(PMM_IMAGE Image)
{
    for (ULONG i = 0; i < MiPagingFileCount; i++)
        if (MiImageOfDevice(MiPagingFiles[i].Device) == Image)
            return i;
    return MAXULONG;
}

BOOLEAN MmServesPaging(PMM_IMAGE Image)
{
    return MiFileServedBy(Image) != MAXULONG;
}

VOID MiRequireNotPagingDevice(PMM_IMAGE Image)
{
    ULONG File = MiFileServedBy(Image);

    if (File != MAXULONG)
        KiBugCheck(MEMORY_MANAGEMENT, Image->Base, File, 0, 0, NULL,
                   "driver %s serves paging file %s and shall become pageable. The rule: what is needed to resolve a page "
                   "fault is always resident", Image->Name, MiPagingFiles[File].Name);
}

/* The same rule at the other end: a device whose driver has pageable sections cannot hold a paging file. */
static BOOLEAN MiHasResidentDriver(PDEVICE_OBJECT Device, PCSTR Name)
{
    PMM_IMAGE Image = MiImageOfDevice(Device);

    if (Image == NULL)
        return TRUE;
    for (PLIST_ENTRY Entry = Image->Sections.Flink; Entry != &Image->Sections; Entry = Entry->Flink) {
        PMM_SECTION Section = CONTAINING_RECORD(Entry, MM_SECTION, ImageEntry);
        if (Section->Kind == MmSectionPageable) {
            DbgPrint("Paging file %s: section %s of driver %s is pageable. The rule: what is needed to resolve a page fault "
                     "is always resident\n", Name, Section->Name, Image->Name);
            return FALSE;
        }
    }
    return TRUE;
}

static VOID MiFreePagingFileParts(PMI_PAGING_FILE File)
{
    for (ULONG i = 0; i < MI_TRANSFERS; i++)
        if (File->Irps[i] != NULL)
            IoFreePagingIrp(File->Irps[i]);
    if (File->Map.Buffer != NULL)
        ExFreePoolWithTag(File->Map.Buffer, MI_PAGING_FILE_TAG);
    if (File->Checksums != NULL)
        ExFreePoolWithTag(File->Checksums, MI_PAGING_FILE_TAG);
    RtlZeroMemory(File, sizeof(*File));
}

static FAST_MUTEX MiPagingFileLock;     /* who makes one */

VOID MiInitializePagingFiles(VOID)
{
    ExInitializeFastMutex(&MiPagingFileLock);
}

/* Everything that it will ever need is allocated here. Paging file lock held. */
static NTSTATUS MiAddPagingFile(PDEVICE_OBJECT Device, PFILE_OBJECT FileObject, PCSTR Name, ULONG Minimum, ULONG Maximum)
{
    PMI_PAGING_FILE File = &MiPagingFiles[MiPagingFileCount];
    SIZE_T MapBytes = ((SIZE_T)Maximum + 31) / 32 * sizeof(ULONG);
    KIRQL Irql;

    if (MiPagingFileCount == MI_PAGING_FILES)
        return STATUS_TOO_MANY_PAGING_FILES;
    RtlZeroMemory(File, sizeof(*File));
    strncpy(File->Name, Name, sizeof(File->Name) - 1);
    File->Device = Device;
    File->FileObject = FileObject;
    File->Minimum = File->Slots = Minimum;
    File->Maximum = Maximum;
    RtlInitializeBitMap(&File->Map, ExAllocatePoolZero(NonPagedPool, MapBytes, MI_PAGING_FILE_TAG), Minimum);
#if DBG
    File->Checksums = ExAllocatePoolZero(NonPagedPool, (SIZE_T)Maximum * sizeof(ULONG), MI_PAGING_FILE_TAG);
    if (File->Checksums == NULL) {
        MiFreePagingFileParts(File);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
#endif
    for (ULONG i = 0; i < MI_TRANSFERS; i++)
        if ((File->Irps[i] = IoAllocatePagingIrp(FileObject)) == NULL)
            break;
    if (File->Map.Buffer == NULL || File->Irps[MI_TRANSFERS - 1] == NULL) {
        MiFreePagingFileParts(File);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Irql = MiLockPfn();
    MiPagingFileCount++;
    MiUnlockPfn(Irql);
    MiRaiseCommitLimit(Minimum);
    return STATUS_SUCCESS;
}

NTSTATUS MmCreatePagingFile(PDEVICE_OBJECT Device, PFILE_OBJECT FileObject, PCSTR Name, ULONG Minimum, ULONG Maximum)
{
    NTSTATUS Status;

    ASSERT(Minimum != 0 && Minimum <= Maximum);
    if (!MiHasResidentDriver(Device, Name))
        return STATUS_NOT_SUPPORTED;
    ExAcquireFastMutex(&MiPagingFileLock);
    Status = MiAddPagingFile(Device, FileObject, Name, Minimum, Maximum);
    ExReleaseFastMutex(&MiPagingFileLock);
    return Status;
}

ULONG MmQueryPagingFiles(MM_PAGING_FILE_STATISTICS *Entries, ULONG Count)
{
    for (ULONG i = 0; i < min(Count, MiPagingFileCount); i++) {
        RtlCopyMemory(Entries[i].Name, MiPagingFiles[i].Name, sizeof(Entries[i].Name));
        Entries[i].Slots = MiPagingFiles[i].Slots;
        Entries[i].Used = MiPagingFiles[i].Used;
        Entries[i].Minimum = MiPagingFiles[i].Minimum;
        Entries[i].Maximum = MiPagingFiles[i].Maximum;
        Entries[i].Bad = MiPagingFiles[i].Bad;
    }
    return MiPagingFileCount;
}
NT_EXPORT(MmQueryPagingFiles);    /* for the test library */
