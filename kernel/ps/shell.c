/*
 * The first program: the shell on the console.
 */
#include "ps/psp.h"
#include "ex/options.h"
#include "hal/hal.h"
#include "io/io.h"

static const UNICODE_STRING PspShellPath = RTL_CONSTANT_STRING(L"\\SystemRoot\\bin\\shell.exe");
static const UNICODE_STRING PspConsoleName = RTL_CONSTANT_STRING(L"\\??\\CON");

/* A kernel handle to the console, for reading and writing. */
static NTSTATUS PspOpenConsole(PHANDLE Console)
{
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Iosb;

    InitializeObjectAttributes(&Attributes, (PUNICODE_STRING)&PspConsoleName, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE,
                               NULL, NULL);
    return ZwOpenFile(Console, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, &Attributes, &Iosb,
                      FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_SYNCHRONOUS_IO_NONALERT);
}

NTSTATUS PsRunShell(VOID)
{
    PEPROCESS Shell;
    HANDLE Console;
    NTSTATUS Status = PspOpenConsole(&Console);

    PAGED_CODE();
    if (!NT_SUCCESS(Status)) {
        DbgPrint("The console %wZ cannot be opened: status 0x%08X\n", &PspConsoleName, Status);
        return Status;
    }
    for (;;) {
        Status = PsCreateUserProcess(&PspShellPath, "shell", &SeSystemToken, Console, Console, &Shell);
        if (!NT_SUCCESS(Status)) {
            DbgPrint("The shell %wZ cannot be started: status 0x%08X\n", &PspShellPath, Status);
            break;
        }
        KeWaitForSingleObject(&Shell->Pcb, UserRequest, KernelMode, FALSE, NULL);
        DbgPrint("The shell has ended with status 0x%08X\n", Shell->ExitStatus);
        ObDereferenceObject(Shell);
        if (ExQueryBootOption("run") != NULL)
            HalPowerOff(HAL_EXIT_FAIL);
    }
    ZwClose(Console);
    return Status;
}
