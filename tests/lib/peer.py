"""
The far end of a serial port, or of the printer port lpt1: a unix socket that QEMU listens on and the harness connects to.

Bytes are queued here and moved by the machine's event loop, so that a peer that sends 64 KiB and a console that prints
at the same time never wait for each other.
"""

import socket
import time


class Peer:
    def __init__(self, name, path):
        self.name = name
        self.path = path
        self.received = bytearray()     # what came and was not yet expected
        self.total = 0                  # every byte that ever came
        self.outgoing = bytearray()     # what is still to be sent
        self.closed = False
        self._socket = None

    @property
    def option(self):
        """The option of run-qemu.sh that gives the machine this port."""
        return "--parallel" if self.name == "lpt1" else f"--{self.name}"

    @property
    def chardev(self):
        """The value of that option."""
        return f"socket,path={self.path},server=on,wait=off"

    def connect(self, until, alive):
        """Connects as soon as the socket is there. Returns False when the machine ends (or time is up) before that."""
        while time.monotonic() < until and alive():
            attempt = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                attempt.connect(self.path)
            except OSError:
                attempt.close()
                time.sleep(0.02)
                continue
            attempt.setblocking(False)
            self._socket = attempt
            return True
        return False

    @property
    def connected(self):
        return self._socket is not None and not self.closed

    def fileno(self):
        return self._socket.fileno()

    def on_readable(self):
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.closed = True
            return
        self.received += data
        self.total += len(data)

    def on_writable(self):
        try:
            sent = self._socket.send(self.outgoing[:16384])
        except BlockingIOError:
            return
        except OSError:
            self.closed = True
            return
        del self.outgoing[:sent]

    def take_line(self):
        """The next received line, or None while it has not ended."""
        end = self.received.find(b"\n")
        if end < 0:
            return None
        line = bytes(self.received[:end])
        del self.received[:end + 1]
        return line.decode("utf-8", "replace").replace("\r", "")

    def close(self):
        if self._socket:
            self._socket.close()
            self._socket = None
        self.closed = True
