/*
 * registers [THREADS [STEPS [ROUNDS]]]: threads that each keep a pattern of their own in all floating-point registers
 * and look whether it is still there, after having been displaced, after giving the processor away, after sleeping.
 *
 * Each round makes its threads anew, in memory that those before them have used: a thread must begin with the state
 * that the ABI names, whatever others had in these registers. Where the processor has XSAVE, the pattern covers all
 * that is switched on, AVX too. Exit status: 0 when nobody has seen anything but its own.
 */
#include <windows.h>
#include <ntdll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_THREADS 64
#define X87_REGISTERS 8
#define X87_SIZE 10             /* bytes of one; the area gives it 16 */
#define MXCSR_FLAGS 0x3Fu
#define ROUNDING_CHOICES 3u
#define STATE_AVX 4u
#define INITIAL_CONTROL 0x37F
#define INITIAL_MXCSR 0x1F80
#define SPINS 20000

/* What FXSAVE and XSAVE write (AMD64 APM vol. 2, "Saving and Restoring x87 and SSE State"). */
typedef struct DECLSPEC_ALIGN(64) _AREA {
    USHORT Control, Status;
    UCHAR Tags, Reserved;
    UCHAR Last[18];             /* where the last x87 instruction was: not a register, and not compared */
    ULONG Mxcsr, MxcsrMask;
    UCHAR X87[X87_REGISTERS][16];
    UCHAR Xmm[16][16];
    UCHAR Software[96];
    ULONG64 Parts;
    UCHAR Header[56];
    UCHAR YmmHigh[16][16];
} AREA;

typedef struct _WORKER {
    AREA Initial, Image, Seen;
    HANDLE Handle;
    ULONG Seed;
    const char *Wrong;
} WORKER;

void RegistersHold(const AREA *Image, AREA *Seen, void (*Between)(ULONG), ULONG Argument);
void RegistersSpin(ULONG Count);
void RegistersThreadEntry(AREA *Initial);
DECLSPEC_NORETURN void RegistersThread(WORKER *Worker);

UCHAR RegistersXsave;           /* read by hold.S */
static ULONG64 Parts;           /* that the system has switched on */
static ULONG Steps = 200;
static WORKER Workers[MOST_THREADS];

static void FindParts(void)
{
    ULONG Low, High, A = 1, B, C = 0, D;

    __asm__("cpuid" : "+a"(A), "=b"(B), "+c"(C), "=d"(D));
    RegistersXsave = (C >> 27) & 1;
    if (RegistersXsave) {
        __asm__("xgetbv" : "=a"(Low), "=d"(High) : "c"(0));
        Parts = Low | (ULONG64)High << 32;
    }
}

static ULONG Random(PULONG Seed)
{
    *Seed = *Seed * 1664525u + 1013904223u;
    return *Seed >> 8;
}

static void FillBytes(UCHAR *Bytes, ULONG Count, PULONG Seed)
{
    while (Count-- != 0)
        *Bytes++ = (UCHAR)Random(Seed);
}

/* A pattern: every register, both rounding modes, the flags of the past. All exceptions are masked. */
static void MakeImage(AREA *Image, PULONG Seed)
{
    memset(Image, 0, sizeof(*Image));
    Image->Control = (USHORT)(INITIAL_CONTROL | (Random(Seed) & ROUNDING_CHOICES) << 10);
    Image->Tags = 0xFF;
    Image->Mxcsr = INITIAL_MXCSR | (Random(Seed) & ROUNDING_CHOICES) << 13 | (Random(Seed) & MXCSR_FLAGS);
    for (ULONG i = 0; i < X87_REGISTERS; i++)
        FillBytes(Image->X87[i], X87_SIZE, Seed);
    FillBytes(&Image->Xmm[0][0], sizeof(Image->Xmm), Seed);
    if (Parts & STATE_AVX)
        FillBytes(&Image->YmmHigh[0][0], sizeof(Image->YmmHigh), Seed);
    Image->Parts = Parts;
}

