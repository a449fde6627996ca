"""
The language of session files: text in, a Session out. docs/testing.md is its manual.

A session is blocks. The first block is the power-on: what the machine says before its first prompt. Each `$ command`
begins another. A block holds items in order: expected lines, lines to type, things to do at the far end of a port.
"""

import itertools
import re
import shlex
from dataclasses import dataclass, field

from . import pattern
from .verdict import EXITS

PORTS = ("com2", "com3", "com4", "lpt1")
DEFAULT_TIMEOUT = 180
CONTROL_C = "^C"        # at the end of what is typed: Ctrl-C in place of Enter
PEER = re.compile(r"((?:com|lpt)\d)\s?(>>|<<|>|<)(?:\s(.*)|$)")


def keys(text):
    """What is sent to the machine for a line that is typed."""
    return text[:-len(CONTROL_C)] + "\x03" if text.endswith(CONTROL_C) else text + "\n"


class SessionError(Exception):
    """A session file that cannot be understood. The message begins with FILE:LINE."""


@dataclass
class Item:
    """kind: expect, type, send, receive, send-file, receive-file, qemu"""
    kind: str
    line: int
    text: str
    port: str = ""
    unfinished: bool = False    # an expected line that does not end: something is typed behind it


@dataclass
class Block:
    """A shell command (None: the power-on) and what goes with it."""
    line: int
    command: str | None
    items: list = field(default_factory=list)
    checks: list = field(default_factory=list)      # Item("check", ...), done when the block has ended

    @property
    def expects(self):
        return any(item.kind == "expect" for item in self.items)


@dataclass
class Session:
    path: str
    boot: list = field(default_factory=list)        # options of run-qemu.sh
    adds: list = field(default_factory=list)        # (line, FILE, PATH or None)
    makes: list = field(default_factory=list)       # (line, NAME, recipe words)
    expected_exit: str = "pass"
    timeout: int = DEFAULT_TIMEOUT
    matrix: list = field(default_factory=list)      # (name, values)
    blocks: list = field(default_factory=list)

    @property
    def ports(self):
        """Ports whose far end the harness must hold."""
        return sorted({item.port for block in self.blocks for item in block.items if item.port})

    def runs(self):
        """One dictionary of option values for each boot that the matrix asks for."""
        names = [name for name, _ in self.matrix]
        return [dict(zip(names, values)) for values in itertools.product(*(values for _, values in self.matrix))]

    @property
    def runs_alone(self):
        """The commands are run-qemu.sh's --run: nothing is typed, and the power-on block lasts to the end."""
        return "--run" in self.boot


def parse_file(path, name=None):
    with open(path, encoding="utf-8") as file:
        return parse(file.read(), name or str(path))


def parse(text, path):
    """Raises SessionError."""
    return Parser(path).parse(text)


