/*
 * Rights: generic ones become the type's own, and no more is granted than the type has. There are no security
 * descriptors, so nothing else is refused here.
 */
#include "ob/obp.h"
#include "rtl/export.h"

/* Replaces the generic bits of a mask ("RtlMapGenericMask"). IRQL: any. */
VOID RtlMapGenericMask(PACCESS_MASK AccessMask, const GENERIC_MAPPING *GenericMapping)
{
    ACCESS_MASK Mask = *AccessMask;

    if ((Mask & GENERIC_READ) != 0) {
        Mask |= GenericMapping->GenericRead;
    }
    if ((Mask & GENERIC_WRITE) != 0) {
        Mask |= GenericMapping->GenericWrite;
    }
    if ((Mask & GENERIC_EXECUTE) != 0) {
        Mask |= GenericMapping->GenericExecute;
    }
    if ((Mask & GENERIC_ALL) != 0) {
        Mask |= GenericMapping->GenericAll;
    }
    *AccessMask = Mask & ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);
}
NT_EXPORT(RtlMapGenericMask);

NTSTATUS ObpGrantAccess(POBJECT_TYPE Type, ACCESS_MASK Desired, PACCESS_MASK Granted)
{
    ACCESS_MASK Mask = Desired;

    if ((Mask & MAXIMUM_ALLOWED) != 0) {
        Mask = (Mask & ~MAXIMUM_ALLOWED) | Type->TypeInfo.ValidAccessMask;
    }
    RtlMapGenericMask(&Mask, &Type->TypeInfo.GenericMapping);
    if ((Mask & ~Type->TypeInfo.ValidAccessMask) != 0) {
        return STATUS_ACCESS_DENIED;
    }
    *Granted = Mask;
    return STATUS_SUCCESS;
}
