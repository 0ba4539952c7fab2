"""The verdict on MedFlow's HTTP services: readiness decides, being alive proves little."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from enum import Enum

from medflow_tui.model.health import Cause, Health, Judgement, Reading
from medflow_tui.model.targets.http import BACKEND, CENTRAL, FACE, FRONT, OCR, HttpTarget
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.alerts import rank
from medflow_tui.rules.judging.context import Context
from medflow_tui.rules.judging.failure import DOWN, judge_failure

MB = 1024 * 1024
OLD = timedelta(minutes=10)

NO_DATABASE = say("records cannot be opened or saved")
NO_REDIS = say("imports of medical images wait; caches and log-in limits fall back to memory")
GAVE_UP = say("works without Redis until the backend is restarted")
UNTOLD = say("whether the backend uses Redis cannot be told: Redis 7.2 or newer names its clients")
MEANS_DOWN = {
    BACKEND: say("nobody can work with MedFlow"),
    CENTRAL: say("clinics cannot exchange their changes; each goes on by itself"),
    OCR: say("scanned documents are not read"),
    FACE: say("patients are not recognised by their face; search by name works"),
    FRONT: say("the pages of MedFlow do not open in a browser"),
}

Finding = tuple[Health, Phrase, Phrase]  # verdict, evidence, means


class Link(Enum):
    """What is known of the backend's connection to Redis."""

    NOT_WATCHED = "not watched"
    CONNECTED = "connected"
    DOWN = "down"
    GAVE_UP = "gave up"
    UNTOLD = "untold"


def judge(reading: Reading, target: HttpTarget, context: Context) -> Judgement:
    """The worst of what was found; the rest of it stands in the detail."""
    means = MEANS_DOWN.get(target.role, SILENCE)
    if reading.failure is not None:
        return judge_failure(reading.failure, means=means)
    rules = {BACKEND: _backend, CENTRAL: _central, OCR: _ocr, FACE: _face, FRONT: _front}
    found = [*rules.get(target.role, _front)(reading, target, context), *_slow(reading, target)]
    found.sort(key=lambda each: rank(each[0]))
    health, evidence, what = found[0]
    others = tuple(phrase for verdict, phrase, _ in found[1:] if verdict.is_trouble)
    return Judgement(
        health=health,
        evidence=evidence,
        detail=(*others, *_detail(reading, target)),
        means=what if health.is_trouble else SILENCE,
        threshold=_threshold(target),
        limit=say("max {ms:ms}", ms=target.latency_warning_ms),
        figure=float(reading.values["ms"]),
        form="ms",
    )


def link_to_redis(reading: Reading, target: HttpTarget, context: Context) -> Link:
    """By Redis itself, which knows who is connected to it; the backend's own word counts only in the second shape.

    The published backend says "redis.ping is not a function" whether Redis is up or not.
    """
    if not target.redis:
        return Link.NOT_WATCHED
    other = context.readings.get(target.redis)
    if other is None or context.now - other.observed_at > OLD:
        return _by_its_word(reading)
    if other.failure is not None:
        return Link.DOWN if other.failure.cause in DOWN else _by_its_word(reading)
    if other.values.get("backend_clients"):
        return Link.CONNECTED
    return Link.GAVE_UP if other.values.get("backend_known") else _by_its_word(reading)


def _by_its_word(reading: Reading) -> Link:
    return {"ok": Link.CONNECTED, "error": Link.GAVE_UP}.get(
        str(reading.values.get("redis_said")), Link.UNTOLD
    )


def _backend(reading: Reading, target: HttpTarget, context: Context) -> Iterator[Finding]:
    values, ready = reading.values, reading.values["ready"]
    yield from _database(reading, target, context)
    if ready == "yes":
        yield Health.OK, say("ready in {ms:ms}", ms=values["ms"]), SILENCE
        match link_to_redis(reading, target, context):
            case Link.DOWN:
                yield Health.WARNING, say("ready, no redis"), NO_REDIS
            case Link.GAVE_UP:
                yield Health.WARNING, say("gave up on redis"), GAVE_UP
            case Link.UNTOLD:
                yield Health.UNKNOWN, say("ready, redis unknown"), UNTOLD
    if values["troubles"]:
        names = ", ".join(values["troubles"])
        yield Health.WARNING, say("its checks fail: {names}", names=names), SILENCE
    if values["requests"] is not None and values["requests"] >= target.error_min_requests:
        share = 100.0 * values["failed"] / values["requests"]
        if share >= target.error_warning_percent:
            health = Health.CRITICAL if share >= target.error_critical_percent else Health.WARNING
            yield (
                health,
                say("{share:percent} of requests fail", share=share),
                say("some pages show an error"),
            )
    if values["memory_bytes"] >= target.memory_warning_mb * MB:
        means = say(
            "the service manager restarts it at its memory limit; people are cut off for half a minute"
        )
        yield Health.WARNING, say("uses {memory:bytes}", memory=values["memory_bytes"]), means


def _database(reading: Reading, target: HttpTarget, context: Context) -> Iterator[Finding]:
    """Not ready is critical; alive without a word on readiness is never good news."""
    values, ready = reading.values, reading.values["ready"]
    if ready == "no":
        yield Health.CRITICAL, _not_ready(str(values["database_state"])), NO_DATABASE
    elif ready == "silent":
        yield Health.CRITICAL, say("alive, its database silent"), NO_DATABASE
    elif ready != "yes":
        yield Health.UNKNOWN, say("alive, readiness unknown"), SILENCE
    if ready != "no" and values["database"] == "error":
        yield Health.CRITICAL, say("its database check fails"), NO_DATABASE
    other = context.readings.get(target.mongodb) if target.mongodb else None
    if (
        ready == "yes"
        and other is not None
        and other.failure is not None
        and context.now - other.observed_at <= OLD
    ):
        if other.failure.cause is Cause.SILENT:
            yield Health.CRITICAL, say("database answers nothing"), NO_DATABASE
        elif other.failure.cause in DOWN:
            yield Health.WARNING, say("ready, database not seen"), NO_DATABASE


