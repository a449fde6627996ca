/*
 * Standard output and input. A print collects its text on the stack and writes it in pieces as large as that: nothing
 * is shared between threads, nothing is kept back.
 */
#include <stdio.h>
#include "rtlsource.h"
#include "sdk.h"

#define SDK_PRINT_PIECE 512

typedef struct _SDK_PRINT {
    ULONG Length;
    int Written;
    CHAR Text[SDK_PRINT_PIECE];
} SDK_PRINT;

static VOID SdkFlush(SDK_PRINT *Print)
{
    DWORD Written;

    if (Print->Length != 0 && !WriteFile(SdkParameters->StandardOutput, Print->Text, Print->Length, &Written, NULL))
        Print->Written = EOF;
    Print->Length = 0;
}

static VOID SdkPrintCharacter(PVOID Context, WCHAR Character)
{
    SDK_PRINT *Print = Context;

    if (Print->Length == SDK_PRINT_PIECE)
        SdkFlush(Print);
    Print->Text[Print->Length++] = Character <= 0xFF ? (CHAR)Character : '?';
}

int vprintf(const char *Format, va_list Arguments)
{
    SDK_PRINT Print;
    SIZE_T Count;

    Print.Length = 0;
    Print.Written = 0;
    Count = RtlpFormat(SdkPrintCharacter, &Print, Format, Arguments);
    SdkFlush(&Print);
    return Print.Written == EOF ? EOF : (int)Count;
}

int printf(const char *Format, ...)
{
    va_list Arguments;
    int Count;

    va_start(Arguments, Format);
    Count = vprintf(Format, Arguments);
    va_end(Arguments);
    return Count;
}

int puts(const char *Text)
{
    return printf("%s\n", Text);
}

int putchar(int Character)
{
    return printf("%c", Character) == EOF ? EOF : (UCHAR)Character;
}

char *gets_s(char *Buffer, size_t Size)
{
    DWORD Length;

    if (Size < 2 || !ReadFile(SdkParameters->StandardInput, Buffer, (DWORD)(Size - 1), &Length, NULL) || Length == 0)
        return NULL;
    while (Length != 0 && (Buffer[Length - 1] == '\n' || Buffer[Length - 1] == '\r'))
        Length--;
    Buffer[Length] = '\0';
    return Buffer;
}
