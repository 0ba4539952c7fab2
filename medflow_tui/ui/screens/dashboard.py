"""The dashboard: what its keys do."""

from __future__ import annotations

from dataclasses import replace

from textual.widget import Widget

from medflow_tui.model.log import Level
from medflow_tui.model.target import LOG, PANES
from medflow_tui.model.words import Phrase, say
from medflow_tui.ui.panes.log import LogPane
from medflow_tui.ui.screens.board import Board
from medflow_tui.ui.screens.detail import DetailScreen


class DashboardScreen(Board):
    """Every key of the dashboard and of its log, as `commands` names them."""

    def on_mount(self) -> None:
        self.switchboard.take_up_view()
        self.action_pane(self.view.pane)

    def go_to(self, target: str) -> bool:
        """Select a target wherever it is."""
        for pane in self.rows_panes:
            if pane.choose(target):
                self.action_pane(pane.pane)
                return True
        return False

    def action_pane(self, pane: str) -> None:
        if self.view.maximised and self.view.maximised != pane:
            self.maximise(pane)
        self.set_focus(self.query_one(f"#{pane}", Widget))  # at once: the next key may be there already
        if pane == LOG:
            self.take_log(is_asked=True)

    def action_next_pane(self, step: int) -> None:
        now = self.focused_pane()
        at = PANES.index(now.id) if now is not None and now.id in PANES else 0
        self.action_pane(PANES[(at + step) % len(PANES)])

    def action_move(self, steps: int) -> None:
        pane = self.focused_pane()
        if pane is not None:
            pane.move(steps)
            self.draw_beside()

    def action_page(self, steps: int) -> None:
        pane = self.focused_pane()
        if pane is not None:
            pane.move(steps * max(1, pane.size.height - 2))
            self.draw_beside()

    def action_top(self) -> None:
        self.action_move(-1_000_000)

    def action_bottom(self) -> None:
        pane = self.focused_pane()
        if isinstance(pane, LogPane):
            pane.bottom()
        else:
            self.action_move(1_000_000)

    def action_details(self) -> None:

        verdict = self.selected()
        if verdict is None:
            return
        if self.is_roomy and not self.has_class("beside"):
            self.open_beside()
        else:
            self.app.push_screen(DetailScreen(self.session, verdict.target))

    def action_problems(self) -> None:
        pane = self.focused_pane()
        if isinstance(pane, LogPane):
            pane.refilter(level=Level.INFO if pane.level is Level.WARN else Level.WARN)
            return
        self.view = replace(self.view, problems=not self.view.problems)
        self.redraw()

    def action_filter(self) -> None:
        pane = self.focused_pane()
        if isinstance(pane, LogPane):
            self.switchboard.ask(
                say("log: only lines that match (regular expression)"), pane.include, self._filter_log
            )
        else:
            self.switchboard.ask(say("show only rows with these words"), self.view.words, self._filter_rows)

    def _filter_rows(self, words: str) -> None:
        self.view = replace(self.view, words=words.strip())
        self.redraw()

    def _filter_log(self, words: str) -> None:
        self._tell_problem(self.log_pane.refilter(include=words))

    def action_exclude(self) -> None:
        self.switchboard.ask(
            say("log: without lines that match (regular expression)"),
            self.log_pane.exclude,
            self._exclude_log,
        )

    def _exclude_log(self, words: str) -> None:
        self._tell_problem(self.log_pane.refilter(exclude=words))

    def _tell_problem(self, why: Phrase | None) -> None:
        if why is not None:
            self.switchboard.say_briefly(why)

    def action_level(self) -> None:
        if isinstance(self.focused_pane(), LogPane):
            self.log_pane.next_level()

    def action_seek(self, level: str, direction: int) -> None:
        if isinstance(self.focused_pane(), LogPane) and not self.log_pane.seek(
            Level[level.upper()], direction
        ):
            self.switchboard.say_briefly(say("no further line of this level"))

    def action_logs(self) -> None:
        self.action_pane(LOG)

    def action_pause(self) -> None:
        paused = not self.view.paused
        self.view = replace(self.view, paused=paused)
        self.frozen = self.switchboard.snapshot if paused else None
        if self.session.follower is not None:
            self.session.follower.pause() if paused else self.session.follower.resume()
        self.redraw()

    def action_maximise(self) -> None:
        pane = self.focused_pane()
        self.maximise("" if self.view.maximised or pane is None else str(pane.id))

    def maximise(self, pane: str) -> None:
        """This pane alone; all of them when the name is empty."""
        self.view = replace(self.view, maximised=pane)
        self.set_class(bool(pane), "maximised")
        for each in self.query(".pane"):
            each.set_class(each.id == pane, "alone")
        self.call_after_refresh(self.redraw)

    def action_refresh_now(self) -> None:
        verdict = self.selected()
        self.switchboard.looking.read_now(
            verdict.target if verdict is not None and self.view.maximised == "" else None
        )
        self.switchboard.say_briefly(say("reading again"))

    def action_acknowledge(self) -> None:
        self.switchboard.acknowledge(self.selected())

    def action_maintenance(self) -> None:
        self.switchboard.announce(self.selected())

    def action_back(self) -> None:
        if self.switchboard.banner:
            self.switchboard.say_briefly(None)
        elif self.view.words or self.view.problems:
            self.view = replace(self.view, words="", problems=False)
            self.redraw()
        elif self.view.maximised:
            self.maximise("")
        elif self.has_class("beside"):
            self.close_beside()

    def action_leave(self) -> None:
        if self.view.maximised:
            self.maximise("")
        else:
            self.switchboard.leave()
