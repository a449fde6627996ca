"""Make gdb at home in Tidepool: `make gdb`, or `gdb -x tools/gdb/tidepool.py` from anywhere.

Loads the kernel's symbols, attaches to the machine that `run-qemu.sh --gdb` holds, and from then on keeps the symbols
of every loaded driver, at the addresses of its sections, as drivers come and go. `help tidepool` lists the commands.

Environment: O, the build folder (build); GDB_PORT, the port to attach to, else the one that run-qemu.sh left in the
build folder.

Breakpoints in pageable code. A breakpoint that gdb writes into memory cannot be set in a page that is out, and would be
lost or carried to the paging file when the page goes. Executable sections of drivers, and the kernel's PAGE, are
therefore declared read-only to gdb (`info mem`), which makes `break` there use the processor's breakpoints: they go by
address, whatever is in memory. `break` on a routine of a driver that is not loaded yet waits for it. Where the page is
out the machine stops twice: when the processor gets to the address, and when it gets there again after the page has
been brought in.
"""
import os
import sys

import gdb

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

# pylint: disable=wrong-import-position
import drivers    # noqa: E402
import commands   # noqa: E402
from guest import ROOT  # noqa: E402


def build_folder():
    return os.path.join(ROOT, os.environ.get("O") or "build")


def port(build):
    """GDB_PORT, else what the machine that was started last wrote down, else gdb's customary one."""
    if os.environ.get("GDB_PORT"):
        return os.environ["GDB_PORT"]
    try:
        with open(os.path.join(build, "gdb.port"), encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return "1234"


def start():
    build = build_folder()
    kernel = os.path.join(build, "kernel.elf")
    if not os.path.isfile(kernel):
        raise gdb.GdbError(f"{kernel}: no such file: run make, or set O to the build folder")
    # A breakpoint on a routine that is not there yet waits for its driver; nothing stops to ask.
    gdb.execute("set breakpoint pending on")
    gdb.execute("set confirm off")
    gdb.execute("set pagination off")
    # A machine that is stopped before its first instruction answers at once; one that does not is not there.
    gdb.execute("set tcp connect-timeout 3")
    # What is not declared by us is ordinary memory.
    gdb.execute("set mem inaccessible-by-default off")
    gdb.execute(f"file {kernel}", to_string=True)
    gdb.execute(f"directory {ROOT}", to_string=True)

    number = port(build)
    try:
        gdb.execute(f"target remote 127.0.0.1:{number}", to_string=True)
    except gdb.error as error:
        raise gdb.GdbError(f"no machine on port {number} ({error}): start one with ./run-qemu.sh --gdb") from None
    commands.register(drivers.Follower(build))
    print(f"Tidepool: attached on port {number}; help tidepool lists the commands")


start()
