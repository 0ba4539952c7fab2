"""The verdict on one SMB share of a device."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from medflow_tui.model.health import Cause, Failure, Health, Judgement, Reading
from medflow_tui.model.targets.share import ShareTarget
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.hours import is_late
from medflow_tui.rules.judging.context import Context
from medflow_tui.rules.judging.failure import judge_failure

MEANS = say("images of this device do not arrive in the patients' files")
ENOUGH_CONNECTS = 5


def judge(reading: Reading, target: ShareTarget, context: Context) -> Judgement:
    """Critical when host, share or mounted folder do not answer; a warning when files are late or the line loses.

    A listing that was cut short proves only that there is a file at least as new; an old one is then unknown.
    """
    if reading.failure is not None:
        return _unread(reading.failure)
    found = _way(reading, target) or _age(reading, target, context) or _line(reading, target)
    health, evidence = found or (Health.OK, _in_order(reading, context))
    return Judgement(
        health=health,
        evidence=evidence,
        detail=_detail(reading),
        means=MEANS if health.is_trouble else SILENCE,
        threshold=_threshold(reading, target),
        limit=say("max {time:duration}", time=target.expected_every_s)
        if target.expected_every_s
        else SILENCE,
        figure=_old(reading, context),
        form="duration",
    )


Finding = tuple[Health, Phrase]


def _unread(failure: Failure) -> Judgement:
    judgement = judge_failure(failure, means=MEANS)
    if failure.cause is Cause.UNREACHABLE:
        return replace(judgement, evidence=say("host does not answer"), detail=(failure.text,))
    if failure.cause is Cause.DENIED:
        return replace(
            judgement, detail=(say("a named user is tried once an hour: more could lock the account"),)
        )
    return judgement


def _way(reading: Reading, target: ShareTarget) -> Finding | None:
    """What stands between the files and the backend: the share itself, then the folder where it is mounted."""
    values = reading.values
    if values["share"] == "no folder":
        return Health.CRITICAL, say("folder not in share")
    if values["share"] not in ("answers", "none"):
        return Health.CRITICAL, say("host answers, share does not")
    is_local = not target.address
    match values["mount"]:
        case "stale":
            return Health.CRITICAL, say("folder is silent") if is_local else say("stale mount")
        case "absent":
            return Health.CRITICAL, say("no such folder") if is_local else say("not mounted")
        case "forbidden":
            return Health.UNKNOWN, say("may not be read")
        case "empty" if not is_local and values.get("files"):
            return Health.WARNING, say("mount is empty")
    return None


def _age(reading: Reading, target: ShareTarget, context: Context) -> Finding | None:
    values, due = reading.values, target.expected_every_s
    if not due:
        return None
    age, complete = _old(reading, context), values.get("complete")
    if age is None:
        if not complete:
            return Health.UNKNOWN, say("seen in part")
        if values["ahead"]:
            return Health.UNKNOWN, say("dated ahead of now")
        return Health.WARNING, say("no file in it")
    newest = datetime.fromisoformat(values["newest"])
    if not is_late(values.get("hours"), values.get("zone", "UTC"), newest, due, context.now):
        return None
    if not complete:
        return Health.UNKNOWN, say("{age:duration} old, in part", age=age)
    return Health.WARNING, say("{age:duration} old, due {due:duration}", age=age, due=due)


def _line(reading: Reading, target: ShareTarget) -> Finding | None:
    values = reading.values
    if values.get("connects", 0) < ENOUGH_CONNECTS or values["loss"] <= target.loss_warning_percent:
        return None
    return Health.WARNING, say("loss {loss:percent} {rtt:ms}", loss=values["loss"], rtt=values["rtt_ms"])


def _in_order(reading: Reading, context: Context) -> Phrase:
    age = _old(reading, context)
    return say("answers, no file") if age is None else say("{age:duration} old", age=age)


def _old(reading: Reading, context: Context) -> float | None:
    """Seconds since the newest file was written, never negative."""
    newest = reading.values.get("newest")
    if not newest:
        return None
    return max(0.0, (context.now - datetime.fromisoformat(newest)).total_seconds())


def _threshold(reading: Reading, target: ShareTarget) -> Phrase:
    if not target.expected_every_s:
        return say("the age of its files is not judged")
    every = say("a new file every {due:duration}", due=target.expected_every_s)
    return every.also(say("only hours of work count")) if reading.values.get("hours") else every


def _detail(reading: Reading) -> tuple[Phrase, ...]:
    values = reading.values
    lines: list[Phrase] = []
    if values.get("why"):
        lines.append(values["why"])
    if values.get("connects"):
        lines.append(
            say("loss {loss:percent} of {n:number} connections", loss=values["loss"], n=values["connects"])
        )
        lines.append(say("round trip {rtt:ms}", rtt=values["rtt_ms"]))
    if values.get("newest"):
        lines.append(say("newest file of {at:when}", at=datetime.fromisoformat(values["newest"])))
    if "files" in values:
        lines.append(say("{n:number} files seen", n=values["files"]))
    if values.get("complete") is False:
        lines.append(say("looked at in part: there may be newer ones"))
    if values["ahead"]:
        lines.append(
            say("{n:number} files are dated ahead: is the clock of the device right?", n=values["ahead"])
        )
    if values["mount"] == "stale":
        lines.append(say("the mounted folder does not answer: unmount it by force and mount it again"))
    return tuple(lines)
