"""The verdict on the device sync queue, on its worker, and on the call that tells about it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from medflow_tui.model.health import Cause, Failure, Health, Judgement, Reading
from medflow_tui.model.targets.queue import QueueTarget
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.judging.context import Context
from medflow_tui.rules.judging.failure import judge_failure

MEANS = say("new images wait outside the patients' files, and are lost after 24 h")
MEANS_WORKER = say("nobody takes new images into the patients' files")

CLOCKS_APART = timedelta(minutes=5)

Finding = tuple[Health, Phrase]


def judge(reading: Reading, target: QueueTarget, context: Context) -> Judgement:
    """The queue itself, `…/worker` or `…/api`, by the name of the reading."""
    match reading.target.removeprefix(target.name):
        case "/worker":
            return _judge_worker(reading, target, context)
        case "/api":
            return _judge_call(reading)
    return _judge_queue(reading, target, context)


def _judge_queue(reading: Reading, target: QueueTarget, context: Context) -> Judgement:
    """Waiting without a worker is critical; lost, failed, expiring or forgotten jobs are a warning.

    Good only when every list and every record was seen, and each job that waits says since when.
    """
    if reading.failure is not None:
        return Judgement(
            health=Health.UNKNOWN,
            evidence=say("cannot be read"),
            detail=(reading.failure.text,),
            means=MEANS,
        )
    health, evidence = _worst(reading.values, target, context) or _rest(reading.values)
    return Judgement(
        health=health,
        evidence=evidence,
        detail=_detail(reading.values),
        means=MEANS if health.is_trouble else SILENCE,
        threshold=_threshold(target),
        limit=say("max {time:duration}", time=target.stuck_after_s),
        figure=float(reading.values["waiting"]),
    )


def _worst(values: Any, target: QueueTarget, context: Context) -> Finding | None:
    oldest = _moment(values["oldest_at"])
    if values["waiting"] and values["worker"] in ("none", "no redis"):
        if oldest is None:
            return Health.CRITICAL, say("no worker, jobs wait")
        return Health.CRITICAL, say("no worker, jobs wait since {at:when}", at=oldest)
    if values["lost"]:
        return Health.WARNING, say("{n:number} jobs lost", n=values["lost"])
    if values["gone"]:
        return Health.WARNING, say("{n:number} jobs expired", n=values["gone"])
    rest = values["expires_in_s"]
    if rest is not None and rest <= target.expiry_warning_s:
        return Health.WARNING, say("lost in {rest:duration}", rest=rest)
    if _is_stuck(values, target, context):
        return Health.WARNING, say("jobs wait since {at:when}", at=oldest)
    if values["waiting"] and oldest is not None and oldest - context.now > CLOCKS_APART:
        return Health.UNKNOWN, say("clocks disagree")
    if values["failed"] >= target.failed_warning:
        return Health.WARNING, say("{n:number} failed", n=values["failed"])
    return None


def _rest(values: Any) -> Finding:
    if not values["complete"]:
        return Health.UNKNOWN, say("read in part")
    if values.get("undated"):
        return Health.UNKNOWN, say("{n:number} wait, no date", n=values["waiting"])
    if values["waiting"]:
        return Health.OK, say("{n:number} wait", n=values["waiting"])
    return Health.OK, say("nothing waits")


def _judge_worker(reading: Reading, target: QueueTarget, context: Context) -> Judgement:
    """By the backend's own word; without it, by what only a worker can have done, or has not done for too long."""
    if reading.failure is not None:
        return Judgement(
            health=Health.UNKNOWN,
            evidence=say("redis unreadable"),
            detail=(reading.failure.text,),
            means=MEANS_WORKER,
        )
    values = reading.values
    told = values["api"] == "answers"
    health, evidence = _told(values, target, context) if told else _shown(values, target, context)
    detail = [values["why"]] if "why" in values else []
    if told:
        detail.append(say("{n:number} jobs done since its start", n=values["processed"]))
        detail.append(say("{n:number} in hand", n=values["active"]))
    if values.get("worked_at"):
        detail.append(say("last work seen at {at:when}", at=_moment(values["worked_at"])))
    return Judgement(
        health=health,
        evidence=evidence,
        detail=tuple(detail),
        means=MEANS_WORKER if health.is_trouble else SILENCE,
        threshold=say("a waiting job is taken within {limit:duration}", limit=target.stuck_after_s),
    )


