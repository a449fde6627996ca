"""
run-qemu.sh's contract: options, what reaches the machine, exit statuses.

QEMU's last -kernel counts, so these tests boot kernels of a few bytes in place of the real one (`-- -kernel FILE`):
each does one thing, which no working kernel does on demand. They are flat multiboot images; the machine code is spelled
out below.
"""

import os
import signal
import struct
import subprocess
import time

import pytest

from lib import build as builder
from lib.verdict import EXITS

LOAD = 0x100000
HEADER = struct.Struct("<8I")
CODE = LOAD + HEADER.size

# Each begins in 32-bit protected mode with EBX = the multiboot information. Strings of bytes, one instruction each.
SHOW_WORDS = bytes.fromhex("8b7310" "ac" "84c0" "7407" "66baf803" "ee" "ebf4")     # lodsb/out to COM1 until the null
SHOW_MODULE = bytes.fromhex("8b4318" "8b30" "8b4804" "29f1" "66baf803" "f36e")     # rep outsb of the first module
HANG = bytes.fromhex("fa" "f4" "ebfd")                                             # cli; hlt; jmp
TRIPLE_FAULT = bytes.fromhex("0f011d") + struct.pack("<I", LOAD + 4096) + bytes.fromhex("cc")  # lidt of zeroes; int3
RESET = bytes.fromhex("66ba6400" "b0fe" "ee") + HANG                      # the keyboard controller's reset line


def leave(value):
    """Machine code that writes a value to isa-debug-exit."""
    return b"\xb0" + bytes([value]) + bytes.fromhex("66baf400" "ee") + HANG


@pytest.fixture
def tiny(tmp_path):
    """tiny(CODE) -> the arguments that boot it."""
    def make(code):
        flags = 1 << 16
        header = HEADER.pack(0x1BADB002, flags, -(0x1BADB002 + flags) & 0xFFFFFFFF, LOAD, LOAD, 0, LOAD + 8192, CODE)
        path = tmp_path / "tiny"
        path.write_bytes(header + code)
        return ["--", "-kernel", str(path)]
    return make


def run(*arguments, **options):
    """Runs run-qemu.sh to its end with nothing on standard input."""
    options = {"stdin": subprocess.DEVNULL, "timeout": 120} | options
    return subprocess.run([builder.RUN_QEMU, *arguments], capture_output=True, text=True, errors="replace", check=False,
                          **options)


# --- Exit statuses ---

@pytest.mark.parametrize("code, status", [
    (leave(0x10), "pass"), (leave(0x11), "fail"), (leave(0x12), "bugcheck"), (TRIPLE_FAULT, "reset"), (RESET, "reset"),
], ids=["pass", "fail", "bugcheck", "triple-fault", "reset"])
def test_the_exit_status_says_how_the_run_ended(built, tiny, code, status):
    assert run(*tiny(code)).returncode == EXITS[status]


def test_a_machine_that_hangs_is_ended(built, tiny):
    start = time.monotonic()
    done = run("--timeout", "0.5", *tiny(HANG))
    assert done.returncode == EXITS["timeout"]
    assert "timeout" in done.stderr
    assert time.monotonic() - start < 60


def test_a_machine_that_qemu_refuses_is_a_usage_error(built, tiny):
    done = run("--com2", "no-such-device", *tiny(HANG))
    assert done.returncode == EXITS["usage"]
    assert "no-such-device" in done.stderr


def test_ending_the_script_ends_the_machine(built, tiny):
    arguments = [builder.RUN_QEMU, *tiny(SHOW_WORDS + HANG)]
    with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        assert process.stdout.read(1)       # it runs
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)     # QEMU holds the pipes: they close with it
        assert process.returncode == 128 + signal.SIGTERM


def test_killing_the_script_outright_ends_the_machine_too(built, tiny):
    arguments = [builder.RUN_QEMU, *tiny(SHOW_WORDS + HANG)]
    with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        assert process.stdout.read(1)
        process.kill()
        process.communicate(timeout=60)


@pytest.mark.parametrize("disk", ["no-such-file", "0", "12X", ""])
def test_a_disk_that_is_neither_file_nor_size_is_a_usage_error(disk):
    done = run("--disk", disk)
    assert done.returncode == EXITS["usage"]
    assert "--disk" in done.stderr


