/*
 * Lines on the console, which the kernel and all programs share: none lands inside another's.
 *
 * Every writer has a line of its own (KD_LINE) that keeps what it has written since its last newline. At most one such
 * unfinished line is shown, the one at the cursor. Who else has a whole line to say has the shown one erased, says its
 * own, and the shown one is written again below; who else begins a line waits, hidden, until it is whole or nothing is
 * shown. A line that is being typed is always shown (KdShowLine).
 *
 * A shown line that is too long to be kept cannot be written again: others wait for its end as far as they have room.
 *
 * All state is the console lock's. A bugcheck takes the console away and then writes past everything here, so that it
 * cannot hang on a lock or stumble over a half-changed list.
 */
#include "kd/kd.h"
#include "kd/terminal.h"
#include "hal/hal.h"
#include "rtl/export.h"

#define KDP_ERASE_LINE "\r\x1b[K"       /* ECMA-48: to the beginning of the line, erase to its end */

static PKD_LINE KdpShown;               /* NULL: the cursor is where a line begins, and nobody's */
static LIST_ENTRY KdpHidden = {&KdpHidden, &KdpHidden};     /* other lines with text, oldest first */
static BOOLEAN KdpLastWordsSaid;

KD_LINE KdKernelLine = {.Link = {&KdKernelLine.Link, &KdKernelLine.Link}};

VOID KdInitializeLine(PKD_LINE Line)
{
    InitializeListHead(&Line->Link);
    Line->Length = 0;
    Line->Long = FALSE;
}
NT_EXPORT(KdInitializeLine);

static VOID KdpPut(PCSTR Text, ULONG Length)
{
    if (Length != 0)
        HalDisplayString(Text, Length);
}

static VOID KdpForgetText(PKD_LINE Line)
{
    Line->Length = 0;
    Line->Long = FALSE;
}

static VOID KdpUnhide(PKD_LINE Line)
{
    RemoveEntryList(&Line->Link);
    InitializeListHead(&Line->Link);
}

/* Keeps text of a line for when it is written again. A bell rings once. */
static VOID KdpKeep(PKD_LINE Line, PCSTR Text, ULONG Length)
{
    for (ULONG Index = 0; Index < Length; Index++) {
        if (Text[Index] == '\a')
            continue;
        if (Line->Length == KD_LINE_LENGTH) {
            Line->Long = TRUE;
            return;
        }
        Line->Text[Line->Length++] = Text[Index];
    }
}

/* Shows a line from its beginning, and before it the whole ones that a long line has kept waiting. None is shown. */
static VOID KdpShow(PKD_LINE Line)
{
    ULONG Whole = Line->Length;

    KdpUnhide(Line);
    KdpPut(Line->Text, Line->Length);
    while (Whole != 0 && Line->Text[Whole - 1] != '\n')
        Whole--;
    Line->Length -= Whole;
    RtlMoveMemory(Line->Text, Line->Text + Whole, Line->Length);
    if (Line->Length != 0)
        KdpShown = Line;
}

/* No line is shown: the turn of those that wait. */
static VOID KdpShowNext(VOID)
{
    while (KdpShown == NULL && !IsListEmpty(&KdpHidden))
        KdpShow(CONTAINING_RECORD(KdpHidden.Flink, KD_LINE, Link));
}

/* The shown line makes room; afterwards the cursor is where a line begins. What was not kept is not taken away. */
static VOID KdpErase(VOID)
{
    if (KdpShown->Long) {
        KdpPut("\n", 1);
        KdpForgetText(KdpShown);
    } else if (KdpShown->Length != 0) {
        KdpPut(KDP_ERASE_LINE, sizeof(KDP_ERASE_LINE) - 1);
    }
}

/* Text that ends the line or does not, for the line that is shown. */
static VOID KdpWriteShown(PKD_LINE Line, PCSTR Text, ULONG Length)
{
    KdpPut(Text, Length);
    if (Text[Length - 1] == '\n') {
        KdpForgetText(Line);
        KdpShown = NULL;
    } else {
        KdpKeep(Line, Text, Length);
    }
}

