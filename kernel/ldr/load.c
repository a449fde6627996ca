/*
 * Loading a driver, in this order: read the whole file, validate it, resolve its imports, reserve address space,
 * place and relocate its sections (pageable ones into a paging file), protect them, close the file, run DriverEntry,
 * discard INIT.
 *
 * Everything up to DriverEntry works on an LDRP_LOAD, whose fields say how far it has come, so one routine undoes all
 * of it from wherever it stopped. The file's bytes and what is worked out from them lie in paged pool and are gone
 * when the load is done.
 */
#include "ldr/ldrp.h"
#include "ex/options.h"
#include "io/io.h"

C_ASSERT(LDR_PAGE_SIZE == PAGE_SIZE);
C_ASSERT(LDR_READ == MM_SECTION_READ && LDR_WRITE == MM_SECTION_WRITE && LDR_EXECUTE == MM_SECTION_EXECUTE);
C_ASSERT((ULONG)LdrSectionNonpaged == MmSectionNonpaged && (ULONG)LdrSectionPageable == MmSectionPageable &&
         (ULONG)LdrSectionInit == MmSectionInit);

/* No driver comes near it, and no file beyond it is read into memory to find that out. */
#define LDRP_LARGEST_FILE (128ull << 20)

typedef struct _LDRP_LOAD {
    PCUNICODE_STRING Path;
    CHAR Name[LDR_NAME_LENGTH];
    HANDLE FileHandle;          /* NULL: not open */
    PVOID File;                 /* its bytes */
    SIZE_T FileSize;
    PLDR_ELF_IMAGE Elf;
    PULONG_PTR Addresses;       /* of the imports, by symbol */
    PLDR_MODULE Module;
    LDR_REPORT Report;
} LDRP_LOAD, *PLDRP_LOAD;

static PAGED_CODE_SECTION VOID LdrpWarn(PVOID Context, PCSTR Text)
{
    DbgPrint("ldr: %s: warning: %s\n", ((PLDRP_LOAD)Context)->Name, Text);
}

/* Sets what the line about the failure will say. */
static PAGED_CODE_SECTION NTSTATUS LdrpFail(PLDRP_LOAD Load, NTSTATUS Status, PCSTR Format, ...)
{
    va_list Arguments;

    va_start(Arguments, Format);
    _vsnprintf(Load->Report.Error, sizeof(Load->Report.Error), Format, Arguments);
    va_end(Arguments);
    Load->Report.Error[sizeof(Load->Report.Error) - 1] = 0;
    return Status;
}

static PAGED_CODE_SECTION NTSTATUS LdrpOutOf(PLDRP_LOAD Load, PCSTR What)
{
    return LdrpFail(Load, STATUS_INSUFFICIENT_RESOURCES,
                    "there is no memory for %s: unload something, or boot with more", What);
}

/* The driver's name out of its path, and whether it is free. */
static PAGED_CODE_SECTION NTSTATUS LdrpNameDriver(PLDRP_LOAD Load)
{
    CHAR Path[LDR_NAME_LENGTH + sizeof(".sys")];
    ULONG Length = Load->Path->Length / sizeof(WCHAR), First = Length;

    while (First > 0 && Load->Path->Buffer[First - 1] != '\\' && Load->Path->Buffer[First - 1] != '/')
        First--;
    if (Length - First >= sizeof(Path))
        return LdrpFail(Load, STATUS_OBJECT_NAME_INVALID, "a driver's name has at most %u characters",
                        LDR_NAME_LENGTH - 1);
    for (ULONG Index = First; Index < Length; Index++) {
        WCHAR Character = Load->Path->Buffer[Index];
        if (Character <= ' ' || Character > '~')
            return LdrpFail(Load, STATUS_OBJECT_NAME_INVALID, "a driver's name is printable ASCII without blanks");
        Path[Index - First] = (CHAR)Character;
    }
    Path[Length - First] = 0;
    if (!LdrpModuleName(Path, Load->Name))
        return LdrpFail(Load, STATUS_OBJECT_NAME_INVALID, "a driver's name has 1 to %u characters",
                        LDR_NAME_LENGTH - 1);
    if (LdrFindModuleByName(Load->Name) != NULL)
        return LdrpFail(Load, STATUS_IMAGE_ALREADY_LOADED, "a driver of that name is loaded: unload it first");
    return STATUS_SUCCESS;
}

