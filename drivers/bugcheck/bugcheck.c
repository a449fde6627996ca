/*
 * bugcheck: stops the machine on purpose, by breaking the rules that drivers must keep. It shows what each mistake
 * looks like when it happens to somebody else. Every routine here is an example of what not to do.
 */
#include <ntddk.h>
#include "bugcheckioctl.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD BugCheckUnload;
static DRIVER_DISPATCH BugCheckOpenClose;
static DRIVER_DISPATCH BugCheckControl;
static VOID BugCheckPageable(VOID);
static VOID BugCheckDiscarded(VOID);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(INIT, BugCheckDiscarded)
#pragma alloc_text(PAGE, BugCheckPageable)
#endif

#define BUGCHECK_DEVICE_NAME L"\\Device\\BugCheck"
#define BUGCHECK_LINK_NAME L"\\DosDevices\\BugCheck"
#define BUGCHECK_TAG 'kcuB'

/* Read and written so that the compiler leaves the mistakes as they are. */
static volatile ULONG BugCheckSink;
static volatile ULONG_PTR BugCheckNowhere = 0xFFFFB00000001000ull;  /* no part of the system address space is there */
static const ULONG BugCheckConstants[] = {1, 2, 3, 4};

#pragma data_seg("PAGEDATA")
static volatile ULONG BugCheckPagedData = 1;
#pragma data_seg()

/* Pageable, as its section says: nobody may call it above APC_LEVEL. */
static VOID BugCheckPageable(VOID)
{
    BugCheckSink++;
}

/* INIT: gone after DriverEntry. */
static VOID BugCheckDiscarded(VOID)
{
    BugCheckSink++;
}

/* Page-out first, so that the mistake cannot get away with it because the page happens to be in. */
static VOID ProvokeIrql(VOID)
{
    KIRQL OldIrql;

    MmTrimAllSystemPageableMemory(TRUE);
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    BugCheckPageable();
    KeLowerIrql(OldIrql);
}

/* The level is low enough, but nothing can come in while the processor takes no interrupt. */
static VOID ProvokeInterrupts(VOID)
{
    MmTrimAllSystemPageableMemory(TRUE);
    __asm__ volatile("cli" ::: "memory");
    BugCheckPageable();
    __asm__ volatile("sti" ::: "memory");
}

static VOID ProvokeData(VOID)
{
    KIRQL OldIrql;

    MmTrimAllSystemPageableMemory(TRUE);
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    BugCheckPagedData++;
    KeLowerIrql(OldIrql);
}

static VOID ProvokeAccess(VOID)
{
    *(volatile ULONG *)BugCheckNowhere = 1;
}

static VOID ProvokeReadOnly(VOID)
{
    *(volatile ULONG *)&BugCheckConstants[BugCheckSink & 3] = 2;
}

static VOID ProvokeExecute(VOID)
{
    ((VOID (*)(VOID))(ULONG_PTR)&BugCheckSink)();
}

static VOID ProvokeZero(VOID)
{
    ULONG Zero = BugCheckSink & 0;

    __asm__ volatile("xorl %%edx, %%edx; divl %0" : : "r"(Zero) : "eax", "edx", "cc");
}

static VOID ProvokeInit(VOID)
{
    BugCheckDiscarded();
}

static VOID ProvokeManual(VOID)
{
    KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, 0, 0, 0, 0);
}

/* A wait that would have to block, at a level where nothing may. */
static VOID ProvokeWait(VOID)
{
    LARGE_INTEGER Second = {.QuadPart = -10000000};
    KIRQL OldIrql;
    KEVENT Event;

    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, &Second);
    KeLowerIrql(OldIrql);
}

/* A floating-point state goes back at another level than it was saved at. */
static VOID ProvokeFloat(VOID)
{
    KFLOATING_SAVE Save;
    KIRQL OldIrql;

    if (NT_SUCCESS(KeSaveFloatingPointState(&Save))) {
        KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
        KeRestoreFloatingPointState(&Save);
        KeLowerIrql(OldIrql);
    }
}

static VOID BugCheckSpin(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    while (BugCheckSink != MAXULONG)
        ;
}

/* A DPC that waits for something in a loop, and it does not come. */
static VOID ProvokeDpc(VOID)
{
    static KDPC Dpc;

    KeInitializeDpc(&Dpc, BugCheckSpin, NULL);
    KeInsertQueueDpc(&Dpc, NULL, NULL);
}

/* DISPATCH_LEVEL, and nothing that ends it. */
static VOID ProvokeSpin(VOID)
{
    KIRQL OldIrql;

    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    while (BugCheckSink != MAXULONG)
        ;
    KeLowerIrql(OldIrql);
}

/* Lowering to a level that is higher. */
static VOID ProvokeLower(VOID)
{
    KeLowerIrql(DISPATCH_LEVEL);
}

static ULONG BugCheckRecurse(volatile ULONG *Depth)
{
    volatile ULONG Frame[64];

    Frame[0] = *Depth + 1;
    /* Comes true never, but the compiler cannot know. */
    return Frame[0] == 0 ? 0 : BugCheckRecurse(Frame) + Frame[0];
}

static VOID ProvokeStack(VOID)
{
    volatile ULONG Depth = 0;

    BugCheckSink = BugCheckRecurse(&Depth);
}

