/*
 * Names for file systems: taking a path apart, and holding a name against a pattern ("FsRtlIsNameInExpression").
 *
 * A pattern is walked with the set of all places in it that the name read so far can have come to, so that no pattern
 * takes longer than its length times the name's.
 */
#include "fsrtl/fsrtlp.h"

#define FSRTLP_PLACES 256       /* places of a pattern that need no memory */

/* The first component of Length characters after leading backslashes: its start and its end. */
static VOID FsRtlpFirst(const FSRTLP_TEXT *Path, PULONG Start, PULONG End)
{
    *Start = Path->Length != 0 && FsRtlpAt(Path, 0) == L'\\' ? 1 : 0;
    for (*End = *Start; *End < Path->Length && FsRtlpAt(Path, *End) != L'\\'; (*End)++) {
    }
}

/*
 * The first name of a path and what remains after the backslash behind it; empty when there is none. A leading
 * backslash is passed over. Both point into Path. IRQL: <= APC_LEVEL.
 */
VOID FsRtlDissectName(UNICODE_STRING Path, PUNICODE_STRING FirstName, PUNICODE_STRING RemainingName)
{
    FSRTLP_TEXT Text = FsRtlpWide(&Path);
    ULONG Start, End, Rest;

    KE_REQUIRE_IRQL(APC_LEVEL);
    *FirstName = *RemainingName = (UNICODE_STRING){0};
    if (Text.Length == 0) {
        return;
    }
    FsRtlpFirst(&Text, &Start, &End);
    FirstName->Buffer = Path.Buffer + Start;
    FirstName->Length = FirstName->MaximumLength = (USHORT)((End - Start) * sizeof(WCHAR));
    if (End < Text.Length) {
        Rest = End + 1;
        RemainingName->Buffer = Path.Buffer + Rest;
        RemainingName->Length = RemainingName->MaximumLength = (USHORT)((Text.Length - Rest) * sizeof(WCHAR));
    }
}
NT_EXPORT(FsRtlDissectName);

VOID FsRtlDissectDbcs(ANSI_STRING Path, PANSI_STRING FirstName, PANSI_STRING RemainingName)
{
    FSRTLP_TEXT Text = FsRtlpNarrow(&Path);
    ULONG Start, End;

    KE_REQUIRE_IRQL(APC_LEVEL);
    *FirstName = *RemainingName = (ANSI_STRING){0};
    if (Text.Length == 0) {
        return;
    }
    FsRtlpFirst(&Text, &Start, &End);
    FirstName->Buffer = Path.Buffer + Start;
    FirstName->Length = FirstName->MaximumLength = (USHORT)(End - Start);
    if (End < Text.Length) {
        RemainingName->Buffer = Path.Buffer + End + 1;
        RemainingName->Length = RemainingName->MaximumLength = (USHORT)(Text.Length - End - 1);
    }
}
NT_EXPORT(FsRtlDissectDbcs);

static BOOLEAN FsRtlpHasWildCards(FSRTLP_TEXT Text)
{
    for (ULONG Index = 0; Index < Text.Length; Index++) {
        if (FsRtlIsUnicodeCharacterWild(FsRtlpAt(&Text, Index))) {
            return TRUE;
        }
    }
    return FALSE;
}

BOOLEAN FsRtlDoesNameContainWildCards(PUNICODE_STRING Name)
{
    return FsRtlpHasWildCards(FsRtlpWide(Name));
}
NT_EXPORT(FsRtlDoesNameContainWildCards);

BOOLEAN FsRtlDoesDbcsContainWildCards(PANSI_STRING Name)
{
    return FsRtlpHasWildCards(FsRtlpNarrow(Name));
}
NT_EXPORT(FsRtlDoesDbcsContainWildCards);

/* What stands before the name's next character, or before its end, decides which places can be passed over. */
static VOID FsRtlpPassOver(const FSRTLP_TEXT *Pattern, PUCHAR Places, WCHAR Next, BOOLEAN AtEnd)
{
    for (ULONG Place = 0; Place < Pattern->Length; Place++) {
        WCHAR Wanted = FsRtlpAt(Pattern, Place);
        if (Places[Place] && (Wanted == L'*' || Wanted == DOS_STAR || (Wanted == DOS_DOT && AtEnd) ||
                              (Wanted == DOS_QM && (AtEnd || Next == L'.')))) {
            Places[Place + 1] = 1;
        }
    }
}

