"""The grammar of the command line: every subcommand and option, and the function that answers it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn, cast

from medflow_tui import __version__
from medflow_tui.cli import audit, collecting, config, dashboard, grammar, incident, looking, release
from medflow_tui.cli.exits import EXITS, told
from medflow_tui.cli.speech import FAILED, USAGE
from medflow_tui.cli.straight import LANGUAGE_VARIABLE, LANGUAGES, LOW_VARIABLE, asked_low
from medflow_tui.locale.language import Language
from medflow_tui.model.words import Phrase, say

Tell = Callable[[Phrase], str]
SECTIONS = {"options": say("options"), "positional arguments": say("positional arguments")}


class Parser(argparse.ArgumentParser):
    """A usage error exits with 3: 2 would be "critical" to a monitoring system that calls `check`.

    `tell` puts the texts of the help into a language; what argparse itself says of a usage error stays English.
    """

    def __init__(self, *, tell: Tell, add_help: bool = True, **more: Any) -> None:
        super().__init__(add_help=False, formatter_class=partial(_Help, tell=tell), **more)
        self._tell = tell
        if add_help:
            self.add_argument("-h", "--help", action="help", help=tell(say("show this help and end")))

    def format_help(self) -> str:
        command = self.prog.partition(" ")[2]
        self.epilog = told(command, self._tell) if command in EXITS else None
        return super().format_help()

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


def budget(text: str) -> float:
    """Bytes a second. Raises ValueError for what is no number above nothing."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError(text)
    return number


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
        low=asked_low(os.environ.get(LOW_VARIABLE, "")),
        call=dashboard.dashboard,
        crashed=FAILED,
    )
    _add_screen(top, tell)
    commands = cast("Any", top).add_subparsers(metavar="COMMAND", parser_class=partial(Parser, tell=tell))
    _add_looking(commands, common, tell)
    _add_config(commands, common, tell)
    grammar.grammar(commands, common, partial(Parser, tell=tell), tell)
    _add_audit(commands, common, tell)
    release.grammar(commands, common, partial(Parser, tell=tell), tell)
    incident.grammar(commands, common, partial(Parser, tell=tell), tell)
    lab = commands.add_parser(
        "lab", parents=[common], help=tell(say("a clinic in a box, with invented data")), add_help=False
    )
    lab.set_defaults(call=dashboard.lab, rest=[])
    return top


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
        choices=LANGUAGES,
        default=argparse.SUPPRESS,
        help=tell(say("language of all texts")),
    )
    return common


def _add_screen(top: Parser, tell: Tell) -> None:
    top.add_argument(
        "--stock-terminal",
        action="store_true",
        help=tell(say("draw as Textual does, without comparing frames")),
    )
    top.add_argument(
        "--low",
        action="store_true",
        help=tell(say("low-data mode: for a line that is thin or paid by the megabyte")),
    )
    top.add_argument(
        "--budget",
        metavar="BYTES",
        type=budget,
        help=tell(say("bytes a second beyond which the screen saves by itself")),
    )
    top.add_argument(
        "--version",
        action="version",
        version=f"medflow-tui {__version__}",
        help=tell(say("show the version and end")),
    )


def _add_looking(commands: Any, common: Parser, tell: Tell) -> None:
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


def _add_audit(commands: Any, common: Parser, tell: Tell) -> None:
    audit_command = commands.add_parser(
        "audit", parents=[common], help=tell(say("what was done here, and whether that record is whole"))
    )
    kinds = audit_command.add_subparsers(
        metavar="{verify,show,review,anchor}", required=True, parser_class=partial(Parser, tell=tell)
    )
    verify = kinds.add_parser(
        "verify", parents=[common], help=tell(say("exit code 0 whole, 2 broken, 3 not known"))
    )
    verify.add_argument(
        "--anchor",
        metavar="FILE|FOLDER|COUNT:HEAD|WORDS",
        default="",
        help=tell(say("what was kept elsewhere")),
    )
    verify.add_argument(
        "--signers", metavar="FILE", default="", help=tell(say("who may sign, as ssh-keygen has it"))
    )
    verify.set_defaults(call=audit.verify, crashed=USAGE)
    show = kinds.add_parser("show", parents=[common], help=tell(say("the records, oldest first")))
    for each in (verify, show):
        each.add_argument("--folder", metavar="FOLDER", default="", help=tell(say("where a copy of it lies")))
    show.add_argument("--run", metavar="RUN", default="", help=tell(say("only of this run")))
    show.add_argument("--since", metavar="TIME", default="", help=tell(say("such as 7d, 12h, 2026-11-23")))
    show.add_argument("--who", metavar="LOGIN", default="", help=tell(say("only of this person")))
    show.add_argument("--json", action="store_true", help=tell(say("as JSON")))
    show.set_defaults(call=audit.show, crashed=USAGE)
    review = kinds.add_parser(
        "review", parents=[common], help=tell(say("the weekly look: overrides, nights, failures, the chain"))
    )
    review.add_argument("--sign", action="store_true", help=tell(say("write down that you looked at it")))
    review.set_defaults(call=audit.review, crashed=USAGE)
    anchor = kinds.add_parser("anchor", parents=[common], help=tell(say("the end of the chain, for paper")))
    anchor.set_defaults(call=audit.anchor, crashed=USAGE)