static PAGED_CODE_SECTION NTSTATUS LdrpReadFile(PLDRP_LOAD Load)
{
    FILE_STANDARD_INFORMATION Standard;
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Iosb;
    LARGE_INTEGER Start = {.QuadPart = 0};
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, (PUNICODE_STRING)Load->Path, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    Status = ZwOpenFile(&Load->FileHandle, FILE_READ_DATA | SYNCHRONIZE, &Attributes, &Iosb, FILE_SHARE_READ,
                        FILE_NON_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT);
    if (!NT_SUCCESS(Status)) {
        Load->FileHandle = NULL;
        return LdrpFail(Load, Status, "the file cannot be opened");
    }
    Status = ZwQueryInformationFile(Load->FileHandle, &Iosb, &Standard, sizeof(Standard), FileStandardInformation);
    if (!NT_SUCCESS(Status))
        return LdrpFail(Load, Status, "the file does not tell its size");
    if ((ULONG64)Standard.EndOfFile.QuadPart > LDRP_LARGEST_FILE)
        return LdrpFail(Load, STATUS_SECTION_TOO_BIG, "the file has %I64d bytes, more than any driver",
                        Standard.EndOfFile.QuadPart);
    Load->FileSize = (SIZE_T)Standard.EndOfFile.QuadPart;
    /* An empty file gets a buffer too: the validator says what is wrong with it. */
    Load->File = ExAllocatePoolWithTag(PagedPool, max(Load->FileSize, 1), LDRP_TAG);
    if (Load->File == NULL)
        return LdrpOutOf(Load, "the file's bytes");
    if (Load->FileSize == 0)
        return STATUS_SUCCESS;
    Status = ZwReadFile(Load->FileHandle, NULL, NULL, NULL, &Iosb, Load->File, (ULONG)Load->FileSize, &Start, NULL);
    if (!NT_SUCCESS(Status))
        return LdrpFail(Load, Status, "the file cannot be read");
    Load->FileSize = Iosb.Information;
    return STATUS_SUCCESS;
}

static PAGED_CODE_SECTION NTSTATUS LdrpValidate(PLDRP_LOAD Load)
{
    Load->Elf = ExAllocatePoolWithTag(PagedPool, sizeof(*Load->Elf), LDRP_TAG);
    if (Load->Elf == NULL)
        return LdrpOutOf(Load, "its description");
    return LdrElfValidateDriver(Load->File, Load->FileSize, Load->Elf, &Load->Report);
}

/* The module with room for all its sections, and a place in the driver region. */
static PAGED_CODE_SECTION NTSTATUS LdrpReserve(PLDRP_LOAD Load)
{
    PLDR_MODULE Module;
    NTSTATUS Status;

    Module = ExAllocatePoolZero(NonPagedPool, sizeof(*Module) + Load->Elf->SectionCount * sizeof(MM_SECTION), LDRP_TAG);
    if (Module == NULL)
        return LdrpOutOf(Load, "its module");
    strcpy(Module->Name, Load->Name);
    Module->State = LdrModuleLoading;
    Module->Sections = (PMM_SECTION)(Module + 1);
    Status = MmReserveImage(&Module->Image, Module->Name, Load->Elf->PageCount);
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Module, LDRP_TAG);
        return LdrpFail(Load, Status, "there is no address space for its %u pages: unload something",
                        Load->Elf->PageCount);
    }
    Module->Base = (PVOID)Module->Image.Base;
    Module->Size = (SIZE_T)Module->Image.PageCount << PAGE_SHIFT;
    Load->Module = Module;
    return STATUS_SUCCESS;
}

static PAGED_CODE_SECTION NTSTATUS LdrpResolveImports(PLDRP_LOAD Load)
{
    Load->Addresses = ExAllocatePoolWithTag(PagedPool, Load->Elf->SymbolCount * sizeof(ULONG_PTR), LDRP_TAG);
    if (Load->Addresses == NULL || !LdrpPrepareImports(Load->Module))
        return LdrpOutOf(Load, "its imports");
    return LdrElfResolveImports(Load->Elf, LdrpResolveImport, Load->Module, Load->Addresses, &Load->Report);
}

