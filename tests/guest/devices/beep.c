/*
 * The speaker, as port 0x61 and the interval timer show it; and its driver, which is out of memory while it is closed.
 */
#include "devices.h"

#include <ntddbeep.h>

#define LONG_TONE 60000             /* ms: it will not end by itself while a case runs */
#define SHORT_TONE 20

#define PORT_B ((PUCHAR)0x61)
#define PORT_B_SOUNDS 0x03          /* gate and speaker */
#define PIT_CHANNEL2 ((PUCHAR)0x42)
#define PIT_COMMAND ((PUCHAR)0x43)
#define PIT_READ_STATUS2 0xE8       /* read back: latch the status, not the count, of channel 2 */
#define PIT_MODE_MASK 0x0E
#define PIT_MODE_SQUARE 0x06

static BOOLEAN SpeakerSounds(VOID)
{
    return (READ_PORT_UCHAR(PORT_B) & PORT_B_SOUNDS) == PORT_B_SOUNDS;
}

static BOOLEAN SpeakerIsSilent(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    return !SpeakerSounds();
}

static NTSTATUS Beep(HANDLE Device, ULONG Frequency, ULONG Duration)
{
    BEEP_SET_PARAMETERS Tone = {Frequency, Duration};

    return DeviceControl(Device, IOCTL_BEEP_SET, &Tone, sizeof(Tone), NULL, 0, NULL);
}

TEST_CASE(BeepSounds, "IOCTL_BEEP_SET makes channel 2 a square wave and lets it out; zero silences it") {
    HANDLE Device;

    REQUIRE(NT_SUCCESS(DeviceOpen(DD_BEEP_DEVICE_NAME_U, &Device)));
    EXPECT(!SpeakerSounds());
    EXPECT_STATUS(Beep(Device, 1000, LONG_TONE), STATUS_SUCCESS);
    EXPECT(SpeakerSounds());
    WRITE_PORT_UCHAR(PIT_COMMAND, PIT_READ_STATUS2);
    EXPECT_EQUAL(READ_PORT_UCHAR(PIT_CHANNEL2) & PIT_MODE_MASK, PIT_MODE_SQUARE);
    EXPECT_STATUS(Beep(Device, 0, 0), STATUS_SUCCESS);
    EXPECT(!SpeakerSounds());
    ZwClose(Device);
}

TEST_CASE(BeepEnds, "a tone ends when its time is up, and not when that of the tone before it is") {
    HANDLE Device;

    REQUIRE(NT_SUCCESS(DeviceOpen(DD_BEEP_DEVICE_NAME_U, &Device)));
    EXPECT_STATUS(Beep(Device, 440, SHORT_TONE), STATUS_SUCCESS);
    EXPECT(DeviceWaitFor(SpeakerIsSilent, NULL));
    for (ULONG Round = 0; Round < 10; Round++) {
        LARGE_INTEGER Pause = {.QuadPart = -10 * 1000 * 15};
        EXPECT_STATUS(Beep(Device, 440, 10), STATUS_SUCCESS);
        EXPECT_STATUS(Beep(Device, 880, LONG_TONE), STATUS_SUCCESS);
        KeDelayExecutionThread(KernelMode, FALSE, &Pause);
        EXPECT(SpeakerSounds());
    }
    ZwClose(Device);
    EXPECT(!SpeakerSounds());
}

TEST_CASE(BeepRefuses, "a frequency out of range, no parameters and a strange code are refused as documented") {
    BEEP_SET_PARAMETERS Tone = {1000, 100};
    HANDLE Device;

    REQUIRE(NT_SUCCESS(DeviceOpen(DD_BEEP_DEVICE_NAME_U, &Device)));
    EXPECT_STATUS(Beep(Device, BEEP_FREQUENCY_MINIMUM - 1, LONG_TONE), STATUS_INVALID_PARAMETER);
    EXPECT_STATUS(Beep(Device, BEEP_FREQUENCY_MAXIMUM + 1, LONG_TONE), STATUS_INVALID_PARAMETER);
    EXPECT_STATUS(Beep(Device, MAXULONG, MAXULONG), STATUS_INVALID_PARAMETER);
    EXPECT_STATUS(DeviceControl(Device, IOCTL_BEEP_SET, &Tone, sizeof(Tone) - 1, NULL, 0, NULL),
                  STATUS_INVALID_PARAMETER);
    EXPECT_STATUS(DeviceControl(Device, IOCTL_BEEP_SET, NULL, 0, NULL, 0, NULL), STATUS_INVALID_PARAMETER);
    EXPECT_STATUS(DeviceControl(Device, IOCTL_BEEP_SET + 4, &Tone, sizeof(Tone), NULL, 0, NULL),
                  STATUS_INVALID_DEVICE_REQUEST);
    EXPECT(!SpeakerSounds());
    EXPECT_STATUS(Beep(Device, BEEP_FREQUENCY_MINIMUM, MAXULONG), STATUS_SUCCESS);
    EXPECT(SpeakerSounds());
    ZwClose(Device);
}

