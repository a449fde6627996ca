"""
The harness against a fake guest that misbehaves on purpose: each verdict is seen before any is trusted.
"""

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from lib import check, elfedit, language, pattern, player, tap
from lib.console import Console
from lib.files import Files, RecipeError
from lib.verdict import SessionFailure

FAKE = [sys.executable, str(Path(__file__).parent / "lib" / "fakeguest.py")]
SHORT = "%timeout 2\n"


def play(text, tmp_path):
    session = language.parse(text, "test.session")
    for values in session.runs():
        player.play(session, values, FAKE, roots=(tmp_path,))


def failure(text, tmp_path):
    with pytest.raises(SessionFailure) as caught:
        play(text, tmp_path)
    return caught.value


# What passes

PASSING = {
    "nothing but a boot": "",
    "boot lines": "Fake guest {{\\d+}}\n... discarded\n$ shutdown",
    "boot lines with a gap": "Fake ...\n...\n",
    "output in full": "$ echo one two\none two",
    "blanks match blanks": "$ sections\ndriver section kind resident locks\n... PAGESER ... pageable ...\n"
                           "fake .text nonpaged 2 0",
    "blank lines count for nothing": "$ sections\n\ndriver ...\nfake PAGESER pageable 3 0\nfake .text nonpaged 2 0",
    "gap before a line": "$ sections\n...\nfake .text ...",
    "gap after a line": "$ sections\ndriver ...\n...",
    "output ignored": "$ sections\n$ echo x\nx",
    "unknown command": "$ frobnicate now\nfrobnicate: unknown command...",
    "comments": "# one\n$ echo x\n# two\nx",
    "escaped line": "$ echo % y\n\\% y",
    "no newline before the prompt": "$ half a line\na line",
    "captures": "$ lock\nlocked, handle {{h:=0x\\w+}}\n$ sections\n...\n... PAGESER ... {{locks:=\\d+}}\n...\n"
                "%check $locks == 1\n$ unlock {{$h}}\n$ sections\n...\n... PAGESER ... {{after:=\\d+}}\n...\n"
                "%check $after == $locks - 1 and $h != 0",
    "captured text expected": "$ echo abc\n{{word:=\\w+}}\n$ echo say abc\nsay {{$word}}",
    "an unfinished line, then typing": "$ greet\nname: \\\n> Bob\nhello, Bob",
    "Ctrl-C at the prompt": "$ echo half a line^C\n$ ^C\n$ echo x\nx",
    "Ctrl-C in a program": "$ interrupt\n> one\nheard one\n> half^C\ninterrupted\n$ interrupt\n> ^C\ninterrupted",
    "a port, both ways": "$ open com2\ncom2 open\n> hello\ncom2< hello\ncom2> back\n>\nback\n> .\ncom2 closed",
    "a gap up to a typed line": "$ open com2\ncom2 open\n> !3\n1\n...\n> !2\n1\n2\n> !4\n...\n> .\ncom2 closed",
    "two ports": "$ open com2\n> two\ncom2< two\n> .\n$ open com3\n> three\ncom3< {{t\\w+}}\n> .",
    "a file through a port": "%make r.bin = random 65536\n%add r.bin\n$ send com2 r.bin\ncom2<< r.bin\n"
                             "$ sum r.bin\n{{crc:=\\w+}}\n$ receive com2 65536\ncom2>> r.bin\n"
                             "65536 bytes, CRC-32 {{$crc}}",
    "a file under another path": "%make r.bin = random 10 7\n%add r.bin=dir/other\n$ sum dir/other\n{{[0-9a-f]{8}}}",
    "an expected bugcheck": "%expect-exit bugcheck\n$ bugcheck\n*** STOP 0x000000D1 ...\n"
                            "rule: ... PAGE of fake.sys, ...",
    "an expected reset": "%expect-exit reset\n$ triple",
    "--run": "%boot --run sections\nFake guest 1\n...\ntide> sections\n...\nfake .text ...",
    "--run and an expected bugcheck": "%boot --run bugcheck\n%expect-exit bugcheck\n...\n*** STOP ...\n...",
    "matrix": "%matrix cpus=1,2\n%boot --mem 16M\n$ echo {{$cpus}}\n{{$cpus}}",
}


