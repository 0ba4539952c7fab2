"""Whether an order that somebody gave has still to arrive: the program that gives it runs."""

from __future__ import annotations

import shlex
from collections.abc import Collection

import psutil


def is_on_its_way(calls: tuple[str, ...], but: Collection[int] = ()) -> bool:
    """True while a program of one of these calls still runs, whoever started it: its order may still arrive.

    Processes `but` are not meant: those of the service itself.

    >>> is_on_its_way(("no-such-program --at all",))
    False
    """
    wanted = [shlex.split(each) for each in calls]
    for process in psutil.process_iter(["pid", "cmdline"]):
        line = process.info["cmdline"] or []
        if process.info["pid"] not in but and any(_is_call(line, argv) for argv in wanted):
            return True
    return False


def _is_call(line: list[str], argv: list[str]) -> bool:
    """A script stands behind its interpreter, and a program behind sudo."""
    if len(argv) < 2:
        return line[-1:] == argv
    if len(line) < len(argv) or line[-len(argv) + 1 :] != argv[1:]:
        return False
    return any(each.rpartition("/")[2] == argv[0].rpartition("/")[2] for each in line[: -len(argv) + 1])