TEST_CASE(BeepIsOutWhenClosed, "L29 L31 L38 beep is all pageable while it is closed, and resident while it is open") {
    PMM_SECTION Code = DeviceSection(DD_BEEP_DEVICE_NAME_U, ".text");
    PMM_SECTION Literals = DeviceSection(DD_BEEP_DEVICE_NAME_U, ".rodata");
    HANDLE First, Second;
    ULONG64 PageIns;

    REQUIRE(Code != NULL && Literals != NULL);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Code->Kind, MmSectionPageable);
    EXPECT_EQUAL(Code->ResidentPages + Literals->ResidentPages, 0);
    PageIns = Code->PageIns;
    REQUIRE(NT_SUCCESS(DeviceOpen(DD_BEEP_DEVICE_NAME_U, &First)));
    REQUIRE(NT_SUCCESS(DeviceOpen(DD_BEEP_DEVICE_NAME_U, &Second)));
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Code->Kind, MmSectionNonpaged);
    EXPECT_EQUAL(Code->ResidentPages, Code->PageCount);
    EXPECT_EQUAL(Literals->ResidentPages, Literals->PageCount);
    EXPECT_EQUAL(Code->PageIns, PageIns + Code->PageCount);
    ZwClose(First);
    EXPECT_EQUAL(Code->Kind, MmSectionNonpaged);
    ZwClose(Second);
    EXPECT_EQUAL(Code->Kind, MmSectionPageable);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Code->ResidentPages + Literals->ResidentPages, 0);
}

#define OPENERS 12
#define OPENINGS 60

static volatile LONG OpenersLeft, Opened;

/* Opens, sounds a tone that ends while others open and close, closes. One of them sends out whatever may leave. */
static VOID OpenAndClose(PVOID Context)
{
    BOOLEAN Trims = InterlockedIncrement((volatile LONG *)Context) == 1;

    for (ULONG Round = 0; Round < OPENINGS || (Trims && OpenersLeft > 1); Round++) {
        HANDLE Device;
        if (Trims) {
            MmTrimAllSystemPageableMemory(TRUE);
            continue;
        }
        if (!EXPECT_STATUS(DeviceOpen(DD_BEEP_DEVICE_NAME_U, &Device), STATUS_SUCCESS)) {
            break;
        }
        InterlockedIncrement(&Opened);
        EXPECT_STATUS(Beep(Device, 1000 + Round, Round % 3), STATUS_SUCCESS);
        if (Round % 4 == 0) {
            LARGE_INTEGER Pause = {.QuadPart = -10 * 1000};
            KeDelayExecutionThread(KernelMode, FALSE, &Pause);
        }
        ZwClose(Device);
    }
    InterlockedDecrement(&OpenersLeft);
}

TEST_CASE(BeepOpenedByMany, "L31 the count is right under concurrent open and close, and nothing runs in what is out") {
    PMM_SECTION Code = DeviceSection(DD_BEEP_DEVICE_NAME_U, ".text");
    volatile LONG Number = 0;
    HANDLE Device;

    REQUIRE(Code != NULL);
    OpenersLeft = OPENERS;
    Opened = 0;
    TestOnThreads(OPENERS, OpenAndClose, (PVOID)&Number);
    EXPECT_EQUAL(Opened, (OPENERS - 1) * OPENINGS);
    EXPECT(!SpeakerSounds());
    EXPECT_EQUAL(Code->Kind, MmSectionPageable);
    EXPECT_EQUAL(Code->LockCount, 0);
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT_EQUAL(Code->ResidentPages, 0);
    /* A count that is off by one would leave the driver pageable now, or resident after the close. */
    REQUIRE(NT_SUCCESS(DeviceOpen(DD_BEEP_DEVICE_NAME_U, &Device)));
    EXPECT_EQUAL(Code->Kind, MmSectionNonpaged);
    ZwClose(Device);
    EXPECT_EQUAL(Code->Kind, MmSectionPageable);
}