class Parser:
    def __init__(self, path):
        self.session = Session(path, blocks=[Block(1, None)])
        self.known = set()      # names captured so far
        self.number = 0

    def parse(self, text):
        for self.number, raw in enumerate(text.splitlines(), 1):
            line = raw.strip()
            if not line or line.startswith("#"):
                continue
            if line.startswith("%"):
                self._directive(line)
            elif line == "$" or line.startswith("$ "):
                self._command(line[1:].strip())
            elif line == ">" or line.startswith("> "):
                self._item("type", line[2:])
            elif line.startswith("qemu> "):
                self._item("qemu", line.removeprefix("qemu> "))
            elif PEER.match(line):
                self._peer(PEER.match(line))
            else:
                self._item("expect", line[1:] if line.startswith("\\") else line)
        session = self.session
        if session.runs_alone and len(session.blocks) > 1:
            self.number = session.blocks[1].line
            self._error("nothing can be typed in a session that boots with --run")
        return session

    def _error(self, message):
        raise SessionError(f"{self.session.path}:{self.number}: {message}")

    def _command(self, command):
        if not command:
            self._error("'$' without a command")
        self._use(command)
        self.session.blocks.append(Block(self.number, command))

    def _item(self, kind, text, port=""):
        block = self.session.blocks[-1]
        unfinished = kind == "expect" and text.endswith("\\")
        text = text.removesuffix("\\") if unfinished else text
        if block.items and block.items[-1].unfinished and kind == "expect":
            self._error("the line above ends in a backslash: something is typed or sent there")
        if block.checks:
            self._error("a block ends with its %check: a line to type, send or expect must follow a '$ command'")
        if block.command is None and kind != "expect":
            self._error("nothing can be typed or sent before the first '$ command'")
        self._use(text)
        if kind in ("expect", "receive"):
            self._compile(text)
            self.known.update(pattern.captured_names(text))
        block.items.append(Item(kind, self.number, text, port, unfinished))

    def _peer(self, match):
        port, sign, rest = match.groups()
        rest = rest or ""
        if port not in PORTS:
            self._error(f"no port '{port}' with a far end: one of {', '.join(PORTS)}")
        if sign == ">":
            self._item("send", rest, port)
        elif sign == "<":
            self._item("receive", rest, port)
        else:
            words = shlex.split(rest)
            if len(words) != 1:
                self._error(f"'{port}{sign}' takes one FILE")
            self._item("send-file" if sign == ">>" else "receive-file", words[0], port)

    def _directive(self, line):
        name, _, rest = line[1:].partition(" ")
        rest = rest.strip()
        if name == "check":
            self._check(rest)
            return
        handler = {"boot": self._boot, "add": self._add, "make": self._make, "expect-exit": self._expect_exit,
                   "timeout": self._timeout, "matrix": self._matrix}.get(name)
        if not handler:
            self._error(f"unknown directive '%{name}'")
        if len(self.session.blocks) > 1 or self.session.blocks[0].items:
            self._error(f"'%{name}' belongs at the top of the file, before the first expected line")
        if not rest:
            self._error(f"'%{name}' needs a value")
        handler(rest)

    def _words(self, text):
        try:
            return shlex.split(text)
        except ValueError as error:
            self._error(f"bad quoting: {error}")

    def _boot(self, rest):
        self.session.boot += self._words(rest)

    def _add(self, rest):
        for word in self._words(rest):
            file, _, path = word.partition("=")
            self.session.adds.append((self.number, file, path or None))

    def _make(self, rest):
        name, equals, recipe = rest.partition("=")
        if not equals or not name.strip():
            self._error("'%make' reads NAME = RECIPE WORDS...")
        self.session.makes.append((self.number, name.strip(), self._words(recipe)))

    def _expect_exit(self, rest):
        if rest not in EXITS:
            self._error(f"no exit called '{rest}': one of {', '.join(EXITS)}")
        self.session.expected_exit = rest

    def _timeout(self, rest):
        if not rest.isdigit() or not int(rest):
            self._error(f"'%timeout' takes a number of seconds, not '{rest}'")
        self.session.timeout = int(rest)

    def _matrix(self, rest):
        for word in rest.split():
            name, _, values = word.partition("=")
            if not re.fullmatch(r"[a-z]+", name) or not all(values.split(",")):
                self._error(f"'{word}' is not OPTION=VALUE,VALUE...")
            self.session.matrix.append((name, values.split(",")))
            self.known.add(name)

    def _check(self, rest):
        for name in re.findall(r"\$(\w+)", rest):
            if name not in self.known:
                self._error(f"nothing was captured as '{name}' before this line")
        self.session.blocks[-1].checks.append(Item("check", self.number, rest))

    def _use(self, text):
        for name in pattern.used_names(text):
            if name not in self.known:
                self._error(f"nothing was captured as '{name}' before this line")

    def _compile(self, text):
        """Compiles an expected line once, with stand-ins for what it uses, so that a bad one is found before a boot."""
        if text.strip() == pattern.SKIP:
            return
        try:
            pattern.compile_line(text, {name: "" for name in self.known})
        except pattern.PatternError as error:
            self._error(str(error))
