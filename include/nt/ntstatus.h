/*
 * Status codes: the one list. `NT_STATUS_LIST(X)` calls X(name, value, words) for each; the enumeration, the
 * names that the shell prints and the words that explain them are all made from it. Values are those of the
 * Windows documentation ("NTSTATUS Values", [MS-ERREF] 2.3.1).
 */
#pragma once

#include "ntdef.h"

#define NT_STATUS_LIST(X)                                                                                      \
    X(STATUS_SUCCESS,                      0x00000000, "the operation succeeded")                              \
    X(STATUS_WAIT_1,                       0x00000001, "the second object was signalled")                      \
    X(STATUS_WAIT_2,                       0x00000002, "the third object was signalled")                       \
    X(STATUS_WAIT_3,                       0x00000003, "the fourth object was signalled")                      \
    X(STATUS_WAIT_63,                      0x0000003F, "the last of 64 objects was signalled")                 \
    X(STATUS_ABANDONED_WAIT_0,             0x00000080, "the owner of the mutex ended without releasing it")    \
    X(STATUS_ABANDONED_WAIT_63,            0x000000BF, "the 64th object was an abandoned mutex")               \
    X(STATUS_USER_APC,                     0x000000C0, "a user APC ended the wait")                            \
    X(STATUS_KERNEL_APC,                   0x00000100, "a kernel APC interrupted the wait")                     \
    X(STATUS_ALERTED,                      0x00000101, "an alert ended the wait")                              \
    X(STATUS_TIMEOUT,                      0x00000102, "the time ran out")                                     \
    X(STATUS_PENDING,                      0x00000103, "the operation goes on and completes later")            \
    X(STATUS_REPARSE,                      0x00000104, "the name leads elsewhere; start again")                 \
    X(STATUS_MORE_ENTRIES,                 0x00000105, "there are more entries")                               \
    X(STATUS_SOME_NOT_MAPPED,              0x00000107, "not everything could be mapped")                       \
    X(STATUS_OBJECT_NAME_EXISTS,           0x40000000, "an object of that name exists already")                \
    X(STATUS_THREAD_WAS_SUSPENDED,         0x40000001, "the thread was suspended")                             \
    X(STATUS_GUARD_PAGE_VIOLATION,         0x80000001, "a guard page was touched")                             \
    X(STATUS_DATATYPE_MISALIGNMENT,        0x80000002, "the address is not aligned for its type")              \
    X(STATUS_BREAKPOINT,                   0x80000003, "a breakpoint was reached")                             \
    X(STATUS_SINGLE_STEP,                  0x80000004, "a single step is done")                                \
    X(STATUS_BUFFER_OVERFLOW,              0x80000005, "the data is longer than the buffer; it was cut")       \
    X(STATUS_NO_MORE_FILES,                0x80000006, "there are no more files")                              \
    X(STATUS_DEVICE_BUSY,                  0x80000011, "the device is busy")                                   \
    X(STATUS_VERIFY_REQUIRED,              0x80000016, "the medium may be another one")                        \
    X(STATUS_NO_MORE_ENTRIES,              0x8000001A, "there are no more entries")                            \
    X(STATUS_BUS_RESET,                    0x8000001D, "the device was reset")                                 \
    X(STATUS_UNSUCCESSFUL,                 0xC0000001, "the operation failed")                                 \
    X(STATUS_NOT_IMPLEMENTED,              0xC0000002, "this operation does not exist here")                   \
    X(STATUS_INVALID_INFO_CLASS,           0xC0000003, "this class of information does not exist")             \
    X(STATUS_INFO_LENGTH_MISMATCH,         0xC0000004, "the buffer has the wrong size for that information")   \
    X(STATUS_ACCESS_VIOLATION,             0xC0000005, "the address may not be used that way")                 \
    X(STATUS_IN_PAGE_ERROR,                0xC0000006, "a page could not be read back from its paging file")   \
    X(STATUS_PAGEFILE_QUOTA,               0xC0000007, "the paging-file quota is used up")                     \
    X(STATUS_INVALID_HANDLE,               0xC0000008, "there is no open object behind that handle")           \
    X(STATUS_BAD_INITIAL_STACK,            0xC0000009, "the first stack of the thread is not valid")           \
    X(STATUS_INVALID_CID,                  0xC000000B, "there is no such process or thread")                   \
    X(STATUS_INVALID_PARAMETER,            0xC000000D, "a parameter is not valid")                             \
    X(STATUS_NO_SUCH_DEVICE,               0xC000000E, "there is no such device")                              \
    X(STATUS_NO_SUCH_FILE,                 0xC000000F, "there is no such file")                                \
    X(STATUS_INVALID_DEVICE_REQUEST,       0xC0000010, "the device does not know this request")                \
    X(STATUS_END_OF_FILE,                  0xC0000011, "the end of the file was reached")                      \
    X(STATUS_NO_MEDIA_IN_DEVICE,           0xC0000013, "there is no medium in the device")                     \
    X(STATUS_UNRECOGNIZED_MEDIA,           0xC0000014, "the medium is not recognised")                         \
    X(STATUS_NONEXISTENT_SECTOR,           0xC0000015, "the sector does not exist")                            \
    X(STATUS_MORE_PROCESSING_REQUIRED,     0xC0000016, "the completion routine keeps the request")             \
    X(STATUS_NO_MEMORY,                    0xC0000017, "there is not enough memory")                           \
    X(STATUS_CONFLICTING_ADDRESSES,        0xC0000018, "the address range is in use")                          \
    X(STATUS_NOT_MAPPED_VIEW,              0xC0000019, "no view is mapped there")                              \
    X(STATUS_UNABLE_TO_FREE_VM,            0xC000001A, "the memory cannot be freed")                           \
    X(STATUS_UNABLE_TO_DELETE_SECTION,     0xC000001B, "views are unmapped, not freed")                        \
    X(STATUS_INVALID_SYSTEM_SERVICE,       0xC000001C, "there is no system service of that number")            \
    X(STATUS_ILLEGAL_INSTRUCTION,          0xC000001D, "the instruction is not legal here")                    \
    X(STATUS_INVALID_VIEW_SIZE,            0xC000001F, "the view's size is not valid")                         \
    X(STATUS_INVALID_FILE_FOR_SECTION,     0xC0000020, "no section can be made from that file")                \
    X(STATUS_ALREADY_COMMITTED,            0xC0000021, "the pages are committed already")                      \
    X(STATUS_ACCESS_DENIED,                0xC0000022, "access is denied")                                     \
    X(STATUS_BUFFER_TOO_SMALL,             0xC0000023, "the buffer is too small")                              \
    X(STATUS_OBJECT_TYPE_MISMATCH,         0xC0000024, "the object is of another type")                        \
    X(STATUS_NONCONTINUABLE_EXCEPTION,     0xC0000025, "the exception cannot be continued")                    \
    X(STATUS_NOT_LOCKED,                   0xC000002A, "the pages are not locked")                             \
    X(STATUS_NOT_COMMITTED,                0xC000002D, "the pages are not committed")                          \
    X(STATUS_INVALID_PARAMETER_MIX,        0xC0000030, "the parameters do not go together")                    \
    X(STATUS_OBJECT_NAME_INVALID,          0xC0000033, "the name is not valid")                                \
    X(STATUS_OBJECT_NAME_NOT_FOUND,        0xC0000034, "nothing of that name exists")                          \
    X(STATUS_OBJECT_NAME_COLLISION,        0xC0000035, "something of that name exists already")                \
    X(STATUS_OBJECT_PATH_INVALID,          0xC0000039, "the path is not valid")                                \
    X(STATUS_OBJECT_PATH_NOT_FOUND,        0xC000003A, "a folder on the path does not exist")                  \
    X(STATUS_OBJECT_PATH_SYNTAX_BAD,       0xC000003B, "the path is not well formed")                          \
    X(STATUS_DATA_ERROR,                   0xC000003E, "the data is damaged")                                  \
    X(STATUS_CRC_ERROR,                    0xC000003F, "the checksum does not match")                          \
    X(STATUS_SECTION_TOO_BIG,              0xC0000040, "the section is too big")                               \
    X(STATUS_PORT_DISCONNECTED,            0xC0000037, "the port is not connected")                            \
    X(STATUS_SHARING_VIOLATION,            0xC0000043, "it is open in a way that excludes this")               \
    X(STATUS_QUOTA_EXCEEDED,               0xC0000044, "the quota is used up")                                 \
    X(STATUS_INVALID_PAGE_PROTECTION,      0xC0000045, "that page protection does not exist or is not allowed") \
    X(STATUS_MUTANT_NOT_OWNED,             0xC0000046, "the mutex is not owned by this thread")                \
    X(STATUS_SEMAPHORE_LIMIT_EXCEEDED,     0xC0000047, "the semaphore's limit would be exceeded")              \
    X(STATUS_EAS_NOT_SUPPORTED,            0xC000004F, "there are no extended attributes here")                \
    X(STATUS_SECTION_PROTECTION,           0xC000004E, "the section or view does not allow that protection")  \
    X(STATUS_DELETE_PENDING,               0xC0000056, "it is being deleted")                                  \
    X(STATUS_WORKING_SET_QUOTA,            0xC00000A1, "more pages than the process may lock")                   \
    X(STATUS_PRIVILEGE_NOT_HELD,           0xC0000061, "the caller does not hold the privilege this needs")    \
    X(STATUS_PROCEDURE_NOT_FOUND,          0xC000007A, "a routine that it imports does not exist")             \
    X(STATUS_INVALID_IMAGE_FORMAT,         0xC000007B, "the file is not a valid image")                        \
    X(STATUS_DISK_FULL,                    0xC000007F, "there is no room left")                                \
    X(STATUS_TOO_MANY_PAGING_FILES,        0xC0000097, "there are too many paging files")                      \
    X(STATUS_INSUFFICIENT_RESOURCES,       0xC000009A, "there is not enough memory or another resource")       \
    X(STATUS_MEDIA_WRITE_PROTECTED,        0xC00000A2, "the medium is write-protected")                        \
    X(STATUS_DEVICE_NOT_READY,             0xC00000A3, "the device is not ready")                              \
    X(STATUS_FILE_IS_A_DIRECTORY,          0xC00000BA, "it is a folder")                                       \
    X(STATUS_NOT_SUPPORTED,                0xC00000BB, "this is not supported")                                \
    X(STATUS_FILE_DELETED,                 0xC0000123, "the file has been deleted")                            \
    X(STATUS_IO_TIMEOUT,                   0xC00000B5, "the device did not answer in time")                    \
    X(STATUS_INVALID_PARAMETER_1,          0xC00000EF, "the first parameter is not valid")                     \
    X(STATUS_INVALID_PARAMETER_2,          0xC00000F0, "the second parameter is not valid")                    \
    X(STATUS_INVALID_PARAMETER_3,          0xC00000F1, "the third parameter is not valid")                     \
    X(STATUS_INVALID_PARAMETER_4,          0xC00000F2, "the fourth parameter is not valid")                    \
    X(STATUS_INVALID_PARAMETER_6,          0xC00000F4, "the sixth parameter is not valid")                     \
    X(STATUS_MAPPED_ALIGNMENT,             0xC0000220, "address and offset of a view are multiples of 64 KiB") \
    X(STATUS_DIRECTORY_NOT_EMPTY,          0xC0000101, "the folder is not empty")                              \
    X(STATUS_NOT_A_DIRECTORY,              0xC0000103, "it is not a folder")                                   \
    X(STATUS_NAME_TOO_LONG,                0xC0000106, "the name is too long")                                 \
    X(STATUS_PROCESS_IS_TERMINATING,       0xC000010A, "the process is ending")                                \
    X(STATUS_IMAGE_ALREADY_LOADED,         0xC000010E, "an image of that name is loaded already")              \
    X(STATUS_MAPPED_FILE_SIZE_ZERO,        0xC000011E, "an empty file cannot be mapped")                       \
    X(STATUS_USER_MAPPED_FILE,             0xC0000243, "the file is mapped and cannot be made shorter")        \
    X(STATUS_CANNOT_DELETE,                0xC0000121, "it cannot be deleted")                                 \
    X(STATUS_CANCELLED,                    0xC0000120, "the request was cancelled")                            \
    X(STATUS_FILE_CLOSED,                  0xC0000128, "the file is closed")                                   \
    X(STATUS_COMMITMENT_LIMIT,             0xC000012D, "memory and paging files together cannot promise more") \
    X(STATUS_CONTROL_C_EXIT,               0xC000013A, "it was ended by Ctrl-C")                               \
    X(STATUS_UNRECOGNIZED_VOLUME,          0xC000014F, "the volume is not recognised")                         \
    X(STATUS_DRIVER_ORDINAL_NOT_FOUND,     0xC0000262, "an ordinal that it imports does not exist")            \
    X(STATUS_DRIVER_ENTRYPOINT_NOT_FOUND,  0xC0000263, "a routine that it imports is exported by nobody")      \
    X(STATUS_HANDLE_NOT_CLOSABLE,          0xC0000235, "the handle is protected from being closed")            \
    X(STATUS_NOT_FOUND,                    0xC0000225, "it was not found")                                     \
    X(STATUS_DEVICE_NOT_CONNECTED,         0xC000009D, "the device is not connected")                          \
    X(STATUS_MUTANT_LIMIT_EXCEEDED,        0xC0000191, "the mutex is owned as many times over as it can be")      \
    X(STATUS_DEVICE_CONFIGURATION_ERROR,   0xC0000182, "the device is not set up in a way that the driver can use") \
    X(STATUS_IO_DEVICE_ERROR,              0xC0000185, "the device reported an error")                         \
    X(STATUS_DRIVER_UNABLE_TO_LOAD,        0xC000026C, "the driver cannot be loaded")                          \
    X(STATUS_RANGE_LIST_CONFLICT,          0xC0000282, "the range overlaps another one")                       \
    X(STATUS_RANGE_NOT_FOUND,              0xC000028C, "there is no such range")                               \
    X(STATUS_VOLUME_DISMOUNTED,            0xC000026E, "the volume is dismounted")                             \
    X(STATUS_DEVICE_REMOVED,               0xC00002B6, "the device is gone")                                   \
    X(STATUS_FLOAT_DENORMAL_OPERAND,       0xC000008D, "a floating-point operand is denormal")                  \
    X(STATUS_FLOAT_DIVIDE_BY_ZERO,         0xC000008E, "a floating-point division by zero")                    \
    X(STATUS_FLOAT_INEXACT_RESULT,         0xC000008F, "a floating-point result is not exact")                 \
    X(STATUS_FLOAT_INVALID_OPERATION,      0xC0000090, "the floating-point operation has no result")           \
    X(STATUS_FLOAT_OVERFLOW,               0xC0000091, "a floating-point result is too large")                 \
    X(STATUS_FLOAT_STACK_CHECK,            0xC0000092, "the x87 register stack is full or empty")              \
    X(STATUS_FLOAT_UNDERFLOW,              0xC0000093, "a floating-point result is too small")                 \
    X(STATUS_INTEGER_DIVIDE_BY_ZERO,       0xC0000094, "a division by zero")                                   \
    X(STATUS_INTEGER_OVERFLOW,             0xC0000095, "an integer overflow")                                  \
    X(STATUS_PRIVILEGED_INSTRUCTION,       0xC0000096, "the instruction is the kernel's")                      \
    X(STATUS_STACK_OVERFLOW,               0xC00000FD, "the stack is used up")                                 \
    X(STATUS_ASSERTION_FAILURE,            0xC0000420, "an assertion failed")                                  \
    X(STATUS_DRIVER_BLOCKED,               0xC000036C, "the driver may not be loaded")

#define NT_STATUS_ENTRY(name, value, words) enum { name = (NTSTATUS)value };
NT_STATUS_LIST(NT_STATUS_ENTRY)
#undef NT_STATUS_ENTRY

#define STATUS_WAIT_0 STATUS_SUCCESS
#define STATUS_ABANDONED STATUS_ABANDONED_WAIT_0
