"""The first line: where, which environment, what may be done, the own line, the oldest reading, the time."""

from __future__ import annotations

from datetime import datetime

from medflow_tui.model.health import EPOCH, Health, Snapshot
from medflow_tui.model.site import Site
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.ui.present.line import Line, Span, fit, width
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
) -> Line:
    """One line; what does not fit is left out from the middle, the environment and the clock never.

    For a `note` (the folder of a lab) the name of the site gives way to its code.
    """
    tell = look.language.say
    mode = (
        tell(say("read-only"))
        if armed_until is None
        else tell(say("ACTING until {at:clock}", at=armed_until))
    )
    clock = f"{look.language.date(look.now)} {look.language.clock(look.now)}"
    optional = [
        Span(mode, "strong" if armed_until else "quiet"),
        Span(tell(say("PAUSED")), "strong") if paused else None,
        Span(note, "quiet") if note else None,
        Span(tell(line_state(snapshot)), "quiet") if line_state(snapshot) else None,
        Span(tell(oldest(snapshot)), "quiet") if oldest(snapshot) else None,
        Span(tell(snapshot.source), "quiet") if snapshot.source else None,
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
    for each in optional:
        if each is not None and used + width(each.text) + 2 <= cells:
            spans += [Span("  "), each]
            used += width(each.text) + 2
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


def line_state(snapshot: Snapshot) -> Phrase:
    """The own line, when the site watches it."""
    found = next((each for each in snapshot.verdicts if each.kind == "uplink"), None)
    if found is None or found.observed_at == EPOCH:
        return SILENCE
    if found.health is Health.OK and found.latency_ms is not None:
        return say("line {rtt:ms}", rtt=found.latency_ms)
    return say("line ok") if found.health is Health.OK else say("line {state:word}", state=found.health.value)


def oldest(snapshot: Snapshot) -> Phrase:
    """When the oldest reading was made: a clock time, so that it does not tick."""
    times = [each.observed_at for each in snapshot.verdicts]
    if not times:
        return SILENCE
    if EPOCH in times:
        return say("reading…")
    return say("oldest {at:when}", at=min(times))


def second_line(snapshot: Snapshot, look: Look, cells: int, *, banner: str = "") -> Line:
    """What is wrong, and what this program has to say of itself; or the sentence that was said last, instead of both."""
    if banner:
        return (Span(f" {fit(banner, cells - 1, look.glyphs.more)}", "strong"),)
    if not snapshot.notices:
        return summary(snapshot.verdicts, look, cells)
    text = look.language.say(snapshot.notices[0], look.now)
    room = min(width(text), cells // 2 - 3)
    return (
        *summary(snapshot.verdicts, look, cells - room - 3),
        Span("   "),
        Span(fit(text, room, look.glyphs.more), "warning"),
    )
