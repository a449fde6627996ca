"""
One run of run-qemu.sh: COM1 on its standard input and output, a unix socket for each other port, and its end.

One event loop moves everything (`pump`), so nothing here waits for one channel while another fills up. The machine runs
in a process group of its own, which is what is ended when a session fails: nothing else is.
"""

import functools
import os
import selectors
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

from . import monitor
from .console import Console
from .peer import Peer

READ_SIZE = 65536
LINGER = 10     # seconds for a machine that was told to end, or whose pipes have closed


class Machine:
    """
    program    the run-qemu.sh to run, as an argument list
    options    its options
    ports      names of the ports whose far end the harness holds ("com2", ...)
    seconds    how long the whole run may take before it counts as a hang
    typed_at   whether anything will be typed at the shell
    """

    def __init__(self, program, options, ports, seconds, cwd, typed_at=True):
        self.console = Console(has_prompts=typed_at)
        self.stderr = ""
        self.status = None
        self.deadline = time.monotonic() + seconds
        self._folder = tempfile.mkdtemp(prefix="tide-")
        self.peers = {name: Peer(name, os.path.join(self._folder, name)) for name in ports}
        self._monitor = os.path.join(self._folder, "monitor")
        own, _, extra = partition(options, "--")
        port_options = [word for peer in self.peers.values() for word in (peer.option, peer.chardev)]
        self.command = shlex.join(program + options)
        arguments = program + own + port_options + ["--"] + extra + ["-qmp", f"unix:{self._monitor},server=on,wait=off"]
        self._process = subprocess.Popen(arguments, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, bufsize=0, start_new_session=True)
        self._outgoing = bytearray()
        self._open_pipes = 2
        self._selector = selectors.DefaultSelector()
        for pipe, take in ((self._process.stdout, self.console.feed), (self._process.stderr, self._take_stderr)):
            os.set_blocking(pipe.fileno(), False)
            self._selector.register(pipe, selectors.EVENT_READ, functools.partial(self._read_pipe, pipe, take))
        os.set_blocking(self._process.stdin.fileno(), False)
        for peer in self.peers.values():
            if peer.connect(self.deadline, self._running):
                self._selector.register(peer, selectors.EVENT_READ, functools.partial(self._move_peer, peer))

    def type(self, text):
        """Queues bytes for COM1."""
        self._outgoing += text.encode()

    def pump(self, seconds):
        """Moves whatever can be moved, waiting at most `seconds` for the first. Notices the end of the machine."""
        self._choose_events()
        for key, events in self._selector.select(max(0, seconds)):
            key.data(events)
        if self.status is None and self._open_pipes == 0:
            self.status = self._reap()

    @property
    def ended(self):
        return self.status is not None

    @property
    def time_is_up(self):
        return time.monotonic() > self.deadline

    def processors(self):
        """Where every processor is, from QEMU's monitor. For a machine that hangs."""
        return monitor.processor_state(self._monitor)

    def ask_qemu(self, command):
        """What QEMU's monitor answers to a command, without blanks around it; or why it does not."""
        try:
            return monitor.ask(self._monitor, command).strip()
        except (OSError, ValueError, KeyError) as error:
            return f"no answer: {error}"

    def close(self):
        """Ends the machine if it still runs, and forgets its sockets."""
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(LINGER)
            except subprocess.TimeoutExpired:
                pass
        self._signal(signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            pipe.close()
        for peer in self.peers.values():
            peer.close()
        self._selector.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _running(self):
        return self._process.poll() is None

    def _signal(self, number):
        """To the machine's own process group; start_new_session made its id that of run-qemu.sh."""
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            pass

    def _reap(self):
        try:
            return self._process.wait(LINGER)
        except subprocess.TimeoutExpired:
            return None

    def _choose_events(self):
        """Asks for writability only where there is something to write."""
        stdin = self._process.stdin
        registered = stdin in self._selector.get_map()
        if self._outgoing and not registered:
            self._selector.register(stdin, selectors.EVENT_WRITE, self._write_stdin)
        elif not self._outgoing and registered:
            self._selector.unregister(stdin)
        for peer in self.peers.values():
            if peer.connected:
                events = selectors.EVENT_READ | (selectors.EVENT_WRITE if peer.outgoing else 0)
                self._selector.modify(peer, events, functools.partial(self._move_peer, peer))

    def _move_peer(self, peer, events):
        if events & selectors.EVENT_READ:
            peer.on_readable()
        if events & selectors.EVENT_WRITE and not peer.closed:
            peer.on_writable()
        if peer.closed:
            self._selector.unregister(peer)

    def _write_stdin(self, _events):
        try:
            sent = os.write(self._process.stdin.fileno(), self._outgoing[:4096])
            del self._outgoing[:sent]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._outgoing.clear()

    def _read_pipe(self, pipe, take, _events):
        try:
            data = os.read(pipe.fileno(), READ_SIZE)
        except BlockingIOError:
            return
        if data:
            take(data)
        else:
            self._selector.unregister(pipe)
            self._open_pipes -= 1

    def _take_stderr(self, data):
        self.stderr += data.decode("utf-8", "replace")


def partition(words, separator):
    """Words before the first `separator`, whether it was there, and words after it."""
    if separator not in words:
        return words, False, []
    at = words.index(separator)
    return words[:at], True, words[at + 1:]
