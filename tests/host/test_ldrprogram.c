/*
 * Programs' files: the good one's segments, and a named refusal for each kind of damage.
 */
#include "elffile.h"

static LDR_ELF_PROGRAM Program;
static LDR_REPORT Report;

static NTSTATUS Validate(ELF_FILE *File)
{
    NTSTATUS Status = LdrElfValidateProgram(File->Bytes, File->Size, File->Size, &Program, &Report);

    ElfCheckReport(Status, &Report);
    return Status;
}

static VOID ExpectStatus(ELF_FILE *File, NTSTATUS Expected, PCSTR Words)
{
    NTSTATUS Status = Validate(File);

    CHECK(Status == Expected, "status %#x, should be %#x; the message: %s", Status, Expected, Report.Error);
    CHECK(strstr(Report.Error, Words) != NULL, "\"%s\" is not in the message: %s", Words, Report.Error);
    TapNote("%s", Report.Error);
    TapFree(File->Bytes);
}

static VOID ExpectBad(ELF_FILE *File, PCSTR Words)
{
    ExpectStatus(File, STATUS_INVALID_IMAGE_FORMAT, Words);
}

/* The load segment with these flags. */
static ELF64_PHDR *Load(ELF_FILE *File, ULONG Flags)
{
    for (ULONG Index = 0; Index < ElfHeader(File)->e_phnum; Index++) {
        if (ElfSegments(File)[Index].p_type == PT_LOAD && ElfSegments(File)[Index].p_flags == Flags) {
            return &ElfSegments(File)[Index];
        }
    }
    TapFail(__FILE__, __LINE__, "segment", "the good program has no segment with flags %u", Flags);
}

CASE(GoodProgram)
{
    ELF_FILE File = ElfRead(GOOD_PROGRAM);
    ULONG Kinds = 0;

    CHECK(Validate(&File) == STATUS_SUCCESS, "%s", Report.Error);
    CHECK_EQUAL(Program.SegmentCount, 3);
    CHECK_EQUAL(Program.Entry, ElfSymbol(&File, "mainCRTStartup")->st_value);
    for (ULONG Index = 0; Index < 3; Index++) {
        const LDR_ELF_SEGMENT *Segment = &Program.Segments[Index];
        const ELF64_PHDR *Header = Load(&File, (Segment->Protection & LDR_EXECUTE ? PF_X : 0) |
                                        (Segment->Protection & LDR_WRITE ? PF_W : 0) | PF_R);
        CHECK(Index == 0 || Segment->Address >= Segment[-1].Address + Segment[-1].MemorySize);
        CHECK_EQUAL(Segment->Address, Header->p_vaddr);
        CHECK_EQUAL(Segment->MemorySize, Header->p_memsz);
        CHECK_EQUAL(Segment->FileOffset, Header->p_offset);
        CHECK_EQUAL(Segment->FileSize, Header->p_filesz);
        Kinds |= 1u << Segment->Protection;
    }
    CHECK_EQUAL(Kinds, (1u << LDR_READ) | (1u << (LDR_READ | LDR_WRITE)) | (1u << (LDR_READ | LDR_EXECUTE)));
    TapFree(File.Bytes);
}

CASE(SegmentsAreSorted)
{
    ELF_FILE File = ElfRead(GOOD_PROGRAM);
    ELF64_PHDR *Segments = ElfSegments(&File), Swap = Segments[0];

    Segments[0] = Segments[2];
    Segments[2] = Swap;
    CHECK(Validate(&File) == STATUS_SUCCESS, "%s", Report.Error);
    CHECK(Program.Segments[0].Address < Program.Segments[1].Address);
    CHECK(Program.Segments[1].Address < Program.Segments[2].Address);
    TapFree(File.Bytes);
}

/* Section headers are not needed, so only what the segments and their headers take must be there. */
CASE(TruncatedEverywhere)
{
    ELF_FILE File = ElfRead(GOOD_PROGRAM);
    SIZE_T Needed = 0;

    for (ULONG Index = 0; Index < ElfHeader(&File)->e_phnum; Index++) {
        Needed = max(Needed, ElfSegments(&File)[Index].p_offset + ElfSegments(&File)[Index].p_filesz);
    }
    for (SIZE_T Size = 0; Size <= File.Size; Size++) {
        ELF_FILE Short = {TapAllocate(Size), Size};
        memcpy(Short.Bytes, File.Bytes, Size);
        CHECK(Validate(&Short) == (Size < Needed ? STATUS_INVALID_IMAGE_FORMAT : STATUS_SUCCESS),
              "the first %llu bytes: %s", Size, Report.Error);
        TapFree(Short.Bytes);
        Size += Size > 512 && Size + 100 < Needed ? 60 : 0;
    }
    TapFree(File.Bytes);
}

#define PROGRAM_CASE(Title, Change, Words)                                                                     \
    CASE(Title)                                                                                                \
    {                                                                                                          \
        ELF_FILE File = ElfRead(GOOD_PROGRAM);                                                                 \
        ELF64_EHDR *Header = ElfHeader(&File);                                                                 \
        ELF64_PHDR *Data = Load(&File, PF_R | PF_W), *Code = Load(&File, PF_R | PF_X);                         \
        (void)Header, (void)Data, (void)Code;                                                                  \
        Change;                                                                                                \
        ExpectBad(&File, Words);                                                                               \
    }

