"""
gdb on a running machine: symbols of drivers as they come and go, breakpoints in code that is out, Tidepool's commands.

gdb runs in batch mode on the machine that run-qemu.sh holds for it; what it prints is looked through.
"""

import contextlib
import os
import re
import selectors
import socket
import subprocess
import time

import pytest

from lib import build as builder

SCRIPT = builder.ROOT / "tools" / "gdb" / "tidepool.py"


@pytest.fixture
def port():
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextlib.contextmanager
def machine(port, *arguments):
    """run-qemu.sh, and its end whatever happens."""
    command = [builder.RUN_QEMU, "--timeout", "120", *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               env=os.environ | {"GDB_PORT": str(port)})
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def wait_for(process, text, seconds=60):
    """Reads what the machine prints until there is a text in it."""
    seen, end = b"", time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while text.encode() not in seen:
            assert selector.select(max(0, end - time.monotonic())), f"no '{text}' in: {seen.decode()}"
            data = os.read(process.stdout.fileno(), 4096)
            assert data, f"the machine ended without '{text}': {seen.decode()}"
            seen += data


def gdb(port, *commands):
    """What gdb prints. Every command's output stands below a line `# COMMAND`."""
    arguments = ["gdb", "-q", "-nx", "-batch", "-x", str(SCRIPT)]
    for command in commands:
        arguments += ["-ex", f"echo # {command}\\n", "-ex", command]
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, env=os.environ | {"GDB_PORT": str(port)}, timeout=100, check=False)
    return done.stdout


def after(output, command, occurrence=0):
    """What one command of a session printed."""
    parts = re.split(r"^# (.*)$", output, flags=re.M)
    found = [text for name, text in zip(parts[1::2], parts[2::2]) if name == command]
    assert len(found) > occurrence, output
    return found[occurrence]


def section(table, name):
    """The columns of one section's row: kind, attributes, pages, resident, locks."""
    row = next(line.split() for line in table.splitlines() if line.split()[1:2] == [name])
    return {"kind": row[3], "pages": int(row[5]), "resident": int(row[6]), "locks": int(row[7])}


def test_a_breakpoint_in_code_that_is_out(built, port):
    """
    L20 L26: the port is opened, PAGESER comes in and is locked, and a breakpoint that was set in it before is hit. One
    in PAGESRP0, which nobody locks, stops before the page comes in and again after.
    """
    with machine(port, "--gdb", "--run", "send com2 startup") as process:
        wait_for(process, "waiting on port")
        output = gdb(port, "break SerialCreate", "continue", "sections serial", "pte SerialStartUart", "continue",
                     "sections serial", "break SerialStartUart", "continue", "bt 2", "sections serial",
                     "pte SerialStartUart", "irql", "delete", "detach")
        assert process.wait(60) == 0, process.stdout.read()

    for occurrence, resident in ((0, 0), (1, 1)):
        stop = after(output, "continue", occurrence)
        assert re.search(r"Breakpoint 1, SerialCreate .* at drivers/serial/open\.c:\d+", stop)
        assert section(after(output, "sections serial", occurrence), "PAGESRP0")["resident"] == resident
    before = section(after(output, "sections serial"), "PAGESER")
    assert (before["kind"], before["resident"], before["locks"]) == ("pageable", 0, 0)
    assert "paging-file slot" in after(output, "pte SerialStartUart")

    assert re.search(r"Breakpoint 2, SerialStartUart .* at drivers/serial/\w+\.c:\d+", after(output, "continue", 2))
    assert "SerialOpenPort" in after(output, "bt 2")
    open_now = section(after(output, "sections serial", 2), "PAGESER")
    assert open_now["resident"] == open_now["pages"] > 0
    assert open_now["locks"] == 1
    assert re.search(r" frame 0x[0-9a-f]+ ", after(output, "pte SerialStartUart", 1).splitlines()[-1])
    assert "SerialStartUart" in after(output, "irql")


def test_symbols_go_with_the_driver(built, port):
    with machine(port, "--gdb", "--run", "unload null") as process:
        wait_for(process, "waiting on port")
        output = gdb(port, "tbreak LdrUnloadDriver", "continue", "modules", "info line NullUnload", "break HalPowerOff",
                     "continue", "modules", "info line NullUnload", "info line SerialCreate", "detach")
    assert "null.sys" in after(output, "modules")
    assert "<NullUnload>" in after(output, "info line NullUnload")
    assert "null" not in after(output, "modules", 1)
    assert "not defined" in after(output, "info line NullUnload", 1)
    assert "drivers/serial/open.c" in after(output, "info line SerialCreate")


def test_a_machine_that_has_been_running_is_read_at_once(built, port):
    with machine(port, "--cpus", "2", "--", "-gdb", f"tcp:127.0.0.1:{port}") as process:
        wait_for(process, "tide> ")
        output = gdb(port, "modules", "threads", "irps", "irql", "pfn 0x100", "pte HalReadBootInformation",
                     "pte 0", "detach")
    for name in ("ramdisk", "console", "serial"):
        assert re.search(rf"^{name} .*/{name}\.sys$", after(output, "modules"), re.M)
    assert re.search(r"shell\.exe +Waiting", after(output, "threads"))
    assert "MiModifiedPageWriter" in after(output, "threads")
    # The shell waits for a line.
    assert "IRP_MJ_READ" in after(output, "irps")
    assert len(after(output, "irql").strip().splitlines()) == 3
    assert after(output, "pfn 0x100").startswith("\nframe 0x100 ")
    assert "discarded" in after(output, "pte HalReadBootInformation")
    assert "zero: nothing here" in after(output, "pte 0")


def test_no_machine_is_said_in_one_line(port):
    output = gdb(port)
    assert "no machine on port" in output
    assert "./run-qemu.sh --gdb" in output
