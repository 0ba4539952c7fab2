"""A line to a server that goes bad in the middle: it stops after so many bytes, or lets single bytes through."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def bad_line(port: int, *, after: int, drip_s: float = 0.0) -> Iterator[int]:
    """The port of a relay to 127.0.0.1:`port`; each connection is well for `after` bytes of answer.

    Then nothing arrives any more, or one byte every `drip_s`. Nothing is ever closed from the server's side.
    """
    ended = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    open_ones: list[socket.socket] = [listener]

    def answers(server: socket.socket, client: socket.socket) -> None:
        left = after
        with suppress(OSError):
            while not ended.is_set():
                piece = server.recv(min(left, 65536) if left > 0 else 1)
                if not piece:
                    return
                if left <= 0 and (not drip_s or ended.wait(drip_s)):
                    ended.wait()
                    return
                client.sendall(piece)
                left -= len(piece)

    def questions(client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while piece := client.recv(65536):
                server.sendall(piece)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", port))
                open_ones.extend((client, server))
                for run, pair in ((answers, (server, client)), (questions, (client, server))):
                    threading.Thread(target=run, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        ended.set()
        for each in open_ones:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
