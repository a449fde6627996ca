/* The machine: levels and interrupts, its end on purpose. */
#include "shell.h"
#include <winioctl.h>
#include "../../drivers/bugcheck/bugcheckioctl.h"

/* The interrupt request levels ("Managing Hardware Priorities"); First to Last is one row. */
static const struct {
    ULONG First, Last;
    PCSTR Name;
    BOOL MayFault, MayWait;
    PCSTR Runs;
} Levels[] = {
    {0, 0, "PASSIVE_LEVEL", TRUE, TRUE, "user code, DriverEntry, most dispatch routines"},
    {1, 1, "APC_LEVEL", TRUE, TRUE, "page faults are resolved here"},
    {2, 2, "DISPATCH_LEVEL", FALSE, FALSE, "the scheduler, DPCs, StartIo, holders of spin locks"},
    {3, 12, "device", FALSE, FALSE, "interrupt service routines"},
    {13, 13, "CLOCK_LEVEL", FALSE, FALSE, "the clock tick"},
    {14, 14, "IPI_LEVEL", FALSE, FALSE, "interrupts between processors"},
    {15, 15, "HIGH_LEVEL", FALSE, FALSE, "machine check, bugcheck"},
};

static PCSTR YesNo(BOOL Value)
{
    return Value ? "yes" : "no";
}

static VOID PrintLevels(const SYSTEM_INTERRUPT_INFORMATION *Interrupts, ULONG Count)
{
    CHAR Range[8];

    printf("%-5s %-15s %-6s %-5s %s\n", "level", "name", "faults", "waits", "what runs there");
    for (ULONG Index = 0; Index < ARRAYSIZE(Levels); Index++) {
        _snprintf(Range, sizeof(Range), Levels[Index].First == Levels[Index].Last ? "%u" : "%u-%u", Levels[Index].First,
                  Levels[Index].Last);
        printf("%-5s %-15s %-6s %-5s %s\n", Range, Levels[Index].Name, YesNo(Levels[Index].MayFault),
               YesNo(Levels[Index].MayWait), Levels[Index].Runs);
    }
    printf("%-6s %5s %5s %-8s %-12s %10s\n", "vector", "level", "line", "mode", "driver", "count");
    for (ULONG Index = 0; Index < Count; Index++) {
        const SYSTEM_INTERRUPT_INFORMATION *I = &Interrupts[Index];
        printf("0x%02X   %5u %5u %-8s %-12s %10llu\n", I->Vector, I->Irql, I->Line,
               I->LevelSensitive ? "level" : "edge", I->Driver, I->Count);
    }
}

static VOID PrintLevelsJson(const SYSTEM_INTERRUPT_INFORMATION *Interrupts, ULONG Count)
{
    JSON Json = {0};

    JsonAdd(&Json, "{\"levels\":[");
    for (ULONG Index = 0; Index < ARRAYSIZE(Levels); Index++)
        JsonAdd(&Json, "%s{\"first\":%u,\"last\":%u,\"name\":\"%s\",\"faults\":%s,\"waits\":%s}", Index == 0 ? "" : ",",
                Levels[Index].First, Levels[Index].Last, Levels[Index].Name, Levels[Index].MayFault ? "true" : "false",
                Levels[Index].MayWait ? "true" : "false");
    JsonAdd(&Json, "],\"interrupts\":[");
    for (ULONG Index = 0; Index < Count; Index++) {
        const SYSTEM_INTERRUPT_INFORMATION *I = &Interrupts[Index];
        JsonAdd(&Json, "%s{\"vector\":%u,\"level\":%u,\"line\":%u,\"mode\":\"%s\",\"driver\":", Index == 0 ? "" : ",",
                I->Vector, I->Irql, I->Line, I->LevelSensitive ? "level" : "edge");
        JsonString(&Json, I->Driver);
        JsonAdd(&Json, ",\"count\":%llu}", I->Count);
    }
    JsonAdd(&Json, "]}");
    JsonPrint(&Json);
}

BOOL IrqlCommand(const LINE *Line)
{
    PSYSTEM_INTERRUPT_INFORMATION Interrupts;
    ULONG Length;
    NTSTATUS Status = QuerySystemList(SystemInterruptInformation, (PVOID *)&Interrupts, &Length);

    if (!NT_SUCCESS(Status))
        return Fail(Line, "the interrupts", Status, NULL);
    (Line->Json ? PrintLevelsJson : PrintLevels)(Interrupts, Length / sizeof(*Interrupts));
    free(Interrupts);
    return TRUE;
}

/* Hands the name to the driver that breaks the rules; it is loaded when it is needed. */
BOOL BugCheckCommand(const LINE *Line)
{
    HANDLE Device = CreateFile(BUGCHECK_DEVICE, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    DWORD Returned;

    if (Device == INVALID_HANDLE_VALUE && LoadDriver(BUGCHECK_DRIVER))
        Device = CreateFile(BUGCHECK_DEVICE, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (Device == INVALID_HANDLE_VALUE)
        return FailLast(Line, BUGCHECK_DRIVER);
    DeviceIoControl(Device, IOCTL_BUGCHECK_PROVOKE, Line->Words[0], (DWORD)strlen(Line->Words[0]) + 1, NULL, 0,
                    &Returned, NULL);
    CloseHandle(Device);
    return Fail(Line, Line->Words[0], (NTSTATUS)GetLastError(), "`help bugcheck` lists the names");
}

BOOL ShutdownCommand(const LINE *Line)
{
    NTSTATUS Status = NtShutdownSystem(SHUTDOWN_PASS);

    return Fail(Line, "the machine", Status, NULL);
}
