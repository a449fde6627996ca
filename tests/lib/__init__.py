"""
The test harness: what boots Tidepool, talks to it and judges what it says.

language.py   a session file becomes blocks of steps          (docs/testing.md is its manual)
pattern.py    one expected line against one seen line; several against several; the diff
console.py    bytes of COM1 become lines, echoes and prompts
peer.py       the far end of COM2..COM4
machine.py    one run of run-qemu.sh: its pipes, its sockets, its end
monitor.py    where the processors of a hanging machine are
verdict.py    what went wrong, in words, with the log
files.py      files a session asks for: random, truncated, patched, edited ELF
elfedit.py    one field of an ELF file overwritten by name
check.py      %check: comparisons of captured values
player.py     plays a session on a machine
tap.py        in-guest test cases: found in their sources, and their TAP report
build.py      `make`, once per test run
fakeguest.py  a stand-in for run-qemu.sh that the harness is tested against
"""
