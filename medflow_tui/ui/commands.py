"""Every key, declared once: help, key bar, command line and README are derived from this list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.ui.keys import CHARACTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`keys` in Textual's names, the first is shown; `action` is the name of a method `action_…` of the screen or app.

    `places` are the screens on which it works (empty: all); `label` puts it on the key bar there.
    """

    name: str
    keys: tuple[str, ...]
    action: str
    help: Phrase
    label: Phrase = SILENCE
    places: tuple[str, ...] = ()


DASHBOARD, LOG, DETAIL, PLAYBOOKS, PLAN, RUN, RUNS, READ, AUDIT = (
    "dashboard",
    "log",
    "detail",
    "playbooks",
    "plan",
    "run",
    "runs",
    "read",
    "audit",
)
LISTS = (DASHBOARD, LOG, DETAIL, PLAYBOOKS, PLAN, RUN, RUNS, READ, AUDIT)

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
    Command(
        name="open",
        keys=("enter",),
        action="open",
        help=say("make the plan of this playbook, and show it"),
        label=say("plan"),
        places=(PLAYBOOKS,),
    ),
    Command(
        name="confirm",
        keys=("enter",),
        action="confirm",
        help=say("go on to the confirmation"),
        label=say("go on"),
        places=(PLAN,),
    ),
    Command(
        name="go on",
        keys=("enter",),
        action="go_on",
        help=say("answer what the run asks, or go on with one that waits or was interrupted"),
        label=say("go on with it"),
        places=(RUN,),
    ),
    Command(
        name="read run",
        keys=("enter",),
        action="open",
        help=say("open this run"),
        label=say("open"),
        places=(RUNS,),
    ),
    Command(
        name="stop",
        keys=("p",),
        action="stop",
        help=say("stop the run after the step in hand, or let it go on after all"),
        label=say("pause"),
        places=(RUN,),
    ),
    Command(
        name="stop now",
        keys=("s",),
        action="stop_now",
        help=say("stop the run now, as far as the step in hand allows; what that does is said first"),
        label=say("stop now"),
        places=(RUN,),
    ),
    Command(
        name="all steps",
        keys=("t",),
        action="all_steps",
        help=say("all steps of the run, or the one in hand"),
        label=say("all steps"),
        places=(RUN,),
    ),
    Command(
        name="take over",
        keys=("o",),
        action="take_over",
        help=say("take over: from now on this screen gives the orders to the run"),
        label=say("take over"),
        places=(RUN,),
    ),
    Command(
        name="leave out",
        keys=("i",),
        action="leave_out",
        help=say("leave the step out that waits, with a reason, where it may be left out"),
        label=say("leave out"),
        places=(RUN,),
    ),
    Command(
        name="end run",
        keys=("e",),
        action="end_run",
        help=say("end a run that waits: as it stands, or taken back; or put it away with a reason"),
        label=say("end it"),
        places=(RUN,),
    ),
    Command(
        name="pass over",
        keys=("o",),
        action="pass_over",
        help=say("pass over a window, a limit or the second person, with a reason that somebody looks at"),
        label=say("pass over"),
        places=(PLAN,),
    ),
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
        places=(DASHBOARD, LOG, PLAYBOOKS, RUN),
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
