/*
 * mixer: the chip. A register is written and read by two ports, first its number, then its value, and nobody may come
 * in between: hence the spin lock, and the level that it brings. With it held a page fault in MixLines would be the
 * end of the system; it is locked.
 */
#include "mixer.h"

static VOID MixSelect(UCHAR Register)
{
    WRITE_PORT_UCHAR((PUCHAR)SB_MIXER_INDEX, Register);
}

/* ChipLock held. */
static VOID MixWrite(UCHAR Register, UCHAR Level)
{
    MixSelect(Register);
    WRITE_PORT_UCHAR((PUCHAR)SB_MIXER_DATA, (UCHAR)(Level << LEVEL_SHIFT));
}

/* ChipLock held. */
static UCHAR MixRead(UCHAR Register)
{
    MixSelect(Register);
    return READ_PORT_UCHAR((PUCHAR)SB_MIXER_DATA) >> LEVEL_SHIFT;
}

VOID MixSetLevels(ULONG Line, UCHAR Left, UCHAR Right)
{
    KIRQL OldIrql;

    KeAcquireSpinLock(&MixState.ChipLock, &OldIrql);
    MixWrite(MixLines[Line].RightRegister, Right);
    MixWrite(MixLines[Line].LeftRegister, Left);    /* of a mono line the left one counts */
    KeReleaseSpinLock(&MixState.ChipLock, OldIrql);
}

VOID MixGetLevels(ULONG Line, PUCHAR Left, PUCHAR Right)
{
    KIRQL OldIrql;

    KeAcquireSpinLock(&MixState.ChipLock, &OldIrql);
    *Left = MixRead(MixLines[Line].LeftRegister);
    *Right = MixRead(MixLines[Line].RightRegister);
    KeReleaseSpinLock(&MixState.ChipLock, OldIrql);
}

VOID MixRestore(VOID)
{
    for (ULONG Line = 0; Line < MIX_LINES; Line++)
        MixSetLevels(Line, MixLines[Line].LeftLevel, MixLines[Line].RightLevel);
}

VOID MixKeep(VOID)
{
    for (ULONG Line = 0; Line < MIX_LINES; Line++)
        MixGetLevels(Line, &MixLines[Line].LeftLevel, &MixLines[Line].RightLevel);
}
