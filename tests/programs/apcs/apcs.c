/*
 * apcs: user APCs as a program sees them ("QueueUserAPC", "SleepEx", "NtContinue"), and what a program must not get
 * away with. `apcs` checks; `apcs stack`, `apcs dispatcher` end with a fault of the program's own. Exit status: 0 when
 * all held.
 */
#include <windows.h>
#include <ntdll.h>
#include <stdio.h>
#include <string.h>

#include "services.h"

#define SERVICE_NUMBER(Number, Name, ...) Service##Name = Number,
enum { NT_SERVICE_LIST(SERVICE_NUMBER) };

static ULONG Checks, Failures;
static ULONG_PTR Order[16];
static volatile LONG Ran;
static HANDLE Event, Go;

#define CHECK(Condition) Check((Condition) != 0, #Condition, __LINE__)

static void Check(BOOL Holds, const char *Text, int Line)
{
    Checks++;
    if (!Holds) {
        printf("apcs: line %d: %s does not hold\n", Line, Text);
        Failures++;
    }
}

static VOID Note(ULONG_PTR Data)
{
    LONG Index = __atomic_fetch_add(&Ran, 1, __ATOMIC_SEQ_CST);

    if (Index < (LONG)ARRAYSIZE(Order))
        Order[Index] = Data;
}

static VOID NoteAndQueue(ULONG_PTR Data)
{
    Note(Data);
    QueueUserAPC(Note, GetCurrentThread(), Data + 1);
}

static VOID NoteAndSleep(ULONG_PTR Data)
{
    Note(Data);
    CHECK(SleepEx(0, TRUE) == WAIT_IO_COMPLETION);      /* lets the next one in */
    Note(Data + 100);
}

static void Begin(void)
{
    Ran = 0;
    memset(Order, 0, sizeof(Order));
}

/* In the thread's own alertable waits. */
static void OwnWaits(void)
{
    Begin();
    CHECK(SleepEx(0, TRUE) == 0);
    for (ULONG_PTR Data = 1; Data <= 3; Data++)
        CHECK(QueueUserAPC(Note, GetCurrentThread(), Data));
    Sleep(10);
    CHECK(WaitForSingleObject(Event, 0) == WAIT_TIMEOUT);
    CHECK(Ran == 0);
    CHECK(SleepEx(INFINITE, TRUE) == WAIT_IO_COMPLETION);
    CHECK(Ran == 3 && Order[0] == 1 && Order[1] == 2 && Order[2] == 3);

    Begin();
    QueueUserAPC(Note, GetCurrentThread(), 7);
    SetEvent(Event);
    CHECK(WaitForSingleObjectEx(Event, INFINITE, TRUE) == WAIT_OBJECT_0);     /* a signalled object comes first */
    CHECK(Ran == 0);
    CHECK(WaitForSingleObjectEx(Event, INFINITE, TRUE) == WAIT_IO_COMPLETION);
    CHECK(Ran == 1 && Order[0] == 7);
    CHECK(WaitForSingleObjectEx(Event, 10, TRUE) == WAIT_TIMEOUT);

    Begin();
    QueueUserAPC(NoteAndQueue, GetCurrentThread(), 20);
    CHECK(WaitForMultipleObjectsEx(1, &Event, TRUE, INFINITE, TRUE) == WAIT_IO_COMPLETION);
    CHECK(Ran == 2 && Order[1] == 21);

    Begin();
    QueueUserAPC(NoteAndSleep, GetCurrentThread(), 30);
    QueueUserAPC(Note, GetCurrentThread(), 31);
    CHECK(SleepEx(0, TRUE) == WAIT_IO_COMPLETION);
    CHECK(Ran == 3 && Order[0] == 30 && Order[1] == 31 && Order[2] == 130);

    Begin();
    QueueUserAPC(Note, GetCurrentThread(), 40);
    CHECK(NtTestAlert() == STATUS_SUCCESS);
    CHECK(Ran == 1);
    CHECK(NtAlertThread(GetCurrentThread()) == STATUS_SUCCESS);
    CHECK(NtTestAlert() == STATUS_ALERTED);
    CHECK(NtTestAlert() == STATUS_SUCCESS);
}

static DWORD Sleeper(LPVOID Argument)
{
    (void)Argument;
    SetEvent(Go);
    while (Ran < 5)
        CHECK(WaitForSingleObjectEx(Event, INFINITE, TRUE) == WAIT_IO_COMPLETION);
    return 0;
}

static DWORD Late(LPVOID Argument)
{
    (void)Argument;
    return (DWORD)Ran;
}

static DWORD Deaf(LPVOID Argument)
{
    (void)Argument;
    SetEvent(Event);
    WaitForSingleObject(Go, INFINITE);
    return 0;
}

