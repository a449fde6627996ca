/*
 * A program's file: static ELF64 (ET_EXEC), whose program headers say what to map where. Section headers are not read.
 */
#include "rtl/rtl.h"
#include "ldrelfp.h"

static ULONG_PTR LdrpPageOf(ULONG_PTR Address)
{
    return Address / LDR_PAGE_SIZE;
}

/* Checks one segment to load and fills *Segment. */
static NTSTATUS LdrpCheckSegment(const ELF64_PHDR *Header, ULONG Index, ULONG64 FileSize, PLDR_ELF_SEGMENT Segment,
                                 PLDR_REPORT Report)
{
    NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;

    if (!LdrpInside(Header->p_offset, Header->p_filesz, FileSize)) {
        return LdrpElfFail(Report, Bad, "segment %u: offset %#I64x and size %#I64x leave the file (%#I64x bytes)",
                           Index, Header->p_offset, Header->p_filesz, FileSize);
    }
    if (Header->p_filesz > Header->p_memsz) {
        return LdrpElfFail(Report, Bad, "segment %u: %#I64x bytes in the file, only %#I64x in memory", Index,
                           Header->p_filesz, Header->p_memsz);
    }
    if (Header->p_vaddr < LDR_PROGRAM_START || !LdrpInside(Header->p_vaddr, Header->p_memsz, LDR_PROGRAM_END)) {
        return LdrpElfFail(Report, Bad,
                           "segment %u: address %#I64x and size %#I64x leave user space (%#I64x to %#I64x)", Index,
                           Header->p_vaddr, Header->p_memsz, LDR_PROGRAM_START, LDR_PROGRAM_END);
    }
    if ((Header->p_vaddr - Header->p_offset) % LDR_PAGE_SIZE != 0) {
        return LdrpElfFail(Report, Bad, "segment %u: address %#I64x and file offset %#I64x differ within a page", Index,
                           Header->p_vaddr, Header->p_offset);
    }
    if ((Header->p_flags & PF_W) && (Header->p_flags & PF_X)) {
        return LdrpElfFail(Report, Bad, "segment %u at %#I64x is both writable and executable", Index, Header->p_vaddr);
    }
    if (!(Header->p_flags & PF_R)) {
        return LdrpElfFail(Report, Bad, "segment %u at %#I64x is not readable", Index, Header->p_vaddr);
    }
    *Segment = (LDR_ELF_SEGMENT){
        .Address = Header->p_vaddr,
        .MemorySize = Header->p_memsz,
        .FileOffset = Header->p_offset,
        .FileSize = Header->p_filesz,
        .Protection = LDR_READ | (Header->p_flags & PF_W ? LDR_WRITE : 0) | (Header->p_flags & PF_X ? LDR_EXECUTE : 0),
    };
    return STATUS_SUCCESS;
}

/* Puts a segment where it belongs by address; a page has one protection, so no two segments may share one. */
static NTSTATUS LdrpAddSegment(PLDR_ELF_PROGRAM Program, const LDR_ELF_SEGMENT *New, PLDR_REPORT Report)
{
    ULONG Place = Program->SegmentCount;

    if (Program->SegmentCount == LDR_MAXIMUM_SEGMENTS) {
        return LdrpElfFail(Report, STATUS_SECTION_TOO_BIG, "the program has more than %u segments",
                           LDR_MAXIMUM_SEGMENTS);
    }
    for (ULONG Index = 0; Index < Program->SegmentCount; Index++) {
        const LDR_ELF_SEGMENT *Old = &Program->Segments[Index];
        if (LdrpPageOf(Old->Address) <= LdrpPageOf(New->Address + New->MemorySize - 1) &&
            LdrpPageOf(New->Address) <= LdrpPageOf(Old->Address + Old->MemorySize - 1)) {
            return LdrpElfFail(Report, STATUS_INVALID_IMAGE_FORMAT, "the segments at %#I64x and %#I64x share a page",
                               Old->Address, New->Address);
        }
    }
    for (; Place > 0 && Program->Segments[Place - 1].Address > New->Address; Place--) {
        Program->Segments[Place] = Program->Segments[Place - 1];
    }
    Program->Segments[Place] = *New;
    Program->SegmentCount++;
    return STATUS_SUCCESS;
}

