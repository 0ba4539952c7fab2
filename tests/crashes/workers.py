"""Some processes that take one piece of the matrix after another, each on a site of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest

from tests.crashes.kept import WHOLE, Found
from tests.crashes.matrix import SETTINGS, cell, stated, whole
from tests.crashes.scenes import Managed, Setting
from tests.servers.mongodb import NotOursError

Task = tuple[str, str, int, float]
"""Name, the moment, and the exit code and the seconds of one that nobody kills.

The moment is `line:moment`, or `~0.618` of its time; empty when nobody kills it.
"""
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(slots=True)
class Worker:
    """Carries out one piece after another; a server that many runs can share is kept while they are of one setting."""

    name: str = ""
    setting: Setting | None = None
    site: ExitStack = field(default_factory=ExitStack)

    def carry_out(self, task: Task) -> Found:
        """One piece; what went wrong is in the result."""
        name, at, *_ = task
        began = time.monotonic()
        before = dict(os.environ)
        found: Found
        try:
            try:
                found = self._tried(task)
            except NotOursError:  # somebody else was quicker at a free port
                found = self._tried(task)
        except pytest.skip.Exception as error:
            found = {"missing": why(error)}
            self.leave()
        except Exception as error:
            found = {"at": at or WHOLE, "failed": why(error)}
            self.leave()
        finally:
            os.environ.clear()
            os.environ.update(before)
        return {"name": name, **found, "seconds": round(time.monotonic() - began, 1)}

    def leave(self) -> None:
        """The server that was kept is ended."""
        self.name, self.setting = "", None
        self.site.close()

    def _tried(self, task: Task) -> Found:
        name, at, code, lasts = task
        with _folder() as folder:
            if at:
                kill = f"~{float(at[1:]) * lasts:.3f}" if at.startswith("~") else at
                cell(self._setting(name), folder / "site", kill, code, stated(name))
                return {"at": at, "failed": ""}
            code, lines, lasts = whole(self._setting(name), folder / "site", stated(name))
        return {"lines": lines, "code": code, "lasts": round(lasts, 2)}

    def _setting(self, name: str) -> Setting:
        if self.setting is None or self.name != name:
            self.leave()
            found = SETTINGS[name]
            if isinstance(found, Managed):
                found = self.site.enter_context(found.shared(self.site.enter_context(_folder()) / "site"))
            self.name, self.setting = name, found
        return self.setting


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="medflow-crashes-", ignore_cleanup_errors=True) as found:
        yield Path(found)


def why(error: BaseException) -> str:
    """In one line, with the place in our tests at which it went wrong."""
    places = [each for each in traceback.extract_tb(error.__traceback__) if "tests" in each.filename]
    place = f" ({Path(places[-1].filename).name}:{places[-1].lineno})" if places else ""
    return f"{type(error).__name__} {str(error)[:300]}{place}".replace("\n", " ").replace("|", "/")


def everything(jobs: int, next_task: Callable[[], Task | None], told: Callable[[Found], None]) -> None:
    """`jobs` workers at once, until there is no next task and nobody works any more; each result is told."""
    with _crew(jobs) as crew:
        busy: dict[object, Task] = {}
        while True:
            for each in crew:
                if each not in busy and (task := next_task()) is not None:
                    each.send(task)
                    busy[each] = task
            if not busy:
                return
            ready = wait([each for each in crew if each in busy])
            for each in crew:
                if each in ready:
                    del busy[each]
                    told(each.recv())


@contextmanager
def _crew(jobs: int) -> Iterator[list[Connection]]:
    """Each end of a pipe to a worker; they are ended, and what they had started with them, however this ends."""
    pipes = [_SPAWN.Pipe() for _ in range(jobs)]
    workers: list[SpawnProcess] = [_SPAWN.Process(target=_work, args=(theirs,)) for _, theirs in pipes]
    try:
        for each in workers:
            each.start()
        for _, theirs in pipes:
            theirs.close()  # so that a worker that is gone is noticed: EOFError
        yield [ours for ours, _ in pipes]
    except BaseException:
        for each in workers:
            each.terminate()
        raise
    finally:
        for ours, _ in pipes:
            ours.close()
        for each in workers:
            each.join()


def _work(orders: Connection) -> None:
    """In the worker."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started here is ended then, too
    worker = Worker()
    try:
        with suppress(EOFError):  # nothing is ordered any more
            while True:
                orders.send(worker.carry_out(orders.recv()))
    finally:
        worker.leave()