def _told(values: Any, target: QueueTarget, context: Context) -> Finding:
    if not values["has_redis"]:
        return Health.WARNING, say("backend: no redis")
    started = _moment(values["started_at"])
    if started is None:
        return Health.WARNING, say("no worker")
    if values["redis"] and not values["active"] and _is_stuck(values, target, context):
        return Health.WARNING, say("jobs wait since {at:when}", at=_moment(values["oldest_at"]))
    return Health.OK, say("on since {at:when}", at=started)


def _shown(values: Any, target: QueueTarget, context: Context) -> Finding:
    if _is_stuck(values, target, context):
        return Health.WARNING, say("jobs wait since {at:when}", at=_moment(values["oldest_at"]))
    worked = _worked(values, context)
    if worked is not None and (context.now - worked).total_seconds() <= target.stuck_after_s:
        return Health.OK, say("worked at {at:clock}", at=worked)
    return Health.UNKNOWN, values["why"] if "why" in values else say("no log-in given")


def _is_stuck(values: Any, target: QueueTarget, context: Context) -> bool:
    """True when the oldest job waits too long and nothing at all was done meanwhile."""
    oldest = _moment(values["oldest_at"])
    if not values["waiting"] or oldest is None:
        return False
    idle_since = max(filter(None, (oldest, _worked(values, context))))
    return (context.now - idle_since).total_seconds() > target.stuck_after_s


def _worked(values: Any, context: Context) -> datetime | None:
    """When work was last seen; a moment ahead of now is not believed, or a wrong clock would hide a worker that is gone."""
    worked = _moment(values["worked_at"])
    return None if worked is None or worked - context.now > CLOCKS_APART else worked


def _judge_call(reading: Reading) -> Judgement:
    """The backend's answer: what is wrong with the backend itself is the backend's own row, so here it is unknown."""
    failure = reading.failure
    if failure is None:
        return Judgement(health=Health.OK, evidence=say("answers"), figure=reading.latency_ms, form="ms")
    detail = [say("no further call before then")] if failure.cause is Cause.LIMITED else []
    if failure.cause is Cause.DENIED:
        detail.append(say("log-in is not tried again for a day, unless the password changes"))
    return Judgement(
        health=_unknown(failure), evidence=failure.text, detail=tuple(detail), means=MEANS_WORKER
    )


def _unknown(failure: Failure) -> Health:
    judged = judge_failure(failure).health
    return Health.UNKNOWN if judged is Health.CRITICAL else judged


def _threshold(target: QueueTarget) -> Phrase:
    return say(
        "warning {rest:duration} before a job expires, or when none is taken for {limit:duration}",
        rest=target.expiry_warning_s,
        limit=target.stuck_after_s,
    )


def _detail(values: Any) -> tuple[Phrase, ...]:
    lines = [
        say("priority {priority}: {n:number} wait", priority=str(priority), n=count)
        for priority, count in values["pending"].items()
        if count
    ]
    if values["delayed"]:
        due = _moment(values["delayed_due_at"])
        lines.append(say("{n:number} delayed, the first until {at:when}", n=values["delayed"], at=due))
    if values["oldest_at"]:
        lines.append(say("oldest made at {at:when}", at=_moment(values["oldest_at"])))
    if values["expires_in_s"] is not None:
        lines.append(say("the first to expire has {rest:duration} left", rest=values["expires_in_s"]))
    if values["gone"]:
        lines.append(say("{n:number} wait in vain: their records have expired", n=values["gone"]))
    if values["failed"]:
        lines.append(
            say(
                "{n:number} failed; of {seen:number} looked at, {gone:number} have expired and cannot be retried",
                n=values["failed"],
                seen=values["failed_seen"],
                gone=values["failed_gone"],
            )
        )
    if values["lost"]:
        lines.append(say("{n:number} lost: taken by a worker that ended, in no list", n=values["lost"]))
    if values["in_hand"]:
        lines.append(say("{n:number} taken and not yet finished", n=values["in_hand"]))
    lines.append(say("{n:number} done in the last 24 h", n=values["done"]))
    if values["worker"] == "no redis":
        lines.append(say("the backend works without Redis until it is restarted"))
    if not values["complete"]:
        lines.append(say("looked at in part: there are more jobs than the budget allows"))
    return tuple(lines)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
