"""The dashboard as text and as JSON: `check` and `status --plain`."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from medflow_tui.locale.language import Language
from medflow_tui.model.health import EPOCH, Acknowledgement, Health, Maintenance, Snapshot, Verdict
from medflow_tui.model.site import Site
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.alerts import exit_code, rank
from medflow_tui.rules.cleaning import clean
from medflow_tui.ui.present.health import called, ordered, word

NAGIOS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
PANE_TITLES = {
    "services": say("Services"),
    "clinics": say("Clinics"),
    "devices": say("Device sync"),
    "backups": say("Backups"),
    "log": say("Log"),
}


def as_table(site: Site, snapshot: Snapshot, language: Language) -> dict[str, Any]:
    """The JSON of `check --json`; the schema is in the README.

    `verdict` is the worst health of all targets by exit code; times are ISO 8601 in UTC.
    """
    return {
        "site": site.code,
        "name": site.name,
        "environment": site.environment,
        "at": snapshot.at.isoformat(),
        "verdict": worst(snapshot).value,
        "targets": [_row(each, language, snapshot.at) for each in snapshot.verdicts],
    }


def worst(snapshot: Snapshot) -> Health:
    """The health that decides the exit code: critical, then unknown or stale, then warning, else ok."""
    found = {each.health for each in snapshot.verdicts}
    for each in (Health.CRITICAL, Health.UNKNOWN, Health.STALE, Health.WARNING):
        if each in found:
            return each
    return Health.OK


def _row(verdict: Verdict, language: Language, now: datetime) -> dict[str, Any]:
    return {
        "target": clean(verdict.target),
        "kind": verdict.kind,
        "pane": verdict.pane,
        "label": clean(verdict.label),
        "verdict": verdict.health.value,
        "evidence": language.say(verdict.evidence, now),
        "how": language.say(verdict.how, now),
        "observed_at": verdict.observed_at.isoformat() if verdict.observed_at != EPOCH else None,
        "age_s": round((now - verdict.observed_at).total_seconds(), 1)
        if verdict.observed_at != EPOCH
        else None,
        "latency_ms": _number(verdict.latency_ms, 1),
        "cause": verdict.failure.cause.value if verdict.failure else None,
        "figure": _number(verdict.judgement.figure if verdict.judgement else None),
        "acknowledged": _entry(verdict.acknowledged),
        "maintenance": _entry(verdict.maintenance),
    }


def _entry(entry: Acknowledgement | Maintenance | None) -> dict[str, str] | None:
    """Who said why, and until when it counts."""
    if entry is None:
        return None
    until = entry.until if isinstance(entry, Acknowledgement) else entry.ends
    return {"who": clean(entry.who), "why": clean(entry.why), "until": until.isoformat()}


def _number(value: float | None, decimals: int | None = None) -> float | None:
    """JSON has no words for what is no number or beyond all numbers."""
    if value is None or not math.isfinite(value):
        return None
    return value if decimals is None else round(value, decimals)


def check_lines(site: Site, snapshot: Snapshot, language: Language) -> list[str]:
    """First the plugin line with performance data, then one line a target.

    A bar begins performance data wherever a plugin says it, so that no text has one.
    """
    healths = tuple(each.health for each in snapshot.verdicts)
    found = [each for each in ordered(snapshot.verdicts) if each.health.is_trouble]
    summary = "; ".join(f"{each.label}: {language.say(each.evidence, snapshot.at)}" for each in found[:3])
    calm = language.say(say("{n:number} targets in order", n=len(healths)))
    counted = " ".join(
        f"'{name}'={sum(1 for each in healths if each in group)};;;0"
        for name, group in (
            ("critical", (Health.CRITICAL,)),
            ("warning", (Health.WARNING,)),
            ("unknown", (Health.UNKNOWN, Health.STALE)),
        )
    )
    lines = [f"{_barless(f'{NAGIOS[exit_code(healths)]}: {site.code}: {summary or calm}')} | {counted}"]
    width = max((len(each.target) for each in snapshot.verdicts), default=0)
    for each in ordered(snapshot.verdicts):
        state = language.say(word(each.health))
        line = (
            f"{state:<16}  {each.target:<{width}}  {language.say(each.evidence, snapshot.at)}"
            f"  ({_age(each, language, snapshot.at)}; {language.say(each.how, snapshot.at)})"
        )
        lines.append(_barless(line))
    return lines


def _barless(text: str) -> str:
    return clean(text).replace("|", "/")


def on_it(verdict: Verdict) -> tuple[Phrase, ...]:
    """Who is on it, and which work is announced."""
    said = []
    if verdict.acknowledged is not None:
        entry = verdict.acknowledged
        said.append(
            say(
                "{who} is on it until {until:moment}: {why}",
                who=entry.who,
                until=entry.until,
                why=entry.why,
            )
        )
    if verdict.maintenance is not None:
        window = verdict.maintenance
        said.append(
            say(
                "work announced by {who} until {until:moment}: {why}",
                who=window.who,
                until=window.ends,
                why=window.why,
            )
        )
    return tuple(said)


def _age(verdict: Verdict, language: Language, now: datetime) -> str:
    if verdict.observed_at == EPOCH:
        return language.say(say("never read"))
    age = say("{age:duration} ago", age=max(0, round((now - verdict.observed_at).total_seconds())))
    if verdict.latency_ms is None:
        return language.say(age)
    return language.say(age.also(say("{latency:ms}", latency=verdict.latency_ms)))


def status_lines(site: Site, snapshot: Snapshot, language: Language) -> list[str]:
    """The panes one after another, for a dumb terminal or a screen reader: no columns, no colour, words for states."""
    lines = [
        f"{site.name}, {language.word(site.environment)}, {language.say(say('{at:moment}', at=snapshot.at))}"
    ]
    if snapshot.source:
        lines.append(language.say(say("seen through: {source}", source=language.say(snapshot.source))))
    found = [each for each in snapshot.verdicts if each.health.is_trouble]
    if found:
        lines.append(
            language.say(
                say("{n:number} problems in {all:number} targets", n=len(found), all=len(snapshot.verdicts))
            )
        )
    else:
        lines.append(language.say(say("0 problems in {all:number} targets", all=len(snapshot.verdicts))))
    for pane, title in PANE_TITLES.items():
        rows = [each for each in snapshot.verdicts if each.pane == pane]
        if not rows:
            continue
        lines += ["", language.say(say("{title}:", title=language.say(title)))]
        for each in sorted(rows, key=lambda row: rank(row.health)):
            since = ""
            if each.health.is_trouble and each.since != EPOCH:
                since = ", " + language.say(say("since {at:when}", at=each.since), snapshot.at)
            what = f"{language.say(word(each.health))}, {language.say(each.evidence, snapshot.at)}{since}"
            what += "".join(f"; {language.say(about)}" for about in on_it(each))
            lines.append("  " + language.say(say("{name}: {what}", name=called(each, language), what=what)))
    return lines
