/* The dispatch table of the system services, made from the one list in nt/services.h. */
#include "ps/service.h"
#include "ke/trap.h"

#define PSP_COUNT(...) NT_ARGUMENT_COUNT(__VA_ARGS__)
#define PSP_ENTRY(Number, Name, Arguments, Words) [Number] = {(PVOID)(ULONG_PTR)Nt##Name, PSP_COUNT Arguments},

#define USER(Type) USER_ADDRESS
const KI_SERVICE KiServiceTable[] = {NT_SERVICE_LIST(PSP_ENTRY)};
const ULONG KiServiceCount = ARRAYSIZE(KiServiceTable);

/* A number used twice, or a gap, makes the table and the list differ in length. */
#define PSP_ONE(Number, Name, Arguments, Words) +1
C_ASSERT(ARRAYSIZE(KiServiceTable) == NT_SERVICE_LIST(PSP_ONE));
C_ASSERT(NT_SERVICE_MAXIMUM_ARGUMENTS <= SERVICE_MAXIMUM_ARGUMENTS);

NTSTATUS NtNullService(VOID)
{
    return STATUS_SUCCESS;
}
