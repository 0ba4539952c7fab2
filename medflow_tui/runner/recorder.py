"""Writes each line of a run twice: into the site's audit file, then into the run's own journal."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping
from typing import Any

from medflow_tui.journal.append_log import UnwritableError
from medflow_tui.journal.audit import Audit
from medflow_tui.journal.auditing.events import DENIED
from medflow_tui.journal.run_log import Journal
from medflow_tui.model.canonical import Facts
from medflow_tui.model.procedure import NO_FACTS, Entry, Mark, Outcome, Playbook
from medflow_tui.model.words import SILENCE, Phrase
from medflow_tui.runner.origin import name_of
from medflow_tui.runner.preview import Agreed

AUDITED = frozenset(Mark) - {Mark.PROGRESSED, Mark.REPAIRED, Mark.OVERRIDDEN}
NOTHING: Mapping[str, Any] = {}


class Recorder:
    """The audit comes first: what the journal says was done is then never missing there (it may be there twice).

    Anchors of the audit are left when both lines stand, and hold up neither: a signer may hang. Who holds `alone` sees a
    journal to which nobody adds.
    """

    def __init__(self, journal: Journal, audit: Audit, playbook: Playbook, plan: Agreed) -> None:
        self._journal, self._audit = journal, audit.deferring()
        self.alone = threading.RLock()  # a step, what watches it and the channel write
        self._always: dict[str, Any] = {
            "run": journal.folder.run,
            "playbook": f"{playbook.id}@{playbook.version}",
            "class": playbook.risk,
            "plan_hash": plan.hash,
            "host": socket.gethostname(),
            "actor": {"uid": _uid(), "name": name_of(_uid()) or "?", "as": plan.operator},
            "incident": plan.incident,
        }

    def write(
        self,
        mark: Mark,
        *,
        step: str = "",
        outcome: Outcome | None = None,
        said: Phrase = SILENCE,
        facts: Facts = NO_FACTS,
        result: Mapping[str, Any] = NOTHING,
        actor: Mapping[str, Any] = NOTHING,
    ) -> Entry:
        """Durable in both when it returns. Raises UnwritableError, DamagedError: then do not do what it says.

        `result` and `actor` (who did it, when that is not who runs this) are for the audit alone.
        """
        with self.alone:
            if mark in AUDITED:
                sealed = {"journal": self._journal.sha256()} if mark is Mark.RUN_ENDED else {}
                record = self._record(step, outcome) | ({"actor": actor} if actor else {})
                self._audit.append(mark.value, {**record, "result": {**sealed, **result}})
            entry = self._into_journal(mark, step=step, outcome=outcome, said=said, facts=facts)
        self._audit.settle()
        return entry

    def _into_journal(
        self, mark: Mark, *, step: str, outcome: Outcome | None, said: Phrase, facts: Facts
    ) -> Entry:
        while True:
            try:
                return self._journal.append(mark, step=step, outcome=outcome, said=said, facts=facts)
            except UnwritableError as error:
                if not self._audit.make_room(error, self._journal.folder.path):
                    raise

    def override(self, guards: tuple[str, ...], reason: str) -> None:
        """Guards were passed over: the audit keeps which, and of the reason its length and its hash."""
        from medflow_tui.journal.auditing.events import override_used
        from medflow_tui.model.audit import Work

        known = self._always
        work = Work(
            run=known["run"],
            playbook=known["playbook"],
            plan_hash=known["plan_hash"],
            risk=known["class"],
            incident=known["incident"],
        )
        override_used(self._audit, guards, reason, work)
        self._audit.settle()

    def denied(self, why: str, **more: str) -> None:
        """What was asked for is refused, and why (a word of `REASONS`): for the audit alone."""
        self._audit.append(DENIED, {**self._always, "result": {"why": why, **more}})
        self._audit.settle()

    def locked_out(self, held: Mapping[str, object]) -> None:
        """Another acts: `who` that is and in which `run`, as far as the lock says it."""
        by = {"held_by": str(held.get("who", "")).partition(" ")[0], "held_run": str(held.get("run", ""))}
        self.denied("lock_held", **{name: each for name, each in by.items() if each})

    def why_not(self) -> Phrase:
        """Why nothing may be started, because it could not be recorded."""
        return self._audit.why_not()

    def wait(self) -> None:
        """Until the anchor of the last line is left, for some seconds: only when nothing is held any more. Never raises."""
        self._audit.wait()

    def keep_anchor(self) -> None:
        """Now and then while something runs; never raises."""
        self._audit.drop_anchor_if_due(is_signed=self._always["class"] != "R0")

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