def test_disks_are_files_or_sizes(built, tiny, tmp_path):
    """QEMU refuses a file that it cannot open, so a run that ends well has found them; what is read-only is so."""
    name = tmp_path / "with,comma.img"
    name.write_bytes(bytes(1 << 20))
    name.chmod(0o444)
    assert run("--disk", "1M", "--disk", str(name), *tiny(leave(0x10))).returncode == EXITS["pass"]
    assert name.read_bytes() == bytes(1 << 20)


# --- What reaches the machine ---

@pytest.mark.parametrize("options, words", [
    ([], ""),
    (["--append", "mem=16M"], "mem=16M"),
    (["--append", "a=1", "--append=b=2"], "a=1 b=2"),
    (["--run", "dir; mem"], 'run="dir; mem"'),
    (["--run", r'type "a b" \x'], r'run="type \"a b\" \\x"'),
    (["--append", "a=1", "--run", "mem"], 'a=1 run="mem"'),
])
def test_words_reach_the_command_line(built, tiny, options, words):
    seen = run(*options, *tiny(SHOW_WORDS + leave(0x10))).stdout
    name, _, rest = seen.partition(" ")
    assert name.endswith("/kernel.elf") or "tiny" in name
    assert rest.strip() == words


def image(output):
    """The names in an archive that a machine wrote to COM1."""
    listed = subprocess.run(["cpio", "-it", "--quiet"], input=output, capture_output=True, check=True)
    return listed.stdout.decode().split()


def test_added_files_are_in_the_image(built, tiny, tmp_path):
    for name in ("new.sys", "new.exe", "notes", "a=b"):
        (tmp_path / name).write_text(name)
    seen = run("--add", "new.sys", "--add", "new.exe", "--add=notes", "--add", "notes=deep/down/n", "--add", "a=b",
               *tiny(SHOW_MODULE + leave(0x10)), cwd=tmp_path)
    assert seen.returncode == EXITS["pass"], seen.stderr
    names = image(seen.stdout.encode())
    assert {"drivers/new.sys", "bin/new.exe", "notes", "deep/down/n", "a=b"} <= set(names)
    assert "drivers/serial.sys" in names


def test_the_image_is_not_changed_by_what_is_added(built, tiny, tmp_path):
    before = (builder.BUILD / "system.img").read_bytes()
    (tmp_path / "note").write_text("x")
    assert run("--add", str(tmp_path / "note"), *tiny(leave(0x10))).returncode == EXITS["pass"]
    assert (builder.BUILD / "system.img").read_bytes() == before


def test_standard_output_is_the_serial_line_alone(built, tiny):
    done = run(*tiny(leave(0x10)))
    assert done.stdout == ""
    assert "accelerator: " in done.stderr


def test_a_run_has_no_input(built, tiny):
    """Nothing that waits on standard input may reach a scripted machine, nor be eaten by it."""
    reader, writer = os.pipe()
    os.write(writer, b"for somebody else\n")
    assert run("--run", "mem", *tiny(leave(0x10)), stdin=reader).returncode == EXITS["pass"]
    assert os.read(reader, 100) == b"for somebody else\n"
    os.close(reader)
    os.close(writer)


# --- Usage ---

@pytest.mark.parametrize("arguments", [
    ["--bogus"], ["word"], ["--run"], ["--cpus", "0"], ["--cpus", "two"], ["--mem", "12Q"], ["--accel", "fast"],
    ["--timeout", "0"], ["--timeout", "soon"], ["--com2="], ["--parallel="], ["--cdrom", "/no/such/file"],
    ["--cdrom=none", "--iso"], ["--sound", "ac97"],
    ["--add", "/no/such/file"], ["--append", "a\nb"],
    ["--run", "x" * 1000], ["--trace", "file"],
])
def test_a_wrong_command_line_is_one_clear_line(arguments):
    done = run(*arguments)
    assert done.returncode == EXITS["usage"]
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("run-qemu.sh: ")
    assert arguments[0].split("=")[0] in done.stderr


def test_help_names_every_option():
    done = run("--help")
    assert done.returncode == 0
    for option in ("run", "gdb", "iso", "cpus", "mem", "accel", "append", "com2", "parallel", "cdrom", "sound", "add", "trace",
                   "timeout"):
        assert f"--{option}" in done.stdout
