"""A row of a pane and its title: glyph, name, what was seen, since when, the last minutes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from medflow_tui.locale.language import Language
from medflow_tui.model.health import EPOCH, Health, Verdict
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.alerts import worst
from medflow_tui.ui.present.health import Glyphs, called, counts, spark
from medflow_tui.ui.present.line import Line, Span, fit, fit_words, width

Sparks = Mapping[str, tuple[Health | None, ...]]

SINCE, LATENCY = 5, 6
MORE = 48  # cells of a row from which latency and limit are shown
STEPS = (60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)  # seconds
EVIDENCE, SENTENCE = 28, 70  # evidence column, and room from which the limit is a sentence
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
    return 12 if cells >= 56 else 11 if cells >= MORE else 9 if cells >= 40 else 8


def row(
    verdict: Verdict, cells: int, look: Look, *, selected: bool = False, sparks: bool | None = None
) -> Line:
    """One verdict as a line of exactly so many cells; good news has no time, so its evidence may be longer.

    A long name takes what the evidence leaves. From `MORE` cells on there are latency and limit as well.
    """
    style = STYLES[verdict.health]
    trouble = verdict.health.is_trouble
    drawn = spark(verdict.spark, look.glyphs) if (look.sparks if sparks is None else sparks) else ""
    since, more = _since(verdict, look), cells >= MORE
    name, evidence, names = called(verdict, look.language), _evidence(verdict, look), name_width(cells)
    since = f" {fit(since, SINCE, '')}" if since else ""
    ending = f" {drawn}" if drawn else ""
    if more and width(evidence) <= cells - 4 - names - width(since + ending) - LATENCY - 1:
        ending = f" {_latency(verdict, look):>{LATENCY}}{ending}"
    ending = since + ending
    room = cells - 4 - width(ending)
    names = max(names, min(width(name), room - width(evidence)))
    limit = _limit(verdict, look, room - names, evidence) if more else ""
    return (
        Span(look.glyphs.marker if selected else " ", "marker"),
        Span(look.glyphs.health[verdict.health], style),
        Span(" "),
        Span(fit(name, names, look.glyphs.more), "selected" if selected else style if trouble else ""),
        Span(" "),
        Span(
            fit(evidence, max(1, room - names - width(limit)), look.glyphs.more),
            style if trouble else "quiet" if verdict.health is Health.EXPECTED_OFFLINE else "",
        ),
        *((Span(limit + ending, "quiet"),) if limit + ending else ()),
    )


def sparks_of(verdicts: Iterable[Verdict]) -> Sparks:
    """The last minutes of each target, to be drawn again as they are now."""
    return {each.target: each.spark for each in verdicts}


def with_sparks(verdicts: tuple[Verdict, ...], sparks: Sparks) -> tuple[Verdict, ...]:
    """The verdicts with the last minutes that were drawn before; the very same where nothing else was."""
    return tuple(
        each if each.spark == (drawn := sparks.get(each.target, ())) else replace(each, spark=drawn)
        for each in verdicts
    )


def _latency(verdict: Verdict, look: Look) -> str:
    return look.language.milliseconds(verdict.latency_ms) if verdict.latency_ms is not None else ""


def _limit(verdict: Verdict, look: Look, room: int, evidence: str) -> str:
    """The limit in force, at the right of its room; a very wide row has the whole sentence; nothing when it is tight."""
    if verdict.judgement is None:
        return ""
    tell = look.language.say
    if room >= SENTENCE and width(evidence) < EVIDENCE:
        text = tell(verdict.judgement.threshold, look.now)
        return fit(text, room - EVIDENCE, look.glyphs.more)
    text = tell(verdict.judgement.limit, look.now)
    return f"  {text}" if text and width(evidence) + 2 + width(text) <= room else ""


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
        Span(key, "quiet"),
        Span(" "),
        Span(head, "title"),
    ]
    for index, (text, style) in enumerate(counted):
        spans += [Span("  ")] if index else []
        spans.append(Span(text, style))
    spans.append(Span(" " * max(0, cells - sum(width(each.text) for each in spans))))
    return tuple(spans)


def summary(verdicts: tuple[Verdict, ...], look: Look, cells: int) -> Line:
    """Line two: is anything wrong, what, since when. Counts lose their words before the sentence loses its own."""
    found = counts(each for each in verdicts if each.health.is_trouble)
    if not verdicts:
        return (Span(" "), Span(look.language.say(say("nothing is watched")), "unknown"))
    if not found:
        return _calm(verdicts, look, cells)
    sentences = headlines(verdicts, look)
    for worded in (len(found), 1, 0):
        spans = _counted(found, look, worded)
        room = cells - sum(width(each.text) for each in spans) - 3
        fitting = next((each for each in sentences[:2] if width(each) <= room), None)
        if fitting is not None:
            return (*spans, Span("   "), Span(fitting, "strong"))
    return (*spans, Span("   "), Span(fit_words(sentences[-1], room, look.glyphs.more).rstrip(), "strong"))


def _calm(verdicts: tuple[Verdict, ...], look: Look, cells: int) -> Line:
    """Nothing is wrong: how many are watched, how many are closed, and how old the oldest news is."""
    tell = look.language.say
    closed = sum(1 for each in verdicts if each.health is Health.EXPECTED_OFFLINE)
    text = tell(say("0 problems in {n:number} targets", n=len(verdicts)))
    if closed:
        text += f" {look.glyphs.gap} " + tell(say("{n:number} closed", n=closed))
    text = fit_words(text, max(1, min(width(text), cells - 3)), look.glyphs.more).rstrip()
    spans = [Span(" "), Span(look.glyphs.health[Health.OK], "ok"), Span(" "), Span(text)]
    fresh = tell(freshness(min(each.observed_at for each in verdicts), look.now))
    left = cells - sum(width(each.text) for each in spans) - width(fresh)
    return (*spans, Span(" " * left), Span(fresh, "quiet")) if left >= 3 else tuple(spans)


def freshness(oldest: datetime, now: datetime) -> Phrase:
    """How old the oldest reading may be, in steps, so that the sentence rarely changes.

    >>> now = datetime(2026, 1, 15)
    >>> freshness(now, now).text
    'all read within the last minute'
    """
    if oldest == EPOCH:
        return say("not all read yet")
    age = (now - oldest).total_seconds()
    if age <= STEPS[0]:
        return say("all read within the last minute")
    step = next((each for each in STEPS if age <= each), None)
    if step is None:
        return say("oldest {at:when}", at=oldest)
    return say("all read within the last {time:duration}", time=step)


def _counted(found: dict[Health, int], look: Look, worded: int) -> tuple[Span, ...]:
    """The counts by state; the first so many of them with their word."""
    spans = [Span(" ")]
    for index, (health, n) in enumerate(found.items()):
        text = look.language.number(n)
        if index < worded:
            phrase = _COUNT_ONE[health] if n == 1 else _COUNT_MANY[health]
            text = look.language.fill(look.language.word(phrase), {"n": n})
        spans += [Span("  ")] if index else []
        spans.append(Span(f"{look.glyphs.health[health]} {text}", STYLES[health]))
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


def headlines(verdicts: tuple[Verdict, ...], look: Look) -> tuple[str, ...]:
    """The worst problem as a sentence, from the longest to the shortest: what, since when, and what it means."""
    first = worst(verdicts)
    tell = look.language.say
    name, what = called(first, look.language), tell(first.evidence, look.now)
    shortest = told = tell(say("{name}: {what}", name=name, what=what))
    if first.since != EPOCH and not any(
        isinstance(each, datetime) for each in first.evidence.values.values()
    ):
        what += " " + tell(say("since {at:when}", at=first.since), look.now)
        told = tell(say("{name}: {what}", name=name, what=what))
    if first.judgement is None or not first.judgement.means:
        return (told, told, shortest)
    means = tell(first.judgement.means, look.now)
    return (tell(say("{what}: {means}", what=told, means=means)), told, shortest)


def with_words(verdicts: Iterable[Verdict], words: str, look: Look) -> tuple[Verdict, ...]:
    """Those whose name, target or evidence has all of these words, as this person reads them."""
    wanted = words.casefold().split()
    if not wanted:
        return tuple(verdicts)

    return tuple(each for each in verdicts if all(word in row_text(each, look).casefold() for word in wanted))


def row_text(verdict: Verdict, look: Look) -> str:
    """Name, target and evidence, without columns."""
    evidence = look.language.say(verdict.evidence, look.now)
    return f"{called(verdict, look.language)} {verdict.target} {evidence}"
