"""A line of the log as a row: time, level, where from, text, how often."""

from __future__ import annotations

from medflow_tui.model.log import Level, LogLine
from medflow_tui.ui.present.line import Line, Span, fit, width
from medflow_tui.ui.present.rows import Look

LEVEL_STYLES = {Level.CRITICAL: "critical", Level.ERROR: "bad", Level.WARN: "warning", Level.NOTICE: "strong"}
CLOCK, LEVEL, SOURCE = 8, 6, 8


def log_row(entry: LogLine, cells: int, look: Look, *, marked: bool = False, several: bool = False) -> Line:
    """`14:31:58 error  redis    text ×38`, local time; a time without a zone of its own is marked with `~`."""
    language = look.language
    clock = (
        f"{entry.at.astimezone(language.zone):%H:%M:%S}"
        if entry.at is not None and not entry.continued
        else ""
    )
    doubt = "~" if clock and not entry.zone_known else " "
    times = f" ×{language.number(entry.count)}" if entry.count > 1 else ""
    source = f"{entry.origin}:{entry.source}" if several and entry.origin else entry.source
    style = LEVEL_STYLES.get(entry.level, "")
    level = "" if entry.continued else entry.level.word
    head = f"{fit(clock, CLOCK, '')}{doubt}"
    room = cells - 1 - CLOCK - 1 - LEVEL - 1 - SOURCE - 1 - width(times)
    text = f"{entry.code} {entry.text}" if entry.code else entry.text
    return (
        Span(look.glyphs.marker if marked else " ", "marker"),
        Span(head, "quiet"),
        Span(fit(level, LEVEL, ""), style),
        Span(" "),
        Span(fit(source, SOURCE, look.glyphs.more), "quiet"),
        Span(" "),
        Span(fit(text, max(1, room), look.glyphs.more), style if entry.level >= Level.ERROR else ""),
        Span(times, "strong"),
    )
