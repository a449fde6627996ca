#!/usr/bin/python3
"""Turn `nm -n kernel.elf` (standard input) into the kernel's own symbol table (assembly on standard output).

The table lets a bugcheck name routines. It holds functions only, as three arrays and a count:

    ULONG KdSymbolCount          how many
    ULONG KdSymbolOffsets[]      offset of each from KernelImageStart, ascending
    ULONG KdSymbolNames[]        offset of its name in KdSymbolStrings
    CHAR  KdSymbolStrings[]      the names, each ended by a zero

No input gives an empty table, which is what the first of the kernel's two links takes.
"""
import re
import sys


def functions(lines):
    """Return [(offset, name)] in ascending order, one name per address, global names before local ones."""
    start = None
    found = {}
    for line in lines:
        address, kind, name = line.split()
        if name == "KernelImageStart":
            start = int(address, 16)
        elif kind in "tT" and not re.fullmatch(r"Kernel\w+(Start|End)", name):
            found.setdefault(int(address, 16), []).append((kind == "t", name))
    if found and start is None:
        sys.exit("kernel-symbols.py: no KernelImageStart in the symbols: is this the kernel?")
    return [(address - start, min(names)[1]) for address, names in sorted(found.items()) if address >= start]


def emit(table):
    print('    .section .kdsymbols, "a", @progbits')
    print("    .balign 8")
    for label in ("KdSymbolCount", "KdSymbolOffsets", "KdSymbolNames", "KdSymbolStrings"):
        print(f"    .globl {label}")
    print(f"KdSymbolCount:\n    .long {len(table)}")
    print("KdSymbolOffsets:")
    for offset, _ in table:
        print(f"    .long {offset:#x}")
    print("KdSymbolNames:")
    position = 0
    for _, name in table:
        print(f"    .long {position}")
        position += len(name) + 1
    print("KdSymbolStrings:")
    for _, name in table:
        print(f'    .asciz "{name}"')
    print('    .section .note.GNU-stack, "", @progbits')


if __name__ == "__main__":
    emit(functions(sys.stdin))
