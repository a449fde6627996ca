/* Bugcheck codes: the one list ("Bug Check Code Reference"). `KI_BUGCHECK_LIST(X)` calls X(name, value). */
#pragma once

#define KI_BUGCHECK_LIST(X)                                 \
    X(APC_INDEX_MISMATCH,                   0x00000001)     \
    X(INVALID_PROCESS_DETACH_ATTEMPT,       0x00000006)     \
    X(IRQL_NOT_LESS_OR_EQUAL,               0x0000000A)     \
    X(SPIN_LOCK_ALREADY_OWNED,              0x0000000F)     \
    X(SPIN_LOCK_NOT_OWNED,                  0x00000010)     \
    X(MAXIMUM_WAIT_OBJECTS_EXCEEDED,        0x0000000C)     \
    X(THREAD_NOT_MUTEX_OWNER,               0x00000011)     \
    X(BAD_POOL_HEADER,                      0x00000019)     \
    X(KERNEL_APC_PENDING_DURING_EXIT,       0x00000020)     \
    X(MEMORY_MANAGEMENT,                    0x0000001A)     \
    X(KMODE_EXCEPTION_NOT_HANDLED,          0x0000001E)     \
    X(NO_MORE_SYSTEM_PTES,                  0x0000003F)     \
    X(MULTIPLE_IRP_COMPLETE_REQUESTS,       0x00000044)     \
    X(NO_MORE_IRP_STACK_LOCATIONS,          0x00000035)     \
    X(IRQL_GT_ZERO_AT_SYSTEM_SERVICE,       0x0000004A)     \
    X(PFN_LIST_CORRUPT,                     0x0000004E)     \
    X(PAGE_FAULT_IN_NONPAGED_AREA,          0x00000050)     \
    X(PROCESS_INITIALIZATION_FAILED,        0x00000060)     \
    X(KERNEL_STACK_INPAGE_ERROR,            0x00000077)     \
    X(KERNEL_DATA_INPAGE_ERROR,             0x0000007A)     \
    X(INACCESSIBLE_BOOT_DEVICE,             0x0000007B)     \
    X(BUGCODE_NDIS_DRIVER,                  0x0000007C)     \
    X(SYSTEM_THREAD_EXCEPTION_NOT_HANDLED,  0x0000007E)     \
    X(UNEXPECTED_KERNEL_MODE_TRAP,          0x0000007F)     \
    X(NMI_HARDWARE_FAILURE,                 0x00000080)     \
    X(MACHINE_CHECK_EXCEPTION,              0x0000009C)     \
    X(ATTEMPTED_SWITCH_FROM_DPC,            0x000000B8)     \
    X(ATTEMPTED_WRITE_TO_READONLY_MEMORY,   0x000000BE)     \
    X(MUTEX_ALREADY_OWNED,                  0x000000BF)     \
    X(BAD_POOL_CALLER,                      0x000000C2)     \
    X(DRIVER_VERIFIER_DETECTED_VIOLATION,   0x000000C4)     \
    X(DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS, 0x000000CE) \
    X(DRIVER_IRQL_NOT_LESS_OR_EQUAL,        0x000000D1)     \
    X(SYSTEM_PTE_MISUSE,                    0x000000DA)     \
    X(WORKER_THREAD_RETURNED_AT_BAD_IRQL,   0x000000E1)     \
    X(MANUALLY_INITIATED_CRASH,             0x000000E2)     \
    X(RESOURCE_NOT_OWNED,                   0x000000E3)     \
    X(WORKER_INVALID,                       0x000000E4)     \
    X(INVALID_FLOATING_POINT_STATE,         0x000000E7)     \
    X(ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY, 0x000000FC)    \
    X(RESOURCE_OWNER_POINTER_INVALID,       0x00000132)     \
    X(DPC_WATCHDOG_VIOLATION,               0x00000133)     \
    X(THREAD_TERMINATE_HELD_MUTEX,          0x4000008A)     \
    X(KERNEL_SECURITY_CHECK_FAILURE,        0x00000139)

#define KI_BUGCHECK_ENTRY(name, value) name = value,
enum { KI_BUGCHECK_LIST(KI_BUGCHECK_ENTRY) };
#undef KI_BUGCHECK_ENTRY
