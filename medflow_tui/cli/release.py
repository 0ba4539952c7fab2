"""`release seal|verify`: makes a folder a version that can be put into service, and says whether one is whole."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medflow_tui.cli.exits import BROKEN
from medflow_tui.cli.speech import DONE, USAGE, tell
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.words import say
from medflow_tui.wiring import Options, open_language

if TYPE_CHECKING:
    from collections.abc import Callable

    from medflow_tui.model.releases import Manifest
    from medflow_tui.model.words import Phrase

SHOWN = 10
READ_S = 3600.0


def grammar(commands: Any, common: Any, maker: Any, told: Callable[[Phrase], str]) -> None:
    """Its part of the command line; `maker` makes parsers."""
    release_command = commands.add_parser(
        "release", parents=[common], help=told(say("versions of MedFlow: seal a folder as one, verify one"))
    )
    kinds = release_command.add_subparsers(metavar="{seal,verify}", required=True, parser_class=maker)
    seal = kinds.add_parser(
        "seal",
        parents=[common],
        help=told(say("write its release.json and SHA256SUMS, before it is installed")),
    )
    verify = kinds.add_parser(
        "verify", parents=[common], help=told(say("exit code 0 whole, 2 not, 3 not known"))
    )
    for each in (seal, verify):
        each.add_argument("folder", metavar="FOLDER", help=told(say("named like the version, such as 2.4.0")))
    seal.add_argument(
        "--commit", metavar="COMMIT", default="", help=told(say("of its source; a git checkout tells it"))
    )
    seal.add_argument(
        "--node",
        metavar="RANGE",
        default="",
        help=told(say("of Node, such as >=20.19; package.json may tell it")),
    )
    seal.add_argument(
        "--reads",
        metavar="N,N",
        type=formats,
        default=(),
        help=told(say("formats of data that it understands")),
    )
    seal.add_argument(
        "--writes", metavar="N", type=int, default=0, help=told(say("the format in which it writes"))
    )
    seal.add_argument(
        "--script",
        metavar="NAME=PATH",
        action="append",
        default=[],
        help=told(say("a file of it that may be run by name while people wait")),
    )
    seal.add_argument(
        "--again", action="store_true", help=told(say("seal what is there now, also when it is sealed"))
    )
    seal.set_defaults(call=seal_folder)
    verify.set_defaults(call=verify_folder, crashed=USAGE)


def formats(text: str) -> tuple[int, ...]:
    """Formats of data as they are written on a command line. Raises ValueError.

    >>> formats("3,4")
    (3, 4)
    """
    return tuple(int(each) for each in text.split(","))


def seal_folder(options: argparse.Namespace, common: Options) -> int:
    """Write `release.json` and `SHA256SUMS`; a folder with a fault is refused and left as it was."""
    from medflow_tui.clients.network import UnreachableError
    from medflow_tui.clients.release_seal import Words, seal
    from medflow_tui.rules.release_sealing import scripts_of

    scripts = scripts_of(options.script)
    if scripts is None:
        raise RefusedError(say("--script is written NAME=PATH, the path within the version"))
    words = Words(
        commit=options.commit,
        node=options.node,
        reads=options.reads,
        writes=options.writes,
        scripts=scripts,
    )
    try:
        manifest = seal(Path(options.folder), words, again=options.again)
    except UnreachableError as error:
        raise RefusedError(error.failure.text) from error
    except OSError as error:
        raise RefusedError(
            say("{file} cannot be written: {why}", file=options.folder, why=error.strerror or "?")
        ) from error
    language = open_language(common)
    tell(*(language.say(each) for each in _told(manifest)))
    return DONE


def verify_folder(options: argparse.Namespace, common: Options) -> int:
    """0 whole, 2 not, 3 when it cannot be known; every file is read."""
    from medflow_tui.clients.network import Deadline, UnreachableError
    from medflow_tui.clients.release_seal import unlisted
    from medflow_tui.clients.releases import differing, git_fault, glance
    from medflow_tui.rules.release_guards import fault_said

    language, folder = open_language(common), Path(options.folder).resolve()
    release, deadline = glance(folder), Deadline.after(READ_S)
    try:
        wrong = () if release.fault else tuple(differing(folder, deadline))
        fault = release.fault or ("files-differ" if wrong else "")
        if not fault and release.manifest is not None:
            fault = git_fault(folder, release.manifest, deadline)
        more = () if release.fault else unlisted(folder)
    except (OSError, OverflowError, TimeoutError, UnreachableError) as error:
        raise RefusedError(say("{folder} could not be read to its end", folder=options.folder)) from error
    if fault or release.manifest is None:
        said = say("{version}:", version=release.name).also(fault_said(fault))
        tell(language.say(said), *(f"  {each}" for each in wrong[:SHOWN]))
        return BROKEN
    tell(*(language.say(each) for each in _told(release.manifest)))
    if more:
        said = say("{n:number} files are there that its list does not name", n=len(more))
        tell(language.say(said), *(f"  {each}" for each in more[:SHOWN]))
    return DONE


def _told(manifest: Manifest) -> tuple[Phrase, ...]:
    """What stands in `release.json`, as sentences."""
    whole = say(
        "{version}: {n:number} files, each as written down", version=manifest.version, n=manifest.files
    )
    about = say("commit {commit}, Node {node}", commit=manifest.commit, node=manifest.node)
    if not manifest.reads:
        return (
            whole,
            about,
            say("it does not say which data it can read").also(
                say("until it does (--reads, --writes) no plan puts it into service")
            ),
        )
    reads = ", ".join(str(each) for each in manifest.reads)
    data = say("reads data of format {reads}, writes {writes}", reads=reads, writes=str(manifest.writes))
    scripts = ", ".join(sorted(manifest.scripts))
    return whole, about, data, *((say("scripts: {names}", names=scripts),) if scripts else ())
