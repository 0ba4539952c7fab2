"""The verdict on one reading: one file per kind of target, one function `judge` in each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from medflow_tui.model.health import Judgement, Reading
from medflow_tui.rules.judging import (
    backups,
    clinics,
    devices,
    host,
    http,
    isolation,
    log,
    mongodb,
    payments,
    port,
    process,
    queue,
    redis,
    share,
    uplink,
)
from medflow_tui.rules.judging.context import Context
from medflow_tui.rules.judging.failure import judge_failure

Judge = Callable[[Reading, Any, Context], Judgement]

JUDGES: dict[str, Judge] = {
    "backups": backups.judge,
    "http": http.judge,
    "payments": payments.judge,
    "mongodb": mongodb.judge,
    "isolation": isolation.judge,
    "redis": redis.judge,
    "queue": queue.judge,
    "devices": devices.judge,
    "share": share.judge,
    "clinics": clinics.judge,
    "host": host.judge,
    "port": port.judge,
    "process": process.judge,
    "uplink": uplink.judge,
    "log": log.judge,
}


def judge(reading: Reading, target: Any, context: Context) -> Judgement:
    """The judgement on a reading; a failure is judged alike for every kind unless the kind's own rule takes it."""
    return JUDGES[reading.kind](reading, target, context)


__all__ = ["JUDGES", "Context", "Judge", "judge", "judge_failure"]
