/*
 * The level of the routines that lock sections and page drivers: documented for PASSIVE_LEVEL, tolerated at APC_LEVEL,
 * since what they do for a page that is out cannot be done above.
 */
#include "broken.h"

TEST_CASE(IrqlOfSections, "L30 sections are locked and unlocked, and drivers paged, at APC_LEVEL or below, never higher") {
    static PVOID Handle;

    NOT_ABOVE(APC_LEVEL, MmLockPagableDataSection, MmLockPagableDataSection((PVOID)(ULONG_PTR)ExpectIrqlRule));
    NOT_ABOVE(APC_LEVEL, MmLockPagableSectionByHandle, MmLockPagableSectionByHandle(Handle));
    NOT_ABOVE(APC_LEVEL, MmUnlockPagableImageSection, MmUnlockPagableImageSection(Handle));
    NOT_ABOVE(APC_LEVEL, MmPageEntireDriver, MmPageEntireDriver((PVOID)(ULONG_PTR)ExpectIrqlRule));
    NOT_ABOVE(APC_LEVEL, MmResetDriverPaging, MmResetDriverPaging((PVOID)(ULONG_PTR)ExpectIrqlRule));
    NOT_ABOVE(APC_LEVEL, MmTrimAllSystemPageableMemory, MmTrimAllSystemPageableMemory(TRUE));
}
