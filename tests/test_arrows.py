"""
The arrows between the rooms of the kernel are those of docs/design.md: calls go down or stay in their layer, and each one that
goes up stands in the table there.

What is looked at is what the linker sees: symbols that an object takes from another room. Only the order of initialisation,
kernel/ex/init.c, may call whatever it likes.
"""

import fnmatch
import re
import subprocess

import pytest

from lib.build import BUILD, ROOT

DESIGN = ROOT / "docs" / "design.md"
ABOVE_ALL = "kernel/ex/init.c"
WORD = re.compile(r"`([^`]+)`")


def table(heading):
    """The cells of a table's rows, by the first words of its heading."""
    lines = DESIGN.read_text(encoding="utf-8").splitlines()
    first = lines.index(next(line for line in lines if line.startswith(f"| {heading} |"))) + 2
    rows = []
    for line in lines[first:]:
        if not line.startswith("|"):
            return rows
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def layers():
    return {room: int(row[0]) for row in table("layer | rooms") for room in WORD.findall(row[1])}


def upward():
    """(from, to, pattern of symbols) for every arrow that the document allows."""
    return [(source, target, symbol.replace("...", "*")) for row in table("from | to") for source in WORD.findall(row[0])
            for target in WORD.findall(row[1]) for symbol in WORD.findall(row[2])]


@pytest.fixture(scope="module")
def arrows(built):
    """(from, to, symbol, source file) for every symbol that one room takes from another."""
    defined, taken = {}, []
    for source in sorted(ROOT.glob("kernel/*/*.[cS]")):
        name = str(source.relative_to(ROOT))
        run = subprocess.run(["nm", BUILD / f"{name}.o"], stdout=subprocess.PIPE, text=True, check=True)
        for line in run.stdout.splitlines():
            kind, symbol = line.split()[-2:]
            if kind == "U":
                taken.append((source.parent.name, symbol, name))
            elif kind.isupper():
                defined[symbol] = source.parent.name
    return [(room, defined[symbol], symbol, name) for room, symbol, name in taken
            if defined.get(symbol, room) != room and name != ABOVE_ALL]


def test_every_room_has_a_layer():
    assert set(layers()) == {folder.name for folder in ROOT.glob("kernel/*") if folder.is_dir()}


def test_what_goes_up_is_in_the_table(arrows):
    layer, allowed = layers(), upward()
    wrong = [f"{name}: {symbol} of {target}" for room, target, symbol, name in arrows if layer[target] > layer[room] and
             not any((room, target) == arrow[:2] and fnmatch.fnmatchcase(symbol, arrow[2]) for arrow in allowed)]
    assert not wrong, "these calls go up, and docs/design.md does not have them"


def test_what_is_in_the_table_goes_up(arrows):
    found = [arrow for arrow in upward() if not any((room, target) == arrow[:2] and fnmatch.fnmatchcase(symbol, arrow[2])
                                                    for room, target, symbol, _ in arrows)]
    assert not found, "docs/design.md has arrows that are not there any more"
