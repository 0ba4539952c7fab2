"""What a service manager knows of one process, in the same words whichever manager it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from medflow_tui.clients.network import UnreachableError
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.words import Phrase, say

STATES = ("running", "starting", "stopping", "restarting", "stopped", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`state` is one of STATES, `word` the manager's own for it.

    `restarts` is the manager's counter (None without one), `memory_limit` bytes (None without one),
    `online` of `instances` run when there are several.
    """

    state: str
    word: str
    pid: int | None = None
    started_at: datetime | None = None
    restarts: int | None = None
    memory_limit: int | None = None
    instances: int = 1
    online: int = 1
    exit_code: int | None = None


def unknown_to(manager: str) -> UnreachableError:
    """The manager does not know a process of that name."""
    return UnreachableError(Failure(cause=Cause.ABSENT, text=say("not known to {manager}", manager=manager)))


def not_here(text: Phrase) -> UnreachableError:
    """There is no such manager on this machine: it says nothing about the process."""
    return UnreachableError(Failure(cause=Cause.UNSUPPORTED, text=text))


def garbled(manager: str) -> UnreachableError:
    """It printed something else than it should: that is no word on the process."""
    failure = Failure(cause=Cause.FORBIDDEN, text=say("{manager} not understood", manager=manager))
    return UnreachableError(failure)
