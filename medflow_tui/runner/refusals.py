"""Refused confirmations in the audit: each kind once for each user, and not more than a run writes down of its own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from medflow_tui.journal.audit import Audit
from medflow_tui.journal.auditing import events
from medflow_tui.model.access import Origin
from medflow_tui.model.audit import Actor, Work
from medflow_tui.model.errors import MedflowError
from medflow_tui.model.incident import Incident
from medflow_tui.runner.agreeing import MOST_REFUSALS
from medflow_tui.runner.origin import actor_of

MYSELF = Actor()


@dataclass(slots=True)
class Refusals:
    """As long as somebody waits: whoever knocks again and again writes no more than whoever knocks once."""

    _known: list[tuple[str, int, str, int]] = field(default_factory=list)

    def write(self, audit: Audit, why: str, incident: Incident, people: Sequence[Origin]) -> None:
        """`people` is everybody the one who was refused may be; empty for an answer over the phone, which is locked after
        three and therefore written each time."""
        waits, work = (incident.id, incident.named), Work(incident=incident.id)
        told = (*waits, why, people[0].uid if people else -1)
        is_known = bool(people) and told in self._known
        if is_known or sum(each[:2] == waits for each in self._known) >= MOST_REFUSALS:
            return
        self._known.append(told)
        with suppress(MedflowError, OSError):
            events.approval_refused(
                audit, why, work, actor=actor_of(people, auth="peer") if people else MYSELF
            )
