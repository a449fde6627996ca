/*
 * benchsys: what a system call costs a program, for `make bench`. Prints `bench NAME COUNT` lines; see
 * tests/guest/bench.
 */
#include <windows.h>
#include <ntdll.h>
#include <stdio.h>

#define ROUNDS 64

static ULONGLONG Now(void)
{
    ULONG Low, High;
    __asm__ volatile("rdtsc" : "=a"(Low), "=d"(High) : : "memory");
    return Low | (ULONGLONG)High << 32;
}

int main(void)
{
    ULONGLONG Best = ~0ull, Overhead = ~0ull;

    for (int i = 0; i < ROUNDS; i++) {
        ULONGLONG Start = Now();
        Overhead = min(Overhead, Now() - Start);
    }
    for (int i = 0; i < ROUNDS; i++) {
        ULONGLONG Start = Now();
        NtNullService();
        Best = min(Best, Now() - Start);
    }
    printf("bench null-system-call %llu\n", Best - Overhead);
    return 0;
}
