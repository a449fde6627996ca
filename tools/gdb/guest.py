"""Reading the stopped machine: values of kernel variables, lists, strings. Every reader raises gdb.error
(gdb.MemoryError when an address is not mapped), or returns what it read.
"""
import functools
import os
import re

import gdb

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@functools.cache
def source(header):
    with open(os.path.join(ROOT, header), encoding="utf-8") as file:
        return re.sub(r"/\*.*?\*/", " ", file.read(), flags=re.S)


def macro(header, name):
    """The number that a macro of the kernel's stands for, from its source: debug information has no macros."""
    found = re.search(rf"^#define {name}\s+(0x[0-9A-Fa-f]+|[0-9]+)", source(header), re.M)
    if not found:
        raise gdb.GdbError(f"{header} defines no number {name}")
    return int(found[1], 0)


@functools.cache
def macros(header, prefix):
    """{number: name} of the macros with a prefix; of two names for one number, the first."""
    found = {}
    for name, number in re.findall(rf"^#define ({prefix}\w+)\s+(0x[0-9A-Fa-f]+|[0-9]+)\s*$", source(header), re.M):
        found.setdefault(int(number, 0), name)
    return found


@functools.cache
def names(header, enumeration):
    """{number: name} of an enumeration, from its source: a field of type UCHAR leaves no word of it for gdb."""
    found = re.search(rf"enum _{enumeration}\s*{{(.*?)}}", source(header), re.S)
    if not found:
        raise gdb.GdbError(f"{header} has no enumeration {enumeration}")
    numbered, number = {}, -1
    for name, given in re.findall(r"(\w+)\s*(?:=\s*(\w+))?\s*(?:,|$)", found[1].strip()):
        number = int(given, 0) if given else number + 1
        numbered[number] = name
    return numbered


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


def record(name):
    """A structure's type. The tag is always known; a typedef that no code uses is not."""
    return gdb.lookup_type(f"struct _{name}")


def at(address, name):
    """The structure of that name at an address."""
    return gdb.Value(int(address)).cast(record(name).pointer()).dereference()


def text(array):
    """A C string in an array or behind a pointer."""
    return array.string("ascii", "replace")


def entries(head, name, field):
    """The structures in a LIST_ENTRY list. head: the list head, a value; name: of the structure; field: of it."""
    offset = next(f.bitpos // 8 for f in record(name).fields() if f.name == field)
    last = int(head.address)
    link = head["Flink"]
    seen = set()
    while int(link) not in (0, last):
        if int(link) in seen:
            raise gdb.GdbError(f"the list at {last:#x} runs in a circle at {int(link):#x}")
        seen.add(int(link))
        yield at(int(link) - offset, name)
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
