"""The verdict on a port."""

from __future__ import annotations

from medflow_tui.model.health import Health, Judgement, Reading
from medflow_tui.model.targets.port import PortTarget
from medflow_tui.model.words import SILENCE, say
from medflow_tui.rules.judging.context import Context
from medflow_tui.rules.judging.failure import judge_failure

MEANS = say("what is served on this port cannot be reached")
OTHER = say("another program has taken the port: the right one cannot start")


def judge(reading: Reading, target: PortTarget, context: Context) -> Judgement:
    """Open is all that a port can say (a frozen program's is open, too); a wrong owner is critical, an unseen one unknown."""
    if reading.failure is not None:
        return judge_failure(reading.failure, means=MEANS)
    listener, pid = reading.values["listener"], reading.values["pid"]
    threshold = (
        say("must be open") if not target.listener else say("{name} must listen", name=target.listener)
    )
    weak = say("an open port does not prove that the program behind it works")
    if listener is None:
        note = say("who listens is not visible from here")
        return Judgement(
            health=Health.UNKNOWN if target.listener else Health.OK,
            evidence=say("open, owner unseen") if target.listener else say("open"),
            detail=(weak, note),
            threshold=threshold,
            figure=reading.latency_ms,
            form="ms",
        )
    wrong = bool(target.listener) and target.listener.lower() not in listener.lower()
    return Judgement(
        health=Health.CRITICAL if wrong else Health.OK,
        evidence=say("taken by {name}", name=listener) if wrong else say("open, {name}", name=listener),
        detail=(say("process {pid}", pid=str(pid)), weak),
        means=OTHER if wrong else SILENCE,
        threshold=threshold,
        figure=reading.latency_ms,
        form="ms",
    )
