/*
 * CRC-32 as zlib, gzip and Ethernet have it: polynomial 0xEDB88320 (reflected), all ones in and out. Four bits per
 * step by a table of 16 words: small enough to read, quick enough for files.
 *
 * IRQL: any, for resident buffers.
 */
#include "rtl.h"

static const ULONG RtlpCrcOfNibble[16] = {
    0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
    0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
};

ULONG RtlCrc32(ULONG Crc, const VOID *Buffer, SIZE_T Length)
{
    const UCHAR *Bytes = Buffer;

    Crc = ~Crc;
    for (SIZE_T Index = 0; Index < Length; Index++) {
        Crc ^= Bytes[Index];
        Crc = (Crc >> 4) ^ RtlpCrcOfNibble[Crc & 15];
        Crc = (Crc >> 4) ^ RtlpCrcOfNibble[Crc & 15];
    }
    return ~Crc;
}
