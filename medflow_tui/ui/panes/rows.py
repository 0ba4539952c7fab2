"""A pane of verdicts: title with counts, then one row a target, worst first."""

from __future__ import annotations

from textual.message import Message

from medflow_tui.locale.language import Language
from medflow_tui.model.health import Verdict
from medflow_tui.model.words import Phrase
from medflow_tui.ui.present.health import ordered
from medflow_tui.ui.present.pane import first_shown, pane_lines
from medflow_tui.ui.present.rows import Look
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
        chosen = self.selected
        at = self._rows.index(chosen) if chosen is not None else 0
        self._top = first_shown(len(self._rows), at, self._top, height - 1)
        self.show(
            pane_lines(
                (self._key, self._language.say(self._heading)),
                self._all,
                self._rows,
                cells,
                height,
                look,
                chosen=chosen,
                top=self._top,
                focused=self.has_focus,
                ruled=self.ruled,
            )
        )

    def on_resize(self) -> None:
        self.draw()
        self.refresh()

    def watch_has_focus(self, _has_focus: bool) -> None:
        super().watch_has_focus(_has_focus)
        self.draw()
