/*
 * What is done while allocations fail: each a few steps that undo what they have done when one of them fails.
 */
#include "failing.h"

#include "ps/ps.h"
#include <excpt.h>

#define TAG 'liaF'

static NTSTATUS OpenNamed(PCWSTR Name, ULONG Disposition, ULONG Options, PHANDLE Handle)
{
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Iosb;
    UNICODE_STRING Path;

    RtlInitUnicodeString(&Path, Name);
    InitializeObjectAttributes(&Attributes, &Path, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    return ZwCreateFile(Handle, GENERIC_READ | GENERIC_WRITE | DELETE | SYNCHRONIZE, &Attributes, &Iosb, NULL,
                        FILE_ATTRIBUTE_NORMAL, 0, Disposition, Options | FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
}

static NTSTATUS LoadAndUnload(VOID)
{
    UNICODE_STRING Path = RTL_CONSTANT_STRING(L"\\SystemRoot\\drivers\\beep.sys"), Name = RTL_CONSTANT_STRING(L"beep");
    NTSTATUS Status = ZwLoadDriver(&Path);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = ZwUnloadDriver(&Name);
    /* If that was what failed, the driver is still there, and can be unloaded now. */
    return NT_SUCCESS(Status) ? Status : NT_SUCCESS(ZwUnloadDriver(&Name)) ? Status : STATUS_UNSUCCESSFUL;
}

static NTSTATUS WriteFile(VOID)
{
    static UCHAR Bytes[3 * PAGE_SIZE];
    LARGE_INTEGER Start = {.QuadPart = 0};
    IO_STATUS_BLOCK Iosb;
    HANDLE File;
    NTSTATUS Status = OpenNamed(L"\\SystemRoot\\failing.tmp", FILE_CREATE, FILE_DELETE_ON_CLOSE, &File);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = ZwWriteFile(File, NULL, NULL, NULL, &Iosb, Bytes, sizeof(Bytes), &Start, NULL);
    if (NT_SUCCESS(Status))
        Status = ZwReadFile(File, NULL, NULL, NULL, &Iosb, Bytes, sizeof(Bytes), &Start, NULL);
    ZwClose(File);
    return Status;
}

static NTSTATUS WritePort(VOID)
{
    IO_STATUS_BLOCK Iosb;
    HANDLE Port;
    NTSTATUS Status = OpenNamed(L"\\DosDevices\\COM2", FILE_OPEN, 0, &Port);

    if (!NT_SUCCESS(Status))
        return Status;
    Status = ZwWriteFile(Port, NULL, NULL, NULL, &Iosb, "ordinal", 7, NULL, NULL);
    ZwClose(Port);
    return Status;
}

static NTSTATUS StartProgram(VOID)
{
    PROCESS_START Start = {.ImagePath = RTL_CONSTANT_STRING(L"\\SystemRoot\\bin\\release.exe"), .CommandLine = "release"};
    HANDLE Process;
    NTSTATUS Status = ZwCreateUserProcess(&Process, &Start);

    if (!NT_SUCCESS(Status))
        return Status;
    ZwWaitForSingleObject(Process, FALSE, NULL);
    ZwClose(Process);
    return STATUS_SUCCESS;
}

static VOID EndAtOnce(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS StartThread(VOID)
{
    HANDLE Thread;
    NTSTATUS Status = PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, EndAtOnce, NULL);

    if (!NT_SUCCESS(Status))
        return Status;
    ZwWaitForSingleObject(Thread, FALSE, NULL);
    ZwClose(Thread);
    return STATUS_SUCCESS;
}

static NTSTATUS LockForWriting(PMDL Mdl)
{
    volatile NTSTATUS Status = STATUS_SUCCESS;

    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Status = GetExceptionCode();
    }
    return Status;
}

/* Memory of the program that asked for the case; touched by way of an MDL, so that a failure is a status. */
static NTSTATUS UseMemory(VOID)
{
    SIZE_T Size = 8 * PAGE_SIZE;
    PVOID Base = NULL;
    PMDL Mdl;
    NTSTATUS Status = ZwAllocateVirtualMemory(ZwCurrentProcess(), &Base, 0, &Size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    if (!NT_SUCCESS(Status))
        return Status;
    Mdl = IoAllocateMdl(Base, 8 * PAGE_SIZE, FALSE, TRUE, NULL);
    Status = Mdl == NULL ? STATUS_INSUFFICIENT_RESOURCES : LockForWriting(Mdl);
    if (NT_SUCCESS(Status)) {
        if (MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority) == NULL)
            Status = STATUS_INSUFFICIENT_RESOURCES;
        MmUnlockPages(Mdl);
    }
    if (Mdl != NULL)
        IoFreeMdl(Mdl);
    Size = 0;
    ZwFreeVirtualMemory(ZwCurrentProcess(), &Base, &Size, MEM_RELEASE);
    return Status;
}

static NTSTATUS UseKernelMemory(VOID)
{
    PHYSICAL_ADDRESS Zero = {.QuadPart = 0}, All = {.QuadPart = MAXULONG};
    PVOID Paged = ExAllocatePoolWithTag(PagedPool, 3 * PAGE_SIZE, TAG);
    PVOID Charged = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_USE_QUOTA, 3 * PAGE_SIZE, TAG);
    PVOID Range = MmAllocateMappingAddress(4 * PAGE_SIZE, TAG);
    PVOID Run = MmAllocateContiguousMemorySpecifyCache(4 * PAGE_SIZE, Zero, All, Zero, MmNonCached);
    PMDL Mdl = MmAllocatePagesForMdlEx(Zero, All, Zero, 4 * PAGE_SIZE, MmCached, MM_ALLOCATE_FULLY_REQUIRED);
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;

    if (Paged != NULL && Charged != NULL && Range != NULL && Run != NULL && Mdl != NULL)
        Status = STATUS_SUCCESS;
    if (Mdl != NULL) {
        MmFreePagesFromMdl(Mdl);
        ExFreePool(Mdl);
    }
    if (Run != NULL)
        MmFreeContiguousMemory(Run);
    if (Range != NULL)
        MmFreeMappingAddress(Range, TAG);
    if (Charged != NULL)
        ExFreePoolWithTag(Charged, TAG);
    if (Paged != NULL)
        ExFreePoolWithTag(Paged, TAG);
    return Status;
}

TEST_CASE(KernelMemoryFails, "pool, quota, mappings, runs, pages: each allocation that fails leaves nothing") {
    FailOneByOne("KernelMemoryFails", UseKernelMemory);
}

TEST_CASE(UserMemoryFails, "memory of a program, allocated, locked and mapped: each allocation that fails leaves nothing") {
    FailOneByOne("UserMemoryFails", UseMemory);
}

TEST_CASE(FileFails, "making, writing and reading a file: each allocation that fails leaves nothing") {
    FailOneByOne("FileFails", WriteFile);
}

TEST_CASE(PortFails, "opening, writing and closing a port: each allocation that fails leaves nothing") {
    FailOneByOne("PortFails", WritePort);
}

TEST_CASE(ThreadFails, "making a thread: each allocation that fails leaves nothing") {
    FailOneByOne("ThreadFails", StartThread);
}

TEST_CASE(ProgramFails, "starting a program: each allocation that fails leaves nothing") {
    FailOneByOne("ProgramFails", StartProgram);
}

TEST_CASE(DriverFails, "loading and unloading a driver: each allocation that fails leaves nothing") {
    FailOneByOne("DriverFails", LoadAndUnload);
}
