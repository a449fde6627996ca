"""
Playing a session: one boot, block by block, until it fails or the machine has ended as the session says.
"""

import os
import tempfile
import time

from . import check, pattern
from .build import ROOT, RUN_QEMU
from .files import Files, RecipeError
from .language import keys
from .machine import Machine
from .verdict import (BUGCHECK, ENDED, EXIT_NAMES, HANG, NO_START, STOP, WRONG_EXIT, WRONG_OUTPUT, SessionFailure,
                      judge_end)

STEP = 0.5              # longest wait in one turn of the event loop, seconds
STOP_SECONDS = 20       # how long a machine that printed STOP may take to end
PATIENCE = float(os.environ.get("TEST_PATIENCE", "1"))    # multiplies every %timeout, for slow machines


def play(session, values=None, program=None, roots=None):
    """
    Plays a session with the matrix values of one run. Returns everything the console said. Raises SessionFailure.

    program   what to run instead of run-qemu.sh, as an argument list
    roots     folders that files are looked up in, instead of the build folder and the project's root
    """
    with tempfile.TemporaryDirectory(prefix="tide-files-") as folder:
        files = Files(folder, roots) if roots else Files(folder)
        return Player(session, values or {}, program or [str(RUN_QEMU)], files).play()


class Player:
    def __init__(self, session, values, program, files):
        self.session = session
        self.variables = dict(values)
        self.files = files
        self.program = program
        self.line = 1
        self.machine = None
        self.stop_seen_at = None
        self.used = 0                   # seen lines of the block that have been matched
        self.skips_to_echo = False      # what comes before the next echo belongs to a `...`

    def play(self):
        options = self._options()
        self.machine = Machine(self.program, options, self.session.ports, self.session.timeout * PATIENCE, ROOT,
                               typed_at=not self.session.runs_alone)
        try:
            for block in self.session.blocks:
                self._play_block(block)
            self._finish()
            return self.machine.console.text
        finally:
            self.machine.close()

    def _options(self):
        """Options of run-qemu.sh: the session's own, the matrix's, and the files to add."""
        options = []
        for line, name, words in self.session.makes:
            self.line = line
            self._try(self.files.make, name, words)
        for line, file, path in self.session.adds:
            self.line = line
            found = self._try(self.files.find, file)
            options += ["--add", f"{found}={path}" if path else str(found)]
        for name, value in self.variables.items():
            options += [f"--{name}", value]
        return options + [self._try(self._with_path, word) for word in self.session.boot]

    def _with_path(self, word):
        """`@FILE` stands for the path of a file that was made or built."""
        return str(self.files.find(word[1:])) if word.startswith("@") else word

    def _try(self, routine, *arguments):
        try:
            return routine(*arguments)
        except (RecipeError, pattern.PatternError, check.CheckError) as error:
            raise SessionFailure(self._where(), "the session file is wrong", str(error)) from None

    # One block

    def _play_block(self, block):
        self.line = block.line
        console = self.machine.console
        if block.command is not None:
            command = self._try(pattern.substitute, block.command, self.variables)
            console.type_command(command)
            self.machine.type(keys(command))
        self.used = 0
        self.skips_to_echo = False
        waiting = []        # expected lines not yet matched
        for item in block.items:
            if item.kind == "expect":
                waiting.append(item)
                continue
            self._match_before_action(waiting)
            if waiting:
                self.skips_to_echo = item.kind == "type" and waiting[-1].text.strip() == pattern.SKIP
            waiting = []
            self.line = item.line
            self._act(item)
        self._wait_for_end_of_block(block, waiting)
        if block.expects:
            self._match_to_end(waiting)
        for item in block.checks:
            self.line = item.line
            if not self._try(check.holds, item.text, self.variables):
                self._fail(WRONG_OUTPUT, f"{item.text} does not hold: {check.with_values(item.text, self.variables)}")

    def _skip_to_echo(self):
        """`...` before a typed line takes all that the program says until it asks for that line."""
        if self.skips_to_echo:
            self.used = max(self.used, self.machine.console.before_echo)

    def _match_before_action(self, waiting):
        """Waits for the lines expected before something is typed or sent."""
        if not waiting:
            return
        self.line = waiting[0].line
        texts = [item.text for item in waiting]
        console = self.machine.console
        if self.skips_to_echo:
            self._wait(lambda: console.at_prompt or not console.awaits_echo, "waiting for a typed line to be asked for")
        self._skip_to_echo()
        while True:
            whole = pattern.drop_blank(console.lines[self.used:])
            seen = whole + (pattern.drop_blank([console.unfinished]) if waiting[-1].unfinished else [])
            matched = pattern.match_lines(texts, seen, self.variables, to_end=False)
            if matched:
                self.variables.update(matched.captures)
                if matched.used > len(whole):
                    console.take_unfinished()
                self.used += count_with_blank(console.lines[self.used:], min(matched.used, len(whole)))
                return
            if console.at_prompt or self.machine.ended:
                self._fail_with_diff(texts, seen, "the command ended without the lines expected")
            self._wait(lambda size=len(console.text): len(console.text) > size or console.at_prompt,
                       "waiting for the lines expected", texts, seen)

    def _wait_for_end_of_block(self, block, waiting):
        """The block has ended at the next prompt, or with the machine where the session expects that."""
        console = self.machine.console
        may_end = block is self.session.blocks[-1]
        texts = [item.text for item in waiting]

        def ended():
            if self.session.runs_alone and block.command is None:
                return self.machine.ended
            return console.at_prompt or (may_end and self.machine.ended)

        what = "waiting for the machine to end" if self.session.runs_alone else "waiting for the prompt"
        if not ended():
            self._wait(ended, what, texts if block.expects else [],
                       lambda: pattern.drop_blank(console.lines[self.used:] + [console.unfinished]), may_end)

    def _match_to_end(self, waiting):
        console = self.machine.console
        self._skip_to_echo()
        if waiting:
            self.line = waiting[0].line
        tail = [console.unfinished] if self.machine.ended else []
        seen = pattern.drop_blank(console.lines[self.used:] + tail)
        texts = [item.text for item in waiting]
        matched = pattern.match_lines(texts, seen, self.variables, to_end=True)
        if not matched:
            verdict, message = WRONG_OUTPUT, "not what the session expects"
            if self.machine.ended and EXIT_NAMES.get(self.machine.status) != self.session.expected_exit:
                verdict, message = judge_end(self.machine.status, console.text)
            self._fail_with_diff(texts, seen, message, verdict)
        self.variables.update(matched.captures)

    # What an item other than an expected line does

    def _act(self, item):
        if item.kind == "type":
            line = self._try(pattern.substitute, item.text, self.variables)
            self.machine.console.type_line(line)
            self.machine.type(keys(line))
            return
        if item.kind == "qemu":
            words = [self._try(self._with_path, word) for word in item.text.split()]
            answer = self.machine.ask_qemu(" ".join(words))
            if answer:
                self._fail(WRONG_OUTPUT, f"QEMU's monitor says: {answer}")
            return
        peer = self.machine.peers[item.port]
        if item.kind == "send":
            peer.outgoing += self._try(pattern.substitute, item.text, self.variables).encode() + b"\n"
        elif item.kind == "send-file":
            peer.outgoing += self._try(self.files.read, item.text)
        elif item.kind == "receive":
            self._receive_line(peer, item.text)
        else:
            self._receive_file(peer, item.text)

    def _receive_line(self, peer, text):
        self._wait(lambda: b"\n" in peer.received, f"waiting for a line at the far end of {peer.name}", [text],
                   lambda: [peer.received.decode("utf-8", "replace")])
        line = peer.take_line()
        matched = pattern.match_lines([text], [line], self.variables, to_end=True)
        if not matched:
            self._fail_with_diff([text], [line], f"wrong line at the far end of {peer.name}")
        self.variables.update(matched.captures)

    def _receive_file(self, peer, name):
        wanted = self._try(self.files.read, name)
        self._wait(lambda: len(peer.received) >= len(wanted) or not wanted.startswith(peer.received),
                   f"waiting for {len(wanted)} bytes at the far end of {peer.name}", [f"{len(wanted)} bytes of {name}"],
                   lambda: [f"{len(peer.received)} bytes"])
        seen = bytes(peer.received[:len(wanted)])
        if seen != wanted:
            at = next(i for i, (a, b) in enumerate(zip(seen, wanted)) if a != b)
            self._fail(WRONG_OUTPUT, f"the far end of {peer.name} received other bytes than {name} from offset {at}: "
                       f"expected {wanted[at:at + 16].hex(' ')}, seen {seen[at:at + 16].hex(' ')}")
        del peer.received[:len(wanted)]

    # Waiting and the end

    def _wait(self, condition, what, expected=(), seen=(), may_end=False):
        """Turns the event loop until the condition holds. Fails when the machine ends, stops or hangs before that."""
        machine = self.machine
        while not condition():
            if machine.ended and not may_end:
                verdict, message = judge_end(machine.status, machine.console.text)
                self._fail_with_diff(expected, seen, f"{message}, {what}", verdict)
            if machine.time_is_up or self._stopped_for_long():
                stop = STOP.search(machine.console.text)
                if stop:
                    message = f"{stop.group().strip()} (the machine did not end), {what}"
                    self._fail_with_diff(expected, seen, message, BUGCHECK)
                if not machine.console.text.strip() and not self._has_monitor():
                    self._fail(NO_START, f"nothing was printed and the monitor does not answer, {what}")
                self._fail_with_diff(expected, seen, f"no end in sight, {what}", HANG)
            machine.pump(STEP)

    def _has_monitor(self):
        return "CPU#" in self.machine.processors()

    def _stopped_for_long(self):
        """A STOP was printed and the machine has had its time to end."""
        if self.stop_seen_at is None and STOP.search(self.machine.console.text):
            self.stop_seen_at = time.monotonic()
        return self.stop_seen_at is not None and time.monotonic() > self.stop_seen_at + STOP_SECONDS

    def _finish(self):
        """Shuts the machine down if the session did not, and judges how it ended."""
        machine = self.machine
        if not machine.ended and machine.console.at_prompt and self.session.expected_exit == "pass":
            machine.console.type_command("shutdown")
            machine.type("shutdown\n")
        self._wait(lambda: machine.ended, "waiting for the machine to end")
        name = EXIT_NAMES.get(machine.status, str(machine.status))
        if name == self.session.expected_exit:
            return
        verdict, message = judge_end(machine.status, machine.console.text)
        if verdict == ENDED:
            verdict, message = WRONG_EXIT, f"ended as '{name}' (status {machine.status})"
        self._fail(verdict, f"{message}; expected '{self.session.expected_exit}'")

    def _where(self):
        return f"{self.session.path}:{self.line}"

    def _fail_with_diff(self, expected, seen, message, verdict=WRONG_OUTPUT):
        seen = seen() if callable(seen) else seen
        self._fail(verdict, message, pattern.diff(list(expected), list(seen), self.variables) if expected else [])

    def _fail(self, verdict, message, diff=()):
        machine = self.machine
        processors = machine.processors() if verdict == HANG and not machine.ended else ""
        if not machine.ended and verdict not in (HANG, NO_START):
            self._drain()
        raise SessionFailure(self._where(), verdict, message, list(diff), machine.console.text, machine.stderr,
                             processors, machine.command)

    def _drain(self):
        """Takes what the machine has said by now, for the log."""
        for _ in range(3):
            self.machine.pump(0.1)


def count_with_blank(lines, wanted):
    """How many lines from the first hold `wanted` lines that are not blank."""
    taken = 0
    for index, line in enumerate(lines):
        if taken == wanted:
            return index
        taken += bool(line.strip())
    return len(lines)
