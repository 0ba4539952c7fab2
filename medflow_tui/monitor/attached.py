"""The viewer's side: what the collector sees while there is one, else what a watch of its own sees."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from medflow_tui.model.health import Acknowledgement, Maintenance, Snapshot
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.alerts import aged
from medflow_tui.rules.handover import carried

if TYPE_CHECKING:
    from medflow_tui.monitor.connection import Connection
    from medflow_tui.monitor.watch import Publish, Watch
    from medflow_tui.monitor.wire import Hello

END_WITHIN_S = 4.0
OWN = say("own")


class Attached:
    """Looks through the collector of a state folder; without one, by a watch of its own. Nothing here blocks a caller.

    A thread connects, follows, and falls back. `watch_for(publish, known)` makes the own watch, which goes on from
    what is known. While the collector is there, this process reads no target; when it dies, the own watch begins with
    what was seen last, and takes the lock of the history; it ends when the collector is back.
    """

    def __init__(
        self,
        state: Path,
        mine: Callable[[], Hello],
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
        """Who is on what, for the own watch; the collector reads the desk itself, as every new watch does."""
        own = self._own
        if own is not None:
            own.set_people(acknowledged, maintenance)

    def _run(self) -> None:
        from medflow_tui.monitor.connection import RETRY_EVERY_S, RETRY_FOREIGN_EVERY_S, GoneError

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
        from medflow_tui.monitor.connection import Connection

        connection = Connection(self._state, self._mine(), self._now)
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
