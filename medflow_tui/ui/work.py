"""Work that is begun by a key and writes something down: a thread of its own, for which the end of the program waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from medflow_tui.model.errors import MedflowError, NoLoginError
from medflow_tui.model.words import Phrase, say

if TYPE_CHECKING:
    from medflow_tui.ui.app import MedflowApp


class Work(threading.Thread):
    """Started at once, by making it."""

    def __init__(self, name: str, call: Callable[[], None]) -> None:
        super().__init__(target=call, name=name, daemon=True)
        self.start()


def order(
    app: MedflowApp, name: str, call: Callable[[], object], done: Phrase, then: Callable[[], object]
) -> None:
    """Carry out what somebody told, and say what came of it; `then` is called in the thread of that work, whatever came.

    Rights that a refused log-in raised are lowered again.
    """

    def work() -> None:
        try:
            call()
        except NoLoginError as error:
            app.call_later(app.acting.rights.lower, say("read-only again").also(error.phrase))
        except MedflowError as error:
            app.call_later(app.say_briefly, error.phrase)
        except OSError:
            app.call_later(app.say_briefly, say("it cannot be written down"))
        else:
            app.call_later(app.say_briefly, done)
        then()

    Work(name, work)


def finish(within_s: float) -> tuple[str, ...]:
    """Wait for all work that has begun; the names of what is not done by then."""
    ends = time.monotonic() + within_s
    begun = [each for each in threading.enumerate() if isinstance(each, Work)]
    for each in begun:
        each.join(max(0.0, ends - time.monotonic()))
    return tuple(each.name for each in begun if each.is_alive())
