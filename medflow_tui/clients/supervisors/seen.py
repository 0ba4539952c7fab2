"""Why a service manager has no word on a process."""

from __future__ import annotations

from medflow_tui.clients.network import UnreachableError
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.service import STATES, Seen
from medflow_tui.model.words import Phrase, say


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


def forbidden(text: Phrase) -> UnreachableError:
    """This account may not look, or not do it."""
    return UnreachableError(Failure(cause=Cause.FORBIDDEN, text=text))


__all__ = ["STATES", "Seen", "forbidden", "garbled", "not_here", "unknown_to"]
