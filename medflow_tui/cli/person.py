"""A person at a terminal, asked line by line: late keys do not count, and a lost terminal is no answer."""

from __future__ import annotations

import getpass
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from medflow_tui.cli.speech import tell
from medflow_tui.model.errors import MedflowError, RefusedError
from medflow_tui.model.playbook import ARM_AFTER_MS
from medflow_tui.model.words import Phrase, say

ARM_AFTER_S, LOOK_EVERY_S = ARM_AFTER_MS / 1000, 0.25
LOST = 129  # 128 + SIGHUP, as a shell says it
GONE = say("the terminal is gone")
MOST = 4096  # bytes of a line that a terminal hands over at once


class LeftError(MedflowError):
    """The person ended the input (Ctrl-D) instead of answering."""


class LostError(MedflowError):
    """The terminal is gone: nobody answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom we talk with. Every method that asks raises LeftError, LostError, or KeyboardInterrupt (Ctrl-C)."""

    speak: Callable[[Phrase], str]

    def tell(self, *phrases: Phrase) -> None:
        tell(*(self.speak(each) for each in phrases))

    def ask(self, question: Phrase) -> str:
        """One line, without blanks at its ends."""
        self._put(question)
        return _line()

    def ask_in_secret(self, question: Phrase) -> str:
        """One line that is not shown; what was typed before does not count."""
        try:
            return getpass.getpass(f"{self.speak(question)} ")
        except EOFError as error:
            raise _gone() from error

    def confirm(self, question: Phrase, *, arm_after_s: float = ARM_AFTER_S) -> str:
        """What is typed when there was time to read; keys that were pressed before are thrown away."""
        time.sleep(arm_after_s)
        _forget_keys()
        return self.ask(question)

    def answer(self, question: Phrase, is_wanted: Callable[[], bool]) -> str | None:
        """One line; None as soon as the question `is_wanted` no more, which is looked at all the time."""
        _forget_keys()
        self._put(question)
        while is_wanted():
            if select.select([sys.stdin.fileno()], [], [], LOOK_EVERY_S)[0]:
                return _line()
        tell("")
        return None

    def _put(self, question: Phrase) -> None:
        try:
            sys.stdout.write(f"{self.speak(question)} ")
            sys.stdout.flush()
        except OSError as error:
            raise LostError(GONE) from error


def need_terminal() -> None:
    """Raises RefusedError where nobody can read and type."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise RefusedError(say("a person agrees at a terminal, not a file or a pipe"))


@contextmanager
def hearing_hang_up() -> Iterator[None]:
    """Within, a terminal that is lost raises LostError."""

    def lost(*_: object) -> None:
        raise LostError(GONE)

    with _handling((signal.SIGHUP,), lost):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within, neither Ctrl-C nor a lost terminal breaks off what is being done."""
    with _handling((signal.SIGHUP, signal.SIGINT), lambda *_: None):
        yield


@contextmanager
def noting_interrupt(noted: Callable[[], None]) -> Iterator[None]:
    """Within, Ctrl-C is only noted."""
    with _handling((signal.SIGINT,), lambda *_: noted()):
        yield


@contextmanager
def _handling(signals: tuple[signal.Signals, ...], handler: Callable[..., None]) -> Iterator[None]:
    before = [(each, signal.signal(each, handler)) for each in signals]
    try:
        yield
    finally:
        for each, earlier in before:
            signal.signal(each, earlier)


def _forget_keys() -> None:
    import termios

    try:
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    except termios.error as error:
        raise _gone() from error


def _line() -> str:
    try:
        found = os.read(sys.stdin.fileno(), MOST)
    except OSError as error:
        raise _gone() from error
    if not found:
        raise _gone()
    return found.decode("utf-8", errors="replace").strip()


def _gone() -> MedflowError:
    """The end of the input: of the person's own will, or because the terminal went."""
    if os.isatty(sys.stdin.fileno()):
        tell("")
        return LeftError(say("left, nothing done"))
    return LostError(GONE)
