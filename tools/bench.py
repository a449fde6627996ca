#!/usr/bin/python3
"""What Tidepool's basic operations cost: `make bench` (O=DIR: the free build that it makes is in DIR/free).

Instruction counts are taken in a free build on one processor under QEMU's -icount, where the time-stamp counter advances
by one per instruction; they are the same on every machine and in every run. Wall-clock figures, those of several
processors among them, are ratios of two measurements of this run. Exit status 1 when a count is above its bound.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = os.environ.get("O", "build")
BUILD = OUT if Path(OUT).name == "free" else f"{OUT}/free"
DRIVERS = 1000
BOOTS = 5

# name, words, bound, Linux 6.1, xv6 (x86); the peers' figures were measured the same way.
ROWS = [
    ("null-system-call", "null system call", 200, "325", "1,397"),
    ("hard-page-in", "hard page-in of one page, fault to retry", 1300, "5,336", "-"),
    ("hard-page-in-10", "the same among ten times as many pages", 1300, "-", "-"),
    ("hard-page-in-100", "the same among a hundred times as many", 1300, "-", "-"),
    ("page-out", "page-out of one page, in clusters", 1500, "7,714", "-"),
    ("page-out-10", "the same of ten times as many pages", 1500, "-", "-"),
    ("page-out-100", "the same of a hundred times as many", 1500, "-", "-"),
    ("soft-fault", "soft fault", 400, "-", "-"),
    ("soft-fault-10", "the same among ten times as many pages", 400, "-", "-"),
    ("soft-fault-100", "the same among a hundred times as many", 400, "-", "-"),
    ("lock-16-pages-out", "lock of a 16-page section that is out", 12000, "106,224", "-"),
    ("lock-16-pages-out-by-address", "the same by address", 12100, "-", "-"),
    ("lock-16-pages-out-1000", f"the same with {DRIVERS:,} more drivers loaded", 12200, "-", "-"),
    ("copy-16-pages", "copying 16 pages, which is part of that", None, "-", "-"),
    ("lock-unlock-by-handle", "lock + unlock, 16 resident pages, by handle", 120, "36,001", "-"),
    ("lock-unlock-by-handle-1000", f"the same with {DRIVERS:,} more drivers loaded", 120, "-", "-"),
    ("demand-zero-zeroed", "demand-zero fault, frame zeroed ahead", 400, "-", "-"),
    ("demand-zero-zeroed-10", "the same among ten times as many pages", 400, "-", "-"),
    ("demand-zero-zeroed-100", "the same among a hundred times as many", 400, "-", "-"),
    ("demand-zero-fault", "demand-zero fault", 1100, "2,740", "4,273"),
    ("event-ping-pong", "event ping-pong between two threads, round trip", 2500, "12,527", "27,240"),
    ("satisfied-wait", "wait on an object that is signalled", 150, "-", "-"),
    ("dpc-queue-to-run", "KeInsertQueueDpc to the routine, in a thread", 400, "-", "-"),
    ("spin-lock-pair", "spin lock, acquire + release, with the level", 40, "-", "-"),
    ("thread-switch", "thread switch, by a yield", None, "-", "-"),
    ("isr-to-dpc", "KeInsertQueueDpc to the routine, in an interrupt", None, "-", "-"),
    ("apc-delivery", "KeInsertQueueApc for the caller to the routine", None, "-", "-"),
    ("timer-set-and-cancel", "KeSetTimer + KeCancelTimer", None, "-", "-"),
    ("set-and-satisfied-wait", "KeSetEvent + a wait that is satisfied", None, "-", "-"),
    ("raise-lower-irql", "KeRaiseIrql + KeLowerIrql", None, "-", "-"),
    ("nonpaged-pool-pair", "nonpaged pool, allocate + free 64 bytes", None, "-", "-"),
    ("lock-unlock-by-address", "lock by address + unlock, few drivers", 200, "-", "-"),
    ("lock-unlock-by-address-1000", f"the same with {DRIVERS:,} more drivers loaded", 300, "-", "-"),
]

# Of several processors: times as multiples of IPI.
PROCESSORS = (2, 4)
IPI = "ipi-round-trip"
RATIOS = [
    ("reschedule", "wake a thread on an idle processor, until it runs"),
    ("shoot-down-1", "take 1 page's translation back everywhere"),
    ("shoot-down-64", "take 64 pages' translations back everywhere"),
]


def run(*command, **options):
    return subprocess.run(command, cwd=ROOT, check=True, **options)


def make(*arguments):
    run("make", "--no-print-directory", "-j2", "DBG=0", f"O={BUILD}", *arguments, stdout=subprocess.DEVNULL)


def boot(commands, *options, extra=("-icount", "shift=0,sleep=off")):
    """The guest's output of one boot, under -icount unless extra says otherwise."""
    environment = dict(os.environ, DBG="0", O=BUILD)
    done = subprocess.run(["./run-qemu.sh", "--run", commands, "--timeout", "300", "--accel", "tcg", *options, "--",
                           *extra], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: the machine ended with status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def figures(text):
    return {name: int(count) for name, count in re.findall(r"^bench (\S+) (\d+)", text, re.M)}


def counts(scratch):
    bench = ["--add", "tests/bench/bench.sys", "--add", f"{BUILD}/tests/benchsys.exe"]
    text = boot("mem -j; run benchsys; load drivers/bench.sys", *bench)
    found = figures(text)
    frames = re.search(r'"total":\s*(\d+).*?"active":\s*(\d+)', text)
    script = scratch / "startup"
    script.write_text("".join(f"load drivers/e{i}.sys\n" for i in range(DRIVERS)))
    many = [word for i in range(DRIVERS) for word in ("--add", f"tests/bench/empty/empty.sys=drivers/e{i}.sys")]
    crowded = figures(boot("load drivers/bench.sys", *bench, *many, "--add", f"{script}=startup", "--mem", "256M"))
    for name in ("lock-unlock-by-handle", "lock-unlock-by-address"):
        found[f"{name}-{DRIVERS}"] = crowded[name]
    found[f"lock-16-pages-out-{DRIVERS}"] = crowded["lock-16-pages-out-by-address"]
    return found, int(frames.group(2)) * 4


def ratios():
    """For each number of processors the times of RATIOS, as multiples of a bare interrupt's round trip."""
    found = []
    for cpus in PROCESSORS:
        times = figures(boot("load drivers/bench.sys", "--add", "tests/bench/bench.sys", "--cpus", str(cpus), extra=()))
        found.append({name: times[name] / times[IPI] for name, _ in RATIOS})
    return found


def seconds_to(command, pattern):
    """Wall-clock time from starting QEMU until it prints pattern, or ends."""
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=False)
    seen = b""
    while True:
        chunk = os.read(process.stdout.fileno(), 4096)
        seen += chunk
        if not chunk or (pattern and pattern in seen):
            took = time.monotonic() - start
            process.kill()
            process.wait()
            return took


