"""The viewer's side: what the collector sees while there is one, else what a watch of its own sees."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from medflow_tui.model.health import EMPTY, Acknowledgement, Maintenance, Snapshot
from medflow_tui.model.words import Phrase, say
from medflow_tui.monitor.meeting import has_sockets, knock
from medflow_tui.monitor.wire import GarbledError, Hello, Lines, SnapshotReader, hello_of, order
from medflow_tui.rules.alerts import aged
from medflow_tui.rules.handover import carried, is_whole

if TYPE_CHECKING:
    from medflow_tui.monitor.watch import Publish, Watch

CONNECT_WITHIN_S = 1.0
SILENT_S = 6.0  # three beats
RETRY_EVERY_S = 2.0
RETRY_FOREIGN_EVERY_S = 30.0
END_WITHIN_S = 4.0
PIECE = 256 * 1024
OWN = say("own")


class GoneError(Exception):
    """There is no collector to look through; `why` is what people are told, with the time, `patience_s` until it is worth
    another try."""

    def __init__(self, why: Phrase, patience_s: float = RETRY_EVERY_S) -> None:
        super().__init__(why.text)
        self.why, self.patience_s = why, patience_s


class Connection:
    """One connection to the collector. `news` is called by one thread, `ask` and `close` by any."""

    def __init__(self, state: Path, mine: Hello, now: Callable[[], datetime]) -> None:
        """Connect and be greeted, within two seconds. Raises FileNotFoundError (nobody is here) or GoneError."""
        self._now = now
        self._lines, self._reader = Lines(), SnapshotReader()
        self._waiting: list[bytes] = []
        try:
            self._socket = knock(state, CONNECT_WITHIN_S)
        except FileNotFoundError:
            raise
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


@dataclass(slots=True)
class _People:
    acknowledged: Mapping[str, Acknowledgement] = field(default_factory=dict)
    maintenance: tuple[Maintenance, ...] = ()


class Attached:
    """Looks through the collector of a state folder; without one, by a watch of its own. Nothing here blocks a caller.

    A thread connects, follows, and falls back. `watch_for(publish, known)` makes the own watch, which goes on from
    what is known. While the collector is there, this process reads no target; when it dies, the own watch begins with
    what was seen last, and takes the lock of the history; it ends when the collector is back.
    """

    def __init__(
        self,
        state: Path,
        mine: Hello,
        publish: Publish,
        watch_for: Callable[[Publish, Snapshot], Watch],
        *,
        first: Snapshot,
        now: Callable[[], datetime],
        report: Callable[[BaseException, str], None] = lambda error, where: None,
    ) -> None:
        self._state, self._mine, self._publish, self._watch_for = state, mine, publish, watch_for
        self._now, self._report = now, report
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._own: Watch | None = None
        self._own_number = 0
        self._trouble: Phrase | None = None
        self._people = _People()
        self._thread = threading.Thread(target=self._run, name="collector-link", daemon=True)
        self.snapshot = first

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Come to an end; `wait` waits for it."""
        self._ended.set()
        connection = self._connection
        if connection is not None:
            connection.close()

    def wait(self) -> None:
        """Wait until what was seen is written down, a few seconds at most."""
        if self._thread.is_alive():
            self._thread.join(END_WITHIN_S)

    def read_now(self, name: str | None = None) -> None:
        """Read one target, or all of them, soon; the collector does it when there is one."""
        connection, own = self._connection, self._own
        if connection is not None:
            connection.ask(name)
        elif own is not None:
            own.read_now(name)

    def set_people(
        self, acknowledged: Mapping[str, Acknowledgement], maintenance: tuple[Maintenance, ...]
    ) -> None:
        """Who is on what, for the own watch; the collector reads the desk itself."""
        self._people = _People(acknowledged, maintenance)
        own = self._own
        if own is not None:
            own.set_people(acknowledged, maintenance)

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                try:
                    self._follow()
                except FileNotFoundError:
                    patience_s = RETRY_EVERY_S
                except GoneError as gone:
                    patience_s = gone.patience_s
                    if self._trouble is None or self._trouble.text != gone.why.text:
                        self._trouble = gone.why
                except Exception as error:
                    self._report(error, "collector-link")
                    patience_s = RETRY_FOREIGN_EVERY_S
                self._look_alone()
                self._ended.wait(patience_s)
        finally:
            self._end_own()

    def _follow(self) -> NoReturn:
        """Take what the collector publishes, for as long as it does. Raises FileNotFoundError or GoneError."""
        if not has_sockets():
            raise FileNotFoundError
        connection = Connection(self._state, self._mine, self._now)
        try:
            first = connection.first_news()
            self._connection = connection
            self._end_own()
            self._trouble = None
            self._show(carried(first, self.snapshot, self._now()))
            while not self._ended.is_set():
                snapshot = connection.news()
                if snapshot is None:
                    self._grow_old()
                else:
                    self._show(carried(snapshot, self.snapshot, self._now()))
            raise FileNotFoundError
        finally:
            self._connection = None
            connection.close()

    def _grow_old(self, *notices: Phrase) -> None:
        """Nothing came: what is known is not good for ever, whoever should read it anew."""
        before, at = self.snapshot, self._now()
        verdicts = tuple(aged(each, at) for each in before.verdicts)
        if notices or any(new is not old for new, old in zip(verdicts, before.verdicts, strict=True)):
            self._show(replace(before, verdicts=verdicts, notices=notices or before.notices))

    def _look_alone(self) -> None:
        """Begin the own watch, unless it runs; and show at once that it is so."""
        if self._own is not None or self._ended.is_set():
            return
        with self._lock:
            self._own_number += 1
            number = self._own_number
        try:
            own = self._watch_for(lambda snapshot: self._from_own(snapshot, number), self.snapshot)
            own.set_people(self._people.acknowledged, self._people.maintenance)
            own.start()
        except Exception as error:
            self._report(error, "own watch")
            self._grow_old(say("nothing is read: fault of this program, see its log"))
            return
        self._own = own
        self._from_own(own.snapshot, number)

    def _from_own(self, snapshot: Snapshot, number: int) -> None:
        trouble = (self._trouble,) if self._trouble is not None else ()
        with self._lock:
            if number == self._own_number:
                self._show(replace(snapshot, source=OWN, notices=(*trouble, *snapshot.notices)))

    def _end_own(self) -> None:
        own, self._own = self._own, None
        with self._lock:
            self._own_number += 1
        if own is not None:
            own.stop()

    def _show(self, snapshot: Snapshot) -> None:
        if not self._ended.is_set():
            self.snapshot = snapshot
            self._publish(snapshot)


def glance(state: Path, mine: Hello, now: Callable[[], datetime]) -> Snapshot:
    """What the collector knows at this moment; empty when there is none, or it has not read everything yet."""
    if not has_sockets():
        return EMPTY
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
