"""A small web server with scripted answers, and sockets that misbehave; all on free ports of 127.0.0.1."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE = b"<!DOCTYPE html>\n<html><body><pre>Cannot GET</pre></body></html>"


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Script:
    """One answer: a dict is sent as JSON, bytes as they are."""

    status: int = 200
    body: object = b""
    kind: str = ""
    headers: tuple[tuple[str, str], ...] = ()


NOWHERE = Script(404, PAGE, "text/html; charset=utf-8")


@dataclass(slots=True)
class ScriptedWeb:
    """`answers` by "GET /path" (a Script, or a function of the call); everything else is a 404 web page.

    `guests` are closed when it ends.
    """

    url: str
    answers: dict[str, Script | Callable[[Call], Script]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    guests: list[Any] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [f"{each.method} {each.path}" for each in self.calls]


def _responder(web: ScriptedWeb) -> type[BaseHTTPRequestHandler]:
    class Responder(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            sent = self.rfile.read(length)
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(self.command, self.path, headers, json.loads(sent) if sent else None)
            web.calls.append(call)
            script = web.answers.get(f"{call.method} {call.path.partition('?')[0]}", NOWHERE)
            script = script(call) if callable(script) else script
            body = script.body if isinstance(script.body, bytes) else json.dumps(script.body).encode()
            self.send_response(script.status)
            kind = script.kind or ("text/plain" if isinstance(script.body, bytes) else "application/json")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in script.headers:
                self.send_header(name, value)
            with suppress(BrokenPipeError, ConnectionResetError):
                self.end_headers()
                self.wfile.write(body)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    return Responder


@contextmanager
def scripted_web(context: ssl.SSLContext | None = None) -> Iterator[ScriptedWeb]:
    web = ScriptedWeb("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _responder(web))
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme, host = ("https", "localhost") if context is not None else ("http", "127.0.0.1")
    web.url = f"{scheme}://{host}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        for each in web.guests:
            each.close()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def raw_server(first: bytes = b"", drip: bytes = b"", *, accepts: bool = True) -> Iterator[str]:
    """Says `first` to whoever connects, then one byte of `drip` every 50 ms for ever, then nothing; never closes."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def talk() -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            try:
                connection.sendall(first)
                while drip and not ended.wait(0.05):
                    connection.sendall(drip)
            except OSError:
                return
            ended.wait()

    thread = threading.Thread(target=talk, daemon=True)
    if accepts:
        thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        listener.close()


def free_port() -> int:
    """A port on which nothing listens (just now)."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
