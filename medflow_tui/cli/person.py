"""A person at a terminal, asked line by line: late keys do not count, and a lost terminal is no answer."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from medflow_tui.cli.keys import Keys
from medflow_tui.cli.speech import FAILED, UnsaidError, tell
from medflow_tui.model.errors import MedflowError, RefusedError
from medflow_tui.model.playbook import ARM_AFTER_MS, PREPARED_AFTER_MS
from medflow_tui.model.words import Phrase, say

ARM_AFTER_S, PREPARED_AFTER_S, LOOK_EVERY_S = ARM_AFTER_MS / 1000, PREPARED_AFTER_MS / 1000, 0.25
LOST = 129  # 128 + SIGHUP, as a shell says it
GONE = say("the terminal is gone")
MOST = 4096  # bytes that are read at once


class LeftError(MedflowError):
    """The person ended the input (Ctrl-D) instead of answering."""

    cause = "by_person"


class LostError(MedflowError):
    """The terminal is gone: nobody answered."""

    cause = "line_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom we talk with. Every method that asks raises LeftError, LostError, or KeyboardInterrupt (Ctrl-C).

    What was typed before a question stands there neither counts nor is shown, and the question waits until no
    more of it comes.
    """

    speak: Callable[[Phrase], str]

    def tell(self, *phrases: Phrase) -> None:
        tell(*(self.speak(each) for each in phrases))

    def guarded(self, act: Callable[[], int]) -> int:
        """The exit code of what they do, also where the person or the terminal goes meanwhile."""
        try:
            with hearing_hang_up():
                return act()
        except LeftError as error:
            self.tell(error.phrase)
            return FAILED
        except (LostError, UnsaidError):
            return LOST

    def ask(self, question: Phrase) -> str:
        """One line, without blanks at its ends, that alone does nothing."""
        return self._typed(question, PREPARED_AFTER_S)

    def ask_in_secret(self, question: Phrase) -> str:
        """One line that is not shown."""
        return self._typed(question, PREPARED_AFTER_S, is_shown=False)

    def confirm(self, question: Phrase, *, arm_after_s: float = ARM_AFTER_S) -> str:
        """What is typed when there was time to read."""
        return self._typed(question, arm_after_s)

    def answer(self, question: Phrase, is_wanted: Callable[[], bool]) -> str | None:
        """One line; None as soon as the question `is_wanted` no more, which is looked at all the time."""
        with deaf():
            _quiet(ARM_AFTER_S, is_wanted)
            if is_wanted():
                self._put(question)
            typed = _line(is_shown=True, is_wanted=is_wanted)
        tell("")
        return typed

    def _typed(self, question: Phrase, after_s: float, *, is_shown: bool = True) -> str:
        with deaf():
            _quiet(after_s)
            self._put(question)
            typed = _line(is_shown=is_shown)
        tell("")
        return typed or ""

    def _put(self, question: Phrase) -> None:
        _show(f"{self.speak(question)} ")


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


@contextmanager
def deaf() -> Iterator[None]:
    """Within, the terminal shows nothing of what is typed and keeps no line; what was typed before and after is thrown away.

    Else it would show at once what is typed ahead of a question, a password too.
    """
    import termios

    keys, local, control = sys.stdin.fileno(), 3, 6
    try:
        before = termios.tcgetattr(keys)
        within = [*before]
        within[local] &= ~(termios.ECHO | termios.ICANON)
        within[control] = [*before[control]]
        within[control][termios.VMIN], within[control][termios.VTIME] = 1, 0
        termios.tcsetattr(keys, termios.TCSAFLUSH, within)
    except termios.error as error:
        raise _gone() from error
    try:
        yield
    finally:
        with suppress(termios.error):  # a terminal that is gone
            termios.tcsetattr(keys, termios.TCSAFLUSH, before)


def _quiet(after_s: float, is_wanted: Callable[[], bool] = lambda: True) -> None:
    """Until no key came for so long; where one came, for as long as before a confirmation."""
    ends = time.monotonic() + after_s
    while is_wanted() and (left := ends - time.monotonic()) > 0:
        if _has_key(min(left, LOOK_EVERY_S)):
            _read()
            ends = time.monotonic() + max(after_s, ARM_AFTER_S)


def _line(*, is_shown: bool, is_wanted: Callable[[], bool] = lambda: True) -> str | None:
    """What is typed up to enter, and nothing of what follows it; None as soon as it `is_wanted` no more."""
    keys = Keys()
    while is_wanted():
        if not _has_key(LOOK_EVERY_S):
            continue
        typed = _read()
        if not is_wanted():  # ctrl-c, and keys behind it
            return None
        shown = keys.take(typed)
        if keys.is_left:
            raise _gone()
        if is_shown and shown:
            _show(shown)
        if keys.is_entered:
            return keys.text.strip()
    return None


def _show(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        raise LostError(GONE) from error


def _has_key(within_s: float) -> bool:
    return bool(select.select([sys.stdin.fileno()], [], [], within_s)[0])


def _read() -> bytes:
    try:
        found = os.read(sys.stdin.fileno(), MOST)
    except OSError as error:
        raise _gone() from error
    if not found:
        raise _gone()
    return found


def _gone() -> MedflowError:
    """The end of the input: of the person's own will, or because the terminal went."""
    if os.isatty(sys.stdin.fileno()):
        tell("")
        return LeftError(say("left, nothing done"))
    return LostError(GONE)
