"""Read ELF64 files: sections and symbols, as the host tools need them. No module outside the standard library.

Files are taken to be what our own linker wrote; what is malformed raises struct.error, ValueError or IndexError.
"""
import collections
import struct

SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 1, 2, 4
SHT_SYMTAB, SHT_NOBITS = 2, 8
SHN_UNDEF, SHN_LORESERVE = 0, 0xFF00
STT_FUNC = 2

Section = collections.namedtuple("Section", "name kind flags address offset size link info alignment entry_size")
Symbol = collections.namedtuple("Symbol", "name value section kind binding size")


class Elf:
    """The sections and symbols of one file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        if self.bytes[:5] != b"\x7fELF\x02":
            raise ValueError(f"{path} is not an ELF64 file")
        table, = struct.unpack_from("<Q", self.bytes, 0x28)
        size, count, names = struct.unpack_from("<HHH", self.bytes, 0x3A)
        fields = [struct.unpack_from("<IIQQQQIIQQ", self.bytes, table + i * size) for i in range(count)]
        self.sections = [Section(self._string(fields[names][4] + field[0]), *field[1:]) for field in fields]
        tables = [section for section in self.sections if section.kind == SHT_SYMTAB]
        self.symbols = [symbol for table in tables for symbol in self._symbols(table)]

    def loaded(self):
        """The sections that lie in memory and are not empty, in the file's order."""
        return [section for section in self.sections if section.flags & SHF_ALLOC and section.size]

    def _string(self, offset):
        return self.bytes[offset:self.bytes.index(b"\0", offset)].decode()

    def _symbols(self, table):
        strings = self.sections[table.link].offset
        for at in range(table.offset, table.offset + table.size, table.entry_size):
            name, info, _, section, value, size = struct.unpack_from("<IBBHQQ", self.bytes, at)
            yield Symbol(self._string(strings + name), value, section, info & 15, info >> 4, size)
