"""The verdict on the machine and each of its parts."""

from __future__ import annotations

from datetime import timedelta

from medflow_tui.model.health import Health, Judgement, Reading
from medflow_tui.model.targets.host import HostTarget
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.judging.context import Context
from medflow_tui.rules.judging.failure import judge_failure

FULL_DISK = say("the database stops writing when the disk is full: nothing can be saved")
NO_MEMORY = say("programs are slow or are ended by the system")
SLOW = say("all programs answer slowly")
WRONG_TIME = say("appointments, log-ins and records carry a wrong time; second factors are refused")
POWER_ENDS = say("the server stops when the battery is empty, in 15 to 30 minutes as a rule")


def judge(reading: Reading, target: HostTarget, context: Context) -> Judgement:
    """Each part by its own limits. Figures that cannot be read, or are too old, are unknown: they say nothing."""
    part = reading.target.partition("/")[2]
    if reading.failure is not None:
        if part.startswith("disk "):
            return judge_failure(reading.failure, means=FULL_DISK)
        return Judgement(health=Health.UNKNOWN, evidence=reading.failure.text)
    if context.now - reading.observed_at > timedelta(seconds=target.figures_max_age_s):
        return Judgement(
            health=Health.UNKNOWN,
            evidence=say("figures of {at:when}", at=reading.observed_at),
            threshold=say("figures count for {age:duration}", age=target.figures_max_age_s),
        )
    match part:
        case "":
            return _host(reading)
        case "cpu":
            return _cpu(reading, target, context)
        case "memory":
            return _memory(reading, target)
        case "swap":
            return _swap(reading, target)
        case "clock":
            return _clock(reading, target)
        case "power":
            return _power(reading, target)
    return _disk(reading, target)


def _host(reading: Reading) -> Judgement:
    boot_at = reading.values["boot_at"]
    evidence = say("up since {at:when}", at=boot_at) if boot_at else say("figures read")
    note = (
        () if reading.values["power_known"] else (say("power unknown: no battery and no UPS is seen here"),)
    )
    return Judgement(health=Health.OK, evidence=evidence, detail=note)


def _cpu(reading: Reading, target: HostTarget, context: Context) -> Judgement:
    percent, since = reading.values["percent"], reading.values["busy_since"]
    busy = since is not None and (context.now - since).total_seconds() >= target.cpu_for_s
    evidence = say("{used:percent} in use", used=percent)
    if busy:
        evidence = say("{used:percent} since {at:when}", used=percent, at=since)
    return Judgement(
        health=Health.WARNING if busy else Health.OK,
        evidence=evidence,
        means=SLOW if busy else SILENCE,
        threshold=say(
            "warning from {limit:percent} for {time:duration}",
            limit=target.cpu_percent,
            time=target.cpu_for_s,
        ),
        limit=say("max {share:percent}", share=target.cpu_percent),
        figure=percent,
        form="percent",
    )


def _memory(reading: Reading, target: HostTarget) -> Judgement:
    used, total = reading.values["used"], reading.values["total"]
    percent = 100.0 * used / total
    return _judgement(
        _level(percent, target.memory_warning_percent, target.memory_critical_percent),
        say("{used:bytes} of {total:bytes}", used=used, total=total),
        NO_MEMORY,
        say(
            "warning from {warning:percent}, critical from {critical:percent}",
            warning=target.memory_warning_percent,
            critical=target.memory_critical_percent,
        ),
        percent,
        say("max {share:percent}", share=target.memory_warning_percent),
    )


def _swap(reading: Reading, target: HostTarget) -> Judgement:
    used, total = reading.values["used"], reading.values["total"]
    percent = 100.0 * used / total
    return _judgement(
        Health.WARNING if percent >= target.swap_warning_percent else Health.OK,
        say("{used:bytes} of {total:bytes}", used=used, total=total),
        NO_MEMORY,
        say("warning from {warning:percent}", warning=target.swap_warning_percent),
        percent,
        say("max {share:percent}", share=target.swap_warning_percent),
    )


def _disk(reading: Reading, target: HostTarget) -> Judgement:
    free, total = reading.values["free"], reading.values["total"]
    percent = 100.0 * free / total
    health = Health.OK
    if percent < target.disk_free_critical_percent:
        health = Health.CRITICAL
    elif percent < target.disk_free_warning_percent:
        health = Health.WARNING
    return _judgement(
        health,
        say("{free:bytes} free", free=free),
        FULL_DISK,
        say(
            "free: warning below {warning:percent}, critical below {critical:percent}",
            warning=target.disk_free_warning_percent,
            critical=target.disk_free_critical_percent,
        ),
        percent,
        say("min {share:percent}", share=target.disk_free_warning_percent),
    )


def _clock(reading: Reading, target: HostTarget) -> Judgement:
    threshold = say(
        "warning from {warning:duration} off, critical from {critical:duration}",
        warning=target.clock_warning_s,
        critical=target.clock_critical_s,
    )
    offset, kept = reading.values["offset_s"], reading.values["kept"]
    if offset is not None:
        health = _level(abs(offset), target.clock_warning_s, target.clock_critical_s)
        return _judgement(
            health,
            say("{off:number} s off", off=round(abs(offset), 1)),
            WRONG_TIME,
            threshold,
            abs(offset),
            say("max {time:duration}", time=target.clock_warning_s),
            "duration",
        )
    if kept is True:
        return Judgement(health=Health.OK, evidence=say("kept in time"), threshold=threshold)
    if kept is False:
        return Judgement(
            health=Health.WARNING,
            evidence=say("not kept in time"),
            means=WRONG_TIME,
            threshold=threshold,
            detail=(say("no time service keeps this clock; how far off it is, nothing here knows"),),
        )
    return Judgement(health=Health.UNKNOWN, evidence=say("nothing to compare"), threshold=threshold)


def _power(reading: Reading, target: HostTarget) -> Judgement:
    source, percent = reading.values["source"], reading.values["percent"]
    threshold = say(
        "warning on battery, critical below {limit:percent}", limit=target.battery_critical_percent
    )
    if source == "mains":
        return Judgement(health=Health.OK, evidence=say("mains"), threshold=threshold, figure=percent)
    if source != "battery":
        return Judgement(health=Health.UNKNOWN, evidence=say("power unknown"), threshold=threshold)
    if percent is None:
        return _judgement(Health.WARNING, say("on battery"), POWER_ENDS, threshold, None)
    health = Health.CRITICAL if percent < target.battery_critical_percent else Health.WARNING
    return _judgement(health, say("battery, {left:percent}", left=percent), POWER_ENDS, threshold, percent)


def _level(value: float, warning: float, critical: float) -> Health:
    if value >= critical:
        return Health.CRITICAL
    return Health.WARNING if value >= warning else Health.OK


def _judgement(
    health: Health,
    evidence: Phrase,
    means: Phrase,
    threshold: Phrase,
    figure: float | None,
    limit: Phrase = SILENCE,
    form: str = "percent",
) -> Judgement:
    return Judgement(
        health=health,
        evidence=evidence,
        means=means if health.is_trouble else SILENCE,
        threshold=threshold,
        limit=limit,
        figure=figure,
        form=form,
    )
