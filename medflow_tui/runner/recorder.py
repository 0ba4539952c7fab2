"""Writes each line of a run twice: into the site's audit file, then into the run's own journal."""

from __future__ import annotations

import getpass
import os
import socket
from typing import Any

from medflow_tui.journal.audit import Audit
from medflow_tui.journal.run_log import Journal
from medflow_tui.model.canonical import Facts
from medflow_tui.model.procedure import NO_FACTS, Entry, Mark, Outcome, Playbook
from medflow_tui.model.words import SILENCE, Phrase
from medflow_tui.runner.preview import Agreed

AUDITED = frozenset(Mark) - {Mark.PROGRESSED, Mark.REPAIRED}


class Recorder:
    """The audit comes first: what the journal says was done is then never missing there (it may be there twice)."""

    def __init__(self, journal: Journal, audit: Audit, playbook: Playbook, plan: Agreed) -> None:
        self._journal, self._audit = journal, audit
        self._always = {
            "run": journal.folder.run,
            "playbook": f"{playbook.id}@{playbook.version}",
            "class": playbook.risk,
            "plan_hash": plan.hash,
            "host": socket.gethostname(),
            "actor": {"uid": _uid(), "name": _user(), "as": plan.operator},
        }

    def write(
        self,
        mark: Mark,
        *,
        step: str = "",
        outcome: Outcome | None = None,
        said: Phrase = SILENCE,
        facts: Facts = NO_FACTS,
    ) -> Entry:
        """Durable in both when it returns. Raises UnwritableError, DamagedError: then do not do what it says."""
        if mark in AUDITED:
            self._audit.append(mark.value, self._record(step, outcome))
        return self._journal.append(mark, step=step, outcome=outcome, said=said, facts=facts)

    def _record(self, step: str, outcome: Outcome | None) -> dict[str, Any]:
        """Names of procedures, numbers and hashes: no reason, no sentence, nothing that came from a service."""
        record = dict(self._always)
        if step:
            record["step"] = step
        if outcome is not None:
            record["outcome"] = outcome.value
        return record


def _uid() -> int:
    return os.getuid() if os.name == "posix" else 0


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "?"
