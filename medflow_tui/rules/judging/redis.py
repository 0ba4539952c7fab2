"""The verdict on Redis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medflow_tui.model.health import Health, Judgement, Reading
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.judging.context import Context
from medflow_tui.rules.judging.failure import judge_failure

MEANS = say("imports of medical images wait; caches and log-in limits fall back to memory")


def judge(reading: Reading, target: RedisTarget, context: Context) -> Judgement:
    """Down, full or refusing writes is critical; nearly full, evicting or without a valid save is a warning; else ok.

    Whether the backend is still connected is the backend's verdict, not this one's.
    """
    if reading.failure is not None:
        return judge_failure(reading.failure, means=MEANS)
    values = reading.values
    detail = _detail(reading)
    threshold = say(
        "memory: warning from {warning:percent}, critical from {critical:percent}",
        warning=target.memory_warning_percent,
        critical=target.memory_critical_percent,
    )
    health, evidence = Health.OK, say("{used:bytes} used", used=values["used_memory"])
    limit = values.get("maxmemory") or 0
    if limit:
        share = 100.0 * values["used_memory"] / limit
        evidence = say("{used:bytes} of {limit:bytes}", used=values["used_memory"], limit=limit)
        if share >= target.memory_critical_percent:
            health = Health.CRITICAL
        elif share >= target.memory_warning_percent:
            health = Health.WARNING
    if values.get("refuses_writes"):
        health, evidence = Health.CRITICAL, say("refuses writes")
    if health is Health.OK and values.get("loading"):
        health, evidence = Health.WARNING, say("loading its data")
    if health is Health.OK and values.get("evicted_keys"):
        health, evidence = Health.WARNING, say("{n:number} keys evicted", n=values["evicted_keys"])
    if health is Health.OK and values.get("save_failed"):
        health, evidence = Health.WARNING, say("cannot save to disk")
    return Judgement(
        health=health,
        evidence=evidence,
        detail=detail,
        means=MEANS if health.is_trouble else Phrase(text=""),
        threshold=threshold,
        limit=say("max {share:percent}", share=target.memory_warning_percent),
        figure=float(values["used_memory"]),
        form="bytes",
    )


def _connections(values: Mapping[str, Any]) -> Phrase:
    if values["clients"] is None:
        return say("connections: not told")
    return say(
        "{n:number} connections, {backend:number} of the backend",
        n=values["clients"],
        backend=values["backend_clients"],
    )


def _detail(reading: Reading) -> tuple[Phrase, ...]:
    values = reading.values
    lines = [
        say(
            "version {version}, up for {uptime:duration}",
            version=values["version"],
            uptime=values["uptime_s"],
        ),
        _connections(values),
        say("saved to disk: {persistence:word}", persistence=values["persistence"]),
    ]
    lines += [
        say("keys {prefix}: {n:number}", prefix=prefix, n=count)
        for prefix, count in values["keys"].items()
        if count
    ]
    if not values["keys_complete"]:
        lines.append(say("keys counted in part: stopped at {n:number}", n=values["keys_seen"]))
    return tuple(lines)
