"""What a failed reading means, whatever the kind of target."""

from __future__ import annotations

from medflow_tui.model.health import Cause, Failure, Health, Judgement
from medflow_tui.model.words import SILENCE, Phrase

DOWN = frozenset(
    {
        Cause.REFUSED,
        Cause.UNREACHABLE,
        Cause.UNRESOLVED,
        Cause.SILENT,
        Cause.UNTRUSTED,
        Cause.GARBLED,
        Cause.ABSENT,
    }
)


def judge_failure(failure: Failure, *, means: Phrase = SILENCE) -> Judgement:
    """Critical when the target does not do its work, unknown when it is we who cannot tell.

    Refused, unreachable, unresolved, silent, untrusted, garbled and absent are the target's; denied, limited,
    forbidden, unsupported, overrun and our own faults say nothing about it.
    """
    health = Health.CRITICAL if failure.cause in DOWN else Health.UNKNOWN
    return Judgement(health=health, evidence=failure.text, means=means)
