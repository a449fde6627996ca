/* The tree's device drivers on the hardware that QEMU has for them. */
#include "devices.h"

TEST_SUITE(devices, "1 2 4");
TEST_MACHINE("--parallel null --cdrom @system.img --sound sb16", "beep parallel cdrom mixer");

#define PAUSE (-10 * 1000 * 10)     /* 10 ms */
#define PATIENCE 1000               /* pauses */

NTSTATUS DeviceOpen(PCWSTR Name, PHANDLE Handle)
{
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Iosb;
    UNICODE_STRING FileName;

    RtlInitUnicodeString(&FileName, Name);
    InitializeObjectAttributes(&Attributes, &FileName, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    return ZwOpenFile(Handle, FILE_GENERIC_READ | FILE_GENERIC_WRITE, &Attributes, &Iosb,
                      FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_SYNCHRONOUS_IO_NONALERT);
}

NTSTATUS DeviceControl(HANDLE Device, ULONG Code, PVOID Input, ULONG InputLength, PVOID Output, ULONG OutputLength,
                       PULONG_PTR Information)
{
    IO_STATUS_BLOCK Iosb = {{STATUS_PENDING}, 0};
    NTSTATUS Status = ZwDeviceIoControlFile(Device, NULL, NULL, NULL, &Iosb, Code, Input, InputLength, Output,
                                            OutputLength);

    if (Information != NULL) {
        *Information = Iosb.Information;
    }
    return Status;
}

PMM_SECTION DeviceSection(PCWSTR Name, PCSTR Section)
{
    UNICODE_STRING DeviceName;
    PDEVICE_OBJECT Device;
    PFILE_OBJECT File;
    PMM_IMAGE Image;

    RtlInitUnicodeString(&DeviceName, Name);
    if (!EXPECT_STATUS(IoGetDeviceObjectPointer(&DeviceName, FILE_READ_ATTRIBUTES, &File, &Device), STATUS_SUCCESS)) {
        return NULL;
    }
    Image = MmFindSection((PVOID)(ULONG_PTR)Device->DriverObject->MajorFunction[IRP_MJ_CREATE])->Image;
    ObDereferenceObject(File);
    for (PLIST_ENTRY Entry = Image->Sections.Flink; Entry != &Image->Sections; Entry = Entry->Flink) {
        PMM_SECTION Found = CONTAINING_RECORD(Entry, MM_SECTION, ImageEntry);
        if (strcmp(Found->Name, Section) == 0) {
            return Found;
        }
    }
    TestNote("%s has no section %s", Image->Name, Section);
    EXPECT(!"the driver has the section");
    return NULL;
}

BOOLEAN DeviceWaitFor(BOOLEAN (*Condition)(PVOID Context), PVOID Context)
{
    LARGE_INTEGER Pause = {.QuadPart = PAUSE};

    for (ULONG Try = 0; Try < PATIENCE; Try++) {
        if (Condition(Context)) {
            return TRUE;
        }
        KeDelayExecutionThread(KernelMode, FALSE, &Pause);
    }
    return FALSE;
}
