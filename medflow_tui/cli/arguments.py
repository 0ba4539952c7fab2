"""The grammar of the command line: every subcommand and option, and the function that answers it."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, NoReturn

from medflow_tui import __version__
from medflow_tui.cli import config, dashboard, looking, playbook
from medflow_tui.cli.speech import USAGE

LANGUAGE_VARIABLE = "MEDFLOW_TUI_LANG"


class Parser(argparse.ArgumentParser):
    """A usage error exits with 3: 2 would be "critical" to a monitoring system that calls `check`."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def parser() -> Parser:
    """The command line. Global options may stand before or after the subcommand."""
    common = _common()
    top = Parser(
        prog="medflow-tui",
        description="See what is wrong with a clinic's servers, and put it right, safely.",
        parents=[common],
    )
    top.set_defaults(
        site=None, state=None, lang=os.environ.get(LANGUAGE_VARIABLE, "auto"), call=dashboard.dashboard
    )
    top.add_argument(
        "--stock-terminal", action="store_true", help="draw as Textual does, without comparing frames"
    )
    top.add_argument("--version", action="version", version=f"medflow-tui {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", parser_class=Parser)

    check = commands.add_parser("check", parents=[common], help="one round, plugin exit code")
    form = check.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument("--text", action="store_true", help="as text (the default)")
    check.set_defaults(call=looking.check)

    status = commands.add_parser("status", parents=[common], help="one round as sentences")
    status.add_argument("--plain", action="store_true", help="plain text (the only form, so far)")
    status.set_defaults(call=looking.status)

    _add_config(commands, common)
    _add_playbook(commands, common)
    lab = commands.add_parser(
        "lab", parents=[common], help="a clinic in a box, with invented data", add_help=False
    )
    lab.set_defaults(call=dashboard.lab, rest=[])
    return top


def split_lab(words: list[str]) -> tuple[list[str], list[str]]:
    """The words before and after `lab`: what follows has a grammar of its own.

    >>> split_lab(["--lang", "fr", "lab", "--headless"])
    (['--lang', 'fr', 'lab'], ['--headless'])
    """
    skip = False
    for at, word in enumerate(words):
        if skip:
            skip = False
        elif word in ("--site", "--state", "--lang"):
            skip = True
        elif word == "lab":
            return words[: at + 1], words[at + 1 :]
        elif not word.startswith("-"):
            break
    return words, []


def _common() -> Parser:
    common = Parser(add_help=False)
    common.add_argument("--site", metavar="FILE", default=argparse.SUPPRESS, help="the site file to use")
    common.add_argument("--state", metavar="DIR", default=argparse.SUPPRESS, help="the state folder to use")
    common.add_argument(
        "--lang", choices=("auto", "en", "fr"), default=argparse.SUPPRESS, help="language of all texts"
    )
    return common


def _add_config(commands: Any, common: Parser) -> None:
    config_command = commands.add_parser(
        "config", parents=[common], help="the site file: init, check, show, paths, blame"
    )
    kinds = config_command.add_subparsers(
        metavar="{init,check,show,paths,blame}", required=True, parser_class=Parser
    )
    for name, call, words in (
        ("init", config.init, "make the first site file, by questions"),
        ("check", config.check, "say what is wrong with the site file"),
        ("show", config.show, "the site as it is in force"),
        ("paths", config.paths, "where everything is"),
        ("blame", config.show, "the site as it is in force, and who set what"),
    ):
        kinds.add_parser(name, parents=[common], help=words).set_defaults(call=call, origins=name == "blame")


def _add_playbook(commands: Any, common: Parser) -> None:
    playbook_command = commands.add_parser(
        "playbook", parents=[common], help="what can be done: list, show, run --dry-run, runs"
    )
    kinds = playbook_command.add_subparsers(
        metavar="{list,show,run,runs}", required=True, parser_class=Parser
    )
    for name, call, words in (
        ("list", playbook.listed, "the playbooks of this site"),
        ("show", playbook.shown, "one playbook: its steps and its guards"),
        ("run", playbook.run, "the plan of one playbook, as measured now"),
        ("runs", playbook.runs, "runs, newest first, also those still running"),
    ):
        kind = kinds.add_parser(name, parents=[common], help=words)
        kind.set_defaults(call=call)
        if name in ("show", "run"):
            kind.add_argument("id", metavar="ID", help="of the playbook, as in the list")
        if name == "run":
            kind.add_argument("--dry-run", action="store_true", help="measure and show; nothing is touched")
