"""A disk that loses what was not made durable: watches a folder, and says what would be found there after a power cut."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Tree = Mapping[str, bytes | None]
"""Path under the watched folder → what the file holds; None for a folder."""

BY_NUMBER = ("write", "fsync", "fdatasync", "ftruncate", "posix_fallocate")
BY_NAME = ("open", "truncate", "rename", "replace", "unlink", "remove", "mkdir", "rmdir")


@dataclass(frozen=True, slots=True)
class Loss:
    """What a power cut takes: names of folders that were not fsynced, data of files that were not fsynced.

    `tail` is what becomes of data behind the durable part: gone, torn in the middle, or zeros (the length survived).
    """

    name: str
    keeps_names: bool
    tail: str


LOSSES = (
    Loss("everything", keeps_names=False, tail="gone"),
    Loss("data, not names", keeps_names=True, tail="gone"),
    Loss("names, not data", keeps_names=False, tail="whole"),
    Loss("half a write", keeps_names=True, tail="torn"),
    Loss("zeros for data", keeps_names=True, tail="zeros"),
    Loss("nothing", keeps_names=True, tail="whole"),
)


class Disk:
    """Knows of each file what was fsynced, by inode; each operation is told to `told` after it was made."""

    def __init__(self, root: Path, told: Callable[[str], None] = lambda what: None) -> None:
        self.root, self.told = root, told
        self._data: dict[int, bytes] = {}
        self._names: dict[int, dict[str, int]] = {}
        self._open: dict[int, int] = {}
        self._is_folder: dict[int, bool] = {}
        self._turn = threading.RLock()
        self._real: dict[str, Callable[..., Any]] = {}
        self.operations: list[str] = []

    @contextmanager
    def watching(self) -> Iterator[Disk]:
        """What is there now is durable; from here on only what is fsynced."""
        for name in (*BY_NUMBER, *BY_NAME):
            self._real[name] = getattr(os, name)
        self._settle()
        for name in BY_NUMBER:
            setattr(os, name, self._watched(name, self._of_number))
        for name in BY_NAME:
            setattr(os, name, self._watched(name, self._of_name))
        try:
            yield self
        finally:
            for name, real in self._real.items():
                setattr(os, name, real)
            for each in self._open.values():
                os.close(each)

    def found(self, loss: Loss) -> Tree:
        """The folder as it would be found now."""
        with self._turn:
            tree: dict[str, bytes | None] = {}
            self._look()
            self._collect(self.root, self.root.stat().st_ino, "", loss, tree)
            return tree

    def _settle(self) -> None:
        self._look()
        for number, is_folder in self._is_folder.items():
            self._make_durable(self._open[number], number, is_folder)

    def _look(self) -> None:
        """Hold every inode, so that its number is given to no other."""
        self._hold(self.root)
        for folder, folders, files in os.walk(self.root):
            for name in (*folders, *files):
                self._hold(Path(folder) / name)

    def _hold(self, path: Path) -> None:
        with suppress(FileNotFoundError):
            found = path.lstat()
            is_folder = stat.S_ISDIR(found.st_mode)
            if found.st_ino in self._open or not (is_folder or stat.S_ISREG(found.st_mode)):
                return
            self._open[found.st_ino] = self._real["open"](path, os.O_RDONLY)
            self._is_folder[found.st_ino] = is_folder

    def _make_durable(self, descriptor: int, number: int, is_folder: bool) -> None:
        if is_folder:
            place = Path(f"/proc/self/fd/{descriptor}").readlink()
            names = {each.name: each.lstat().st_ino for each in place.iterdir() if not each.is_socket()}
            self._names[number] = names
        else:
            self._data[number] = self._content(number)

    def _content(self, number: int) -> bytes:
        descriptor = self._open[number]
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0)

    def _collect(self, path: Path, number: int, at: str, loss: Loss, tree: dict[str, bytes | None]) -> None:
        names = self._names.get(number, {})
        if loss.keeps_names:
            place = Path(f"/proc/self/fd/{self._open[number]}")
            names = {each.name: each.lstat().st_ino for each in place.iterdir() if not each.is_socket()}
        for name, inner in names.items():
            inside = f"{at}/{name}".lstrip("/")
            if self._is_folder[inner]:
                tree[inside] = None
                self._collect(path / name, inner, inside, loss, tree)
            else:
                tree[inside] = self._survives(inner, loss)

    def _survives(self, number: int, loss: Loss) -> bytes:
        durable, live = self._data.get(number, b""), self._content(number)
        if loss.tail == "whole":
            return live
        more = len(live) - len(durable)
        if loss.tail == "gone" or more <= 0:
            return durable
        if loss.tail == "zeros":
            return durable + bytes(more)
        return live[: len(durable) + more // 2]

    def _watched(self, name: str, where: Callable[..., str]) -> Callable[..., Any]:
        real = self._real[name]

        def call(*args: Any, **options: Any) -> Any:
            with self._turn:
                inside = where(*args)
                answer = real(*args, **options)
                if inside:
                    self._happened(name, inside, args, answer)
                return answer

        return call

    def _happened(self, name: str, inside: str, args: tuple[Any, ...], answer: Any) -> None:
        if name == "open" and not args[1] & os.O_CREAT:
            return
        self._look()
        if name in ("fsync", "fdatasync"):
            number = os.fstat(args[0]).st_ino
            self._make_durable(args[0], number, self._is_folder[number])
        self.operations.append(f"{name} {inside}")
        self.told(self.operations[-1])

    def _of_number(self, descriptor: int, *_: Any) -> str:
        with suppress(OSError):
            return self._inside(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        return ""

    def _of_name(self, path: Any, *others: Any) -> str:
        return self._inside(os.fspath(path)) if isinstance(path, str | os.PathLike) else ""

    def _inside(self, path: str) -> str:
        root = str(self.root)
        if path == root:
            return "."
        return path[len(root) + 1 :] if path.startswith(f"{root}/") else ""


def lay_out(tree: Tree, root: Path) -> None:
    """Make the folder as it was found, readable by this user only."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in tree.items():
        path = root / name
        if content is None:
            path.mkdir(mode=0o700)
        else:
            path.write_bytes(content)
            path.chmod(0o600)
