"""What the audit can say, one function each: they take what may be recorded, and nothing else has a place.

Each is durable when it returns the new end of the chain, and raises UnwritableError or DamagedError when it could not be
written: then what it would have recorded must not be done. What was given up anyway may ignore that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medflow_tui.journal.auditing.actor import as_fields
from medflow_tui.model.audit import NO_WORK, Actor, Anchor, Work
from medflow_tui.model.incident import Incident

if TYPE_CHECKING:
    from medflow_tui.journal.audit import Audit

MYSELF = Actor()
OVERRIDE, REVIEWED, DENIED, APPROVAL_REFUSED = (
    "override.used",
    "audit.reviewed",
    "attempt.denied",
    "approve.refused",
)


def run_event(
    audit: Audit,
    event: str,
    work: Work,
    *,
    step: str = "",
    outcome: str = "",
    result: Mapping[str, Any] | None = None,
    actor: Actor = MYSELF,
) -> Anchor:
    """A mark of a run, as its journal has it; `result` holds counts, measures and hashes."""
    said = {**(result or {}), **({"outcome": outcome} if outcome else {})}
    return _write(audit, event, work, actor, step=step, result=said)


def attempt_denied(
    audit: Audit, why: str, work: Work = NO_WORK, *, guard: str = "", actor: Actor = MYSELF
) -> Anchor:
    """Somebody wanted to act and was refused; `why` is one of `rules.auditing.record.REASONS`."""
    result = {"why": why, **({"guard": guard} if guard else {})}
    return _write(audit, DENIED, work, actor, result=result)


def approval_given(audit: Audit, work: Work, *, actor: Actor = MYSELF) -> Anchor:
    """A second person agreed to this plan; the actor is that person."""
    return _write(audit, "approve.given", work, actor)


def approval_refused(audit: Audit, why: str, work: Work, *, actor: Actor = MYSELF) -> Anchor:
    """An approval was not accepted: by oneself, the same login, expired, another plan, replayed, wrong."""
    return _write(audit, APPROVAL_REFUSED, work, actor, result={"why": why})


def plan_opened(audit: Audit, work: Work, *, actor: Actor = MYSELF) -> Anchor:
    """A plan was made and shown."""
    return _write(audit, "plan.opened", work, actor)


def plan_cancelled(audit: Audit, work: Work, *, why: str = "by_person", actor: Actor = MYSELF) -> Anchor:
    """A plan that was shown was left, nothing done."""
    return _write(audit, "plan.cancelled", work, actor, result={"why": why})


def identifiable_viewed(
    audit: Audit, view: str, *, work: Work = NO_WORK, step: str = "", actor: Actor = MYSELF
) -> Anchor:
    """What may name people is about to be shown: by which view of this program, of which step of a run."""
    return _write(audit, "identifiable.viewed", work, actor, step=step, result={"view": view})


def passive_on(audit: Audit, *, reason: str = "", actor: Actor = MYSELF) -> Anchor:
    """The global stop was set; of the reason only that there was one (the text stands where it was typed)."""
    return _write(audit, "passive.on", NO_WORK, actor, result=_reason(reason))


def passive_off(audit: Audit, *, actor: Actor = MYSELF) -> Anchor:
    """The global stop was taken back."""
    return _write(audit, "passive.off", NO_WORK, actor)


def incident_changed(audit: Audit, what: str, incident: Incident, *, actor: Actor = MYSELF) -> Anchor:
    """An incident was `opened`, `confirmed` by its commander, `graded`, `closed`, or has another `command`; of its text the
    length and the hash."""
    said = {"severity": incident.severity.value, "commander": incident.commander}
    result = {**said, **(_reason(incident.text, incident.id) if what == "opened" else {})}
    return _write(audit, f"incident.{what}", Work(incident=incident.id), actor, result=result)


def override_used(
    audit: Audit, guards: tuple[str, ...], reason: str, work: Work, *, actor: Actor = MYSELF
) -> Anchor:
    """Guards were overridden. The reason stands in the journal of the run; here are its length and its hash."""
    override = {"guards": ",".join(guards), **_reason(reason, work.run)}
    return _write(audit, OVERRIDE, work, actor, override=override)


def override_closed(audit: Audit, work: Work, note: str, *, actor: Actor = MYSELF) -> Anchor:
    """Somebody has looked at an override; the note stands in the file of reviews."""
    return _write(audit, "override.closed", work, actor, result=_reason(note, work.run))


def control_taken(audit: Audit, work: Work, *, from_uid: int = -1, actor: Actor = MYSELF) -> Anchor:
    """Another person now steers a run."""
    return _write(audit, "control.taken", work, actor, result={"from_uid": from_uid})


def lock_released(audit: Audit, work: Work, *, readable: bool, actor: Actor = MYSELF) -> Anchor:
    """A person takes away a lock that nobody holds any more; whose run it was, if that could be read."""
    return _write(audit, "lock.released", work, actor, result={"state": "closed" if readable else "broken"})


def review_signed(audit: Audit, counts: Mapping[str, int], *, whole: bool, actor: Actor = MYSELF) -> Anchor:
    """Somebody looked at the audit: from which record to which, and what there was."""
    said = {**counts, "chain": "whole" if whole else "broken"}
    anchor = _write(audit, REVIEWED, NO_WORK, actor, result=said)
    audit.leave_anchor(anchor)
    return anchor


def _reason(reason: str, salt: str = "") -> dict[str, Any]:
    text = reason.strip()
    if not text:
        return {"reason_chars": 0}
    return {"reason_chars": len(text), "sha256": hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()}


def _write(
    audit: Audit,
    event: str,
    work: Work,
    actor: Actor,
    *,
    step: str = "",
    result: Mapping[str, Any] | None = None,
    override: Mapping[str, Any] | None = None,
) -> Anchor:
    return audit.append(
        event,
        {
            "actor": as_fields(actor),
            "run": work.run,
            "playbook": work.playbook,
            "plan_hash": work.plan_hash,
            "class": work.risk,
            "incident": work.incident,
            "target": {"system": work.system, "database": work.database, "identity": work.identity},
            "step": step,
            "result": result or {},
            "override": override or {},
        },
    )
