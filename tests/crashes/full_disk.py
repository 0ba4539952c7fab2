"""A disk that is full from its n-th writing on, until room is made: what grows fails, what is there can be read."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


class FullDisk:
    """Counts what would take room in a folder; from `full_from` on (counted from 1) it fails with ENOSPC.

    The first write that fails leaves half of its bytes, as a real one does.
    """

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.writings, self.full_from = 0, 10**9
        self._was_cut = False

    @property
    def is_full(self) -> bool:
        return self.writings >= self.full_from

    @contextmanager
    def watching(self) -> Iterator[FullDisk]:
        real = {name: getattr(os, name) for name in ("write", "fsync", "open", "mkdir")}
        os.write = self._write(real["write"])
        os.fsync = self._before(real["fsync"], lambda number: self._place(number).endswith(".partial"))
        os.open = self._before(real["open"], self._is_new)
        os.mkdir = self._before(real["mkdir"], lambda path, *_: self._is_here(os.fspath(path)))
        try:
            yield self
        finally:
            for name, each in real.items():
                setattr(os, name, each)

    def _write(self, real: Callable[..., int]) -> Callable[..., int]:
        def write(number: int, data: bytes) -> int:
            if self._is_here(self._place(number)) and self._takes_room():
                if not self._was_cut and len(data) > 1:
                    self._was_cut = True
                    return real(number, data[: len(data) // 2])
                raise OSError(errno.ENOSPC, "no space left on device")
            return real(number, data)

        return write

    def _before(self, real: Callable[..., Any], takes: Callable[..., bool]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            if takes(*args) and self._takes_room():
                raise OSError(errno.ENOSPC, "no space left on device")
            return real(*args, **options)

        return call

    def _takes_room(self) -> bool:
        self.writings += 1
        return self.is_full

    def _is_new(self, path: Any, flags: int, *_: Any) -> bool:
        return bool(flags & os.O_CREAT) and self._is_here(os.fspath(path)) and not Path(path).exists()

    def _is_here(self, path: str) -> bool:
        return path.startswith(f"{self.root}/")

    @staticmethod
    def _place(number: int) -> str:
        with suppress(OSError):
            return str(Path(f"/proc/self/fd/{number}").readlink())
        return ""
