"""The commands that read modules, sections and levels out of the stopped machine; and the list of all commands."""
import gdb

import drivers
import guest
import irps
import memory
import threads

MM = "kernel/mm/mm.h"
Follower = None

LEVELS = {0: "PASSIVE_LEVEL", 1: "APC_LEVEL", 2: "DISPATCH_LEVEL", 13: "CLOCK_LEVEL", 14: "IPI_LEVEL", 15: "HIGH_LEVEL"}


class Overview(gdb.Command):
    """Commands that know Tidepool's structures.

modules            loaded modules and where their symbols are from
sections [MODULE]  their sections: address, kind, pages resident, locks
irql               each processor's level and where it is
pte ADDRESS        the page tables' entries for an address, and what they mean
pfn FRAME          a frame's record in the PFN database
threads            all threads and where they are
irps               requests on open files that are not done
reload-modules     read the list of modules anew

`break` on a driver's routine works before the driver is loaded and while its page is out."""

    def __init__(self):
        super().__init__("tidepool", gdb.COMMAND_SUPPORT)

    def invoke(self, argument, from_tty):
        gdb.execute("help tidepool")


class Modules(gdb.Command):
    """List loaded modules: base address, size, and the host's file that the symbols are from."""

    def __init__(self):
        super().__init__("modules", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        rows = []
        files = {base: known.path for base, known in Follower.modules.items()}
        files[int(guest.value("&KernelImageStart"))] = gdb.current_progspace().filename
        for module in loaded_modules():
            base = int(module["Base"])
            rows.append((guest.text(module["Name"]), f"{base:#x}", f"{int(module['Size']):#x}",
                         files.get(base) or "none"))
        guest.table(("name", "base", "size", "symbols"), rows)


class Sections(gdb.Command):
    """List the sections of all loaded modules, or of one: sections [MODULE]"""

    def __init__(self):
        super().__init__("sections", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        wanted = argument.strip().lower().removesuffix(".sys")
        rows = []
        for module in loaded_modules():
            name = guest.text(module["Name"])
            if wanted and name.lower() != wanted:
                continue
            for section in drivers.section_list(module):
                rows.append(section_row(name, section))
        if wanted and not rows:
            raise gdb.GdbError(f"no module '{wanted}' is loaded: `modules` lists them")
        guest.table(("module", "section", "address", "kind", "attr", "pages", "resident", "locks"), rows)


class Irql(gdb.Command):
    """Show each processor's interrupt request level (CR8) and the routine it is in."""

    def __init__(self):
        super().__init__("irql", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        chosen = gdb.selected_thread()
        rows = []
        try:
            for thread in sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.num):
                thread.switch()
                level = int(guest.value("$cr8"))
                rows.append((thread.num - 1, level, LEVELS.get(level, "device"), guest.symbol(int(guest.value("$pc")))))
        finally:
            chosen.switch()
        guest.table(("cpu", "irql", "level", "at"), rows)


class Reload(gdb.Command):
    """Read the kernel's list of modules anew and load the symbols of what it holds."""

    def __init__(self):
        super().__init__("reload-modules", gdb.COMMAND_SUPPORT)

    def invoke(self, argument, from_tty):
        Follower.refresh()


def loaded_modules():
    try:
        return list(guest.entries(guest.value("PsLoadedModuleList"), "LDR_MODULE", "ListEntry"))
    except gdb.MemoryError:
        raise gdb.GdbError("the kernel has not mapped itself yet") from None


def section_row(module, section):
    kind = int(section["Kind"])
    name = guest.names(MM, "MM_SECTION_KIND").get(kind, f"kind {kind}").removeprefix("MmSection").lower()
    protection = int(section["Protection"])
    rights = (("r", "READ"), ("w", "WRITE"), ("x", "EXECUTE"))
    attr = "".join(letter if protection & guest.macro(MM, f"MM_SECTION_{right}") else "-"
                   for letter, right in rights)
    return (module, guest.text(section["Name"]), f"{int(section['Base']):#x}", name, attr,
            int(section["PageCount"]), int(section["ResidentPages"]), int(section["LockCount"]))


def register(follower):
    global Follower     # pylint: disable=global-statement
    Follower = follower
    for command in (Overview, Modules, Sections, Irql, Reload):
        command()
    memory.register()
    threads.register()
    irps.register()
