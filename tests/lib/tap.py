"""
In-guest test cases: which there are, from their sources, and how they went, from their TAP report.

A case is found by reading TEST_SUITE and TEST_CASE in tests/guest, so that pytest lists every one by name before
anything has booted, and one that never ran is a failure and not a gap.
"""

import re
from dataclasses import dataclass, field

from .build import ROOT

GUEST = ROOT / "tests" / "guest"
SUITE = re.compile(r'^TEST_SUITE\(\s*(\w+)\s*,\s*"([\d ]+)"\s*\)', re.M)
MACHINE = re.compile(r'^TEST_MACHINE\(\s*"([^"]*)"\s*,\s*"([\w ]*)"\s*\)', re.M)
CASE = re.compile(r'^TEST_CASE\(\s*(\w+)\s*,\s*"((?:[^"\\]|\\.)*)"\s*\)', re.M)
RESULT = re.compile(r"(not ok|ok) (\d+)(?: - (\w+))?(?:\s+#\s*(.*))?")
PLAN = re.compile(r"1\.\.(\d+)")


@dataclass
class Case:
    name: str
    statement: str
    where: str          # FILE:LINE


@dataclass
class Suite:
    name: str
    processors: list
    cases: list
    options: str = ""   # of run-qemu.sh, beyond the processors
    drivers: str = ""   # to be loaded first


@dataclass
class Result:
    ok: bool
    remark: str
    notes: list = field(default_factory=list)       # the `# ...` lines before it


class SuiteError(Exception):
    """A folder of tests/guest that is not a suite."""


def find_suites(folder=GUEST):
    """Every suite below tests/guest, in order of their names. Raises SuiteError."""
    suites = []
    for path in sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "lib"):
        heads, machines, cases = [], [], []
        for source in sorted(path.glob("*.c")):
            text = source.read_text(encoding="utf-8")
            heads += SUITE.findall(text)
            machines += MACHINE.findall(text)
            for match in CASE.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                where = f"{source.relative_to(ROOT) if source.is_relative_to(ROOT) else source}:{line}"
                cases.append(Case(match.group(1), match.group(2), where))
        if len(heads) != 1 or heads[0][0] != path.name:
            raise SuiteError(f"{path}: one source says TEST_SUITE({path.name}, \"PROCESSORS\")")
        names = [case.name for case in cases]
        twice = {name for name in names if names.count(name) > 1}
        if twice or not cases:
            raise SuiteError(f"{path}: " + (f"more than one case '{twice.pop()}'" if twice else "no case"))
        if len(machines) > 1:
            raise SuiteError(f"{path}: more than one TEST_MACHINE")
        suites.append(Suite(path.name, heads[0][1].split(), cases, *(machines[0] if machines else ())))
    return suites


def parse(lines):
    """The results in a log that holds TAP among other lines, by the cases' names; and the plan, or None."""
    results, notes, plan = {}, [], None
    for line in lines:
        line = line.strip()
        match = RESULT.fullmatch(line)
        if line.startswith("#"):
            notes.append(line)
        elif PLAN.fullmatch(line):
            plan = int(PLAN.fullmatch(line).group(1))
            notes = []
        elif match:
            results[match.group(3)] = Result(match.group(1) == "ok", match.group(4) or "", notes)
            notes = []
    return results, plan