PROGRAM_CASE(BadMagic, Header->e_ident[1] = 'F', "magic")
PROGRAM_CASE(WrongMachine, Header->e_machine = 3, "machine 3")
PROGRAM_CASE(IsDriver, Header->e_type = ET_REL, "type 1")
PROGRAM_CASE(IsPositionIndependent, Header->e_type = ET_DYN, "-no-pie")
PROGRAM_CASE(NoProgramHeaders, Header->e_phnum = 0, "0 program headers")
PROGRAM_CASE(WrongProgramHeaderSize, Header->e_phentsize = 32, "of 32 bytes")
PROGRAM_CASE(ProgramHeadersOutside, Header->e_phoff = File.Size & ~7ull, "leave the file")
PROGRAM_CASE(ProgramHeadersWrap, Header->e_phoff = ~7ull, "leave the file")
PROGRAM_CASE(ProgramHeadersMisaligned, Header->e_phoff += 4, "misaligned")
PROGRAM_CASE(SegmentOutsideFile, Data->p_offset = ALIGN_UP_BY(File.Size, 4096), "leave the file")
PROGRAM_CASE(SegmentWrapsInFile, Data->p_filesz = ~0ull, "leave the file")
PROGRAM_CASE(SegmentFileLargerThanMemory, Data->p_memsz = Data->p_filesz - 1, "only")
PROGRAM_CASE(SegmentBelowUserSpace, Data->p_vaddr = 0xF000, "leave user space")
PROGRAM_CASE(SegmentAtNull, Data->p_vaddr = 0, "leave user space")
PROGRAM_CASE(SegmentAboveUserSpace, Data->p_vaddr = LDR_PROGRAM_END - 4096, "leave user space")
PROGRAM_CASE(SegmentInKernelSpace, Data->p_vaddr = 0xFFFF800000000000, "leave user space")
PROGRAM_CASE(SegmentMemoryWraps, Data->p_memsz = ~0ull, "leave user space")
PROGRAM_CASE(SegmentNotCongruent, Data->p_vaddr += 16, "within a page")
PROGRAM_CASE(SegmentWritableAndExecutable, Data->p_flags |= PF_X, "both writable and executable")
PROGRAM_CASE(SegmentNotReadable, Data->p_flags = PF_W, "not readable")
PROGRAM_CASE(SegmentsOverlap, Data->p_vaddr = Code->p_vaddr, "share a page")
PROGRAM_CASE(SegmentsShareAPage, Code->p_memsz = Data->p_vaddr - Code->p_vaddr + 1, "share a page")
PROGRAM_CASE(Dynamic, Data->p_type = PT_DYNAMIC, "dynamically")
PROGRAM_CASE(Interpreter, Data->p_type = PT_INTERP, "dynamically")
PROGRAM_CASE(ThreadLocal, Data->p_type = PT_TLS, "thread-local")
PROGRAM_CASE(ExecutableStack, (Data->p_type = PT_GNU_STACK, Data->p_flags = PF_R | PF_W | PF_X), "executable stack")
PROGRAM_CASE(EntryInData, Header->e_entry = Data->p_vaddr, "entry point")
PROGRAM_CASE(EntryNowhere, Header->e_entry = 0, "entry point")
PROGRAM_CASE(EntryBehindCode, (Code->p_memsz += 16, Header->e_entry = Code->p_vaddr + Code->p_filesz), "entry point")

CASE(EmptySegmentsAreNothing)
{
    ELF_FILE File = ElfRead(GOOD_PROGRAM);
    ELF64_PHDR *Data = Load(&File, PF_R | PF_W);

    *Data = (ELF64_PHDR){.p_type = PT_LOAD};
    CHECK(Validate(&File) == STATUS_SUCCESS, "%s", Report.Error);
    CHECK_EQUAL(Program.SegmentCount, 2);
    *Data = (ELF64_PHDR){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W};
    CHECK(Validate(&File) == STATUS_SUCCESS, "%s", Report.Error);
    TapFree(File.Bytes);
}

CASE(TooManySegments)
{
    /* A file of its own: one code segment, and a page each for the others. */
    ELF_FILE File = {TapAllocate(4096), 4096}, GoodFile = ElfRead(GOOD_PROGRAM);

    for (ULONG Count = LDR_MAXIMUM_SEGMENTS; Count <= LDR_MAXIMUM_SEGMENTS + 1; Count++) {
        memset(File.Bytes, 0, File.Size);
        memcpy(File.Bytes, GoodFile.Bytes, sizeof(ELF64_EHDR));
        ElfHeader(&File)->e_phoff = sizeof(ELF64_EHDR);
        ElfHeader(&File)->e_phnum = (USHORT)Count;
        ElfHeader(&File)->e_entry = 0x400000;
        for (ULONG Index = 0; Index < Count; Index++) {
            ElfSegments(&File)[Index] = (ELF64_PHDR){.p_type = PT_LOAD, .p_flags = PF_R | (Index == 0 ? PF_X : PF_W),
                .p_vaddr = 0x400000 + Index * 0x1000, .p_filesz = 16, .p_memsz = 0x1000};
        }
        CHECK_EQUAL(Validate(&File), Count > LDR_MAXIMUM_SEGMENTS ? STATUS_SECTION_TOO_BIG : STATUS_SUCCESS);
    }
    TapFree(GoodFile.Bytes);
    ExpectStatus(&File, STATUS_SECTION_TOO_BIG, "more than 16");
}
