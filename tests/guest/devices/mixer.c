/* The Sound Blaster's mixer: what the chip itself has, and what the driver keeps while nobody has a line open. */
#include "devices.h"

#include <ntddaux.h>

#define MASTER L"\\Device\\MMAux0"
#define CD_LINE L"\\Device\\MMAux3"
#define MICROPHONE L"\\Device\\MMAux5"
#define MIXER_INDEX ((PUCHAR)0x224)
#define MIXER_DATA ((PUCHAR)0x225)
#define MASTER_LEFT 0x30
#define MASTER_RIGHT 0x31
#define LEVELS 32

static UCHAR ChipRead(UCHAR Register)
{
    WRITE_PORT_UCHAR(MIXER_INDEX, Register);
    return READ_PORT_UCHAR(MIXER_DATA);
}

static VOID ChipWrite(UCHAR Register, UCHAR Value)
{
    WRITE_PORT_UCHAR(MIXER_INDEX, Register);
    WRITE_PORT_UCHAR(MIXER_DATA, Value);
}

static NTSTATUS SetVolume(HANDLE Line, ULONG Left, ULONG Right)
{
    AUX_DD_VOLUME Volume = {Left, Right};

    return DeviceControl(Line, IOCTL_AUX_SET_VOLUME, &Volume, sizeof(Volume), NULL, 0, NULL);
}

static NTSTATUS GetVolume(HANDLE Line, PAUX_DD_VOLUME Volume)
{
    return DeviceControl(Line, IOCTL_AUX_GET_VOLUME, NULL, 0, Volume, sizeof(*Volume), NULL);
}

static ULONG VolumeOf(ULONG Level)
{
    return (ULONG)((ULONGLONG)Level * MAXULONG / (LEVELS - 1));
}

TEST_CASE(MixerSetsTheChip, "a volume reaches the chip's register, and what is read back comes from there") {
    AUX_DD_VOLUME Volume;
    HANDLE Line;

    REQUIRE(NT_SUCCESS(DeviceOpen(MASTER, &Line)));
    for (ULONG Level = 0; Level < LEVELS; Level++) {
        EXPECT_STATUS(SetVolume(Line, VolumeOf(Level), VolumeOf(LEVELS - 1 - Level)), STATUS_SUCCESS);
        EXPECT_EQUAL(ChipRead(MASTER_LEFT) >> 3, Level);
        EXPECT_EQUAL(ChipRead(MASTER_RIGHT) >> 3, LEVELS - 1 - Level);
        EXPECT_STATUS(GetVolume(Line, &Volume), STATUS_SUCCESS);
        EXPECT_EQUAL(Volume.Left, VolumeOf(Level));
        EXPECT_EQUAL(Volume.Right, VolumeOf(LEVELS - 1 - Level));
    }
    ChipWrite(MASTER_LEFT, 5 << 3);
    EXPECT_STATUS(GetVolume(Line, &Volume), STATUS_SUCCESS);
    EXPECT_EQUAL(Volume.Left, VolumeOf(5));
    ZwClose(Line);
}

TEST_CASE(MixerKeepsVolumes, "L38 the mixer's data leaves memory with the volumes in it, and brings them back") {
    PMM_SECTION Data = DeviceSection(MASTER, "PAGEDATA");
    ULONG64 PageOuts, PageIns;
    AUX_DD_VOLUME Volume;
    HANDLE Line;

    REQUIRE(Data != NULL);
    for (ULONG Level = 3; Level < LEVELS; Level += 7) {
        REQUIRE(NT_SUCCESS(DeviceOpen(MASTER, &Line)));
        EXPECT_STATUS(SetVolume(Line, VolumeOf(Level), VolumeOf(Level - 2)), STATUS_SUCCESS);
        ZwClose(Line);
        PageOuts = Data->PageOuts;
        MmTrimAllSystemPageableMemory(TRUE);
        EXPECT_EQUAL(Data->ResidentPages, 0);
        EXPECT(Data->PageOuts > PageOuts);
        PageIns = Data->PageIns;
        ChipWrite(MASTER_LEFT, 0);
        ChipWrite(MASTER_RIGHT, 0xFF);
        REQUIRE(NT_SUCCESS(DeviceOpen(MASTER, &Line)));
        EXPECT(Data->PageIns > PageIns);
        EXPECT_EQUAL(ChipRead(MASTER_LEFT) >> 3, Level);
        EXPECT_EQUAL(ChipRead(MASTER_RIGHT) >> 3, Level - 2);
        EXPECT_STATUS(GetVolume(Line, &Volume), STATUS_SUCCESS);
        EXPECT_EQUAL(Volume.Left, VolumeOf(Level));
        ZwClose(Line);
    }
}

