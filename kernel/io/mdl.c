/*
 * Memory descriptor lists: their memory. Locking, mapping and filling them in is Mm's.
 */
#include "io/iop.h"

/*
 * An MDL for a buffer, whose pages are not looked at ("IoAllocateMdl"). With Irp it becomes that request's MDL, or the
 * last one of its chain when SecondaryBuffer. NULL: no memory, or quota if that is to be charged, or a length that an
 * MDL cannot say.
 * IRQL: <= DISPATCH_LEVEL.
 */
PMDL IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer, BOOLEAN ChargeQuota, PIRP Irp)
{
    SIZE_T Pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(VirtualAddress, Length);
    SIZE_T Size = sizeof(MDL) + Pages * sizeof(PFN_NUMBER);
    PMDL Mdl, *Place;

    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    /* Size is 16 bits in the documented structure, which bounds the pages. */
    if (Size > MAXSHORT) {
        return NULL;
    }
    Mdl = ChargeQuota ? ExAllocatePoolWithQuotaTag(NonPagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, Size, IOP_TAG)
                      : ExAllocatePoolWithTag(NonPagedPool, Size, IOP_TAG);
    if (Mdl == NULL) {
        return NULL;
    }
    RtlZeroMemory(Mdl, sizeof(*Mdl));
    MmInitializeMdl(Mdl, VirtualAddress, Length);
    if (Irp != NULL) {
        Place = &Irp->MdlAddress;
        while (SecondaryBuffer && *Place != NULL) {
            Place = &(*Place)->Next;
        }
        *Place = Mdl;
    }
    return Mdl;
}
NT_EXPORT(IoAllocateMdl);

/*
 * IRQL: <= DISPATCH_LEVEL. The pages have been unlocked; a mapping of a partial MDL is taken away here, as documented.
 */
VOID IoFreeMdl(PMDL Mdl)
{
    KE_REQUIRE_IRQL(DISPATCH_LEVEL);
    if ((Mdl->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED) != 0) {
        MmUnmapLockedPages(Mdl->MappedSystemVa, Mdl);
    }
    ASSERTMSG("IoFreeMdl of an MDL whose pages are locked: MmUnlockPages comes first",
              (Mdl->MdlFlags & MDL_PAGES_LOCKED) == 0 || (Mdl->MdlFlags & MDL_PARTIAL) != 0);
    ExFreePoolWithTag(Mdl, IOP_TAG);
}
NT_EXPORT(IoFreeMdl);

/*
 * Makes TargetMdl describe a part of what SourceMdl describes ("IoBuildPartialMdl"); Length 0: from VirtualAddress to
 * the end. IRQL: <= DISPATCH_LEVEL.
 */
VOID IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length)
{
    ULONG_PTR Start = (ULONG_PTR)MmGetMdlVirtualAddress(SourceMdl);
    ULONG Offset = (ULONG)((ULONG_PTR)VirtualAddress - Start);
    ULONG Left = SourceMdl->ByteCount - Offset, FirstPage, Pages;

    if (Offset > SourceMdl->ByteCount || Length > Left) {
        KiBugCheck(MEMORY_MANAGEMENT, (ULONG_PTR)SourceMdl, (ULONG_PTR)VirtualAddress, Length, 0, NULL,
                   "IoBuildPartialMdl: %u bytes at %p are not within the %u bytes at %p of the source MDL", Length,
                   VirtualAddress, SourceMdl->ByteCount, (PVOID)Start);
    }
    if (Length == 0) {
        Length = Left;
    }
    Pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(VirtualAddress, Length);
    if ((SIZE_T)TargetMdl->Size < sizeof(MDL) + Pages * sizeof(PFN_NUMBER)) {
        KiBugCheck(MEMORY_MANAGEMENT, (ULONG_PTR)TargetMdl, (ULONG_PTR)TargetMdl->Size, Pages, 0, NULL,
                   "IoBuildPartialMdl: the target MDL has no room for %u pages", Pages);
    }
    FirstPage = (ULONG)(((ULONG_PTR)PAGE_ALIGN(VirtualAddress) - (ULONG_PTR)SourceMdl->StartVa) >> PAGE_SHIFT);
    TargetMdl->Process = SourceMdl->Process;
    TargetMdl->StartVa = PAGE_ALIGN(VirtualAddress);
    TargetMdl->ByteOffset = BYTE_OFFSET(VirtualAddress);
    TargetMdl->ByteCount = Length;
    TargetMdl->MdlFlags = (CSHORT)((TargetMdl->MdlFlags & MDL_ALLOCATED_FIXED_SIZE) | MDL_PARTIAL |
                                   (SourceMdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL |
                                                           MDL_MAPPED_TO_SYSTEM_VA | MDL_WRITE_OPERATION)));
    TargetMdl->MappedSystemVa = (SourceMdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) != 0
                                    ? (PCHAR)SourceMdl->MappedSystemVa + Offset : NULL;
    RtlCopyMemory(MmGetMdlPfnArray(TargetMdl), MmGetMdlPfnArray(SourceMdl) + FirstPage, Pages * sizeof(PFN_NUMBER));
}
NT_EXPORT(IoBuildPartialMdl);
