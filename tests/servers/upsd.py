"""A server that speaks as upsd of Network UPS Tools does (RFC 9271), for a UPS that a test moves.

Not the real one: nut-server is not installed here. What it answers is copied from the protocol's own examples.
"""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

STALE, DENIED = "ERR DATA-STALE", "ERR ACCESS-DENIED"


@dataclass
class Upsd:
    """`status` is that of `ups`, or an error line; `heard` is what was asked; silent: it takes connections, no more."""

    status: str = "OL CHRG"
    is_silent: bool = False
    heard: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def name(self) -> str:
        return f"ups@127.0.0.1:{self.port}"

    def answer(self, question: str) -> str:
        self.heard.append(question)
        match question.split():
            case ["GET", "VAR", "ups", "ups.status"]:
                return self.status if self.status.startswith("ERR") else f'VAR ups ups.status "{self.status}"'
            case ["GET", "VAR", _, _]:
                return "ERR UNKNOWN-UPS"
            case ["LIST", "UPS"]:
                return 'BEGIN LIST UPS\nUPS ups "Server room"\nUPS other "Reception"\nEND LIST UPS'
            case ["LOGOUT"]:
                return "OK Goodbye"
        return "ERR UNKNOWN-COMMAND"


@contextmanager
def running_upsd(upsd: Upsd) -> Iterator[Upsd]:
    """On a free port of this machine, until the end of the block."""
    ends = threading.Event()

    class Line(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if upsd.is_silent:
                ends.wait(20)
            for line in self.rfile:
                self.wfile.write(f"{upsd.answer(line.decode().strip())}\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        address_family = socket.AF_INET
        allow_reuse_address = daemon_threads = True

    with Server(("127.0.0.1", 0), Line) as server:
        upsd.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield upsd
        finally:
            ends.set()
            server.shutdown()
            thread.join(5)
