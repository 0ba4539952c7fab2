"""The verdict on the devices that MedFlow knows, and on each of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from medflow_tui.model.health import Cause, Health, Judgement, Reading
from medflow_tui.model.targets.devices import Device, DevicesTarget
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.hours import is_late
from medflow_tui.rules.judging.context import Context

MEANS = say("examinations of this device do not arrive in the patients' files")
AHEAD_S = 600.0

Finding = tuple[Health, Phrase]


def judge(reading: Reading, target: DevicesTarget, context: Context) -> Judgement:
    """The collection as a whole, or one device by the name of the reading.

    MongoDB's own row says what is wrong with it, so that here the devices are only unknown.
    """
    name = reading.target.removeprefix(target.name).removeprefix("/")
    if reading.failure is not None:
        text = reading.failure.text
        if name and reading.failure.cause is Cause.ABSENT:
            detail = say("the site file names it, the devices of MedFlow do not")
            return Judgement(health=Health.WARNING, evidence=text, detail=(detail,), means=MEANS)
        return Judgement(health=Health.UNKNOWN, evidence=say("mongodb unreadable"), detail=(text,))
    return _judge_device(reading, name, target, context) if name else _judge_all(reading)


def _judge_all(reading: Reading) -> Judgement:
    values = reading.values
    detail = (say("{n:number} more work without import", n=values["by_hand"]),) if values["by_hand"] else ()
    if not values["complete"]:
        return Judgement(health=Health.UNKNOWN, evidence=say("read in part"), detail=detail)
    if not values["devices"]:
        return Judgement(health=Health.UNKNOWN, evidence=say("no device found"), detail=detail)
    evidence = say("{n:number} devices known", n=values["devices"])
    return Judgement(health=Health.OK, evidence=evidence, detail=detail, figure=float(values["devices"]))


def _judge_device(reading: Reading, name: str, target: DevicesTarget, context: Context) -> Judgement:
    values = reading.values
    due = _due(name, target)
    health, evidence = _stated(values, target) or _aged(values, due, context)
    return Judgement(
        health=health,
        evidence=evidence,
        detail=_detail(values),
        means=MEANS if health.is_trouble else SILENCE,
        threshold=_threshold(values, due),
        limit=say("max {time:duration}", time=due) if due else SILENCE,
        figure=_age(values["last_sync"], context),
        form="duration",
    )


def _threshold(values: Any, due: float) -> Phrase:
    if not due:
        return say("the age of imports is not judged")
    every = say("an import every {due:duration}", due=due)
    return every.also(say("only hours of work count")) if values.get("hours") else every


def _due(name: str, target: DevicesTarget) -> float:
    own = next((each for each in target.device if each.id == name), Device(id=name))
    return own.every_s or target.expected_every_s


def _stated(values: Any, target: DevicesTarget) -> Finding | None:
    """What MedFlow says of it, the worst of three fields that do not know of each other."""
    if values["current"] == "maintenance":
        return Health.MAINTENANCE, say("in maintenance")
    if values["errors"] >= target.errors_warning:
        return Health.WARNING, say("error: {n:number} in a row", n=values["errors"])
    if "error" in (values["integration"], values["current"]):
        return Health.WARNING, say("marked as error")
    if values["integration"] == "disconnected":
        return Health.WARNING, say("disconnected")
    if values["current"] == "offline":
        return Health.WARNING, say("offline")
    if values["last_sync_status"] == "failed":
        return Health.WARNING, say("last import failed")
    return None


def _aged(values: Any, due: float, context: Context) -> Finding:
    age = _age(values["last_sync"], context)
    if age is None:
        if values["shape"] == "flat":
            return Health.UNKNOWN, say("no import recorded")
        return Health.WARNING, say("never imported")
    if age < -AHEAD_S:
        return Health.UNKNOWN, say("dated ahead of now")
    age = max(0.0, age)
    last = datetime.fromisoformat(values["last_sync"])
    if due and is_late(values.get("hours"), values.get("zone", "UTC"), last, due, context.now):
        return Health.WARNING, say("{age:duration} old, due {due:duration}", age=age, due=due)
    if values["last_sync_status"] == "partial":
        return Health.WARNING, say("imported in part")
    return Health.OK, say("{age:duration} old", age=age)


def _age(text: str | None, context: Context) -> float | None:
    """Seconds since a moment; negative when it is ahead of now."""
    return (context.now - datetime.fromisoformat(text)).total_seconds() if text else None


def _detail(values: Any) -> tuple[Phrase, ...]:
    fields = (
        (say("import: {state}", state=values["integration"]), values["integration"]),
        (say("last import: {state}", state=values["last_sync_status"]), values["last_sync_status"]),
        (say("device: {state}", state=values["current"]), values["current"]),
    )
    lines = [phrase for phrase, value in fields if value]
    if values["last_sync"]:
        lines.append(say("last import at {at:when}", at=datetime.fromisoformat(values["last_sync"])))
    if values["last_seen"]:
        lines.append(
            say("seen at {at:when}, which proves no import", at=datetime.fromisoformat(values["last_seen"]))
        )
    if values["errors"]:
        lines.append(say("{n:number} errors in a row", n=values["errors"]))
    if values["files_failed"]:
        lines.append(say("{n:number} files failed so far", n=values["files_failed"]))
    if values["shape"] == "flat":
        lines.append(say("an old record: a script wrote it in another form"))
    return tuple(lines)