/* Takes one program header: a segment to load, something to refuse, or something that only others read. */
static NTSTATUS LdrpTakeHeader(const ELF64_PHDR *Header, ULONG Index, ULONG64 FileSize, PLDR_ELF_PROGRAM Program,
                               PLDR_REPORT Report)
{
    NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;
    LDR_ELF_SEGMENT Segment;
    NTSTATUS Status;

    switch (Header->p_type) {
    case PT_LOAD:
        if (Header->p_memsz == 0 && Header->p_filesz == 0) {
            return STATUS_SUCCESS;
        }
        Status = LdrpCheckSegment(Header, Index, FileSize, &Segment, Report);
        return NT_SUCCESS(Status) ? LdrpAddSegment(Program, &Segment, Report) : Status;
    case PT_DYNAMIC:
    case PT_INTERP:
        return LdrpElfFail(Report, Bad, "segment %u: the program is linked dynamically; link it with -static -no-pie",
                           Index);
    case PT_TLS:
        return LdrpElfFail(Report, Bad, "segment %u: thread-local variables are not supported", Index);
    case PT_GNU_STACK:
        if (Header->p_flags & PF_X) {
            return LdrpElfFail(Report, Bad,
                               "segment %u: the program wants an executable stack; link with -z noexecstack",
                               Index);
        }
        if (Header->p_memsz > LDR_MAXIMUM_STACK) {
            return LdrpElfFail(Report, STATUS_INVALID_IMAGE_FORMAT, "segment %u: a stack of %#I64x bytes; the most is %#x",
                               Index, Header->p_memsz, LDR_MAXIMUM_STACK);
        }
        Program->StackSize = Header->p_memsz;
        return STATUS_SUCCESS;
    default:
        return STATUS_SUCCESS;
    }
}

/* The entry is an instruction out of the file, not a byte of zero fill. */
static BOOLEAN LdrpIsCode(const LDR_ELF_PROGRAM *Program, ULONG_PTR Address)
{
    for (ULONG Index = 0; Index < Program->SegmentCount; Index++) {
        const LDR_ELF_SEGMENT *Segment = &Program->Segments[Index];
        if (Address >= Segment->Address && Address - Segment->Address < Segment->FileSize) {
            return (Segment->Protection & LDR_EXECUTE) != 0;
        }
    }
    return FALSE;
}

NTSTATUS LdrElfValidateProgram(const VOID *File, SIZE_T Size, ULONG64 FileSize, PLDR_ELF_PROGRAM Program,
                               PLDR_REPORT Report)
{
    const ELF64_EHDR *Header = File;
    NTSTATUS Bad = STATUS_INVALID_IMAGE_FORMAT;
    const ELF64_PHDR *Headers;
    NTSTATUS Status;

    memset(Program, 0, sizeof(*Program));
    Report->Error[0] = 0;
    Status = LdrpElfCheckHeader(File, Size, ET_EXEC, Report);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Header->e_phnum == 0 || Header->e_phentsize != sizeof(ELF64_PHDR)) {
        return LdrpElfFail(Report, Bad, "the program has %u program headers of %u bytes; at least one of %u is needed",
                           Header->e_phnum, Header->e_phentsize, (ULONG)sizeof(ELF64_PHDR));
    }
    if (Header->e_phoff % sizeof(ULONG64) != 0 ||
        !LdrpInside(Header->e_phoff, (ULONG64)Header->e_phnum * sizeof(ELF64_PHDR), Size)) {
        return LdrpElfFail(Report, Bad,
                           "the program headers (offset %#I64x, %u of them) are misaligned or leave %s",
                           Header->e_phoff, Header->e_phnum, Size < FileSize ? "the file's first pages" : "the file");
    }
    Headers = (const ELF64_PHDR *)((const UCHAR *)File + Header->e_phoff);
    for (ULONG Index = 0; Index < Header->e_phnum; Index++) {
        Status = LdrpTakeHeader(&Headers[Index], Index, FileSize, Program, Report);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    if (!LdrpIsCode(Program, Header->e_entry)) {
        return LdrpElfFail(Report, Bad, "the entry point %#I64x is not in an executable segment", Header->e_entry);
    }
    Program->Entry = Header->e_entry;
    return STATUS_SUCCESS;
}
