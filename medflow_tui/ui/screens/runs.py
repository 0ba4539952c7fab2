"""The runs of a site, newest first: what was done, by whom, how it ended; each can be read again."""

from __future__ import annotations

from textual.message import Message

from medflow_tui.model.errors import MedflowError
from medflow_tui.model.procedure import RunState
from medflow_tui.model.words import Phrase, say
from medflow_tui.runner.dispatch import Dispatch
from medflow_tui.ui.commands import RUNS
from medflow_tui.ui.present.choice import is_wanted, run_row
from medflow_tui.ui.present.header import headline
from medflow_tui.ui.present.line import Line, Span, wrap
from medflow_tui.ui.screens.chooser import ChooserScreen
from medflow_tui.ui.screens.run import RunScreen
from medflow_tui.ui.session import Session
from medflow_tui.ui.work import Work


class RunsScreen(ChooserScreen):
    """Reads them when it is opened and when one comes back to it."""

    place = RUNS

    class Read(Message):
        """The runs as they stand."""

        def __init__(self, states: tuple[RunState, ...]) -> None:
            super().__init__()
            self.states = states

    def __init__(self, session: Session, states: tuple[RunState, ...]) -> None:
        super().__init__(session)
        self._states = states

    def on_screen_resume(self) -> None:
        dispatch = self.session.dispatch
        if dispatch is not None:
            Work("runs", lambda: self._read(dispatch))

    def _read(self, dispatch: Dispatch) -> None:
        try:
            self.post_message(self.Read(dispatch.runs()))
        except MedflowError as error:
            self.app.call_later(self.switchboard.say_briefly, error.phrase)

    def on_runs_screen_read(self, message: Read) -> None:
        if message.states != self._states:
            self._states = message.states
            self.redraw()

    @property
    def nothing(self) -> Phrase:
        return say("no run yet")

    def heading(self, cells: int) -> Line:
        title = self.tell(say("Runs of playbooks"))
        words = f"/ {self.words}" if self.words else ""
        return headline(title, self.session.site, words, self.look, cells)

    def rows(self, cells: int) -> list[Line]:
        return [row for _, row in self._found(cells)]

    def about(self, cells: int) -> list[Line]:
        found = self._found(cells)
        if not found:
            return []
        state = found[self._at][0]
        text = " · ".join(each for each in (state.run, self.tell(state.said)) if each)
        lines: list[Line] = [(Span(f" {each}", "quiet"),) for each in wrap(text, cells - 2)[:2]]
        return [*lines, *(() for _ in range(2 - len(lines)))]

    def _found(self, cells: int) -> list[tuple[RunState, Line]]:
        dispatch, code = self.session.dispatch, self.session.language.code
        known = {each.id: each for each in dispatch.playbooks} if dispatch is not None else {}
        titles = {name: self.session.language.say(each.title.phrase(code)) for name, each in known.items()}
        rows = [
            (each, run_row(each, titles.get(each.playbook, each.playbook or "?"), self.look, cells))
            for each in self._states
        ]
        return [(each, row) for each, row in rows if is_wanted(row, each.run, self.words)]

    def action_open(self) -> None:
        """The chosen run."""
        found = self._found(self.app.size.width)
        if found:
            self.app.push_screen(RunScreen(self.session, found[self._at][0].run))
