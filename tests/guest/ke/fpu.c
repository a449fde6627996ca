/*
 * Drivers that compute ("KeSaveFloatingPointState", "KeSaveExtendedProcessorState"). The test drivers are compiled
 * without these registers like all others, so what is in them here is what a case has put there.
 */
#include "ke.h"

#define REGISTERS 4             /* of the sixteen: xmm0, xmm7, xmm15 and one of the x87 */
#define INITIAL_CONTROL 0x37F
#define INITIAL_MXCSR 0x1F80

typedef struct _PATTERN { ULONG64 Value[REGISTERS]; } PATTERN;

static PATTERN MakePattern(ULONG64 Seed)
{
    return (PATTERN){{Seed * 0x9E3779B97F4A7C15ull, ~Seed, Seed << 32 | 7, Seed & MAXLONG}};
}

static VOID Fill(const PATTERN *Pattern)
{
    __asm__ volatile("movq %0, %%xmm0; movq %1, %%xmm7; movq %2, %%xmm15; fninit; fildll %3"
                     : : "m"(Pattern->Value[0]), "m"(Pattern->Value[1]), "m"(Pattern->Value[2]), "m"(Pattern->Value[3]));
}

/* Takes the x87 register off its stack. */
static BOOLEAN Holds(const PATTERN *Pattern)
{
    PATTERN Seen;

    __asm__ volatile("movq %%xmm0, %0; movq %%xmm7, %1; movq %%xmm15, %2; fistpll %3"
                     : "=m"(Seen.Value[0]), "=m"(Seen.Value[1]), "=m"(Seen.Value[2]), "=m"(Seen.Value[3]));
    return RtlEqualMemory(&Seen, Pattern, sizeof(Seen));
}

static VOID ReadControl(PUSHORT Control, PULONG Mxcsr)
{
    __asm__ volatile("fnstcw %0; stmxcsr %1" : "=m"(*Control), "=m"(*Mxcsr));
}

static VOID WriteControl(USHORT Control, ULONG Mxcsr)
{
    __asm__ volatile("fldcw %0; ldmxcsr %1" : : "m"(Control), "m"(Mxcsr));
}

TEST_CASE(FloatSaveGivesFreshState, "KeSaveFloatingPointState: the caller gets fresh registers, all exceptions masked") {
    KFLOATING_SAVE Outer, Inner;
    USHORT Control;
    ULONG Mxcsr;

    REQUIRE(NT_SUCCESS(KeSaveFloatingPointState(&Outer)));
    WriteControl(0x360, 0);                             /* nothing masked */
    EXPECT_STATUS(KeSaveFloatingPointState(&Inner), STATUS_SUCCESS);
    ReadControl(&Control, &Mxcsr);
    EXPECT_EQUAL(Control, INITIAL_CONTROL);
    EXPECT_EQUAL(Mxcsr, INITIAL_MXCSR);
    EXPECT_STATUS(KeRestoreFloatingPointState(&Inner), STATUS_SUCCESS);
    ReadControl(&Control, &Mxcsr);
    EXPECT_EQUAL(Control & 0x3F, 0x20);
    EXPECT_EQUAL(Mxcsr, 0);
    KeRestoreFloatingPointState(&Outer);
    ReadControl(&Control, &Mxcsr);
    EXPECT_EQUAL(Control, INITIAL_CONTROL);             /* the program's own */
    EXPECT_EQUAL(Mxcsr & ~0x3Fu, INITIAL_MXCSR);
}

/* One driver calls another while its own figures are in the registers; both sleep, so other threads run meanwhile. */
static VOID ComputeNested(PVOID Context)
{
    static volatile LONG Seed;
    PATTERN First = MakePattern((ULONG64)InterlockedIncrement(&Seed)), Second = MakePattern(First.Value[1]);
    KFLOATING_SAVE Outer, Inner;

    UNREFERENCED_PARAMETER(Context);
    for (ULONG Round = 0; Round < 5; Round++) {
        REQUIRE(NT_SUCCESS(KeSaveFloatingPointState(&Outer)));
        Fill(&First);
        KeTestSleep(1);
        EXPECT_STATUS(KeSaveFloatingPointState(&Inner), STATUS_SUCCESS);
        Fill(&Second);
        KeTestSleep(1);
        EXPECT(Holds(&Second));
        KeRestoreFloatingPointState(&Inner);
        KeTestSleep(1);
        EXPECT(Holds(&First));
        KeRestoreFloatingPointState(&Outer);
    }
}

