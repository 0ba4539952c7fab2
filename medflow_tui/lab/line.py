"""The far end of a line: a clinic's own address, or the outside world, as a listener that can fall silent."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

from medflow_tui.lab.ports import HOST


class Line:
    """Accepts and closes connections. When it is cut, an attempt to connect gets no answer at all.

    A cut line is a listening socket whose backlog is full: the kernel then drops further attempts in silence,
    as a dead line does, while `refused` would prove that somebody is there.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._server: asyncio.Server | None = None
        self._silent: list[socket.socket] = []

    async def open(self) -> None:
        """Answer from now on."""
        for each in self._silent:
            each.close()
        self._silent = []
        if self._server is None:
            self._server = await asyncio.start_server(_close, HOST, self.port)

    async def cut(self) -> None:
        """Answer nothing from now on."""
        await self.close()
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        deaf.bind((HOST, self.port))
        deaf.listen(0)
        self._silent.append(deaf)
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            with suppress(BlockingIOError):
                filler.connect((HOST, self.port))
            self._silent.append(filler)

    async def close(self) -> None:
        for each in self._silent:
            each.close()
        self._silent = []
        if self._server is not None:
            self._server.close()
            self._server = None


async def _close(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        writer.close()
        await writer.wait_closed()
