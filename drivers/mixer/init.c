/* mixer: the search for the card, and a device for each line (INIT). */
#include "mixer.h"

#define MIX_NAME_LENGTH 24

/* As numbers: \Device\MMAuxN for the line N of MixLines, \\.\MixerN for programs. */
typedef struct _MIX_NAMES {
    WCHAR Device[MIX_NAME_LENGTH];
    WCHAR Link[MIX_NAME_LENGTH];
} MIX_NAMES;

static NTSTATUS MixCreateLine(PDRIVER_OBJECT DriverObject, ULONG Line);
static BOOLEAN MixDetect(VOID);
static BOOLEAN MixReadDsp(PUCHAR Byte);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(INIT, MixCreateLine)
#pragma alloc_text(INIT, MixReadDsp)
#pragma alloc_text(INIT, MixDetect)
#endif

#pragma data_seg("INITDATA")
static MIX_NAMES MixNames[MIX_LINES] = {
    {DD_AUX_DEVICE_NAME_U L"0", L"\\DosDevices\\Mixer0"}, {DD_AUX_DEVICE_NAME_U L"1", L"\\DosDevices\\Mixer1"},
    {DD_AUX_DEVICE_NAME_U L"2", L"\\DosDevices\\Mixer2"}, {DD_AUX_DEVICE_NAME_U L"3", L"\\DosDevices\\Mixer3"},
    {DD_AUX_DEVICE_NAME_U L"4", L"\\DosDevices\\Mixer4"}, {DD_AUX_DEVICE_NAME_U L"5", L"\\DosDevices\\Mixer5"},
};
#pragma data_seg()

#define DSP_LOOKS 1000                  /* at its status */
#define DSP_PAUSE 1                     /* microseconds between them */
#define DSP_RESET_TIME 3
#define DSP_STATUS_BIT 0x80

/* STATUS_NO_SUCH_DEVICE and a message when there is no Sound Blaster 16. IRQL: PASSIVE_LEVEL. */
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);

    if (!MixDetect()) {
        DbgPrint("mixer: there is no Sound Blaster 16 at 0x%x (./run-qemu.sh --sound sb16 gives the machine one)\n",
                 SB_BASE);
        return STATUS_NO_SUCH_DEVICE;
    }
    ExInitializeFastMutex(&MixState.OpenMutex);
    KeInitializeSpinLock(&MixState.ChipLock);
    for (ULONG Line = 0; Line < MIX_LINES; Line++) {
        Status = MixCreateLine(DriverObject, Line);
        if (!NT_SUCCESS(Status)) {
            MixUnload(DriverObject);
            return Status;
        }
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = MixCreate;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = MixClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = MixDeviceControl;
    DriverObject->DriverUnload = MixUnload;
    return STATUS_SUCCESS;
}

/* Touches nothing of PAGEDATA, so that stays out until a line is opened. */
static NTSTATUS MixCreateLine(PDRIVER_OBJECT DriverObject, ULONG Line)
{
    UNICODE_STRING DeviceName, LinkName;
    PDEVICE_OBJECT DeviceObject;
    NTSTATUS Status;

    RtlInitUnicodeString(&DeviceName, MixNames[Line].Device);
    RtlInitUnicodeString(&LinkName, MixNames[Line].Link);
    Status = IoCreateDevice(DriverObject, sizeof(MIX_DEVICE), &DeviceName, FILE_DEVICE_SOUND, 0, FALSE, &DeviceObject);
    if (!NT_SUCCESS(Status))
        return Status;
    ((PMIX_DEVICE)DeviceObject->DeviceExtension)->Line = Line;
    Status = IoCreateSymbolicLink(&LinkName, &DeviceName);
    if (!NT_SUCCESS(Status))
        IoDeleteDevice(DeviceObject);
    return Status;
}

/* FALSE: no byte has come. */
static BOOLEAN MixReadDsp(PUCHAR Byte)
{
    for (ULONG Look = 0; Look < DSP_LOOKS; Look++) {
        if (READ_PORT_UCHAR((PUCHAR)SB_DSP_READ_STATUS) & DSP_STATUS_BIT) {
            *Byte = READ_PORT_UCHAR((PUCHAR)SB_DSP_READ);
            return TRUE;
        }
        KeStallExecutionProcessor(DSP_PAUSE);
    }
    return FALSE;
}

/* The card's signal processor says that it is there, and which: cards before the 16 have another mixer. */
static BOOLEAN MixDetect(VOID)
{
    UCHAR Byte;

    WRITE_PORT_UCHAR((PUCHAR)SB_DSP_RESET, 1);
    KeStallExecutionProcessor(DSP_RESET_TIME);
    WRITE_PORT_UCHAR((PUCHAR)SB_DSP_RESET, 0);
    if (!MixReadDsp(&Byte) || Byte != DSP_READY)
        return FALSE;
    for (ULONG Look = 0; Look < DSP_LOOKS; Look++) {
        if ((READ_PORT_UCHAR((PUCHAR)SB_DSP_WRITE) & DSP_STATUS_BIT) == 0)
            break;
        KeStallExecutionProcessor(DSP_PAUSE);
    }
    WRITE_PORT_UCHAR((PUCHAR)SB_DSP_WRITE, DSP_GET_VERSION);
    if (!MixReadDsp(&Byte))
        return FALSE;
    if (Byte != DSP_VERSION_SB16)
        DbgPrint("mixer: the Sound Blaster at 0x%x is of version %u; only version %u has this mixer\n", SB_BASE, Byte,
                 DSP_VERSION_SB16);
    return Byte == DSP_VERSION_SB16 && MixReadDsp(&Byte);      /* the second byte is the minor version */
}