/* The same for a line that is not: whole, it goes above the one that is shown, as soon as that can be written again. */
static VOID KdpWriteHidden(PKD_LINE Line, PCSTR Text, ULONG Length)
{
    if (Line->Length == 0)
        InsertTailList(&KdpHidden, &Line->Link);
    if (KD_LINE_LENGTH - Line->Length < Length) {
        /* No room: what it has is said now, as lines. */
        KdpErase();
        KdpPut(Line->Text, Line->Length);
        KdpForgetText(Line);
        KdpPut(Text, Length);
        if (Text[Length - 1] != '\n')
            KdpPut("\n", 1);
    } else {
        KdpKeep(Line, Text, Length);
        if (Text[Length - 1] != '\n' || KdpShown->Long)
            return;
        KdpErase();
        KdpPut(Line->Text, Line->Length);
        KdpForgetText(Line);
    }
    KdpUnhide(Line);
    KdpPut(KdpShown->Text, KdpShown->Length);
}

/* Up to and with the first newline, or all. */
static ULONG KdpPiece(PCSTR Text, ULONG Length)
{
    ULONG Piece = 0;

    while (Piece < Length && Text[Piece++] != '\n')
        ;
    return Piece;
}

/* In a bugcheck: what the kernel had begun to say is not lost. */
static VOID KdpSayLastWords(VOID)
{
    if (KdpLastWordsSaid)
        return;
    KdpLastWordsSaid = TRUE;
    KdpPut("\n", 1);
    if (KdpShown != &KdKernelLine)
        KdpPut(KdKernelLine.Text, min(KdKernelLine.Length, KD_LINE_LENGTH));
}

VOID KdWriteLine(PKD_LINE Line, PCSTR Text, ULONG Length)
{
    BOOLEAN Enabled = HalLockConsole();

    if (HalConsoleSeized) {
        KdpSayLastWords();
        KdpPut(Text, Length);
        Length = 0;
    }
    for (ULONG Done = 0, Piece; Done < Length; Done += Piece) {
        Piece = KdpPiece(Text + Done, Length - Done);
        if (KdpShown == NULL)
            KdpShow(Line);
        if (KdpShown == NULL)
            KdpShown = Line;
        if (KdpShown == Line)
            KdpWriteShown(Line, Text + Done, Piece);
        else
            KdpWriteHidden(Line, Text + Done, Piece);
    }
    KdpShowNext();
    HalUnlockConsole(Enabled);
}
NT_EXPORT(KdWriteLine);

VOID KdShowLine(PKD_LINE Line)
{
    BOOLEAN Enabled = HalLockConsole();

    if (KdpShown != Line) {
        PKD_LINE Other = KdpShown;
        if (Other != NULL) {
            KdpErase();
            if (Other->Length != 0)
                InsertTailList(&KdpHidden, &Other->Link);
            KdpShown = NULL;
        }
        KdpShow(Line);
        KdpShown = Line;
    }
    HalUnlockConsole(Enabled);
}
NT_EXPORT(KdShowLine);

VOID KdRubOut(PKD_LINE Line)
{
    BOOLEAN Enabled = HalLockConsole();

    if (Line->Length != 0 && !Line->Long)
        Line->Length--;
    if (KdpShown == Line)
        KdpPut("\b \b", 3);
    HalUnlockConsole(Enabled);
}
NT_EXPORT(KdRubOut);

VOID KdEndLine(PKD_LINE Line)
{
    BOOLEAN Enabled;

    if (Line->Length != 0)
        KdWriteLine(Line, "\n", 1);
    Enabled = HalLockConsole();
    if (KdpShown == Line) {
        /* It was shown for a reader, and is empty. */
        KdpShown = NULL;
        KdpShowNext();
    } else if (Line->Length != 0) {
        /* It waits still for a long line to end: said now, for afterwards it is gone. */
        KdpErase();
        KdpPut(Line->Text, Line->Length);
        KdpForgetText(Line);
        KdpUnhide(Line);
    }
    HalUnlockConsole(Enabled);
}
NT_EXPORT(KdEndLine);
