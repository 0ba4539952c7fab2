"""A sign of life before anything else is imported: on a slow machine the first drawing takes a second.

It stands on the line of the prompt, so that whatever ends the program leaves a terminal that works; it is erased by
what is said or drawn next. Needs only what the interpreter has loaded by itself.
"""

from __future__ import annotations

import os

SIGN = "medflow-tui ..."
ERASE = "\r\x1b[K"
TEXT_ONLY = ("", "dumb")  # of TERM: these draw no screen
LABS = ("--still", "--pulse")
TALKING = ("--help", "-h", "--version")

_stands = False


def hail(words: list[str]) -> None:
    """Show the sign where a dashboard may be meant by these words; a wrong guess is erased before it says anything."""
    global _stands
    draws = os.name == "posix" and os.environ.get("TERM", "") not in TEXT_ONLY
    if not (draws and _may_be_dashboard(words) and is_ours()):
        return
    try:
        os.write(1, SIGN.encode())
    except OSError:
        return
    _stands = True


def eraser() -> str:
    """What takes the sign away, for whoever writes next on the terminal; nothing when none stands."""
    global _stands
    was, _stands = _stands, False
    return ERASE if was else ""


def withdraw() -> None:
    """Take the sign away now."""
    left = eraser()
    if left:
        try:
            os.write(1, left.encode())
        except OSError:
            return


def _may_be_dashboard(words: list[str]) -> bool:
    """No subcommand, or the lab without servers; an option is taken to have a value where a bare word follows.

    >>> _may_be_dashboard([]), _may_be_dashboard(["--site", "a.toml", "--low"]), _may_be_dashboard(["lab", "--still"])
    (True, True, True)
    >>> _may_be_dashboard(["check"]), _may_be_dashboard(["lab"]), _may_be_dashboard(["--help"])
    (False, False, False)
    """
    if words and words[-1] in LABS:
        words = words[: -2 if words[-2:-1] == ["lab"] else 0]
    before = ["", *words]
    return not {*words} & {*TALKING} and all(
        word.startswith("-") or before[at].startswith("-") for at, word in enumerate(words)
    )


def is_ours() -> bool:
    """Whether there is a terminal, and our processes have it: a change by one in the background would stop it."""
    try:
        return os.isatty(0) and os.isatty(1) and os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False