@pytest.mark.parametrize("text", PASSING.values(), ids=PASSING.keys())
def test_passes(text, tmp_path):
    play(text, tmp_path)


# What fails: verdict, line, and a word of the report

FAILING = {
    "wrong output": ("$ echo one\ntwo", "wrong output", 2, r"- two\n\s+\+ one"),
    "output too long": ("$ sections\ndriver ...", "wrong output", 2, r"\+ fake"),
    "output too short": ("$ echo one\none\ntwo", "wrong output", 2, "- two"),
    "wrong order": ("$ sections\n...\nfake .text ...\nfake PAGESER ...", "wrong output", 2, "- fake PAGESER"),
    "check": ("$ echo 5\n{{a:=\\d}}\n%check $a == 6", "wrong output", 3, "5 == 6"),
    "hang": (SHORT + "$ hang\nabout to hang", "hang", 2, "about to hang"),
    "hang with nothing expected": (SHORT + "$ hang", "hang", 2, "waiting for the prompt"),
    "bugcheck": ("$ bugcheck\nfine\n$ echo x", "bugcheck", 1, "the STOP report ---\n.*STOP 0x000000D1"),
    "bugcheck in the last command": ("$ bugcheck\nfine", "bugcheck", 2, "rule: code at DISPATCH_LEVEL"),
    "bugcheck where nothing was listed": ("$ bugcheck", "bugcheck", 1, "expected 'pass'"),
    "STOP and no end": (SHORT + "$ freeze", "bugcheck", 2, "did not end"),
    "triple fault": ("$ triple\n$ echo x", "triple fault or reset", 1, "status 5"),
    "ended early": ("$ shutdown\n$ echo x", "the machine ended early", 1, "status 0"),
    "no bugcheck where one is due": ("%expect-exit bugcheck\n$ shutdown", "wrong exit status", 2,
                                     "expected 'bugcheck'"),
    "QEMU refused": ("%boot --broken\n", "QEMU failed to start", 1, "unsupported machine type"),
    "bad option": ("%boot --nonsense\n", "QEMU failed to start", 1, "unrecognized arguments"),
    "wrong line at the far end": ("$ open com2\n> hi\ncom2< ho\n> .", "wrong output", 3, r"- ho\n\s+\+ hi"),
    "nothing at the far end": (SHORT + "$ open com2\ncom2< ho\n> .", "hang", 3, "far end of com2"),
    "other bytes at the far end": ("%make r.bin = random 2000\n%add r.bin\n$ corrupt com2 r.bin\ncom2<< r.bin",
                                   "wrong output", 4, "offset 1000"),
    "%boot without its file": ("%boot --cdrom @no.iso\n", "the session file is wrong", 1, "no file 'no.iso'"),
    "a command that QEMU does not take": ("$ open com2\nqemu> eject\n> .", "wrong output", 2, "QEMU's monitor says"),
    "no such file": ("%add nothing.sys\n", "the session file is wrong", 1, "no file 'nothing.sys'"),
    "unknown recipe": ("%make x = bake 1\n", "the session file is wrong", 1, "unknown recipe 'bake'"),
    "%check of words": ("$ echo a\n{{a:=\\w}}\n%check $a + 1 == 2", "the session file is wrong", 3, "not both numbers"),
}


@pytest.mark.parametrize("text, verdict, line, word", FAILING.values(), ids=FAILING.keys())
def test_fails(text, verdict, line, word, tmp_path, monkeypatch):
    monkeypatch.setattr(player, "STOP_SECONDS", 1)
    seen = failure(text, tmp_path)
    assert (seen.verdict, seen.where) == (verdict, f"test.session:{line}"), str(seen)
    assert re.search(word, str(seen)), str(seen)


def test_report_has_the_whole_story(tmp_path):
    """A report shows where, the diff, the log before it and how to do it by hand."""
    text = str(failure("%boot --mem 16M\n$ echo before\n$ sections\nnothing of the kind", tmp_path))
    assert text.startswith("test.session:4\nverdict: wrong output")
    assert "- nothing of the kind" in text and "+ fake    PAGESER" in text
    assert "before" in text and "--mem 16M" in text


