"""What the command line says: lines on standard output, complaints on standard error, and its exit codes."""

from __future__ import annotations

import io
import os
import sys
import threading
from contextlib import suppress
from typing import TextIO

from medflow_tui.model.errors import MedflowError
from medflow_tui.model.words import say
from medflow_tui.ui.terminal.herald import withdraw

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 3, 130


class UnsaidError(MedflowError):
    """What should have been said could not be written."""

    cause = "line_lost"


def speak_plainly() -> None:
    """A terminal or pipe that cannot show a character gets a question mark for it, and nothing ends for that."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def tell(*lines: str) -> None:
    """Lines on standard output, at once. Nobody has to listen to the end: a closed pipe is no error.

    Raises UnsaidError when they cannot be written (a full disk).
    """
    if sys.stdout is None:
        return
    withdraw()
    try:
        sys.stdout.write("".join(f"{each}\n" for each in lines))
        sys.stdout.flush()
    except BrokenPipeError:
        _stop_speaking(sys.stdout)
    except OSError as error:
        _stop_speaking(sys.stdout)
        raise UnsaidError(
            say("standard output cannot be written: {why}", why=error.strerror or "?")
        ) from error


def complain(line: str) -> None:
    """One line on standard error; where that cannot be written there is nobody left to tell."""
    withdraw()
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()


def end_speech() -> None:
    """Say what is still to be said; what cannot be said is no reason to complain when the interpreter ends."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError):
                _stop_speaking(stream)


def leave(code: int) -> int:
    """The exit code; ends the process at once when a thread is left that may never end by itself."""
    end_speech()
    if any(each is not threading.main_thread() and not each.daemon for each in threading.enumerate()):
        os._exit(code)
    return code


def _stop_speaking(stream: TextIO) -> None:
    """What is still in the buffer would else fail once more when the interpreter ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
