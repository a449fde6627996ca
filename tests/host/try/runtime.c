/*
 * The kernel's half of the __try contract (tools/plugin/README.md), played by a Linux program: SIGSEGV and SIGFPE are
 * the faults. Runs the case that the command line names and prints what it returned, or how the contract was broken.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

struct Record {                     /* KTRY_RECORD; the driver kit's headers and the host's do not mix */
    volatile struct Record *Next;
    uint64_t Resume[5];
    void *ExceptionRecord, *ContextRecord;
    int32_t ExceptionCode;
    uint32_t ExceptionFlags;
};

struct Case {
    const char *Name;
    int (*Run)(void);
};
extern const struct Case Cases[];

static volatile struct Record *Head;

static void Broken(const char *How)
{
    puts(How);
    exit(1);
}

void KeEnterTry(volatile struct Record *Record)
{
    Record->Next = Head;
    Head = Record;
}

void KeLeaveTry(volatile struct Record *Record)
{
    if (Head != Record)
        Broken("left a __try that was not the innermost");
    Head = Record->Next;
}

static volatile struct Record *Take(int32_t Code)
{
    volatile struct Record *Record = Head;

    if (Record == NULL)
        Broken("unhandled exception");
    Head = Record->Next;
    Record->ExceptionCode = Code;
    Record->ExceptionRecord = (void *)&Record->ExceptionCode;
    return Record;
}

__attribute__((noreturn)) void ExRaiseStatus(int32_t Code)
{
    volatile struct Record *Record = Take(Code);

    __asm__ volatile("movq %0, %%rax\n\tmovq 0(%%rax), %%rbp\n\tmovq 16(%%rax), %%rsp\n\tjmp *8(%%rax)"
                     : : "r"(Record->Resume) : "rax", "memory");
    __builtin_unreachable();
}

__attribute__((noreturn)) void KeContinueSearch(volatile struct Record *Record, int32_t Disposition)
{
    ExRaiseStatus(Disposition < 0 ? (int32_t)0xC0000025 : Record->ExceptionCode);
}

/* Continues at the innermost __try with rubbish in every register that the contract leaves free. */
static void OnFault(int Signal, siginfo_t *Information, void *Context)
{
    greg_t *Registers = ((ucontext_t *)Context)->uc_mcontext.gregs;
    volatile struct Record *Record = Take(Signal == SIGFPE ? (int32_t)0xC0000094 : (int32_t)0xC0000005);

    (void)Information;
    for (int Register = REG_R8; Register <= REG_RCX; Register++)
        Registers[Register] = (greg_t)0xDEADBEEFDEADBEEF;
    Registers[REG_RBP] = (greg_t)Record->Resume[0];
    Registers[REG_RIP] = (greg_t)Record->Resume[1];
    Registers[REG_RSP] = (greg_t)Record->Resume[2];
}

int main(int Count, char **Arguments)
{
    struct sigaction Action = { .sa_sigaction = OnFault, .sa_flags = SA_SIGINFO | SA_NODEFER };

    sigaction(SIGSEGV, &Action, NULL);
    sigaction(SIGFPE, &Action, NULL);
    for (const struct Case *Case = Cases; Case->Name != NULL; Case++) {
        if (Count < 2 || strcmp(Case->Name, Arguments[1]) != 0)
            continue;
        printf("%d\n", Case->Run());
        if (Head != NULL)
            Broken("a record was left on the list");
        return 0;
    }
    Broken("no such case");
}
