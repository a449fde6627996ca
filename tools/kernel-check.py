#!/usr/bin/python3
"""Hold the linked kernel to what its loaders and its memory manager take for granted.

    tools/kernel-check.py FIRST.elf KERNEL.elf

- The multiboot header lies in the first 8 KiB, its checksum is right, and its address fields describe the file: a
  loader that goes by them copies raw bytes, so file offsets must run in step with physical addresses.
- Sections that are loaded begin on a page, follow one another without a gap, and none is both writable and executable.
- No routine has moved between the two links, so the symbol table made from the first is true of the second.

Each breach is one line on standard error; the exit status is 1 if there is any.
"""
import struct
import sys

from elf64 import SHF_EXECINSTR, SHF_WRITE, SHT_NOBITS, Elf

PAGE = 4096
HEADER_MAGIC = 0x1BADB002
HEADER_FLAGS = 1 << 16          # the address fields are there
HEADER_SEARCH = 8192
KERNEL_BASE = 0xFFFFFFFF80000000


def physical(address):
    return address - KERNEL_BASE if address >= KERNEL_BASE else address


def check_sections(kernel):
    first, previous_end = None, None
    for section in sorted(kernel.loaded(), key=lambda section: physical(section.address)):
        start = physical(section.address)
        first = first or section
        into_memory, into_file = start - physical(first.address), section.offset - first.offset
        if section.flags & SHF_WRITE and section.flags & SHF_EXECINSTR:
            yield f"section {section.name} is both writable and executable"
        if start % PAGE:
            yield f"section {section.name} begins at {start:#x}, not on a page"
        if previous_end is not None and start != previous_end:
            yield f"section {section.name} begins at {start:#x}, the one before it ends at {previous_end:#x}"
        if section.kind != SHT_NOBITS and into_file != into_memory:
            yield f"section {section.name} is {into_memory:#x} into memory, {into_file:#x} into the file"
        previous_end = start + section.size


def check_header(kernel):
    for at in range(0, min(HEADER_SEARCH, len(kernel.bytes)) - 31, 4):
        magic, flags, checksum, header, load, load_end, bss_end, entry = struct.unpack_from("<8I", kernel.bytes, at)
        if magic == HEADER_MAGIC and (magic + flags + checksum) & 0xFFFFFFFF == 0:
            break
    else:
        yield f"no multiboot header in the first {HEADER_SEARCH} bytes"
        return
    if not flags & HEADER_FLAGS:
        yield "the multiboot header has no address fields (flag bit 16): QEMU refuses an ELF64 without them"
        return
    into_file = at - min(section.offset for section in kernel.loaded())
    if into_file != header - load:
        yield f"the multiboot header says it is {header - load:#x} into the image, it is {into_file:#x}"
    addresses = {symbol.name: symbol.value for symbol in kernel.symbols}
    for what, value, name in (("load address", load, "KernelPhysicalStart"),
                              ("load end", load_end, "KernelPhysicalLoadEnd"),
                              ("bss end", bss_end, "KernelPhysicalEnd"), ("entry", entry, "KernelEntry")):
        if value != addresses.get(name):
            yield f"the multiboot header's {what} is {value:#x}, not {name} ({addresses.get(name, 0):#x})"


def routines(kernel):
    """Where each symbol of an executable section lies; local names may occur more than once."""
    code = {i for i, section in enumerate(kernel.sections) if section.flags & SHF_EXECINSTR}
    return {(symbol.name, symbol.value) for symbol in kernel.symbols if symbol.section in code}


def check_routines(first, kernel):
    moved = sorted(routines(first) ^ routines(kernel))
    if moved:
        yield f"routines moved between the two links, {moved[0][0]} for one: the symbol table is wrong"


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: tools/kernel-check.py FIRST.elf KERNEL.elf")
    first, kernel = Elf(sys.argv[1]), Elf(sys.argv[2])
    breaches = [*check_sections(kernel), *check_header(kernel), *check_routines(first, kernel)]
    for breach in breaches:
        print(f"{sys.argv[2]}: {breach}", file=sys.stderr)
    sys.exit(1 if breaches else 0)


if __name__ == "__main__":
    main()
