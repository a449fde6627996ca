/* Drivers and their sections. */
#include "shell.h"

static NTSTATUS QueryDrivers(PVOID Context, PVOID Buffer, ULONG Length, PULONG Returned)
{
    UNREFERENCED_PARAMETER(Context);
    return NtQueryDrivers(Buffer, Length, Returned);
}

static PCSTR StateName(ULONG State)
{
    static const PCSTR Names[] = {"loading", "starting", "running", "unloading"};

    return State < ARRAYSIZE(Names) ? Names[State] : "unknown";
}

BOOL DriversCommand(const LINE *Line)
{
    PLDR_MODULE_INFORMATION Drivers;
    JSON Json = {0};
    ULONG Length;
    NTSTATUS Status = QueryList(QueryDrivers, NULL, (PVOID *)&Drivers, &Length);

    if (!NT_SUCCESS(Status))
        return Fail(Line, "the list", Status, NULL);
    if (!Line->Json)
        printf("%-12s %-18s %10s %-9s %7s\n", "name", "base", "size", "state", "devices");
    for (ULONG Index = 0; Index < Length / sizeof(*Drivers); Index++) {
        PLDR_MODULE_INFORMATION Driver = &Drivers[Index];
        if (!Line->Json) {
            printf("%-12s 0x%016llX %10llu %-9s %7u\n", Driver->Name, Driver->Base, Driver->Size,
                   StateName(Driver->State), Driver->DeviceCount);
            continue;
        }
        JsonAdd(&Json, "%s{\"name\":", Index == 0 ? "[" : ",");
        JsonString(&Json, Driver->Name);
        JsonAdd(&Json, ",\"base\":\"0x%016llX\",\"size\":%llu,\"state\":\"%s\",\"devices\":%u}", Driver->Base,
                Driver->Size, StateName(Driver->State), Driver->DeviceCount);
    }
    if (Line->Json) {
        JsonAdd(&Json, Length == 0 ? "[]" : "]");
        JsonPrint(&Json);
    }
    free(Drivers);
    return TRUE;
}

static NTSTATUS QuerySections(PVOID Context, PVOID Buffer, ULONG Length, PULONG Returned)
{
    return NtQuerySections(Context, Buffer, Length, Returned);
}

static PCSTR KindName(ULONG Kind)
{
    static const PCSTR Names[] = {"nonpaged", "pageable", "init", "discarded"};

    return Kind < ARRAYSIZE(Names) ? Names[Kind] : "unknown";
}

/* "r-x" */
static PCSTR AttributeText(ULONG Protection, PSTR Text)
{
    Text[0] = Protection & LDR_SECTION_READ ? 'r' : '-';
    Text[1] = Protection & LDR_SECTION_WRITE ? 'w' : '-';
    Text[2] = Protection & LDR_SECTION_EXECUTE ? 'x' : '-';
    Text[3] = '\0';
    return Text;
}

BOOL SectionsCommand(const LINE *Line)
{
    PSTR Driver = Line->Count != 0 ? Line->Words[0] : NULL;
    PLDR_SECTION_INFORMATION Sections;
    JSON Json = {0};
    CHAR Attributes[4];
    ULONG Length;
    NTSTATUS Status = QueryList(QuerySections, Driver, (PVOID *)&Sections, &Length);

    if (!NT_SUCCESS(Status))
        return Fail(Line, Driver != NULL ? Driver : "the list", Status, NULL);
    if (!Line->Json)
        printf("%-12s %-10s %-9s %-4s %6s %8s %5s %8s %9s\n", "driver", "section", "kind", "attr", "pages", "resident",
               "locks", "page-ins", "page-outs");
    for (ULONG Index = 0; Index < Length / sizeof(*Sections); Index++) {
        PLDR_SECTION_INFORMATION Section = &Sections[Index];
        if (!Line->Json) {
            printf("%-12s %-10s %-9s %-4s %6u %8u %5d %8llu %9llu\n", Section->Driver, Section->Name,
                   KindName(Section->Kind), AttributeText(Section->Protection, Attributes), Section->Pages,
                   Section->ResidentPages, Section->LockCount, Section->PageIns, Section->PageOuts);
            continue;
        }
        JsonAdd(&Json, "%s{\"driver\":", Index == 0 ? "[" : ",");
        JsonString(&Json, Section->Driver);
        JsonAdd(&Json, ",\"section\":");
        JsonString(&Json, Section->Name);
        JsonAdd(&Json, ",\"kind\":\"%s\",\"attr\":\"%s\",\"pages\":%u,\"resident\":%u,\"locks\":%d,\"page_ins\":%llu,"
                "\"page_outs\":%llu,\"raised_uses\":%u}", KindName(Section->Kind),
                AttributeText(Section->Protection, Attributes), Section->Pages, Section->ResidentPages,
                Section->LockCount, Section->PageIns, Section->PageOuts, Section->RaisedUses);
    }
    /* Mistakes, so mostly nothing: a line each, and no column for them. */
    for (ULONG Index = 0; Index < Length / sizeof(*Sections) && !Line->Json; Index++)
        if (Sections[Index].RaisedUses != 0)
            printf("%s %s: used %u times at IRQL 2 or above while it was not locked\n", Sections[Index].Driver,
                   Sections[Index].Name, Sections[Index].RaisedUses);
    if (Line->Json) {
        JsonAdd(&Json, Length == 0 ? "[]" : "]");
        JsonPrint(&Json);
    }
    free(Sections);
    return TRUE;
}