/*
 * Bytes of one section, relocated, to where they belong. A section without bytes in the file reads as zeroes already.
 */
static PAGED_CODE_SECTION NTSTATUS LdrpFillSection(PLDRP_LOAD Load, ULONG Index)
{
    PLDR_ELF_SECTION Plan = &Load->Elf->Sections[Index];
    PMM_SECTION Section = &Load->Module->Sections[Index];
    PUCHAR Scratch;
    NTSTATUS Status;

    if (Plan->Data == NULL)
        return STATUS_SUCCESS;
    /* Whole pages of pool begin on a page. */
    Scratch = ExAllocatePoolWithTag(PagedPool, (SIZE_T)Plan->PageCount << PAGE_SHIFT, LDRP_TAG);
    if (Scratch == NULL)
        return LdrpOutOf(Load, "a section while it is relocated");
    Status = LdrElfRelocateSection(Load->Elf, Index, Load->Module->Image.Base, Load->Addresses, Scratch, &Load->Report);
    if (NT_SUCCESS(Status)) {
        Status = MmFillImageSection(Section, 0, Plan->PageCount, Scratch);
        if (!NT_SUCCESS(Status))
            LdrpFail(Load, Status, "section %s: its %u pages cannot be placed or paged out", Section->Name,
                     Plan->PageCount);
    }
    ExFreePoolWithTag(Scratch, LDRP_TAG);
    return Status;
}

