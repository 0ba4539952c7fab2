"""Runs found again: told at start-up while they wait for somebody, listed newest first, opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medflow_tui.model.errors import MedflowError
from medflow_tui.model.procedure import Phase, RunState
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.reasons import put_away_name
from medflow_tui.runner.report import PHASES
from medflow_tui.ui.screens.run import RunScreen
from medflow_tui.ui.screens.runs import RunsScreen
from medflow_tui.ui.work import Work

if TYPE_CHECKING:
    from medflow_tui.ui.app import MedflowApp

UNREADABLE = say("the runs cannot be read")  # the line is short, and what follows begins with a path


class Finding:
    """Reads journals in a worker thread only. `waiting` is the sentence that stays until the run is ended or put away."""

    def __init__(self, app: MedflowApp) -> None:
        self._app = app
        self.waiting: Phrase = SILENCE

    def open_runs(self) -> None:
        """The list; where there is only one run, or only one that is not over, that one at once."""
        dispatch = self._app.session.dispatch
        if dispatch is None:
            self._app.say_briefly(say("no run yet"))
            return

        def work() -> None:
            try:
                states = dispatch.runs()
            except MedflowError as error:
                self._app.call_later(self._app.say_briefly, UNREADABLE.also(error.phrase))
                return
            open_ones = [each for each in states if not each.phase.is_over and not self._is_put_away(each)]
            self._app.call_later(self._show_runs, states, open_ones)

        Work("runs", work)

    def _show_runs(self, states: tuple[RunState, ...], open_ones: list[RunState]) -> None:
        self._app.say_briefly(None if states else say("no run yet"))
        if not states:
            return
        screen = self._app.screen
        is_inside = isinstance(screen, RunScreen)
        if is_inside:  # from one run to all of them
            self._app.pop_screen()
        single = open_ones if len(open_ones) == 1 else list(states) if len(states) == 1 else []
        if single and not is_inside:
            self._app.push_screen(RunScreen(self._app.session, single[0].run))
        elif not isinstance(self._app.screen, RunsScreen):
            self._app.push_screen(RunsScreen(self._app.session, states))

    def look_for_runs(self) -> None:
        """A run that still goes on is told once; one that waits for somebody until it is ended or put away."""
        dispatch = self._app.session.dispatch
        if dispatch is None:
            return

        def work() -> None:
            try:
                found = [each for each in dispatch.unfinished() if not self._is_put_away(each)]
            except MedflowError as error:
                self._app.call_later(self._app.say_briefly, UNREADABLE.also(error.phrase))
            else:
                self._app.call_later(self._tell, found)

        Work("runs", work)

    def _tell(self, found: list[RunState]) -> None:
        key = self._app.session.key("runs")
        before, self.waiting = self.waiting, SILENCE
        if found:
            phrase = say("{key} shows a run that is not over", key=key).also(PHASES[found[0].phase])
            waits = [each for each in found if each.phase.can_go_on or each.phase is Phase.DAMAGED]
            if waits:
                self.waiting = say("{key}: a run waits for somebody", key=key).also(PHASES[waits[0].phase])
            if not before:
                self._app.say_briefly(phrase.also(found[0].said))
        if before != self.waiting:
            self._app.dashboard.draw_header()

    def _is_put_away(self, state: RunState) -> bool:
        """And not gone on with since."""
        known = self._app.session.desk.acknowledged(self._app.session.now())
        found = known.get(put_away_name(state.run))
        return found is not None and found.at >= state.begun_at
