"""
What COM1 says, as text: lines, the echo of what was typed, and the shell's prompt.

The console echoes what is typed, so the echo is taken out of what a command printed. A prompt counts where a line
begins, or at the very end of what has arrived (a program's last line need not end in a newline).

A line that has not ended may be taken away and written again, when somebody else has a whole line to say meanwhile: the
erasing counts here as it does on a terminal.
"""

import codecs
import re

PROMPT = "tide> "
ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])")
HALF_ESCAPE = re.compile(r"(?:\r|\r?\x1b(?:\[[0-?]*[ -/]*)?)\Z")
ERASE_LINE = "\r\x1b[K"


class Console:
    """has_prompts: False for a machine that nobody types at, where a prompt is text like any other."""

    def __init__(self, has_prompts=True):
        self._has_prompts = has_prompts
        self.text = ""          # everything since power-on
        self.lines = []         # whole lines since the last command was typed, echoes taken out
        self.partial = ""       # the line that has not ended yet
        self.at_prompt = False  # a prompt has come since the last command was typed
        self.before_echo = 0    # how many of `lines` came before the last echo of a line typed to a program
        self._command = None    # the typed command whose echo has not come back
        self._echoes = []       # the same for lines typed to a program
        self._taken = 0         # how much of `partial` take_unfinished() has handed out
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._half = ""         # the first half of an escape sequence
        self._erased = ("", 0)  # the line that was taken away, and how much of it take_unfinished() had handed out

    def feed(self, data):
        """Takes bytes as they come."""
        text = self._half + self._decoder.decode(data)
        half = HALF_ESCAPE.search(text)
        self._half = half.group() if half else ""
        pieces = text[:len(text) - len(self._half)].split(ERASE_LINE)
        self._take(pieces[0])
        for piece in pieces[1:]:
            self._erase_line()
            self._take(piece)

    def _erase_line(self):
        self._erased = (self.partial, self._taken) if self._taken else ("", 0)
        self.text = self.text[:self.text.rfind("\n") + 1]
        self.partial = ""
        self._taken = 0

    def _take(self, text):
        text = ESCAPE.sub("", text).replace("\r", "")
        self.text += text
        self.partial += text
        while True:
            if self._has_prompts and self.partial.startswith(PROMPT):
                self._see_prompt("")
                continue
            self._know_erased()
            line, newline, rest = self.partial.partition("\n")
            if not newline:
                break
            self.partial = rest
            self._see_line(line)
        if self._has_prompts and self.partial.endswith(PROMPT):
            self._see_prompt(self.partial[:-len(PROMPT)])

    def _know_erased(self):
        """A line that is there again counts as taken as far as it was."""
        line, taken = self._erased
        if taken and self.partial.startswith(line):
            self._taken = taken
            self._erased = ("", 0)

    def type_command(self, command):
        """A shell command is about to be typed: what comes after its echo is its output."""
        self.lines = []
        self.at_prompt = False
        self.before_echo = 0
        self._command = command.strip()
        self._echoes = []

    @property
    def awaits_echo(self):
        """A line was typed to the program, and its echo has not come: the program has not asked for it yet."""
        return bool(self._echoes)

    def type_line(self, line):
        """A line is about to be typed to the program that runs."""
        if line.strip():
            self._echoes.append(line.strip())

    @property
    def unfinished(self):
        """The line that has not ended yet, without what was taken of it."""
        return self.partial[self._taken:]

    def take_unfinished(self):
        """The unfinished line has been dealt with: when it ends, only what came after this counts."""
        self._taken = len(self.partial)

    def _see_prompt(self, before):
        self.partial = self.partial[len(before) + len(PROMPT):]
        if before:
            self._see_line(before)
        # Before the echo it is the old prompt, written again.
        self.at_prompt = self._command is None

    def _see_line(self, line):
        line, taken = line[self._taken:], self._taken
        self._taken = 0
        text = line.strip()
        if self._command is not None:
            # Lines before the echo came while the shell waited: they are nobody's output. The log has them.
            if text.endswith(self._command):
                self._command = None
                self.lines = []
                self.at_prompt = False
                return
        elif self._echoes and text.endswith(self._echoes[0]):
            line = line.rstrip()[:-len(self._echoes.pop(0))]
            self.before_echo = len(self.lines)
            if not line.strip():
                return
        if text or not taken:
            self.lines.append(line)
