"""The command line of the dashboard: a command by its name, a target by its name, or an order to the lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medflow_tui.config.schema import nearest
from medflow_tui.model.words import say
from medflow_tui.ui.commands import COMMANDS
from medflow_tui.ui.present.health import called
from medflow_tui.ui.screens.detail import DetailScreen

if TYPE_CHECKING:
    from medflow_tui.ui.app import MedflowApp


def carry_out(app: MedflowApp, words: str) -> None:
    """Do what the words name; an unknown word gets the nearest known one."""
    if not words:
        return
    tell = app.session.language.say
    names = {each.name: each for each in COMMANDS} | {
        tell(each.label): each for each in COMMANDS if each.label
    }
    command = names.get(words)
    if command is not None:
        app.call_later(app.screen.run_action, command.action)
        return
    found = next(
        (
            each
            for each in app.snapshot.verdicts
            if words.casefold()
            in (each.target.casefold(), each.label.casefold(), called(each, app.session.language).casefold())
        ),
        None,
    )
    if found is not None:
        app.dashboard.go_to(found.target)
        app.push_screen(DetailScreen(app.session, found.target))
        return
    answer = app.session.order(words)
    if answer is not None:
        app.say_briefly(answer)
        return
    known = [*names, *(each.target for each in app.snapshot.verdicts)]
    app.say_briefly(
        say(
            "no command and no target {words}; the nearest is {near}",
            words=words,
            near=nearest(words, known) or "help",
        )
    )
