/* JSON text: collected, then printed in one piece, so that no message of the kernel's comes into it. */
#include "shell.h"

/* Room for Count characters more and a null. */
static BOOL Grow(JSON *Json, SIZE_T Count)
{
    SIZE_T Size = Json->Size != 0 ? Json->Size : 1024;
    PSTR Text;

    while (Size < Json->Length + Count + 1)
        Size *= 2;
    if (Size == Json->Size)
        return TRUE;
    Text = realloc(Json->Text, Size);
    if (Text == NULL)
        return FALSE;
    Json->Text = Text;
    Json->Size = Size;
    return TRUE;
}

VOID JsonAdd(JSON *Json, PCSTR Format, ...)
{
    CHAR Piece[512];
    va_list Arguments;
    int Length;

    va_start(Arguments, Format);
    Length = _vsnprintf(Piece, sizeof(Piece), Format, Arguments);
    va_end(Arguments);
    if (Length < 0 || !Grow(Json, (SIZE_T)Length))
        return;
    memcpy(Json->Text + Json->Length, Piece, (SIZE_T)Length);
    Json->Length += (SIZE_T)Length;
}

VOID JsonString(JSON *Json, PCSTR Text)
{
    JsonAdd(Json, "\"");
    for (; *Text != '\0'; Text++) {
        if (*Text == '"' || *Text == '\\')
            JsonAdd(Json, "\\%c", *Text);
        else if ((UCHAR)*Text < ' ' || (UCHAR)*Text > '~')
            JsonAdd(Json, "\\u%04x", (UCHAR)*Text);
        else
            JsonAdd(Json, "%c", *Text);
    }
    JsonAdd(Json, "\"");
}

VOID JsonPrint(JSON *Json)
{
    DWORD Written;

    JsonAdd(Json, "\n");
    if (Json->Text != NULL)
        WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), Json->Text, (DWORD)Json->Length, &Written, NULL);
    free(Json->Text);
    memset(Json, 0, sizeof(*Json));
}
