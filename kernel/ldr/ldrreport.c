/*
 * Reports of the ELF part: failures and warnings as one readable line. Names in them come out of an untrusted file, so
 * anything that is not printable ASCII is shown as a question mark.
 */
#include "rtl/rtl.h"
#include "ldrelfp.h"

#define LDRP_WARNING_SIZE 224

static VOID LdrpFormat(PCHAR Text, SIZE_T Size, PCSTR Format, va_list Arguments)
{
    _vsnprintf(Text, Size, Format, Arguments);
    Text[Size - 1] = 0;
    for (; *Text != 0; Text++) {
        if (!isprint((UCHAR)*Text)) {
            *Text = '?';
        }
    }
}

NTSTATUS LdrpElfFail(PLDR_REPORT Report, NTSTATUS Status, PCSTR Format, ...)
{
    va_list Arguments;

    va_start(Arguments, Format);
    LdrpFormat(Report->Error, sizeof(Report->Error), Format, Arguments);
    va_end(Arguments);
    return Status;
}

VOID LdrpElfWarn(PLDR_REPORT Report, PCSTR Format, ...)
{
    CHAR Text[LDRP_WARNING_SIZE];
    va_list Arguments;

    if (Report->Warning == NULL) {
        return;
    }
    va_start(Arguments, Format);
    LdrpFormat(Text, sizeof(Text), Format, Arguments);
    va_end(Arguments);
    Report->Warning(Report->WarningContext, Text);
}
