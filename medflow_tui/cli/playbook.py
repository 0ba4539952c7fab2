"""`playbook list|show|run|runs|lint`: what can be done, as text; a run itself is started in the dashboard."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from medflow_tui.cli.speech import DONE, FAILED, USAGE, complain, tell
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.words import say
from medflow_tui.wiring import Options, open_language, open_settings, open_state, tools_for
from medflow_tui.wiring.acting import dispatch_for

if TYPE_CHECKING:
    from medflow_tui.locale.language import Language
    from medflow_tui.model.procedure import Playbook
    from medflow_tui.runner.dispatch import Dispatch
    from medflow_tui.runner.report import Report


def listed(options: argparse.Namespace, common: Options) -> int:
    """One line for each playbook of this site; files that are not believed are named with the reason."""
    from medflow_tui.playbooks.shelf import folders_of, stock

    dispatch, language = _open(common)
    tell(*_report(language).listed(dispatch.playbooks))
    for each in stock(folders_of(dispatch.site.source)).refused:
        complain(language.say(say("not used:").also(each.why)))
    return DONE


def shown(options: argparse.Namespace, common: Options) -> int:
    """One playbook: what it is for, its steps, its guards; nothing is measured."""
    dispatch, language = _open(common)
    tell(*_report(language).shown(_choose(dispatch.playbooks, options.id)))
    return DONE


def run(options: argparse.Namespace, common: Options) -> int:
    """The plan as measured now, with reads only; 1 when it would not start. Without --dry-run a refusal."""
    dispatch, language = _open(common)
    playbook = _choose(dispatch.playbooks, options.id)
    if not options.dry_run:
        why = say(
            "a run is started in the dashboard: b, then enter; here there is --dry-run, which touches nothing"
        )
        complain(language.say(why))
        return USAGE
    rehearsal = dispatch.rehearse(playbook)
    tell(*_report(language).rehearsed(rehearsal))
    return DONE if rehearsal.would_start else FAILED


def runs(options: argparse.Namespace, common: Options) -> int:
    """Every run, newest first."""
    dispatch, language = _open(common)
    found = dispatch.runs()
    tell(*(_report(language).runs(found) if found else (language.say(say("no run yet")),)))
    return DONE


def lint(options: argparse.Namespace, common: Options) -> int:
    """Every complaint about a playbook file, or about all that this site would use; 1 when there is one."""
    from medflow_tui.playbooks import checking
    from medflow_tui.wiring.crews import known_actions

    settings = open_settings(common) if options.file is None else None
    language = open_language(common, settings.site if settings else None)
    source = settings.site.source if settings else ""
    complaints = list(
        checking.of_file(options.file, known_actions())
        if options.file is not None
        else checking.of_site(source, known_actions())
    )
    tell(*(language.say(each) for each in complaints or [say("nothing to complain about")]))
    return FAILED if complaints else DONE


def _open(common: Options) -> tuple[Dispatch, Language]:
    site = open_settings(common).site
    state = open_state(common)
    dispatch = dispatch_for(site, state, tools_for(site, state))
    if dispatch is None:
        raise RefusedError(say("no playbook mends anything that this site watches"))
    return dispatch, open_language(common, site)


def _report(language: Language) -> Report:
    from medflow_tui.runner.report import Report

    return Report(speak=language.say, language=language.code)


def _choose(playbooks: Sequence[Playbook], wanted: str) -> Playbook:
    for each in playbooks:
        if each.id == wanted:
            return each
    raise RefusedError(
        say(
            "there is no playbook {wanted} here; there is: {known}",
            wanted=wanted,
            known=", ".join(each.id for each in playbooks),
        )
    )
