"""The verdict on a process by its service manager."""

from __future__ import annotations

from medflow_tui.model.health import Health, Judgement, Reading
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.judging.context import Context
from medflow_tui.rules.judging.failure import judge_failure

MEANS = say("what this program does is not done while it is stopped")
LOST = say("at each restart open work is cut off, and the device sync worker must be started again")
STATES = {
    "running": (Health.OK, say("running")),
    "starting": (Health.WARNING, say("starting")),
    "stopping": (Health.WARNING, say("stopping")),
    "restarting": (Health.CRITICAL, say("falls, starts again")),
    "stopped": (Health.CRITICAL, say("stopped")),
    "failed": (Health.CRITICAL, say("failed")),
}


def judge(reading: Reading, target: ProcessTarget, context: Context) -> Judgement:
    """Down or falling is critical; many restarts and nearly full memory are warnings before that.

    A manager that is not on this machine, or that we cannot ask, says nothing: unknown.
    """
    if reading.failure is not None:
        return judge_failure(reading.failure, means=MEANS)
    values = reading.values
    health, evidence = STATES[values["state"]]
    means = MEANS
    if health is Health.OK and values["online"] < values["instances"]:
        health = Health.WARNING
        evidence = say("{n:number} of {all:number} run", n=values["online"], all=values["instances"])
    if health is Health.OK:
        health, evidence, means = _use(reading, target)
    if values["exit_code"] and values["state"] in ("failed", "stopped", "restarting"):
        evidence = say("{state:word}, code {code}", state=evidence.text, code=str(values["exit_code"]))
    return Judgement(
        health=health,
        evidence=evidence,
        detail=_detail(reading),
        means=means if health.is_trouble else SILENCE,
        threshold=_threshold(reading, target),
        figure=None if values["memory"] is None else float(values["memory"]),
        form="bytes",
    )


def _use(reading: Reading, target: ProcessTarget) -> tuple[Health, Phrase, Phrase]:
    """A running process by its restarts and its memory."""
    values = reading.values
    memory, limit, count = values["memory"], values["memory_limit"], values["restarts"]
    evidence = say("running") if memory is None else say("runs, {used:bytes}", used=memory)
    if count >= target.restarts_warning:
        health = Health.CRITICAL if count >= target.restarts_critical else Health.WARNING
        return health, say("{n:number} restarts in 24 h", n=count), LOST
    if memory is not None and limit and 100.0 * memory / limit >= target.memory_warning_percent:
        nearly = say("{used:bytes} of {limit:bytes}", used=memory, limit=limit)
        return Health.WARNING, nearly, LOST
    return Health.OK, evidence, SILENCE


def _threshold(reading: Reading, target: ProcessTarget) -> Phrase:
    restarts = say(
        "restarts in 24 h: warning from {warning:number}, critical from {critical:number}",
        warning=target.restarts_warning,
        critical=target.restarts_critical,
    )
    limit = reading.values["memory_limit"]
    if not limit:
        return restarts
    return restarts.also(
        say(
            "memory: warning from {warning:bytes} of {limit:bytes}", warning=_part(limit, target), limit=limit
        )
    )


def _part(limit: int, target: ProcessTarget) -> int:
    return int(limit * target.memory_warning_percent / 100)


def _detail(reading: Reading) -> tuple[Phrase, ...]:
    values = reading.values
    lines = [say("the service manager says: {word}", word=values["word"])]
    if values["pid"]:
        lines.append(say("process {pid}", pid=str(values["pid"])))
    if values["started_at"]:
        lines.append(say("runs since {at:when}", at=values["started_at"]))
    if values["known_since"]:
        lines.append(
            say(
                "{n:number} restarts in 24 h, watched since {at:when}",
                n=values["restarts"],
                at=values["known_since"],
            )
        )
    if values["memory"] is None and values["pid"]:
        lines.append(say("its memory is not visible to this account"))
    if values["cpu_percent"] is not None:
        lines.append(say("{used:percent} of one processor", used=values["cpu_percent"]))
    return tuple(lines)
