"""What the backend's answer to a change means: done, certainly not done, or not known."""

from __future__ import annotations

from medflow_tui.clients.medflow import AnsweredError
from medflow_tui.clients.network import UnreachableError
from medflow_tui.model.canonical import Fact
from medflow_tui.model.health import Cause
from medflow_tui.model.performer import Finding
from medflow_tui.model.procedure import Outcome

_ARRIVED_PERHAPS = (Cause.SILENT, Cause.GARBLED, Cause.UNREACHABLE, Cause.OVERRUN)


def not_accepted(error: UnreachableError) -> Finding:
    """What a failed change may have done: an answer that says no is a no, silence is not knowing."""
    facts: dict[str, Fact] = {"calls_made": 1}
    if isinstance(error, AnsweredError) and error.status < 500:
        return Finding(outcome=Outcome.FAIL, said=error.failure.text, facts={**facts, "status": error.status})
    if error.failure.cause in _ARRIVED_PERHAPS:
        return Finding(outcome=Outcome.UNKNOWN, said=error.failure.text, facts=facts)
    return Finding(outcome=Outcome.FAIL, said=error.failure.text, facts={"calls_made": 0})
