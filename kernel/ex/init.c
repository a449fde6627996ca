/*
 * The order of initialisation, on one screen. Each line says what is there after it.
 *
 * Phase 0 runs on the boot stack, which becomes the idle thread of the first processor; phase 1 is a system thread that
 * may wait. What is needed only here is INIT and is given back at the end.
 */
#include "ex/callback.h"
#include "ex/options.h"
#include "ex/processors.h"
#include "ex/worker.h"
#include "fs/fs.h"
#include "hal/hal.h"
#include "io/io.h"
#include "ke/trap.h"
#include "ldr/ldr.h"
#include "mm/mm.h"
#include "ps/ps.h"
#include "se/se.h"
#include "section.h"

extern UCHAR KiBootStackGuard[], KiBootStackTop[];

static KPRCB ExpFirstPrcb;
static KTHREAD ExpFirstIdleThread;
static BOOT_INFORMATION ExpBoot;

INIT_CODE static DECLSPEC_NORETURN VOID ExpBootFailed(PCSTR Step, NTSTATUS Status)
{
    KiBugCheck(PROCESS_INITIALIZATION_FAILED, (ULONG64)(LONG64)Status, 0, 0, 0, NULL,
               "initialisation cannot go on: %s failed with status 0x%08X", Step, Status);
}

INIT_CODE static VOID ExpRequire(PCSTR Step, NTSTATUS Status)
{
    if (!NT_SUCCESS(Status))
        ExpBootFailed(Step, Status);
}

/*
 * Those that pagefile= asks for. One that cannot be had is named, and the system starts without it: pages then leave
 * memory by the others, or not at all.
 */
INIT_CODE static VOID ExpCreatePagingFiles(VOID)
{
    EX_PAGING_FILE Files[EX_MOST_PAGING_FILES];
    ULONG Count = ExQueryPagingFiles(Files);

    if (Count == 0)
        DbgPrint("No paging file: pagefile=0\n");
    for (ULONG i = 0; i < Count; i++) {
        WCHAR DiskName[] = L"\\Device\\Disk?";
        UNICODE_STRING Name;
        NTSTATUS Status;
        DiskName[ARRAYSIZE(DiskName) - 2] = (WCHAR)(L'0' + Files[i].Disk);
        RtlInitUnicodeString(&Name, Files[i].RamDisk ? L"\\Device\\RamDisk0" : DiskName);
        /* The ramdisk is as large as there was room for. */
        Status = Files[i].RamDisk ? IoCreatePagingFile(&Name, 0, 0)
                                  : IoCreatePagingFile(&Name, Files[i].Minimum, Files[i].Maximum);
        if (!NT_SUCCESS(Status))
            DbgPrint("pagefile=: there is no paging file on %wZ: status 0x%08X; a disk is given by run-qemu.sh --disk\n",
                     &Name, Status);
    }
}

INIT_CODE static VOID ExpMountBootImage(VOID)
{
    PHYSICAL_ADDRESS Module = {.QuadPart = (LONGLONG)ExpBoot.ModuleBase};
    PVOID Image;

    if (ExpBoot.ModuleLength == 0)
        ExpBootFailed("finding the system image (the boot loader passed no module)", STATUS_NO_SUCH_FILE);
    Image = MmMapIoSpace(Module, ExpBoot.ModuleLength, MmCached);
    if (Image == NULL)
        ExpBootFailed("mapping the system image", STATUS_INSUFFICIENT_RESOURCES);
    ExpRequire("unpacking the system image", FsMountBootImage(Image, ExpBoot.ModuleLength));
    MmUnmapIoSpace(Image, ExpBoot.ModuleLength);
    MmReleaseBootModule();
}

INIT_CODE static VOID ExpPhase0(ULONG64 Magic, ULONG64 Information)
{
    HalInitializeConsole();                                                 /* DbgPrint */
    HalInitializeProcessor(&ExpFirstPrcb, 0, NULL, KiBootStackTop);         /* traps, KPRCB through GS */
    KiPatchSmap();                                                          /* user copies, if the processor has SMAP */
    if (!HalReadBootInformation(Magic, Information, &ExpBoot))
        ExpBootFailed("reading the boot loader's information", STATUS_INVALID_PARAMETER);
    ExInitializeOptions(ExpBoot.CommandLine);                               /* ExQueryBootOption */
    MmInitializeFrames(&ExpBoot);                                           /* frames, final page tables, W^X */
    KiSetDpcWatchdog((ULONG)ExQueryBootSize("watchdog", KI_DPC_ALLOTMENT));  /* it looks from the first tick on */
    KiInitializeDispatcher(&ExpFirstPrcb);                                  /* spin locks, dispatcher objects, DPC queue */
    KiInitializeIdleThread(&ExpFirstPrcb, &ExpFirstIdleThread, KiBootStackTop, KiBootStackGuard + PAGE_SIZE);
    KeLowerIrql(PASSIVE_LEVEL);                                             /* fast mutexes; interrupts stay off */
    MmInitializeSystemSpace();                                              /* pools, the system working set */
    HalReadMachine();                                                       /* processors, interrupt lines */
    HalInitializeApic();                                                    /* software interrupts */
    HalInitializeIoApic();                                                  /* device lines, all masked */
    HalAssignPciResources();                                                /* PCI functions can be reached */
    HalInitializeTimers();                                                  /* KeStallExecutionProcessor */
    KiBootTime = HalReadRealTimeClock();
    HalStartClock();
    __asm__ volatile("sti");                                                /* the clock ticks */
    LdrInitialize();                                                        /* the kernel is a module: names for addresses */
    ExpRequire("the object manager", ObInitialize());                       /* name space, handles */
    ExpRequire("processes", PsInitialize());                                /* system threads */
}

INIT_CODE static VOID ExpPhase1(VOID)
{
    ExStartProcessors();                                                    /* all processors run */
    ExpRequire("callback objects", ExInitializeCallbacks());                /* \Callback */
    ExpRequire("the worker threads", ExInitializeWorkQueues());             /* work items */
    ExpRequire("the pager's threads", MmStartThreads());                    /* trimming and writing */
    ExpRequire("the I/O manager", IoInitialize());                          /* drivers, devices, IRPs */
    ExpRequire("section services", LdrInitializeServices());
    ExpRequire("the file system", FsInitialize());                          /* \SystemRoot */
    ExpMountBootImage();                                                    /* drivers, programs */
    ExpRequire("the boot drivers", LdrLoadBootDrivers());                   /* ramdisk, disk, console */
    ExpCreatePagingFiles();                                                 /* pages can leave memory */
}

static VOID ExpPhase1Thread(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    ExpPhase1();
    MmDiscardKernelInit();
    KiBugCheck(PROCESS_INITIALIZATION_FAILED, (ULONG64)(LONG64)PsRunShell(), 0, 0, 0, NULL,
               "the shell (bin/shell.exe of the system image) could not be started");
}

/* Called by boot/boot.S: long mode, boot page tables, boot stack, interrupts off. */
DECLSPEC_NORETURN VOID KiSystemStartup(ULONG64 Magic, ULONG64 Information)
{
    HANDLE Thread;
    NTSTATUS Status;

    KiSetIrql(HIGH_LEVEL);
    ExpPhase0(Magic, Information);
    Status = PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, ExpPhase1Thread, NULL);
    if (!NT_SUCCESS(Status))
        KiBugCheck(PROCESS_INITIALIZATION_FAILED, (ULONG64)(LONG64)Status, 0, 0, 0, NULL, "no thread for the second phase");
    ZwClose(Thread);
    KiIdleLoop();
}
