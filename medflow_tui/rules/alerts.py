"""From judgement to standing verdict: soft until confirmed, since when, stale when it is old; which comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from medflow_tui.model.health import EPOCH, Health, Judgement, Reading, Verdict
from medflow_tui.model.target import Target
from medflow_tui.model.words import say

NOT_READ = say("not read yet")


def unread(target: Target, name: str | None = None) -> Verdict:
    """The verdict on a target that nobody has looked at: unknown."""
    return Verdict(
        target=name or target.name,
        kind=target.kind,
        pane=target.pane,
        label=target.title,
        health=Health.UNKNOWN,
        evidence=NOT_READ,
        needed=target.confirm,
        needs=target.depends_on,
        due_every_s=target.interval_s,
    )


def settle(before: Verdict, reading: Reading, judgement: Judgement, *, needed: int) -> Verdict:
    """The new standing verdict after one more reading.

    A critical or unknown that is new after a good one counts as a warning until it was seen `needed` times in a
    row (soft); recovery counts at once. The first reading of all counts at once as well: there is no good
    one before it that it could contradict.
    """
    health, seen, soft = judgement.health, 1, False
    if health in (Health.CRITICAL, Health.UNKNOWN):
        same = before.judgement is not None and before.judgement.health is health
        again = reading.observed_at != before.observed_at
        seen = before.seen + again if same else 1
        was_firm = before.health is health and not before.soft
        first = before.observed_at == EPOCH
        soft = not first and not was_firm and seen < needed
        if soft:
            health = Health.WARNING
    if reading.failure is not None and before.judgement is not None:
        judgement = replace(judgement, form=before.judgement.form)  # what its figures are did not change
    since = before.since if before.health is health and before.since != EPOCH else reading.observed_at
    return replace(
        before,
        kind=reading.kind,
        health=health,
        evidence=judgement.evidence,
        how=reading.how,
        observed_at=reading.observed_at,
        since=since,
        latency_ms=reading.latency_ms,
        soft=soft,
        seen=seen,
        needed=needed,
        judgement=judgement,
        failure=reading.failure,
        values=reading.values,
    )


def aged(verdict: Verdict, now: datetime) -> Verdict:
    """The same verdict, stale when its reading is older than twice its interval (never a good one by age alone)."""
    if verdict.observed_at == EPOCH or verdict.health is Health.STALE:
        return verdict
    if now - verdict.observed_at <= timedelta(seconds=2 * verdict.due_every_s + 5):
        return verdict
    return replace(
        verdict,
        health=Health.STALE,
        since=verdict.observed_at,
        evidence=say("not read since {at:when}", at=verdict.observed_at).also(verdict.evidence),
    )


_RANK = {
    Health.CRITICAL: 0,
    Health.WARNING: 1,
    Health.UNKNOWN: 2,
    Health.STALE: 3,
    Health.OK: 4,
    Health.EXPECTED_OFFLINE: 4,
    Health.MAINTENANCE: 4,
}


def rank(health: Health) -> int:
    """Order of rows: worst first; what is no trouble keeps the configured order among itself.

    >>> rank(Health.CRITICAL) < rank(Health.UNKNOWN) < rank(Health.OK)
    True
    """
    return _RANK[health]


def exit_code(healths: tuple[Health, ...]) -> int:
    """The plugin exit code by the worst: critical 2, then unknown or stale 3, then warning 1, else 0.

    >>> exit_code((Health.OK, Health.UNKNOWN, Health.WARNING))
    3
    """
    if Health.CRITICAL in healths:
        return 2
    if Health.UNKNOWN in healths or Health.STALE in healths:
        return 3
    return 1 if Health.WARNING in healths else 0


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The worst of what is wrong (something must be): the one that nobody handles, then the oldest (what failed first).

    Of what it needs and is as bad, the cause stands for what it has broken.
    """
    trouble = [each for each in verdicts if each.health.is_trouble]
    first = min(trouble, key=_gravity)
    causes = [
        each for each in trouble if each.target in first.needs and _gravity(each)[:2] <= _gravity(first)[:2]
    ]
    return min(causes, key=_gravity, default=first)


def _gravity(verdict: Verdict) -> tuple[int, bool, datetime]:
    return rank(verdict.health), verdict.acknowledged is not None, verdict.since
