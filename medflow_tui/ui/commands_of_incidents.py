"""The keys that lead to incidents and notices, and those on the page of the incident."""

from __future__ import annotations

from medflow_tui.model.words import say
from medflow_tui.ui.command import DASHBOARD, INCIDENT, LOG, PLAYBOOKS, RUN, RUNS, Command

OF_INCIDENTS: tuple[Command, ...] = (
    Command(
        name="incident",
        keys=("f8",),
        action="app.incident",
        help=say("the incident: who leads; open, confirm, hand over or close it"),
        places=(DASHBOARD, LOG, PLAYBOOKS, RUNS, RUN),
    ),
    Command(
        name="notices",
        keys=("f7",),
        action="app.notices",
        help=say("all that this program has to say beside what is wrong"),
        places=(DASHBOARD, LOG, PLAYBOOKS, RUNS, RUN),
    ),
    Command(
        name="lead",
        keys=("enter",),
        action="lead",
        help=say("the commander confirms to lead the incident: from their own log-in, or over the phone"),
        label=say("confirm"),
        places=(INCIDENT,),
    ),
    Command(
        name="open incident",
        keys=("n",),
        action="open_incident",
        help=say("open an incident: how grave it is, who leads, what happened"),
        label=say("open one"),
        places=(INCIDENT,),
    ),
    Command(
        name="hand over",
        keys=("o",),
        action="hand_over",
        help=say("somebody else leads from now on, and has to confirm it"),
        label=say("hand over"),
        places=(INCIDENT,),
    ),
    Command(
        name="grade",
        keys=("v",),
        action="grade",
        help=say("the incident is graver, or less grave"),
        label=say("severity"),
        places=(INCIDENT,),
    ),
    Command(
        name="close incident",
        keys=("e",),
        action="close_incident",
        help=say("the incident is over"),
        label=say("close it"),
        places=(INCIDENT,),
    ),
)