# What a session file may not say

MALFORMED = {
    "unknown directive": ("%bake\n", 1, "unknown directive"),
    "directive too late": ("$ echo\n%boot --mem 1M", 2, "top of the file"),
    "directive without value": ("%timeout", 1, "needs a value"),
    "timeout": ("%timeout soon", 1, "seconds"),
    "exit": ("%expect-exit happily", 1, "no exit called"),
    "quoting": ("%boot --append 'x", 1, "quoting"),
    "make": ("%make x random 1", 1, "NAME = RECIPE"),
    "matrix": ("%matrix cpus", 1, "OPTION=VALUE"),
    "empty command": ("\n$", 2, "without a command"),
    "typing before a command": ("> hello", 1, "before the first"),
    "no such port": ("$ echo\ncom7> x", 2, "no port 'com7'"),
    "bad expression": ("$ echo\n{{(}}", 2, "bad regular expression"),
    "unknown name": ("$ unlock {{$h}}", 1, "captured as 'h'"),
    "unknown name in a check": ("$ echo\n%check $n == 1", 2, "captured as 'n'"),
    "output after a check": ("$ echo 1\n{{n:=1}}\n%check $n == 1\nx", 4, "ends with its %check"),
    "typing with --run": ("%boot --run x\n$ echo", 2, "nothing can be typed"),
    "a line after one that does not end": ("$ greet\nname:\\\nx", 3, "ends in a backslash"),
    "two files": ("$ echo\ncom2>> a b", 2, "one FILE"),
}


