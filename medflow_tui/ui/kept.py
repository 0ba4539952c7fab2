"""The view as it is written down when it changed, and taken up again at the next start."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from medflow_tui.model.log import Level
from medflow_tui.model.target import PANES
from medflow_tui.model.view import KeptView
from medflow_tui.ui.screens.dashboard import DashboardScreen
from medflow_tui.ui.session import Session
from medflow_tui.ui.work import Work


class Kept:
    """Looks at the dashboard when it is told to, and writes in a thread what is another view than before."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen = session.kept
        self._newest = session.kept

    def look(self, dashboard: DashboardScreen) -> None:
        """Write it down if it changed."""
        view = view_of(dashboard)
        if view == self._seen:
            return
        before, self._seen = self._seen, view
        self._newest = _without_people(view, before, self._newest, dashboard)
        Work("view", self._write)

    def _write(self) -> None:
        try:
            self._session.keep(self._newest)
        except OSError as error:
            self._session.report(error, "view")


def view_of(dashboard: DashboardScreen) -> KeptView:
    """What is chosen now."""
    view, log, selected = dashboard.view, dashboard.log_pane, dashboard.selected()
    return KeptView(
        words=view.words,
        problems=view.problems,
        pane=view.pane,
        maximised=view.maximised,
        target=selected.target if selected is not None else "",
        level=log.level.word,
        include=log.include,
        exclude=log.exclude,
    )


def take_up(dashboard: DashboardScreen, kept: KeptView) -> None:
    """Choose it again, as far as it still makes sense."""
    dashboard.view = replace(dashboard.view, words=kept.words, problems=kept.problems)
    if kept.target:
        for pane in dashboard.rows_panes:
            pane.prefer(kept.target)
    levels = {each.word: each for each in Level}
    for choice in ({"level": levels.get(kept.level)}, {"include": kept.include}, {"exclude": kept.exclude}):
        dashboard.log_pane.refilter(**choice)
    if kept.maximised in PANES:
        dashboard.maximise(kept.maximised)
    if kept.pane in PANES:
        dashboard.view = replace(dashboard.view, pane=kept.pane)


def _without_people(view: KeptView, before: KeptView, kept: KeptView, dashboard: DashboardScreen) -> KeptView:
    """The view without words of filters that may be a person's; words that stayed the same were judged already."""
    from medflow_tui.rules.keeping import may_keep

    def fit(now: str, then: str, so_far: str, seen: Iterable[str]) -> str:
        if now == then:
            return so_far
        return now if may_keep(now, seen) else ""

    rows, lines = dashboard.row_texts, dashboard.log_pane.texts_kept
    return replace(
        view,
        words=fit(view.words, before.words, kept.words, rows),
        include=fit(view.include, before.include, kept.include, lines),
        exclude=fit(view.exclude, before.exclude, kept.exclude, lines),
    )
