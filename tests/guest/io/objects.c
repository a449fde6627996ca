/*
 * Handles, names, links, waits.
 */
#include "target.h"

static NTSTATUS MakeEvent(PCWSTR Name, ULONG Attributes, PHANDLE Handle)
{
    OBJECT_ATTRIBUTES ObjectAttributes;
    UNICODE_STRING EventName;

    RtlInitUnicodeString(&EventName, Name);
    InitializeObjectAttributes(&ObjectAttributes, Name != NULL ? &EventName : NULL, OBJ_KERNEL_HANDLE | Attributes,
                               NULL, NULL);
    return ZwCreateEvent(Handle, EVENT_ALL_ACCESS, &ObjectAttributes, NotificationEvent, FALSE);
}

static NTSTATUS OpenEvent(PCWSTR Name, PHANDLE Handle)
{
    OBJECT_ATTRIBUTES ObjectAttributes;
    UNICODE_STRING EventName;

    RtlInitUnicodeString(&EventName, Name);
    InitializeObjectAttributes(&ObjectAttributes, &EventName, OBJ_KERNEL_HANDLE, NULL, NULL);
    return ZwOpenEvent(Handle, EVENT_ALL_ACCESS, &ObjectAttributes);
}

TEST_CASE(CloseTwice, "closing a handle twice is STATUS_INVALID_HANDLE, and so is any use of it") {
    HANDLE Handle;

    EXPECT_STATUS(MakeEvent(NULL, 0, &Handle), STATUS_SUCCESS);
    EXPECT_STATUS(ZwClose(Handle), STATUS_SUCCESS);
    EXPECT_STATUS(ZwClose(Handle), STATUS_INVALID_HANDLE);
    EXPECT_STATUS(ZwSetEvent(Handle, NULL), STATUS_INVALID_HANDLE);
    EXPECT_STATUS(ZwClose(NULL), STATUS_INVALID_HANDLE);
    EXPECT_STATUS(ZwClose((HANDLE)(LONG_PTR)-1), STATUS_INVALID_HANDLE);
    EXPECT_STATUS(ZwClose((HANDLE)(LONG_PTR)0x7FFFFFFFFFFFFFFC), STATUS_INVALID_HANDLE);
}

TEST_CASE(StaleHandle, "a stale handle stays invalid while two hundred others come and go") {
    HANDLE Stale, Handle;

    EXPECT_STATUS(MakeEvent(NULL, 0, &Stale), STATUS_SUCCESS);
    EXPECT_STATUS(ZwClose(Stale), STATUS_SUCCESS);
    for (ULONG I = 0; I < 200; I++) {
        REQUIRE(NT_SUCCESS(MakeEvent(NULL, 0, &Handle)));
        EXPECT(Handle != Stale);
        EXPECT_STATUS(ZwSetEvent(Stale, NULL), STATUS_INVALID_HANDLE);
        ZwClose(Handle);
    }
}

TEST_CASE(WrongType, "a handle of another type is STATUS_OBJECT_TYPE_MISMATCH") {
    IO_STATUS_BLOCK Iosb;
    PVOID Object;
    HANDLE Handle;
    CHAR Byte;

    EXPECT_STATUS(MakeEvent(NULL, 0, &Handle), STATUS_SUCCESS);
    EXPECT_STATUS(ZwReadFile(Handle, NULL, NULL, NULL, &Iosb, &Byte, 1, NULL, NULL), STATUS_OBJECT_TYPE_MISMATCH);
    EXPECT_STATUS(ObReferenceObjectByHandle(Handle, 0, *IoFileObjectType, KernelMode, &Object, NULL),
                  STATUS_OBJECT_TYPE_MISMATCH);
    EXPECT_STATUS(ObReferenceObjectByHandle(Handle, 0, *ExEventObjectType, KernelMode, &Object, NULL), STATUS_SUCCESS);
    ObDereferenceObject(Object);
    /* A kernel handle means nothing in a program's hands. */
    EXPECT_STATUS(ObReferenceObjectByHandle(Handle, 0, *ExEventObjectType, UserMode, &Object, NULL),
                  STATUS_INVALID_HANDLE);
    ZwClose(Handle);
}

