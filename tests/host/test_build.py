"""
The build: what the link scripts, the flags and the host tools promise to the loader, the boot loaders and the reader.
"""

import os
import subprocess
import sys

import pytest
from elftools.elf.elffile import ELFFile

from lib import build as builder

sys.path.insert(0, str(builder.ROOT / "tools"))
import elf64    # noqa: E402  pylint: disable=wrong-import-position

DRIVER = r"""
#include <ntddk.h>
DRIVER_INITIALIZE DriverEntry;
LONG Paged(LONG Which);
VOID Report(LONG Value);
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGETEST, Paged)
ULONG Uninitialised;
#pragma data_seg("MY_DATA")
ULONG Mine = 1;
#pragma data_seg()
NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNREFERENCED_PARAMETER(Driver);
    UNREFERENCED_PARAMETER(Path);
    return STATUS_SUCCESS;
}
LONG Paged(LONG Which)
{
    switch (Which) {
    case 0: return 17; case 1: return 4; case 2: return 33; case 3: return 9; case 4: return 71; case 5: return 2;
    case 6: Report(1); break; case 7: Report(5); break; case 8: Report(7); break; case 9: Report(3); break;
    }
    return 0;
}
"""
PROGRAM = "#include <stdio.h>\nint Written = 1;\nint main(void)\n{\n    printf(\"%d\\n\", Written);\n    return 0;\n}\n"


def make(*arguments, **environment):
    """Runs make in the tree, with the build folder of this test run."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(["make", "--no-print-directory", "-C", str(builder.ROOT), *arguments], capture_output=True,
                          text=True, env=inherited | environment, check=False)


def attributes(path):
    """{section: letters} of what lies in memory."""
    with open(path, "rb") as file:
        return {s.name: "r" + "w" * bool(s["sh_flags"] & 1) + "x" * bool(s["sh_flags"] & 4)
                for s in ELFFile(file).iter_sections() if s["sh_flags"] & 2 and s["sh_size"]}


# --- Drivers ---

@pytest.fixture
def outside(tmp_path):
    """A folder outside the tree with one driver's source."""
    (tmp_path / "sample.c").write_text(DRIVER)
    return tmp_path


def test_a_folder_outside_builds_into_a_driver_of_its_name(built, outside):
    done = make(f"M={outside}")
    assert done.returncode == 0, done.stderr
    assert (outside / f"{outside.name}.sys").exists()


def test_headers_are_named_as_on_windows(built, outside):
    """With backslashes, in any case, also by headers, and beside the source as well as in the tree."""
    source = (outside / "sample.c").read_text()
    (outside / "Sub").mkdir()
    (outside / "Sub" / "Local.h").write_text('#include "OTHER.H"\n')
    (outside / "Sub" / "other.h").write_text("#define SAMPLE_OTHER 1\n")
    (outside / "sample.c").write_text('#include <NtDDK.h>\n#include "sub\\local.h"\n#include <SYS\\Types.h>\n'
                                      "C_ASSERT(SAMPLE_OTHER == 1 && SAMPLE_TYPES == 2);\n" + source)
    (outside / "sys").mkdir()
    (outside / "sys" / "types.h").write_text("#define SAMPLE_TYPES 2\n")
    done = make(f"M={outside}", "NAME=sample")
    assert done.returncode == 0, done.stderr


def test_the_sections_of_a_driver_keep_their_names_L35(built, outside):
    assert make(f"M={outside}", "NAME=sample").returncode == 0
    assert attributes(outside / "sample.sys") == {"INIT": "rx", "PAGETEST": "rx", "MY_DATA": "rw", ".bss": "rw"}


def test_a_driver_keeps_symbols_and_debug_information(built, outside):
    assert make(f"M={outside}", "NAME=sample").returncode == 0
    driver = elf64.Elf(outside / "sample.sys")
    names = {section.name for section in driver.sections}
    assert {".symtab", ".debug_info", ".debug_line"} <= names
    assert not {".comment", ".eh_frame", ".note.GNU-stack"} & names
    assert {"DriverEntry", "Paged", "Uninitialised"} <= {symbol.name for symbol in driver.symbols}


