"""The verdict on the separation of the clinics' data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medflow_tui.model.health import Health, Judgement, Reading
from medflow_tui.model.targets.isolation import IsolationTarget
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.judging.context import Context

MEANS_STRAY = say("these patients belong to no clinic that exists: their own clinic may not find them")
MEANS_HOMELESS = say("who may see these patients is not settled by a clinic")
MEANS_UNKNOWN = say("whether each clinic sees only its own patients cannot be told now")


def judge(reading: Reading, target: IsolationTarget, context: Context) -> Judgement:
    """A patient of a clinic that does not exist or is deleted, or of none, is a warning; many strays are critical.

    No clinic, no patient, or no patient with the field is unknown: then nothing was compared. So is a failure: that
    MongoDB is down is the verdict of its own target.
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
            "patients of no known clinic: warning from {warning:number}, critical from {critical:number}",
            warning=target.stray_warning,
            critical=target.stray_critical,
        ),
        figure=float(values["patients"]["stray"] + values["patients"]["homeless"]),
    )


def _uncountable(values: Mapping[str, Any]) -> Phrase:
    if values["absent"]:
        return say("no {name} collection", name=values["absent"][0])
    if not values["clinics"]:
        return say("no clinic registered")
    if not values["patients"]["seen"]:
        return say("no patient at all")
    if not values["patients"]["told"]:
        return say("no field homeClinic")
    return SILENCE


def _verdict(values: Mapping[str, Any], target: IsolationTarget) -> tuple[Health, Phrase, Phrase]:
    patients = values["patients"]
    stray, homeless, deleted = patients["stray"], patients["homeless"], patients["deleted"]
    if stray >= target.stray_warning:
        health = Health.CRITICAL if stray >= target.stray_critical else Health.WARNING
        return health, say("{n:number} of no known clinic", n=stray), MEANS_STRAY
    if deleted:
        return Health.WARNING, say("{n:number} of a deleted clinic", n=deleted), MEANS_STRAY
    if homeless >= target.homeless_warning:
        return Health.WARNING, say("{n:number} without clinic", n=homeless), MEANS_HOMELESS
    for name in ("invoices", "devices", "users"):
        if values[name] and values[name]["stray"]:
            text = say("{n:number} {name} of no clinic", n=values[name]["stray"], name=name)
            return Health.WARNING, text, say("these records are shown in no clinic, or in the wrong one")
    return Health.OK, say("{n:number} clinics apart", n=values["clinics"]), SILENCE


def _detail(values: Mapping[str, Any]) -> tuple[Phrase, ...]:
    lines = [
        say("{clinic}: {n:number} patients", clinic=code, n=n) for code, n in values["clinic_of"].items()
    ]
    for name in ("patients", "invoices", "devices", "users"):
        found = values[name]
        if found is None:
            lines.append(say("{name}: no such collection", name=name))
        elif found["seen"] and not found["told"]:
            lines.append(say("{name}: no field with a clinic", name=name))
        else:
            lines.append(_line(name, found))
    return tuple(lines)


def _line(name: str, found: Mapping[str, Any]) -> Phrase:
    text = say(
        "{name}: {n:number} looked at, {stray:number} of no known clinic, {homeless:number} without",
        name=name,
        n=found["seen"],
        stray=found["stray"],
        homeless=found["homeless"],
    )
    return text if found["complete"] else text.also(say("only the newest"))
