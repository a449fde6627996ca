"""
Asking QEMU itself (QMP, over a unix socket) where a machine that no longer answers has got to.
"""

import json
import os
import re
import socket
import subprocess

from .build import BUILD

REGISTERS = re.compile(r"\b(?:[RE]IP|[RE]SP|[RE]FL|CR2|CR3|CR8)=[0-9a-f]+", re.I)
SECONDS = 5


def processor_state(path):
    """One line per register of interest, per processor, with the routine of RIP; or why there is none."""
    try:
        text = ask(path, "info registers -a")
    except (OSError, ValueError, KeyError) as error:
        return f"QEMU's monitor does not answer: {error}"
    out = []
    for part in re.split(r"(?=CPU#\d+)", text):
        title = re.match(r"CPU#\d+", part)
        if not title:
            continue
        registers = " ".join(REGISTERS.findall(part))
        halted = " halted" if "HLT=1" in part else ""
        rip = re.search(r"[RE]IP=([0-9a-f]+)", part)
        out.append(f"{title.group()}{halted} {registers} {symbol(rip.group(1)) if rip else ''}".rstrip())
    return "\n".join(out)


def ask(path, command):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(SECONDS)
        connection.connect(path)
        stream = connection.makefile("rw")
        stream.readline()
        for name, arguments in (("qmp_capabilities", {}), ("human-monitor-command", {"command-line": command})):
            stream.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
            stream.flush()
            answer = json.loads(stream.readline())
            while "event" in answer:
                answer = json.loads(stream.readline())
        return answer["return"]


def symbol(address):
    """`(Routine file:line)` for an address in the kernel image; nothing for one elsewhere."""
    kernel = BUILD / "kernel.elf"
    if not kernel.exists():
        return ""
    try:
        run = subprocess.run(["addr2line", "-f", "-s", "-e", os.fspath(kernel), address], capture_output=True,
                             text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = run.stdout.split("\n")
    return f"({lines[0]} {lines[1]})" if len(lines) > 1 and lines[0] != "??" else ""