def _not_ready(state: str) -> Phrase:
    match state:
        case "connecting":
            return say("database connecting")
        case "disconnected" | "disconnecting":
            return say("database disconnected")
    return say("not ready")


def _central(reading: Reading, target: HttpTarget, context: Context) -> Iterator[Finding]:
    """Its /health is 200 with its database gone as well: the field in it decides."""
    values = reading.values
    match values["mongodb"]:
        case "ok":
            online, clinics = values["clinics_online"], values["clinics"]
            if values["dashboard"] == "read":
                yield (
                    Health.OK,
                    say("{online:number} of {clinics:number} seen", online=online, clinics=clinics),
                    SILENCE,
                )
            else:
                yield Health.OK, say("ready in {ms:ms}", ms=values["ms"]), SILENCE
        case "error":
            yield Health.CRITICAL, say("database disconnected"), MEANS_DOWN[CENTRAL]
        case _:
            yield Health.UNKNOWN, say("alive, database unknown"), SILENCE
    if values["dashboard"] == "unknown":
        yield (
            Health.WARNING,
            say("dashboard cannot be read"),
            say("when the clinics were last seen is not known"),
        )


def _ocr(reading: Reading, target: HttpTarget, context: Context) -> Iterator[Finding]:
    """`ocr_ready` is a constant there and says nothing; without Redis it gets no work."""
    values = reading.values
    if values["status"] not in ("healthy", "ok", "degraded"):
        yield Health.UNKNOWN, say("alive, says {status}", status=values["status"] or "?"), SILENCE
    else:
        yield Health.OK, say("healthy in {ms:ms}", ms=values["ms"]), SILENCE
    if values["redis"] == "error":
        yield Health.WARNING, say("alive, no redis"), MEANS_DOWN[OCR]
    if values["shares_missing"]:
        missing, shares = len(values["shares_missing"]), values["shares"]
        text = say("{missing:number} of {shares:number} shares off", missing=missing, shares=shares)
        yield Health.WARNING, text, say("documents on these shares are not read")
    if values["status"] == "degraded":
        yield Health.WARNING, say("says degraded"), MEANS_DOWN[OCR]


def _face(reading: Reading, target: HttpTarget, context: Context) -> Iterator[Finding]:
    status = reading.values["status"]
    if status in ("healthy", "ok"):
        yield Health.OK, say("healthy in {ms:ms}", ms=reading.values["ms"]), SILENCE
    else:
        yield Health.WARNING, say("alive, says {status}", status=status or "?"), MEANS_DOWN[FACE]


def _front(reading: Reading, target: HttpTarget, context: Context) -> Iterator[Finding]:
    yield Health.OK, say("page in {ms:ms}", ms=reading.values["ms"]), SILENCE


def _slow(reading: Reading, target: HttpTarget) -> Iterator[Finding]:
    if reading.values["ms"] >= target.latency_warning_ms:
        yield Health.WARNING, say("slow: {ms:ms}", ms=reading.values["ms"]), say("pages open slowly")


def _threshold(target: HttpTarget) -> Phrase:
    slow = say("slow from {ms:ms}", ms=target.latency_warning_ms)
    if target.role != BACKEND:
        return slow
    return slow.also(
        say("memory from {memory:bytes}", memory=target.memory_warning_mb * MB),
        say("failed requests from {share:percent}", share=target.error_warning_percent),
    )


def _detail(reading: Reading, target: HttpTarget) -> tuple[Phrase, ...]:
    values = reading.values
    match target.role:
        case role if role == BACKEND:
            return tuple(_backend_detail(reading, target))
        case role if role == OCR:
            return tuple(say("share not there: {name}", name=name) for name in values["shares_missing"])
        case role if role == FRONT:
            return (say("served by {server:word}", server=values["served_by"]),)
    return (say("version {version}", version=values["version"]),) if values.get("version") else ()


def _backend_detail(reading: Reading, target: HttpTarget) -> Iterator[Phrase]:
    values = reading.values
    if values["started_at"] is not None:
        yield say("started {at:when}", at=values["started_at"])
    if values["memory_bytes"]:
        limit = target.memory_limit_mb * MB
        yield say("memory {used:bytes} of {limit:bytes}", used=values["memory_bytes"], limit=limit)
    yield _requests(reading)
    match values["detailed"]:
        case "read":
            if values["shape"] == "head":
                yield say("its own checks read; its word on Redis is not believed")
            else:
                yield say("its own checks read")
        case "locked":
            yield say("its own checks need a health key: known by readiness only")
        case "no key":
            yield say("the health key cannot be read: known by readiness only")
        case "not asked":
            pass
        case _:
            yield say("its own checks could not be read")
    if values["connections"]:
        yield say("{n:number} connections to its database", n=values["connections"])
    window = target.api_window_s
    used, calls = values["api_used"], values["api_calls"]
    yield say(
        "{used:number} of {calls:number} calls used in {window:duration}",
        used=used,
        calls=calls,
        window=window,
    )


def _requests(reading: Reading) -> Phrase:
    values = reading.values
    if values["metrics"] != "read":
        return say("failed requests unknown: its metrics cannot be read")
    if values["requests"] is None:
        return say("failed requests: counted from the second look on")
    return say(
        "{failed:number} of {requests:number} requests failed in {window:duration}",
        failed=values["failed"],
        requests=values["requests"],
        window=values["window_s"],
    )
