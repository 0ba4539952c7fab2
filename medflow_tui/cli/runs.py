"""`playbook runs`: every run in a line, or one of them with what its programs printed, redacted."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from medflow_tui.cli.person import need_terminal
from medflow_tui.cli.playbook import opened, report_in
from medflow_tui.cli.speech import DONE, complain, tell
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.procedure import Phase
from medflow_tui.model.words import say
from medflow_tui.wiring import Options

if TYPE_CHECKING:
    from medflow_tui.locale.language import Language
    from medflow_tui.runner.dispatch import Dispatch

LINES = 20


def runs(options: argparse.Namespace, common: Options) -> int:
    """Every run, newest first; or the one that is named."""
    dispatch, language = opened(common)
    if options.sealed:
        return _sealed(dispatch, language, options.run, options.sealed)
    if options.run:
        return _one(dispatch, language, options.run)
    found = dispatch.runs()
    tell(*(report_in(language).runs(found) if found else (language.say(say("no run yet")),)))
    return DONE


def _one(dispatch: Dispatch, language: Language, run: str) -> int:
    """Where it stands, and the redacted end of what each of its programs printed."""
    from medflow_tui.journal.run_log import find
    from medflow_tui.runner.printed import copies, copy_of, tail
    from medflow_tui.runner.surroundings import RUNS

    follower, report = dispatch.follower(run), report_in(language)
    state = follower.poll().state
    if state.phase is Phase.DAMAGED:
        raise RefusedError(state.said)
    tell(*report.run(state, follower.playbook, follower.facts))
    folder = find(dispatch.state / RUNS, run).path
    programs = [each.id for each in follower.playbook.steps if each.run]
    for name in copies(folder):
        if name in programs:
            tell("", language.say(say("What {name} printed, redacted, at its end:", name=name)))
            tell(*(f"  {each}" for each in tail(folder, name, LINES)))
        else:
            tell("", language.say(say("A redacted copy for people: {path}", path=str(copy_of(folder, name)))))
    return DONE


def _sealed(dispatch: Dispatch, language: Language, run: str, name: str) -> int:
    """To the eyes of a person, and never into a file or a pipe; recorded first."""
    from medflow_tui.runner.unsealing import unsealed

    if not run:
        raise RefusedError(say("what is sealed belongs to a run: name that too"))
    need_terminal()
    lines = unsealed(dispatch.site, dispatch.state, run, name)
    complain(language.say(say("this may name patients; that you looked at it is written down")))
    tell(*lines)
    return DONE
