"""A program of the system, run with a list of arguments, without a shell, under a deadline that holds."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.words import say

KEPT = (
    "PATH",
    "HOME",
    "USERPROFILE",
    "APPDATA",
    "SYSTEMROOT",
    "PATHEXT",
    "COMSPEC",
    "TEMP",
    "TMP",
    "XDG_RUNTIME_DIR",
)
KILLED_WITHIN_S = 0.3
OUTPUT_CAP, PIECE = 8 * 1024 * 1024, 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The exit code and what was printed. Left out of `repr`: it may hold secrets (PM2 prints environments)."""

    code: int
    text: str
    errors: str

    def __repr__(self) -> str:
        return f"Output(code={self.code}, characters={len(self.text)})"


def run(argv: tuple[str, ...], deadline: Deadline, environment: Mapping[str, str] | None = None) -> Output:
    """What the program printed, in English and UTC. Raises UnreachableError: UNSUPPORTED when there is no such

    program here, FORBIDDEN when it may not be run, OVERRUN when it did not end in time or printed without end (it is
    killed then, with everything it started).
    """
    program = shutil.which(argv[0])
    if program is None:
        text = say("not applicable here: no {program}", program=argv[0])
        raise UnreachableError(Failure(cause=Cause.UNSUPPORTED, text=text))
    given = {name: value for name, value in os.environ.items() if name.upper() in KEPT}
    try:
        child = subprocess.Popen(
            (program, *argv[1:]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**given, "LC_ALL": "C", "TZ": "UTC", **(environment or {})},
            start_new_session=True,
        )
    except OSError as error:
        text = say("{program} may not be run", program=argv[0])
        raise UnreachableError(Failure(cause=Cause.FORBIDDEN, text=text)) from error
    out, err = (_Printed(child, pipe) for pipe in (child.stdout, child.stderr))
    if not out.ended(deadline) or not err.ended(deadline) or not _has_ended(child, deadline.left()):
        _kill(child)
        _has_ended(child, KILLED_WITHIN_S)
        text = say("{program} gives no answer", program=argv[0])
        raise UnreachableError(Failure(cause=Cause.OVERRUN, text=text))
    return Output(code=child.returncode, text=out.text, errors=err.text)


class _Printed(threading.Thread):
    """What a program prints into one pipe, while it prints it; a thread of its own, so that no pipe fills up.

    The pipe is the thread's: closed by another, its number could be that of the next pipe when this one reads on.
    """

    def __init__(self, child: subprocess.Popen[bytes], pipe: IO[bytes] | None) -> None:
        super().__init__(name=f"output of {child.pid}", daemon=True)
        self._pipe, self._kept, self._is_whole = pipe, bytearray(), False
        self.start()

    def run(self) -> None:
        if self._pipe is None:
            return
        with contextlib.suppress(OSError), self._pipe as pipe:
            while len(self._kept) <= OUTPUT_CAP:
                piece = os.read(pipe.fileno(), PIECE)
                if not piece:
                    self._is_whole = True
                    return
                self._kept += piece

    def ended(self, deadline: Deadline) -> bool:
        """True when all of it was read by then, and it was not too much."""
        self.join(deadline.left())
        return self._is_whole

    @property
    def text(self) -> str:
        return self._kept.decode("utf-8", "replace")


def _has_ended(child: subprocess.Popen[bytes], within_s: float) -> bool:
    try:
        child.wait(within_s)
    except subprocess.TimeoutExpired:
        return False
    return True


def _kill(child: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        child.kill()
        return
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        child.kill()
