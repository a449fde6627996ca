"""
README.md and docs/ speak of files and symbols that exist, and what they print is so.

What is checked is what stands in `code`: a word with a slash or a known file ending is a path, a word like
MmAccessFault (a room's prefix and two capitals) is a symbol that a source must define or declare.
"""

import re
import subprocess

import pytest

from lib import build as builder
from lib.build import ROOT

DOCUMENTS = sorted(path for path in [ROOT / "README.md", *(ROOT / "docs").glob("**/*.md")] if path.exists())
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
ROOMS = "Hal|Ke|Ki|Mm|Mi|Ldr|Ldrp|Ex|Exp|Ob|Obp|Io|Iop|Ps|Psp|Se|Sep|Fs|Fsp|Kd|Kdp|Rtl|Rtlp|Nt|Zw|Dbg"
SYMBOL = re.compile(rf"\b(?:{ROOMS})[A-Z]\w*[a-z]\w*")
FILE = re.compile(r"(?:[\w.+-]+/)*[\w+-]+\.(?:c|h|S|cc|py|sh|md|ld|mk|session|cfg)|(?:[\w.+-]+/)+[\w.+-]*")
# Paths that only exist after a build, on the machine that runs, or as a stand-in for a name of the reader's.
ELSEWHERE = re.compile(r"/|(?:build|toolchain|bin)/|.*[A-Z]{3,}|.*\.(?:sys|exe|elf|img|iso|map|asm|sym)$")
SOURCES = (".c", ".h", ".S", ".cc", ".py", ".ld")


def tracked():
    """Every file of the project, with what is new and not ignored."""
    run = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"],
                         stdout=subprocess.PIPE, text=True, check=True)
    return [name for name in run.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def names():
    return tracked()


@pytest.fixture(scope="module")
def words(names):
    """Every identifier in the sources."""
    found = set()
    for name in names:
        if name.endswith(SOURCES):
            found.update(re.findall(r"[A-Za-z_]\w+", (ROOT / name).read_text(encoding="utf-8", errors="replace")))
    return found


def spoken(document):
    """(line number, code word) for every word in backquotes outside fenced blocks."""
    fenced = False
    for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            for code in CODE.findall(line):
                for word in code.split():
                    yield number, word.strip(".,:;()[]{}<>'\"*&")


def exists(word, names):
    """A path from the root, or the end of one, or a folder."""
    path = word.removeprefix("./").rstrip("/")
    return (ROOT / path).exists() or any(name.endswith("/" + path) or f"/{path}/" in "/" + name for name in names)


def report(document, wrong, what):
    if wrong:
        lines = "\n".join(f"{document.relative_to(ROOT)}:{number}: {word}" for number, word in wrong)
        pytest.fail(f"{what}:\n{lines}", pytrace=False)


@pytest.mark.parametrize("document", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])
def test_files_exist(document, names):
    wrong = [(number, word) for number, word in spoken(document)
             if FILE.fullmatch(word.removeprefix("./")) and not ELSEWHERE.match(word) and not exists(word, names)]
    report(document, wrong, "named here, but there is no such file or folder")


@pytest.mark.parametrize("document", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])
def test_symbols_exist(document, words):
    wrong = [(number, symbol) for number, word in spoken(document) for symbol in SYMBOL.findall(word)
             if re.fullmatch(r"\w+", word) and symbol not in words]
    report(document, wrong, "named here, but no source has such a symbol")


@pytest.mark.parametrize("document", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])
def test_links_lead_somewhere(document):
    wrong = []
    for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), 1):
        for target in LINK.findall(line):
            if "://" not in target and not (document.parent / target).exists():
                wrong.append((number, target))
    report(document, wrong, "linked here, but there is nothing")


def block(document, language):
    """The text of the first fenced block in a language."""
    return re.search(rf"^```{language}\n(.*?)^```$", document.read_text(encoding="utf-8"), re.S | re.M).group(1)


def test_the_first_driver_does_what_is_printed(built, tmp_path):
    """README's first driver, built from what is printed there; at the shell it does what is printed there."""
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / "hello.c").write_text(block(ROOT / "README.md", "c"), encoding="utf-8")
    builder.build(f"M={folder}")
    printed = [line.split() for line in block(ROOT / "README.md", "console").splitlines()]
    commands = [" ".join(words[1:]) for words in printed if words[0] == "tide>"]
    run = subprocess.run([builder.RUN_QEMU, "--timeout", "100", "--add", folder / "hello.sys", "--run", "; ".join(commands)],
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    seen = [line.split() for line in run.stdout.splitlines()]
    assert run.returncode == 0, run.stdout + run.stderr
    assert seen[-len(printed):] == printed, run.stdout
