"""`irps`: the requests that are on their way to or in a driver, found through the files that handles are open to."""
import gdb

import guest
import threads

IO, HANDLES = "include/ddk/io.h", "kernel/ob/handle.c"


def handles(table):
    """The objects that a handle table's entries refer to."""
    per_chunk = guest.macro(HANDLES, "OBP_CHUNK_ENTRIES")
    for chunk in range(int(table["ChunkCount"])):
        for i in range(per_chunk):
            entry = table["Chunks"][chunk][i]
            if int(entry["Object"]):
                yield int(entry["Object"])


def open_files():
    """The FILE_OBJECT of every handle to a file, each once: of the system's handles and of every process'."""
    file_type = int(guest.value("*IoFileObjectType"))
    header = guest.record("OBJECT_HEADER").sizeof
    tables = [guest.value("ObSystemHandleTable")] + [process["ObjectTable"] for process in threads.processes()]
    objects = {item for table in tables if int(table) for item in handles(table.dereference())}
    for item in sorted(objects):
        if int(guest.at(item - header, "OBJECT_HEADER")["Type"]) == file_type:
            yield guest.at(item, "FILE_OBJECT")


def row(irp):
    """The request's stack location says which driver has it and what it is asked for."""
    overlay = irp["Tail"]["Overlay"]
    location = overlay["CurrentStackLocation"].dereference()
    major = int(location["MajorFunction"])
    driver = location["DeviceObject"]["DriverObject"]
    return (f"{int(irp.address):#x}", f"{int(overlay['Thread']):#x}", guest.macros(IO, "IRP_MJ_").get(major, major),
            guest.symbol(int(driver["MajorFunction"][major])), "cancelled" if irp["Cancel"] else "")


class Irps(gdb.Command):
    """List the requests (IRPs) on open files that are not done: thread, function, the driver's routine for it."""

    def __init__(self):
        super().__init__("irps", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        rows = [row(irp) for file in open_files() for irp in guest.entries(file["IrpList"], "IRP", "ThreadListEntry")]
        guest.table(("irp", "thread", "function", "routine", "state"), rows)


def register():
    Irps()
