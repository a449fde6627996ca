/*
 * From the entry point to main: the command line becomes words. Blanks separate words; double quotes keep them together
 * and are taken off.
 */
#include "sdk.h"
#include <stdlib.h>

#define SDK_MOST_WORDS 64

const PROCESS_PARAMETERS *SdkParameters;

static CHAR SdkWordsText[PROCESS_COMMAND_LINE];
static char *SdkWords[SDK_MOST_WORDS + 1];

int main(int Count, char **Words);

/* Cuts the text into words, in place; what is more than SDK_MOST_WORDS stays with the last. */
static int SdkSplit(char *Text)
{
    int Count = 0;

    for (;;) {
        char *Out;
        BOOL Quoted = FALSE;
        while (*Text == ' ' || *Text == '\t')
            Text++;
        if (*Text == '\0' || Count == SDK_MOST_WORDS)
            return Count;
        SdkWords[Count++] = Out = Text;
        for (; *Text != '\0' && (Quoted || (*Text != ' ' && *Text != '\t')); Text++) {
            if (*Text == '"')
                Quoted = !Quoted;
            else
                *Out++ = *Text;
        }
        if (*Text != '\0')
            Text++;
        *Out = '\0';
    }
}

DECLSPEC_NORETURN VOID SdkStart(const PROCESS_PARAMETERS *Parameters)
{
    SdkParameters = Parameters;
    NtSetApcDispatcher((PVOID)(ULONG_PTR)KiUserApcDispatcher);
    strcpy(SdkWordsText, Parameters->CommandLine);
    ExitProcess((UINT)main(SdkSplit(SdkWordsText), SdkWords));
}

LPSTR GetCommandLineA(VOID)
{
    return (LPSTR)SdkParameters->CommandLine;
}

DECLSPEC_NORETURN VOID ExitProcess(UINT ExitCode)
{
    /* The call does not come back to user mode. */
    for (;;)
        NtTerminateProcess(NtCurrentProcess(), (NTSTATUS)ExitCode);
}

void exit(int Status)
{
    ExitProcess((UINT)Status);
}

void abort(void)
{
    ExitProcess((UINT)STATUS_ASSERTION_FAILURE);
}
