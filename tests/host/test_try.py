"""
Structured exceptions: cases compiled as driver code by the plugin, run as a Linux program that plays the kernel's half
of the contract in tools/plugin/README.md. The cases are in try/cases.c, each with the number that it has to return.
"""

import functools
import re
import shlex
import subprocess
import tempfile
from pathlib import Path

import pytest

from lib import build as builder

HERE = Path(__file__).resolve().parent / "try"
CASES = {name: int(value) for value, name in re.findall(
    r"^/\* = (-?\d+)[^\n]*\*/\nstatic int (\w+)\(void\)", (HERE / "cases.c").read_text(encoding="utf-8"), re.M)}


@functools.cache
def driver_command():
    builder.build(str(builder.BUILD / "tools" / "tidepool-plugin.so"))
    return shlex.split((builder.BUILD / "made" / "Driver").read_text(encoding="utf-8"))


@functools.cache
def program(level):
    """The cases, compiled with a driver's options and LEVEL, linked at low addresses, which those options allow."""
    folder = Path(tempfile.mkdtemp(prefix="tidepool-try-"))
    subprocess.run(driver_command() + [level, "-c", str(HERE / "cases.c"), "-o", str(folder / "cases.o")],
                   cwd=builder.ROOT, check=True)
    subprocess.run(["cc", "-no-pie", "-O1", "-Wall", "-Wextra", "-o", str(folder / "cases"),
                    str(HERE / "runtime.c"), str(folder / "cases.o")], check=True)
    return folder / "cases"


@pytest.mark.parametrize("level", ["-O0", "-O1", "-O2", "-O3", "-Os"])
@pytest.mark.parametrize("case", sorted(CASES))
def test_case(case, level):
    done = subprocess.run([program(level), case], stdout=subprocess.PIPE, text=True, timeout=10, check=False)
    assert (done.returncode, done.stdout) == (0, f"{CASES[case]}\n")


@pytest.mark.parametrize("statement, words", [
    ("__leave;", "__leave. outside of the block of a"),
    ("return GetExceptionCode();", "GetExceptionCode. outside"),
    ("return AbnormalTermination();", "AbnormalTermination. outside"),
    ("__try { x++; }", "__try. without"),
])
def test_misplaced_words_are_errors(tmp_path, statement, words):
    file = tmp_path / "misplaced.c"
    file.write_text(f'#include "ntdef.h"\n#include "excpt.h"\nint F(int x)\n{{\n    {statement}\n    return x;\n}}\n',
                    encoding="utf-8")
    done = subprocess.run(driver_command() + ["-c", str(file), "-o", str(tmp_path / "misplaced.o")], cwd=builder.ROOT,
                          stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode != 0 and re.search(words, done.stderr)


def test_without_the_plugin_try_is_an_error_that_names_it(tmp_path):
    file = tmp_path / "bare.c"
    file.write_text('#include "ntdef.h"\n#include "excpt.h"\n'
                    'int F(int x) { __try { x++; } __except (1) { x--; } return x; }\n', encoding="utf-8")
    command = [word for word in driver_command() if not word.startswith("-fplugin=")]
    done = subprocess.run(command + ["-c", str(file), "-o", str(tmp_path / "bare.o")], cwd=builder.ROOT,
                          stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode != 0 and "__try needs the compiler plugin" in done.stderr
