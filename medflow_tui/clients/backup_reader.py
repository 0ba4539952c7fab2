"""The child process that lists backup folders and reads backups: it may hang on a dead disk, the program may not.

Standard library only: it is started without site packages. One JSON line in, one out:
`{"ask": "list", "root", "folders": [name], "entries"}` → `{"device", "total", "free", "folders": {name: {"found": [entry],
"complete"} | {"errno"}}}` or `{"errno"}`; an entry has `name, size, changed` (nanoseconds), `inode`, `folder`.
`{"ask": "examine", "path", "version", "sidecar", "form", "bytes", "seconds"}` → `{"done": false, "read", "size"}` while there is
more to read (ask again), then `{"done": true, "state", "proved", "clear", "decoded", "sha256"}` or `{"errno"}`.
"""

from __future__ import annotations

import errno
import hashlib
import heapq
import json
import os
import re
import shutil
import stat
import sys
import time
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from medflow_tui.rules.backup_forms import (
    ARCHIVE_MAGIC,
    GZIP_MAGIC,
    DamagedError,
    Eater,
    Guess,
    Sql,
    Unzipped,
    Walker,
    archive,
    documents,
    tar,
)
from medflow_tui.rules.pg_custom import PG_MAGIC, custom

PIECE = 256 * 1024
CHECKSUM = re.compile(rb"\s*([0-9A-Fa-f]{64})(?:\s|$)")
NAMES_AT_MOST = 200_000
WITHIN_DUMP = 10_000  # files of one mongodump folder that are looked at

Reading = Generator[int, None, dict[str, Any]]  # yields bytes read


def main() -> None:
    """Answers until the input ends."""
    if hasattr(os, "nice"):
        os.nice(10)
    reader = Reader()
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = reader.examine(question) if question["ask"] == "examine" else look(question)
        except OSError as error:
            answer = {"errno": error.errno or errno.EIO}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    sys.stdout.flush()
    os._exit(0)


def look(question: dict[str, Any]) -> dict[str, Any]:
    """The names in each folder below the root, and the room on its disk. Raises OSError for the root itself."""
    root = Path(question["root"])
    if not stat.S_ISDIR(root.stat().st_mode):
        return {"errno": errno.ENOTDIR}
    device, usage, folders = root.stat().st_dev, shutil.disk_usage(root), {}
    for name in question["folders"]:
        try:
            folders[name] = _names(root / name, question["entries"])
        except OSError as error:
            folders[name] = {"errno": error.errno or errno.EIO}
    return {"device": device, "total": usage.total, "free": usage.free, "folders": folders}


def _names(folder: Path, limit: int) -> dict[str, Any]:
    """The newest `limit` names by their last change; `complete` says that all names were seen, also those left out."""
    found: list[tuple[int, int, dict[str, Any]]] = []
    seen = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            seen += 1
            if seen > NAMES_AT_MOST:
                break
            try:
                one = _one(entry)
            except FileNotFoundError:
                continue
            if one is not None:
                (heapq.heappush if len(found) < limit else heapq.heappushpop)(
                    found, (one["changed"], seen, one)
                )
    return {"found": [each for _, _, each in found], "complete": seen <= NAMES_AT_MOST}


def _one(entry: os.DirEntry[str]) -> dict[str, Any] | None:
    """What is known of one name; None for what is neither a file nor a folder."""
    if entry.is_dir(follow_symlinks=False):
        return _sum(entry)
    if not entry.is_file(follow_symlinks=False):
        return None
    facts = entry.stat(follow_symlinks=False)
    return {"name": entry.name, "size": facts.st_size, "changed": facts.st_mtime_ns, "inode": facts.st_ino}


def _sum(entry: os.DirEntry[str]) -> dict[str, Any]:
    """A folder as one entry: size and newest change of all that is in it, as far as we may read it."""
    size, changed = 0, entry.stat(follow_symlinks=False).st_mtime_ns
    for path in _within(Path(entry.path)):
        facts = path.lstat()
        size, changed = size + facts.st_size, max(changed, facts.st_mtime_ns)
    return {"name": entry.name, "size": size, "changed": changed, "folder": True, "inode": entry.inode()}


def _within(folder: Path) -> Iterator[Path]:
    """Files at most two levels down (`database/collection.bson`)."""
    seen, waiting = 0, [(folder, 0)]
    while waiting:
        here, depth = waiting.pop()
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    seen += 1
                    if seen > WITHIN_DUMP:
                        return
                    if entry.is_dir(follow_symlinks=False):
                        if depth < 2:
                            waiting.append((Path(entry.path), depth + 1))
                    elif entry.is_file(follow_symlinks=False):
                        yield Path(entry.path)
        except PermissionError:
            continue


def _is_bson(path: Path) -> bool:
    return path.name.endswith((".bson", ".bson.gz"))


class Reader:
    """Reads one backup at a time, in as many portions as it takes."""

    def __init__(self) -> None:
        self._version, self._read = "", 0
        self._reading: Reading | None = None

    def examine(self, question: dict[str, Any]) -> dict[str, Any]:
        """Goes on where it stopped when it is asked about the same version of a file, else begins. Raises OSError."""
        if self._reading is None or self._version != question["version"]:
            self._version, self._read = question["version"], 0
            self._reading = _folder(question) if question["form"] == "folder" else _file(question)
        ends, allowed = time.monotonic() + question["seconds"], self._read + question["bytes"]
        try:
            while self._read < allowed and time.monotonic() < ends:
                self._read += next(self._reading)
        except StopIteration as end:
            self._reading = None
            return {"done": True, "read": self._read, **end.value}
        except OSError:
            self._reading = None
            raise
        return {"done": False, "read": self._read}


