/*
 * IoConnectInterrupt and its opposite, and the list of what is connected.
 */
#include "io/iop.h"
#include "ke/interrupt.h"

/* Connected interrupts, KINTERRUPT.ListLink. IopInterruptLock, APC_LEVEL. */
static LIST_ENTRY IopInterruptList = {&IopInterruptList, &IopInterruptList};
static FAST_MUTEX IopInterruptLock;

INIT_CODE VOID IopInitializeInterrupts(VOID)
{
    ExInitializeFastMutex(&IopInterruptLock);
}

/*
 * Connects a service routine to a vector of HalGetInterruptVector ("IoConnectInterrupt"). With SpinLock the driver
 * gives a lock that several interrupts share. FloatingSave must be FALSE on this processor, as documented for x64; it
 * is ignored. IRQL: PASSIVE_LEVEL. STATUS_INVALID_PARAMETER: levels or vector do not go together, or the vector is
 * taken by one that does not share it in the same mode; STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS IoConnectInterrupt(PKINTERRUPT *InterruptObject, PKSERVICE_ROUTINE ServiceRoutine, PVOID ServiceContext,
                            PKSPIN_LOCK SpinLock, ULONG Vector, KIRQL Irql, KIRQL SynchronizeIrql,
                            KINTERRUPT_MODE InterruptMode, BOOLEAN ShareVector, KAFFINITY ProcessorEnableMask,
                            BOOLEAN FloatingSave)
{
    PKINTERRUPT Interrupt;

    KE_REQUIRE_IRQL(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(FloatingSave);
    *InterruptObject = NULL;
    if (ServiceRoutine == NULL || Vector < KI_FIRST_DEVICE_VECTOR || Vector > KI_LAST_DEVICE_VECTOR ||
        Irql != Vector >> 4 ||
        SynchronizeIrql < Irql || SynchronizeIrql > HIGH_LEVEL || ProcessorEnableMask == 0 ||
        (InterruptMode != LevelSensitive && InterruptMode != Latched)) {
        DbgPrint("io: IoConnectInterrupt of %p: vector 0x%02x, level %u, synchronized at %u are not as "
                 "HalGetInterruptVector gives them\n", ServiceRoutine, Vector, Irql, SynchronizeIrql);
        return STATUS_INVALID_PARAMETER;
    }
    Interrupt = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Interrupt), IOP_TAG);
    if (Interrupt == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(Interrupt, sizeof(*Interrupt));
    Interrupt->ServiceRoutine = ServiceRoutine;
    Interrupt->ServiceContext = ServiceContext;
    KeInitializeSpinLock(&Interrupt->SpinLock);
    Interrupt->ActualLock = SpinLock != NULL ? SpinLock : &Interrupt->SpinLock;
    Interrupt->Vector = Vector;
    Interrupt->Irql = Irql;
    Interrupt->SynchronizeIrql = SynchronizeIrql;
    Interrupt->ShareVector = ShareVector;
    Interrupt->Mode = InterruptMode;
    Interrupt->Affinity = (ULONG)ProcessorEnableMask;
    /* Before the first interrupt can come: the service routine may use the variable. */
    *InterruptObject = Interrupt;
    ExAcquireFastMutex(&IopInterruptLock);
    if (!KeConnectInterrupt(Interrupt)) {
        ExReleaseFastMutex(&IopInterruptLock);
        *InterruptObject = NULL;
        ExFreePoolWithTag(Interrupt, IOP_TAG);
        return STATUS_INVALID_PARAMETER;
    }
    InsertTailList(&IopInterruptList, &Interrupt->ListLink);
    ExReleaseFastMutex(&IopInterruptLock);
    return STATUS_SUCCESS;
}
NT_EXPORT(IoConnectInterrupt);

/* IRQL: PASSIVE_LEVEL. When it returns, the service routine runs on no processor. */
VOID IoDisconnectInterrupt(PKINTERRUPT InterruptObject)
{
    KE_REQUIRE_IRQL(PASSIVE_LEVEL);
    ExAcquireFastMutex(&IopInterruptLock);
    KeDisconnectInterrupt(InterruptObject);
    RemoveEntryList(&InterruptObject->ListLink);
    ExReleaseFastMutex(&IopInterruptLock);
    ExFreePoolWithTag(InterruptObject, IOP_TAG);
}
NT_EXPORT(IoDisconnectInterrupt);

ULONG IopDisconnectDriver(PCUNICODE_STRING Driver, PVOID Start, SIZE_T Size)
{
    ULONG Count = 0;
    PLIST_ENTRY Entry, Next;

    ExAcquireFastMutex(&IopInterruptLock);
    for (Entry = IopInterruptList.Flink; Entry != &IopInterruptList; Entry = Next) {
        PKINTERRUPT Interrupt = CONTAINING_RECORD(Entry, KINTERRUPT, ListLink);
        Next = Entry->Flink;
        if ((ULONG_PTR)Interrupt->ServiceRoutine - (ULONG_PTR)Start < Size) {
            DbgPrint("io: %wZ left its interrupt on vector 0x%02x connected: disconnected for it; "
                     "IoDisconnectInterrupt is the driver's to call\n", Driver, Interrupt->Vector);
            KeDisconnectInterrupt(Interrupt);
            RemoveEntryList(&Interrupt->ListLink);
            ExFreePoolWithTag(Interrupt, IOP_TAG);
            Count++;
        }
    }
    ExReleaseFastMutex(&IopInterruptLock);
    return Count;
}

/* The ISA line that has this vector; MAXULONG when none has. */
static ULONG IopLineOfVector(ULONG Vector)
{
    KAFFINITY Affinity;
    KIRQL Irql;

    for (ULONG Line = 0; Line < 16; Line++) {
        if (HalGetInterruptVector(Isa, 0, Line, Line, &Irql, &Affinity) == Vector) {
            return Line;
        }
    }
    return MAXULONG;
}

static VOID IopDescribeInterrupt(PKINTERRUPT Interrupt, PSYSTEM_INTERRUPT_INFORMATION Entry)
{
    RtlZeroMemory(Entry, sizeof(*Entry));
    Entry->Vector = Interrupt->Vector;
    Entry->Irql = Interrupt->Irql;
    Entry->Line = IopLineOfVector(Interrupt->Vector);
    Entry->LevelSensitive = Interrupt->Mode == LevelSensitive;
    Entry->Count = Interrupt->Count;
    IopDriverNameAt((PVOID)(ULONG_PTR)Interrupt->ServiceRoutine, Entry->Driver, sizeof(Entry->Driver));
}

ULONG IoQueryInterrupts(PSYSTEM_INTERRUPT_INFORMATION Entries, ULONG Capacity)
{
    ULONG Count = 0;

    PAGED_CODE();
    ExAcquireFastMutex(&IopInterruptLock);
    /* By vector: the list is short and in order of connection. */
    for (ULONG Vector = KI_FIRST_DEVICE_VECTOR; Vector <= KI_LAST_DEVICE_VECTOR; Vector++) {
        for (PLIST_ENTRY Entry = IopInterruptList.Flink; Entry != &IopInterruptList; Entry = Entry->Flink) {
            PKINTERRUPT Interrupt = CONTAINING_RECORD(Entry, KINTERRUPT, ListLink);
            if (Interrupt->Vector == Vector) {
                if (Count < Capacity) {
                    IopDescribeInterrupt(Interrupt, &Entries[Count]);
                }
                Count++;
            }
        }
    }
    ExReleaseFastMutex(&IopInterruptLock);
    return Count;
}
