"""An incident, as far as it changes what may be done: how grave it is, and who leads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from medflow_tui.model.access import NOWHERE, Origin
from medflow_tui.model.health import EPOCH

HERE, BY_VOICE = "here", "voice"


class Severity(Enum):
    """Neutral, gravest first; the runbook of MedFlow counts P1 to P4."""

    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"

    @property
    def is_major(self) -> bool:
        """Grave enough that somebody leads."""
        return self in (Severity.SEV1, Severity.SEV2)

    @property
    def label(self) -> str:
        """With the runbook's own word beside it.

        >>> Severity.SEV2.label
        'SEV2 (P2)'
        """
        return f"{self.value} (P{self.value.removeprefix('SEV')})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """`commander` decides and does not type: a login named in the site file, `commander_uid` its number on this machine
    (-1: no user here). `text` was redacted before it was kept. It is open until somebody closed it.

    `named` counts how often it was given a commander or a severity since it was opened: what was said to one naming is
    not said to the next. `named_from` is where whoever named this commander sat; `confirmed_how` is how the commander confirmed to lead it
    (`here`: from the log-in `confirmed_from`, `voice`: over the phone; empty: not yet).
    """

    id: str
    severity: Severity
    commander: str
    opened_by: str
    opened_at: datetime
    commander_uid: int = -1
    text: str = ""
    closed_by: str = ""
    closed_at: datetime = EPOCH
    named: int = 0
    named_from: Origin = NOWHERE
    confirmed_how: str = ""
    confirmed_at: datetime = EPOCH
    confirmed_from: Origin = NOWHERE

    @property
    def is_open(self) -> bool:
        return not self.closed_by

    @property
    def is_confirmed(self) -> bool:
        """Whether the commander said so: from a log-in of that very name, or over the phone."""
        if self.confirmed_how == HERE:
            return self.confirmed_from.uid >= 0 and self.confirmed_from.user == self.commander != ""
        return self.confirmed_how == BY_VOICE

    @property
    def unconfirmed(self) -> Incident:
        """The same, with the confirmation gone."""
        return replace(self, confirmed_how="", confirmed_at=EPOCH, confirmed_from=NOWHERE)
