"""The grammar of the command line: every subcommand and option, and the function that answers it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn, cast

from medflow_tui import __version__
from medflow_tui.cli import collecting, config, dashboard, looking, playbook
from medflow_tui.cli.speech import FAILED, USAGE
from medflow_tui.locale.language import Language
from medflow_tui.model.words import Phrase, say

LANGUAGE_VARIABLE = "MEDFLOW_TUI_LANG"

Tell = Callable[[Phrase], str]
SECTIONS = {"options": say("options"), "positional arguments": say("positional arguments")}


class Parser(argparse.ArgumentParser):
    """A usage error exits with 3: 2 would be "critical" to a monitoring system that calls `check`.

    `tell` puts the texts of the help into a language; what argparse itself says of a usage error stays English.
    """

    def __init__(self, *, tell: Tell, add_help: bool = True, **more: Any) -> None:
        super().__init__(add_help=False, formatter_class=partial(_Help, tell=tell), **more)
        if add_help:
            self.add_argument("-h", "--help", action="help", help=tell(say("show this help and end")))

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


class _Help(argparse.HelpFormatter):
    """The headings of the help in the language of the reader."""

    def __init__(self, *more: Any, tell: Tell, **named: Any) -> None:
        super().__init__(*more, **named)
        self._tell = tell

    def start_section(self, heading: str | None) -> None:
        super().start_section(self._tell(SECTIONS[heading]) if heading in SECTIONS else heading)

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, self._tell(say("usage: ")) if prefix is None else prefix)


def spoken(words: Sequence[str]) -> str:
    """The language named on a command line, else by the variable, before anything else is understood.

    >>> spoken(["check", "--lang", "fr"]), spoken(["--lang=en"])
    ('fr', 'en')
    """
    for at, word in enumerate(words):
        if word == "--lang" and at + 1 < len(words):
            return words[at + 1]
        if word.startswith("--lang="):
            return word.partition("=")[2]
    return os.environ.get(LANGUAGE_VARIABLE, "auto")


def parser(language: Language | None = None) -> Parser:
    """The command line. Global options may stand before or after the subcommand."""
    tell: Tell = (language or Language()).say
    common = _common(tell)
    top = Parser(
        tell=tell,
        prog="medflow-tui",
        description=tell(say("See what is wrong with a clinic's servers, and put it right, safely.")),
        parents=[_common(tell)],  # its own: the defaults below would else win in the subcommands
    )
    top.set_defaults(
        site=None,
        state=None,
        lang=os.environ.get(LANGUAGE_VARIABLE, "auto"),
        call=dashboard.dashboard,
        crashed=FAILED,
    )
    top.add_argument(
        "--stock-terminal",
        action="store_true",
        help=tell(say("draw as Textual does, without comparing frames")),
    )
    top.add_argument(
        "--version",
        action="version",
        version=f"medflow-tui {__version__}",
        help=tell(say("show the version and end")),
    )
    commands = cast("Any", top).add_subparsers(metavar="COMMAND", parser_class=partial(Parser, tell=tell))

    check = commands.add_parser("check", parents=[common], help=tell(say("one round, plugin exit code")))
    form = check.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help=tell(say("as JSON")))
    form.add_argument("--text", action="store_true", help=tell(say("as text (the default)")))
    check.set_defaults(call=looking.check, crashed=USAGE)  # 1 would be "warning"

    status = commands.add_parser("status", parents=[common], help=tell(say("one round as sentences")))
    status.add_argument("--plain", action="store_true", help=tell(say("plain text (the only form, so far)")))
    status.add_argument(
        "--fresh", action="store_true", help=tell(say("read everything now, also where a collector does so"))
    )
    status.set_defaults(call=looking.status)

    collect = commands.add_parser(
        "collect",
        parents=[common],
        help=tell(say("look all the time, as a service, for all dashboards here")),
    )
    collect.add_argument(
        "--print-unit", action="store_true", help=tell(say("show the unit of systemd for it and end"))
    )
    collect.set_defaults(call=collecting.collect)

    _add_config(commands, common, tell)
    _add_playbook(commands, common, tell)
    lab = commands.add_parser(
        "lab", parents=[common], help=tell(say("a clinic in a box, with invented data")), add_help=False
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


def _common(tell: Tell) -> Parser:
    common = Parser(tell=tell, add_help=False)
    common.add_argument(
        "--site", metavar="FILE", default=argparse.SUPPRESS, help=tell(say("the site file to use"))
    )
    common.add_argument(
        "--state", metavar="DIR", default=argparse.SUPPRESS, help=tell(say("the state folder to use"))
    )
    common.add_argument(
        "--lang",
        choices=("auto", "en", "fr"),
        default=argparse.SUPPRESS,
        help=tell(say("language of all texts")),
    )
    return common


def _add_config(commands: Any, common: Parser, tell: Tell) -> None:
    config_command = commands.add_parser(
        "config", parents=[common], help=tell(say("the site file: init, check, show, paths, blame"))
    )
    kinds = config_command.add_subparsers(
        metavar="{init,check,show,paths,blame}", required=True, parser_class=partial(Parser, tell=tell)
    )
    for name, call, words in (
        ("init", config.init, say("make the first site file, by questions")),
        ("check", config.check, say("say what is wrong with the site file")),
        ("show", config.show, say("the site as it is in force")),
        ("paths", config.paths, say("where everything is")),
        ("blame", config.show, say("the site as it is in force, and who set what")),
    ):
        kinds.add_parser(name, parents=[common], help=tell(words)).set_defaults(
            call=call, origins=name == "blame"
        )


def _add_playbook(commands: Any, common: Parser, tell: Tell) -> None:
    playbook_command = commands.add_parser(
        "playbook", parents=[common], help=tell(say("what can be done: list, show, run --dry-run, runs"))
    )
    kinds = playbook_command.add_subparsers(
        metavar="{list,show,run,runs}", required=True, parser_class=partial(Parser, tell=tell)
    )
    for name, call, words in (
        ("list", playbook.listed, say("the playbooks of this site")),
        ("show", playbook.shown, say("one playbook: its steps and its guards")),
        ("run", playbook.run, say("the plan of one playbook, as measured now")),
        ("runs", playbook.runs, say("runs, newest first, also those still running")),
    ):
        kind = kinds.add_parser(name, parents=[common], help=tell(words))
        kind.set_defaults(call=call)
        if name in ("show", "run"):
            kind.add_argument("id", metavar="ID", help=tell(say("of the playbook, as in the list")))
        if name == "run":
            kind.add_argument(
                "--dry-run", action="store_true", help=tell(say("measure and show; nothing is touched"))
            )
