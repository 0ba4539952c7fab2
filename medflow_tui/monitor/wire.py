"""What the collector and its viewers say to each other: lines of JSON, a snapshot as one line and one more a verdict."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from medflow_tui.journal.frozen import freeze, thaw
from medflow_tui.model.health import Snapshot, Verdict
from medflow_tui.model.site import Site

LONGEST_LINE = 4 * 1024 * 1024
MOST_VERDICTS = 100_000
LONGEST_ORDER = 1024
BEAT = b'{"beat":1}\n'
REFUSED = b'{"refused":1}\n'
NO_VALUES: Mapping[str, Any] = MappingProxyType({})


class GarbledError(Exception):
    """The other side speaks another language, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The first line of the collector: only a viewer of the same site and program understands what follows."""

    pid: int
    version: str
    site: str

    def fits(self, mine: Hello) -> bool:
        """Whether a viewer that would say `mine` may take over what this collector sees."""
        return (self.version, self.site) == (mine.version, mine.site)

    def written(self) -> bytes:
        return _line({"hello": {"pid": self.pid, "version": self.version, "site": self.site}})


def mark_of(site: Site) -> str:
    """Names what is watched, and how; another one after any change of a target. A hash, so that it tells nothing.

    >>> len(mark_of(Site(code="M", name="M", environment="lab")))
    32
    """
    watched = (site.code, site.folder, site.timezone, site.targets)
    return sha256(repr(watched).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def hello_of(line: bytes) -> Hello | None:
    """The first line, or None when the collector does not let this user in. Raises GarbledError."""
    found = _table(line)
    if "refused" in found:
        return None
    try:
        told = found["hello"]
        return Hello(pid=int(told["pid"]), version=str(told["version"]), site=str(told["site"]))
    except (KeyError, TypeError, ValueError) as error:
        raise GarbledError from error


class SnapshotWriter:
    """Writes snapshots; a verdict that is as it was in the last one is not written anew."""

    def __init__(self, report: Callable[[BaseException, str], None] = lambda error, where: None) -> None:
        self._report = report
        self._lines: dict[str, tuple[Verdict, bytes]] = {}

    def write(self, snapshot: Snapshot) -> bytes:
        """The whole of it."""
        lines = {each.target: (each, self._verdict(each)) for each in snapshot.verdicts}
        self._lines = lines
        head = freeze(replace(snapshot, verdicts=()))
        return _line({"snapshot": head, "verdicts": len(lines)}) + b"".join(
            each for _, each in lines.values()
        )

    def _verdict(self, verdict: Verdict) -> bytes:
        before, line = self._lines.get(verdict.target, (None, b""))
        if before is verdict or before == verdict:
            return line
        try:
            return _line(freeze(verdict))
        except (TypeError, ValueError) as error:  # a value of a probe that is no plain value
            self._report(error, verdict.target)
            return _line(freeze(replace(verdict, values=NO_VALUES)))


class SnapshotReader:
    """Takes lines one by one; gives a snapshot when it is whole. Verdicts that did not change are the same objects."""

    def __init__(self) -> None:
        self._head: dict[str, Any] | None = None
        self._wanted = 0
        self._rows: list[bytes] = []
        self._known: dict[bytes, Verdict] = {}

    def take(self, line: bytes) -> Snapshot | None:
        """None while it is not whole, and for a beat. Raises GarbledError."""
        if self._head is None:
            self._begin(line)
        else:
            self._rows.append(line)
        if self._head is None or len(self._rows) < self._wanted:
            return None
        known = {each: self._known.get(each) or _verdict_of(each) for each in self._rows}
        try:
            snapshot = replace(thaw(Snapshot, self._head), verdicts=tuple(known[each] for each in self._rows))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise GarbledError from error
        self._known, self._head, self._rows = known, None, []
        return snapshot

    def _begin(self, line: bytes) -> None:
        found = _table(line)
        if "beat" in found:
            return
        head, wanted = found.get("snapshot"), found.get("verdicts")
        if not isinstance(head, dict) or not isinstance(wanted, int) or not 0 <= wanted <= MOST_VERDICTS:
            raise GarbledError
        self._head, self._wanted = head, wanted


def _verdict_of(line: bytes) -> Verdict:
    table = _table(line)
    try:
        return thaw(Verdict, table)
    except (KeyError, TypeError, ValueError, AttributeError):
        table.pop("values", None)  # plain values of a probe: they may look like what they are not
    try:
        return thaw(Verdict, table)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise GarbledError from error


def order(name: str | None) -> bytes:
    """The one thing that a viewer may say: read this target now, or all of them."""
    return _line({"read_now": name})


def ordered(line: bytes) -> str | None:
    """The target to read, None for all. Raises GarbledError for anything else."""
    match _table(line):
        case {"read_now": str() | None as name, **more} if not more:
            return name
    raise GarbledError


class Lines:
    """Cuts what arrives into lines; one longer than `longest` is no line of ours."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest, self._rest = longest, b""

    def feed(self, piece: bytes) -> tuple[bytes, ...]:
        """Whole lines, without their ends. Raises GarbledError."""
        *whole, self._rest = (self._rest + piece).split(b"\n")
        if any(len(each) > self._longest for each in (*whole, self._rest)):
            raise GarbledError
        return tuple(whole)


def _line(table: object) -> bytes:
    return json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def _table(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise GarbledError from error
    if not isinstance(found, dict):
        raise GarbledError
    return found
