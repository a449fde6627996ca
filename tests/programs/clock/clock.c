/*
 * clock [SECONDS]: what a program sees of time. Threads read the performance counter in turn and none may see it go
 * back; a sleep takes at least as long as it says by every clock. Then the date, in UTC. Exit status: 0 when all is
 * well.
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 4
#define READINGS 20000
#define NAP_MILLISECONDS 50
#define UNITS_PER_MILLISECOND 10000
#define UNITS_PER_MINUTE (60ull * 1000 * UNITS_PER_MILLISECOND)
#define MINUTES_PER_DAY 1440
#define DAYS_1601_TO_2000 145731

static volatile LONG Turn;
static volatile LONGLONG Latest;
static volatile LONG Backwards;

static DWORD WINAPI Read(LPVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (ULONG i = 0; i < READINGS; i++) {
        LARGE_INTEGER Now;

        while (__atomic_exchange_n(&Turn, 1, __ATOMIC_ACQUIRE) != 0)
            Sleep(0);
        if (!QueryPerformanceCounter(&Now) || Now.QuadPart < Latest)
            Backwards++;
        Latest = Now.QuadPart;
        __atomic_store_n(&Turn, 0, __ATOMIC_RELEASE);
    }
    return 0;
}

static ULONGLONG FileTime(VOID)
{
    FILETIME Time;

    GetSystemTimeAsFileTime(&Time);
    return (ULONGLONG)Time.dwHighDateTime << 32 | Time.dwLowDateTime;
}

/* Returns what took less time than was slept, in words, or NULL. */
static const char *Nap(VOID)
{
    LARGE_INTEGER Before, After, Frequency;
    ULONGLONG Ticks = GetTickCount64(), Time = FileTime();

    if (!QueryPerformanceFrequency(&Frequency) || Frequency.QuadPart <= 0)
        return "the frequency of the performance counter";
    QueryPerformanceCounter(&Before);
    Sleep(NAP_MILLISECONDS);
    QueryPerformanceCounter(&After);
    if (GetTickCount64() - Ticks < NAP_MILLISECONDS)
        return "GetTickCount64";
    if ((After.QuadPart - Before.QuadPart) * 1000 / Frequency.QuadPart < NAP_MILLISECONDS)
        return "QueryPerformanceCounter";
    if (FileTime() - Time < NAP_MILLISECONDS * UNITS_PER_MILLISECOND)
        return "GetSystemTimeAsFileTime";
    return NULL;
}

static VOID PrintDate(ULONGLONG Time)
{
    static const UCHAR Lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    ULONG Minutes = (ULONG)(Time / UNITS_PER_MINUTE % MINUTES_PER_DAY);
    ULONG Days = (ULONG)(Time / UNITS_PER_MINUTE / MINUTES_PER_DAY) - DAYS_1601_TO_2000, Year = 2000, Month = 0;

    for (; Days >= 365u + (Year % 4 == 0); Year++)      /* right until 2100 */
        Days -= 365 + (Year % 4 == 0);
    for (; Days >= Lengths[Month] - (ULONG)(Month == 1 && Year % 4 != 0); Month++)
        Days -= Lengths[Month] - (ULONG)(Month == 1 && Year % 4 != 0);
    printf("clock: %u-%02u-%02u %02u:%02u\n", Year, Month + 1, Days + 1, Minutes / 60, Minutes % 60);
}

int main(void)
{
    HANDLE Threads[THREADS];
    const char *Short;

    for (ULONG i = 0; i < THREADS; i++) {
        Threads[i] = CreateThread(NULL, 0, Read, NULL, 0, NULL);
        if (Threads[i] == NULL)
            return 2;
    }
    for (ULONG i = 0; i < THREADS; i++) {
        WaitForSingleObject(Threads[i], INFINITE);
        CloseHandle(Threads[i]);
    }
    printf("clock: %u readings, %d went back\n", THREADS * READINGS, Backwards);
    Short = Nap();
    printf("clock: %s\n", Short == NULL ? "a nap takes its time" : Short);
    PrintDate(FileTime());
    return Backwards != 0 || Short != NULL;
}
