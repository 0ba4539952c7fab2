"""No subcommand, and `lab`: the living dashboard."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from medflow_tui.cli.speech import USAGE, complain, tell
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.ui.terminal.herald import TEXT_ONLY
from medflow_tui.wiring import Options, open_dashboard, open_language, open_settings

if TYPE_CHECKING:
    import argparse


def dashboard(options: argparse.Namespace, common: Options) -> int:
    """The dashboard; sentences where there is no terminal; questions where there is no site file yet."""
    from medflow_tui.config.load import NoSiteError

    why_not = no_screen(
        os.environ.get("TERM", ""),
        all(each is not None and each.isatty() for each in (sys.stdin, sys.stdout)),
    )
    if why_not:
        from medflow_tui.cli import looking

        complain(open_language(common, open_settings(common).site).say(why_not))
        return looking.status(options, common)
    try:
        return open_dashboard(common, stock_terminal=options.stock_terminal)
    except NoSiteError as error:
        language = open_language(common)
        tell(language.say(error.phrase))
        if not _agrees(language.say(say("Make the first site file now? [y/N] "))):
            return USAGE
    from medflow_tui.cli import config

    config.init(options, common)
    return open_dashboard(common, stock_terminal=options.stock_terminal)


def no_screen(term: str, is_terminal: bool) -> Phrase:
    """Why the dashboard cannot be drawn here; empty when it can.

    >>> no_screen("xterm", is_terminal=True)
    Phrase(text='', values=mappingproxy({}), parts=())
    """
    if not is_terminal:
        return say("no terminal here, so this is one round as text (medflow-tui status)")
    if term in TEXT_ONLY:
        return say(
            "TERM={term} draws no screen, so this is one round as text (medflow-tui status)", term=term
        )
    return SILENCE


def lab(options: argparse.Namespace, common: Options) -> int:
    """The lab; its own grammar reads the rest of the line."""
    from medflow_tui.wiring.lab import run_lab

    return run_lab(options.rest, common)


def _agrees(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes", "o", "oui")
    except EOFError:
        return False