def test_a_name_of_the_environment_is_not_taken_for_the_drivers(built, outside):
    assert make(f"M={outside}", NAME="something").returncode == 0
    assert not (outside / "something.sys").exists()


def test_a_locked_section_is_complete_L20(built):
    """No driver's code leaves the sections that were named, not even by a switch's table."""
    for path in (builder.BUILD / "drivers").glob("*.sys"):
        driver = elf64.Elf(path)
        for section in driver.sections:
            assert not section.name.startswith((".text.", ".rodata.")), f"{path.name}: {section.name}"
        for symbol in driver.symbols:
            for piece in (".part.", ".cold", "CSWTCH"):
                assert piece not in symbol.name, f"{path.name}: {symbol.name}"


def test_a_program_outside_builds(built, tmp_path):
    (tmp_path / "main.c").write_text(PROGRAM)
    done = make(f"M={tmp_path}", "PROGRAM=hello")
    assert done.returncode == 0, done.stderr
    check_program(tmp_path / "hello.exe")


def test_programs_have_a_segment_for_each_protection(built):
    paths = list((builder.BUILD / "user").glob("*.exe"))
    assert paths
    for path in paths:
        check_program(path)


def check_program(path):
    with open(path, "rb") as file:
        elf = ELFFile(file)
        assert elf["e_type"] == "ET_EXEC"
        segments = [s for s in elf.iter_segments() if s["p_type"] == "PT_LOAD"]
        assert segments[0]["p_vaddr"] == 0x400000
        pages = set()
        for segment in segments:
            assert segment["p_flags"] & 3 != 3, "writable and executable"
            first, last = segment["p_vaddr"] // 4096, (segment["p_vaddr"] + segment["p_memsz"] - 1) // 4096
            own = set(range(first, last + 1))
            assert not own & pages, "two segments share a page"
            pages |= own


# --- The kernel ---

def check_kernel(first, kernel):
    done = subprocess.run([sys.executable, builder.ROOT / "tools/kernel-check.py", first, kernel], capture_output=True,
                          text=True, check=False)
    return done.returncode, done.stderr


def spoiled(tmp_path, offset, data):
    """A copy of the kernel with some bytes overwritten."""
    content = bytearray((builder.BUILD / "kernel.elf").read_bytes())
    content[offset:offset + len(data)] = data
    (tmp_path / "kernel.elf").write_bytes(content)
    return tmp_path / "kernel.elf"


def header_offset():
    return (builder.BUILD / "kernel.elf").read_bytes().index(bytes.fromhex("02b0ad1b"))


def test_the_kernel_keeps_its_loaders_rules(built):
    first, kernel = builder.BUILD / "kernel.0.elf", builder.BUILD / "kernel.elf"
    assert check_kernel(first, kernel) == (0, "")
    assert all(letters != "rwx" for letters in attributes(kernel).values())


@pytest.mark.parametrize("field, value, complaint", [
    (1, b"\0\0\0\0", "no multiboot header"), (3, b"\0\0\0\0", "the multiboot header says it is"),
    (5, b"\1\0\0\0", "load end"), (6, b"\1\0\0\0", "bss end"), (7, b"\1\0\0\0", "entry"),
])
def test_a_wrong_multiboot_header_is_seen(built, tmp_path, field, value, complaint):
    status, said = check_kernel(builder.BUILD / "kernel.0.elf", spoiled(tmp_path, header_offset() + 4 * field, value))
    assert status == 1
    assert complaint in said


def test_a_gap_between_sections_is_seen(built, tmp_path):
    table = int.from_bytes((builder.BUILD / "kernel.elf").read_bytes()[0x28:0x30], "little")
    # sh_addr of the second section that is loaded
    status, said = check_kernel(builder.BUILD / "kernel.0.elf", spoiled(tmp_path, table + 2 * 64 + 16, b"\x10"))
    assert status == 1
    assert "not on a page" in said


