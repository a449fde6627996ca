/*
 * The sprintf family: sinks over a buffer for the engine in format.c. What each form does when the text does not
 * fit is written at its declaration in nt/ntcrt.h.
 *
 * IRQL: any, for resident buffers.
 */
#include "rtl.h"

typedef struct _RTLP_BUFFER {
    VOID *Start;
    SIZE_T Count;           /* characters that the buffer holds */
    SIZE_T Stored;
} RTLP_BUFFER;

static VOID RtlpStoreNarrow(PVOID Context, WCHAR Character)
{
    RTLP_BUFFER *Buffer = Context;

    if (Buffer->Stored < Buffer->Count) {
        ((CHAR *)Buffer->Start)[Buffer->Stored++] = Character <= 0xFF ? (CHAR)Character : '?';
    }
}

static VOID RtlpStoreWide(PVOID Context, WCHAR Character)
{
    RTLP_BUFFER *Buffer = Context;

    if (Buffer->Stored < Buffer->Count) {
        ((WCHAR *)Buffer->Start)[Buffer->Stored++] = Character;
    }
}

int _vsnprintf(char *Buffer, size_t Count, const char *Format, va_list Arguments)
{
    RTLP_BUFFER Target = {Buffer, Count, 0};
    SIZE_T Length = RtlpFormat(RtlpStoreNarrow, &Target, Format, Arguments);

    if (Length < Count) {
        Buffer[Length] = 0;
    } else if (Length > Count && Buffer != NULL) {
        return -1;
    }
    return (int)Length;
}
NT_EXPORT(_vsnprintf);

int _vsnwprintf(WCHAR *Buffer, size_t Count, const WCHAR *Format, va_list Arguments)
{
    RTLP_BUFFER Target = {Buffer, Count, 0};
    SIZE_T Length = RtlpFormatWide(RtlpStoreWide, &Target, Format, Arguments);

    if (Length < Count) {
        Buffer[Length] = 0;
    } else if (Length > Count && Buffer != NULL) {
        return -1;
    }
    return (int)Length;
}
NT_EXPORT(_vsnwprintf);

int vsprintf_s(char *Buffer, size_t Size, const char *Format, va_list Arguments)
{
    int Length = _vsnprintf(Buffer, Size, Format, Arguments);

    if (Length < 0 || (size_t)Length >= Size) {
        if (Size != 0) {
            Buffer[0] = 0;
        }
        return -1;
    }
    return Length;
}
NT_EXPORT(vsprintf_s);

int vswprintf_s(WCHAR *Buffer, size_t Size, const WCHAR *Format, va_list Arguments)
{
    int Length = _vsnwprintf(Buffer, Size, Format, Arguments);

    if (Length < 0 || (size_t)Length >= Size) {
        if (Size != 0) {
            Buffer[0] = 0;
        }
        return -1;
    }
    return Length;
}
NT_EXPORT(vswprintf_s);

int vsprintf(char *Buffer, const char *Format, va_list Arguments)
{
    return _vsnprintf(Buffer, MAXLONG, Format, Arguments);
}
NT_EXPORT(vsprintf);

int _snprintf(char *Buffer, size_t Count, const char *Format, ...)
{
    va_list Arguments;
    int Length;

    va_start(Arguments, Format);
    Length = _vsnprintf(Buffer, Count, Format, Arguments);
    va_end(Arguments);
    return Length;
}
NT_EXPORT(_snprintf);

int _snwprintf(WCHAR *Buffer, size_t Count, const WCHAR *Format, ...)
{
    va_list Arguments;
    int Length;

    va_start(Arguments, Format);
    Length = _vsnwprintf(Buffer, Count, Format, Arguments);
    va_end(Arguments);
    return Length;
}
NT_EXPORT(_snwprintf);

int sprintf(char *Buffer, const char *Format, ...)
{
    va_list Arguments;
    int Length;

    va_start(Arguments, Format);
    Length = vsprintf(Buffer, Format, Arguments);
    va_end(Arguments);
    return Length;
}
NT_EXPORT(sprintf);

int _swprintf(WCHAR *Buffer, const WCHAR *Format, ...)
{
    va_list Arguments;
    int Length;

    va_start(Arguments, Format);
    Length = _vsnwprintf(Buffer, MAXLONG, Format, Arguments);
    va_end(Arguments);
    return Length;
}
NT_EXPORT(_swprintf);

int sprintf_s(char *Buffer, size_t Size, const char *Format, ...)
{
    va_list Arguments;
    int Length;

    va_start(Arguments, Format);
    Length = vsprintf_s(Buffer, Size, Format, Arguments);
    va_end(Arguments);
    return Length;
}
NT_EXPORT(sprintf_s);

int swprintf_s(WCHAR *Buffer, size_t Size, const WCHAR *Format, ...)
{
    va_list Arguments;
    int Length;

    va_start(Arguments, Format);
    Length = vswprintf_s(Buffer, Size, Format, Arguments);
    va_end(Arguments);
    return Length;
}
NT_EXPORT(swprintf_s);
