/*
 * ProbeForRead and ProbeForWrite: what a driver does with an address that a program gave, before it touches it in a
 * __try.
 *
 * A probe says nothing of later: the program may take the memory away the next moment, which is why the touch itself
 * stands in the __try. What the probe settles is that the address is the program's at all, and that this thread means
 * to touch user memory: SMAP forbids that to the kernel otherwise, and MmAccessFault lets only threads pass that have
 * probed.
 */
#include "mm/mi.h"
#include "ke/trap.h"
#include "ke/rules.h"
#include "rtl/export.h"

/* Raises STATUS_DATATYPE_MISALIGNMENT or STATUS_ACCESS_VIOLATION to the caller's __try. */
static VOID MiProbeRange(ULONG_PTR Address, SIZE_T Length, ULONG Alignment)
{
    if (Address & (Alignment - 1))
        ExRaiseDatatypeMisalignment();
    if (Address > MM_HIGHEST_USER_ADDRESS || Length > MM_HIGHEST_USER_ADDRESS + 1 - Address)
        ExRaiseAccessViolation();
    KiCurrentThread()->UserProbed = TRUE;
}

/* Documentation: "ProbeForRead". Alignment is 1, 2, 4, 8 or 16. Touches nothing. IRQL: <= APC_LEVEL. */
VOID ProbeForRead(const volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    KE_REQUIRE_IRQL(APC_LEVEL);
    if (Length != 0)
        MiProbeRange((ULONG_PTR)Address, Length, Alignment);
}
NT_EXPORT(ProbeForRead);

/* Documentation: "ProbeForWrite": also writes a byte of every page back to itself. IRQL: <= APC_LEVEL. */
VOID ProbeForWrite(volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    ULONG_PTR At = (ULONG_PTR)Address, End = At + Length;

    KE_REQUIRE_IRQL(APC_LEVEL);
    if (Length == 0)
        return;
    MiProbeRange(At, Length, Alignment);
    for (; At < End; At = (At | (PAGE_SIZE - 1)) + 1) {
        UCHAR Byte;
        NTSTATUS Status = KiUserCopy(&Byte, (const VOID *)At, 1);
        if (NT_SUCCESS(Status))
            Status = KiUserCopy((PVOID)At, &Byte, 1);
        if (!NT_SUCCESS(Status))
            ExRaiseStatus(Status);
    }
}
NT_EXPORT(ProbeForWrite);
