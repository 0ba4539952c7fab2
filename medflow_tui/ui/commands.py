"""Every key, declared once: help, key bar, command line and README are derived from this list."""

from __future__ import annotations

from collections.abc import Sequence

from medflow_tui.model.words import say
from medflow_tui.ui.command import (
    AUDIT,
    DASHBOARD,
    DETAIL,
    INCIDENT,
    LISTS,
    LOG,
    PLAN,
    PLAYBOOKS,
    READ,
    RUN,
    RUNS,
    Command,
)
from medflow_tui.ui.commands_of_incidents import OF_INCIDENTS
from medflow_tui.ui.commands_of_lists import OF_LISTS
from medflow_tui.ui.commands_of_runs import OF_RUNS
from medflow_tui.ui.keys import CHARACTERS

__all__ = [
    "AUDIT",
    "COMMANDS",
    "DASHBOARD",
    "DETAIL",
    "INCIDENT",
    "LISTS",
    "LOG",
    "PLAN",
    "PLAYBOOKS",
    "READ",
    "RUN",
    "RUNS",
    "Command",
    "at",
    "shown_key",
]

COMMANDS: tuple[Command, ...] = (
    Command(
        name="help", keys=("question_mark", "f1"), action="app.help", help=say("this help"), label=say("help")
    ),
    Command(
        name="details",
        keys=("enter", "d"),
        action="details",
        help=say("open the details of the row"),
        label=say("details"),
        places=(DASHBOARD,),
    ),
    *OF_RUNS,
    Command(
        name="filter",
        keys=("slash", "ctrl+f"),
        action="filter",
        help=say("show only rows or lines with these words"),
        label=say("filter"),
        places=(DASHBOARD, LOG, PLAYBOOKS, RUNS),
    ),
    Command(
        name="problems",
        keys=("exclamation_mark",),
        action="problems",
        help=say("only problems, or all again"),
        label=say("problems"),
        places=(DASHBOARD, LOG),
    ),
    Command(
        name="playbooks",
        keys=("b",),
        action="app.playbooks",
        help=say("what can be done about it"),
        label=say("playbooks"),
        places=(DASHBOARD, LOG, DETAIL),
    ),
    Command(
        name="command",
        keys=("colon", "ctrl+p"),
        action="app.command",
        help=say("type a command or the name of a target"),
        label=say("command"),
        places=(DASHBOARD, LOG),
    ),
    Command(
        name="acknowledge",
        keys=("a",),
        action="acknowledge",
        help=say("say that you are on it: who, why, until when"),
        places=(DASHBOARD, DETAIL),
        label=say("I am on it"),
    ),
    Command(
        name="maintenance",
        keys=("o",),
        action="maintenance",
        help=say("announce work on this target"),
        places=(DASHBOARD, DETAIL),
    ),
    Command(
        name="refresh",
        keys=("r", "ctrl+r"),
        action="refresh_now",
        help=say("read it again now"),
        places=(DASHBOARD, LOG, DETAIL),
    ),
    Command(
        name="pause",
        keys=("p",),
        action="pause",
        help=say("hold the screen still, or go on"),
        places=(DASHBOARD, LOG),
    ),
    Command(
        name="maximise",
        keys=("m",),
        action="maximise",
        help=say("this pane alone, or all again"),
        places=(DASHBOARD, LOG),
    ),
    Command(name="logs", keys=("l",), action="logs", help=say("go to the log"), places=(DASHBOARD,)),
    Command(
        name="raise",
        keys=("u",),
        action="app.raise_rights",
        help=say("from read-only to acting, for 15 minutes, or back"),
        label=say("act"),
        places=(DASHBOARD, LOG, PLAYBOOKS, RUN, INCIDENT),
    ),
    Command(
        name="runs",
        keys=("f9",),
        action="app.runs",
        help=say("runs of playbooks, also those still running"),
        label=say("runs"),
        places=(DASHBOARD, LOG, PLAYBOOKS, RUN),
    ),
    Command(
        name="passive",
        keys=("f12",),
        action="app.passive",
        help=say("passive mode: stop everything here that people would notice, or let it go on again"),
        places=(DASHBOARD, LOG, PLAYBOOKS, RUNS, RUN),
    ),
    Command(
        name="audit",
        keys=("f10",),
        action="app.audit",
        help=say("the audit: what was done here, and whether that is whole"),
        places=(DASHBOARD, LOG, PLAYBOOKS),
    ),
    Command(
        name="sign",
        keys=("s",),
        action="sign",
        help=say("sign that you looked at the audit"),
        label=say("sign"),
        places=(AUDIT,),
    ),
    *OF_INCIDENTS,
    *OF_LISTS,
    Command(
        name="copy",
        keys=("c",),
        action="app.copy",
        help=say("copy the row or the page to the clipboard of your terminal"),
        places=LISTS,
    ),
    Command(
        name="dump",
        keys=("x",),
        action="app.dump",
        help=say("write what is on the screen to a file, without names or secrets"),
    ),
    Command(
        name="low data",
        keys=("z",),
        action="app.low_data",
        help=say("low-data mode: fewer bytes; or all again"),
    ),
    Command(name="redraw", keys=("ctrl+l",), action="app.redraw", help=say("draw the whole screen anew")),
    Command(
        name="back",
        keys=("escape",),
        action="back",
        help=say("one level back; never quits"),
        label=say("back"),
    ),
    Command(name="quit", keys=("q", "ctrl+q"), action="leave", help=say("back, and at the top: quit")),
)

KEY_NAMES = {
    "escape": "esc",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "down": "↓",
    "up": "↑",
}

# What stands on the key in words is another word on another keyboard; `Language.word` puts it there.
KEY_WORDS = (
    *(say("enter"), say("esc"), say("home"), say("end"), say("PgDn"), say("PgUp")),
    *(say("tab"), say("shift+tab")),
)


def shown_key(key: str) -> str:
    """What is printed on the keyboard.

    >>> shown_key("question_mark"), shown_key("f2"), shown_key("ctrl+l")
    ('?', 'F2', 'ctrl+l')
    """
    known = KEY_NAMES.get(key) or CHARACTERS.get(key)
    if known:
        return known
    return key.upper() if key.startswith("f") and key[1:].isdigit() else key


def at(place: str, commands: Sequence[Command] = COMMANDS) -> tuple[Command, ...]:
    """The commands that work at a place, in the declared order."""
    return tuple(each for each in commands if not each.places or place in each.places)
