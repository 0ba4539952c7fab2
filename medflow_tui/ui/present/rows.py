"""A row of a pane and its title: glyph, name, what was seen, since when, the last minutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from medflow_tui.locale.language import Language
from medflow_tui.model.health import EPOCH, Health, Verdict
from medflow_tui.model.words import say
from medflow_tui.ui.present.health import Glyphs, counts, spark
from medflow_tui.ui.present.line import Line, Span, fit, width

SINCE, SPARK = 5, 4
STYLES = {
    Health.OK: "ok",
    Health.WARNING: "warning",
    Health.CRITICAL: "critical",
    Health.UNKNOWN: "unknown",
    Health.STALE: "stale",
    Health.EXPECTED_OFFLINE: "quiet",
    Health.MAINTENANCE: "maintenance",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How this person sees things: language, glyphs, the moment, whether sparklines are drawn."""

    language: Language
    glyphs: Glyphs
    now: datetime
    sparks: bool = True


def name_width(cells: int) -> int:
    """Cells for the name column in a pane of that width.

    >>> name_width(42), name_width(37), name_width(24)
    (9, 8, 8)
    """
    return 9 if 40 <= cells < 56 else 12 if cells >= 56 else 8


def row(
    verdict: Verdict, cells: int, look: Look, *, selected: bool = False, sparks: bool | None = None
) -> Line:
    """One verdict as a line of exactly so many cells; good news has no time, so its evidence may be longer."""
    marker = look.glyphs.marker if selected else " "
    style = STYLES[verdict.health]
    sign = look.glyphs.health[verdict.health]
    names = name_width(cells)
    drawn = spark(verdict.spark, look.glyphs) if (look.sparks if sparks is None else sparks) else ""
    since = _since(verdict, look)
    tail = f" {drawn}" if drawn else ""
    room = cells - (3 + names + 1) - len(tail)
    evidence = _evidence(verdict, look)
    if since:
        room -= SINCE + 1
    text = fit(evidence, max(1, room), look.glyphs.more)
    return (
        Span(marker, "marker"),
        Span(sign, style),
        Span(" "),
        Span(
            fit(verdict.label, names, look.glyphs.more),
            "selected" if selected else style if verdict.health.is_trouble else "",
        ),
        Span(" "),
        Span(
            text,
            style
            if verdict.health.is_trouble
            else "quiet"
            if verdict.health is Health.EXPECTED_OFFLINE
            else "",
        ),
        *((Span(" "), Span(fit(since, SINCE, ""), "quiet")) if since else ()),
        *((Span(tail, "quiet"),) if tail else ()),
    )


def _evidence(verdict: Verdict, look: Look) -> str:
    text = look.language.say(verdict.evidence, look.now)
    if verdict.acknowledged is not None:
        text = f"{look.glyphs.person} {text}"
    if verdict.maintenance is not None:
        text = f"{look.glyphs.work} {text}"
    if verdict.soft:
        text += look.language.fill(" ({seen}/{needed})", {"seen": verdict.seen, "needed": verdict.needed})
    return text


def _since(verdict: Verdict, look: Look) -> str:
    if not verdict.health.is_trouble or verdict.since == EPOCH:
        return ""
    return look.language.when(verdict.since, look.now)


def title(
    key: str, name: str, verdicts: tuple[Verdict, ...], cells: int, look: Look, *, focused: bool = False
) -> Line:
    """`F2 Services   ✖ 1  ▲ 1  ● 5`: the key, the pane, the counts by state, worst first."""
    counted = [
        (f"{look.glyphs.health[health]} {n}", STYLES[health]) for health, n in counts(verdicts).items()
    ]
    used = sum(width(text) for text, _ in counted) + 2 * max(0, len(counted) - 1)
    head = fit(name, max(0, cells - used - len(key) - 3), look.glyphs.more)
    spans = [
        Span(look.glyphs.marker if focused else " ", "marker"),
        Span(key, "key"),
        Span(" "),
        Span(head, "title"),
    ]
    for index, (text, style) in enumerate(counted):
        spans += [Span("  ")] if index else []
        spans.append(Span(text, style))
    spans.append(Span(" " * max(0, cells - sum(width(each.text) for each in spans))))
    return tuple(spans)


def summary(verdicts: tuple[Verdict, ...], look: Look, cells: int) -> Line:
    """Line two: is anything wrong, what, since when."""
    found = counts(each for each in verdicts if each.health.is_trouble)
    closed = sum(1 for each in verdicts if each.health is Health.EXPECTED_OFFLINE)
    tell = look.language.say
    if not verdicts:
        return (Span(" "), Span(tell(say("nothing is watched")), "unknown"))
    if not found:
        text = tell(say("0 problems in {n:number} targets", n=len(verdicts)))
        if closed:
            text += f" {look.glyphs.gap} " + tell(say("{n:number} closed", n=closed))
        return (Span(" "), Span(look.glyphs.health[Health.OK], "ok"), Span(" "), Span(text))
    spans = [Span(" ")]
    for index, (health, n) in enumerate(found.items()):
        phrase = _COUNT_ONE[health] if n == 1 else _COUNT_MANY[health]
        spans += [Span("  ")] if index else []
        spans.append(
            Span(
                f"{look.glyphs.health[health]} {look.language.fill(look.language.word(phrase), {'n': n})}",
                STYLES[health],
            )
        )
    used = sum(width(each.text) for each in spans)
    sentence = headline(verdicts, look)
    room = cells - used - 3
    if sentence and room > 10:
        spans += [Span("   "), Span(fit(sentence, room, look.glyphs.more).rstrip(), "strong")]
    return tuple(spans)


_COUNT_ONE = {
    Health.CRITICAL: say("{n:number} critical").text,
    Health.WARNING: say("{n:number} warning").text,
    Health.UNKNOWN: say("{n:number} unknown").text,
    Health.STALE: say("{n:number} stale").text,
}
_COUNT_MANY = {
    Health.CRITICAL: say("{n:number} criticals").text,
    Health.WARNING: say("{n:number} warnings").text,
    Health.UNKNOWN: say("{n:number} unknowns").text,
    Health.STALE: say("{n:number} stale ones").text,
}


def headline(verdicts: tuple[Verdict, ...], look: Look) -> str:
    """The worst problem as a sentence: the one that nobody handles, then the oldest (what failed first, first)."""
    trouble = [each for each in verdicts if each.health.is_trouble]
    if not trouble:
        return ""
    from medflow_tui.rules.alerts import rank

    first = min(trouble, key=lambda each: (rank(each.health), each.acknowledged is not None, each.since))
    text = f"{first.label}: {look.language.say(first.evidence, look.now)}"
    if first.since != EPOCH and not any(
        isinstance(each, datetime) for each in first.evidence.values.values()
    ):
        text += " " + look.language.say(say("since {at:when}", at=first.since), look.now)
    if first.judgement is not None and first.judgement.means:
        text += f": {look.language.say(first.judgement.means, look.now)}"
    return text