static PAGED_CODE_SECTION NTSTATUS LdrpPlaceSections(PLDRP_LOAD Load)
{
    PLDR_MODULE Module = Load->Module;
    NTSTATUS Status;

    for (ULONG Index = 0; Index < Load->Elf->SectionCount; Index++) {
        PLDR_ELF_SECTION Plan = &Load->Elf->Sections[Index];
        CHAR Name[LDR_SECTION_NAME_LENGTH];
        SIZE_T Length = strnlen(Plan->Name, sizeof(Name) - 1);

        memcpy(Name, Plan->Name, Length);
        Name[Length] = 0;
        Status = MmAddImageSection(&Module->Image, &Module->Sections[Index], Name, Plan->PageOffset, Plan->PageCount,
                                   (MM_SECTION_KIND)Plan->Kind, Plan->Protection);
        if (!NT_SUCCESS(Status))
            return LdrpFail(Load, Status,
                            "section %s: there is no memory for its %u pages: unload something, or boot with more "
                            "memory or a larger paging file",
                            Name, Plan->PageCount);
        Module->SectionCount++;
        Status = LdrpFillSection(Load, Index);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    return STATUS_SUCCESS;
}

static PAGED_CODE_SECTION NTSTATUS LdrpCollectNames(PLDRP_LOAD Load)
{
    if (!LdrpCollectSymbols(Load->Module, Load->Elf) || !LdrpCollectExports(Load->Module, Load->Elf))
        return LdrpOutOf(Load, "its symbols");
    return STATUS_SUCCESS;
}

static PAGED_CODE_SECTION NTSTATUS LdrpSeal(PLDRP_LOAD Load)
{
    MmSealImage(&Load->Module->Image);
    ZwClose(Load->FileHandle);
    Load->FileHandle = NULL;
    return STATUS_SUCCESS;
}

/* From here on the module is seen: by the debugger, by stack traces, by other drivers' imports. */
static PAGED_CODE_SECTION NTSTATUS LdrpStart(PLDRP_LOAD Load)
{
    PLDR_MODULE Module = Load->Module;
    PDRIVER_INITIALIZE Entry = (PDRIVER_INITIALIZE)(ULONG_PTR)(
        Module->Sections[Load->Elf->EntrySection].Base + Load->Elf->EntryOffset);
    NTSTATUS Status;

    LdrpInsertModule(Module);
    KdModuleLoaded(Module);
    Module->State = LdrModuleInitializing;
    Status = IoCreateDriverObject(Module->Name, Module->Base, (ULONG)Module->Size, Module, Entry,
                                  &Module->DriverObject);
    if (!NT_SUCCESS(Status)) {
        Module->DriverObject = NULL;
        return LdrpFail(Load, Status, "its driver object cannot be made");
    }
    Status = IoInitializeDriver(Module->DriverObject);
    if (!NT_SUCCESS(Status)) {
        /* IoInitializeDriver has deleted the driver object and what hung on it. */
        Module->DriverObject = NULL;
        return LdrpFail(Load, Status, "its DriverEntry failed");
    }
    Module->State = LdrModuleStarted;
    for (ULONG Index = 0; Index < Module->SectionCount; Index++) {
        if (Module->Sections[Index].Kind == MmSectionInit)
            MmDiscardImageSection(&Module->Sections[Index]);
    }
    return STATUS_SUCCESS;
}

/* What only the load needed. */
static PAGED_CODE_SECTION VOID LdrpFinishLoad(PLDRP_LOAD Load)
{
    if (Load->FileHandle != NULL)
        ZwClose(Load->FileHandle);
    if (Load->Addresses != NULL)
        ExFreePoolWithTag(Load->Addresses, LDRP_TAG);
    if (Load->Elf != NULL)
        ExFreePoolWithTag(Load->Elf, LDRP_TAG);
    if (Load->File != NULL)
        ExFreePoolWithTag(Load->File, LDRP_TAG);
}

/* IRQL: PASSIVE_LEVEL. Takes the loader lock. */
PAGED_CODE_SECTION NTSTATUS LdrLoadDriver(PCUNICODE_STRING Path, PLDR_MODULE *Module)
{
    static NTSTATUS (*const Steps[])(PLDRP_LOAD Load) = {
        LdrpNameDriver,
        LdrpReadFile,
        LdrpValidate,
        LdrpReserve,
        LdrpResolveImports,
        LdrpPlaceSections,
        LdrpCollectNames,
        LdrpSeal,
        LdrpStart,
    };
    LDRP_LOAD Load = {.Path = Path, .Report = {.Warning = LdrpWarn}};
    NTSTATUS Status = STATUS_SUCCESS;

    Load.Report.WarningContext = &Load;
    LdrAcquireLoaderLock();
    for (ULONG Step = 0; NT_SUCCESS(Status) && Step < ARRAYSIZE(Steps); Step++)
        Status = Steps[Step](&Load);
    LdrpFinishLoad(&Load);
    if (NT_SUCCESS(Status)) {
        if (Module != NULL)
            *Module = Load.Module;
    } else {
        DbgPrint("ldr: %wZ is not loaded: %s (status 0x%08x)\n", Path, Load.Report.Error, Status);
        if (Load.Module != NULL)
            LdrpDeleteModule(Load.Module);
    }
    LdrReleaseLoaderLock();
    return Status;
}

/*
 * Drivers that the system needs to start, and those of the devices that hold paging files: for a device that is not
 * there none, which is said when its paging file is to be made.
 */
INIT_CODE NTSTATUS LdrLoadBootDrivers(VOID)
{
    UNICODE_STRING RamDisk = RTL_CONSTANT_STRING(L"\\SystemRoot\\drivers\\ramdisk.sys");
    UNICODE_STRING Disk = RTL_CONSTANT_STRING(L"\\SystemRoot\\drivers\\disk.sys");
    UNICODE_STRING Console = RTL_CONSTANT_STRING(L"\\SystemRoot\\drivers\\console.sys");
    EX_PAGING_FILE Files[EX_MOST_PAGING_FILES];
    ULONG Count = ExQueryPagingFiles(Files);
    BOOLEAN OnDisk = FALSE;
    PHYSICAL_ADDRESS Base;
    SIZE_T Size;

    for (ULONG i = 0; i < Count; i++)
        OnDisk |= !Files[i].RamDisk;
    if (NT_SUCCESS(MmQueryReservedMemory("ramdisk", &Base, &Size)))
        LdrLoadDriver(&RamDisk, NULL);
    if (OnDisk)
        LdrLoadDriver(&Disk, NULL);
    return LdrLoadDriver(&Console, NULL);
}
