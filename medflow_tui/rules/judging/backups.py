"""The verdict on backups: late, failed and never are three different things, and a level says how little it proves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from statistics import median
from typing import Any

from medflow_tui.model.health import Cause, Failure, Health, Judgement, Reading
from medflow_tui.model.targets.backups import BackupSet, BackupsTarget
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.backup_schedule import first_missed, last_due, next_due, zone_of
from medflow_tui.rules.judging.context import Context
from medflow_tui.rules.judging.failure import judge_failure

LOSS = say("if the disk fails now, what was entered since the last good backup is lost")
NOTHING_LEFT = say("if the disk fails now, there is nothing to go back to")
DISCLOSURE = say("whoever takes this disk can read the patients' records")
L1 = say("file and checksum match; nobody has restored it")
L0 = say("there is a file; nothing more is proved")
COPY_MEANS = say("if this machine burns or is stolen, the backups are gone with it")
TREND_NEEDS = 3  # sizes before, below which a usual size is not known
CERTAINLY_SHORTER = 0.9  # of the smallest file before: a wrong checksum then comes from missing bytes

Found = Mapping[str, Any] | Failure
Finding = tuple[Health, Phrase, Phrase]


def judge(reading: Reading, target: BackupsTarget, context: Context) -> Judgement:
    """A part is judged by itself; the target by whether its folder could be looked through, not by its sets again."""
    part = reading.target.removeprefix(target.name).removeprefix("/")
    if part == "copy":
        return _judge_copy(reading, target, context.now)
    if reading.failure is not None:
        return judge_failure(
            reading.failure, means=NOTHING_LEFT if reading.failure.cause is Cause.ABSENT else SILENCE
        )
    plans = {each.name: each for each in target.set}
    if part:
        return judge_set(plans[part], reading.values, context.now)
    return _judge_whole(reading, plans, context.now)


def _judge_whole(reading: Reading, plans: Mapping[str, BackupSet], now: datetime) -> Judgement:
    values = reading.values
    each = {name: judge_set(plans[name], found, now) for name, found in values["sets"].items()}
    room = say("{free:bytes} of {total:bytes} free on its disk", free=values["free"], total=values["total"])
    detail = [say("folder {folder}", folder=values["folder"]), room]
    detail += [say("{name}", name=name).also(one.evidence) for name, one in each.items()]
    detail.append(say("times on the clock of {zone}", zone=values["timezone"]))
    if not values["complete"]:
        detail.append(say("too many names in the folder: not all were looked at"))
    health, evidence = Health.OK, say("{n:number} sets, {free:bytes} free", n=len(each), free=values["free"])
    if not each:
        health, evidence = Health.UNKNOWN, say("no set declared")
    elif not values["complete"]:
        health, evidence = Health.UNKNOWN, say("not all was looked at")
    return Judgement(
        health=health, evidence=evidence, detail=tuple(detail), figure=float(values["free"]), form="bytes"
    )


def judge_set(plan: BackupSet, found: Found, now: datetime) -> Judgement:
    """One set: first whether there is one, then whether the newest is good, then whether it is late, then the rest."""
    if isinstance(found, Failure):
        return judge_failure(found)
    zone = zone_of(found["timezone"]) or UTC
    threshold = _threshold(plan)
    if not found["count"]:
        return replace(_judge_none(plan, found, now, zone), threshold=threshold)
    state = found["state"]
    finding = _failed(plan, found) or _late(plan, found, now, zone) or _noteworthy(plan, found)
    if finding is None:
        evidence = say(
            "{at:when}  {size:bytes}  {level}", at=found["taken_at"], size=found["size"], level=found["level"]
        )
        if state == "checking":
            evidence = say("{at:when}  checking {done:percent}", at=found["taken_at"], done=found["percent"])
        finding = Health.OK, evidence, L1 if found["level"] == "L1" else L0
    health, evidence, means = finding
    return Judgement(
        health=health,
        evidence=evidence,
        detail=_detail(plan, found, now, zone),
        means=means,
        threshold=threshold,
        limit=say("due {at}", at=plan.at),
        figure=float(found["size"]),
        form="bytes",
    )


def _judge_none(plan: BackupSet, found: Mapping[str, Any], now: datetime, zone: tzinfo) -> Judgement:
    detail = tuple(say("being written: {name}", name=name) for name in found["writing"])
    detail += tuple(say("in clear on disk: {name}", name=name) for name in found["clear"])
    detail += tuple(say("dated after today: {name}", name=name) for name in found["future"])
    start = _since(plan, zone)
    if start is not None:
        first = next_due(plan, start - timedelta(seconds=1), zone)
        if now <= first + timedelta(seconds=plan.grace_s):
            return Judgement(health=Health.OK, evidence=say("first due {at:when}", at=first), detail=detail)
    if found["others"]:
        detail += (say("{n:number} other names in the folder", n=found["others"]),)
    if not found.get("complete", True):
        return Judgement(health=Health.UNKNOWN, evidence=say("not all was looked at"), detail=detail)
    if found["future"]:
        return Judgement(health=Health.UNKNOWN, evidence=say("dated after today"), detail=detail, means=LOSS)
    return Judgement(health=Health.CRITICAL, evidence=say("never"), detail=detail, means=NOTHING_LEFT)


def _failed(plan: BackupSet, found: Mapping[str, Any]) -> Finding | None:
    """What is wrong with the newest one, or why it cannot be told."""
    size, state = found["size"], found["state"]
    evidence = SILENCE
    match state:
        case "differs" if found["sizes_before"] and size < CERTAINLY_SHORTER * min(found["sizes_before"]):
            evidence = say("shorter than its checksum says")
        case "differs":
            evidence = say("checksum differs")
        case "short" if found["checksum"]:
            evidence = say("shorter than its checksum says")
        case "short":
            evidence = say("shorter than its contents say")
        case "empty":
            evidence = say("empty")
        case "corrupt":
            evidence = say("damaged inside")
        case "garbled":
            evidence = say("not what its name says")
        case "forbidden":
            return Health.UNKNOWN, say("may not read the file"), SILENCE
        case "unread":
            return Health.UNKNOWN, say("file gives no answer"), SILENCE
    if not evidence and size < plan.minimum_bytes:
        evidence = say("too small: {size:bytes}", size=size)
    if not evidence and plan.layout == "medflow" and not found["checksum"]:
        evidence = say("not finished: no checksum")
    if not evidence:
        return None
    return Health.CRITICAL, evidence, LOSS if found["good_at"] else NOTHING_LEFT


def _late(plan: BackupSet, found: Mapping[str, Any], now: datetime, zone: tzinfo) -> Finding | None:
    due = first_missed(plan, found["taken_at"], now, zone)
    if due is None:
        return None
    if not found.get("complete", True):
        return Health.UNKNOWN, say("not all was looked at"), SILENCE
    twice = first_missed(plan, due, now, zone) is not None
    late = (now - due).total_seconds()
    return Health.CRITICAL if twice else Health.WARNING, say("late by {late:duration}", late=late), LOSS


def _noteworthy(plan: BackupSet, found: Mapping[str, Any]) -> Finding | None:
    """What is a warning although the newest one is good and on time."""
    if found["future"]:
        return Health.WARNING, say("dated after today"), LOSS
    if found["clear"]:
        return Health.WARNING, say("{n:number} in clear on disk", n=len(found["clear"])), DISCLOSURE
    if found["damaged"]:
        return Health.WARNING, say("{n:number} older damaged", n=len(found["damaged"])), LOSS
    usual = _usual(found)
    if usual and found["size"] < usual * (1 - plan.drop_percent / 100.0):
        return Health.WARNING, say("{size:bytes}, usual {usual:bytes}", size=found["size"], usual=usual), LOSS
    if found["count"] < plan.minimum_copies:
        return (
            Health.WARNING,
            say("{n:number} of {least:number} kept", n=found["count"], least=plan.minimum_copies),
            LOSS,
        )
    if found["free"] < found["size"]:
        return Health.WARNING, say("no room for another"), LOSS
    return None


def _judge_copy(reading: Reading, target: BackupsTarget, now: datetime) -> Judgement:
    """A second folder that is absent is a warning: the disk may be in the safe."""
    threshold = say("on another disk, not older than {age:duration}", age=target.copy_age_s)
    if reading.failure is not None:
        judged = judge_failure(reading.failure, means=COPY_MEANS)
        health = Health.WARNING if judged.health is Health.CRITICAL else judged.health
        return replace(judged, health=health, threshold=threshold)
    values = reading.values
    health, evidence = Health.WARNING, SILENCE
    if not values["count"]:
        evidence = say("no second copy")
    elif values["same_disk"]:
        evidence = say("on the same disk")
    elif values["compared"] == "differs":
        evidence = say("size differs")
    elif (age := (now - values["taken_at"]).total_seconds()) > target.copy_age_s:
        evidence = say("{age:duration} old", age=age)
    else:
        health, evidence = (
            Health.OK,
            say("{at:when}  {size:bytes}  L0", at=values["taken_at"], size=values["size"]),
        )
    return Judgement(
        health=health,
        evidence=evidence,
        detail=(
            say("{n:number} backups there", n=values["count"]),
            say("sizes were compared, the content was not read"),
            say("{free:bytes} of {total:bytes} free on its disk", free=values["free"], total=values["total"]),
        ),
        means=COPY_MEANS if health.is_trouble else L0,
        threshold=threshold,
    )


def _usual(found: Mapping[str, Any]) -> int:
    """Median of the sizes before in bytes, 0 when there are too few."""
    sizes = found["sizes_before"]
    return int(median(sizes)) if len(sizes) >= TREND_NEEDS else 0


def _since(plan: BackupSet, zone: tzinfo) -> datetime | None:
    try:
        return datetime.fromisoformat(plan.since).replace(tzinfo=zone) if plan.since else None
    except ValueError:
        return None


def _threshold(plan: BackupSet) -> Phrase:
    due = {
        "week": say("due every week at {at}", at=plan.at),
        "month": say("due every month at {at}", at=plan.at),
        "year": say("due every year at {at}", at=plan.at),
    }.get(plan.every, say("due every day at {at}", at=plan.at))
    return due.also(
        say("late after {grace:duration}", grace=plan.grace_s),
        say("critical when two are missed"),
        say("at least {least:bytes}", least=plan.minimum_bytes),
        say("not {drop:percent} below the usual size", drop=plan.drop_percent),
    )


def _detail(plan: BackupSet, found: Mapping[str, Any], now: datetime, zone: tzinfo) -> tuple[Phrase, ...]:
    lines = [
        say("newest {name}, {size:bytes}", name=found["name"], size=found["size"]),
        say("level {level}", level=found["level"]).also(L1 if found["level"] == "L1" else L0),
        say("{n:number} kept", n=found["count"]),
        say(
            "last due {last:when}, next {next:when}",
            last=last_due(plan, now, zone),
            next=next_due(plan, now, zone),
        ),
    ]
    if found["state"] in ("checking", "waiting"):
        lines.append(say("reading it against its checksum: {done:percent}", done=found["percent"]))
    if found["state"] == "unfamiliar":
        lines.append(say("a format newer than this program knows"))
    if found["good_at"] and found["good_at"] != found["taken_at"]:
        lines.append(say("last one not known to be bad: {at:when}", at=found["good_at"]))
    if (usual := _usual(found)) > 0:
        lines.append(say("usual size {usual:bytes}", usual=usual))
    if not found["dated"]:
        lines.append(say("its name has no date: the time is that of the file"))
    lines += [say("in clear on disk: {name}", name=name) for name in found["clear"]]
    lines += [say("damaged: {name}", name=name) for name in found["damaged"]]
    lines += [say("dated after today: {name}", name=name) for name in found["future"]]
    lines += [say("being written: {name}", name=name) for name in found["writing"]]
    return (*lines, say("{free:bytes} free on its disk", free=found["free"]))
