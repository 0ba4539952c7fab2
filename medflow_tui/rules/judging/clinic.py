"""The verdict on one clinic: its opening hours, its line, its last contact with the central server."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from medflow_tui.model.health import Cause, Health, Judgement, Reading
from medflow_tui.model.targets.clinics import Clinic, ClinicsTarget
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.hours import fault, open_seconds, open_since, opens_next
from medflow_tui.rules.judging.context import Context

FEW = 8  # knocks: below that, one lost packet is no percentage
CLOCKS_APART = timedelta(minutes=5)
LINE_FRESH = timedelta(minutes=5)
NO_LINE = frozenset({Cause.UNREACHABLE, Cause.UNRESOLVED})
MEANS = say(
    "what this clinic writes does not reach the others, nor theirs this clinic; it can work on by itself"
)
OWN_LINE = say("own line is down")
WEEKDAYS = tuple(
    each.text for each in (say("Mon"), say("Tue"), say("Wed"), say("Thu"), say("Fri"), say("Sat"), say("Sun"))
)
WORST = (Health.CRITICAL, Health.WARNING, Health.UNKNOWN, Health.EXPECTED_OFFLINE, Health.OK)

Found = tuple[Health, Phrase]


def judge_clinic(reading: Reading, target: ClinicsTarget, context: Context) -> Judgement:
    """Closed is expected; open, the worst of what the line and the last contact say; neither known is unknown."""
    values, now = reading.values, context.now
    settings = target.settings(reading.target.partition("/")[2])
    threshold = _threshold(settings, target)
    unreadable = fault(values.get("hours") or settings.hours, values["zone"])
    if unreadable:
        return Judgement(
            health=Health.UNKNOWN, evidence=say("hours: {word}?", word=unreadable), threshold=threshold
        )
    target = _with_hours(target, reading)
    settings, zone = target.settings(settings.id), ZoneInfo(values["zone"])
    detail, resumes_at = _detail(reading), None
    if values["status"] == "temporarily_closed":
        health, evidence = Health.EXPECTED_OFFLINE, say("closed for now")
    elif (opened := open_since(settings.hours, zone, now)) is None:
        resumes_at = opens_next(settings.hours, zone, now)
        health, evidence = Health.EXPECTED_OFFLINE, _opens(resumes_at, zone, now)
    else:
        health, evidence = _open(reading, target, context, opened)
        if health is Health.EXPECTED_OFFLINE:
            resumes_at = opened + timedelta(seconds=target.overdue_s(settings))
    return Judgement(
        health=health,
        evidence=evidence,
        detail=detail,
        means=MEANS if health.is_trouble else SILENCE,
        threshold=threshold,
        limit=say("max {time:duration}", time=target.overdue_s(settings)),
        figure=values["rtt_ms"],
        form="ms",
        resumes_at=resumes_at,
    )


def _with_hours(target: ClinicsTarget, reading: Reading) -> ClinicsTarget:
    """The target with the hours that the reading brought for its clinic, if it did."""
    hours = reading.values.get("hours")
    if hours is None:
        return target
    clinic = target.settings(reading.target.partition("/")[2])
    clinic = replace(clinic, opens=hours.opens, closes=hours.closes, days=hours.days)
    return replace(target, clinic=(clinic, *target.clinic))


def _open(reading: Reading, target: ClinicsTarget, context: Context, opened: datetime) -> Found:
    """A clinic in its opening hours, which run since `opened`."""
    values = reading.values
    if values["listed"] is False:
        return Health.UNKNOWN, say("not in the registry")
    if not values["answered"] and own_line_is_down(target, context):
        return Health.UNKNOWN, OWN_LINE
    settings = target.settings(reading.target.partition("/")[2])
    contact = _contact(reading, target, context.now, opened)
    if contact[0] is Health.EXPECTED_OFFLINE:
        return (Health.OK, _well(reading)) if values["answered"] and not values["refused"] else contact
    found = [contact]
    if values["answered"] is False:
        found.append(_no_answer(reading, settings, context.now, is_silent=contact[0] is not Health.OK))
    elif values["answered"]:
        found.append(_line(reading, target))
    return min(found, key=lambda each: WORST.index(each[0]))


def own_line_is_down(target: ClinicsTarget, context: Context) -> bool:
    """True when the own line was just seen down: then nothing is known of the clinics."""
    own = context.readings.get(target.uplink) if target.uplink else None
    if own is None or own.failure is None or context.now - own.observed_at > LINE_FRESH:
        return False
    return own.failure.cause in NO_LINE


def contact_age_s(
    target: ClinicsTarget, clinic: Clinic, zone: ZoneInfo, seen_at: datetime, now: datetime
) -> float:
    """Seconds of opening hours since the central server heard from a clinic."""
    return open_seconds(clinic.hours, zone, seen_at, now)


def _contact(reading: Reading, target: ClinicsTarget, now: datetime, opened: datetime) -> Found:
    """The last contact by the central server, counted in opening hours."""
    values = reading.values
    if values["central_known"] is None:
        return Health.UNKNOWN, say("last sync unknown")
    if values["central_known"] is False:
        return Health.UNKNOWN, say("unknown to central")
    seen_at = values["seen_at"]
    if seen_at is None:
        return Health.WARNING, say("never seen")
    if seen_at - now > CLOCKS_APART:
        return Health.UNKNOWN, say("clocks disagree")
    settings = target.settings(reading.target.partition("/")[2])
    limit = target.overdue_s(settings)
    age_s = contact_age_s(target, settings, ZoneInfo(values["zone"]), seen_at, now)
    open_for_s = (now - opened).total_seconds()
    if age_s <= limit:
        if seen_at < opened:
            return Health.EXPECTED_OFFLINE, say("due {at:clock}", at=opened + timedelta(seconds=limit))
        return Health.OK, _well(reading)
    critical = target.critical_intervals * settings.every_s + target.grace_s
    # A clinic that was silent yesterday is given one interval in the morning before it is critical again.
    is_critical = age_s > critical and open_for_s > limit
    return Health.CRITICAL if is_critical else Health.WARNING, say("silent {at:when}", at=seen_at)


def _no_answer(reading: Reading, settings: Clinic, now: datetime, *, is_silent: bool) -> Found:
    """Its line does not answer now. One that synced on time may drop its line for an interval: a warning only."""
    answered_at = reading.values["answered_at"]
    lately = answered_at is not None and (now - answered_at).total_seconds() <= settings.every_s
    health = Health.WARNING if lately and not is_silent else Health.CRITICAL
    if answered_at is None:
        return health, say("no answer")
    return health, say("silent {at:when}", at=answered_at)


def _line(reading: Reading, target: ClinicsTarget) -> Found:
    values = reading.values
    if values["refused"]:
        return Health.WARNING, say("up, port refuses")
    loss = values["loss_percent"]
    if values["knocks"] >= FEW and loss >= target.loss_warning_percent:
        health = Health.CRITICAL if loss >= target.loss_critical_percent else Health.WARNING
        return health, say("loss {loss:percent}, {rtt:ms}", loss=loss, rtt=values["rtt_ms"])
    return Health.OK, _well(reading)


def _well(reading: Reading) -> Phrase:
    rtt, seen_at = reading.values["rtt_ms"], reading.values["seen_at"]
    if reading.values["answered"]:
        return say("{rtt:ms}", rtt=rtt)
    return say("seen {at:when}", at=seen_at)


def _opens(moment: datetime | None, zone: ZoneInfo, now: datetime) -> Phrase:
    """When it opens, on its own clock; the day is named unless it is today or tomorrow morning."""
    if moment is None:
        return say("closed")
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    at = f"{local:%H:%M}"
    if (local.date() - today).days <= 1:
        return say("opens {at}", at=at)
    return say("opens {day:word} {at}", day=WEEKDAYS[local.weekday()], at=at)


def _threshold(settings: Clinic, target: ClinicsTarget) -> Phrase:
    return say(
        "syncs every {every:duration}; overdue after {limit:duration} of opening hours",
        every=settings.every_s,
        limit=target.overdue_s(settings),
    )


def _detail(reading: Reading) -> tuple[Phrase, ...]:
    values = reading.values
    lines = []
    if values["seen_at"] is not None:
        lines.append(say("central server heard from it {at:when}", at=values["seen_at"]))
    if values["answered"] is None:
        lines.append(say("reachability unknown: the site file gives no address; the last sync decides"))
    elif values["rtt_ms"] is not None:
        lines.append(
            say(
                "line: loss {loss:percent} of {n:number} tries, {rtt:ms}",
                loss=values["loss_percent"],
                n=values["knocks"],
                rtt=values["rtt_ms"],
            )
        )
    if values["jitter_ms"] is not None:
        lines.append(say("jitter {jitter:ms}", jitter=values["jitter_ms"]))
    if values["waiting"] or values["given_up"]:
        lines.append(
            say("{n:number} wait, {lost:number} given up", n=values["waiting"], lost=values["given_up"])
        )
    if values["oldest_at"] is not None:
        lines.append(say("oldest waits since {at:when}", at=values["oldest_at"]))
    return tuple(lines)
