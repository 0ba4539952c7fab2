"""`playbook list|show|lint`: what can be done, as text, and what a playbook would do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from medflow_tui.cli.speech import DONE, FAILED, complain, tell
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.words import say
from medflow_tui.wiring import Options, open_language, open_settings, open_state, tools_for
from medflow_tui.wiring.acting import dispatch_for, why_no_dispatch

if TYPE_CHECKING:
    from medflow_tui.locale.language import Language
    from medflow_tui.model.procedure import Playbook
    from medflow_tui.runner.dispatch import Dispatch
    from medflow_tui.runner.report import Report


def listed(options: argparse.Namespace, common: Options) -> int:
    """One line for each playbook of this site; files that are not believed are named with the reason.

    With words, as an operator says what is wrong, only those that speak of it, best first; 1 when none does.
    """
    from medflow_tui.playbooks.shelf import shelf_of

    dispatch, language = opened(common)
    found = dispatch.matching(" ".join(options.words))
    if not options.words:
        found = dispatch.playbooks
    tell(*report_in(language).listed(found))
    if not found:
        complain(language.say(say("no playbook speaks of that: try fewer or other words")))
        return FAILED
    for each in shelf_of(dispatch.site).refused:
        complain(language.say(say("not used:").also(each.why)))
    return DONE


def shown(options: argparse.Namespace, common: Options) -> int:
    """One playbook: what it is for, its steps, its guards; nothing is measured."""
    dispatch, language = opened(common)
    tell(*report_in(language).shown(choose(dispatch.playbooks, options.id)))
    return DONE


def rehearse(dispatch: Dispatch, language: Language, playbook: Playbook, given: Mapping[str, str]) -> int:
    """The plan as measured now, with reads only; 1 when it would not start."""
    rehearsal = dispatch.rehearse(playbook, given)
    tell(*report_in(language).rehearsed(rehearsal))
    return DONE if rehearsal.would_start else FAILED


def lint(options: argparse.Namespace, common: Options) -> int:
    """Every complaint about a playbook file, or about all that this site would use; 1 when there is one."""
    from medflow_tui.playbooks import checking
    from medflow_tui.rules.approving import PRODUCTION
    from medflow_tui.wiring.crews import known_actions

    settings = open_settings(common) if options.file is None else None
    language = open_language(common, settings.site if settings else None)
    source = settings.site.source if settings else ""
    is_strict = settings is not None and settings.site.environment == PRODUCTION
    complaints = list(
        checking.of_file(options.file, known_actions())
        if options.file is not None
        else checking.of_site(source, known_actions(), strict=is_strict)
    )
    tell(*(language.say(each) for each in complaints or [say("nothing to complain about")]))
    return FAILED if complaints else DONE


def opened(common: Options) -> tuple[Dispatch, Language]:
    """The desk for acting at the site, and its language. Raises MedflowError."""
    site = open_settings(common).site
    state = open_state(common)
    dispatch = dispatch_for(site, state, tools_for(site, state))
    if dispatch is None:
        raise RefusedError(why_no_dispatch())
    return dispatch, open_language(common, site)


def report_in(language: Language) -> Report:
    """Makes lines in a language."""
    from medflow_tui.runner.report import Report

    is_plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    return Report(speak=language.say, language=language.code, is_plain=is_plain)


def choose(playbooks: Sequence[Playbook], wanted: str) -> Playbook:
    """The one of that name. Raises RefusedError."""
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
