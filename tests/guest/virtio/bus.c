/*
 * What drivers of devices on a bus need: configuration space, and memory that lies in one piece.
 */
#include "testcase.h"

static ULONG Slot(ULONG Device, ULONG Function)
{
    PCI_SLOT_NUMBER Number = {.u.bits = {.DeviceNumber = Device, .FunctionNumber = Function}};

    return Number.u.AsULONG;
}

/* The slot of the first virtio block device; MAXULONG: none. */
static ULONG FindDisk(PPCI_COMMON_CONFIG Config)
{
    for (ULONG Device = 0; Device < PCI_MAX_DEVICES; Device++) {
        if (HalGetBusData(PCIConfiguration, 0, Slot(Device, 0), Config, sizeof(*Config)) == sizeof(*Config) &&
            Config->VendorID == 0x1AF4 && Config->DeviceID == 0x1001) {
            return Slot(Device, 0);
        }
    }
    return MAXULONG;
}

TEST_CASE(ConfigurationIsRead, "HalGetBusData: whole headers and any part of them; 2 for an empty slot, 0 for no bus") {
    PCI_COMMON_CONFIG Whole, Empty;
    UCHAR Part[64];
    ULONG Disk = FindDisk(&Whole);

    REQUIRE(Disk != MAXULONG);
    for (ULONG Offset = 0; Offset < 8; Offset++) {
        EXPECT_EQUAL(HalGetBusDataByOffset(PCIConfiguration, 0, Disk, Part, Offset, 11), 11);
        EXPECT_EQUAL(RtlCompareMemory(Part, (PUCHAR)&Whole + Offset, 11), 11);
    }
    EXPECT_EQUAL(HalGetBusDataByOffset(PCIConfiguration, 0, Disk, Part, 252, sizeof(Part)), 4);
    EXPECT_EQUAL(HalGetBusDataByOffset(PCIConfiguration, 0, Disk, Part, 256, 1), 0);
    EXPECT_EQUAL(HalGetBusData(PCIConfiguration, 0, Slot(31, 7), &Empty, sizeof(Empty)), 2);
    EXPECT_EQUAL(Empty.VendorID, PCI_INVALID_VENDORID);
    EXPECT_EQUAL(HalGetBusData(PCIConfiguration, 1, Disk, &Empty, sizeof(Empty)), 0);
    EXPECT_EQUAL(HalGetBusData(Pos, 0, Disk, &Empty, sizeof(Empty)), 0);
}

TEST_CASE(ConfigurationIsWritten, "HalSetBusData: one byte at a time or more, and what is read-only stays") {
    UCHAR Size = 8, Zero = 0, Back = 0;
    USHORT Vendor = 0x1234;
    PCI_COMMON_CONFIG Before, After;
    ULONG Disk = FindDisk(&Before);

    REQUIRE(Disk != MAXULONG);
    EXPECT_EQUAL(HalSetBusDataByOffset(PCIConfiguration, 0, Disk, &Size, 12, 1), 1);
    HalGetBusDataByOffset(PCIConfiguration, 0, Disk, &Back, 12, 1);
    EXPECT_EQUAL(Back, Size);
    HalSetBusDataByOffset(PCIConfiguration, 0, Disk, Before.CacheLineSize == 0 ? &Zero : &Before.CacheLineSize, 12, 1);
    /* One byte of an address: written as more, it would take its neighbours along. */
    for (ULONG Offset = 0x14; Offset < 0x18; Offset++) {
        UCHAR Bytes[4] = {((PUCHAR)&Before)[Offset], 0, 0, 0};
        EXPECT_EQUAL(HalSetBusDataByOffset(PCIConfiguration, 0, Disk, Bytes, Offset, 1), 1);
        HalGetBusData(PCIConfiguration, 0, Disk, &After, sizeof(After));
        EXPECT_EQUAL(After.u.type0.BaseAddresses[1], Before.u.type0.BaseAddresses[1]);
    }
    EXPECT_EQUAL(HalSetBusDataByOffset(PCIConfiguration, 0, Disk, &Vendor, 0, 2), 2);
    EXPECT_EQUAL(HalSetBusDataByOffset(PCIConfiguration, 0, Slot(31, 7), &Vendor, 0, 2), 2);
    HalGetBusData(PCIConfiguration, 0, Disk, &After, sizeof(After));
    EXPECT_EQUAL(RtlCompareMemory(&Before, &After, PCI_COMMON_HDR_LENGTH), PCI_COMMON_HDR_LENGTH);
}

TEST_CASE(EveryFunctionHasAnAddress, "a base address register that the firmware left empty has got its place") {
    PCI_COMMON_CONFIG Config;

    REQUIRE(FindDisk(&Config) != MAXULONG);
    EXPECT((Config.u.type0.BaseAddresses[0] & PCI_ADDRESS_IO_ADDRESS_MASK) != 0);
    EXPECT((Config.u.type0.BaseAddresses[1] & PCI_ADDRESS_MEMORY_ADDRESS_MASK) != 0);
    EXPECT((Config.Command & PCI_ENABLE_IO_SPACE) != 0);
}

static PHYSICAL_ADDRESS Physical(ULONG64 Address)
{
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)Address};
}

/* Page by page one behind the other, zero, and writable. */
static VOID CheckRun(PVOID Block, ULONG Pages)
{
    ULONG64 First = (ULONG64)MmGetPhysicalAddress(Block).QuadPart;

    for (ULONG i = 0; i < Pages; i++) {
        volatile ULONG64 *Page = (PVOID)((PUCHAR)Block + i * PAGE_SIZE);
        EXPECT_EQUAL(MmGetPhysicalAddress((PVOID)Page).QuadPart, First + i * PAGE_SIZE);
        EXPECT_EQUAL(Page[0] | Page[PAGE_SIZE / sizeof(*Page) - 1], 0);
        Page[0] = i;
        EXPECT_EQUAL(Page[0], i);
    }
}

