/*
 * Levels, address spaces and checks, as the literature describes them (L13 to L19, L36).
 */
#include "literature.h"

TEST_CASE(HandlersRunAtPassive, "L17 programs' requests arrive at PASSIVE_LEVEL, in the thread that made them") {
    EXPECT_EQUAL(KeGetCurrentIrql(), PASSIVE_LEVEL);
    EXPECT(PsGetCurrentProcess() != PsInitialSystemProcess);
}

/* What a system thread sees of the caller's addresses. */
typedef struct _VIEW {
    PVOID System, User;
    PHYSICAL_ADDRESS SystemPhysical;
    BOOLEAN UserValid;
    PEPROCESS Process;
} VIEW, *PVIEW;

static KSTART_ROUTINE LookFromSystem;
static VOID LookFromSystem(PVOID Context)
{
    PVIEW View = Context;

    View->Process = PsGetCurrentProcess();
    View->SystemPhysical = MmGetPhysicalAddress(View->System);
    View->UserValid = MmIsAddressValid(View->User);
}

TEST_CASE(KernelSpaceIsShared, "L18 kernel space is the same in every process; a user address means nothing in another") {
    VIEW View = {.System = &LiteratureCount};
    SIZE_T Size = PAGE_SIZE;

    REQUIRE(NT_SUCCESS(ZwAllocateVirtualMemory(ZwCurrentProcess(), &View.User, 0, &Size, MEM_COMMIT, PAGE_READWRITE)));
    /* In a page of its own, and touched by a probe that writes. */
    __try {
        ProbeForWrite(View.User, PAGE_SIZE, 1);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        EXPECT(FALSE);
    }
    EXPECT(MmIsAddressValid(View.User));
    TestOnThreads(1, LookFromSystem, &View);
    EXPECT(View.Process == PsInitialSystemProcess);
    EXPECT_EQUAL(View.SystemPhysical.QuadPart, MmGetPhysicalAddress(&LiteratureCount).QuadPart);
    EXPECT(!View.UserValid);
    Size = 0;
    EXPECT_STATUS(ZwFreeVirtualMemory(ZwCurrentProcess(), &View.User, &Size, MEM_RELEASE), STATUS_SUCCESS);
}

TEST_CASE(PoolsDiffer, "L19 paged pool leaves memory when it is trimmed, nonpaged pool does not") {
    PUCHAR Paged = ExAllocatePoolWithTag(PagedPool, PAGE_SIZE, 'tiLT');
    PUCHAR Nonpaged = ExAllocatePoolWithTag(NonPagedPool, PAGE_SIZE, 'tiLT');

    REQUIRE(Paged != NULL && Nonpaged != NULL);
    *Paged = *Nonpaged = 5;
    MmTrimAllSystemPageableMemory(TRUE);
    EXPECT(!MmIsAddressValid(Paged));
    EXPECT(MmIsAddressValid(Nonpaged));
    EXPECT_EQUAL(*Paged, 5);
    ExFreePoolWithTag(Paged, 'tiLT');
    ExFreePoolWithTag(Nonpaged, 'tiLT');
}

TEST_CASE(PagedCodeSays, "L36 PAGED_CODE() says with file and line that pageable code runs too high, and counts") {
    PVOID Handle = MmLockPagableCodeSection(LiteratureRead);
    KIRQL OldIrql;

    REQUIRE(Handle != NULL);
    /* Locked, so that only the report comes; tests/sessions/paged-code.session reads it. */
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    EXPECT_EQUAL(LiteratureRead(1), 2);
    KeLowerIrql(OldIrql);
    MmUnlockPagableImageSection(Handle);
}
