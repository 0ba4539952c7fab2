"""The verdict on a log."""

from __future__ import annotations

from datetime import timedelta

from medflow_tui.model.health import Health, Judgement, Reading
from medflow_tui.model.targets.log import LogTarget
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.judging.context import Context
from medflow_tui.rules.logalarms import ALARMS, Alarm

CLOCKS_APART = timedelta(minutes=5)


def judge(reading: Reading, target: LogTarget, context: Context) -> Judgement:
    """What cannot be read is unknown, never critical: a log is a witness, not a service.

    A line that is known to mean something, many errors, or silence where the site expects none is a warning.
    """
    if reading.failure is not None:
        return Judgement(
            health=Health.UNKNOWN,
            evidence=reading.failure.text,
            means=say("what this service says of itself is not seen here"),
        )
    values = reading.values
    threshold = say("errors: warning from {n:number} a minute", n=round(target.errors_warning_per_min, 1))
    found = tuple(each for each in ALARMS if each.name in values["alarms"])
    health, evidence, means = Health.OK, _calm(reading, target), SILENCE
    quiet_s = _quiet_s(reading, context)
    if found:
        health, evidence, means = Health.WARNING, found[0].says, found[0].means
    elif values["errors_per_min"] >= target.errors_warning_per_min:
        health, evidence = (
            Health.WARNING,
            say("{n:number} errors a minute", n=round(values["errors_per_min"])),
        )
        means = say("something fails again and again, and the log grows quickly")
    elif target.quiet_warning_s and quiet_s is None:
        health, evidence = Health.UNKNOWN, say("dated ahead of now")
    elif target.quiet_warning_s and quiet_s is not None and quiet_s > target.quiet_warning_s:
        health, evidence = Health.WARNING, say("silent for {age:duration}", age=round(quiet_s))
        means = say("the service may have stopped, or writes elsewhere")
    elif values.get("files_unread"):
        health, evidence = Health.UNKNOWN, say("{n:number} files not read", n=values["files_unread"])
    return Judgement(
        health=health,
        evidence=evidence,
        detail=_detail(reading, target, found),
        means=means,
        threshold=threshold,
        figure=float(values["errors_per_min"]),
    )


def _calm(reading: Reading, target: LogTarget) -> Phrase:
    errors = reading.values["errors"]
    if errors:
        return say("{n:number} errors in {window:duration}", n=errors, window=round(target.window_s))
    return say("no error in {window:duration}", window=round(target.window_s))


def _quiet_s(reading: Reading, context: Context) -> float | None:
    """Seconds since the last line; by the file when its lines have no time that can be. None when neither has."""
    told = (reading.values["last_at"], reading.values["written_at"])
    at = next((each for each in told if each is not None and each - context.now <= CLOCKS_APART), None)
    return (context.now - at).total_seconds() if at is not None else None


def _detail(reading: Reading, target: LogTarget, found: tuple[Alarm, ...]) -> tuple[Phrase, ...]:
    values = reading.values
    lines = [
        each.says.also(say("{n:number} times", n=values["alarms"][each.name]), each.means) for each in found
    ]
    if values["last_at"] is not None:
        lines.append(say("last line at {at:when}", at=values["last_at"]))
    lines += [
        say(
            "{errors:number} errors and {warnings:number} warnings in {window:duration}",
            errors=values["errors"],
            warnings=values["warnings"],
            window=round(target.window_s),
        ),
        say("{size:bytes} on disk", size=values["size"]),
    ]
    if values["covered_s"] < target.window_s:
        lines.append(
            say(
                "only the last {covered:duration} were read, there are too many lines",
                covered=round(values["covered_s"]),
            )
        )
    return tuple(lines)
