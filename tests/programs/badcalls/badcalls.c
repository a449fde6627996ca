/*
 * badcalls: every system service with every wrong kind of argument, numbers that are no service, and a wrong stack.
 *
 * Nothing here may succeed that should not, and nothing may hurt the system: the session that runs this looks at the
 * memory manager's books afterwards. Exit status: 0 when every answer was a refusal.
 */
#include <windows.h>
#include <stdio.h>

#include "services.h"

#define ARGUMENTS NT_SERVICE_MAXIMUM_ARGUMENTS
#define UNKNOWN_SERVICE ((NTSTATUS)0xC000001C)  /* STATUS_INVALID_SYSTEM_SERVICE */

typedef struct _SERVICE {
    ULONG Number;
    const char *Name;
} SERVICE;

#define SERVICE_ENTRY(Number, Name, ...) {Number, #Name},
static const SERVICE Services[] = {NT_SERVICE_LIST(SERVICE_ENTRY)};
#define SERVICES (sizeof(Services) / sizeof(Services[0]))

/*
 * Not called with rubbish: they take no pointer and would end this program or the machine, or start a thread that does.
 */
static const char *const Excluded[] = {
    "TerminateProcess", "TerminateThread", "ShutdownSystem", "CreateThread", NULL,
};
/* They take nothing that could be wrong, or an address that only the program itself will use. */
static const char *const Harmless[] = {
    "NullService", "YieldExecution", "TrimMemory", "TestAlert", "SetApcDispatcher", NULL,
};

/* Readable, so what is asked with its address may rightly be answered; nothing may be written there. */
static const char ReadOnly[256];

static BOOL Among(const char *Name, const char *const *List)
{
    for (; *List != NULL; List++) {
        const char *A = Name, *B = *List;
        while (*A != '\0' && *A == *B) {
            A++, B++;
        }
        if (*A == *B) {
            return TRUE;
        }
    }
    return FALSE;
}

/* The raw call. Stack: where RSP points meanwhile; the service finds its seventh argument at Stack[1]. */
__attribute__((noinline)) static NTSTATUS Call(ULONG Number, const ULONG_PTR *Argument, ULONG_PTR Stack)
{
    register ULONG_PTR R10 __asm__("r10") = Argument[3];
    register ULONG_PTR R8 __asm__("r8") = Argument[4];
    register ULONG_PTR R9 __asm__("r9") = Argument[5];
    ULONG_PTR Result = Number;

    __asm__ volatile("movq %%rsp, %%rbx\n\t"
                     "movq %[Stack], %%rsp\n\t"
                     "syscall\n\t"
                     "movq %%rbx, %%rsp"
                     : "+a"(Result), "+r"(R10), "+r"(R8), "+r"(R9)
                     : "D"(Argument[0]), "S"(Argument[1]), "d"(Argument[2]), [Stack] "r"(Stack)
                     : "rbx", "rcx", "r11", "memory", "cc");
    return (NTSTATUS)Result;
}

/* Counts and names an answer that is no refusal. */
static ULONG Refused(const char *Name, ULONG_PTR Value, NTSTATUS Status)
{
    if (Status < 0) {
        return 0;
    }
    printf("badcalls: %s with 0x%llx was answered 0x%08x\n", Name, Value, (ULONG)Status);
    return 1;
}

int main(void)
{
    static const ULONG_PTR Values[] = {
        0, 1, 0xFFF, 0x7000000000, 0x7FFFFFFEFFF9, 0x7FFFFFFF0000, 0x800000000000, 0xFFFF7FFFFFFFFFF8,
        0xFFFF800000000000, 0xFFFF800000100000, 0xFFFFA00000000000, 0xFFFFFFFF80000000, 0xFFFFFFFFA0000000,
        0xFFFFFFFFFFFFF000,
        (ULONG_PTR)ReadOnly,
    };
    static const ULONG Unknown[] = {SERVICES, SERVICES + 1, 255, 4096, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    ULONG_PTR Frame[ARGUMENTS + 2], Argument[6];
    ULONG Calls = 0, Wrong = 0;

    for (ULONG Index = 0; Index < sizeof(Unknown) / sizeof(Unknown[0]); Index++, Calls++) {
        NTSTATUS Status = Call(Unknown[Index], (ULONG_PTR[6]){0}, (ULONG_PTR)Frame);
        if (Status != UNKNOWN_SERVICE) {
            printf("badcalls: service number 0x%x was answered 0x%08x\n", Unknown[Index], (ULONG)Status);
            Wrong++;
        }
    }
    for (ULONG Index = 0; Index < SERVICES; Index++) {
        const SERVICE *Service = &Services[Index];
        if (Among(Service->Name, Excluded)) {
            continue;
        }
        for (ULONG Kind = 0; Kind < sizeof(Values) / sizeof(Values[0]); Kind++) {
            for (ULONG Place = 0; Place < ARGUMENTS + 2; Place++) {
                Frame[Place] = Values[Kind];
            }
            for (ULONG Place = 0; Place < 6; Place++) {
                Argument[Place] = Values[Kind];
            }
            NTSTATUS Status = Call(Service->Number, Argument, (ULONG_PTR)Frame);
            if (!Among(Service->Name, Harmless) && Values[Kind] != (ULONG_PTR)ReadOnly) {
                Wrong += Refused(Service->Name, Values[Kind], Status);
            }
            Call(Service->Number, Argument, Values[Kind] & ~7ull);
            Calls += 2;
        }
    }
    printf("badcalls: %u calls, %u answers that are no refusals\n", Calls, Wrong);
    return Wrong != 0;
}