/* What differs between two states, or NULL. */
static const char *Difference(const AREA *Seen, const AREA *Expected)
{
    if (Seen->Control != Expected->Control || Seen->Status != Expected->Status || Seen->Tags != Expected->Tags)
        return "x87 control, status or tags";
    if (Seen->Mxcsr != Expected->Mxcsr)
        return "MXCSR";
    for (ULONG i = 0; i < X87_REGISTERS; i++)
        if (memcmp(Seen->X87[i], Expected->X87[i], X87_SIZE) != 0)
            return "an x87 register";
    if (memcmp(Seen->Xmm, Expected->Xmm, sizeof(Seen->Xmm)) != 0)
        return "an XMM register";
    if ((Parts & STATE_AVX) && memcmp(Seen->YmmHigh, Expected->YmmHigh, sizeof(Seen->YmmHigh)) != 0)
        return "the upper half of a YMM register";
    return NULL;
}

static void Yield(ULONG Argument)
{
    UNREFERENCED_PARAMETER(Argument);
    NtYieldExecution();
}

static void Doze(ULONG Ticks)
{
    LARGE_INTEGER Interval = {.QuadPart = -1 - (LONGLONG)Ticks};

    NtDelayExecution(FALSE, &Interval);
}

/* Called by RegistersThreadEntry. */
void RegistersThread(WORKER *Worker)
{
    AREA Fresh;

    memset(&Fresh, 0, sizeof(Fresh));
    Fresh.Control = INITIAL_CONTROL;
    Fresh.Mxcsr = INITIAL_MXCSR;
    Worker->Wrong = Difference(&Worker->Initial, &Fresh);
    if (Worker->Wrong != NULL)
        printf("a thread began with another's: %s\n", Worker->Wrong);
    for (ULONG Step = 0; Step < Steps && Worker->Wrong == NULL; Step++) {
        MakeImage(&Worker->Image, &Worker->Seed);
        memset(&Worker->Seen, 0, sizeof(Worker->Seen));
        switch (Random(&Worker->Seed) % 8) {
        case 0: RegistersHold(&Worker->Image, &Worker->Seen, Doze, 0); break;
        case 1:
        case 2:
        case 3: RegistersHold(&Worker->Image, &Worker->Seen, Yield, 0); break;
        default: RegistersHold(&Worker->Image, &Worker->Seen, RegistersSpin, SPINS); break;
        }
        Worker->Wrong = Difference(&Worker->Seen, &Worker->Image);
        if (Worker->Wrong != NULL)
            printf("thread with seed %u, step %u: %s changed\n", (ULONG)(Worker - Workers), Step, Worker->Wrong);
    }
    ExitThread(Worker->Wrong != NULL);
}

/* Returns how many threads saw what they should not. */
static ULONG Round(ULONG Threads, ULONG Number)
{
    ULONG Wrong = 0;

    for (ULONG i = 0; i < Threads; i++) {
        CLIENT_ID ClientId;

        memset(&Workers[i], 0, sizeof(Workers[i]));
        Workers[i].Seed = Number * MOST_THREADS + i;
        if (!NT_SUCCESS(NtCreateThread(&Workers[i].Handle, &ClientId, (PVOID)(ULONG_PTR)RegistersThreadEntry, &Workers[i],
                                       64 * 1024))) {
            printf("registers: a thread cannot be made\n");
            exit(2);
        }
    }
    for (ULONG i = 0; i < Threads; i++) {
        WaitForSingleObject(Workers[i].Handle, INFINITE);
        CloseHandle(Workers[i].Handle);
        Wrong += Workers[i].Wrong != NULL;
    }
    return Wrong;
}

int main(int argc, char **argv)
{
    ULONG Threads = argc > 1 ? (ULONG)strtoull(argv[1], NULL, 0) : 8;
    ULONG Rounds = argc > 3 ? (ULONG)strtoull(argv[3], NULL, 0) : 3, Wrong = 0;

    if (argc > 2)
        Steps = (ULONG)strtoull(argv[2], NULL, 0);
    if (Threads == 0 || Threads > MOST_THREADS) {
        printf("usage: registers [THREADS [STEPS [ROUNDS]]]\n");
        return 2;
    }
    FindParts();
    for (ULONG i = 0; i < Rounds; i++)
        Wrong += Round(Threads, i);
    printf("registers: %s, %u threads, %u steps, %u rounds, %u wrong\n",
           Parts & STATE_AVX ? "x87, SSE, AVX" : RegistersXsave ? "x87, SSE by XSAVE" : "x87, SSE by FXSAVE", Threads, Steps,
           Rounds, Wrong);
    return Wrong != 0;
}