TEST_CASE(ContiguousMemory, "MmAllocateContiguousMemory...: frames side by side, zero, within the bounds that are asked for") {
    static const MEMORY_CACHING_TYPE Types[] = {MmCached, MmNonCached, MmWriteCombined};
    PVOID Block;

    for (ULONG i = 0; i < ARRAYSIZE(Types); i++) {
        Block = MmAllocateContiguousMemorySpecifyCache(5 * PAGE_SIZE - 1, Physical(0), Physical(MAXULONG), Physical(0),
                                                       Types[i]);
        REQUIRE(Block != NULL);
        CheckRun(Block, 5);
        MmFreeContiguousMemorySpecifyCache(Block, 5 * PAGE_SIZE - 1, Types[i]);
    }
    for (ULONG i = 0; i < 20; i++) {
        /* Something in front, so that the run begins elsewhere every time. */
        PVOID Front = MmAllocateContiguousMemorySpecifyCache((1 + i % 8) * PAGE_SIZE, Physical(0x300000),
                                                             Physical(0x17FFFFF), Physical(0), MmCached);
        ULONG64 At;
        REQUIRE(Front != NULL);
        Block = MmAllocateContiguousMemorySpecifyCache(7 * PAGE_SIZE, Physical(0x300000), Physical(0x17FFFFF),
                                                       Physical(8 * PAGE_SIZE), MmCached);
        REQUIRE(Block != NULL);
        At = (ULONG64)MmGetPhysicalAddress(Block).QuadPart;
        EXPECT(At >= 0x300000 && At + 7 * PAGE_SIZE <= 0x1800000);
        EXPECT_EQUAL(At / (8 * PAGE_SIZE), (At + 7 * PAGE_SIZE - 1) / (8 * PAGE_SIZE));
        MmFreeContiguousMemory(Front);
        MmFreeContiguousMemory(Block);
    }
}

TEST_CASE(NoContiguousMemory, "what is not to be had is NULL: too much, bounds that hold nothing, a wrong boundary") {
    EXPECT(MmAllocateContiguousMemory(0, Physical(MAXULONG)) == NULL);
    EXPECT(MmAllocateContiguousMemory(1ull << 40, Physical(MAXLONGLONG)) == NULL);
    EXPECT(MmAllocateContiguousMemory(PAGE_SIZE, Physical(PAGE_SIZE - 2)) == NULL);
    EXPECT(MmAllocateContiguousMemorySpecifyCache(2 * PAGE_SIZE, Physical(0x100000), Physical(0x101FFE), Physical(0),
                                                  MmCached) == NULL);
    EXPECT(MmAllocateContiguousMemorySpecifyCache(2 * PAGE_SIZE, Physical(0), Physical(MAXULONG), Physical(PAGE_SIZE),
                                                  MmCached) == NULL);
    EXPECT(MmAllocateContiguousMemorySpecifyCache(PAGE_SIZE, Physical(0), Physical(MAXULONG), Physical(3 * PAGE_SIZE),
                                                  MmCached) == NULL);
}

TEST_CASE(ContiguousFromStandby, "pages on standby give way to contiguous memory and come back as they were") {
    ULONG Pages = 512;
    volatile ULONG *Block = ExAllocatePoolWithTag(PagedPool, Pages * PAGE_SIZE, 'ksdT');
    PVOID Runs[64];
    ULONG Count = 0;

    REQUIRE(Block != NULL);
    for (ULONG i = 0; i < Pages; i++) {
        Block[i * (PAGE_SIZE / sizeof(ULONG))] = i ^ 0x5A5A5A5A;
    }
    MmTrimAllSystemPageableMemory(FALSE);
    for (; Count < ARRAYSIZE(Runs); Count++) {
        Runs[Count] = MmAllocateContiguousMemory(64 * PAGE_SIZE, Physical(MAXULONG));
        if (Runs[Count] == NULL) {
            break;
        }
        RtlFillMemory(Runs[Count], 64 * PAGE_SIZE, 0xEE);
    }
    EXPECT(Count > 0);
    for (ULONG i = 0; i < Pages; i++) {
        EXPECT_EQUAL(Block[i * (PAGE_SIZE / sizeof(ULONG))], i ^ 0x5A5A5A5A);
    }
    while (Count-- > 0) {
        MmFreeContiguousMemory(Runs[Count]);
    }
    ExFreePoolWithTag((PVOID)Block, 'ksdT');
}

static VOID AllocateOften(PVOID Context)
{
    ULONG Wrong = 0;

    UNREFERENCED_PARAMETER(Context);
    for (ULONG Round = 0; Round < 400; Round++) {
        ULONG Pages = 1 + Round % 17;
        PVOID Block = MmAllocateContiguousMemory(Pages * PAGE_SIZE, Physical(MAXULONG));
        if (Block != NULL) {
            for (ULONG Word = 0; Word < Pages * PAGE_SIZE / sizeof(ULONG); Word += 512) {
                Wrong += ((PULONG)Block)[Word] != 0;
            }
            RtlFillMemory(Block, Pages * PAGE_SIZE, 0xAB);
            MmFreeContiguousMemory(Block);
        }
        if (Round % 128 == 0) {
            MmTrimAllSystemPageableMemory(TRUE);
        }
    }
    EXPECT_EQUAL(Wrong, 0);
}

TEST_CASE(ContiguousFromManyThreads, "runs that several processors look for at once never overlap") {
    TestOnThreads(4, AllocateOften, NULL);
}
