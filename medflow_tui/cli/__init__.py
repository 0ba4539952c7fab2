"""The command line: subcommands, exit codes, and the one boundary where errors become sentences."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import Any

from medflow_tui.cli.speech import DONE, FAILED, INTERRUPTED, USAGE, complain, speak_plainly
from medflow_tui.cli.straight import split_lab, spoken, straight
from medflow_tui.model.errors import MedflowError
from medflow_tui.ui.terminal.herald import withdraw
from medflow_tui.wiring import RUN_COMMAND, Options, open_language, open_state, write_down


def run(arguments: Sequence[str] | None = None) -> int:
    """The exit code of one invocation."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == [RUN_COMMAND]:
        gc.enable()
        from medflow_tui.wiring.acting import run_order

        return run_order()
    speak_plainly()
    words, rest = split_lab(words)
    options = straight(words) or _understood(words)
    if rest:
        options.rest = rest
    common = Options(
        site=options.site,
        state=options.state,
        language=options.lang,
        is_low=options.low,
        budget_bytes_per_s=options.budget,
    )
    try:
        code: int = options.call(options, common)
    except MedflowError as error:
        complain(open_language(common).say(error.phrase))
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        complain(open_language(common).say(write_down(error, open_state(common))))
        return int(options.crashed)
    return code


def _understood(words: Sequence[str]) -> Any:
    gc.enable()
    withdraw()
    from medflow_tui.cli.arguments import parser

    return parser(open_language(Options(language=spoken(words)))).parse_args(words)


__all__ = ["DONE", "FAILED", "INTERRUPTED", "USAGE", "run"]
