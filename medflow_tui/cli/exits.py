"""With which exit code each command ends, declared once: the help tells it, and the table in the README is made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from medflow_tui.cli.person import LOST
from medflow_tui.cli.speech import DONE, FAILED, INTERRUPTED, USAGE
from medflow_tui.model.words import Phrase, say

BROKEN = 2
Codes = Mapping[int, Phrase]

ALWAYS: Codes = {
    USAGE: say("refused, or not understood"),
    INTERRUPTED: say("left with Ctrl-C"),
}
"""Of every command that does not say otherwise of these codes; 1 is also a fault of the program itself."""
_ASKED: Codes = {DONE: say("done"), FAILED: say("left, nothing done"), LOST: say("the terminal was lost")}
_RUN: Codes = {
    FAILED: say("it did not succeed, would not start, or was left before"),
    LOST: say("the terminal was lost"),
    INTERRUPTED: say("left with Ctrl-C, or left to go on alone"),
}
_CHAIN: Codes = {
    DONE: say("whole"),
    BROKEN: say("broken, or wrongly signed"),
    USAGE: say("not known; also refused, or not understood"),
}
_AUDIT: Codes = {
    **_CHAIN,
    USAGE: say("not known, or the last run is not signed yet; also refused, or not understood"),
}
_SAID: Codes = {DONE: say("done")}

EXITS: Mapping[str, Codes] = {
    "": {DONE: say("the dashboard was left")},
    "check": {
        DONE: say("all is well"),
        FAILED: say("warning"),
        BROKEN: say("critical"),
        USAGE: say("not known; also refused, or not understood"),
    },
    "status": _SAID,
    "collect": _SAID,
    "config init": _SAID,
    "config check": {DONE: say("nothing to complain about"), USAGE: say("a complaint, or not understood")},
    "config show": _SAID,
    "config paths": _SAID,
    "config blame": _SAID,
    "playbook list": {DONE: say("done"), FAILED: say("none speaks of that")},
    "playbook show": _SAID,
    "playbook runs": _SAID,
    "playbook lint": {DONE: say("nothing to complain about"), FAILED: say("a complaint")},
    "playbook run": {DONE: say("it succeeded; with --dry-run: it would start"), **_RUN},
    "playbook resume": {DONE: say("it succeeded, or was put away"), **_RUN},
    "playbook unlock": {DONE: say("done"), FAILED: say("left, nothing done")},
    "playbook approve": {**_ASKED, FAILED: say("not agreed")},
    "playbook key": _SAID,
    "playbook passive": {
        **_ASKED,
        FAILED: say("it is passive; with off: left, nothing done"),
        BROKEN: say("with on: it is passive, and that could not be recorded"),
    },
    "playbook overrides": {DONE: say("none waits for a review"), FAILED: say("one waits for a review")},
    "audit verify": _AUDIT,
    "audit show": _AUDIT,
    "audit review": _AUDIT,
    "audit anchor": {
        **_CHAIN,
        USAGE: say("not known, or no anchor was written; also refused, or not understood"),
    },
    "incident open": _ASKED,
    "incident show": {DONE: say("none is open"), FAILED: say("one is open")},
    "incident confirm": _ASKED,
    "incident answer": _ASKED,
    "incident command": _ASKED,
    "incident severity": _ASKED,
    "incident close": _ASKED,
    "release seal": _SAID,
    "release verify": {**_CHAIN, BROKEN: say("not whole")},
}


def codes_of(command: str) -> Codes:
    """Every code of a command, smallest first; `command` as it is typed, such as `playbook run`.

    >>> sorted(codes_of("playbook lint"))
    [0, 1, 3, 130]
    """
    return dict(sorted({**ALWAYS, **EXITS[command]}.items()))


def told(command: str, tell: Callable[[Phrase], str]) -> str:
    """One line, for the help of a command.

    >>> told("playbook lint", lambda phrase: phrase.text.format_map(phrase.values))[:51]
    'exit code: 0 nothing to complain about; 1 a complai'
    """
    codes = "; ".join(f"{code} {tell(means)}" for code, means in codes_of(command).items())
    return tell(say("exit code: {codes}", codes=codes))
