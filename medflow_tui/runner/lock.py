"""One who acts at a time: lock files that say who, since when, in which run, and that know when they are stale."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from medflow_tui.journal.append_log import write_durably
from medflow_tui.journal.private import make_folder, sync_folder
from medflow_tui.model.canonical import canonical
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.locks import Held, unreadable, why_not
from medflow_tui.runner.alive import Identity, myself

MUTEX, ENDING, LOCK_HELD, LOCK_LOST = ".mutex", ".lock", "lock_held", "lock_lost"
IsOver = Callable[[str], bool | None]


def never_known(run: str) -> None:
    """For locks that are only looked at, renewed or released: of no run it is known whether it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a lock. It is stale when its process is gone and the lease ran out or the machine was restarted."""

    who: str
    run: str
    since: str
    process: Identity
    is_stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A lock file as it was seen; `holder` is None when it cannot be read. `print` is what must not change meanwhile."""

    name: str
    holder: Holder | None
    print: tuple[bytes, int, int]

    @property
    def may_be_released(self) -> bool:
        """Only one that is stale, or that says nothing any more."""
        return self.holder is None or self.holder.is_stale


def names_in(folder: Path) -> tuple[str, ...]:
    """The locks that there are in a folder."""
    return tuple(sorted(each.name.removesuffix(ENDING) for each in folder.glob(f"*{ENDING}")))


class RunLock:
    """The locks that one run needs, taken together or not at all. `lease_s` is how long a silent holder is believed;

    `is_over` says of a run that left a lock behind whether it has ended, or changed nothing; None when nobody can tell.
    """

    def __init__(
        self,
        folder: Path,
        names: tuple[str, ...],
        *,
        lease_s: int,
        is_over: IsOver = never_known,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder, self._names, self._lease_s, self._clock = folder, tuple(sorted(names)), lease_s, clock
        self._is_over, self._taken = is_over, b""

    def others(self, run: str) -> tuple[Held, ...]:
        """What other runs hold or have left behind; first what may not be taken over. Raises RefusedError."""
        read = [(name, each) for name in self._names if (each := self._read(name)) is not None]
        found = (self._held(name, each) for name, each in read if each.run != run)
        return tuple(sorted(found, key=lambda each: not why_not(each)))

    def take(self, *, run: str, who: str, lost: Phrase = SILENCE) -> tuple[Holder, ...]:
        """Take all; answers the stale holders that were replaced. Raises RefusedError, or OSError when it cannot.

        A lock that the same run left behind when its process died is its own, as is one that this process holds for it.
        `lost` is for a run that must still hold every one of them: what it is told when one is gone, or is another's.
        """
        make_folder(self._folder)
        with self._alone():
            found = [(name, each) for name in self._names if (each := self._read(name)) is not None]
            if lost and [name for name, each in found if each.run == run] != list(self._names):
                raise RefusedError(lost, LOCK_LOST)
            for name, each in found:
                is_own = each.run == run and (not each.process.lives or each.process == myself())
                if not is_own and (why := why_not(self._held(name, each))):
                    raise RefusedError(why, LOCK_HELD)
            since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._clock()))
            me = myself()
            content = canonical(
                {
                    "who": who,
                    "run": run,
                    "since": since,
                    "pid": me.pid,
                    "started": me.started,
                    "boot": me.boot,
                }
            )
            for name in self._names:
                write_durably(self._path(name), content)
                self._taken = content.encode("utf-8")
                self._touch(name)
        return tuple(each for _, each in found if each.run != run)

    def found(self) -> tuple[Found, ...]:
        """Those of the locks that are there now, also unreadable ones. Raises RefusedError when one cannot be looked at."""
        return tuple(each for name in self._names if (each := self._seen(name)) is not None)

    def free(self, seen: Found, first: Callable[[], object]) -> None:
        """Take away a lock that nobody holds any more, exactly as it was `seen`, after `first` was done.

        Raises RefusedError when it is held, or is no longer what was seen.
        """
        with self._alone():
            now = self._seen(seen.name)
            if now is None or now.print != seen.print:
                raise RefusedError(say("the lock {name} has changed meanwhile: look again", name=seen.name))
            if not now.may_be_released:
                raise RefusedError(say("the lock {name} is held: it is not released", name=seen.name))
            first()
            self._path(seen.name).unlink(missing_ok=True)
            sync_folder(self._folder)

    def renew(self) -> None:
        """Say that the holder is still there, in what this process has taken itself and nobody has replaced since.

        What cannot be renewed runs out, which is the safe side.
        """
        for name in self._names:
            self._touch(name)

    def release(self, *, run: str) -> None:
        """Give back what this run holds; a lock that another run has taken meanwhile is left alone.

        One that cannot be given back runs out by itself. Raises RefusedError for an unreadable one.
        """
        if not self._folder.is_dir():
            return
        with suppress(OSError), self._alone():
            for name in self._names:
                found = self._read(name)
                if found is not None and found.run == run:
                    self._path(name).unlink(missing_ok=True)
            sync_folder(self._folder)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{ENDING}"

    def _seen(self, name: str) -> Found | None:
        try:
            stat, content = self._path(name).stat(), self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RefusedError(say("the lock {path} cannot be read", path=str(self._path(name)))) from error
        try:
            holder = self._read(name)
        except RefusedError:
            holder = None
        return Found(name=name, holder=holder, print=(content, stat.st_mtime_ns, stat.st_ino))

    def _held(self, name: str, holder: Holder) -> Held:
        lives = holder.process.lives
        return Held(
            lock=name,
            who=holder.who,
            since=holder.since,
            run=holder.run,
            lives=lives,
            is_stale=holder.is_stale,
            is_over=None if lives else self._is_over(holder.run),
        )

    def _touch(self, name: str) -> None:
        """Only the very file that says what was taken: one that replaces it meanwhile is another one."""
        with suppress(OSError), self._path(name).open("rb") as file:
            if self._taken and file.read() == self._taken:
                os.utime(file.fileno(), (self._clock(), self._clock()))

    def _read(self, name: str) -> Holder | None:
        path = self._path(name)
        try:
            renewed, record = path.stat().st_mtime, json.loads(path.read_text(encoding="utf-8"))
            process = Identity(
                pid=int(record["pid"]), started=str(record["started"]), boot=str(record["boot"])
            )
            who, run, since = str(record["who"]), str(record["run"]), str(record["since"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RefusedError(unreadable(name), LOCK_HELD) from error
        ran_out = abs(self._clock() - renewed) > self._lease_s
        is_stale = not process.lives and (ran_out or not process.is_of_this_boot)
        return Holder(who=who, run=run, since=since, process=process, is_stale=is_stale)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Judging and replacing a lock is one thing: nobody else does it meanwhile."""
        import fcntl

        descriptor = os.open(self._folder / MUTEX, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
