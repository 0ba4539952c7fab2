"""The verdict on the site's own line."""

from __future__ import annotations

from medflow_tui.model.health import Health, Judgement, Reading
from medflow_tui.model.targets.uplink import UplinkTarget
from medflow_tui.model.words import SILENCE, say
from medflow_tui.rules.judging.context import Context
from medflow_tui.rules.judging.failure import judge_failure

MEANS = say("nothing outside can be reached: other clinics, the central server, remote help")
FEW = 8  # knocks: below that, one lost packet is no percentage


def judge(reading: Reading, target: UplinkTarget, context: Context) -> Judgement:
    """Down when no address answers; a warning by loss; a long round trip alone is no fault unless a limit is set."""
    if reading.failure is not None:
        return judge_failure(reading.failure, means=MEANS)
    values = reading.values
    loss, rtt = values["loss_percent"], values["rtt_ms"]
    health, evidence = Health.OK, say("{rtt:ms}", rtt=rtt)
    if values["knocks"] >= FEW and loss >= target.loss_warning_percent:
        health = Health.CRITICAL if loss >= target.loss_critical_percent else Health.WARNING
        evidence = say("loss {loss:percent}, {rtt:ms}", loss=loss, rtt=rtt)
    elif 0 < target.rtt_warning_ms <= rtt:
        health, evidence = Health.WARNING, say("slow, {rtt:ms}", rtt=rtt)
    detail = [
        say(
            "{n:number} of {asked:number} addresses answer",
            n=len(values["answering"]),
            asked=len(values["asked"]),
        ),
        say("loss {loss:percent} of the last {n:number} tries", loss=loss, n=values["knocks"]),
    ]
    if values["jitter_ms"] is not None:
        detail.append(say("jitter {jitter:ms}", jitter=values["jitter_ms"]))
    return Judgement(
        health=health,
        evidence=evidence,
        detail=tuple(detail),
        means=MEANS if health.is_trouble else SILENCE,
        threshold=say(
            "loss: warning from {warning:percent}, critical from {critical:percent}",
            warning=target.loss_warning_percent,
            critical=target.loss_critical_percent,
        ),
        limit=say("max {share:percent}", share=target.loss_warning_percent),
        figure=rtt,
        form="ms",
    )