def _file(question: dict[str, Any]) -> Reading:
    """State "whole" (checksum matches, or nothing missing as far as its form shows), "unproved" (encrypted, without a
    checksum), "differs" from its checksum, or what DamagedError says. With the SHA-256 of what was read whole;
    `decoded` says that its form was followed to the end."""
    path, form = Path(question["path"]), question["form"]
    wanted = _wanted(question["sidecar"])
    with path.open("rb") as source:
        clear = form != "sealed" or _is_gzip(source.read(65536))
    if path.stat().st_size == 0:
        return {"state": "empty", "proved": False, "clear": False}
    state = "unproved"
    if wanted:
        digest = yield from _digest(path)
        if digest == wanted:
            return {"state": "whole", "proved": True, "clear": clear, "sha256": digest}
        state = "differs"
    eater = _eater(form)
    if eater is None:
        return {"state": state, "proved": False, "clear": clear}
    counted = _Digesting(eater)
    damage = yield from _eat(path, counted)
    if damage:
        return {"state": damage, "proved": False, "clear": clear and damage != "garbled"}
    state = state if wanted else "whole"
    return {"state": state, "proved": False, "clear": clear, "decoded": True, "sha256": counted.digest}


class _Digesting:
    """Gives what it is fed to another eater, and keeps its SHA-256."""

    def __init__(self, inner: Eater) -> None:
        self._inner, self._sum = inner, hashlib.sha256()

    @property
    def digest(self) -> str:
        return self._sum.hexdigest()

    def feed(self, data: bytes) -> None:
        self._sum.update(data)
        self._inner.feed(data)

    def end(self) -> None:
        self._inner.end()


def _digest(path: Path) -> Generator[int, None, str]:
    """The SHA-256 of a whole file."""
    digest = hashlib.sha256()
    for piece in _pieces(path):
        digest.update(piece)
        yield len(piece)
    return digest.hexdigest()


def _folder(question: dict[str, Any]) -> Reading:
    """Every .bson of a mongodump folder, newest first: the one that was being written when it stopped is among them."""
    root = Path(question["path"])
    files = list(_within(root))
    names = {str(each) for each in files}
    collections = sorted(
        (each for each in files if _is_bson(each)), key=lambda each: -each.lstat().st_mtime_ns
    )
    if not collections:
        return {"state": "empty", "proved": False, "clear": False}
    for path in collections:
        stem = str(path).removesuffix(".gz").removesuffix(".bson")
        described = any(stem + end in names for end in (".metadata.json", ".metadata.json.gz"))
        if not described and path.parent != root:
            return {"state": "short", "proved": False, "clear": True}
        walker = Walker(documents())
        damage = yield from _eat(path, Unzipped(walker) if path.name.endswith(".gz") else walker)
        if damage and not (damage == "empty" and path.stat().st_size < 64):
            return {"state": damage, "proved": False, "clear": True}
    return {"state": "whole", "proved": False, "clear": True}


def _eat(path: Path, eater: Eater) -> Generator[int, None, str]:
    """The damage found, or an empty text."""
    try:
        for piece in _pieces(path):
            eater.feed(piece)
            yield len(piece)
        eater.end()
    except DamagedError as damage:
        return damage.state
    return ""


def _pieces(path: Path) -> Iterator[bytes]:
    """The file in pieces, without pushing the database's own pages out of the memory of the machine."""
    forget = getattr(os, "posix_fadvise", None)
    with path.open("rb", buffering=0) as source:
        at = 0
        while piece := source.read(PIECE):
            yield piece
            if forget is not None:
                forget(source.fileno(), at, len(piece), os.POSIX_FADV_DONTNEED)
            at += len(piece)


def _wanted(sidecar: str) -> str:
    """The SHA-256 in a checksum file (MedFlow's bare one, or that of sha256sum); empty when there is none to compare."""
    if not sidecar:
        return ""
    with Path(sidecar).open("rb") as source:
        found = CHECKSUM.match(source.read(1024))
    return found[1].decode().lower() if found else ""


def _is_gzip(head: bytes) -> bool:
    """True when it really unpacks; three equal bytes may be chance."""
    if not head.startswith(GZIP_MAGIC):
        return False
    try:
        return bool(zlib.decompressobj(31).decompress(head, 1))
    except zlib.error:
        return False


def _eater(form: str) -> Eater | None:
    match form:
        case "tar":
            return Guess({GZIP_MAGIC: Unzipped(Walker(tar()))}, None)
        case "archive":
            return Guess({GZIP_MAGIC: Unzipped(Walker(archive())), ARCHIVE_MAGIC: Walker(archive())}, None)
        case "postgres":
            inner = Guess({PG_MAGIC: Walker(custom())}, Sql())
            return Guess({GZIP_MAGIC: Unzipped(inner), PG_MAGIC: Walker(custom())}, Sql())
        case _:
            return None
