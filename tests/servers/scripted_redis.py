"""A server that speaks the protocol of Redis and answers what a test says, lies and refusals included."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress


def bulk(text: str) -> bytes:
    """One text as Redis sends it."""
    sent = text.encode()
    return b"$%d\r\n%s\r\n" % (len(sent), sent)


@contextmanager
def scripted_redis(answers: Mapping[str, bytes]) -> Iterator[int]:
    """The port of such a server. `answers` by the command (`PING`, `CLIENT LIST`); `*` is for all that are not named, else +OK."""

    class Answering(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError, ValueError):
                while head := self.rfile.readline():
                    words = []
                    for _ in range(int(head[1:])):
                        length = int(self.rfile.readline()[1:])
                        words.append(self.rfile.read(length + 2)[:-2])
                    name, whole = (b" ".join(words[:n]).decode(errors="replace").upper() for n in (1, 2))
                    known = next((each for each in (whole, name, "*") if each in answers), None)
                    self.wfile.write(answers[known] if known else b"+OK\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answering) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()