TEST_CASE(NamedEvent, "a name is shared without regard to case and goes with the last handle") {
    HANDLE First, Second, Third;

    EXPECT_STATUS(MakeEvent(L"\\BaseNamedObjects\\TestEvent", 0, &First), STATUS_SUCCESS);
    EXPECT_STATUS(MakeEvent(L"\\BaseNamedObjects\\TESTEVENT", 0, &Second), STATUS_OBJECT_NAME_COLLISION);
    EXPECT_STATUS(MakeEvent(L"\\BaseNamedObjects\\testevent", OBJ_OPENIF, &Second), STATUS_OBJECT_NAME_EXISTS);
    EXPECT_STATUS(OpenEvent(L"\\baseNAMEDobjects\\tESTeVENT", &Third), STATUS_SUCCESS);
    EXPECT_STATUS(ZwSetEvent(Second, NULL), STATUS_SUCCESS);
    EXPECT_STATUS(ZwWaitForSingleObject(Third, FALSE, &(LARGE_INTEGER){.QuadPart = 0}), STATUS_SUCCESS);
    ZwClose(First);
    ZwClose(Second);
    EXPECT_STATUS(OpenEvent(L"\\BaseNamedObjects\\TestEvent", &First), STATUS_SUCCESS);
    ZwClose(First);
    ZwClose(Third);
    EXPECT_STATUS(OpenEvent(L"\\BaseNamedObjects\\TestEvent", &First), STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST_CASE(BadNames, "names that cannot be, and paths that lead nowhere, have a status each") {
    HANDLE Handle;

    EXPECT_STATUS(OpenEvent(L"BaseNamedObjects\\X", &Handle), STATUS_OBJECT_PATH_SYNTAX_BAD);
    EXPECT_STATUS(OpenEvent(L"\\BaseNamedObjects\\\\X", &Handle), STATUS_OBJECT_NAME_INVALID);
    EXPECT_STATUS(OpenEvent(L"\\NoSuchFolder\\X", &Handle), STATUS_OBJECT_PATH_NOT_FOUND);
    EXPECT_STATUS(OpenEvent(L"\\BaseNamedObjects", &Handle), STATUS_OBJECT_TYPE_MISMATCH);
}

TEST_CASE(DosDevices, "\\DosDevices\\X and \\??\\X are the same link") {
    PDEVICE_OBJECT Device = TargetCreate(TARGET_NAME, 0, FALSE, NULL);
    UNICODE_STRING Link, Target;
    HANDLE Handle;

    REQUIRE(Device != NULL);
    RtlInitUnicodeString(&Link, L"\\DosDevices\\IOTEST");
    RtlInitUnicodeString(&Target, TARGET_NAME);
    EXPECT_STATUS(IoCreateSymbolicLink(&Link, &Target), STATUS_SUCCESS);
    EXPECT_STATUS(IoCreateSymbolicLink(&Link, &Target), STATUS_OBJECT_NAME_COLLISION);
    EXPECT_STATUS(TargetOpen(L"\\??\\iotest", 0, &Handle), STATUS_SUCCESS);
    ZwClose(Handle);
    EXPECT_STATUS(TargetOpen(L"\\DosDevices\\IoTest", 0, &Handle), STATUS_SUCCESS);
    ZwClose(Handle);
    EXPECT_STATUS(IoDeleteSymbolicLink(&Link), STATUS_SUCCESS);
    EXPECT_STATUS(IoDeleteSymbolicLink(&Link), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_STATUS(TargetOpen(L"\\??\\IOTEST", 0, &Handle), STATUS_OBJECT_NAME_NOT_FOUND);
    TargetDelete(Device);
}

TEST_CASE(LinkCircle, "links that lead to each other end with a status") {
    UNICODE_STRING First, Second;
    HANDLE Handle;

    RtlInitUnicodeString(&First, L"\\??\\CIRCLE1");
    RtlInitUnicodeString(&Second, L"\\??\\CIRCLE2");
    EXPECT_STATUS(IoCreateSymbolicLink(&First, &Second), STATUS_SUCCESS);
    EXPECT_STATUS(IoCreateSymbolicLink(&Second, &First), STATUS_SUCCESS);
    EXPECT_STATUS(TargetOpen(L"\\??\\CIRCLE1\\x", 0, &Handle), STATUS_OBJECT_PATH_INVALID);
    EXPECT_STATUS(IoDeleteSymbolicLink(&First), STATUS_SUCCESS);
    EXPECT_STATUS(IoDeleteSymbolicLink(&Second), STATUS_SUCCESS);
}

TEST_CASE(Duplicates, "a duplicate keeps the object when the source is closed, and may have fewer rights, not more") {
    OBJECT_HANDLE_INFORMATION Information;
    HANDLE Process = (HANDLE)(LONG_PTR)-1, Handle, Copy;
    PVOID Object;

    EXPECT_STATUS(MakeEvent(NULL, 0, &Handle), STATUS_SUCCESS);
    EXPECT_STATUS(ZwDuplicateObject(Process, Handle, Process, &Copy, SYNCHRONIZE, OBJ_KERNEL_HANDLE,
                                    DUPLICATE_CLOSE_SOURCE),
                  STATUS_SUCCESS);
    EXPECT_STATUS(ZwClose(Handle), STATUS_INVALID_HANDLE);
    EXPECT_STATUS(ObReferenceObjectByHandle(Copy, 0, NULL, KernelMode, &Object, &Information), STATUS_SUCCESS);
    EXPECT_EQUAL(Information.GrantedAccess, SYNCHRONIZE);
    ObDereferenceObject(Object);
    EXPECT_STATUS(ZwWaitForSingleObject(Copy, FALSE, &(LARGE_INTEGER){.QuadPart = 0}), STATUS_TIMEOUT);
    EXPECT_STATUS(ZwClose(Copy), STATUS_SUCCESS);
}

TEST_CASE(WaitForSeveral, "a wait for any of several tells which; for all it takes all; a handle twice is refused") {
    LARGE_INTEGER Now = {.QuadPart = 0};
    HANDLE Handles[3];

    for (ULONG I = 0; I < 3; I++) {
        REQUIRE(NT_SUCCESS(MakeEvent(NULL, 0, &Handles[I])));
    }
    EXPECT_STATUS(ZwWaitForMultipleObjects(3, Handles, WaitAny, FALSE, &Now), STATUS_TIMEOUT);
    ZwSetEvent(Handles[1], NULL);
    EXPECT_STATUS(ZwWaitForMultipleObjects(3, Handles, WaitAny, FALSE, &Now), STATUS_WAIT_1);
    EXPECT_STATUS(ZwWaitForMultipleObjects(3, Handles, WaitAll, FALSE, &Now), STATUS_TIMEOUT);
    ZwSetEvent(Handles[0], NULL);
    ZwSetEvent(Handles[2], NULL);
    EXPECT_STATUS(ZwWaitForMultipleObjects(3, Handles, WaitAll, FALSE, &Now), STATUS_SUCCESS);
    ZwClose(Handles[2]);
    EXPECT_STATUS(ZwWaitForMultipleObjects(3, Handles, WaitAny, FALSE, &Now), STATUS_INVALID_HANDLE);
    Handles[2] = Handles[0];
    EXPECT_STATUS(ZwWaitForMultipleObjects(3, Handles, WaitAll, FALSE, &Now), STATUS_INVALID_PARAMETER_MIX);
    EXPECT_STATUS(ZwWaitForMultipleObjects(0, Handles, WaitAll, FALSE, &Now), STATUS_INVALID_PARAMETER_1);
    ZwClose(Handles[0]);
    ZwClose(Handles[1]);
}

/* Many threads open and close one name at the same time. */
static VOID OpenAndClose(PVOID Context)
{
    HANDLE Handle;

    UNREFERENCED_PARAMETER(Context);
    for (ULONG I = 0; I < 300; I++) {
        NTSTATUS Status = MakeEvent(L"\\BaseNamedObjects\\Contended", OBJ_OPENIF, &Handle);
        if (!EXPECT(NT_SUCCESS(Status))) {
            return;
        }
        ZwClose(Handle);
    }
}

TEST_CASE(ContendedName, "threads that make, open and close one name leave neither the name nor the object behind") {
    HANDLE Handle;

    TestOnThreads(4, OpenAndClose, NULL);
    EXPECT_STATUS(OpenEvent(L"\\BaseNamedObjects\\Contended", &Handle), STATUS_OBJECT_NAME_NOT_FOUND);
}
