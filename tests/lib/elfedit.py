"""
Overwriting one field of an ELF64 file by name, to make files that are wrong in exactly one way.

    header.FIELD=VALUE            of the file header       machine type entry shoff shentsize shnum shstrndx ...
    section:NAME.FIELD=VALUE      of a section's header    name type flags addr offset size link info addralign entsize
    segment:INDEX.FIELD=VALUE     of a program header      type flags offset vaddr filesz memsz align
    symbol:NAME.FIELD=VALUE       of a symbol              name info other shndx value size
    reloc:SECTION:INDEX.FIELD=VALUE  of a relocation       offset info type symbol addend

A `name` may be any text: the string goes to the end of a copy of its string table, and the copy to the end of the file.
Other values are decimal or 0x hexadecimal, cut to the width of the field. Nothing is checked: that is the point.
"""

import re
import struct

HEADER = {
    "type": (16, "H"), "machine": (18, "H"), "version": (20, "I"), "entry": (24, "Q"), "phoff": (32, "Q"),
    "shoff": (40, "Q"), "flags": (48, "I"), "ehsize": (52, "H"), "phentsize": (54, "H"), "phnum": (56, "H"),
    "shentsize": (58, "H"), "shnum": (60, "H"), "shstrndx": (62, "H"), "class": (4, "B"), "data": (5, "B"),
}
SECTION = {
    "name": (0, "I"), "type": (4, "I"), "flags": (8, "Q"), "addr": (16, "Q"), "offset": (24, "Q"), "size": (32, "Q"),
    "link": (40, "I"), "info": (44, "I"), "addralign": (48, "Q"), "entsize": (56, "Q"),
}
SEGMENT = {
    "type": (0, "I"), "flags": (4, "I"), "offset": (8, "Q"), "vaddr": (16, "Q"), "paddr": (24, "Q"),
    "filesz": (32, "Q"), "memsz": (40, "Q"), "align": (48, "Q"),
}
SYMBOL = {
    "name": (0, "I"), "info": (4, "B"), "other": (5, "B"), "shndx": (6, "H"), "value": (8, "Q"), "size": (16, "Q"),
}
RELOC = {"offset": (0, "Q"), "type": (8, "I"), "symbol": (12, "I"), "info": (8, "Q"), "addend": (16, "q")}

SECTION_SIZE, SEGMENT_SIZE, SYMBOL_SIZE, RELOC_SIZE = 64, 56, 24, 24
SHT_SYMTAB = 2


class EditError(Exception):
    """An assignment that names nothing in the file."""


def assign(data, assignment):
    """`data` with one field overwritten. Raises EditError."""
    match = re.fullmatch(r"(header|(?:section|segment|symbol|reloc):.+)\.([a-z]+)=(.*)", assignment)
    if not match:
        raise EditError(f"'{assignment}' is not WHERE.FIELD=VALUE")
    where, field, value = match.groups()
    image = Image(data)
    kind, _, name = where.partition(":")
    base, fields, strings = image.locate(kind, name)
    if field not in fields:
        raise EditError(f"'{field}' is no field of a {kind}: one of {', '.join(fields)}")
    if field == "name":
        image.put(base, fields[field], image.add_string(strings, value))
    else:
        image.put(base, fields[field], int(value, 0))
    return bytes(image.data)


class Image:
    def __init__(self, data):
        if data[:5] != b"\x7fELF\x02":
            raise EditError("not an ELF64 file")
        self.data = bytearray(data)

    def get(self, base, place):
        offset, code = place
        return struct.unpack_from("<" + code, self.data, base + offset)[0]

    def put(self, base, place, value):
        offset, code = place
        size = struct.calcsize(code)
        wrapped = value & ((1 << 8 * size) - 1)
        self.data[base + offset:base + offset + size] = wrapped.to_bytes(size, "little")

    def section(self, index):
        """Where the header of section `index` lies."""
        return self.get(0, HEADER["shoff"]) + index * SECTION_SIZE

    def sections(self):
        return [self.section(index) for index in range(self.get(0, HEADER["shnum"]))]

    def string(self, table, offset):
        start = self.get(table, SECTION["offset"]) + offset
        return self.data[start:self.data.index(0, start)].decode("latin-1")

    def add_string(self, table, text):
        """Moves a string table to the end of the file with `text` added; returns where in the table it begins."""
        start, size = self.get(table, SECTION["offset"]), self.get(table, SECTION["size"])
        moved = self.data[start:start + size] + text.encode("latin-1") + b"\0"
        self.put(table, SECTION["offset"], len(self.data))
        self.put(table, SECTION["size"], len(moved))
        self.data += moved
        return size

    def find_section(self, name):
        names = self.section(self.get(0, HEADER["shstrndx"]))
        for base in self.sections():
            if self.string(names, self.get(base, SECTION["name"])) == name:
                return base
        raise EditError(f"no section '{name}'")

    def entries(self, table, size):
        start = self.get(table, SECTION["offset"])
        return range(start, start + self.get(table, SECTION["size"]), size)

    def locate(self, kind, name):
        """Where a structure lies, its fields, and the header of the string table that its name is in."""
        if kind == "header":
            return 0, HEADER, None
        if kind == "section":
            return self.find_section(name), SECTION, self.section(self.get(0, HEADER["shstrndx"]))
        if kind == "segment":
            return self.get(0, HEADER["phoff"]) + int(name, 0) * SEGMENT_SIZE, SEGMENT, None
        if kind == "reloc":
            table, _, index = name.rpartition(":")
            entries = self.entries(self.find_section(table), RELOC_SIZE)
            if int(index, 0) >= len(entries):
                raise EditError(f"'{table}' has {len(entries)} relocations")
            return entries[int(index, 0)], RELOC, None
        for table in self.sections():
            if self.get(table, SECTION["type"]) != SHT_SYMTAB:
                continue
            strings = self.section(self.get(table, SECTION["link"]))
            for base in self.entries(table, SYMBOL_SIZE):
                if self.string(strings, self.get(base, SYMBOL["name"])) == name:
                    return base, SYMBOL, strings
        raise EditError(f"no symbol '{name}'")
