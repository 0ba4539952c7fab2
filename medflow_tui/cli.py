"""Subcommands, exit codes, and the one boundary where errors become sentences."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from medflow_tui import __version__
from medflow_tui.model.errors import MedflowError
from medflow_tui.model.words import say
from medflow_tui.wiring import RUN_COMMAND, Options, open_language, open_settings, open_state, write_down

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 3, 130


class _Parser(argparse.ArgumentParser):
    """A usage error exits with 3: 2 would be "critical" to a monitoring system that calls `check`."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def run(arguments: Sequence[str] | None = None) -> int:
    """The exit code of one invocation."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == [RUN_COMMAND]:
        from medflow_tui.wiring import run_order

        return run_order()
    words, rest = _split_lab(words)
    options = parser().parse_args(words)
    if rest:
        options.rest = rest
    common = Options(site=options.site, state=options.state, language=options.lang)
    try:
        code: int = options.call(options, common)
    except MedflowError as error:
        print(open_language(common).say(error.phrase), file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        return _crashed(error, common)
    return code


def _crashed(error: Exception, common: Options) -> int:
    print(open_language(common).say(write_down(error, open_state(common))), file=sys.stderr)
    return FAILED


def parser() -> _Parser:
    """The command line. Global options may stand before or after the subcommand."""
    common = _Parser(add_help=False)
    common.add_argument("--site", metavar="FILE", default=argparse.SUPPRESS, help="the site file to use")
    common.add_argument("--state", metavar="DIR", default=argparse.SUPPRESS, help="the state folder to use")
    common.add_argument(
        "--lang", choices=("auto", "en", "fr"), default=argparse.SUPPRESS, help="language of all texts"
    )
    top = _Parser(
        prog="medflow-tui",
        description="See what is wrong with a clinic's servers, and put it right, safely.",
        parents=[common],
    )
    top.set_defaults(site=None, state=None, lang=os.environ.get("MEDFLOW_TUI_LANG", "auto"), call=_dashboard)
    top.add_argument(
        "--stock-terminal", action="store_true", help="draw as Textual does, without comparing frames"
    )
    top.add_argument("--version", action="version", version=f"medflow-tui {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", parser_class=_Parser)

    check = commands.add_parser("check", parents=[common], help="one round, plugin exit code")
    form = check.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument("--text", action="store_true", help="as text (the default)")
    check.set_defaults(call=_check)

    status = commands.add_parser("status", parents=[common], help="one round as sentences")
    status.add_argument("--plain", action="store_true", help="plain text (the only form, so far)")
    status.set_defaults(call=_status)

    _add_config(commands, common)
    lab = commands.add_parser(
        "lab", parents=[common], help="a clinic in a box, with invented data", add_help=False
    )
    lab.set_defaults(call=_lab, rest=[])
    return top


def _add_config(commands: Any, common: _Parser) -> None:
    config = commands.add_parser(
        "config", parents=[common], help="the site file: init, check, show, paths, blame"
    )
    kinds = config.add_subparsers(
        metavar="{init,check,show,paths,blame}", required=True, parser_class=_Parser
    )
    for name, call, words in (
        ("init", _config_init, "make the first site file, by questions"),
        ("check", _config_check, "say what is wrong with the site file"),
        ("show", _config_show, "the site as it is in force"),
        ("paths", _config_paths, "where everything is"),
        ("blame", _config_show, "the site as it is in force, and who set what"),
    ):
        kinds.add_parser(name, parents=[common], help=words).set_defaults(call=call, origins=name == "blame")


def _split_lab(words: list[str]) -> tuple[list[str], list[str]]:
    """The words before and after `lab`: what follows has a grammar of its own.

    >>> _split_lab(["--lang", "fr", "lab", "--headless"])
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


def _check(options: argparse.Namespace, common: Options) -> int:
    from medflow_tui.rules.alerts import exit_code
    from medflow_tui.ui.present.report import as_table, check_lines
    from medflow_tui.wiring import look_once

    site = open_settings(common).site
    snapshot = look_once(site, open_state(common))
    language = open_language(common, site)
    if options.json:
        print(json.dumps(as_table(site, snapshot, language), ensure_ascii=False, indent=1))
    else:
        print("\n".join(check_lines(site, snapshot, language)))
    return _leave(exit_code(tuple(each.health for each in snapshot.verdicts)))


def _status(options: argparse.Namespace, common: Options) -> int:
    from medflow_tui.ui.present.report import status_lines
    from medflow_tui.wiring import look_once

    site = open_settings(common).site
    snapshot = look_once(site, open_state(common))
    print("\n".join(status_lines(site, snapshot, open_language(common, site))))
    return _leave(DONE)


def _leave(code: int) -> int:
    """End at once, even when a reading is stuck in a call that cannot be cancelled."""
    sys.stdout.flush()
    import threading

    if any(each is not threading.main_thread() and not each.daemon for each in threading.enumerate()):
        os._exit(code)
    return code


def _dashboard(options: argparse.Namespace, common: Options) -> int:
    from medflow_tui.config.load import NoSiteError
    from medflow_tui.wiring import open_dashboard

    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM", "") in ("", "dumb"):
        return _status(options, common)
    try:
        open_settings(common)
    except NoSiteError as error:
        language = open_language(common)
        print(language.say(error.phrase))
        if not _agrees(language.say(say("Make the first site file now? [y/N] "))):
            return USAGE
        _config_init(options, common)
    return open_dashboard(common, stock_terminal=options.stock_terminal)


def _agrees(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes", "o", "oui")
    except EOFError:
        return False


def _config_init(options: argparse.Namespace, common: Options) -> int:
    from medflow_tui.config.locations import site_candidates
    from medflow_tui.config.starter import write_first_site
    from medflow_tui.model.words import Phrase

    language = open_language(common)

    def ask(question: Phrase, default: str) -> str:
        try:
            return input(f"{language.say(question)} [{default}]: ")
        except EOFError:
            return ""

    path = write_first_site(site_candidates(common.site)[0].path, ask)
    print(language.say(say("written: {file}", file=str(path))))
    return DONE


def _config_check(options: argparse.Namespace, common: Options) -> int:
    settings = open_settings(common)
    sentence = say(
        "{file}: in order, {n:number} targets", file=settings.site.source, n=len(settings.site.targets)
    )
    print(open_language(common, settings.site).say(sentence))
    return DONE


def _config_show(options: argparse.Namespace, common: Options) -> int:
    from medflow_tui.config.explain import settings_lines

    print("\n".join(settings_lines(open_settings(common), origins=options.origins)))
    return DONE


def _config_paths(options: argparse.Namespace, common: Options) -> int:
    from medflow_tui.config.explain import path_lines
    from medflow_tui.config.locations import site_candidates

    print("\n".join(path_lines(site_candidates(common.site), open_state(common))))
    return DONE


def _lab(options: argparse.Namespace, common: Options) -> int:
    from medflow_tui.wiring import run_lab

    return run_lab(options.rest, common)
