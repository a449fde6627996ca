/* The speaker: channel 2 of the interval timer makes the tone, port 0x61 lets it out. */
#include "hal/hal.h"
#include "hal/pit.h"
#include "ke/spinlock.h"
#include "rtl/export.h"

/* One tone at a time: the divisor goes out in two bytes, and port 0x61 is read, changed and written. Any IRQL. */
static KSPIN_LOCK HalpSpeakerLock;

static UCHAR HalpIn(ULONG Port)
{
    return READ_PORT_UCHAR((PUCHAR)(ULONG_PTR)Port);
}

static VOID HalpOut(ULONG Port, ULONG Value)
{
    WRITE_PORT_UCHAR((PUCHAR)(ULONG_PTR)Port, (UCHAR)Value);
}

/*
 * Sounds a tone of so many hertz until the next call; 0: silence ("HalMakeBeep"). FALSE, and silence: the timer cannot
 * divide its clock down or up to that. IRQL: any.
 */
BOOLEAN HalMakeBeep(ULONG Frequency)
{
    ULONG Divisor = Frequency != 0 ? PIT_HZ / Frequency : 0;
    BOOLEAN Sounds = Divisor != 0 && Divisor <= PIT_LARGEST_COUNT;
    BOOLEAN Enabled = KiDisableInterrupts();

    KiAcquireSpinLock(&HalpSpeakerLock);
    HalpOut(PORT_B, HalpIn(PORT_B) & ~(PORT_B_SPEAKER | PORT_B_GATE2));
    if (Sounds) {
        HalpOut(PIT_COMMAND, PIT_CHANNEL2_MODE3);
        HalpOut(PIT_CHANNEL2, Divisor & 0xFF);
        HalpOut(PIT_CHANNEL2, Divisor >> 8);
        HalpOut(PORT_B, HalpIn(PORT_B) | PORT_B_SPEAKER | PORT_B_GATE2);
    }
    KiReleaseSpinLock(&HalpSpeakerLock);
    KiRestoreInterrupts(Enabled);
    return Sounds || Frequency == 0;
}
NT_EXPORT(HalMakeBeep);
