"""The live log: the newest lines at the bottom, filled downwards, then moved up by half a pane at once."""

from __future__ import annotations

from collections import deque

from medflow_tui.locale.language import Language
from medflow_tui.model.health import Verdict
from medflow_tui.model.log import Level, LogLine, LogNews
from medflow_tui.model.site import Site
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.logview import filter_of, neighbour
from medflow_tui.ui.present.health import ordered
from medflow_tui.ui.present.line import Line, Span, fit
from medflow_tui.ui.present.loglines import error_row, file_names, log_note, log_row, log_title
from medflow_tui.ui.present.rows import Look
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines

KEPT = 2000
FOLDED = 200  # of the newest lines, repeats are shown as one
ERRORS_CELLS, ERRORS_LINES = 100, 12  # of a pane that has room for the errors of each minute
LEVELS = (Level.TRACE, Level.INFO, Level.WARN, Level.ERROR)


class LogPane(Lines, can_focus=True):
    """Follows the end until one scrolls up; `v`, `/` and `-` filter, `e` and `w` jump between errors and warnings."""

    def __init__(self, key: str, language: Language, site: Site) -> None:
        super().__init__(style, id="log", classes="pane")
        self._key, self._language = key, language
        self._files = file_names(site)
        self._verdicts: tuple[Verdict, ...] = ()
        self._errors: tuple[int, ...] = ()
        self._kept: deque[LogLine] = deque(maxlen=KEPT)
        self._shown: list[LogLine] = []
        self._rows: dict[int, tuple[LogLine, Line, object]] = {}
        self._look: Look | None = None
        self._top = 0
        self._at: int | None = None
        self.level, self.include, self.exclude = Level.INFO, "", ""
        self._filter = filter_of(self.level)
        self.following = True
        self.new = self.dropped = self.missed = 0
        self.notice: Phrase | None = None
        self.is_off = False

    @property
    def several(self) -> bool:
        """True when lines of more than one file are mixed."""
        return len(self._files) > 1

    @property
    def selected(self) -> Verdict | None:
        """The worst verdict on the logs."""
        return next(iter(ordered(self._verdicts)), None)

    @property
    def texts_chosen(self) -> list[str]:
        """The marked line, else the newest that is shown."""
        at = self._at if self._at is not None else len(self._shown) - 1
        if not 0 <= at < len(self._shown):
            return []
        line = self._shown[at]
        moment = line.at.isoformat(timespec="seconds") if line.at is not None else ""
        return [
            " ".join(each for each in (moment, line.level.word, line.origin, line.source, line.text) if each)
        ]

    @property
    def texts_kept(self) -> list[str]:
        """Every line that can be scrolled to or filtered for."""
        return [f"{each.origin} {each.source} {each.text}" for each in self._kept]

    def judged(self, verdicts: tuple[Verdict, ...]) -> None:
        """What is concluded from the logs; drawn with the next `take`."""
        self._verdicts = verdicts

    def count(self, errors: tuple[int, ...], *, draws: bool = True) -> None:
        """Errors in each of the last minutes, for where there is room to draw them; not drawn when `take` follows."""
        has_changed, self._errors = errors != self._errors, errors
        if has_changed and draws:
            self.draw()

    @property
    def _room(self) -> int:
        """Lines of log that fit."""
        return max(1, self.size.height - 1 - self._has_errors)

    @property
    def _has_errors(self) -> bool:
        return bool(self._errors) and self.size.width >= ERRORS_CELLS and self.size.height >= ERRORS_LINES

    def take(self, news: LogNews, look: Look) -> None:
        """Add what came; repeats among the newest become one line with a count."""
        self._look = look
        self.dropped += news.dropped
        self.missed = news.missed
        if news.notices:
            self.notice = news.notices[-1]
        elif news.lines:
            self.notice = None
        is_begun = bool(self._shown)
        self._kept.extend(news.lines)
        new = [each for each in news.lines if self._filter.shows(each)]
        self._add(new)
        if self.following:
            self._jump(len(new) if news.dropped > len(news.lines) else 0) if is_begun else self.bottom()
        self.draw()

    def _add(self, lines: list[LogLine]) -> None:
        if not lines:
            return
        old, recent = self._shown[:-FOLDED], self._shown[-FOLDED:]
        before = len(self._shown)
        self._shown = [*old, *_folded([*recent, *lines])][-KEPT:]
        if not self.following:
            self._top = max(0, min(self._top, len(self._shown) - 1))
        self._at = None if before > len(self._shown) else self._at

    def refilter(
        self, *, level: Level | None = None, include: str | None = None, exclude: str | None = None
    ) -> Phrase | None:
        """Another filter: everything kept is looked at again. A bad expression is not taken, and the reason returned."""
        chosen = filter_of(
            self.level if level is None else level,
            self.include if include is None else include,
            self.exclude if exclude is None else exclude,
        )
        if chosen.problem:
            return chosen.problem
        self.level = chosen.level
        self.include = self.include if include is None else include
        self.exclude = self.exclude if exclude is None else exclude
        self._filter = chosen
        self._shown = _folded([each for each in self._kept if chosen.shows(each)])
        self.bottom()
        return None

    def next_level(self) -> None:
        """The next level and above, round again after errors."""
        at = LEVELS.index(self.level) if self.level in LEVELS else 0
        self.refilter(level=LEVELS[(at + 1) % len(LEVELS)])

    def seek(self, level: Level, direction: int) -> bool:
        """Go to the next or previous line of a level; False when there is none."""
        start = self._at if self._at is not None else (len(self._shown) if direction < 0 else self._top - 1)
        found = neighbour(self._shown, start, level, forward=direction > 0)
        if found is None:
            return False
        self.following, self._at = False, found
        height = self._room
        self._top = max(0, min(found - height // 2, len(self._shown) - height))
        self.draw()
        return True

    def move(self, steps: int) -> None:
        """Scroll; at the end it follows again."""
        height = self._room
        last = max(0, len(self._shown) - height)
        self._top = max(0, min(self._top + steps, last))
        self.following = self._top >= last and steps > 0
        self.draw()

    def bottom(self) -> None:
        """To the end, and follow."""
        self.following, self._at = True, None
        self._top = max(0, len(self._shown) - self._room)
        self.draw()

    def _jump(self, flood: int) -> None:
        """Half a page up when it is full. In a flood only what came last stays, in one place: nothing there can be read on."""
        height = self._room
        half = max(1, height // 2 + 1)
        if flood:
            self._top = max(0, len(self._shown) - min(flood, half))
        elif len(self._shown) - self._top > height:
            self._top = max(0, len(self._shown) - half)

    def draw(self) -> None:
        """Title and the visible lines."""
        look = self._look
        cells, height = self.size.width, self.size.height
        if look is None or cells <= 0 or height <= 0:
            return
        lines: list[Line] = [self._title(cells, look)]
        if self._has_errors:
            lines.append(error_row(self._errors, cells, look))
        visible = self._shown[self._top : self._top + self._room]
        if not visible:
            off = say("the log is off, to save bytes: {key} draws what came", key=self._key)
            text = self._language.say(self.notice or (off if self.is_off else say("no lines at this level")))
            lines.append((Span(f"   {fit(text, cells - 3)}", "quiet"),))
        self._rows = {id(each): self._row(each, cells, look) for each in visible}
        marked = self._at - self._top if self._at is not None else -1
        lines += [
            log_row(each, cells, look, marked=True, several=self.several)
            if number == marked
            else self._rows[id(each)][1]
            for number, each in enumerate(visible)
        ]
        self.show(lines)

    def _row(self, entry: LogLine, cells: int, look: Look) -> tuple[LogLine, Line, object]:
        """A row as it was drawn before, when nothing that it is drawn with has changed."""
        known, drawn_with = self._rows.get(id(entry)), (cells, look.language, look.glyphs)
        if known is not None and known[0] is entry and known[2] == drawn_with:
            return known
        return entry, log_row(entry, cells, look, several=self.several), drawn_with

    def _title(self, cells: int, look: Look) -> Line:
        tell = self._language.say
        right = [log_note(look, self.level)]
        right += [f"/{self.include}"] if self.include else []
        right += [f"-{self.exclude}"] if self.exclude else []
        if self.missed:
            right.append(tell(say("paused, {n:number} missed", n=self.missed)))
        if self.is_off and self._shown:
            right.append(tell(say("off: {key} draws", key=self._key)))
        if not self.following:
            right.append(tell(say("not following")))
        if self.dropped:
            right.append(tell(say("{n:number} dropped", n=self.dropped)))
        if self.notice and self._shown:
            right.append(tell(self.notice))
        note = "  ".join(right)
        return log_title(self._key, self._files, note, self._verdicts, cells, look, focused=self.has_focus)

    def on_resize(self) -> None:
        if self.following:
            self.bottom()
        self.draw()
        self.refresh()

    def watch_has_focus(self, _has_focus: bool) -> None:
        super().watch_has_focus(_has_focus)
        self.draw()


def _folded(lines: list[LogLine]) -> list[LogLine]:
    if not lines:  # at the first paint
        return []
    from medflow_tui.rules.logline import fold

    return list(fold(lines))
