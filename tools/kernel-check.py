#!/usr/bin/python3
"""Hold the linked kernel to what its loaders and its memory manager take for granted.

    tools/kernel-check.py FIRST.elf KERNEL.elf

- The multiboot header lies in the first 8 KiB, its checksum is right, and its address fields describe the file: a loader
  that goes by them copies raw bytes, so file offsets must run in step with physical addresses.
- Sections that are loaded begin on a page, follow one another without a gap, and none is both writable and executable.
- No routine has moved between the two links, so the symbol table made from the first is true of the second.

Each breach is one line on standard error; the exit status is 1 if there is any.
"""
import struct
import sys

PAGE = 4096
HEADER_MAGIC = 0x1BADB002
HEADER_FLAGS = 1 << 16          # the address fields are there
HEADER_SEARCH = 8192
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 1, 2, 4
SHT_SYMTAB, SHT_NOBITS = 2, 8
KERNEL_BASE = 0xFFFFFFFF80000000


class Elf:
    """The sections and symbols of an ELF64 file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        table, = struct.unpack_from("<Q", self.bytes, 0x28)
        size, count, names = struct.unpack_from("<HHH", self.bytes, 0x3A)
        fields = [struct.unpack_from("<IIQQQQIIQQ", self.bytes, table + i * size) for i in range(count)]
        self.sections = [(self._string(fields[names][4] + field[0]),) + field[1:] for field in fields]
        self.symbols = {}
        for name, kind, _, _, offset, length, link, *_ in self.sections:
            if kind == SHT_SYMTAB:
                strings = self.sections[link][4]
                for at in range(offset, offset + length, 24):
                    index, info, _, section, value, _ = struct.unpack_from("<IBBHQQ", self.bytes, at)
                    self.symbols[self._string(strings + index)] = (value, section, info & 15)

    def _string(self, offset):
        return self.bytes[offset:self.bytes.index(b"\0", offset)].decode()

    def address(self, name):
        return self.symbols[name][0] if name in self.symbols else None

    def loaded(self):
        """(name, physical address, file offset, size, flags, kind) of what lies in memory, by address."""
        found = []
        for name, kind, flags, address, offset, size, *_ in self.sections:
            if flags & SHF_ALLOC and size:
                physical = address - KERNEL_BASE if address >= KERNEL_BASE else address
                found.append((name, physical, offset, size, flags, kind))
        return sorted(found, key=lambda section: section[1])

    def routines(self):
        """Where each symbol of an executable section lies."""
        code = {i for i, section in enumerate(self.sections) if section[2] & SHF_EXECINSTR}
        return {name: value for name, (value, section, _) in self.symbols.items() if section in code}


def check_sections(kernel):
    previous_end = None
    start_physical, start_offset = None, None
    for name, physical, offset, size, flags, kind in kernel.loaded():
        if flags & SHF_WRITE and flags & SHF_EXECINSTR:
            yield f"section {name} is both writable and executable"
        if physical % PAGE:
            yield f"section {name} begins at {physical:#x}, not on a page"
        if previous_end is None:
            start_physical, start_offset = physical, offset
        elif physical != previous_end:
            yield f"section {name} begins at {physical:#x}, the one before it ends at {previous_end:#x}"
        if kind != SHT_NOBITS and offset - start_offset != physical - start_physical:
            yield f"section {name} is {physical - start_physical:#x} into memory, {offset - start_offset:#x} into the file"
        previous_end = physical + size


def check_header(kernel):
    for at in range(0, HEADER_SEARCH, 4):
        magic, flags, checksum, header, load, load_end, bss_end, entry = struct.unpack_from("<8I", kernel.bytes, at)
        if magic == HEADER_MAGIC and (magic + flags + checksum) & 0xFFFFFFFF == 0:
            break
    else:
        yield f"no multiboot header in the first {HEADER_SEARCH} bytes"
        return
    if not flags & HEADER_FLAGS:
        yield "the multiboot header has no address fields (flag bit 16): QEMU refuses an ELF64 without them"
        return
    first = kernel.loaded()[0]
    if at - first[2] != header - load:
        yield f"the multiboot header says it is {header - load:#x} into the image, it is {at - first[2]:#x}"
    for what, value, name in (("load address", load, "KernelPhysicalStart"), ("load end", load_end, "KernelPhysicalLoadEnd"),
                              ("bss end", bss_end, "KernelPhysicalEnd"), ("entry", entry, "KernelEntry")):
        if value != kernel.address(name):
            yield f"the multiboot header's {what} is {value:#x}, not {name} ({kernel.address(name) or 0:#x})"


def check_routines(first, kernel):
    before, after = first.routines(), kernel.routines()
    moved = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if moved:
        yield f"{len(moved)} routines moved between the two links, {moved[0]} first: the symbol table is wrong"


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
