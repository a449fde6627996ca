/*
 * The first program: the shell on the console.
 */
#include "ps/psp.h"
#include "ex/options.h"
#include "hal/hal.h"
#include "io/io.h"

static const UNICODE_STRING PspShellPath = RTL_CONSTANT_STRING(L"\\SystemRoot\\bin\\shell.exe");
static const UNICODE_STRING PspConsoleName = RTL_CONSTANT_STRING(L"\\??\\CON");

/*
 * A kernel handle to the console. Input and output get one each: requests on one synchronous file wait for each other,
 * and nobody should have to type a line before another program's output appears.
 */
static PAGED_CODE_SECTION NTSTATUS PspOpenConsole(ACCESS_MASK Access, PHANDLE Console)
{
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Iosb;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, (PUNICODE_STRING)&PspConsoleName, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE,
                               NULL, NULL);
    Status = ZwOpenFile(Console, Access | SYNCHRONIZE, &Attributes, &Iosb, FILE_SHARE_READ | FILE_SHARE_WRITE,
                        FILE_SYNCHRONOUS_IO_NONALERT);
    if (!NT_SUCCESS(Status))
        DbgPrint("The console %wZ cannot be opened: status 0x%08X\n", &PspConsoleName, Status);
    return Status;
}

PAGED_CODE_SECTION NTSTATUS PsRunShell(VOID)
{
    PEPROCESS Shell;
    HANDLE Input, Output;
    NTSTATUS Status;

    PAGED_CODE();
    Status = PspOpenConsole(GENERIC_READ, &Input);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = PspOpenConsole(GENERIC_WRITE, &Output);
    if (!NT_SUCCESS(Status)) {
        ZwClose(Input);
        return Status;
    }
    for (;;) {
        Status = PsCreateUserProcess(&PspShellPath, "shell", &SeSystemToken, Input, Output, &Shell);
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
    ZwClose(Output);
    ZwClose(Input);
    return Status;
}
