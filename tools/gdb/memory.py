"""`pte ADDRESS` and `pfn FRAME`: an address through the page tables, a frame through the PFN database.

Page tables are read through the kernel's direct map of RAM, so the kernel has to have set that up. Where the ranges
begin is taken from kernel/mm/layout.h, what the bits of an entry mean from kernel/mm/pte.h: macros, which the
compiler's debug information does not carry.
"""
import gdb

import guest

LAYOUT, PTE, DATABASE = "kernel/mm/layout.h", "kernel/mm/pte.h", "kernel/mm/mi.h"
LEVELS = ("PML4", "PDPT", "PD", "PT")
FLAGS = (("MI_PTE_WRITE", "write"), ("MI_PTE_USER", "user"), ("MI_PTE_CACHE_DISABLE", "uncached"),
         ("MI_PTE_GLOBAL", "global"), ("MI_PTE_ACCESSED", "accessed"), ("MI_PTE_DIRTY", "dirty"),
         ("MI_PTE_NO_EXECUTE", "no-execute"))


def bit(name):
    return guest.macro(PTE, name)


def number(argument, what):
    if not argument.strip():
        raise gdb.GdbError(f"{what}, please: any expression of gdb's")
    found = guest.value(argument)
    if found.type.strip_typedefs().code in (gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_STRUCT):
        found = found.address       # a routine or variable stands for where it is
    return int(found) & 0xFFFFFFFFFFFFFFFF


def entry_at(table, index):
    """An entry of the page table at a physical address."""
    address = guest.macro(LAYOUT, "MM_DIRECT_MAP") + table + 8 * index
    try:
        return int(guest.value(f"*(unsigned long long *){address:#x}"))
    except gdb.MemoryError:
        raise gdb.GdbError("the direct map of RAM is not there: the kernel has not made its page tables yet") from None


def describe(entry):
    """What an entry says, valid or not."""
    frame = (entry & bit("MI_PTE_FRAME_MASK")) >> 12
    if entry & bit("MI_PTE_VALID"):
        return " ".join([f"frame {frame:#x}"] + [name for macro, name in FLAGS if entry & bit(macro)])
    if not entry:
        return "zero: nothing here"
    kinds = guest.names(PTE, "MI_PTE_KIND")
    kind = entry >> bit("MI_KIND_SHIFT") & 7
    name = kinds.get(kind, f"kind {kind}")
    protection = entry >> bit("MI_PROTECTION_SHIFT") & 15
    rights = "".join(letter if protection & 1 << i else "-" for i, letter in enumerate("rwxu"))
    what = {"MiPteTransition": f"transition frame {frame:#x}", "MiPteDemandZero": "demand-zero",
            "MiPtePagingFile": f"paging-file slot {frame:#x} of file {entry >> bit('MI_FILE_SHIFT') & 15}"}
    return f"{what.get(name, name.removeprefix('MiPte').lower())} {rights}"


class Pte(gdb.Command):
    """Walk the page tables of the current processor for an address: pte ADDRESS

Every level is shown; the last line says what the page is: valid, in transition, in a paging file, discarded."""

    def __init__(self):
        super().__init__("pte", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        address = number(argument, "an address")
        table = int(guest.value("$cr3")) & bit("MI_PTE_FRAME_MASK")
        for level, name in enumerate(LEVELS):
            index = address >> (39 - 9 * level) & 511
            entry = entry_at(table, index)
            large = level in (1, 2) and entry & bit("MI_PTE_VALID") and entry & bit("MI_PTE_LARGE")
            print(f"{name:4} [{index:3}]  {entry:016x}  {describe(entry)}{' large page' if large else ''}")
            if not entry & bit("MI_PTE_VALID") or large:
                return
            table = entry & bit("MI_PTE_FRAME_MASK")


class Pfn(gdb.Command):
    """Show a frame's record in the PFN database: pfn FRAME

FRAME is a frame number: a physical address divided by the page size."""

    def __init__(self):
        super().__init__("pfn", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        frame = number(argument, "a frame number")
        highest = int(guest.value("MiHighestFrame"))
        if frame > highest:
            raise gdb.GdbError(f"frame {frame:#x}: the last one is {highest:#x}")
        size = guest.record("MMPFN").sizeof
        pfn = guest.at(guest.macro(LAYOUT, "MM_PFN_DATABASE") + frame * size, "MMPFN")
        state = guest.names(DATABASE, "MI_FRAME_STATE").get(int(pfn["State"]), int(pfn["State"]))
        print(f"frame {frame:#x}  {str(state).removeprefix('MiFrame').lower()}  references {int(pfn['ReferenceCount'])}"
              f"  flags {int(pfn['Flags']):#x}")
        if not int(pfn["Pte"]):
            print("  no entry maps it that could be taken away")
            return
        page = int(pfn["VirtualPage"])
        print(f"  maps       {page:#x} {guest.symbol(page)}")
        print(f"  entry at   {int(pfn['Pte']):#x}")
        print(f"  goes back  {describe(int(pfn['OriginalPte']['Value']))}")


def register():
    Pte()
    Pfn()
