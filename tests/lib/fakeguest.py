"""
A stand-in for run-qemu.sh and the machine behind it, for testing the harness without either.

It takes run-qemu.sh's options as far as the harness uses them, listens on the sockets of --com2..--com4, prints a
prompt on standard output, echoes what is typed, and knows a few commands, most of which misbehave in one way each.
"""

import argparse
import os
import socket
import sys
import time
import zlib

STOP_REPORT = """\
*** STOP 0x000000D1 (0xffffffffa0001000, 2, 0, 0xffffffffa0000123) DRIVER_IRQL_NOT_LESS_OR_EQUAL
rule: code at DISPATCH_LEVEL touched section PAGE of fake.sys, which is paged out
"""


class Guest:
    def __init__(self, options):
        self.listeners = {}
        self.connections = {}
        self.added = {}
        for word in options.add:
            file, _, path = word.partition("=")
            self.added[path or os.path.basename(file)] = file
        for name in ("com2", "com3", "com4"):
            chardev = getattr(options, name)
            if chardev and chardev.startswith("socket,"):
                path = dict(word.split("=") for word in chardev.split(",")[1:])["path"]
                listener = socket.socket(socket.AF_UNIX)
                listener.bind(path)
                listener.listen()
                self.listeners[name] = listener
        self.locks = 0

    def port(self, name):
        if name not in self.connections:
            self.connections[name] = self.listeners[name].accept()[0]
        return self.connections[name]

    def say(self, text):
        os.write(1, text.replace("\n", "\r\n").encode())

    def read_line(self):
        """A line from COM1, echoed as it comes."""
        line = b""
        while not line.endswith(b"\n"):
            byte = os.read(0, 1)
            if not byte:
                sys.exit(0)
            if byte == b"\x03":
                self.say("^C\n")
                raise KeyboardInterrupt
            os.write(1, b"\r\n" if byte == b"\n" else byte)
            line += byte
        return line.decode().strip()

    def run(self):
        self.say("Fake guest 1\n3 KiB of INIT discarded\n")
        while True:
            self.say("tide> ")
            try:
                self.run_line(self.read_line())
            except KeyboardInterrupt:
                pass

    def run_line(self, line):
        words = line.split()
        if words:
            command = getattr(self, "do_" + words[0], None)
            if command:
                command(*words[1:])
            else:
                self.say(f"{words[0]}: unknown command; try help\n")

    def do_echo(self, *words):
        self.say(" ".join(words) + "\n")

    def do_half(self, *words):
        """Prints a line that does not end."""
        self.say(" ".join(words))

    def do_sections(self):
        self.say("driver  section  kind        resident  locks\n\n")
        self.say(f"fake    PAGESER  pageable           3      {self.locks}\n")
        self.say("fake    .text    nonpaged           2      0\n")

    def do_lock(self):
        self.locks += 1
        self.say(f"locked, handle {0x100 + self.locks:#x}\n")

    def do_unlock(self, handle):
        self.locks -= handle == f"{0x100 + self.locks:#x}"

    def do_greet(self):
        self.say("name: ")
        self.say(f"hello, {self.read_line()}\n")

    def do_interrupt(self):
        """Reads lines until Ctrl-C."""
        try:
            while True:
                self.say(f"heard {self.read_line()}\n")
        except KeyboardInterrupt:
            self.say("interrupted\n")

    def do_open(self, name):
        """Lines go to the far end until a dot; an empty one prints what comes from there; !N counts to N, slowly."""
        self.say(f"{name} open\n")
        while (line := self.read_line()) != ".":
            if line.startswith("!"):
                for number in range(int(line[1:])):
                    time.sleep(0.01)
                    self.say(f"{number + 1}\n")
            elif line:
                self.port(name).sendall(line.encode() + b"\r\n")
            else:
                self.say(self.port(name).makefile("r").readline())
        self.say(f"{name} closed\n")

    def do_send(self, name, path):
        with open(self.added[path], "rb") as file:
            self.port(name).sendall(file.read())

    def do_corrupt(self, name, path):
        with open(self.added[path], "rb") as file:
            data = bytearray(file.read())
        data[1000] ^= 1
        self.port(name).sendall(data)

    def do_receive(self, name, count):
        data = b""
        while len(data) < int(count):
            data += self.port(name).recv(4096)
        self.say(f"{count} bytes, CRC-32 {zlib.crc32(data):08x}\n")

    def do_sum(self, path):
        with open(self.added[path], "rb") as file:
            self.say(f"{zlib.crc32(file.read()):08x}\n")

    def do_hang(self):
        self.say("about to hang\n")
        time.sleep(3600)

    def do_bugcheck(self):
        self.say(STOP_REPORT)
        sys.exit(3)

    def do_freeze(self):
        """Prints STOP and does not end."""
        self.say(STOP_REPORT)
        time.sleep(3600)

    def do_triple(self):
        sys.exit(5)

    def do_shutdown(self):
        sys.exit(0)


def main():
    if "--" in sys.argv:
        del sys.argv[sys.argv.index("--"):]
    parser = argparse.ArgumentParser()
    for name in ("--com2", "--com3", "--com4", "--mem", "--cpus", "--run", "--append"):
        parser.add_argument(name)
    parser.add_argument("--add", action="append", default=[])
    parser.add_argument("--broken", action="store_true")
    options = parser.parse_args()
    if options.broken:
        sys.exit("qemu-system-x86_64: -machine broken: unsupported machine type")
    guest = Guest(options)
    if options.run:
        guest.say(f"Fake guest 1\ntide> {options.run}\n")
        getattr(guest, "do_" + options.run)()
        sys.exit(0)
    guest.run()


if __name__ == "__main__":
    main()
