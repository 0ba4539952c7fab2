"""The driver: Textual's own, without what this program has no use for, and with an end when the line is lost.

The seam to Textual 8.2.8 is `LinuxDriver`, of which these private names are used: the attribute `_writer_thread` (set
in `start_application_mode` to a `WriterThread` that is not started yet; here a `Writer` takes its place), the method
`_get_terminal_size`, the handlers `_sigtstp_application` and `_sigcont_application`, and of `XTermParser` its table
`ANSI_SEQUENCES_KEYS`. If they change, `tests/journeys/test_line.py` fails; `TEXTUAL_DRIVER` turns this module off.
"""

from __future__ import annotations

import errno
import os
import selectors
import signal
import sys
import termios
import time
from contextlib import suppress
from typing import Any

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from medflow_tui.ui.messages import LineDrained
from medflow_tui.ui.terminal.curtain import Curtain
from medflow_tui.ui.terminal.keyboard import ESCAPE, Keyboard
from medflow_tui.ui.terminal.link import END_OF_INPUT, UNREADABLE, Link
from medflow_tui.ui.terminal.plain import plainly
from medflow_tui.ui.terminal.sounding import ANSWER, Sounding
from medflow_tui.ui.terminal.writer import Writer, open_again

NO_MOUSE = "\x1b[?1000;1002;1003;1006l"  # also when another program left it on: what it reports are no keys
FOCUS_ON = "\x1b[?1004h"  # each change of window would repaint what has the focus
ASK_RESIZE = "\x1b[?2048$p"  # sizes come by signal
POINTER = "\x1b]22;"  # there is no mouse
TAKEN = ("\x1b[?1049h", "\x1b[?25l")  # what a curtain has done: some terminals would clear the screen again
UNWANTED = (FOCUS_ON, ASK_RESIZE)
LEAVE = f"{NO_MOUSE}\x1b[?2004l\x1b[?7h\x1b[m\x1b[?1049l\x1b[?25h"
READ_BYTES = 4096
LAST_ANSWER_S, FIRST_ANSWER_S = (
    2.0,
    1.0,
)  # waited for at the end: what comes later would be typed into the shell


def wanted(data: str) -> bool:
    """Whether one write of Textual's is to reach the terminal.

    >>> wanted("\\x1b[?1049h"), wanted(FOCUS_ON)
    (True, False)
    """
    return data not in UNWANTED and not data.startswith(POINTER)


