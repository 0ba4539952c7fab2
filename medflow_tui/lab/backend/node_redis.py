"""A Redis connection with the manners of node-redis in MedFlow: after ten retries it gives up for good."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from medflow_tui.lab.ports import HOST

RETRIES = 10  # waits of 0, 100 … 1000 ms: about 5.5 s in all (config/redis.js)
ANSWER_S = 2.0
CONNECTIONS = 9  # of the backend: one client, and one more for each rate limiter
VERSION = "4.7.0"


class RedisGoneError(Exception):
    """There is no connection, or no answer on it."""


class NodeRedis:
    """One connection. `state` is `connecting`, `ready`, `reconnecting` or `ended`; ended is for ever."""

    def __init__(self, port: int, tell: Callable[[str], None]) -> None:
        self._port, self._tell = port, tell
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self.state = "connecting"

    @property
    def is_ready(self) -> bool:
        return self.state == "ready"

    async def keep(self) -> None:
        """Connect, reconnect, and give up in the end."""
        retries = 0
        while retries <= RETRIES:
            await asyncio.sleep(min(retries * 0.1, 3.0))
            try:
                reader, writer = await asyncio.open_connection(HOST, self._port)
            except OSError:
                self._tell(f"Redis Client Error: connect ECONNREFUSED {HOST}:{self._port}")
                retries += 1
                continue
            if await self._serve(reader, writer):
                retries = 0
            else:
                retries += 1
            self._tell("Redis Client Error: Socket closed unexpectedly")
        self.state = "ended"
        self._tell("Redis: Max reconnection attempts reached")

    async def call(self, *words: str | int) -> Any:
        """One command; RedisGoneError when there is no answer."""
        if not self.is_ready:
            raise RedisGoneError
        return await self._send(*words)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Read answers until the connection ends; True when it was of use."""
        self._writer = writer
        reading = asyncio.ensure_future(self._read(reader))
        useful = False
        try:
            for option, value in (("LIB-NAME", "node-redis"), ("LIB-VER", VERSION)):
                await self._send("CLIENT", "SETINFO", option, value)
            self.state, useful = "ready", True
            self._tell("✅ Redis client ready")
            await reading
        except RedisGoneError:
            reading.cancel()
        finally:
            self.state = "reconnecting"
            self._writer = None
            while self._waiting:
                answer = self._waiting.popleft()
                if not answer.done():
                    answer.set_exception(RedisGoneError())
            writer.close()
        return useful

    async def _send(self, *words: str | int) -> Any:
        if self._writer is None:
            raise RedisGoneError
        parts = [str(word).encode() for word in words]
        text = b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self._writer.write(text)
        try:
            return await asyncio.wait_for(asyncio.shield(answer), ANSWER_S)
        except TimeoutError as error:
            answer.add_done_callback(lambda late: late.cancelled() or late.exception())
            raise RedisGoneError from error

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                value = await read_value(reader)
            except (OSError, asyncio.IncompleteReadError):
                return
            answer = self._waiting.popleft()
            if not answer.done():
                answer.set_result(value)


async def read_value(reader: asyncio.StreamReader) -> Any:
    """One RESP2 value: text, number, list or None; an error is its text after `-`."""
    line = (await reader.readuntil(b"\r\n"))[:-2]
    mark, rest = line[:1], line[1:].decode()
    match mark:
        case b":":
            return int(rest)
        case b"$":
            if rest == "-1":
                return None
            return (await reader.readexactly(int(rest) + 2))[:-2].decode()
        case b"*":
            return [await read_value(reader) for _ in range(int(rest))]
        case b"-":
            return "-" + rest
    return rest
