"""The terminal from the first drawing until Textual's driver takes it over, or as it was found when that never comes."""

from __future__ import annotations

import os
import signal
import sys
import termios
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from medflow_tui.ui.terminal.canvas import Canvas
from medflow_tui.ui.terminal.cell import Run
from medflow_tui.ui.terminal.herald import SIGN, eraser, is_ours
from medflow_tui.ui.terminal.plain import plainly
from medflow_tui.ui.terminal.repertoire import repertoire

TAKE = "\x1b[?1049h\x1b[?25l"  # another screen, no cursor
GIVE_BACK = "\x1b[m\x1b[?1049l\x1b[?25h"
ENDINGS = {"SIGHUP": 129, "SIGTERM": 143}  # and their exit codes; SIGINT is a KeyboardInterrupt
OTHERWISE = ("NO_COLOR", "TEXTUAL_DRIVER", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM")  # other cells than ours

Draw = Callable[[int, int], Iterable[Run]]


class Curtain:
    """What was drawn (`canvas`), how the terminal was before (`attributes`), and whether it is still ours (`is_up`)."""

    def __init__(self, canvas: Canvas, attributes: list[Any]) -> None:
        self.canvas, self.attributes = canvas, attributes
        self.is_up = False
        self.bytes_out = 0

    def rise(self, *, is_plain: bool) -> bool:
        """Take the terminal and draw; False when it cannot be written."""
        text = self.canvas.take()
        sign = eraser()
        left = (sign + TAKE + (plainly(text) if is_plain else text)).encode(sys.stdout.encoding, "replace")
        self.bytes_out, self.is_up = len(left) + (len(SIGN) if sign else 0), True
        try:
            _listen_quietly(self.attributes)
            while left:
                left = left[os.write(1, left) :]
        except OSError:
            self.fall()
        return self.is_up

    def hand_over(self) -> None:
        """Somebody else gives the terminal back."""
        self.is_up = False

    def fall(self) -> None:
        """Give the terminal back, if it is still ours."""
        if not self.is_up:
            return
        self.is_up = False
        with suppress(termios.error):
            termios.tcsetattr(0, termios.TCSANOW, self.attributes)
        with suppress(OSError):
            os.write(1, GIVE_BACK.encode())


@contextmanager
def curtain(
    draw: Draw, *, is_plain: bool, environ: Mapping[str, str] = os.environ
) -> Iterator[Curtain | None]:
    """Draws what `draw` makes for the size of the terminal; None where that cannot be done, and nothing was written.

    Where an error, an interrupt, SIGTERM or SIGHUP comes before the terminal was handed over, it is given back.
    """
    up = _prepared(draw, environ)
    if up is None:
        yield None
        return

    def end(number: int, _frame: object) -> NoReturn:
        up.fall()
        raise SystemExit(ENDINGS[signal.Signals(number).name])

    before = {each: signal.signal(each, end) for each in map(signal.Signals.__getitem__, ENDINGS)}
    try:
        yield up if up.rise(is_plain=is_plain) else None
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is end:  # not what was put there because the line was lost
                signal.signal(number, handler or signal.SIG_DFL)
        up.fall()


def _prepared(draw: Draw, environ: Mapping[str, str]) -> Curtain | None:
    is_main = threading.current_thread() is threading.main_thread()  # only it may hear signals
    if any(environ.get(each) for each in OTHERWISE) or not is_main or not is_ours():
        return None
    try:
        cells, lines = os.get_terminal_size(1)
        attributes = termios.tcgetattr(0)
    except (OSError, termios.error):
        return None
    canvas = Canvas(repertoire(environ.get("TERM", "")))
    canvas.fit(cells, lines)
    canvas.want(draw(cells, lines))
    return Curtain(canvas, attributes)


def _listen_quietly(attributes: list[Any]) -> None:
    """Keys that come early are kept for the dashboard, and not shown; only ctrl+c is heard."""
    quiet = [*attributes]
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    quiet[6] = [*quiet[6]]
    quiet[6][termios.VSUSP] = b"\0"
    termios.tcsetattr(0, termios.TCSANOW, quiet)
