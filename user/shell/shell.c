/*
 * Lines: where they come from, how they are cut into words, who carries them out.
 *
 *   shell                   the start-up script; then the boot option run="CMD; CMD" and off, or lines from the console
 *   shell -c "CMD; CMD"     only these
 */
#include "shell.h"

#define PROMPT "tide> "
#define STARTUP_SCRIPT "startup"
#define LARGEST_SCRIPT 65536

/*
 * Cuts a line into words, in place. An option is a word -j or -u, wherever it stands before the program of `run`,
 * whose own arguments begin behind it; & is the last word.
 */
static BOOL ParseLine(PSTR Text, LINE *Line)
{
    PSTR Word, Next = Text;
    BOOL Run;

    memset(Line, 0, sizeof(*Line));
    while ((Word = Next + strspn(Next, " \t"))[0] != '\0') {
        Next = Word + strcspn(Word, " \t");
        if (*Next != '\0')
            *Next++ = '\0';
        Run = Line->Command != NULL && strcmp(Line->Command, "run") == 0;
        if (Line->Command == NULL)
            Line->Command = Word;
        else if (strcmp(Word, "-j") == 0 && !Run)
            Line->Json = TRUE;
        else if (strcmp(Word, "-u") == 0 && Run && Line->Count == 0)
            Line->Unprivileged = TRUE;
        else if (strcmp(Word, "&") == 0 && Next[strspn(Next, " \t")] == '\0')
            Line->Background = TRUE;
        else if (Line->Count < MOST_WORDS)
            Line->Words[Line->Count++] = Word;
    }
    return Line->Command != NULL;
}

/* The line from its first argument on, as it was typed: programs cut their command lines themselves. */
static PCSTR RestOf(PCSTR Text, PSTR Copy)
{
    SIZE_T Length;

    Text += strspn(Text, " \t");
    Text += strcspn(Text, " \t");
    Text += strspn(Text, " \t");
    if (strncmp(Text, "-u", 2) == 0 && (Text[2] == ' ' || Text[2] == '\t'))
        Text += 2 + strspn(Text + 2, " \t");
    strcpy(Copy, Text);
    for (Length = strlen(Copy); Length != 0 && strchr(" \t", Copy[Length - 1]) != NULL; Length--)
        ;
    if (Length >= 2 && Copy[Length - 1] == '&' && strchr(" \t", Copy[Length - 2]) != NULL) {
        for (Length--; Length != 0 && strchr(" \t", Copy[Length - 1]) != NULL; Length--)
            ;
    }
    Copy[Length] = '\0';
    return Copy;
}

BOOL Execute(PCSTR Where, PCSTR Text)
{
    CHAR Cut[LONGEST_LINE], Rest[LONGEST_LINE];
    const COMMAND *Command;
    LINE Line;

    if (strlen(Text) >= LONGEST_LINE) {
        printf("%sthe line is longer than %u characters; make it shorter\n", Where, LONGEST_LINE - 1);
        return FALSE;
    }
    strcpy(Cut, Text);
    if (!ParseLine(Cut, &Line) || Line.Command[0] == '#')
        return TRUE;
    Line.Rest = RestOf(Text, Rest);
    Command = FindCommand(Line.Command);
    if (Command == NULL) {
        printf("%s%s: unknown command; `help` lists what there is\n", Where, Line.Command);
        return FALSE;
    }
    if (Line.Count < Command->Least || Line.Count > Command->Most)
        return FailUsage(&Line);
    return Command->Routine(&Line);
}

/* Up to the next semicolon that is not in quotes. */
static SIZE_T PartLength(PCSTR Text)
{
    BOOL Quoted = FALSE;
    SIZE_T Length = 0;

    for (; Text[Length] != '\0' && (Quoted || Text[Length] != ';'); Length++) {
        if (Text[Length] == '"')
            Quoted = !Quoted;
    }
    return Length;
}

BOOL ExecuteAll(PCSTR Text, BOOL Echo)
{
    CHAR Part[LONGEST_LINE];
    BOOL AllGood = TRUE;

    while (*Text != '\0') {
        SIZE_T Length = PartLength(Text), Skip = strspn(Text, " \t");
        if (Skip < Length) {
            _snprintf(Part, sizeof(Part), "%.*s", (int)min(Length - Skip, sizeof(Part) - 1), Text + Skip);
            if (Echo)
                printf(PROMPT "%s\n", Part);
            if (!Execute("", Part))
                AllGood = FALSE;
        }
        Text += Length;
        if (*Text == ';')
            Text++;
    }
    return AllGood;
}

/* The script's lines; a bad one is said with its number, and the next is tried. No script is no error. */
static VOID RunStartup(VOID)
{
    HANDLE File = CreateFile(STARTUP_SCRIPT, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    PSTR Text, Line, Next;
    CHAR Where[32];
    DWORD Length;

    if (File == INVALID_HANDLE_VALUE)
        return;
    Text = malloc(LARGEST_SCRIPT + 1);
    if (Text == NULL || !ReadFile(File, Text, LARGEST_SCRIPT, &Length, NULL)) {
        printf(STARTUP_SCRIPT ": cannot be read; none of its lines is carried out\n");
        free(Text);
        CloseHandle(File);
        return;
    }
    CloseHandle(File);
    Text[Length] = '\0';
    ULONG Number = 1;
    for (Line = Text; *Line != '\0'; Line = Next, Number++) {
        Next = Line + strcspn(Line, "\n");
        if (*Next == '\n')
            *Next++ = '\0';
        Line[strcspn(Line, "\r")] = '\0';
        _snprintf(Where, sizeof(Where), STARTUP_SCRIPT ":%u: ", Number);
        Execute(Where, Line);
    }
    free(Text);
}

/* The boot option `run`: its commands, then off, with the result as the machine's. Not given: nothing. */
static VOID RunBootOption(VOID)
{
    static CHAR Option[LONGEST_LINE];
    BOOL AllGood;

    if (!NT_SUCCESS(NtQueryBootOption("run", Option, sizeof(Option))))
        return;
    AllGood = ExecuteAll(Option, TRUE);
    NtShutdownSystem(AllGood ? SHUTDOWN_PASS : SHUTDOWN_FAIL);
}

int main(int Count, char **Words)
{
    static CHAR Line[LONGEST_LINE];

    if (Count == 3 && strcmp(Words[1], "-c") == 0)
        return ExecuteAll(Words[2], FALSE) ? EXIT_SUCCESS : EXIT_FAILURE;
    if (Count != 1) {
        printf("shell: usage: shell [-c \"COMMAND; COMMAND\"]\n");
        return EXIT_FAILURE;
    }
    RunStartup();
    RunBootOption();
    /* Whoever has started this shell may be listening: at this prompt a Ctrl-C is for the line, not for the shell. */
    IgnoreControlC();
    for (;;) {
        printf(PROMPT);
        if (gets_s(Line, sizeof(Line)) == NULL)
            return EXIT_FAILURE;
        Execute("", Line);
    }
}
