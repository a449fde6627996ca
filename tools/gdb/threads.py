"""`threads` and `irps`: who there is, what each is doing, and the requests that each waits for.

gdb's own `info threads` shows processors. A thread that is not on one has left its registers on its kernel stack; where it
will go on is read from there.
"""
import gdb

import guest

DEPTH = 4       # routines shown of a stack
SAVED = 6       # registers that KiSwapContext pushes (kernel/ke/switch.S); RBP is pushed first


def processes():
    """(name, number, KPROCESS) of every process, the system process first."""
    for process in guest.entries(guest.value("PspActiveProcessHead"), "EPROCESS", "ActiveProcessLinks"):
        identifier = int(process["UniqueProcessId"])
        system = int(process.address) == int(guest.value("PsInitialSystemProcess"))
        yield guest.text(process["ImageFileName"]), identifier, guest.value("KiSystemProcess") if system else process["Pcb"]


def threads(process):
    yield from guest.entries(process["ThreadListHead"], "KTHREAD", "ThreadListEntry")


def running():
    """{address of a KTHREAD: number of the processor that it runs on}"""
    found = {}
    for i in range(int(guest.value("KeNumberProcessors"))):
        found[int(guest.value(f"KiProcessorBlock[{i}]->CurrentThread"))] = i
    return found


def stack(thread):
    """The routines that a switched-out thread is in, innermost first."""
    word = gdb.lookup_type("unsigned long").pointer()
    top = thread["KernelStack"].cast(word)
    low, high = int(thread["StackLimit"]), int(thread["InitialStack"])
    if not low <= int(top) < high:
        return []
    found, frame = [int(top[SAVED])], int(top[SAVED - 1])
    while low <= frame < high - 8 and len(found) < DEPTH:
        link = gdb.Value(frame).cast(word)
        found.append(int(link[1]))
        if int(link[0]) <= frame:
            break
        frame = int(link[0])
    return [guest.symbol(address - 1).split("+")[0] for address in found]


class Threads(gdb.Command):
    """List all threads: process, state, priority, processor, and where a thread that is not running has stopped."""

    def __init__(self):
        super().__init__("threads", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        states, on = guest.names("KTHREAD_STATE"), running()
        rows = []
        for name, identifier, process in processes():
            for thread in threads(process):
                address, state = int(thread.address), int(thread["State"])
                cpu = on.get(address)
                rows.append((f"{address:#x}", f"{identifier} {name}", states.get(state, state), int(thread["Priority"]),
                             "" if cpu is None else cpu, "" if cpu is not None else " < ".join(stack(thread))))
        guest.table(("thread", "process", "state", "pri", "cpu", "at"), rows)


class Irps(gdb.Command):
    """List the requests (IRPs) that threads have made and that are not done: thread, function, device's driver, state."""

    def __init__(self):
        super().__init__("irps", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        rows = []
        kind = gdb.lookup_type("ETHREAD").pointer()
        for name, identifier, process in processes():
            for thread in threads(process):
                # Tcb is the first field of an ETHREAD; an idle thread is a KTHREAD alone and in no process' list.
                for irp in guest.entries(thread.address.cast(kind)["IrpList"], "IRP", "ThreadListEntry"):
                    rows.append(irp_row(irp, f"{identifier} {name}", int(thread.address)))
        guest.table(("irp", "thread", "process", "major", "driver", "state"), rows)


def irp_row(irp, process, thread):
    at = int(irp["CurrentLocation"])
    major, driver = "", ""
    if at <= int(irp["StackCount"]):
        location = irp["Tail"]["Overlay"]["CurrentStackLocation"]
        major = int(location["MajorFunction"])
        device = location["DeviceObject"]
        if int(device):
            dispatch = device["DriverObject"]["MajorFunction"][major]
            driver = guest.symbol(int(dispatch))
    state = "cancelled" if irp["Cancel"] else f"at location {at} of {int(irp['StackCount'])}"
    return f"{int(irp.address):#x}", f"{thread:#x}", process, major, driver, state


def register():
    Threads()
    Irps()
