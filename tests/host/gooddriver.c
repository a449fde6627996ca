/*
 * A small driver with one of everything that the loader handles: all kinds of sections, all kinds of relocations, an
 * import, a weak import, an export. The tests damage it in every way.
 */
#include "wdm.h"

extern int ImportedRoutine(int Value);
extern int ImportedData;
extern int WeakRoutine(void) __attribute__((weak));

static int Counter;
int Initialised = 5;
const char *Message = "a literal";
const char *const Table[] = {"one", "two", "three"};

DATA_SECTION(PAGEDATA) int PagedTable[3] = {1, 2, 3};
BSS_SECTION(PAGEBSS) char PagedBuffer[10000];
DATA_SECTION(MY_DATA) int OwnName = 7;

CODE_SECTION(PAGE) int PagedRoutine(int Value)
{
    return ImportedRoutine(Value) + PagedTable[Value & 1] + PagedBuffer[Value & 1023];
}

CODE_SECTION(PAGELONG) __attribute__((noinline)) static int LongestName(int Value)
{
    return Value * 3 + OwnName;
}

int ExportedRoutine(int Value)
{
    return LongestName(Value) + Counter++ + Initialised;
}
EXPORT_DRIVER_ROUTINE(ExportedRoutine);
EXPORT_DRIVER_ROUTINE(Initialised);

int (*const Handlers[])(int) = {PagedRoutine, ExportedRoutine};

INIT_CODE NTSTATUS DriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    int Sum = PagedRoutine((int)(LONG_PTR)DriverObject) + ImportedData;

    if (WeakRoutine != NULL) {
        Sum += WeakRoutine();
    }
    return Sum + Message[0] + Table[1][0] + Handlers[0](RegistryPath != NULL);
}
