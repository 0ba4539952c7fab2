"""What a power cut leaves inside MongoDB: collections that were cut off in the middle, and transactions that nobody ends."""

from __future__ import annotations

from medflow_tui.actions.looking import Looking, unreadable
from medflow_tui.actions.names import OF_POWER_DATABASE as ACTIONS
from medflow_tui.actions.service_soundness import Sound
from medflow_tui.clients.mongodb import connected
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import SecretError
from medflow_tui.model.performer import Finding, Performer, Task
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.site import Site
from medflow_tui.model.targets.mongodb import MongodbTarget
from medflow_tui.model.words import say

NOT_HERE = say("not applicable here: the site file names none")
ASK_S = 8.0


class NotHere(Looking):
    """For a site without such a target."""

    def verify(self, task: Task) -> Finding:
        return Finding(outcome=Outcome.PASS, said=NOT_HERE, facts={"applies": False})


class Transactions(Looking):
    """Whether a transaction is open on which nobody works, or that was prepared and never ended.

    By `serverStatus`: https://www.mongodb.com/docs/manual/reference/command/serverStatus/#transactions. The server
    ends an idle one by itself after a minute (transactionLifetimeLimitSeconds), a prepared one never.
    """

    def __init__(self, target: MongodbTarget, tools: Tools) -> None:
        self._target, self._tools = target, tools

    def verify(self, task: Task) -> Finding:
        try:
            with connected(self._target, self._tools, Deadline.after(ASK_S)) as connection:
                status = connection.ask_if_told("serverStatus")
        except (UnreachableError, SecretError) as error:
            return unreadable(error)
        if status is None:
            said = say("this account may not ask for open transactions")
            return Finding(outcome=Outcome.UNKNOWN, said=said)
        if "transactions" not in status:
            return Finding(outcome=Outcome.PASS, said=say("this MongoDB has no transactions"))
        told = status["transactions"]
        idle, prepared = told.get("currentInactive"), told.get("currentPrepared")
        if not isinstance(idle, int) or not isinstance(prepared, int):
            return Finding(outcome=Outcome.UNKNOWN, said=say("open transactions are not told"))
        facts: dict[str, Fact] = {"idle": idle, "prepared": prepared}
        if idle or prepared:
            said = say(
                "{idle:number} transactions are open and idle, {prepared:number} prepared and not ended",
                idle=idle,
                prepared=prepared,
            )
            return Finding(outcome=Outcome.FAIL, said=said, facts=facts)
        return Finding(outcome=Outcome.PASS, said=say("no transaction was left open"), facts=facts)


def performers(site: Site, tools: Tools) -> dict[str, Performer]:
    """By action, for the first MongoDB that the site file names."""
    target = next((each for each in site.targets if isinstance(each, MongodbTarget) and each.enabled), None)
    if target is None:
        return dict.fromkeys(ACTIONS, NotHere())
    return dict(zip(ACTIONS, (Sound(target, tools), Transactions(target, tools)), strict=True))
