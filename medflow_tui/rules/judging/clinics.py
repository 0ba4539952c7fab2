"""The verdict on what waits to be sent to the central server, and on each clinic."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from medflow_tui.model.health import Health, Judgement, Reading
from medflow_tui.model.targets.clinics import ClinicsTarget
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.hours import fault, open_seconds
from medflow_tui.rules.judging.clinic import CLOCKS_APART, judge_clinic, own_line_is_down
from medflow_tui.rules.judging.context import Context
from medflow_tui.rules.judging.failure import judge_failure

MEANS = say("what is written here does not reach the other clinics")
LOST = say(
    "these changes are not tried any more: the other clinics will never see them unless somebody sends them again"
)
EMPTY = say("an empty queue proves nothing: changes that cannot be queued are lost without a trace")


def judge(reading: Reading, target: ClinicsTarget, context: Context) -> Judgement:
    """A part is one clinic; the target itself is the queue of changes to the central server."""
    if reading.failure is not None:
        return judge_failure(reading.failure, means=MEANS)
    if "/" in reading.target:
        return judge_clinic(reading, target, context)
    health, evidence, means = _queue(reading, target, context)
    return Judgement(
        health=health,
        evidence=evidence,
        detail=_detail(reading),
        means=means if health.is_trouble else SILENCE,
        threshold=say(
            "oldest change: warning after {warning:duration}, critical after {critical:duration}; "
            "given up: warning from 1, critical from {lost:number}",
            warning=target.waiting_warning_s,
            critical=target.waiting_critical_s,
            lost=target.given_up_critical,
        ),
        figure=float(reading.values["waiting"]),
    )


def _queue(reading: Reading, target: ClinicsTarget, context: Context) -> tuple[Health, Phrase, Phrase]:
    values = reading.values
    if values["queue_failure"]:
        return Health.UNKNOWN, say("queue unreadable").also(values["queue_failure"]), MEANS
    waiting, lost = values["waiting"], values["given_up"]
    counts = say("{n:number} wait, {lost:number} given up", n=waiting, lost=lost)
    if lost >= target.given_up_critical:
        return Health.CRITICAL, counts, LOST
    held = _held(values["oldest_at"], waiting, target, context) if waiting else None
    if held is not None and held[0] is Health.CRITICAL:
        return held
    if lost:
        return Health.WARNING, counts, LOST
    if held is not None:
        return held
    return (Health.OK, counts, SILENCE) if waiting else _empty(reading, target, context)


def _held(
    oldest_at: datetime | None, waiting: int, target: ClinicsTarget, context: Context
) -> tuple[Health, Phrase, Phrase] | None:
    """What is wrong with changes that wait, by the oldest of them; None while that is usual."""
    if oldest_at is None:
        return Health.UNKNOWN, say("{n:number} wait, no date", n=waiting), MEANS
    if oldest_at - context.now > CLOCKS_APART:
        return Health.UNKNOWN, say("clocks disagree"), MEANS
    age_s = (context.now - oldest_at).total_seconds()
    if age_s < target.waiting_warning_s:
        return None
    health = Health.CRITICAL if age_s >= target.waiting_critical_s else Health.WARNING
    return health, say("{n:number} wait since {at:when}", n=waiting, at=oldest_at), MEANS


def _empty(reading: Reading, target: ClinicsTarget, context: Context) -> tuple[Health, Phrase, Phrase]:
    """Good news only when the central server heard from this site within its own interval."""
    values = reading.values
    seen_at, own = values["own_seen"], target.settings(values["own"])
    if own_line_is_down(target, context):
        return Health.UNKNOWN, say("empty, line is down"), EMPTY
    if seen_at is None or not values["own"] or fault(own.hours, values["own_zone"]):
        return Health.UNKNOWN, say("empty, unconfirmed"), EMPTY
    age_s = open_seconds(own.hours, ZoneInfo(values["own_zone"]), seen_at, context.now)
    if age_s > target.overdue_s(own) or seen_at - context.now > CLOCKS_APART:
        return Health.UNKNOWN, say("empty, unconfirmed"), EMPTY
    return Health.OK, say("all sent {at:when}", at=seen_at), SILENCE


def _detail(reading: Reading) -> tuple[Phrase, ...]:
    values = reading.values
    lines = [say("{n:number} clinics", n=values["clinics"])]
    lines += [
        say("{status}: {n:number}", status=name, n=count)
        for name, count in sorted(values["by_status"].items())
    ]
    if values["oldest_at"]:
        lines.append(
            say(
                "{clinic}: oldest waits since {at:when}",
                clinic=values["oldest_of"] or "?",
                at=values["oldest_at"],
            )
        )
    if not values["own"]:
        lines.append(
            say("which clinic this is, the site file does not say: set own in the target of the clinics")
        )
    elif values["own_seen"]:
        lines.append(
            say("central server heard from {clinic} {at:when}", clinic=values["own"], at=values["own_seen"])
        )
    if values["registry_failure"]:
        lines.append(say("registry cannot be read").also(values["registry_failure"]))
    if values["central_failure"]:
        lines.append(say("central server cannot be read").also(values["central_failure"]))
    if values["unlisted"]:
        lines.append(say("{n:number} clinics that only the central server knows", n=values["unlisted"]))
    return tuple(lines)
