"""A line of the log as a row: time, level, where from, text, how often; and the errors of the last hour as a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, cast

from medflow_tui.model.health import Verdict
from medflow_tui.model.log import Level, LogLine
from medflow_tui.model.site import Site
from medflow_tui.model.target import LOG
from medflow_tui.model.words import say
from medflow_tui.rules.distinct import distinct_names
from medflow_tui.ui.present.health import counts
from medflow_tui.ui.present.line import Line, Span, fit, width
from medflow_tui.ui.present.rows import STYLES, Look

if TYPE_CHECKING:
    from medflow_tui.model.targets.log import LogTarget

LEVEL_STYLES = {Level.CRITICAL: "critical", Level.ERROR: "bad", Level.WARN: "warning", Level.NOTICE: "strong"}
CLOCK, LEVEL, SOURCE = 8, 6, 8
SOURCE_WIDE, ORIGIN, TIMES, WIDE = (
    16,
    22,
    6,
    100,
)  # cells of source, file and repeats in rows that have so many


def file_names(site: Site) -> tuple[str, ...]:
    """The files that are followed: a target of one file by its title, the files of another by their own names."""
    logs = cast("list[LogTarget]", [each for each in site.targets if each.pane == LOG])
    return tuple(
        each.title if len(each.paths) == 1 else name.removesuffix(".log")
        for each in logs
        for name in distinct_names(each.paths)
    )


def log_note(look: Look, level: Level) -> str:
    """The zone of the times, and what is shown."""
    shown = look.language.say(say("level: {level} and above", level=level.word))
    return f"{look.language.offset(look.now)}  {shown}"


def log_title(
    key: str,
    files: Sequence[str],
    note: str,
    verdicts: Iterable[Verdict],
    cells: int,
    look: Look,
    *,
    focused: bool = False,
) -> Line:
    """`F6 Log  backend and 2 more  ▲ 1  UTC+1  level: info and above`; `note` stands at the right end."""
    troubles = counts(each for each in verdicts if each.health.is_trouble)
    counted = [Span(f"  {look.glyphs.health[health]} {n}", STYLES[health]) for health, n in troubles.items()]
    name, named = look.language.say(say("Log")), _named(files, look)
    room = max(0, cells - 5 - len(key) - width(note) - sum(width(each.text) for each in counted))
    return (
        Span(look.glyphs.marker if focused else " ", "marker"),
        Span(key, "quiet"),
        Span(" "),
        Span(fit(name, min(width(name), room), look.glyphs.more), "title"),
        Span(fit(f"  {named}", max(0, room - width(name)), look.glyphs.more), "quiet"),
        *counted,
        Span(f"  {note} ", "quiet"),
    )


def _named(files: Sequence[str], look: Look) -> str:
    """`backend and 2 more`."""
    first, others = files[:1], len(files) - 1
    if others < 1:
        return "".join(first)
    return look.language.say(say("{name} and {n:number} more", name=first[0], n=others))


def error_row(errors: tuple[int, ...], cells: int, look: Look) -> Line:
    """Errors in each minute, oldest first, as columns; the most in one minute is named."""
    tell, levels = look.language.say, look.glyphs.levels
    most = max(errors, default=0)
    name = tell(say("errors in {n:number} min: {total:number}", n=len(errors), total=sum(errors)))
    if not most:
        return (Span(f"   {name}", "quiet"),)
    drawn = [
        Span(
            "".join(
                levels[max(1, round(each / most * (len(levels) - 1)))] if some else levels[0] for each in part
            ),
            "bad" if some else "quiet",
        )
        for some, part in groupby(errors, bool)
    ]
    scale = tell(say("up to {n:number} a minute", n=most))
    left = fit(f"   {name}", CLOCK + LEVEL + SOURCE_WIDE + 4)
    return (Span(left, "quiet"), *drawn, Span(f"  {scale}", "quiet"))


def log_row(entry: LogLine, cells: int, look: Look, *, marked: bool = False, several: bool = False) -> Line:
    """`14:31:58 error  redis    text ×38`, local time; a time without a zone of its own is marked with `~`."""
    language = look.language
    clock = (
        f"{entry.at.astimezone(language.zone):%H:%M:%S}"
        if entry.at is not None and not entry.continued
        else ""
    )
    doubt = "~" if clock and not entry.zone_known else " "
    wide = cells >= WIDE
    times = f" ×{language.number(entry.count)}" if entry.count > 1 else ""
    times = f"{times:>{TIMES}}" if wide else times
    sources = SOURCE_WIDE if wide else SOURCE
    origin = f"  {fit(entry.origin, ORIGIN, look.glyphs.more)}" if wide and several else ""
    style = LEVEL_STYLES.get(entry.level, "")
    level = "" if entry.continued else entry.level.word
    head = f"{fit(clock, CLOCK, '')}{doubt}"
    room = cells - 1 - CLOCK - 1 - LEVEL - 1 - sources - 1 - width(origin) - width(times)
    text = f"{entry.code} {entry.text}" if entry.code else entry.text
    return (
        *(
            (Span(look.glyphs.marker, "marker"), Span(head, "quiet"))
            if marked
            else (Span(f" {head}", "quiet"),)
        ),
        Span(f"{fit(level, LEVEL, '')} ", style),
        Span(f"{fit(entry.source, sources, look.glyphs.more)} ", "quiet"),
        Span(fit(text, max(1, room), look.glyphs.more), style if entry.level >= Level.ERROR else ""),
        *((Span(origin, "quiet"),) if origin else ()),
        *((Span(times, "strong"),) if entry.count > 1 else ()),
    )
