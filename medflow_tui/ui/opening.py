"""The dashboard as it is drawn first, by the same presenters, without Textual: it travels while Textual is imported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from medflow_tui.model.health import Snapshot
from medflow_tui.model.log import Level
from medflow_tui.model.target import LOG, PANES, SERVICES
from medflow_tui.model.view import KeptView
from medflow_tui.rules.meter import Meter
from medflow_tui.rules.thrift import Throttle
from medflow_tui.ui import commands
from medflow_tui.ui.present.bar import bar
from medflow_tui.ui.present.header import header, second_line
from medflow_tui.ui.present.health import ordered
from medflow_tui.ui.present.line import Line
from medflow_tui.ui.present.loglines import file_names, log_note, log_title
from medflow_tui.ui.present.meter import meter_texts, thrift_word
from medflow_tui.ui.present.pane import first_shown, pane_lines
from medflow_tui.ui.present.places import Place, places
from medflow_tui.ui.present.report import PANE_TITLES
from medflow_tui.ui.present.rows import Look
from medflow_tui.ui.session import Session

Part = tuple[int, int, Line]  # line, column, what stands there


def opening(session: Session, snapshot: Snapshot, cells: int, lines: int) -> Iterator[Part]:
    """What is known; of the log, which nobody has read yet, the title. Of a view with filters, the head alone."""
    is_low = session.site.low_data
    look = Look(
        language=session.language,
        glyphs=session.glyphs,
        now=session.now(),
        sparks=not is_low,
    )
    found = places(cells, lines)
    if not found:
        return
    yield from ((y, 0, line) for y, line in enumerate(_head(session, snapshot, look, cells)))
    if not _is_usual(session.kept):
        return
    chosen = session.kept.pane if session.kept.pane in PANES else SERVICES
    for pane, place in found.items():
        drawn = _log if pane == LOG else _pane
        body = drawn(session, snapshot, look, pane, place, place.x + place.cells < cells, pane == chosen)
        yield from ((place.y + y, place.x, line) for y, line in enumerate(body[: place.lines]))
    known = commands.at(commands.LOG if chosen == LOG else commands.DASHBOARD, session.commands)
    yield lines - 1, 0, bar(known, cells, session.language, lambda each: session.language.say(each.label))


def _is_usual(kept: KeptView) -> bool:
    return replace(kept, pane="", target="", level="") == KeptView()


def _head(session: Session, snapshot: Snapshot, look: Look, cells: int) -> list[Line]:
    is_low = session.site.low_data
    first = header(
        session.site,
        snapshot,
        look,
        cells,
        armed_until=None,
        paused=False,
        note=session.note,
        cost=meter_texts(Meter(session=0), session.site, session.language),
        thrift=thrift_word(Throttle(), is_low=is_low),
    )
    return [first, second_line(snapshot, look, cells)]


def _pane(
    session: Session, snapshot: Snapshot, look: Look, pane: str, place: Place, ruled: bool, focused: bool
) -> list[Line]:
    verdicts = tuple(each for each in snapshot.verdicts if each.pane == pane)
    rows = ordered(verdicts)
    chosen = next((each for each in rows if each.target == session.kept.target), rows[0] if rows else None)
    at = rows.index(chosen) if chosen is not None else 0
    return pane_lines(
        (session.key(pane), session.language.say(PANE_TITLES[pane])),
        verdicts,
        rows,
        place.cells,
        place.lines,
        look,
        chosen=chosen,
        top=first_shown(len(rows), at, 0, place.lines - 1),
        focused=focused,
        ruled=ruled,
    )


def _log(
    session: Session, snapshot: Snapshot, look: Look, pane: str, place: Place, ruled: bool, focused: bool
) -> list[Line]:
    levels = {each.word: each for each in Level}
    note = log_note(look, levels.get(session.kept.level, Level.INFO))
    verdicts = [each for each in snapshot.verdicts if each.pane == pane]
    files = file_names(session.site)
    return [log_title(session.key(pane), files, note, verdicts, place.cells, look, focused=focused)]