def test_the_kernels_symbol_table_is_true(built):
    """KdSymbolOffsets and KdSymbolNames say of every routine where it is."""
    kernel = elf64.Elf(builder.BUILD / "kernel.elf")
    where = {symbol.name: symbol.value for symbol in kernel.symbols}
    rodata = next(section for section in kernel.sections if section.name == ".rodata")

    def content(name, size):
        at = where[name] - rodata.address + rodata.offset
        return kernel.bytes[at:at + size]

    count = int.from_bytes(content("KdSymbolCount", 4), "little")
    offsets, names = (memoryview(content(name, 4 * count)).cast("I").tolist()
                      for name in ("KdSymbolOffsets", "KdSymbolNames"))
    assert offsets == sorted(set(offsets))
    strings = content("KdSymbolStrings", names[-1] + 256)
    table = {strings[at:strings.index(b"\0", at)].decode(): offset for offset, at in zip(offsets, names)}
    for routine in ("KiSystemStartup", "MmAccessFault", "KeSetEvent"):
        assert table[routine] == where[routine] - where["KernelImageStart"]


def test_exports_are_sorted(built):
    kernel = elf64.Elf(builder.BUILD / "kernel.elf")
    where = {symbol.name: symbol.value for symbol in kernel.symbols}
    start, end = where["KernelExportsStart"], where["KernelExportsEnd"]
    names = [s.name.removeprefix("Export_") for s in sorted(kernel.symbols, key=lambda s: s.value)
             if s.name.startswith("Export_") and start <= s.value < end]
    assert len(names) == (end - start) // 16
    assert names == sorted(names)


# --- The image and the disc ---

def image(output, *arguments):
    return subprocess.run([builder.ROOT / "tools/image.sh", output, *arguments], capture_output=True, text=True,
                          check=False)


def test_the_same_files_make_the_same_image(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    for path, mode in ((first, 0o600), (second, 0o755)):
        path.write_text("content")
        path.chmod(mode)
    assert image(tmp_path / "1.img", "bin/x", first, "y", first).returncode == 0
    assert image(tmp_path / "2.img", "y", second, "bin/x", second).returncode == 0
    assert (tmp_path / "1.img").read_bytes() == (tmp_path / "2.img").read_bytes()


@pytest.mark.parametrize("path", ["", "/x", "../x", "a/../../x", "a//b", "./x"])
def test_a_path_that_leads_out_of_the_image_is_refused(tmp_path, path):
    (tmp_path / "file").write_text("x")
    done = image(tmp_path / "x.img", path, tmp_path / "file")
    assert done.returncode == 1
    assert not (tmp_path / "x.img").exists()


@pytest.mark.parametrize("words, arguments", [
    ("", ""),
    ("mem=16M x=1", "'mem=16M' 'x=1'"),
    ('run="a; b" x', "'run=a; b' 'x'"),
    (r'''run="\"a\" \\ it's"''', r"""'run="a" \ it'\''s'"""),
])
def test_words_are_quoted_for_grub(tmp_path, words, arguments):
    (tmp_path / "file").write_text("x")
    disc = tmp_path / "x.iso"
    subprocess.run([builder.ROOT / "tools/iso.sh", disc, tmp_path / "file", tmp_path / "file", words], check=True)
    extract = ["-extract", "/boot/grub/grub.cfg", tmp_path / "grub.cfg"]
    subprocess.run(["xorriso", "-osirrox", "on", "-indev", disc, *extract], check=True, capture_output=True)
    line = next(line for line in (tmp_path / "grub.cfg").read_text().splitlines() if line.startswith("if multiboot"))
    seen = line.removeprefix("if multiboot /boot/kernel.elf /boot/kernel.elf ").removesuffix("; then")
    assert seen.strip() == arguments


# --- What is missing ---

@pytest.mark.parametrize("arguments, word", [
    (["CROSS_COMPILE=no-such-"], "no-such-gcc is missing"), (["DBG=2"], "DBG is 1"), (["O=a b"], "blanks"),
    (["M=/no/such/folder"], "no .c or .S"),
])
def test_a_build_that_cannot_be_says_why_in_one_line(arguments, word):
    done = make(*arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert word in done.stderr