/* To other threads: in their waits, before they have begun, after their end, and never. */
static void OtherThreads(void)
{
    HANDLE Thread;
    DWORD Before = 0;

    Begin();
    Thread = CreateThread(NULL, 0, Sleeper, NULL, 0, NULL);
    WaitForSingleObject(Go, INFINITE);
    for (ULONG_PTR Data = 1; Data <= 5; Data++) {
        CHECK(QueueUserAPC(Note, Thread, Data));
        while (Ran < (LONG)Data)
            Sleep(1);
    }
    CHECK(WaitForSingleObject(Thread, INFINITE) == WAIT_OBJECT_0);
    CHECK(Order[0] == 1 && Order[4] == 5);
    CHECK(!QueueUserAPC(Note, Thread, 6));
    CloseHandle(Thread);

    for (ULONG Round = 0; Round < 100; Round++) {
        Begin();
        Thread = CreateThread(NULL, 0, Late, NULL, 0, NULL);
        QueueUserAPC(Note, Thread, 1);
        WaitForSingleObject(Thread, INFINITE);
        Before += Ran == 1;
        CloseHandle(Thread);
    }
    CHECK(Before <= 100);

    /* Their APCs are given back with them. */
    Begin();
    ResetEvent(Go);
    for (ULONG Round = 0; Round < 200; Round++) {
        Thread = CreateThread(NULL, 0, Deaf, NULL, 0, NULL);
        WaitForSingleObject(Event, INFINITE);
        for (ULONG Count = 0; Count < 20; Count++)
            CHECK(QueueUserAPC(Note, Thread, 1));
        SetEvent(Go);
        WaitForSingleObject(Thread, INFINITE);
        CloseHandle(Thread);
        ResetEvent(Go);
    }
    CHECK(Ran == 0);
}

static VOID Spoil(PVOID Argument1, PVOID Argument2, PVOID Argument3)
{
    /* The CONTEXT lies behind the return address of the call that the dispatcher made. */
    PCONTEXT Context = (PCONTEXT)((ULONG_PTR)__builtin_frame_address(0) + 16);

    CHECK((ULONG_PTR)Argument1 == 1 && (ULONG_PTR)Argument2 == 2 && (ULONG_PTR)Argument3 == 3);
    CHECK((Context->ContextFlags & CONTEXT_CONTROL) == CONTEXT_CONTROL);
    CHECK((NTSTATUS)Context->Rax == STATUS_SUCCESS);
    Context->SegCs = 0x10;                  /* the kernel's */
    Context->SegSs = 0x18;
    Context->EFlags |= 0x3000 | 0x4000 | 0x20000;
    Context->EFlags &= ~0x200u;
    Ran++;
}

/* A CONTEXT is the program's to change, and the kernel's to distrust. */
static void Contexts(void)
{
    CONTEXT Context;
    ULONG64 Flags;
    USHORT Selector;

    Begin();
    CHECK(NtQueueApcThread(GetCurrentThread(), (PVOID)Spoil, (PVOID)1, (PVOID)2, (PVOID)3) == STATUS_SUCCESS);
    CHECK(NtTestAlert() == STATUS_SUCCESS);
    CHECK(Ran == 1);
    __asm__ volatile("pushfq; popq %0" : "=r"(Flags));
    CHECK((Flags & 0x3200) == 0x200);
    __asm__ volatile("movw %%cs, %0" : "=r"(Selector));
    CHECK((Selector & 3) == 3);
    memset(&Context, 0, sizeof(Context));
    Context.Rip = 0xFFFFFFFF80100000;
    CHECK(NtContinue(&Context, FALSE) == STATUS_INVALID_PARAMETER);
    Context.Rip = 0x800000000000;
    CHECK(NtContinue(&Context, FALSE) == STATUS_INVALID_PARAMETER);
    CHECK(NtContinue((PCONTEXT)0x7000000000, TRUE) == STATUS_ACCESS_VIOLATION);
    CHECK(NtQueueApcThread(GetCurrentThread(), NULL, NULL, NULL, NULL) == STATUS_INVALID_PARAMETER);
    CHECK(NtQueueApcThread(NtCurrentProcess(), (PVOID)Spoil, NULL, NULL, NULL) == STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(NtSetApcDispatcher((PVOID)0xFFFF800000000000) == STATUS_INVALID_PARAMETER);
}

int main(int Count, char **Words)
{
    Event = CreateEvent(NULL, FALSE, FALSE, NULL);
    Go = CreateEvent(NULL, TRUE, FALSE, NULL);
    if (Count > 1) {
        QueueUserAPC(Note, GetCurrentThread(), 1);
        if (strcmp(Words[1], "dispatcher") == 0) {
            NtSetApcDispatcher((PVOID)0x70000000);
            NtTestAlert();
        }
        /* NtTestAlert with no stack to put a CONTEXT on. */
        __asm__ volatile("movq $0x7000, %%rsp; syscall" :: "a"(ServiceTestAlert) : "rcx", "r11", "memory");
        return 1;
    }
    OwnWaits();
    ResetEvent(Go);
    OtherThreads();
    Contexts();
    printf("apcs: %s, %u failed\n", Checks > 4000 ? "all checked" : "cut short", Failures);
    return Failures != 0;
}