TEST_CASE(MixerLocksDataWhileOpen, "L21 L26 L38 PAGEDATA is locked while any line is open, and only then") {
    PMM_SECTION Data = DeviceSection(MASTER, "PAGEDATA"), Code = DeviceSection(MASTER, "PAGE");
    HANDLE First, Second;

    REQUIRE(Data != NULL && Code != NULL);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Data->LockCount, 0);
    EXPECT_EQUAL(Data->ResidentPages + Code->ResidentPages, 0);
    REQUIRE(NT_SUCCESS(DeviceOpen(MASTER, &First)));
    REQUIRE(NT_SUCCESS(DeviceOpen(CD_LINE, &Second)));
    EXPECT_EQUAL(Data->LockCount, 1);
    ZwClose(First);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Data->LockCount, 1);
    EXPECT_EQUAL(Data->ResidentPages, Data->PageCount);
    EXPECT_EQUAL(Code->ResidentPages, 0);
    EXPECT_STATUS(SetVolume(Second, 0, 0), STATUS_SUCCESS);
    ZwClose(Second);
    EXPECT_EQUAL(Data->LockCount, 0);
}

TEST_CASE(MixerControls, "what a line is called, a mono line, and refusals with documented statuses") {
    AUX_DD_VOLUME Volume = {VolumeOf(9), VolumeOf(20)};
    AUXCAPSW Caps;
    ULONG_PTR Length;
    HANDLE Line;

    REQUIRE(NT_SUCCESS(DeviceOpen(MICROPHONE, &Line)));
    EXPECT_STATUS(DeviceControl(Line, IOCTL_AUX_GET_CAPABILITIES, NULL, 0, &Caps, sizeof(Caps), &Length),
                  STATUS_SUCCESS);
    EXPECT_EQUAL(Length, sizeof(Caps));
    EXPECT(wcscmp(Caps.szPname, L"Microphone") == 0);
    EXPECT_EQUAL(Caps.dwSupport, AUXCAPS_VOLUME);
    EXPECT_STATUS(SetVolume(Line, Volume.Left, Volume.Right), STATUS_SUCCESS);
    EXPECT_STATUS(GetVolume(Line, &Volume), STATUS_SUCCESS);
    EXPECT_EQUAL(Volume.Left, VolumeOf(9));
    EXPECT_EQUAL(Volume.Right, VolumeOf(9));
    EXPECT_STATUS(DeviceControl(Line, IOCTL_AUX_SET_VOLUME, &Volume, sizeof(Volume) - 1, NULL, 0, NULL),
                  STATUS_BUFFER_TOO_SMALL);
    EXPECT_STATUS(DeviceControl(Line, IOCTL_AUX_GET_VOLUME, NULL, 0, &Volume, sizeof(Volume) - 1, NULL),
                  STATUS_BUFFER_TOO_SMALL);
    EXPECT_STATUS(DeviceControl(Line, IOCTL_AUX_GET_CAPABILITIES, NULL, 0, &Caps, sizeof(Caps) - 1, NULL),
                  STATUS_BUFFER_TOO_SMALL);
    EXPECT_STATUS(DeviceControl(Line, AUX_CONTROL_CODE(0x7F), NULL, 0, NULL, 0, NULL), STATUS_INVALID_DEVICE_REQUEST);
    ZwClose(Line);
}

#define USERS 6
#define ROUNDS 80

static volatile LONG UsersLeft;

/* One line each: nobody else changes it, however the register pair is used at once. The last one sends memory out. */
static VOID UseLine(PVOID Context)
{
    ULONG Number = (ULONG)InterlockedIncrement((volatile LONG *)Context) - 1, Level = Number;
    WCHAR Name[] = MASTER;

    Name[ARRAYSIZE(Name) - 2] = (WCHAR)(L'0' + Number);
    for (ULONG Round = 0; Round < ROUNDS || (Number == USERS - 1 && UsersLeft > 1); Round++) {
        AUX_DD_VOLUME Volume = {0, 0};
        HANDLE Line;
        if (Number == USERS - 1) {
            MmTrimAllSystemPageableMemory(TRUE);
            continue;
        }
        if (!EXPECT_STATUS(DeviceOpen(Name, &Line), STATUS_SUCCESS)) {
            break;
        }
        /* What was set the last time has been kept, whether the others have closed in between or not. */
        if (Round != 0) {
            EXPECT_STATUS(GetVolume(Line, &Volume), STATUS_SUCCESS);
            EXPECT_EQUAL(Volume.Left, VolumeOf(Level));
        }
        Level = (Level + 5) % LEVELS;
        EXPECT_STATUS(SetVolume(Line, VolumeOf(Level), VolumeOf(Level)), STATUS_SUCCESS);
        ZwClose(Line);
    }
    InterlockedDecrement(&UsersLeft);
}

TEST_CASE(MixerUsedByMany, "lines opened, set and closed at once keep what was set, with the data coming and going") {
    PMM_SECTION Data = DeviceSection(MASTER, "PAGEDATA");
    volatile LONG Number = 0;

    REQUIRE(Data != NULL);
    UsersLeft = USERS;
    TestOnThreads(USERS, UseLine, (PVOID)&Number);
    EXPECT_EQUAL(Data->LockCount, 0);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Data->ResidentPages, 0);
}
