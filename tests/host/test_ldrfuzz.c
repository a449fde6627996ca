/*
 * The loader's pure part against files that are damaged at random, always the same way: the good driver and program
 * with a few bytes changed, mostly in the headers and tables where it hurts.
 */
#include "anyfile.h"

/* Values that lie at edges. */
static const ULONG64 Edges[] = {0, 1, 7, 8, 0x7F, 0x80, 0xFF, 0x1000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000,
                                0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFF8};

/* Changes one place of the file: a bit, a byte, or a word to an edge, to a small number or by a little. */
static VOID Damage(PUCHAR Bytes, SIZE_T Size)
{
    SIZE_T Place = TapRandom((ULONG)Size);
    SIZE_T Width = 1u << TapRandom(4);
    ULONG64 Value = 0;

    Place = Place / Width * Width;
    if (Width > Size - Place) {
        return;
    }
    memcpy(&Value, Bytes + Place, Width);
    switch (TapRandom(4)) {
    case 0:
        Value ^= 1ull << TapRandom((ULONG)Width * 8);
        break;
    case 1:
        Value = Edges[TapRandom(ARRAYSIZE(Edges))];
        break;
    case 2:
        Value = TapRandom(64);
        break;
    default:
        Value += TapRandom(33) - 16ull;
        break;
    }
    memcpy(Bytes + Place, &Value, Width);
}

/* Runs Rounds damaged copies through Try; how many were still valid. */
static ULONG Run(PCSTR Path, ULONG Rounds, BOOLEAN (*Try)(const UCHAR *Bytes, SIZE_T Size))
{
    ELF_FILE File = ElfRead(Path);
    PUCHAR Copy = TapAllocate(File.Size);
    SIZE_T Table = ElfHeader(&File)->e_shoff;
    ULONG Valid = 0;

    for (ULONG Round = 0; Round < Rounds; Round++) {
        ULONG Changes = 1 + TapRandom(4);
        memcpy(Copy, File.Bytes, File.Size);
        for (ULONG Change = 0; Change < Changes; Change++) {
            switch (TapRandom(4)) {
            case 0:
                Damage(Copy, sizeof(ELF64_EHDR) + 3 * sizeof(ELF64_PHDR));
                break;
            case 1:
                Damage(Copy + Table, File.Size - Table);
                break;
            default:
                Damage(Copy, File.Size);
                break;
            }
        }
        Valid += Try(Copy, File.Size);
    }
    TapFree(Copy);
    TapFree(File.Bytes);
    TapNote("%u of %u damaged files were still valid", Valid, Rounds);
    return Valid;
}

CASE(DamagedDrivers)
{
    ULONG Valid = Run(GOOD_DRIVER, 60000, AnyDriver);

    /* Both outcomes must occur, or the test tests little. */
    CHECK(Valid > 1000 && Valid < 59000, "%u valid", Valid);
}

CASE(DamagedPrograms)
{
    ULONG Valid = Run(GOOD_PROGRAM, 60000, AnyProgram);

    CHECK(Valid > 1000 && Valid < 59000, "%u valid", Valid);
}
