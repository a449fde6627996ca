"""
docs/literature.md: every statement of the literature has a test that names it and a place in the source.
"""

import re

import pytest

from lib import tap
from lib.build import ROOT

DOCUMENT = ROOT / "docs" / "literature.md"
STATEMENTS = [f"L{number}" for number in range(1, 39)]
ROW = re.compile(r"\| (L\d+) \| (.+?) \| (.+) \| `([^`]+)`: `(\w+)` \|")
PLUGIN = ROOT / "tests" / "host" / "test_plugin.py"


def rows():
    return {match[1]: match for match in map(ROW.fullmatch, DOCUMENT.read_text(encoding="utf-8").splitlines()) if match}


def names(statement, text):
    return re.search(rf"(?<![A-Za-z0-9]){statement}(?![0-9])", text) is not None


def speaks_of(test, statement):
    """None if the test exists and names the statement, else what is wrong."""
    kind, name = test.split()
    if kind == "session":
        path = ROOT / "tests" / "sessions" / f"{name}.session"
    elif kind == "host":
        path = ROOT / "tests" / "host" / name
    elif kind == "plugin":
        if f"def {name}(" not in PLUGIN.read_text(encoding="utf-8"):
            return "there is no such test"
        return None if re.search(rf"_{statement}(?![0-9])", name) else f"its name does not end in {statement}"
    else:
        cases = {case.name: case for suite in tap.find_suites() if suite.name == kind for case in suite.cases}
        if name not in cases:
            return "there is no such case"
        return None if names(statement, cases[name].statement) else f"its statement does not begin with {statement}"
    if not path.exists():
        return f"{path} does not exist"
    return None if names(statement, path.read_text(encoding="utf-8")) else f"it does not name {statement}"


@pytest.mark.parametrize("statement", STATEMENTS)
def test_statement(statement):
    row = rows().get(statement)
    assert row, f"{DOCUMENT.name} has no row for {statement}"
    tests = re.findall(r"`([^`]+)`", row[3])
    assert tests, f"{statement} has no test"
    for test in tests:
        wrong = speaks_of(test, statement)
        assert not wrong, f"{statement}: {test}: {wrong}"
    source = ROOT / row[4]
    assert source.is_file(), f"{statement}: {row[4]} does not exist"
    assert re.search(rf"\b{row[5]}\b", source.read_text(encoding="utf-8")), f"{statement}: {row[4]} has no {row[5]}"


def test_no_row_is_left_over():
    assert set(rows()) == set(STATEMENTS)
