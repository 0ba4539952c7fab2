"""The keys of the screens of playbooks and runs, in the order of help and key bar."""

from __future__ import annotations

from medflow_tui.model.words import say
from medflow_tui.ui.command import PLAN, PLAYBOOKS, RUN, RUNS, Command

OF_RUNS: tuple[Command, ...] = (
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
)
