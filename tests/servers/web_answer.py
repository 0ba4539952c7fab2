"""A server that answers whatever is sent to it as a web server answers nonsense."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _BadRequest(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(4096)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")


@contextmanager
def http_only() -> Iterator[int]:
    """The port of such a server, for the length of the block."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _BadRequest) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()
