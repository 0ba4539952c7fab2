"""No subcommand, and `lab`: the living dashboard."""

from __future__ import annotations

import argparse
import os
import sys

from medflow_tui.cli import config, looking
from medflow_tui.cli.speech import USAGE, tell
from medflow_tui.model.words import say
from medflow_tui.wiring import Options, open_dashboard, open_language, open_settings, run_lab


def dashboard(options: argparse.Namespace, common: Options) -> int:
    """The dashboard; sentences where there is no terminal; questions where there is no site file yet."""
    from medflow_tui.config.load import NoSiteError

    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM", "") in ("", "dumb"):
        return looking.status(options, common)
    try:
        open_settings(common)
    except NoSiteError as error:
        language = open_language(common)
        tell(language.say(error.phrase))
        if not _agrees(language.say(say("Make the first site file now? [y/N] "))):
            return USAGE
        config.init(options, common)
    return open_dashboard(common, stock_terminal=options.stock_terminal)


def lab(options: argparse.Namespace, common: Options) -> int:
    """The lab; its own grammar reads the rest of the line."""
    return run_lab(options.rest, common)


def _agrees(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes", "o", "oui")
    except EOFError:
        return False