/* One character of the name: from Places to the places behind it. */
static VOID FsRtlpStep(const FSRTLP_TEXT *Pattern, const UCHAR *Places, PUCHAR Behind, WCHAR Character,
                       BOOLEAN FinalDot)
{
    RtlZeroMemory(Behind, Pattern->Length + 1);
    for (ULONG Place = 0; Place < Pattern->Length; Place++) {
        WCHAR Wanted = FsRtlpAt(Pattern, Place);
        if (!Places[Place]) {
            continue;
        }
        if (Wanted == L'*' || (Wanted == DOS_STAR && !FinalDot)) {
            Behind[Place] = 1;
        } else if (Wanted == L'?' || (Wanted == DOS_QM && Character != L'.') ||
                   (Wanted == DOS_DOT && Character == L'.') || Wanted == Character) {
            Behind[Place + 1] = 1;
        }
    }
}

/* Raises STATUS_NO_MEMORY when a long pattern finds none. */
static BOOLEAN FsRtlpMatches(FSRTLP_TEXT Pattern, FSRTLP_TEXT Name, BOOLEAN IgnoreCase, PWCH UpcaseTable)
{
    UCHAR Resident[2 * FSRTLP_PLACES], Matches;
    PUCHAR Memory = Resident, Places, Behind;
    ULONG LastDot = MAXULONG;

    if (Pattern.Length == 0 || Name.Length == 0) {
        return Pattern.Length == Name.Length;
    }
    if (Pattern.Length >= FSRTLP_PLACES) {
        Memory = ExAllocatePoolWithTag(PagedPool, 2 * (Pattern.Length + 1), FSRTLP_TAG);
        if (Memory == NULL) {
            ExRaiseStatus(STATUS_NO_MEMORY);
        }
    }
    Places = Memory;
    Behind = Memory + Pattern.Length + 1;
    RtlZeroMemory(Places, Pattern.Length + 1);
    Places[0] = 1;
    for (ULONG Index = 0; Index < Name.Length; Index++) {
        if (FsRtlpAt(&Name, Index) == L'.') {
            LastDot = Index;
        }
    }
    for (ULONG Index = 0; Index < Name.Length; Index++) {
        WCHAR Character = FsRtlpAt(&Name, Index);
        PUCHAR Old = Places;

        if (IgnoreCase) {
            Character = UpcaseTable != NULL ? UpcaseTable[Character] : RtlUpcaseUnicodeChar(Character);
        }
        FsRtlpPassOver(&Pattern, Places, Character, FALSE);
        FsRtlpStep(&Pattern, Places, Behind, Character, Index == LastDot);
        Places = Behind;
        Behind = Old;
    }
    FsRtlpPassOver(&Pattern, Places, 0, TRUE);
    Matches = Places[Pattern.Length];
    if (Memory != Resident) {
        ExFreePoolWithTag(Memory, FSRTLP_TAG);
    }
    return Matches != 0;
}

/*
 * Whether a name matches a pattern: * any characters, ? one, DOS_STAR any up to the final period, DOS_QM one or, before
 * a period or the end, none, DOS_DOT a period or nothing at the end. With IgnoreCase the pattern is in upper case.
 * UpcaseTable: of 65536 characters, or NULL for the system's. An empty string matches an empty pattern alone.
 * IRQL: PASSIVE_LEVEL. Raises STATUS_NO_MEMORY.
 */
BOOLEAN FsRtlIsNameInExpression(PUNICODE_STRING Expression, PUNICODE_STRING Name, BOOLEAN IgnoreCase, PWCH UpcaseTable)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    return FsRtlpMatches(FsRtlpWide(Expression), FsRtlpWide(Name), IgnoreCase, UpcaseTable);
}
NT_EXPORT(FsRtlIsNameInExpression);

/* The same for names in bytes, letter by letter. */
BOOLEAN FsRtlIsDbcsInExpression(PANSI_STRING Expression, PANSI_STRING Name)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    return FsRtlpMatches(FsRtlpNarrow(Expression), FsRtlpNarrow(Name), FALSE, NULL);
}
NT_EXPORT(FsRtlIsDbcsInExpression);