class LineDriver(LinuxDriver):
    """Blocks nobody, ends its input at the end of the line, and leaves the terminal as it found it.

    The application has the attributes `link`, `curtain`, `sounding` and `is_plain` (whether the terminal has no typographic
    signs).
    """

    def __init__(self, app: Any, **options: Any) -> None:
        self._link: Link = app.link
        self._curtain: Curtain | None = app.curtain
        self._sounding: Sounding = app.sounding
        self._is_plain: bool = app.is_plain
        self._writer: Writer | None = None
        self._written_before = (
            0 if app.curtain is None else app.curtain.bytes_out
        )  # by the curtain, and by earlier writers
        self._is_left = True
        self._output = 1 if os.isatty(1) else 2
        self._wake = os.pipe()
        super().__init__(app, **options)
        self._size = self._size or self._get_terminal_size()  # else the console's, which guesses another one

    @property  # type: ignore[override]
    def _writer_thread(self) -> Writer | None:
        return self._writer

    @_writer_thread.setter
    def _writer_thread(self, thread: object) -> None:
        """Textual's own thread, which it has not started yet, is let go; ours takes its place."""
        if thread is not None:
            self._written_before = self.written
            encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
            self._writer = Writer(
                open_again(self._output),
                self._link,
                self._tell_drained,
                sounding=self._sounding,
                encoding=encoding,
            )

    def _tell_drained(self) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            self.send_message(LineDrained())

    @property
    def written(self) -> int:
        """Bytes that were given to the terminal so far."""
        return self._written_before + (0 if self._writer is None else self._writer.written)

    def room(self, *, first: bool = False) -> int | None:
        """How many bytes of a frame the line can take now (None: any number); at 0 `LineDrained` comes in time."""
        return None if self._writer is None else self._writer.room(first=first)

    def sent_frame(self, *, is_whole: bool) -> None:
        """After a frame: ask how far the terminal is, when it is time to; for the rest of it `LineDrained` comes."""
        if self._writer is not None:
            self._writer.ask()
            if not is_whole:
                self._writer.owe()

    def write(self, data: str) -> None:
        if self._curtain is not None and self._curtain.is_up and data in TAKEN:
            return
        if wanted(data) and self._writer is not None:
            self._writer.write(plainly(data) if self._is_plain else data)

    def _get_terminal_size(self) -> tuple[int, int]:
        """Of the terminal itself: COLUMNS and LINES of a shell that exports them are not true after a resize."""
        with suppress(OSError):
            columns, lines = os.get_terminal_size(self._output)
            if columns and lines:
                return columns, lines
        return super()._get_terminal_size()

    def start_application_mode(self) -> None:
        self._is_left = False
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._curtain is not None and self._curtain.is_up:
            self.attrs_before = self._curtain.attributes
            self._curtain.hand_over()
        self.write(NO_MOUSE)
        self.sent_frame(is_whole=True)

    def stop_application_mode(self) -> None:
        """Leave the terminal as it was found, if it is there; once."""
        if self._is_left:
            return
        self._is_left = True
        self._await_answers()
        self.disable_input()
        if self._link.is_lost and self._writer is not None:
            self._writer.cut()
        if self.attrs_before is not None and in_front(self.fileno):
            with suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        self.write(LEAVE)

    def _await_answers(self) -> None:
        """The screen is left at once; its input is ours until the last answer came, which would be typed elsewhere."""
        if not self._sounding.is_open or self._link.is_lost or self._key_thread is None:
            return
        self.write(LEAVE)
        ends = time.monotonic() + (LAST_ANSWER_S if self._sounding.rtt_s is not None else FIRST_ANSWER_S)
        while self._sounding.is_open and not self._link.wait(0.01) and time.monotonic() < ends:
            pass

    def _sigcont_application(self, *_: object) -> None:
        """After a stop the terminal is taken anew; the SIGCONT that comes with a hang-up starts nothing."""
        if self._link.is_lost or not self._auto_restart:
            return
        if (
            not self._is_left
        ):  # it was stopped by a signal that cannot be caught, and the shell had the terminal
            self.suspend_application_mode()
        self._must_signal_resume = True
        self.resume_application_mode()

    def disable_input(self) -> None:
        """End the input thread, and throw away what was typed and not read."""
        if self._key_thread is None:
            return
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        self.exit_event.set()
        os.write(self._wake[1], b".")
        self._key_thread.join()
        self._key_thread = None
        self.exit_event.clear()
        if in_front(self.fileno):
            with suppress(termios.error):
                termios.tcflush(self.fileno, termios.TCIFLUSH)

    def run_input_thread(self) -> None:
        """Read keys until the end, asleep in between; an end of the terminal is the end of the line."""
        keyboard, parser = Keyboard(ANSI_SEQUENCES_KEYS.__contains__), XTermParser(self._debug)
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            selector.register(self._wake[0], selectors.EVENT_READ)
            while True:
                found = selector.select(keyboard.patience_s)
                if not found:
                    self._understand(keyboard.rest(), parser)
                if self._wake[0] in (key.fd for key, _ in found):
                    os.read(self._wake[0], 1)
                    return
                if found and not self._read_keys(keyboard, parser):
                    return

    def _read_keys(self, keyboard: Keyboard, parser: XTermParser) -> bool:
        try:
            data = os.read(self.fileno, READ_BYTES)
        except OSError:
            self._link.lose(UNREADABLE)
            return False
        if not data:
            self._link.lose(END_OF_INPUT)
            return False
        self._understand(keyboard.take(data), parser)
        return True

    def _understand(self, texts: list[str], parser: XTermParser) -> None:
        for each in texts:
            if each == ANSWER:
                self._sounding.answered(time.monotonic())
                continue
            found: list[Message] = [events.Key("escape", ESCAPE)] if each == ESCAPE else [*parser.feed(each)]
            for message in found:
                self.process_message(message)


def in_front(terminal: int) -> bool:
    """Whether our processes have the terminal: a change by one in the background would stop it.

    A terminal that controls nobody of ours (ENOTTY) stops nobody either; one that was hung up is EIO.
    """
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError as error:
        return error.errno == errno.ENOTTY


def restore(terminal: int, attributes: list[Any] | None) -> None:
    """The terminal as it was, by a process that ends at once: nothing is waited for."""
    if not in_front(terminal):
        return
    with suppress(termios.error, OSError):
        if attributes is not None:
            termios.tcsetattr(terminal, termios.TCSANOW, attributes)
        again = open_again(sys.__stdout__.fileno() if sys.__stdout__ else 1)
        os.set_blocking(again, False)
        os.write(again, b"\x18" + LEAVE.encode())
