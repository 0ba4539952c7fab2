"""Ends the application when its line is lost, whatever it is doing, and lets work that has begun come to its end."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from medflow_tui.ui.messages import LineLost
from medflow_tui.ui.terminal.link import SIGNALS, Link, Loss

ASK_EVERY_S = 0.2
ENDS_WITHIN_S = 5.0  # the application itself, once it was asked
WORK_WITHIN_S = 30.0  # what has begun to be written down

Journal = Callable[[str], None]


@contextmanager
def guarded(app: Any, link: Link, journal: Journal) -> Iterator[None]:
    """Around `app.run`: SIGHUP, SIGTERM and SIGINT lose the line, and a lost line ends the application.

    Plain handlers, not those of the event loop: they run also while something holds the loop up. After the block the
    process has twice `WORK_WITHIN_S` to end. `journal` gets sentences for the program's own log, from another thread.
    """
    before = {number: signal.getsignal(number) for number in _numbers()}
    ended = threading.Event()

    def lose(number: int, _frame: object) -> None:
        link.lose(SIGNALS[signal.Signals(number).name])

    for number in before:
        signal.signal(number, lose)
    threading.Thread(target=_watch, args=(app, link, journal, ended), name="line-watch", daemon=True).start()
    try:
        yield
    finally:
        ended.set()
        for number, handler in before.items():
            # once lost, the second signal that often follows must not cut off what is still written down
            signal.signal(number, signal.SIG_IGN if link.is_lost else handler or signal.SIG_DFL)


def _numbers() -> list[signal.Signals]:
    return [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]


def _watch(app: Any, link: Link, journal: Journal, ended: threading.Event) -> None:
    link.wait()
    loss = link.loss
    assert loss is not None
    journal(f"line lost: {loss.word}")
    ends = time.monotonic() + ENDS_WITHIN_S
    while not ended.is_set():
        if time.monotonic() >= ends:
            _force(app, loss, journal, "the application did not end")
        app.post_message(LineLost(loss.code))
        ended.wait(ASK_EVERY_S)
    time.sleep(2 * WORK_WITHIN_S)
    _force(app, loss, journal, "something does not end")


def _force(app: Any, loss: Loss, journal: Journal, why: str) -> None:
    journal(f"ended by force: {why}")
    driver = app._driver
    if driver is not None and hasattr(driver, "attrs_before"):
        from medflow_tui.ui.terminal.driver import restore

        restore(driver.fileno, driver.attrs_before)
    os._exit(loss.code)
