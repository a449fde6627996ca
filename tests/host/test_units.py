"""
The host unit tests: each CASE in tests/host/test_*.c is a test here, run in a process of its own under AddressSanitizer and
UndefinedBehaviorSanitizer. Then what takes more than one program: relocation against the linker, and the fuzzer.
"""

import fcntl
import functools
import os
import re
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from lib import build as builder

HERE = Path(__file__).resolve().parent
OUT = builder.BUILD / "host"
CASE = re.compile(r"^(?:\w+_)?CASE\((\w+)", re.MULTILINE)
IMAGE_BASE = 0xFFFFFFFFA0000000
IMPORT_BASE = 0xFFFFFFFF80200000
FUZZ_RUNS = 20000


def make(*words):
    """Runs make in tests/host, one process at a time."""
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "O")}
    with open(HERE / "Makefile", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = subprocess.run(["make", "--no-print-directory", "-C", str(HERE), f"O={builder.BUILD}", *words], env=environment,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    return run


@functools.cache
def build():
    run = make()
    if run.returncode:
        pytest.fail(f"the unit tests do not build:\n{run.stdout}", pytrace=False)


def cases():
    """(program, case) for every CASE(...), and every CASE-making macro, in the sources."""
    found = []
    for source in sorted(HERE.glob("test_*.c")):
        names = [name for name in CASE.findall(source.read_text(encoding="utf-8")) if name != "Title"]
        found += [(source.stem, name) for name in names]
    return found


@pytest.mark.parametrize("program,case", [pytest.param(*each, id="-".join(each)) for each in cases()])
def test_unit(program, case):
    build()
    run = subprocess.run([OUT / program, case], cwd=OUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         errors="replace", timeout=300, check=False)
    if run.returncode or f"ok 1 - {case}\n1..1\n" not in run.stdout:
        pytest.fail(f"{program} {case} (exit status {run.returncode}):\n{run.stdout}", pytrace=False)


def test_every_case_is_found():
    """No case hides behind a macro that this file does not see."""
    build()
    for program in sorted({program for program, _ in cases()}):
        run = subprocess.run([OUT / program], cwd=OUT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                             errors="replace", check=False)
        ran = re.findall(r"^(?:not )?ok \d+ - (\w+)$", run.stdout, re.MULTILINE)
        assert sorted(ran) == sorted(case for name, case in cases() if name == program)


def imports_of(driver):
    """An address for every symbol that a driver imports; weak ones stay at 0."""
    with open(driver, "rb") as file:
        symbols = list(ELFFile(file).get_section_by_name(".symtab").iter_symbols())
    names = [symbol.name for symbol in symbols if symbol.name and symbol["st_shndx"] == "SHN_UNDEF"
             and symbol["st_info"]["bind"] == "STB_GLOBAL"]
    return {name: IMPORT_BASE + 16 * index for index, name in enumerate(names)}


def compare_with_linker(driver, folder):
    """Lays the driver out as the loader does, links it with ld at the same addresses, and compares section by section."""
    memory, linked = folder / "memory", folder / "linked"
    memory.mkdir()
    imports = imports_of(driver)
    run = subprocess.run([OUT / "ldrdump", driver, hex(IMAGE_BASE), memory, *(f"{n}={a:#x}" for n, a in imports.items())],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert run.returncode == 0, run.stdout
    sections = [line.split() for line in run.stdout.splitlines()]
    # The linker keeps every section apart, as ld -r did; what the loader does not place goes out of the way.
    script = folder / "link.ld"
    with open(driver, "rb") as file:
        others = {each.name for each in ELFFile(file).iter_sections() if each["sh_flags"] & 2} - {name for name, _, _ in sections}
    script.write_text("SECTIONS {\n" + "".join(f'{name} {address} : {{ *({name}) }}\n' for name, address, _ in sections)
                      + "".join(f"{name} 0xFFFFFFFF90000000 : {{ *({name}) }}\n" for name in sorted(others))
                      + "".join(f"{name} = {address:#x};\n" for name, address in imports.items()) + "}\n")
    run = subprocess.run(["ld", "-nostdlib", "--no-relax", "--no-check-sections", "-e", "DriverEntry", "-T", script, driver,
                          "-o", linked], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert run.returncode == 0, run.stdout
    with open(linked, "rb") as file:
        elf = ELFFile(file)
        for name, address, size in sections:
            section = elf.get_section_by_name(name)
            assert section["sh_addr"] == int(address, 16), name
            expected = bytes(int(size)) if section["sh_type"] == "SHT_NOBITS" else section.data()
            assert (memory / name).read_bytes() == expected, f"section {name} of {driver.name} differs from the linker's"
    return len(sections)


def test_relocation_agrees_with_the_linker(tmp_path):
    build()
    assert compare_with_linker(OUT / "good.sys", tmp_path) == 10


def test_every_driver_agrees_with_the_linker(built, tmp_path):
    build()
    drivers = sorted((builder.BUILD / "drivers").glob("*.sys"))
    assert drivers
    for index, driver in enumerate(drivers):
        (tmp_path / str(index)).mkdir()
        compare_with_linker(driver, tmp_path / str(index))


def test_fuzzer_finds_nothing():
    build()
    run = make("fuzz", f"RUNS={FUZZ_RUNS}")
    assert run.returncode == 0, run.stdout[-6000:]
    assert f"stat::number_of_executed_units: {FUZZ_RUNS}" in run.stdout, run.stdout[-6000:]
