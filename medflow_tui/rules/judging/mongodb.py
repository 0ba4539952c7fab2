"""The verdict on MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medflow_tui.model.health import Health, Judgement, Reading
from medflow_tui.model.targets.mongodb import MongodbTarget
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.judging.context import Context
from medflow_tui.rules.judging.failure import judge_failure

MEANS = say("nobody can log in, read or write a record")
MEANS_SLOW = say("screens open slowly; records are safe")
MEANS_MISSING = say("part of the records cannot be found: do not repair, call")
MEANS_INDEX = say("lists and searches get slower; records are safe")
MEANS_AUDIT = say("entries of the audit trail are deleted before the six years are over")
MEANS_SET = say("fewer copies of the records than planned")

SEVERITY = {Health.CRITICAL: 0, Health.WARNING: 1, Health.UNKNOWN: 2}
Finding = tuple[Health, Phrase, Phrase]


def judge(reading: Reading, target: MongodbTarget, context: Context) -> Judgement:
    """Down, without its collections, full, or without a primary is critical; the worst finding is the evidence.

    What the server does not tell is said in the detail and never counted as good or bad.
    """
    if reading.failure is not None:
        return judge_failure(reading.failure, means=MEANS)
    values = reading.values
    findings = sorted(
        [
            *_contents(values),
            *_replication(values, target),
            *_connections(values, target),
            *_indexes(values),
            *_slow(values, target),
        ],
        key=lambda each: SEVERITY[each[0]],
    )
    health, evidence, means = findings[0] if findings else (Health.OK, _calm(values), SILENCE)
    return Judgement(
        health=health,
        evidence=evidence,
        detail=(*(text for _, text, _ in findings[1:]), *_detail(values, target)),
        means=means,
        threshold=say(
            "connections: warning from {warning:percent}, critical from {critical:percent}",
            warning=target.connections_warning_percent,
            critical=target.connections_critical_percent,
        ),
        limit=say("max {share:percent}", share=target.connections_warning_percent),
        figure=None if values["connections"] is None else float(values["connections"]),
    )


def _calm(values: Mapping[str, Any]) -> Phrase:
    if values["connections"] is None:
        return say("answers")
    if values["connections_limit"] is None:
        return say("{n:number} connections", n=values["connections"])
    return say(
        "{n:number} of {limit:number} conn", n=values["connections"], limit=values["connections_limit"]
    )


def _contents(values: Mapping[str, Any]) -> list[Finding]:
    missing, empty = values["missing"], values["empty"]
    if not values["collections"]:
        return [(Health.CRITICAL, say("no such database"), MEANS_MISSING)]
    found: list[Finding] = []
    if len(missing) == 1:
        found.append((Health.CRITICAL, say("{name} is missing", name=missing[0]), MEANS_MISSING))
    elif missing:
        text = say("{n:number} collections missing", n=len(missing)).also(
            *(say("{name} is missing", name=each) for each in missing)
        )
        found.append((Health.CRITICAL, text, MEANS_MISSING))
    found += [(Health.WARNING, say("{name} is empty", name=each), MEANS_MISSING) for each in empty]
    return found


def _replication(values: Mapping[str, Any], target: MongodbTarget) -> list[Finding]:
    name, expected = values["set_name"], values["expected_set"]
    if values["role"] == "recovering":
        return [(Health.CRITICAL, say("not ready: recovering"), MEANS)]
    if target.expect_replica_set != "no" and expected and name != expected:
        text = say("not in replica set {name}", name=expected)
        return [(Health.CRITICAL, text, say("the backend, told the same address, cannot connect"))]
    if not name:
        if target.expect_replica_set == "yes":
            return [(Health.WARNING, say("not a replica set"), MEANS_SET)]
        return []
    members = values["members"]
    has_primary = values.get("has_primary", True)
    if members is not None:
        has_primary = any(each["state"] == "PRIMARY" for each in members)
    found: list[Finding] = []
    if not has_primary:
        found.append((Health.CRITICAL, say("no primary"), say("records can be read, nothing can be saved")))
    for each in members or ():
        found += _member(each, target)
    return found


def _member(member: Mapping[str, Any], target: MongodbTarget) -> list[Finding]:
    if not member["healthy"] or member["state"] not in ("PRIMARY", "SECONDARY", "ARBITER"):
        text = say("{name} is {state}", name=member["name"], state=member["state"])
        return [(Health.WARNING, text, MEANS_SET)]
    lag = member["lag_s"]
    if lag is None or lag < target.lag_warning_s:
        return []
    health = Health.CRITICAL if lag >= target.lag_critical_s else Health.WARNING
    return [
        (
            health,
            say("late by {lag:duration}", lag=lag).also(say("member {name}", name=member["name"])),
            MEANS_SET,
        )
    ]


def _connections(values: Mapping[str, Any], target: MongodbTarget) -> list[Finding]:
    current, limit = values["connections"], values["connections_limit"]
    if current is None or not limit:
        return []
    share = 100.0 * current / limit
    if share < target.connections_warning_percent:
        return []
    health = Health.CRITICAL if share >= target.connections_critical_percent else Health.WARNING
    return [(health, _calm(values), say("soon nobody can connect any more"))]


def _indexes(values: Mapping[str, Any]) -> list[Finding]:
    found: list[Finding] = []
    for each in values["expiries"]:
        kept, name = each["found_s"], each["collection"]
        if kept is None:
            text = say("{name}: never deleted", name=name)
            found.append(
                (Health.WARNING, text, say("the collection grows for ever: its time index is missing"))
            )
        elif kept < each["wanted_s"]:
            found.append(
                (Health.CRITICAL, say("{name}: kept {kept:duration}", name=name, kept=kept), MEANS_AUDIT)
            )
        elif kept > each["wanted_s"]:
            text = say("{name}: kept {kept:duration}", name=name, kept=kept)
            found.append((Health.WARNING, text, say("entries are kept longer than planned")))
    lacking = values["indexes_missing"]
    if lacking:
        text = say("{n:number} indexes missing", n=len(lacking)).also(
            *(say("{index}", index=each) for each in lacking)
        )
        found.append((Health.WARNING, text, MEANS_INDEX))
    return found


def _slow(values: Mapping[str, Any], target: MongodbTarget) -> list[Finding]:
    count = values["slow"]
    if count is None or count < target.slow_warning:
        return []
    text = say("{n:number} slow operations", n=count).also(
        say("slowest {longest:ms}", longest=values["slow_max_ms"])
    )
    return [(Health.WARNING, text, MEANS_SLOW)]


def _detail(values: Mapping[str, Any], target: MongodbTarget) -> tuple[Phrase, ...]:
    lines = [
        say("version {version}", version=values["version"]),
        say("up for {uptime:duration}", uptime=values["uptime_s"])
        if values["uptime_s"] is not None
        else SILENCE,
        _connections_line(values),
        _set_line(values),
        *_member_lines(values),
        _profiler_line(values, target),
        _size_line(values),
    ]
    if values["unclean_at"] is not None:
        lines.append(
            say("was not shut down properly before {at:when}: counters may be wrong", at=values["unclean_at"])
        )
    return tuple(each for each in lines if each)


def _connections_line(values: Mapping[str, Any]) -> Phrase:
    if values["connections"] is None:
        return say("connections: not told")
    if values["connections_limit"] is None:
        return say("{n:number} connections, limit not told", n=values["connections"])
    refused = (
        say("{n:number} refused since its start", n=values["rejected"]) if values["rejected"] else SILENCE
    )
    return say(
        "{n:number} connections of {limit:number}", n=values["connections"], limit=values["connections_limit"]
    ).also(refused)


def _set_line(values: Mapping[str, Any]) -> Phrase:
    if not values["set_name"]:
        return say("standalone: no transactions, and clinics cannot follow changes")
    if values["members"] is None:
        return say("replica set {name}, members not told", name=values["set_name"])
    return say("replica set {name}, {n:number} members", name=values["set_name"], n=len(values["members"]))


def _member_lines(values: Mapping[str, Any]) -> tuple[Phrase, ...]:
    return tuple(
        say("{name}: {state}", name=each["name"], state=each["state"])
        if each["lag_s"] is None
        else say(
            "{name}: {state}, {lag:duration} behind",
            name=each["name"],
            state=each["state"],
            lag=each["lag_s"],
        )
        for each in values["members"] or ()
    )


def _profiler_line(values: Mapping[str, Any], target: MongodbTarget) -> Phrase:
    if values["profiler"] is None:
        return say("slow operations: not told")
    if values["profiler"] == 0:
        return say("slow operations: profiler off, so nobody counts them")
    if values["slow"] is None:
        return say("slow operations: not counted")
    return say(
        "operations over {limit:ms} in {window:duration}: {n:number}",
        limit=target.slow_ms,
        window=target.slow_window_s,
        n=values["slow"],
    )


def _size_line(values: Mapping[str, Any]) -> Phrase:
    if values["documents"] is None:
        return say("size: not told in time")
    return say(
        "{n:number} documents in {collections:number} collections, {size:bytes} on disk",
        n=values["documents"],
        collections=values["collections"],
        size=(values["storage_bytes"] or 0) + (values["index_bytes"] or 0),
    )