def boot_times(scratch):
    """Seconds of the firmware alone and of firmware and kernel up to the prompt: the best of a few, taken in turn."""
    bare = scratch / "exit.elf"
    run("gcc", "-m32", "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none,-Ttext=0x100000", "-o", str(bare),
        "tests/bench/firmware/exit.S")
    machine = ["qemu-system-x86_64", "-accel", "tcg", "-machine", "pc", "-cpu", "qemu64,+smep,+smap,+pdpe1gb", "-m", "64M",
               "-bios", "qboot.rom", "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio",
               "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
    firmware = kernel = 1e9
    for _ in range(BOOTS):
        firmware = min(firmware, seconds_to([*machine, "-kernel", str(bare)], None))
        kernel = min(kernel, seconds_to([*machine, "-kernel", f"{BUILD}/kernel.elf", "-initrd", f"{BUILD}/system.img"],
                                        b"tide> "))
    return firmware, kernel


def main():
    make("all")
    make("M=tests/bench")
    make("M=tests/bench/empty")
    with tempfile.TemporaryDirectory() as name:
        found, resident = counts(Path(name))
        several = ratios()
        firmware, kernel = boot_times(Path(name))
    print(f"{'instructions per operation':52} {'Tidepool':>9} {'bound':>8} {'Linux 6.1':>10} {'xv6':>8}")
    above = False
    for key, words, bound, linux, xv6 in ROWS:
        count = found[key]
        mark = " *" if bound is not None and count > bound else ""
        above |= bool(mark)
        limit = "-" if bound is None else format(bound, ",")
        print(f"{words:52} {count:9,} {limit:>8} {linux:>10} {xv6:>8}{mark}")
    print("\ntimes the round trip of a bare interrupt".ljust(53) + "".join(f"{cpus:>3} processors" for cpus in PROCESSORS))
    for key, words in RATIOS:
        print(f"{words:52}" + "".join(f"{found[key]:14.1f}" for found in several))
    print(f"\nboot to the prompt: {kernel / firmware:.2f} times the bare firmware's time of the same run "
          f"({firmware * 1000:.0f} ms, the kernel adds {(kernel - firmware) * 1000:.0f} ms here)")
    size = subprocess.run(["size", f"{BUILD}/kernel.elf"], cwd=ROOT, capture_output=True, text=True).stdout.split()[9]
    print(f"kernel: {int(size) // 1024} KiB loaded; RAM in use at the prompt: {resident} KiB (xv6: 1,946 KiB)")
    if above:
        print("* above its bound")
    return 1 if above else 0


if __name__ == "__main__":
    sys.exit(main())
