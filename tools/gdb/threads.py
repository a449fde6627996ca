"""`threads`: who there is and what each is doing.

gdb's own `info threads` shows processors. A thread that is not on one has left its registers on its kernel stack; where
it will go on is read from there.
"""
import gdb

import guest

DEPTH = 4       # routines shown of a stack
SAVED = 6       # registers that KiSwapContext pushes (kernel/ke/switch.S); RBP is pushed first


def processes():
    """Every process' EPROCESS, the system process first."""
    yield from guest.entries(guest.value("PspActiveProcessHead"), "EPROCESS", "ActiveProcessLinks")


def title(process):
    return f"{int(process['UniqueProcessId'])} {guest.text(process['ImageFileName'])}"


def threads(process):
    """Every thread's KTHREAD. The system process has its kernel part elsewhere."""
    system = int(process.address) == int(guest.value("PsInitialSystemProcess"))
    kernel_part = guest.value("KiSystemProcess") if system else process["Pcb"]
    yield from guest.entries(kernel_part["ThreadListHead"], "KTHREAD", "ThreadListEntry")


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
        states, on = guest.names("kernel/ke/ke.h", "KTHREAD_STATE"), running()
        rows = []
        for process in processes():
            for thread in threads(process):
                address, state = int(thread.address), int(thread["State"])
                cpu = on.get(address)
                rows.append((f"{address:#x}", title(process), states.get(state, state), int(thread["Priority"]),
                             "" if cpu is None else cpu, "" if cpu is not None else " < ".join(stack(thread))))
        guest.table(("thread", "process", "state", "pri", "cpu", "at"), rows)


def register():
    Threads()
