/* Between the parts of the file-system run-time library. */
#pragma once

#include "ntifs.h"
#include "ke/rules.h"
#include "rtl/export.h"

#define FSRTLP_TAG 'lRsF'

/* A name of either width, read character by character. */
typedef struct _FSRTLP_TEXT {
    const VOID *Buffer;
    ULONG Length;           /* characters */
    BOOLEAN Wide;
} FSRTLP_TEXT;

FORCEINLINE FSRTLP_TEXT FsRtlpWide(PCUNICODE_STRING String)
{
    return (FSRTLP_TEXT){String->Buffer, String->Length / sizeof(WCHAR), TRUE};
}

FORCEINLINE FSRTLP_TEXT FsRtlpNarrow(const ANSI_STRING *String)
{
    return (FSRTLP_TEXT){String->Buffer, String->Length, FALSE};
}

FORCEINLINE WCHAR FsRtlpAt(const FSRTLP_TEXT *Text, ULONG Index)
{
    return Text->Wide ? ((const WCHAR *)Text->Buffer)[Index] : ((const UCHAR *)Text->Buffer)[Index];
}
