/*
 * Test cases that run in the kernel. A folder tests/guest/NAME is a driver, NAME.sys; one of its files says
 *
 *     TEST_SUITE(NAME, "1 2 4")         the driver, and on how many processors tests/test_guest.py boots it
 *     TEST_MACHINE("--mem 32M", "beep") if it needs more: options of run-qemu.sh, drivers to load first
 *
 * and every case registers itself where it stands:
 *
 *     TEST_CASE(LockCounts, "L23 each lock counts one, each unlock takes one off") {
 *         PVOID Handle = MmLockPagableCodeSection(Routine);
 *         REQUIRE(Handle != NULL);
 *         EXPECT_EQUAL(LocksOf(Handle), 1);
 *         MmUnlockPagableImageSection(Handle);
 *     }
 *
 * A case runs at PASSIVE_LEVEL in the thread of the program that asked for it, and may run more than once: it leaves
 * everything as it found it. After each, pool, commit and frames are compared with before, and the PFN database is held
 * against the page tables. EXPECT goes on after a failure, REQUIRE returns from a VOID routine; both may be used at any
 * IRQL and from any thread.
 */
#pragma once

#include <ntddk.h>

typedef VOID TEST_ROUTINE(VOID);

/* One case. The records lie together in the section .testcase, in the order of the sources (testcase.ld). */
typedef struct _TEST_CASE_RECORD {
    PCSTR Name;
    PCSTR Statement;
    TEST_ROUTINE *Routine;
} TEST_CASE_RECORD, *PTEST_CASE_RECORD;

extern const TEST_CASE_RECORD TestCasesStart[], TestCasesEnd[];

extern const WCHAR TestDeviceName[], TestLinkName[];

#define TEST_SUITE(Name, Processors)                                                                           \
    const WCHAR TestDeviceName[] = L"\\Device\\Test" #Name;                                                    \
    const WCHAR TestLinkName[] = L"\\DosDevices\\Test" #Name;                                                  \
    C_ASSERT(sizeof(Processors) > 1)

/* What the suite needs beyond a bare machine: options of run-qemu.sh, and drivers to load before it. */
#define TEST_MACHINE(Options, Drivers) C_ASSERT(sizeof(Options) > 1 || sizeof(Drivers) > 1)

#define TEST_CASE(Name, Statement)                                                                             \
    static TEST_ROUTINE Name;                                                                                  \
    static const TEST_CASE_RECORD Name##Record                                                                 \
        __attribute__((section(".testcase"), used, no_reorder, aligned(8))) = {#Name, Statement, Name};        \
    static VOID Name(VOID)

/* Called first in DriverEntry; what fails there fails the load. A suite may have one of its own, in INIT. */
NTSTATUS TestInitialize(VOID);

/* Prints what did not hold and counts it. Returns Holds. IRQL: any. */
BOOLEAN TestExpect(BOOLEAN Holds, PCSTR Text, PCSTR File, ULONG Line);
BOOLEAN TestExpectEqual(ULONGLONG Seen, ULONGLONG Expected, PCSTR Text, PCSTR File, ULONG Line);
/* A line of explanation in the report. IRQL: any. */
VOID TestNote(PCSTR Format, ...);

/* Runs Routine(Context) on Count new system threads and waits until all have ended. At most 16. IRQL: PASSIVE_LEVEL. */
VOID TestOnThreads(ULONG Count, PKSTART_ROUTINE Routine, PVOID Context);

/* A seed for what happens at random, which the report names: the one that was asked for, or another every time. */
ULONG TestSeed(VOID);
/*
 * Whether round number Round, from 0, is still to come: in the short form while there are fewer than Rounds of them, in
 * the long form until the time that was asked for is up. IRQL: any.
 */
BOOLEAN TestGoesOn(ULONG64 Round, ULONG64 Rounds);

#define EXPECT(Condition) TestExpect((Condition) != 0, #Condition, __FILE__, __LINE__)
#define EXPECT_EQUAL(Seen, Expected)                                                                           \
    TestExpectEqual((ULONGLONG)(Seen), (ULONGLONG)(Expected), #Seen " == " #Expected, __FILE__, __LINE__)
#define EXPECT_STATUS(Seen, Expected)                                                                          \
    TestExpectEqual((ULONG)(Seen), (ULONG)(Expected), #Seen " == " #Expected, __FILE__, __LINE__)
#define REQUIRE(Condition)                                                                                     \
    do {                                                                                                       \
        if (!EXPECT(Condition)) {                                                                              \
            return;                                                                                            \
        }                                                                                                      \
    } while (0)
