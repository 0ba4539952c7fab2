"""The part of the command line that begins with `playbook`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from medflow_tui.cli import agreeing, orders, playbook
from medflow_tui.model.words import Phrase, say
from medflow_tui.wiring import Options

Tell = Callable[[Phrase], str]


def grammar(commands: Any, common: Any, maker: Any, tell: Tell) -> None:
    """Its subcommands; `maker` makes parsers."""
    playbook_command = commands.add_parser(
        "playbook",
        parents=[common],
        help=tell(say("what can be done, what was done, and who agrees to it")),
    )
    kinds = playbook_command.add_subparsers(
        metavar="{list,show,run,resume,runs,unlock,lint,approve,key,passive,overrides}",
        required=True,
        parser_class=maker,
    )
    _add_looking(kinds, common, tell)
    _add_acting(kinds, common, tell)
    _add_agreeing(kinds, common, tell)
    _add_orders(kinds, common, tell)


def _add_looking(kinds: Any, common: Any, tell: Tell) -> None:
    listing = kinds.add_parser("list", parents=[common], help=tell(say("the playbooks of this site")))
    listing.add_argument(
        "words",
        metavar="WORDS",
        nargs="*",
        help=tell(say("what is wrong, in your words: only those that fit")),
    )
    listing.set_defaults(call=playbook.listed)
    show = kinds.add_parser(
        "show", parents=[common], help=tell(say("one playbook: its steps and its guards"))
    )
    _add_id(show, tell)
    show.set_defaults(call=playbook.shown)
    runs = kinds.add_parser(
        "runs",
        parents=[common],
        help=tell(say("runs, newest first, also those still running; or one of them")),
    )
    runs.add_argument(
        "run", metavar="RUN", nargs="?", default="", help=tell(say("this one, and what its programs printed"))
    )
    runs.add_argument(
        "--sealed",
        metavar="STEP",
        default="",
        help=tell(say("what this step printed, as it is: for few people, and written down")),
    )
    runs.set_defaults(call=_runs)
    lint = kinds.add_parser(
        "lint",
        parents=[common],
        help=tell(say("what is wrong with a playbook file, or with any of this site")),
    )
    lint.add_argument(
        "file", metavar="FILE", nargs="?", help=tell(say("the playbook; all of this site without it"))
    )
    lint.set_defaults(call=playbook.lint)


def _add_acting(kinds: Any, common: Any, tell: Tell) -> None:
    run = kinds.add_parser(
        "run", parents=[common], help=tell(say("the plan as measured now; when you confirm it, the run"))
    )
    _add_id(run, tell)
    run.add_argument(
        "--input",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help=tell(say("what the playbook asks; the rest is asked")),
    )
    run.add_argument("--dry-run", action="store_true", help=tell(say("measure and show; nothing is touched")))
    run.set_defaults(call=_run)
    resume = kinds.add_parser(
        "resume", parents=[common], help=tell(say("go on with a run that waits, end it, or follow it"))
    )
    resume.add_argument("run", metavar="RUN", help=tell(say("its name, as in the list of runs")))
    way = resume.add_mutually_exclusive_group()
    way.add_argument("--take-back", action="store_true", help=tell(say("end it: take back what was done")))
    way.add_argument("--leave", action="store_true", help=tell(say("end it as it stands")))
    way.add_argument(
        "--put-away",
        action="store_true",
        help=tell(say("let no banner tell of it any more, with a reason; nothing is done to it")),
    )
    resume.set_defaults(call=_resume)
    unlock = kinds.add_parser(
        "unlock", parents=[common], help=tell(say("locks: who holds them; release one that nobody holds"))
    )
    unlock.add_argument(
        "name", metavar="NAME", nargs="?", default="", help=tell(say("the lock; without it all are shown"))
    )
    unlock.set_defaults(call=_unlock)


def _runs(options: argparse.Namespace, common: Options) -> int:
    from medflow_tui.cli.runs import runs

    return runs(options, common)


def _run(options: argparse.Namespace, common: Options) -> int:
    from medflow_tui.cli.acting import run

    return run(options, common)


def _resume(options: argparse.Namespace, common: Options) -> int:
    from medflow_tui.cli.acting import resume

    return resume(options, common)


def _unlock(options: argparse.Namespace, common: Options) -> int:
    from medflow_tui.cli.unlocking import unlock

    return unlock(options, common)


def _add_id(kind: Any, tell: Tell) -> None:
    kind.add_argument("id", metavar="ID", help=tell(say("of the playbook, as in the list")))


def _add_agreeing(kinds: Any, common: Any, tell: Tell) -> None:
    own = tell(say("the file of your own key"))
    approve = kinds.add_parser(
        "approve", parents=[common], help=tell(say("agree to a plan that somebody else asks for"))
    )
    approve.add_argument(
        "run",
        metavar="RUN",
        nargs="?",
        default="",
        help=tell(say("the run; without it those that wait here")),
    )
    approve.add_argument(
        "--challenge", metavar="CODE", default="", help=tell(say("over the phone: what is read out to you"))
    )
    approve.add_argument("--for-site", metavar="SITE", default="", help=tell(say("short name of the site")))
    approve.add_argument(
        "--playbook", metavar="ID", default="", help=tell(say("of the playbook, as in the list"))
    )
    approve.add_argument("--key", metavar="FILE", default="", help=own)
    approve.set_defaults(call=agreeing.approve)
    key = kinds.add_parser("key", parents=[common], help=tell(say("your key to agree over the phone")))
    key.add_argument(
        "--for-site", metavar="SITE", default="", help=tell(say("make what this site is given of it"))
    )
    key.add_argument("--key", metavar="FILE", default="", help=own)
    key.add_argument("file", metavar="FILE", nargs="?", default="", help=tell(say("where to write that")))
    key.set_defaults(call=agreeing.key)


def _add_orders(kinds: Any, common: Any, tell: Tell) -> None:
    passive = kinds.add_parser(
        "passive", parents=[common], help=tell(say("let nothing be started that people would notice"))
    )
    passive.add_argument("to", choices=("on", "off"), nargs="?")
    passive.add_argument("--reason", metavar="TEXT", default="", help=tell(say("why, for those who read it")))
    passive.set_defaults(call=orders.passive)
    overrides = kinds.add_parser(
        "overrides", parents=[common], help=tell(say("guards that were passed over, to be looked at"))
    )
    overrides.add_argument("run", metavar="RUN", nargs="?", default="", help=tell(say("close this one")))
    overrides.add_argument("--note", metavar="TEXT", default="", help=tell(say("what you found")))
    overrides.set_defaults(call=orders.overrides)
