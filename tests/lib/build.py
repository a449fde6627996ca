"""
Building once per test run, however many workers ask.

BUILD is where the tree was built: the variable O of the environment names another folder, as it does for make and
run-qemu.sh; it is taken from the project's root.
"""

import fcntl
import functools
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / (os.environ.get("O") or "build")
RUN_QEMU = ROOT / "run-qemu.sh"


class BuildFailure(Exception):
    """`make` failed; the message is what it printed."""


@functools.cache
def build(*targets):
    """Runs `make TARGETS` once per process; processes take turns, so the second finds nothing left to do."""
    with open(ROOT / "Makefile", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = ["make", "--no-print-directory", "-C", str(ROOT), *targets]
        environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
                             check=False)
    if run.returncode:
        raise BuildFailure(f"`{' '.join(command)}` failed with status {run.returncode}:\n{run.stdout}")
