/*
 * crash KIND: ends this program in one of the ways in which programs end that should not have begun. The system must
 * only say so.
 */
#include <windows.h>
#include <stdio.h>
#include <string.h>

static volatile int Zero;

static void CrashNull(void)
{
    *(volatile int *)(ULONG_PTR)Zero = 1;
}

static void CrashKernel(void)
{
    (void)*(volatile char *)0xFFFFFFFF80000000ull;
}

static void CrashNoncanonical(void)
{
    (void)*(volatile char *)0x8000000000000000ull;
}

static void CrashReadOnly(void)
{
    *(volatile char *)"read-only" = 'R';
}

static void CrashExecute(void)
{
    static UCHAR Code[] = {0xC3};

    ((void (*)(void))(void *)Code)();
}

static void CrashDivide(void)
{
    Zero = 100 % Zero;
}

static void CrashPrivileged(void)
{
    __asm__ volatile("hlt");
}

static void CrashPort(void)
{
    __asm__ volatile("outb %%al, $0x80" ::"a"(0));
}

/* With the exception unmasked; a division raises it, and the next x87 instruction that waits reports it. */
static void CrashFloat(void)
{
    static const unsigned short Control = 0x37B;

    __asm__ volatile("fninit; fldcw %0; fld1; fldz; fdivrp; fwait" : : "m"(Control));
}

static void CrashInvalid(void)
{
    __asm__ volatile("ud2");
}

/* The stack grows until there is no more of it. Volatile, so that it is neither a loop nor nothing. */
static int CrashStack(volatile int Depth)
{
    volatile char Room[1024];

    Room[0] = (char)Depth;
    return Depth < 0 ? 0 : CrashStack(Depth + 1) + Room[0];
}

static void CrashStackEntry(void)
{
    printf("%d\n", CrashStack(1));
}

static const struct {
    const char *Kind;
    void (*Routine)(void);
} Crashes[] = {
    {"null", CrashNull}, {"kernel", CrashKernel}, {"noncanonical", CrashNoncanonical}, {"readonly", CrashReadOnly},
    {"execute", CrashExecute}, {"divide", CrashDivide}, {"privileged", CrashPrivileged}, {"port", CrashPort},
    {"float", CrashFloat}, {"invalid", CrashInvalid}, {"stack", CrashStackEntry},
};

int main(int argc, char **argv)
{
    for (unsigned Index = 0; argc == 2 && Index < sizeof(Crashes) / sizeof(Crashes[0]); Index++) {
        if (strcmp(argv[1], Crashes[Index].Kind) == 0) {
            Crashes[Index].Routine();
            printf("crash: still alive after '%s'\n", argv[1]);
            return 1;
        }
    }
    printf("usage: crash null|kernel|noncanonical|readonly|execute|divide|float|privileged|port|invalid|stack\n");
    return 2;
}
