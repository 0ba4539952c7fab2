"""The dashboard on a terminal: its first drawing, then Textual behind it, then what is said when it is gone."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from medflow_tui.model.health import Snapshot
from medflow_tui.model.words import say
from medflow_tui.ui.session import Looking, Session
from medflow_tui.ui.terminal.herald import withdraw
from medflow_tui.wiring import write_down

if TYPE_CHECKING:
    from medflow_tui.ui.terminal.curtain import Curtain

FAILED = 1
AT_ONCE_S = 0.5  # nobody wonders so soon why the prompt does not come
TEXTUAL_SETTINGS = {
    "TEXTUAL_ANIMATIONS": "none",
    "TEXTUAL_SMOOTH_SCROLL": "0",
    "TEXTUAL_DISABLE_KITTY_KEY": "1",
    "TEXTUAL_THEME": "ansi-dark",
    "ESCDELAY": "500",
}


def run_app(
    session: Session, *, stock_terminal: bool, finish: Callable[[Session], Session] = lambda session: session
) -> int:
    """Draw what is known, import Textual behind it with the settings that keep a thin line thin, and run.

    `finish` puts into the session what was not needed for drawing. A crash ends in one sentence and 1.
    """
    relay = _Relay(session)
    with _curtain(session, relay.looking.snapshot, stock_terminal) as curtain:
        withdraw()
        for name, value in TEXTUAL_SETTINGS.items():
            os.environ.setdefault(name, value)
        if session.site.low_data:
            os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", "standard")  # sixteen colours
        from medflow_tui.ui.app import MedflowApp
        from medflow_tui.ui.terminal.guard import WORK_WITHIN_S, guarded
        from medflow_tui.ui.work import finish as finish_work

        session = replace(finish(session), looking_for=relay.join)
        app = MedflowApp(session, stock_terminal=stock_terminal, curtain=curtain)
        note = noter(session.state)
        with _faults_of_threads(session.report), guarded(app, app.link, note):
            app.run(mouse=False)
    if app.link.is_lost:
        _let_go_of_terminal()
    if finish_work(AT_ONCE_S) and not app.link.is_lost:
        tell_line(session.language.say(say("something is still being written down: one moment")))
    for name in finish_work(WORK_WITHIN_S):
        note(f"not finished: {name}")
    if app.fault is not None:
        sys.stderr.write(session.language.say(write_down(app.fault, session.state)) + "\n")
    _say_what_goes_on(session, note if app.link.is_lost else tell_line)
    if app.link.loss is not None:
        return app.link.loss.code
    return FAILED if app.fault is not None else app.return_code or 0


class _Relay:
    """Makes what is looked through before there is an application; news go to whoever joined."""

    def __init__(self, session: Session) -> None:
        self._publish: Callable[[Snapshot], None] = lambda snapshot: None
        self.looking: Looking = session.looking_for(self._pass_on)

    def _pass_on(self, snapshot: Snapshot) -> None:
        self._publish(snapshot)

    def join(self, publish: Callable[[Snapshot], None]) -> Looking:
        self._publish = publish
        return self.looking


def _curtain(
    session: Session, snapshot: Snapshot, stock_terminal: bool
) -> AbstractContextManager[Curtain | None]:
    if os.name != "posix" or stock_terminal:
        return nullcontext()
    from medflow_tui.ui.ink import runs
    from medflow_tui.ui.opening import opening
    from medflow_tui.ui.present.health import ASCII
    from medflow_tui.ui.terminal.curtain import curtain

    return curtain(
        lambda cells, lines: runs(opening(session, snapshot, cells, lines), is_bare=session.site.low_data),
        is_plain=session.glyphs == ASCII,
    )


def tell_line(sentence: str) -> None:
    """One line on standard output."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def noter(state: Path) -> Callable[[str], None]:
    """Writes a sentence into the program's own log; never raises."""

    def note(sentence: str) -> None:
        from medflow_tui.journal.own_log import keep_own_log

        keep_own_log(state).warning("%s", sentence)

    return note


def _let_go_of_terminal() -> None:
    """Nobody reads there any more, and writing would only raise."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)


def _say_what_goes_on(session: Session, tell: Callable[[str], None]) -> None:
    """After the screen is gone: a run does not end with the dashboard."""
    for each in session.dispatch.going_on() if session.dispatch is not None else ():
        sentence = say(
            "the run {run} goes on without the dashboard; at the next start {key} shows it, now “medflow-tui playbook runs”",
            run=each.run,
            key=session.key("runs"),
        )
        tell(session.language.say(sentence))


@contextmanager
def _faults_of_threads(report: Callable[[BaseException, str], None]) -> Iterator[None]:
    """What ends a thread goes to the program's own log, and not across the screen."""
    before = threading.excepthook

    def tell(fault: threading.ExceptHookArgs) -> None:
        if fault.exc_value is not None:
            report(fault.exc_value, fault.thread.name if fault.thread is not None else "thread")

    threading.excepthook = tell
    try:
        yield
    finally:
        threading.excepthook = before