static VOID ProvokePool(VOID)
{
    PVOID Block = ExAllocatePoolWithTag(NonPagedPool, 64, BUGCHECK_TAG);

    if (Block != NULL) {
        ExFreePoolWithTag(Block, BUGCHECK_TAG);
        ExFreePoolWithTag(Block, BUGCHECK_TAG);
    }
}

static KSERVICE_ROUTINE BugCheckIsr;

/* In a section of its own: in the same page as its caller, which runs, it would be in and get away with it. */
#pragma code_seg("ISR")
static BOOLEAN BugCheckIsr(PKINTERRUPT Interrupt, PVOID Context)
{
    UNREFERENCED_PARAMETER(Interrupt);
    UNREFERENCED_PARAMETER(Context);
    BugCheckSink++;
    return TRUE;
}
#pragma code_seg()

/*
 * The driver pages itself out while its interrupt is connected, and then the interrupt comes: the real-time clock's,
 * 1024 times a second from the moment that register B says so (Motorola MC146818A data sheet, "Register B").
 */
static VOID ProvokeIsr(VOID)
{
    static PUCHAR const Index = (PUCHAR)0x70, Data = (PUCHAR)0x71;
    LARGE_INTEGER Second = {.QuadPart = -10000000};
    PKINTERRUPT Interrupt;
    KAFFINITY Affinity;
    ULONG Vector;
    KIRQL Irql;

    Vector = HalGetInterruptVector(Isa, 0, 8, 8, &Irql, &Affinity);
    if (!NT_SUCCESS(IoConnectInterrupt(&Interrupt, BugCheckIsr, NULL, NULL, Vector, Irql, Irql, Latched, FALSE, Affinity,
                                       FALSE)))
        return;
    MmPageEntireDriver((PVOID)(ULONG_PTR)BugCheckIsr);
    MmTrimAllSystemPageableMemory(TRUE);
    WRITE_PORT_UCHAR(Index, 0x0B);
    WRITE_PORT_UCHAR(Data, 0x42);   /* periodic interrupt, 24 hours */
    KeDelayExecutionThread(KernelMode, FALSE, &Second);
}

static const struct {
    PCSTR Name;
    VOID (*Provoke)(VOID);
} BugCheckWays[] = {
    {"irql", ProvokeIrql},          /* pageable code at DISPATCH_LEVEL */
    {"interrupts", ProvokeInterrupts},  /* pageable code with interrupts off */
    {"data", ProvokeData},          /* pageable data at DISPATCH_LEVEL */
    {"access", ProvokeAccess},      /* a write to no memory */
    {"readonly", ProvokeReadOnly},  /* a write to a constant */
    {"execute", ProvokeExecute},    /* a jump into data */
    {"zero", ProvokeZero},          /* a division by zero */
    {"init", ProvokeInit},          /* a call of what was discarded */
    {"manual", ProvokeManual},      /* just so */
    {"wait", ProvokeWait},          /* a wait at DISPATCH_LEVEL */
    {"dpc", ProvokeDpc},            /* a DPC that does not return */
    {"spin", ProvokeSpin},          /* DISPATCH_LEVEL for good */
    {"float", ProvokeFloat},        /* KeRestoreFloatingPointState at another level */
    {"lower", ProvokeLower},        /* KeLowerIrql upwards */
    {"stack", ProvokeStack},        /* the kernel stack into its guard page */
    {"pool", ProvokePool},          /* a block freed twice */
    {"isr", ProvokeIsr},            /* an interrupt whose service routine is out */
};

static NTSTATUS BugCheckComplete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS BugCheckOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return BugCheckComplete(Irp, STATUS_SUCCESS);
}

/* IRQL: PASSIVE_LEVEL. */
static NTSTATUS BugCheckControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Length = Stack->Parameters.DeviceIoControl.InputBufferLength;
    PCSTR Name = Irp->AssociatedIrp.SystemBuffer;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (Stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_BUGCHECK_PROVOKE)
        return BugCheckComplete(Irp, STATUS_INVALID_DEVICE_REQUEST);
    if (Length == 0 || Length > BUGCHECK_LONGEST_NAME || Name[Length - 1] != '\0')
        return BugCheckComplete(Irp, STATUS_INVALID_PARAMETER);
    for (ULONG Index = 0; Index < ARRAYSIZE(BugCheckWays); Index++) {
        if (strcmp(Name, BugCheckWays[Index].Name) == 0)
            BugCheckWays[Index].Provoke();
    }
    /* No such way; or it was tried and the machine survived, which the caller should hear of, too. */
    return BugCheckComplete(Irp, STATUS_INVALID_PARAMETER);
}

static VOID BugCheckUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING LinkName = RTL_CONSTANT_STRING(BUGCHECK_LINK_NAME);

    IoDeleteSymbolicLink(&LinkName);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(BUGCHECK_DEVICE_NAME);
    UNICODE_STRING LinkName = RTL_CONSTANT_STRING(BUGCHECK_LINK_NAME);
    PDEVICE_OBJECT DeviceObject;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(RegistryPath);
    Status = IoCreateDevice(DriverObject, 0, &DeviceName, FILE_DEVICE_UNKNOWN, 0, FALSE, &DeviceObject);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = IoCreateSymbolicLink(&LinkName, &DeviceName);
    if (!NT_SUCCESS(Status)) {
        IoDeleteDevice(DeviceObject);
        return Status;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = BugCheckOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = BugCheckOpenClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = BugCheckControl;
    DriverObject->DriverUnload = BugCheckUnload;
    return STATUS_SUCCESS;
}
