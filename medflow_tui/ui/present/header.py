"""The first line: where, which environment, what may be done, the own line and its cost, the oldest reading, the time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from medflow_tui.model.health import EPOCH, Health, Snapshot
from medflow_tui.model.site import Site
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.notices import by_gravity
from medflow_tui.ui.present.line import Line, Span, fit, fit_words, width
from medflow_tui.ui.present.meter import rounded
from medflow_tui.ui.present.rows import Look, summary

ENVIRONMENT_WORDS = {"production": say("PRODUCTION"), "drill": say("DRILL"), "lab": say("LAB")}


def header(
    site: Site,
    snapshot: Snapshot,
    look: Look,
    cells: int,
    *,
    armed_until: datetime | None,
    paused: bool,
    note: str = "",
    line: Phrase = SILENCE,
    cost: Sequence[str] = (),
    thrift: Phrase = SILENCE,
) -> Line:
    """One line; what does not fit is left out from the middle, the environment and the clock never.

    For a `note` (the folder of a lab) the name of the site gives way to its code. `line` is that to the person;
    of `cost`, the longest that fits is told; `thrift` says that less is drawn.
    """
    tell = look.language.say
    mode = (
        tell(say("read-only"))
        if armed_until is None
        else tell(say("ACTING until {at:clock}", at=armed_until))
    )
    clock = f"{look.language.date(look.now)} {look.language.clock(look.now)}"
    word = tell(thrift)
    costs = (*(f"{each}  {word}" for each in cost), *cost, word) if word else cost
    optional = [
        ((mode,), "strong" if armed_until else "quiet"),
        ((tell(say("PAUSED")) if paused else "",), "strong"),
        ((note,), "quiet"),
        ((tell(line),), "quiet"),
        (costs, "quiet"),
        ((tell(uplink(snapshot)),), "quiet"),
        ((tell(oldest(snapshot)),), "quiet"),
        ((tell(snapshot.source),), "quiet"),
    ]
    environment = tell(ENVIRONMENT_WORDS[site.environment])
    room = cells - width(environment) - len(clock) - 4
    if note:
        room -= width(mode) + width(note) + 4
    place = f" {site.code} {short_name(site)}".rstrip()
    if width(place) > room:
        place = fit(f" {site.code}", max(4, room), look.glyphs.more).rstrip()
    spans = [Span(place, "strong"), Span("  "), Span(environment, f"env-{site.environment}")]
    used = sum(width(each.text) for each in spans) + len(clock) + 2
    for texts, token in optional:
        text = next((each for each in texts if each and used + width(each) + 2 <= cells), "")
        if text:
            spans += [Span("  "), Span(text, token)]
            used += width(text) + 2
    left = cells - sum(width(each.text) for each in spans) - len(clock)
    spans += [Span(" " * max(1, left)), Span(clock, "quiet")]
    return tuple(spans)


def headline(title: str, site: Site, end: str, look: Look, cells: int) -> Line:
    """The first line of a screen about acting: what, where, which environment; `end` stands at the right end.

    Where there is no room the code of the site stands for its name, then nothing; the environment always stays.
    """
    word = look.language.say(ENVIRONMENT_WORDS[site.environment])
    for place in (f"   {site.name}", f"   {site.code}", ""):
        gap = cells - width(title) - width(place) - width(word) - width(end) - 4
        if gap >= 1:
            break
    left = (Span(f" {title}", "title"), Span(f"{place}  "), Span(word, f"env-{site.environment}"))
    return (*left, Span(" " * gap), Span(f"{end} ", "quiet")) if end and gap >= 1 else left


def short_name(site: Site) -> str:
    """The name of the site without its code, which stands before it.

    >>> short_name(Site(code="MATRIX", name="Matrix Kinshasa", environment="lab"))
    'Kinshasa'
    """
    head, _, rest = site.name.partition(" ")
    return rest if head.upper() == site.code.upper() else site.name


def own_line(rtt_ms: float | None, silent_s: float | None) -> Phrase:
    """The line to the person: how long an answer takes, or for how long none has come.

    >>> own_line(612.4, None).values, own_line(612.4, 14.2).text
    (mappingproxy({'rtt': 610.0}), 'line: no answer for {time:duration}')
    """
    if silent_s is not None:
        return say("line: no answer for {time:duration}", time=round(silent_s))
    return SILENCE if rtt_ms is None else say("line {rtt:ms}", rtt=rounded(rtt_ms))


def uplink(snapshot: Snapshot) -> Phrase:
    """The way out of the clinic, when the site watches it."""
    found = next((each for each in snapshot.verdicts if each.kind == "uplink"), None)
    if found is None or found.observed_at == EPOCH:
        return SILENCE
    if found.health is Health.OK and found.latency_ms is not None:
        return say("uplink {rtt:ms}", rtt=found.latency_ms)
    if found.health is Health.OK:
        return say("uplink ok")
    return say("uplink {state:word}", state=found.health.value)


def oldest(snapshot: Snapshot) -> Phrase:
    """When the oldest reading was made: a clock time, so that it does not tick."""
    times = [each.observed_at for each in snapshot.verdicts]
    if not times:
        return SILENCE
    if EPOCH in times:
        return say("reading…")
    return say("oldest {at:when}", at=min(times))


def second_line(
    snapshot: Snapshot,
    look: Look,
    cells: int,
    *,
    banner: str = "",
    waiting: Phrase = SILENCE,
    saving: Phrase = SILENCE,
) -> Line:
    """What is wrong, and what this program has to say of itself; or the sentence that was said last, instead of both.

    Of several notices the gravest, and how many more stand; `waiting` is that of a run. What is left out to save bytes
    (`saving`) is told where there is none.
    """
    if banner:
        return (Span(f" {fit_words(banner, cells - 1, look.glyphs.more)}", "strong"),)
    first, *more = by_gravity((*snapshot.notices, waiting)) or (saving,)
    if not first:
        return summary(snapshot.verdicts, look, cells)
    text, count = look.language.say(first, look.now), f" +{len(more)}" if more else ""
    room = min(width(text) + len(count), cells // 2 - 3)
    told = fit_words(text, room - len(count), look.glyphs.more)
    return (
        *summary(snapshot.verdicts, look, cells - room - 3),
        Span("   "),
        Span(fit(f"{told.rstrip()}{count}", room), "warning"),
    )
