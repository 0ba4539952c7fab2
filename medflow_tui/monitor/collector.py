"""The collector: looks for all viewers of one state folder, as a service, and there is one of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from medflow_tui.journal.lock import OneWriter
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.words import say
from medflow_tui.monitor.audience import Audience, Tell
from medflow_tui.monitor.meeting import LOCK_FILE, has_sockets, open_door
from medflow_tui.monitor.watch import Publish, Watch
from medflow_tui.monitor.wire import Hello, SnapshotWriter

TURN_S = 0.5


class Collector:
    """`run` returns after `end` was called, also from a signal."""

    def __init__(
        self,
        state: Path,
        hello: Hello,
        watch_for: Callable[[Publish], Watch],
        *,
        log: Tell = lambda text: None,
        report: Callable[[BaseException, str], None] = lambda error, where: None,
    ) -> None:
        self._state, self._hello, self._watch_for = state, hello, watch_for
        self._log, self._report = log, report
        self._lock = OneWriter(state / LOCK_FILE)
        self._audience: Audience | None = None
        self._ending = False

    def end(self) -> None:
        """Come to an end soon."""
        self._ending = True
        if self._audience is not None:
            self._audience.wake()

    def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Look until the end; `started` is called when viewers can come. Raises RefusedError."""
        if not has_sockets():
            raise RefusedError(say("this system has no sockets between processes: no collector here"))
        self._take_lock()
        try:
            self._serve(started)
        finally:
            self._lock.release()

    def _take_lock(self) -> None:
        try:
            if self._lock.take():
                return
            pid = (self._state / LOCK_FILE).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise _unusable(self._state, error) from error
        raise RefusedError(
            say("a collector already looks for {folder}: process {pid}", folder=str(self._state), pid=pid)
        )

    def _serve(self, started: Callable[[], None]) -> None:
        try:
            door = open_door(self._state)
        except OSError as error:
            raise _unusable(self._state, error) from error
        try:
            watch: Watch | None = None
            audience = Audience(
                door,
                self._hello,
                lambda name: None if watch is None else watch.read_now(name),
                writer=SnapshotWriter(self._report),
                log=self._log,
            )
            self._audience = audience
            watch = self._watch_for(audience.tell)
            try:
                audience.tell(watch.snapshot)
                watch.start()
                started()
                while not self._ending:
                    audience.turn(TURN_S)
            finally:
                audience.close()
                watch.stop()
        finally:
            door.close()


def _unusable(state: Path, error: OSError) -> RefusedError:
    return RefusedError(
        say(
            "no collector: {folder} cannot be used ({why})",
            folder=str(state),
            why=error.strerror or str(error),
        )
    )
