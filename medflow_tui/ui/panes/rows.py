"""A pane of verdicts: title with counts, then one row a target, worst first."""

from __future__ import annotations

from textual.message import Message

from medflow_tui.locale.language import Language
from medflow_tui.model.health import Verdict
from medflow_tui.model.words import Phrase, say
from medflow_tui.ui.present.health import counts, ordered
from medflow_tui.ui.present.line import Line, Span, fit, width
from medflow_tui.ui.present.rows import STYLES, Look, row, title
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines


class RowsPane(Lines, can_focus=True):
    """Draws what it is given by `take`; keeps the selected target by name, so that a moving row stays selected."""

    class Selected(Message):
        """Another row was selected."""

    def __init__(self, key: str, pane: str, name: Phrase, language: Language) -> None:
        super().__init__(style, id=pane, classes="pane")
        self.pane, self._key, self._heading, self._language = pane, key, name, language
        self._all: tuple[Verdict, ...] = ()
        self._rows: list[Verdict] = []
        self._look: Look | None = None
        self._chosen = ""
        self._top = 0
        self.ruled = False

    def take(self, verdicts: tuple[Verdict, ...], shown: tuple[Verdict, ...], look: Look) -> None:
        """All verdicts of the pane (for the counts), and those that pass the filter."""
        self._all, self._rows, self._look = verdicts, ordered(shown), look
        self.draw()

    @property
    def selected(self) -> Verdict | None:
        """The selected verdict; the first when the chosen one is gone."""
        if not self._rows:
            return None
        return next((each for each in self._rows if each.target == self._chosen), self._rows[0])

    def move(self, steps: int) -> None:
        """Select another row; the ends hold."""
        if not self._rows:
            return
        now = self.selected
        at = self._rows.index(now) if now is not None else 0
        self._chosen = self._rows[max(0, min(at + steps, len(self._rows) - 1))].target
        self.draw()

    def prefer(self, target: str) -> None:
        """Select a target as soon as it is shown here."""
        self._chosen = target

    def choose(self, target: str) -> bool:
        """Select a target by name; False when it is not shown here."""
        if all(each.target != target for each in self._rows):
            return False
        self._chosen = target
        self.draw()
        return True

    def draw(self) -> None:
        """Lines for the present size; only those that changed are repainted."""
        look = self._look
        cells, height = self.size.width, self.size.height
        if look is None or cells <= 0 or height <= 0:
            return
        inner = cells - 2 if self.ruled else cells
        lines = [
            title(
                self._key, self._language.say(self._heading), self._all, inner, look, focused=self.has_focus
            )
        ]
        lines += self._visible(inner, height - 1, look)
        if self.ruled:
            lines += [()] * (height - len(lines))
            rule = Span(f" {look.glyphs.rule}", "rule")
            lines = [
                (*each, Span(" " * (inner - sum(width(span.text) for span in each))), rule) for each in lines
            ]
        self.show(lines)

    def _visible(self, cells: int, height: int, look: Look) -> list[Line]:
        chosen = self.selected
        if chosen is None:
            text = self._language.say(
                say("nothing to show here") if self._all else say("nothing of this kind is watched")
            )
            return [(Span(f"   {fit(text, cells - 3)}", "quiet"),)]
        at = self._rows.index(chosen)
        room = height if len(self._rows) <= height else max(1, height - 1)
        self._top = max(0, min(self._top, len(self._rows) - room))
        self._top = at if at < self._top else max(self._top, at - room + 1)
        shown = self._rows[self._top : self._top + room]
        lines = [row(each, cells, look, selected=self.has_focus and each is chosen) for each in shown]
        hidden = [each for each in self._rows if each not in shown]
        if hidden and height > 1:
            lines.append(self._more(hidden, look))
        return lines

    def _more(self, hidden: list[Verdict], look: Look) -> Line:
        spans = [Span("   "), Span(self._language.say(say("{n:number} more:", n=len(hidden))), "quiet")]
        for health, n in counts(hidden).items():
            spans += [Span(" "), Span(f"{look.glyphs.health[health]} {n}", STYLES[health])]
        return tuple(spans)

    def on_resize(self) -> None:
        self.draw()
        self.refresh()

    def watch_has_focus(self, _has_focus: bool) -> None:
        super().watch_has_focus(_has_focus)
        self.draw()
