"""The keys that lead through panes, rows and lines, in the order of help and key bar."""

from __future__ import annotations

from medflow_tui.model.words import say
from medflow_tui.ui.command import DASHBOARD, LISTS, LOG, Command

OF_LISTS: tuple[Command, ...] = (
    Command(
        name="services",
        keys=("f2", "1", "ampersand"),
        action="pane('services')",
        help=say("services"),
        places=(DASHBOARD, LOG),
    ),
    Command(
        name="clinics",
        keys=("f3", "2", "é"),
        action="pane('clinics')",
        help=say("clinics"),
        places=(DASHBOARD, LOG),
    ),
    Command(
        name="devices",
        keys=("f4", "3", "quotation_mark"),
        action="pane('devices')",
        help=say("device sync"),
        places=(DASHBOARD, LOG),
    ),
    Command(
        name="backups",
        keys=("f5", "4", "apostrophe"),
        action="pane('backups')",
        help=say("backups"),
        places=(DASHBOARD, LOG),
    ),
    Command(
        name="log",
        keys=("f6", "5", "left_parenthesis"),
        action="pane('log')",
        help=say("log"),
        places=(DASHBOARD, LOG),
    ),
    Command(
        name="next pane",
        keys=("tab",),
        action="next_pane(1)",
        help=say("the next pane"),
        places=(DASHBOARD, LOG),
    ),
    Command(
        name="previous pane",
        keys=("shift+tab",),
        action="next_pane(-1)",
        help=say("the pane before"),
        places=(DASHBOARD, LOG),
    ),
    Command(name="down", keys=("j", "down"), action="move(1)", help=say("down"), places=LISTS),
    Command(name="up", keys=("k", "up"), action="move(-1)", help=say("up"), places=LISTS),
    Command(name="page down", keys=("pagedown",), action="page(1)", help=say("a page down"), places=LISTS),
    Command(name="page up", keys=("pageup",), action="page(-1)", help=say("a page up"), places=LISTS),
    Command(name="top", keys=("g", "home"), action="top", help=say("to the top"), places=LISTS),
    Command(
        name="bottom",
        keys=("G", "end"),
        action="bottom",
        help=say("to the bottom; the log follows again"),
        places=LISTS,
    ),
    Command(
        name="level",
        keys=("v",),
        action="level",
        help=say("log: the next level and above"),
        label=say("level"),
        places=(LOG,),
    ),
    Command(
        name="exclude",
        keys=("minus",),
        action="exclude",
        help=say("log: leave out lines with these words"),
        label=say("without"),
        places=(LOG,),
    ),
    Command(
        name="next error",
        keys=("e",),
        action="seek('error',1)",
        help=say("log: the next error"),
        label=say("error"),
        places=(LOG,),
    ),
    Command(
        name="previous error",
        keys=("E",),
        action="seek('error',-1)",
        help=say("log: the error before"),
        places=(LOG,),
    ),
    Command(
        name="next warning",
        keys=("w",),
        action="seek('warn',1)",
        help=say("log: the next warning"),
        label=say("warning"),
        places=(LOG,),
    ),
    Command(
        name="previous warning",
        keys=("W",),
        action="seek('warn',-1)",
        help=say("log: the warning before"),
        places=(LOG,),
    ),
)