static BOOL IsNobodysName(PCSTR Path)
{
    HANDLE File = CreateFile(Path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);

    if (File != INVALID_HANDLE_VALUE)
        CloseHandle(File);
    return File == INVALID_HANDLE_VALUE && GetLastError() == (DWORD)STATUS_OBJECT_NAME_NOT_FOUND;
}

/*
 * A path is taken as it is; a driver's bare name means its file in drivers/, unless there is a file of just that name.
 */
BOOL LoadCommand(const LINE *Line)
{
    BOOL AllGood = TRUE;
    CHAR Path[LONGEST_LINE + sizeof("drivers/.sys")];

    for (ULONG Index = 0; Index < Line->Count; Index++) {
        PCSTR Word = Line->Words[Index];
        _snprintf(Path, sizeof(Path), strcspn(Word, "/\\.") == strlen(Word) && IsNobodysName(Word) ? "drivers/%s.sys" : "%s",
                  Word);
        if (!LoadDriver(Path))
            AllGood = FailLast(Line, Word);
    }
    return AllGood;
}

BOOL UnloadCommand(const LINE *Line)
{
    if (UnloadDriver(Line->Words[0]))
        return TRUE;
    if (GetLastError() == (DWORD)STATUS_INVALID_DEVICE_REQUEST)
        return Fail(Line, Line->Words[0], STATUS_INVALID_DEVICE_REQUEST, "it cannot be unloaded while the system runs");
    return FailLast(Line, Line->Words[0]);
}

BOOL LockCommand(const LINE *Line)
{
    CHAR Object[96];
    HANDLE Handle;
    NTSTATUS Status = NtLockDriverSection(Line->Words[0], Line->Words[1], &Handle);

    _snprintf(Object, sizeof(Object), "%s %s", Line->Words[0], Line->Words[1]);
    Object[sizeof(Object) - 1] = '\0';
    if (Status == STATUS_INVALID_PARAMETER)
        return Fail(Line, Object, Status, "the section was discarded after initialisation and is gone for good");
    if (Status == STATUS_OBJECT_NAME_NOT_FOUND)
        return Fail(Line, Object, Status, "`sections DRIVER` lists its sections; upper and lower case differ");
    if (!NT_SUCCESS(Status))
        return Fail(Line, Object, Status, NULL);
    printf("%s locked, handle 0x%llx\n", Object, (ULONG_PTR)Handle);
    return TRUE;
}

BOOL UnlockCommand(const LINE *Line)
{
    ULONG64 Handle;
    NTSTATUS Status = STATUS_INVALID_HANDLE;

    if (ParseNumber(Line->Words[0], &Handle))
        Status = NtUnlockDriverSection((HANDLE)(ULONG_PTR)Handle);
    return NT_SUCCESS(Status) ? TRUE : Fail(Line, Line->Words[0], Status, NULL);
}

BOOL PageCommand(const LINE *Line)
{
    NTSTATUS Status = NtPageDriver(Line->Words[0]);

    return NT_SUCCESS(Status) ? TRUE : Fail(Line, Line->Words[0], Status, NULL);
}

BOOL ResetCommand(const LINE *Line)
{
    NTSTATUS Status = NtResetDriver(Line->Words[0]);

    return NT_SUCCESS(Status) ? TRUE : Fail(Line, Line->Words[0], Status, NULL);
}
