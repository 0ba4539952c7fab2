"""A program of the system, run with a list of arguments, without a shell, under a deadline that holds."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from medflow_tui.clients.network import Deadline, UnreachableError, silent
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
OUTPUT_CAP = 8 * 1024 * 1024


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

    program here, FORBIDDEN when it may not be run, SILENT when it did not end in time (it is killed then, with
    everything it started).
    """
    program = shutil.which(argv[0])
    if program is None:
        text = say("not applicable here: no {program}", program=argv[0])
        raise UnreachableError(Failure(cause=Cause.UNSUPPORTED, text=text))
    given = {name: value for name, value in os.environ.items() if name.upper() in KEPT}
    whole = deadline.left()
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
    with child:
        try:
            out, err = child.communicate(timeout=whole)
        except subprocess.TimeoutExpired:
            _kill(child)
            raise UnreachableError(silent(whole)) from None
    return Output(code=child.returncode, text=_text(out), errors=_text(err))


def _kill(child: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        child.kill()
        return
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        child.kill()


def _text(output: bytes) -> str:
    return output[:OUTPUT_CAP].decode("utf-8", "replace")
