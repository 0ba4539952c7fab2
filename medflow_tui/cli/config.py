"""`config init|check|show|paths|blame`: the site file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from medflow_tui.cli.speech import DONE, USAGE, complain, tell
from medflow_tui.model.words import Phrase, say
from medflow_tui.wiring import Options, open_language, open_settings, open_state

if TYPE_CHECKING:
    from pathlib import Path

    from medflow_tui.config.load import Settings
    from medflow_tui.model.site import Site


def init(options: argparse.Namespace, common: Options) -> int:
    """Make the first site file by questions."""
    from medflow_tui.config.locations import site_candidates
    from medflow_tui.config.starter import write_first_site

    language = open_language(common)

    def ask(question: Phrase, default: str) -> str:
        try:
            return input(f"{language.say(question)} [{default}]: ")
        except RuntimeError as error:  # standard input was closed
            raise EOFError from error
        except UnicodeDecodeError:  # typed in another encoding than the terminal says
            return ""

    path = write_first_site(site_candidates(common.site)[0].path, ask)
    tell(language.say(say("written: {file}", file=str(path))))
    return DONE


def check(options: argparse.Namespace, common: Options) -> int:
    """Say whether the site file is in order, whether each name in it is one of something, whether the audit can be kept
    and signed as it says, and whether the UPS that it names answers."""
    settings = open_settings(common)
    head = say("{file}: [audit]", file=settings.site.source)
    troubles = [head.also(each) for each in _audit_troubles(settings.site, open_state(common))]
    troubles += (*_wrong_names(settings), *_power_troubles(settings.site))
    for each in troubles:
        complain(open_language(common, settings.site).say(each))
    if troubles:
        return USAGE
    sentence = say(
        "{file}: in order, {n:number} targets", file=settings.site.source, n=len(settings.site.targets)
    )
    tell(open_language(common, settings.site).say(sentence))
    return DONE


def _wrong_names(settings: Settings) -> tuple[Phrase, ...]:
    from medflow_tui.config.references import complaints
    from medflow_tui.playbooks.shelf import shelf_of

    return complaints(settings, shelf_of(settings.site).playbooks)


def _audit_troubles(site: Site, state: Path) -> tuple[Phrase, ...]:
    from medflow_tui.journal.auditing.place import why_not_there
    from medflow_tui.journal.auditing.signing import key_of, signers_of, trial
    from medflow_tui.rules.auditing.checkpoint import told

    key = key_of(site)
    why = trial(key, signers_of(site), site.code) if key is not None else ""
    return tuple(each for each in (why_not_there(site, state), told(why)) if each)


def _power_troubles(site: Site) -> tuple[Phrase, ...]:
    from medflow_tui.clients.supply import why_untold

    why = why_untold(site.power)
    head = say("{file}: [power] {ups} does not tell", file=site.source, ups=site.power.nut)
    return (head.also(why),) if why else ()


def show(options: argparse.Namespace, common: Options) -> int:
    """The site as it is in force; with `origins` also who set what."""
    from medflow_tui.config.explain import settings_lines

    tell(*settings_lines(open_settings(common), origins=options.origins))
    return DONE


def paths(options: argparse.Namespace, common: Options) -> int:
    """Where everything is."""
    from medflow_tui.config.explain import path_lines
    from medflow_tui.config.locations import site_candidates

    language = open_language(common)
    tell(*(language.say(each) for each in path_lines(site_candidates(common.site), open_state(common))))
    return DONE
