"""What all screens share: keys from the one list of commands, and a key bar derived from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.binding import Binding

from medflow_tui.ui import commands
from medflow_tui.ui.present.bar import bar
from medflow_tui.ui.present.line import Line, Span, width, wrap
from medflow_tui.ui.present.rows import Look
from medflow_tui.ui.screens.sized import SizedScreen
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines

if TYPE_CHECKING:
    from medflow_tui.ui.app import MedflowApp
    from medflow_tui.ui.session import Session


class KeyedScreen(SizedScreen[None]):
    """A screen whose keys are those declared for its place."""

    place = ""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        for each in commands.at(self.place, session.commands):
            for key in each.keys:
                self._bindings.key_to_bindings.setdefault(key, []).append(
                    Binding(key, each.action, show=False)
                )

    @property
    def switchboard(self) -> MedflowApp:
        """The application, with its own type."""
        return cast("MedflowApp", self.app)

    @property
    def look(self) -> Look:
        """How words are drawn, at this moment."""
        return Look(language=self.session.language, glyphs=self.session.glyphs, now=self.session.now())

    def tell(self, phrase: object) -> str:
        """A phrase in this session's language, at this moment."""
        return self.session.language.say(phrase, self.session.now())  # type: ignore[arg-type]

    def key_bar(self, cells: int, place: str | None = None) -> Line:
        """The keys that fit now, in the order of the list."""
        known = commands.at(place or self.place, self.session.commands)
        return bar(known, cells, self.session.language, self.bar_label)

    def bar_end(self, cells: int) -> tuple[Span, ...]:
        """What stands at the right end of the bar instead of the last keys."""
        return ()

    @property
    def is_whole(self) -> bool:
        """False before its widgets stand and once they were taken down: what was put off until then draws nothing."""
        return bool(self.query("#keys"))

    def draw_bar(self) -> None:
        """The key bar, and above it the sentence that was said last: the header is not in sight here."""
        if not self.is_whole:
            return
        cells = self.app.size.width
        end = self.bar_end(cells)
        room = cells - sum(width(each.text) for each in end)
        bar = self.key_bar(room)
        gap = room - sum(width(each.text) for each in bar)
        lines: list[Line] = [(*bar, Span(" " * gap), *end) if end else bar]
        if self.switchboard.banner:
            said = wrap(self.tell(self.switchboard.banner), cells - 2)
            lines = [*((Span(f" {each}", "strong"),) for each in said), *lines]
        widget = self.query_one("#keys", Lines)
        widget.styles.height = len(lines)
        widget.show(lines)

    def bar_label(self, command: commands.Command) -> str:
        """The word on the bar; a screen may say more (how many playbooks fit), or nothing for what is not possible."""
        return self.session.language.say(command.label)

    def new_bar(self) -> Lines:
        """The widget for the key bar."""
        return Lines(style, classes="bar", id="keys")

    def action_back(self) -> None:
        """One level back."""
        if len(self.app.screen_stack) > 1:
            self.dismiss()

    def action_leave(self) -> None:
        """Back; the dashboard quits instead."""
        self.action_back()