TEST_CASE(FloatSavesNest, "KeSaveFloatingPointState: a nested save and restore leaves the outer registers as they were") {
    ComputeNested(NULL);
}

TEST_CASE(FloatOnSystemThreads, "KeSaveFloatingPointState: threads that compute at once do not see each other's registers") {
    TestOnThreads(8, ComputeNested, NULL);
}

typedef struct _DPC_CASE {
    KDPC Dpc;
    volatile LONG Bad, Done;
} DPC_CASE;

static VOID ComputeInDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    DPC_CASE *Case = Context;
    PATTERN Pattern = MakePattern(KeGetCurrentProcessorNumber() + 100);
    KFLOATING_SAVE Save;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if (NT_SUCCESS(KeSaveFloatingPointState(&Save))) {
        Fill(&Pattern);
        if (!Holds(&Pattern))
            InterlockedIncrement(&Case->Bad);
        KeRestoreFloatingPointState(&Save);
    } else {
        InterlockedIncrement(&Case->Bad);
    }
    InterlockedIncrement(&Case->Done);
}

/* On a thread that has its registers anyway, and on one that has borrowed some. */
static VOID ComputeWithDpcs(PVOID Context)
{
    PATTERN Pattern = MakePattern(KeGetCurrentProcessorNumber() + 200);
    KFLOATING_SAVE Save;
    DPC_CASE Case;

    UNREFERENCED_PARAMETER(Context);
    Case.Bad = Case.Done = 0;
    KeInitializeDpc(&Case.Dpc, ComputeInDpc, &Case);
    REQUIRE(NT_SUCCESS(KeSaveFloatingPointState(&Save)));
    for (LONG Round = 0; Round < 100; Round++) {
        Fill(&Pattern);
        KeSetTargetProcessorDpc(&Case.Dpc, (CCHAR)(Round % (LONG)KeQueryActiveProcessorCount(NULL)));
        KeInsertQueueDpc(&Case.Dpc, NULL, NULL);
        while (Case.Done <= Round)
            YieldProcessor();
        EXPECT(Holds(&Pattern));
    }
    KeRestoreFloatingPointState(&Save);
    EXPECT_EQUAL(Case.Bad, 0);
}

TEST_CASE(FloatInDpc, "KeSaveFloatingPointState: may be called at DISPATCH_LEVEL, where it saves the interrupted thread's") {
    ComputeWithDpcs(NULL);
    TestOnThreads(2, ComputeWithDpcs, NULL);
}

TEST_CASE(ExtendedFeatures, "RtlGetEnabledExtendedFeatures: x87 and SSE are always enabled; the mask selects") {
    EXPECT_EQUAL(RtlGetEnabledExtendedFeatures(XSTATE_MASK_LEGACY), XSTATE_MASK_LEGACY);
    EXPECT_EQUAL(RtlGetEnabledExtendedFeatures(0), 0);
    EXPECT_EQUAL(RtlGetEnabledExtendedFeatures(~0ull) & ~(XSTATE_MASK_LEGACY | XSTATE_MASK_AVX), 0);
}

TEST_CASE(ExtendedStateComesBack, "KeSaveExtendedProcessorState: what the mask names is saved and restored") {
    ULONG64 Mask = RtlGetEnabledExtendedFeatures(~0ull);
    PATTERN First = MakePattern(1), Second = MakePattern(2);
    UCHAR High[32] DECLSPEC_ALIGN(32);
    XSTATE_SAVE Outer, Inner;

    REQUIRE(NT_SUCCESS(KeSaveExtendedProcessorState(Mask, &Outer)));
    RtlFillMemory(High, sizeof(High), 0xA5);
    Fill(&First);
    if (Mask & XSTATE_MASK_AVX)
        __asm__ volatile("vmovdqa (%0), %%ymm3" : : "r"(High) : "memory");
    EXPECT_STATUS(KeSaveExtendedProcessorState(Mask, &Inner), STATUS_SUCCESS);
    Fill(&Second);
    if (Mask & XSTATE_MASK_AVX)
        __asm__ volatile("vzeroall");
    KeTestSleep(1);
    KeRestoreExtendedProcessorState(&Inner);
    EXPECT(Holds(&First));
    if (Mask & XSTATE_MASK_AVX) {
        RtlZeroMemory(High, sizeof(High));
        __asm__ volatile("vmovdqa %%ymm3, (%0)" : : "r"(High) : "memory");
        for (ULONG i = 0; i < sizeof(High); i++)
            EXPECT_EQUAL(High[i], 0xA5);
    }
    KeRestoreExtendedProcessorState(&Outer);
}
