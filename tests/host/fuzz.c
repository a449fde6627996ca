/*
 * libFuzzer's door to the parsers of untrusted files (`make -C tests/host fuzz`). The first byte of an input says which
 * parser gets the rest: d a driver, p a program, a an archive.
 */
#include "anyfile.h"

/* The harness' failures end the fuzzer; its other services are tap.c's with main renamed. */
int LLVMFuzzerTestOneInput(const UCHAR *Data, size_t Size);

int LLVMFuzzerTestOneInput(const UCHAR *Data, size_t Size)
{
    PUCHAR Bytes;

    if (Size == 0) {
        return 0;
    }
    Bytes = TapAllocate(Size - 1);
    memcpy(Bytes, Data + 1, Size - 1);
    switch (Data[0]) {
    case 'd':
        AnyDriver(Bytes, Size - 1);
        break;
    case 'p':
        AnyProgram(Bytes, Size - 1);
        break;
    case 'a':
        AnyArchive(Bytes, Size - 1);
        break;
    }
    TapFree(Bytes);
    return 0;
}
