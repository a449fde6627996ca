/* The beginning of Io: types, lists, locks. */
#include "io/iop.h"

INIT_CODE NTSTATUS IoInitialize(VOID)
{
    NTSTATUS Status;

    KeInitializeSpinLock(&IopCancelSpinLock);
    IopInitializeIrps();
    IopInitializeInterrupts();
    Status = IopCreateDriverType();
    if (NT_SUCCESS(Status)) {
        Status = IopCreateDeviceType();
    }
    if (NT_SUCCESS(Status)) {
        Status = IopCreateFileType();
    }
    return Status;
}