@pytest.mark.parametrize("text, line, word", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_session(text, line, word):
    with pytest.raises(language.SessionError) as caught:
        language.parse(text, "test.session")
    assert str(caught.value).startswith(f"test.session:{line}: ")
    assert word in str(caught.value)


# The parts by themselves

@pytest.mark.parametrize("expected, seen, matches", [
    ("a b", "a    b", True),
    ("a ... b", "a b", True),
    ("a ... b", "a x y b", True),
    ("a ... b", "ab", False),
    ("a ... b", "a xb", False),
    ("... b", "b", True),
    ("... b", "ab", False),
    ("a ...", "a", True),
    ("a ...", "ab", False),
    ("word ...", "word: and more", True),
    ("... word ...", "a list (word), and more", True),
    ("... word ...", "swords", False),
    ("a...b", "ab", True),
    ("a...b", "axxb", True),
    ("n={{\\d+}}.", "n=12.", True),
    ("n={{\\d+}}.", "n=12x", False),
    ("{{\\d{3}}} ... end", "123 end", True),
    ("{{\\d{3}}}", "123", True),
    ('{"a":{"b":{{\\d+}}},"c":{{\\d}}}', '{"a":{"b":12},"c":3}', True),
    ('{"a":{{\\d+}},...}', '{"a":12,"b":{}}', True),
    ("{{n:=\\d+}} and {{$n}}", "12 and 12", True),
    ("{{n:=\\d+}} and {{$n}}", "12 and 13", False),
    ("{{ not a field", "{{ not a field", True),
    ("(a+b)*", "(a+b)*", True),
    ("  indented", "indented", True),
])
def test_line_pattern(expected, seen, matches):
    assert bool(pattern.compile_line(expected, {}).fullmatch(seen)) == matches


def test_skip_takes_as_many_lines_as_needed():
    seen = ["a", "b", "x", "b", "c", "end"]
    assert pattern.match_lines(["a", "...", "b", "c", "..."], seen, {}, to_end=True)
    assert pattern.match_lines(["...", "b"], seen, {}, to_end=False).used == 2
    assert not pattern.match_lines(["a", "...", "c", "b", "..."], seen, {}, to_end=True)


def test_captures_of_a_false_start_are_dropped():
    matched = pattern.match_lines(["...", "n={{n:=\\d}}", "end"], ["n=1", "n=2", "end"], {}, to_end=True)
    assert matched.captures == {"n": "2"}


def test_diff_marks_only_what_differs():
    assert pattern.diff(["a", "...", "c {{\\d}}"], ["a", "b", "c x"], {}) == ["  a", "  b", "- c {{\\d}}", "+ c x"] or \
        pattern.diff(["a", "...", "c {{\\d}}"], ["a", "b", "c x"], {}) == ["  a", "  b", "  c x", "- c {{\\d}}"]


def test_console_in_small_pieces():
    """Bytes arrive one at a time, with escape sequences, colours and messages between prompts."""
    console = Console()
    stream = "\x1b[2J\x1b[01;01Hhello\r\ntide> late message\r\necho \x1b[1mhi\x1b[0m\r\nhi\r\n\xe9\r\ntide> "
    for byte in stream.encode()[:stream.index("late")]:
        console.feed(bytes([byte]))
    assert console.at_prompt and console.lines == ["hello"]
    console.type_command("echo hi")
    for byte in stream[stream.index("late"):].encode():
        console.feed(bytes([byte]))
    assert console.at_prompt and console.lines == ["hi", "\xe9"]


def test_console_line_that_is_taken_away_and_written_again():
    """A job prints while a command is being typed, and while a program asks: each counts once."""
    again = "\r\x1b[Kjob 1\r\ntide> ech"
    stream = "tide> ech" + again + again + "o x\r\nx\r\ntide> "
    console = Console()
    for byte in "tide> ".encode():
        console.feed(bytes([byte]))
    console.type_command("echo x")
    for byte in stream[len("tide> "):-len("tide> ")].encode():
        console.feed(bytes([byte]))
        assert not console.at_prompt
    assert console.lines == ["x"]
    assert console.text == "tide> job 1\njob 1\ntide> echo x\nx\n".removeprefix("tide> ")
    console.feed(b"name: ")
    console.take_unfinished()
    console.feed(b"\r\x1b[Kjob 2\r\nname: B")
    assert console.unfinished == "B"
    console.type_line("Bob")
    console.feed(b"ob\r\nhello\r\n")
    assert console.lines == ["x", "job 2", "hello"]


@pytest.mark.parametrize("text, holds", [
    ("$a == 16", True), ("$a == 0x10", True), ("$b == 'two'", True), ("$a < 16", False), ("1 < $a <= 16", True),
    ("$a == 16 and $b == 'one'", False), ("$a * 2 - 2 == 30", True), ("$in > 5", True), ("$z == 7", True),
])
def test_check(text, holds):
    assert check.holds(text, {"a": "16", "b": "two", "z": "007", "in": "6"}) == holds


@pytest.mark.parametrize("text", ["$a", "$a ==", "__import__('os') == 1", "$a == 1 or 2", "$b.x == 1"])
def test_check_refuses(text):
    with pytest.raises(check.CheckError):
        check.holds(text, {"a": "1", "b": "x"})


def test_recipes(tmp_path):
    (tmp_path / "src").write_bytes(bytes(range(100)))
    made = tmp_path / "made"
    made.mkdir()
    files = Files(made, roots=(tmp_path,))
    for name, recipe in (("r", "random 70000"), ("r2", "random 70000"), ("r3", "random 70000 2"), ("f", "fill 3 0x41"),
                         ("c", "copy src"), ("t", "truncate src 10"), ("a", "append src ffee"),
                         ("p", "patch src 0x2 abcd 9 01"), ("i", "iso src")):
        files.make(name, recipe.split())
    assert files.read("r") == files.read("r2") != files.read("r3") and len(files.read("r")) == 70000
    assert files.read("f") == b"AAA" and files.read("c") == bytes(range(100))
    assert files.read("t") == bytes(range(10)) and files.read("a")[-2:] == b"\xff\xee"
    assert files.read("p")[:10] == bytes([0, 1, 0xab, 0xcd, 4, 5, 6, 7, 8, 1])
    files.make("lines", ["text", "one two", "three"])
    assert files.read("lines") == b"one two\nthree\n"
    assert files.read("i")[0x8001:0x8006] == b"CD001"
    for wrong in ("iso none", "truncate src 100", "patch src 99 0000", "patch src 1", "random many", "truncate none 1",
                  "fill 1"):
        with pytest.raises(RecipeError):
            files.make("x", wrong.split())
    with pytest.raises(RecipeError):
        files.make("../x", ["fill", "1", "1"])


def symbol(elf, name):
    return elf.get_section_by_name(".symtab").get_symbol_by_name(name)


ELF_EDITS = {
    "header.machine=3": lambda elf: elf.header.e_machine == "EM_386",
    "section:PAGE.flags=7": lambda elf: elf.get_section_by_name("PAGE").header.sh_flags == 7,
    "section:PAGE.name=PAGETOOLONG": lambda elf: elf.get_section_by_name("PAGETOOLONG") is not None,
    "section:PAGE.offset=0xffffffffffffffff":
        lambda elf: elf.get_section_by_name("PAGE").header.sh_offset == 2 ** 64 - 1,
    "symbol:Outside.name=NoSuchRoutine": lambda elf: symbol(elf, "NoSuchRoutine"),
    "symbol:Entry.value=-1": lambda elf: symbol(elf, "Entry")[0]["st_value"] == 2 ** 64 - 1,
    "reloc:.relaPAGE:0.type=999":
        lambda elf: elf.get_section_by_name(".relaPAGE").get_relocation(0)["r_info_type"] == 999,
}


@pytest.mark.parametrize("assignment, shows", ELF_EDITS.items(), ids=ELF_EDITS.keys())
def test_elf_edit(assignment, shows, tmp_path):
    """An independent reader of ELF files sees exactly the field that was meant."""
    source = 'extern int Outside(void); __attribute__((section("PAGE"))) int Entry(void) { return Outside(); }'
    subprocess.run(["gcc", "-x", "c", "-c", "-", "-o", tmp_path / "driver"], input=source, text=True, check=True)
    before = (tmp_path / "driver").read_bytes()
    after = elfedit.assign(before, assignment)
    assert not elf_shows(before, shows) and elf_shows(after, shows)


def elf_shows(data, shows):
    return bool(shows(ELFFile(io.BytesIO(data))))


@pytest.mark.parametrize("assignment", ["header.colour=1", "section:NONE.flags=1", "symbol:none.value=1", "nonsense",
                                        "header.type=x"])
def test_elf_edit_refuses(assignment, tmp_path):
    subprocess.run(["gcc", "-x", "c", "-c", "-", "-o", tmp_path / "driver"], input="int a;", text=True, check=True)
    with pytest.raises((elfedit.EditError, ValueError)):
        elfedit.assign((tmp_path / "driver").read_bytes(), assignment)


def test_elf_edit_wants_elf():
    with pytest.raises(elfedit.EditError):
        elfedit.assign(b"not ELF", "header.type=1")


def test_tap_report():
    log = ["tide> run test locks", "1..3", "# a.c:3: X does not hold", "some message", "not ok 1 - First # L20 x",
           "ok 2 - Second"]
    results, plan = tap.parse(log)
    assert plan == 3 and list(results) == ["First", "Second"]
    assert not results["First"].ok and results["First"].notes == ["# a.c:3: X does not hold"]
    assert results["Second"].ok and not results["Second"].notes


def suite_folder(tmp_path, text, name="one"):
    (tmp_path / name).mkdir()
    (tmp_path / name / "one.c").write_text(text)
    return tmp_path


def test_suites_are_found(tmp_path):
    suite_folder(tmp_path, 'TEST_SUITE(one, "1 4");\n\n'
                           'TEST_CASE(First, "L1 says \\"so\\"") {\n}\nTEST_CASE(Second, "L2") {\n}\n')
    (tmp_path / "lib").mkdir()
    suite, = tap.find_suites(tmp_path)
    assert (suite.name, suite.processors) == ("one", ["1", "4"])
    assert [case.name for case in suite.cases] == ["First", "Second"]
    assert suite.cases[0].where.endswith("one/one.c:3")


@pytest.mark.parametrize("text", ["", 'TEST_SUITE(two, "1")\nTEST_CASE(A, "x") {}', 'TEST_SUITE(one, "1")\n',
                                  'TEST_SUITE(one, "1")\nTEST_CASE(A, "x") {}\nTEST_CASE(A, "y") {}'])
def test_not_a_suite(text, tmp_path):
    with pytest.raises(tap.SuiteError):
        tap.find_suites(suite_folder(tmp_path, text))
