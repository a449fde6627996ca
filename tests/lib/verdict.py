"""
What went wrong with a run, told apart so that nobody has to guess: six verdicts and the report that goes with them.
"""

import re
from dataclasses import dataclass, field

# run-qemu.sh's exit statuses, by the names that %expect-exit uses.
EXITS = {"pass": 0, "fail": 1, "usage": 2, "bugcheck": 3, "timeout": 4, "reset": 5}
EXIT_NAMES = {status: name for name, status in EXITS.items()}

WRONG_OUTPUT = "wrong output"
HANG = "hang"
BUGCHECK = "bugcheck"
RESET = "triple fault or reset"
NO_START = "QEMU failed to start"
ENDED = "the machine ended early"
WRONG_EXIT = "wrong exit status"

STOP = re.compile(r"^.*\*\*\* STOP\b.*$", re.M)
LOG_LINES = 150


@dataclass
class SessionFailure(Exception):
    """A session that failed: where, how, and everything needed to see why."""
    where: str
    verdict: str
    message: str
    diff: list = field(default_factory=list)
    log: str = ""
    stderr: str = ""
    processors: str = ""
    command: str = ""

    def __str__(self):
        parts = [f"{self.where}", f"verdict: {self.verdict}: {self.message}"]
        if self.diff:
            parts.append(section("expected against seen (- expected, + seen)", self.diff))
        stop = STOP.search(self.log)
        if stop:
            parts.append(section("the STOP report", self.log[stop.start():].splitlines()))
        if self.processors:
            parts.append(section("where the processors were", self.processors.splitlines()))
        before_stop = self.log[:stop.start()] if stop else self.log
        parts.append(section("the log", clip(before_stop.splitlines())))
        if self.stderr.strip():
            parts.append(section("standard error", clip(self.stderr.splitlines())))
        if self.command:
            parts.append(f"by hand: {self.command}")
        return "\n".join(parts)


def section(title, lines):
    return f"--- {title} ---\n" + "\n".join("  " + line for line in lines)


def clip(lines):
    """The last lines of a long log."""
    if len(lines) <= LOG_LINES:
        return lines or ["(nothing)"]
    return [f"({len(lines) - LOG_LINES} lines before)"] + lines[-LOG_LINES:]


def judge_end(status, log):
    """The verdict on a machine that ended with `status` when it should not have, and a sentence about it."""
    stop = STOP.search(log)
    if stop or status == EXITS["bugcheck"]:
        return BUGCHECK, stop.group().strip() if stop else "exit status 3 with no STOP line on the console"
    if status == EXITS["reset"]:
        return RESET, "the machine reset itself: no bugcheck was printed (exit status 5)"
    if status == EXITS["timeout"]:
        return HANG, "run-qemu.sh gave up waiting (exit status 4)"
    if status == EXITS["usage"]:
        return NO_START, "run-qemu.sh refused its options, or QEMU did not start, or the build failed (status 2)"
    if status not in EXIT_NAMES or not log.strip():
        return NO_START, f"exit status {status}"
    return ENDED, f"exit status {status} ({EXIT_NAMES[status]})"
