"""The verdict on payments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medflow_tui.model.health import Health, Judgement, Reading
from medflow_tui.model.targets.payments import PaymentsTarget
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.judging.context import Context

MEANS = say("a patient who has paid may be asked again; do not mend records by hand, escalate")
MEANS_AUDIT = say("money was received without a trace of who received it; escalate")
MEANS_UNKNOWN = say("whether payments are stuck cannot be told now")


def judge(reading: Reading, target: PaymentsTarget, context: Context) -> Judgement:
    """Stuck or unaudited payments are a warning, many of them critical; what cannot be counted is unknown, never none.

    A failure is unknown too: that MongoDB is down is the verdict of its own target.
    """
    if reading.failure is not None:
        return Judgement(health=Health.UNKNOWN, evidence=reading.failure.text, means=MEANS_UNKNOWN)
    values = reading.values
    untold = _uncountable(values)
    if untold:
        return Judgement(health=Health.UNKNOWN, evidence=untold, means=MEANS_UNKNOWN)
    health, evidence, means = _verdict(values, target)
    return Judgement(
        health=health,
        evidence=evidence,
        detail=_detail(values),
        means=means,
        threshold=say(
            "stuck after {after:duration}: warning from {warning:number}, critical from {critical:number}",
            after=target.stuck_after_s,
            warning=target.stuck_warning,
            critical=target.stuck_critical,
        ),
        figure=float(values["stuck"]),
    )


def _uncountable(values: Mapping[str, Any]) -> Phrase:
    if "invoices" in values["absent"]:
        return say("no invoices collection")
    if values["invoices_empty"]:
        return say("no invoice at all")
    if values["fields_absent"]:
        return say("no field {name}", name=values["fields_absent"][0])
    return SILENCE


def _verdict(values: Mapping[str, Any], target: PaymentsTarget) -> tuple[Health, Phrase, Phrase]:
    stuck, unaudited = values["stuck"], values["unaudited"] or 0
    if stuck >= target.stuck_critical:
        return Health.CRITICAL, _stuck(values), MEANS
    if unaudited >= target.unaudited_critical:
        return Health.CRITICAL, _unaudited(values), MEANS_AUDIT
    if stuck >= target.stuck_warning:
        also = _unaudited(values) if unaudited >= target.unaudited_warning else SILENCE
        return Health.WARNING, _stuck(values).also(also), MEANS
    if unaudited >= target.unaudited_warning:
        return Health.WARNING, _unaudited(values), MEANS_AUDIT
    if not values["audit_told"]:
        text = say("no audit trail") if "auditlogs" in values["absent"] else say("audit trail not readable")
        return Health.UNKNOWN, text, say("none is stuck; whether each was recorded cannot be told")
    if not values["looked"]:
        return Health.UNKNOWN, say("no payment in {n:number} days", n=values["window_days"]), MEANS_UNKNOWN
    return Health.OK, say("none stuck"), SILENCE


def _stuck(values: Mapping[str, Any]) -> Phrase:
    return say("{n:number} stuck", n=values["stuck"])


def _unaudited(values: Mapping[str, Any]) -> Phrase:
    return say("{n:number} without audit", n=values["unaudited"])


def _detail(values: Mapping[str, Any]) -> tuple[Phrase, ...]:
    lines = [
        say(
            "{n:number} invoices with a payment in the last {days:number} days",
            n=values["looked"],
            days=values["window_days"],
        ),
        _capped(values, "waiting", say("{n:number} invoices wait for payment", n=values["waiting"])),
        _capped(values, "overdue", say("{n:number} invoices past their date", n=values["overdue"])),
        _some(
            values["settled"], say("{n:number} paid in full, the status does not say so", n=values["settled"])
        ),
        _some(values["ignored"], say("{n:number} with payments, the status says none", n=values["ignored"])),
        _some(values["mismatched"], say("{n:number} whose payments do not add up", n=values["mismatched"])),
        _some(values["unsettled"], say("{n:number} just paid, not settled yet", n=values["unsettled"])),
    ]
    if values["stuck_oldest_s"] is not None:
        lines.append(say("the oldest since {age:duration}", age=values["stuck_oldest_s"]))
    if values["audit_told"]:
        lines.append(
            say(
                "{n:number} payments in {window:duration}, {unaudited:number} without an audit entry",
                n=values["payments"],
                window=values["audit_window_s"],
                unaudited=values["unaudited"],
            )
        )
    else:
        lines.append(say("audit entries: cannot be told"))
    return tuple(each for each in lines if each)


def _some(count: int, text: Phrase) -> Phrase:
    return text if count else SILENCE


def _capped(values: Mapping[str, Any], name: str, text: Phrase) -> Phrase:
    return text.also(say("or more")) if values[name] >= values["count_limit"] else text
