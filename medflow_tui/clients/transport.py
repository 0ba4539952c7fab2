"""The network under httpx: every read and write ends at the deadline of the whole call.

httpx has time-outs per read only, so that a server which drips one byte at a time would hold it for ever.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

from medflow_tui.clients.meter import Meter
from medflow_tui.clients.network import Deadline, UnreachableError, failure_of, resolve
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.words import say

PIECE = 16 * 1024


class DeadlineTransport(httpx.BaseTransport):
    """httpx over a pool whose network holds the deadline: httpx itself has only time-outs per read."""

    def __init__(self, network: DeadlineNetwork, context: ssl.SSLContext | None) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=context, network_backend=network, max_connections=1, keepalive_expiry=2.0
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        assert isinstance(answer.stream, Iterable)
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        if hasattr(self._stream, "close"):
            self._stream.close()


class DeadlineNetwork(httpcore.NetworkBackend):
    """Opens connections whose every read and write ends at the deadline of the call in hand.

    While it `is_closed` none is opened: what is sent goes over one that is open, or not at all.
    """

    def __init__(self, meter: Meter | None = None) -> None:
        self.meter = meter or Meter()
        self.deadline = Deadline.after(0)
        self.port = 0
        self.is_closed = False
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        self.port = port
        if self.is_closed:
            text = say("the connection on which it told who it is has ended: nothing was sent")
            raise UnreachableError(Failure(cause=Cause.UNTRUSTED, text=text))
        address = resolve(host, port, self.deadline)
        try:
            stream = self._plain.connect_tcp(address, port, timeout=self.deadline.left())
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise UnreachableError(failure_of(error.__cause__ or error, host, port)) from None
        self.meter.connected()
        return _Stream(stream, self)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, network: DeadlineNetwork) -> None:
        self._stream, self._network = stream, network

    def _left(self) -> float:
        if self._network.deadline.passed():
            raise httpcore.ReadTimeout
        return self._network.deadline.left()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        piece = self._stream.read(max_bytes, timeout=self._left())
        self._network.meter.moved(len(piece))
        return piece

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), PIECE):
            piece = buffer[start : start + PIECE]
            self._stream.write(piece, timeout=self._left())
            self._network.meter.moved(len(piece))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, timeout=self._left())
        except httpcore.ConnectError as error:
            raise UnreachableError(
                failure_of(error.__cause__ or error, server_hostname or "", self._network.port)
            ) from None
        self._network.meter.sealed()
        return _Stream(stream, self._network)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
