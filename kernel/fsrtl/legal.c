/*
 * Which characters and which names file systems of the old kinds take ("FsRtlIsFatDbcsLegal"): FAT, eight characters,
 * a period and three; HPFS, up to 255. Bytes from 0x80 on are letters.
 */
#include "fsrtl/fsrtlp.h"

#define FAT FSRTL_FAT_LEGAL
#define HPFS FSRTL_HPFS_LEGAL
#define NTFS FSRTL_NTFS_LEGAL
#define WILD FSRTL_WILD_CHARACTER
#define OLE FSRTL_OLE_LEGAL
#define LONG_NAMES (HPFS | NTFS | OLE)
#define ALL (FAT | LONG_NAMES)

static const UCHAR FsRtlpLegal[128] = {
    [0] = 0, [1 ... 31] = OLE, [' '] = ALL, ['!'] = FAT | HPFS | NTFS, ['"'] = WILD | OLE, ['#' ... ')'] = ALL,
    ['*'] = WILD | OLE, ['+'] = LONG_NAMES, [','] = LONG_NAMES, ['-'] = ALL, ['.'] = FAT | HPFS | NTFS, ['/'] = 0,
    ['0' ... '9'] = ALL, [':'] = 0, [';'] = LONG_NAMES, ['<'] = WILD | OLE, ['='] = LONG_NAMES, ['>'] = WILD | OLE,
    ['?'] = WILD | OLE, ['@' ... 'Z'] = ALL, ['['] = LONG_NAMES, ['\\'] = 0, [']'] = LONG_NAMES,
    ['^' ... '{'] = ALL, ['|'] = OLE, ['}' ... 127] = ALL,
};

const UCHAR *FsRtlLegalAnsiCharacterArray = FsRtlpLegal;
NT_EXPORT(FsRtlLegalAnsiCharacterArray);

#define FSRTLP_FAT_BASE 8
#define FSRTLP_FAT_EXTENSION 3
#define FSRTLP_HPFS_NAME 255

static BOOLEAN FsRtlpIsDots(PCSTR Name, ULONG Length)
{
    return (Length == 1 && Name[0] == '.') || (Length == 2 && Name[0] == '.' && Name[1] == '.');
}

/* One component, of at least one character. */
typedef BOOLEAN FSRTLP_COMPONENT(PCSTR Name, ULONG Length, BOOLEAN WildOk);

static BOOLEAN FsRtlpIsFatComponent(PCSTR Name, ULONG Length, BOOLEAN WildOk)
{
    ULONG Dot = Length, Wild = 0;

    if (FsRtlpIsDots(Name, Length)) {
        return WildOk;
    }
    for (ULONG Index = 0; Index < Length; Index++) {
        CHAR Character = Name[Index];
        if (!FsRtlIsAnsiCharacterLegalFat(Character, WildOk)) {
            return FALSE;
        }
        Wild += FsRtlIsAnsiCharacterWild(Character);
        if (Character == '.') {
            /* One period, neither first nor last nor behind a blank. */
            if (Dot != Length || Index == 0 || Index == Length - 1 || Name[Index - 1] == ' ') {
                return FALSE;
            }
            Dot = Index;
        }
    }
    if (Name[Length - 1] == ' ') {
        return FALSE;
    }
    /* A pattern may be longer than what it matches. */
    return Wild != 0 || (Dot <= FSRTLP_FAT_BASE && (Dot == Length || Length - Dot - 1 <= FSRTLP_FAT_EXTENSION));
}

static BOOLEAN FsRtlpIsHpfsComponent(PCSTR Name, ULONG Length, BOOLEAN WildOk)
{
    if (FsRtlpIsDots(Name, Length)) {
        return WildOk;
    }
    for (ULONG Index = 0; Index < Length; Index++) {
        if (!FsRtlIsAnsiCharacterLegalHpfs(Name[Index], WildOk)) {
            return FALSE;
        }
    }
    return Length <= FSRTLP_HPFS_NAME && Name[Length - 1] != '.' && Name[Length - 1] != ' ';
}

static BOOLEAN FsRtlpIsLegal(ANSI_STRING Name, BOOLEAN WildOk, BOOLEAN PathOk, BOOLEAN LeadingOk,
                             FSRTLP_COMPONENT *IsComponent)
{
    ULONG Start = 0, End;

    if (Name.Length == 0) {
        return FALSE;
    }
    if (Name.Buffer[0] == '\\') {
        if (!LeadingOk) {
            return FALSE;
        }
        Start = 1;
        if (Name.Length == 1) {
            return TRUE;        /* the root */
        }
    }
    for (;;) {
        for (End = Start; End < Name.Length && Name.Buffer[End] != '\\'; End++) {
        }
        if (End == Start || (End < Name.Length && !PathOk) || !IsComponent(Name.Buffer + Start, End - Start, WildOk)) {
            return FALSE;
        }
        if (End == Name.Length) {
            return TRUE;
        }
        Start = End + 1;
    }
}

/*
 * Whether a name, or with PathNamePermissible a path, is legal on a FAT volume: 8.3, "." and ".." only where wild cards
 * are. IRQL: any, for resident names.
 */
BOOLEAN FsRtlIsFatDbcsLegal(ANSI_STRING DbcsName, BOOLEAN WildCardsPermissible, BOOLEAN PathNamePermissible,
                            BOOLEAN LeadingBackslashPermissible)
{
    return FsRtlpIsLegal(DbcsName, WildCardsPermissible, PathNamePermissible, LeadingBackslashPermissible,
                         FsRtlpIsFatComponent);
}
NT_EXPORT(FsRtlIsFatDbcsLegal);

/* The same for HPFS: up to 255 characters, neither a period nor a blank at the end. */
BOOLEAN FsRtlIsHpfsDbcsLegal(ANSI_STRING DbcsName, BOOLEAN WildCardsPermissible, BOOLEAN PathNamePermissible,
                             BOOLEAN LeadingBackslashPermissible)
{
    return FsRtlpIsLegal(DbcsName, WildCardsPermissible, PathNamePermissible, LeadingBackslashPermissible,
                         FsRtlpIsHpfsComponent);
}
NT_EXPORT(FsRtlIsHpfsDbcsLegal);
