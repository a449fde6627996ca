"""Follow the kernel's list of loaded modules: each driver's symbols are known from when its sections have been placed,
before its DriverEntry runs, until it is about to go.

The kernel calls two empty routines, KdModuleLoaded and KdModuleUnloaded. Breakpoints on them that never stop read the
module and load or drop the symbols of the host's file of the same name: of the build folder's drivers, its test
drivers, then what `make M=` has built. A file is taken only if its sections have the sizes of those in memory.
"""
import os

import gdb

import elf64
import guest

PAGE = 4096


class Module:
    """What gdb holds for one loaded driver."""

    def __init__(self, name, path, base):
        self.name = name
        self.path = path
        self.base = base
        self.regions = []       # numbers of `mem` regions
        self.symbols = False


class Hook(gdb.Breakpoint):
    """A breakpoint that the user neither sees nor stops at. Its routine's only argument is the module."""

    def __init__(self, routine, action):
        # By address, in the processor: it is set before there is memory to write a breakpoint into.
        super().__init__(f"*(char *)&{routine}", gdb.BP_HARDWARE_BREAKPOINT, internal=True)
        self.silent = True
        self.action = action

    def stop(self):
        try:
            self.action(guest.at(guest.value("$rdi"), "LDR_MODULE"))
        except gdb.error as error:
            print(f"tidepool: cannot follow a module: {error}")
        return False


class Follower:
    """The drivers whose symbols are loaded. gdb is attached to the machine."""

    def __init__(self, build):
        self.folders = [os.path.join(build, folder) for folder in ("drivers", "tests", "outside/modules")]
        self.modules = {}
        for routine, action in (("KdModuleLoaded", self.add), ("KdModuleUnloaded", self.drop)):
            if guest.lookup(f"&{routine}") is None:
                print(f"tidepool: this kernel has no {routine}: drivers are not followed")
                return
            Hook(routine, action)
        # The kernel has pageable code of its own.
        start, end = (int(guest.value(f"&KernelPage{which}")) for which in ("Start", "End"))
        if start < end:
            declare_code(start, end - start)
        self.refresh()

    def refresh(self):
        """Read the whole list anew: after attaching to a machine that has been running."""
        for base in list(self.modules):
            self._forget(base)
        try:
            for module in guest.entries(guest.value("PsLoadedModuleList"), "LDR_MODULE", "ListEntry"):
                self.add(module)
        except gdb.MemoryError:
            pass        # before the kernel has mapped itself there is no list

    def add(self, module):
        name, base = guest.text(module["Name"]), int(module["Base"])
        if base == int(guest.value("&KernelImageStart")) or base in self.modules:
            return
        sections = list(section_list(module))
        loaded = Module(name, self._find(name, sections), base)
        self.modules[base] = loaded
        if loaded.path is None:
            print(f"tidepool: {name}: no file {name}.sys with these sections in {', '.join(self.folders)}")
        for section in sections:
            if int(section["Protection"]) & guest.macro("kernel/mm/mm.h", "MM_SECTION_EXECUTE"):
                loaded.regions.append(declare_code(int(section["Base"]), int(section["PageCount"]) * PAGE))
        if loaded.path is not None:
            places = " ".join(f"-s {guest.text(s['Name'])} {int(s['Base']):#x}" for s in sections)
            with readable_code():
                gdb.execute(f"add-symbol-file {loaded.path} {places}", to_string=True)
            loaded.symbols = True

    def drop(self, module):
        self._forget(int(module["Base"]))

    def _forget(self, base):
        module = self.modules.pop(base, None)
        if module is None:
            return
        for region in module.regions:
            gdb.execute(f"delete mem {region}", to_string=True)
        if module.symbols:
            for objfile in gdb.objfiles():
                if objfile.filename and os.path.samefile(objfile.filename, module.path):
                    gdb.execute(f"remove-symbol-file {module.path}", to_string=True)
                    break

    def _find(self, name, sections):
        placed = {guest.text(s["Name"]): int(s["PageCount"]) for s in sections}
        for folder in self.folders:
            path = os.path.join(folder, name + ".sys")
            try:
                sizes = {s.name: -(-s.size // PAGE) for s in elf64.Elf(path).loaded()}
            except (OSError, ValueError):
                continue
            if all(sizes.get(section) == pages for section, pages in placed.items()):
                return os.path.realpath(path)
        return None


def section_list(module):
    for i in range(int(module["SectionCount"])):
        yield module["Sections"][i]


def declare_code(start, size):
    """Make gdb use processor breakpoints here. Returns the region's number."""
    gdb.execute(f"mem {start:#x} {start + size:#x} ro", to_string=True)
    last = gdb.execute("info mem", to_string=True).splitlines()
    return max(int(line.split()[0]) for line in last if line.split() and line.split()[0].isdigit())


class readable_code:
    """While symbols come in, pending breakpoints are resolved, and gdb looks at the routine's first instructions: it
    takes them from the file, since the page may be out."""

    def __enter__(self):
        gdb.execute("set trust-readonly-sections on")

    def __exit__(self, *_):
        gdb.execute("set trust-readonly-sections off")
