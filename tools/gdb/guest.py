"""Reading the stopped machine: values of kernel variables, lists, strings. Every reader raises gdb.error (gdb.MemoryError when
an address is not mapped), or returns what it read.
"""
import functools
import os
import re

import gdb

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@functools.cache
def macro(header, name):
    """The number that a macro of the kernel's stands for, from its source: debug information has no macros."""
    with open(os.path.join(ROOT, header), encoding="utf-8") as file:
        found = re.search(rf"^#define {name}\s+(0x[0-9A-Fa-f]+|[0-9]+)", file.read(), re.M)
    if not found:
        raise gdb.GdbError(f"{header} defines no number {name}")
    return int(found[1], 0)


def value(expression):
    return gdb.parse_and_eval(expression)


def lookup(expression):
    """The value of an expression, or None when a name or field in it does not exist in this kernel."""
    try:
        return gdb.parse_and_eval(expression)
    except gdb.MemoryError:
        raise
    except gdb.error:
        return None


def names(enumeration):
    """{value: name} of an enumeration; empty when the compiler left no word of it."""
    try:
        return {field.enumval: field.name for field in gdb.lookup_type(enumeration).fields()}
    except gdb.error:
        return {}


def text(array):
    """A C string in an array or behind a pointer."""
    return array.string("ascii", "replace")


def entries(head, record, field):
    """The records of a LIST_ENTRY list. head: the list head, a value; record: a type's name; field: of the record."""
    kind = gdb.lookup_type(record)
    offset = next(f.bitpos // 8 for f in kind.fields() if f.name == field)
    last = int(head.address)
    link = head["Flink"]
    seen = set()
    while int(link) not in (0, last):
        if int(link) in seen:
            raise gdb.GdbError(f"the list at {last:#x} runs in a circle at {int(link):#x}")
        seen.add(int(link))
        yield gdb.Value(int(link) - offset).cast(kind.pointer()).dereference()
        link = link.dereference()["Flink"]


def symbol(address):
    """`name+offset` for an address, or the bare address."""
    shown = gdb.execute(f"info symbol {address:#x}", to_string=True)
    if shown.startswith("No symbol"):
        return f"{address:#x}"
    return shown.split(" in section")[0].replace(" + ", "+").strip()


def table(header, rows):
    """Print rows of cells under a header line, in columns as wide as they must be."""
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, *rows]:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())
