/* Paging files: which there are, and another one. */
#include "shell.h"

#define LONGEST_DEVICE 64

static BOOL ListPagingFiles(const LINE *Line)
{
    PSYSTEM_PAGING_FILE_INFORMATION Files;
    JSON Json = {0};
    ULONG Length;
    NTSTATUS Status = QuerySystemList(SystemPagingFileInformation, (PVOID *)&Files, &Length);

    if (!NT_SUCCESS(Status))
        return Fail(Line, "the list", Status, NULL);
    if (!Line->Json)
        printf("%-12s %9s %9s %9s %9s %9s\n", "paging file", "slots", "used", "bad", "minimum", "maximum");
    for (ULONG Index = 0; Index < Length / sizeof(*Files); Index++) {
        PSYSTEM_PAGING_FILE_INFORMATION File = &Files[Index];
        if (!Line->Json) {
            printf("%-12s %9u %9u %9u %9u %9u\n", File->Name, File->Slots, File->Used, File->Bad, File->Minimum,
                   File->Maximum);
            continue;
        }
        JsonAdd(&Json, "%s{\"name\":", Index == 0 ? "[" : ",");
        JsonString(&Json, File->Name);
        JsonAdd(&Json, ",\"slots\":%u,\"used\":%u,\"bad\":%u,\"minimum\":%u,\"maximum\":%u}", File->Slots, File->Used,
                File->Bad, File->Minimum, File->Maximum);
    }
    if (Line->Json) {
        JsonAdd(&Json, Length == 0 ? "[]" : "]");
        JsonPrint(&Json);
    }
    free(Files);
    return TRUE;
}

/* "8M". FALSE: that is no size. */
static BOOL ParseSize(PCSTR Text, PLARGE_INTEGER Size)
{
    char *End;
    ULONG64 Value = strtoull(Text, &End, 10);
    ULONG Shift = 0;

    switch (*End) {
    case 'K': case 'k': Shift = 10; break;
    case 'M': case 'm': Shift = 20; break;
    case 'G': case 'g': Shift = 30; break;
    }
    Size->QuadPart = (LONGLONG)(Value << Shift);
    return End != Text && Value < 1ull << 32 && End[Shift != 0] == '\0';
}

/* disk, disk1, ... as the kernel word has them; anything else is a full name. FALSE: too long. */
static BOOL NameDevice(PCSTR Word, PWCHAR Wide, PUNICODE_STRING Name)
{
    CHAR Full[LONGEST_DEVICE] = "\\Device\\Disk0";
    SIZE_T Length = strlen(Word);

    if (strcmp(Word, "ramdisk") == 0) {
        strcpy(Full, "\\Device\\RamDisk0");
    } else if (strncmp(Word, "disk", 4) == 0 && Length <= 5) {
        if (Length == 5)
            Full[12] = Word[4];
    } else if (Length < sizeof(Full)) {
        strcpy(Full, Word);
    } else {
        return FALSE;
    }
    for (Length = 0; Full[Length] != '\0'; Length++)
        Wide[Length] = (UCHAR)Full[Length];
    *Name = (UNICODE_STRING){(USHORT)(Length * sizeof(WCHAR)), (USHORT)(Length * sizeof(WCHAR)), Wide};
    return TRUE;
}

BOOL PagefileCommand(const LINE *Line)
{
    LARGE_INTEGER Minimum = {.QuadPart = 0}, Maximum;
    WCHAR Wide[LONGEST_DEVICE];
    UNICODE_STRING Name;
    NTSTATUS Status;

    if (Line->Count == 0)
        return ListPagingFiles(Line);
    if (Line->Count > 1 && !ParseSize(Line->Words[1], &Minimum))
        return Fail(Line, Line->Words[1], STATUS_INVALID_PARAMETER, "a size is a number like 8M");
    Maximum = Minimum;
    if (Line->Count > 2 && !ParseSize(Line->Words[2], &Maximum))
        return Fail(Line, Line->Words[2], STATUS_INVALID_PARAMETER, "a size is a number like 8M");
    if (!NameDevice(Line->Words[0], Wide, &Name))
        return Fail(Line, Line->Words[0], STATUS_NAME_TOO_LONG, NULL);
    Status = NtCreatePagingFile(&Name, &Minimum, &Maximum, 0);
    return NT_SUCCESS(Status) ? TRUE : Fail(Line, Line->Words[0], Status, NULL);
}
