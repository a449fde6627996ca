/*
 * The kernel command line: `key=value` words, double quotes anywhere in a word let it hold blanks, and a backslash
 * takes the next character as it is (so do run-qemu.sh and GRUB write it). Whoever wants an option asks for it by name;
 * a word that nobody knows is a warning, never a silent nothing. The first word is the kernel's own file name when the
 * boot loader puts it there (it holds no '=').
 */
#include "ex/options.h"
#include "hal/hal.h"
#include "section.h"

#define MAXIMUM_OPTIONS 32
#define LARGEST_SIZE (1ull << 50)

/* Every key there is: the one place to add one. */
static const PCSTR ExpKnownKeys[] = {"mem", "pagefile", "run", "maxcpus", "ramfs", "watchdog"};

static CHAR ExpText[BOOT_COMMAND_LINE];
static struct { PCSTR Key, Value; } ExpOptions[MAXIMUM_OPTIONS];
static ULONG ExpOptionCount;

INIT_CODE static BOOLEAN ExpIsKnown(PCSTR Key)
{
    for (ULONG i = 0; i < ARRAYSIZE(ExpKnownKeys); i++)
        if (strcmp(ExpKnownKeys[i], Key) == 0)
            return TRUE;
    return FALSE;
}

/* Cuts the next word off, quotes removed; NULL at the end. */
INIT_CODE static PSTR ExpNextWord(PSTR *Cursor)
{
    PSTR In = *Cursor, Out, Word;
    BOOLEAN Quoted = FALSE;

    while (*In == ' ')
        In++;
    if (*In == 0)
        return NULL;
    for (Word = Out = In; *In != 0 && (Quoted || *In != ' '); In++) {
        if (*In == '"')
            Quoted = !Quoted;
        else if (*In == '\\' && In[1] != 0)
            *Out++ = *++In;
        else
            *Out++ = *In;
    }
    *Cursor = *In != 0 ? In + 1 : In;
    *Out = 0;
    return Word;
}

/* IRQL: any; once, at boot. */
INIT_CODE VOID ExInitializeOptions(PCSTR CommandLine)
{
    PSTR Cursor = ExpText, Word;
    BOOLEAN First = TRUE;

    strncpy(ExpText, CommandLine, sizeof(ExpText) - 1);
    while ((Word = ExpNextWord(&Cursor)) != NULL) {
        PSTR Equals = strchr(Word, '=');
        BOOLEAN WasFirst = First;
        First = FALSE;
        if (Equals == NULL) {
            if (!WasFirst)
                DbgPrint("Warning: kernel word '%s' is not of the form key=value; ignored\n", Word);
            continue;
        }
        *Equals = 0;
        if (!ExpIsKnown(Word)) {
            DbgPrint("Warning: unknown kernel word '%s='; known are mem pagefile run maxcpus ramfs watchdog\n", Word);
        } else if (ExpOptionCount == MAXIMUM_OPTIONS) {
            DbgPrint("Warning: more than %u kernel words; '%s=' ignored\n", MAXIMUM_OPTIONS, Word);
        } else {
            ExpOptions[ExpOptionCount].Key = Word;
            ExpOptions[ExpOptionCount++].Value = Equals + 1;
        }
    }
}

/* A key given twice: the last one holds. */
PCSTR ExQueryBootOption(PCSTR Key)
{
    for (ULONG i = ExpOptionCount; i-- > 0;)
        if (strcmp(ExpOptions[i].Key, Key) == 0)
            return ExpOptions[i].Value;
    return NULL;
}

BOOLEAN ExReadSize(PCSTR *Text, PULONG64 Size)
{
    PCSTR At = *Text;
    ULONG64 Value = 0;
    ULONG Shift = 0;

    for (; *At >= '0' && *At <= '9' && Value < LARGEST_SIZE; At++)
        Value = Value * 10 + (ULONG64)(*At - '0');
    if (At == *Text)
        return FALSE;
    switch (*At) {
    case 'K': case 'k': Shift = 10; break;
    case 'M': case 'm': Shift = 20; break;
    case 'G': case 'g': Shift = 30; break;
    }
    if (Value >= LARGEST_SIZE >> Shift)
        return FALSE;
    *Text = At + (Shift != 0);
    *Size = Value << Shift;
    return TRUE;
}

ULONG64 ExQueryBootSize(PCSTR Key, ULONG64 Default)
{
    PCSTR Text = ExQueryBootOption(Key), At = Text;
    ULONG64 Size;

    if (Text == NULL)
        return Default;
    if (!ExReadSize(&At, &Size) || *At != 0) {
        DbgPrint("Warning: %s=%s is not a size such as 8M; using the default\n", Key, Text);
        return Default;
    }
    return Size;
}
