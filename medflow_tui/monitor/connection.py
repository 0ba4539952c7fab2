"""One connection of a viewer to the collector: greeted, listened to, given up when it falls silent."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from medflow_tui.model.health import EMPTY, Snapshot
from medflow_tui.model.words import Phrase, say
from medflow_tui.monitor.meeting import has_sockets, knock
from medflow_tui.monitor.wire import GarbledError, Hello, Lines, SnapshotReader, hello_of, order
from medflow_tui.rules.alerts import aged
from medflow_tui.rules.handover import is_whole

CONNECT_WITHIN_S = 1.0
SILENT_S = 6.0  # three beats
RETRY_EVERY_S = 2.0
RETRY_FOREIGN_EVERY_S = 30.0
PIECE = 256 * 1024


class GoneError(Exception):
    """There is no collector to look through: what people are told, and the seconds until another try is worth it."""

    def __init__(self, why: Phrase, patience_s: float = RETRY_EVERY_S) -> None:
        super().__init__(why.text)
        self.why, self.patience_s = why, patience_s


class Connection:
    """One connection to the collector. `news` is called by one thread, `ask` and `close` by any."""

    def __init__(self, state: Path, mine: Hello, now: Callable[[], datetime]) -> None:
        """Connect and be greeted, within two seconds. Raises FileNotFoundError (nobody is here) or GoneError."""
        if not has_sockets():
            raise FileNotFoundError
        self._now = now
        self._lines, self._reader = Lines(), SnapshotReader()
        self._waiting: list[bytes] = []
        try:
            self._socket = knock(state, CONNECT_WITHIN_S)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise FileNotFoundError from error
        except PermissionError:
            self._refused()
        except OSError as error:
            self._gone(isinstance(error, ConnectionRefusedError))
        try:
            self.pid = self._greeted(mine)
        except BaseException:
            self._socket.close()
            raise

    def news(self) -> Snapshot | None:
        """Wait for the next line: the snapshot that it completes, or None.

        Raises GoneError when the collector ends, falls silent, or speaks otherwise.
        """
        try:
            snapshot = self._reader.take(self._line(SILENT_S))
        except GarbledError:
            self._foreign()
        return (
            None if snapshot is None else replace(snapshot, source=say("collector {pid}", pid=str(self.pid)))
        )

    def first_news(self) -> Snapshot:
        """Wait for a snapshot. Raises GoneError."""
        while True:
            if (snapshot := self.news()) is not None:
                return snapshot

    def ask(self, name: str | None) -> None:
        """Have it read soon; never waits."""
        with suppress(OSError):
            self._socket.send(order(name), getattr(socket, "MSG_DONTWAIT", 0))

    def close(self) -> None:
        """End; `news` returns at once."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _greeted(self, mine: Hello) -> int:
        try:
            hello = hello_of(self._line(CONNECT_WITHIN_S))
        except GarbledError:
            self._foreign()
        if hello is None:
            self._refused()
        if not hello.fits(mine):
            self._foreign()
        return hello.pid

    def _line(self, within_s: float) -> bytes:
        while not self._waiting:
            try:
                self._socket.settimeout(within_s)
                piece = self._socket.recv(PIECE)
                self._waiting += self._lines.feed(piece)
            except TimeoutError:
                self._gone(False)
            except OSError:
                piece = b""
            except GarbledError:
                self._foreign()
            if not piece:
                self._gone(True)
        return self._waiting.pop(0)

    def _gone(self, ended: bool) -> NoReturn:
        at = self._now()
        raise GoneError(
            say("collector gone {at:clock}: looking itself", at=at)
            if ended
            else say("collector stuck {at:clock}: looking itself", at=at)
        ) from None

    def _foreign(self) -> NoReturn:
        why = say("collector has another site file or version: looking itself")
        raise GoneError(why, RETRY_FOREIGN_EVERY_S) from None

    def _refused(self) -> NoReturn:
        raise GoneError(say("collector refuses this user: looking itself"), RETRY_FOREIGN_EVERY_S) from None


def glance(state: Path, mine: Hello, now: Callable[[], datetime]) -> Snapshot:
    """What the collector knows at this moment; empty when there is none, or it has not read everything yet."""
    try:
        connection = Connection(state, mine, now)
    except (GoneError, OSError):
        return EMPTY
    try:
        snapshot = connection.first_news()
    except GoneError:
        return EMPTY
    finally:
        connection.close()
    if not is_whole(snapshot):
        return EMPTY
    at = now()
    return replace(snapshot, at=at, verdicts=tuple(aged(each, at) for each in snapshot.verdicts))
