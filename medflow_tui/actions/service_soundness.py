"""Why MongoDB fell, read before it is restarted; and whether its data is sound after an end that was not clean."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from medflow_tui.actions.looking import Looking, unreadable
from medflow_tui.actions.service_database import MARGIN_S, NO_DATABASE
from medflow_tui.actions.service_survey import Service
from medflow_tui.clients.mongodb import Connection, connected
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors.crash import log_of
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import SecretError
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.targets.mongodb import MongodbTarget
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.mongodb_log import NOT_MENDED, reasons, told_reason, unclean_shutdown

LOOK_S, OWN_LOG = 10.0, "getLog"
SHOWN = 4
CLEAN, UNCLEAN, NOT_TOLD = "clean", "unclean", "not told"
HOW = {
    UNCLEAN: say("its last end was not clean"),
    NOT_TOLD: say("its log does not tell any more how its last end was"),
}


class Reason(Looking):
    """Reads the end of MongoDB's log. A reason that a restart does not mend is a fail: people decide."""

    def __init__(self, service: Service | None, database: MongodbTarget | None, tools: Tools) -> None:
        self._service, self._database, self._tools = service, database, tools

    def verify(self, task: Task) -> Finding:
        name, lines = self._from_process()
        if not lines:
            told = self._from_server()
            name, lines = (OWN_LOG, told) if told else (name, lines)
        facts: dict[str, Fact] = {"log": name, "log_lines": len(lines)}
        if not name:
            said = say("its log is not found: name it in the site file (output)")
            return Finding(outcome=Outcome.UNKNOWN, said=said, facts=facts)
        found = reasons(lines)
        facts["reasons"] = found
        if not found:
            said = say("{n:number} lines of its log read: no reason in them", n=len(lines))
            return Finding(outcome=Outcome.PASS, said=said, facts=facts)
        said = _joined([told_reason(each) for each in found])
        is_mended = not set(found) & set(NOT_MENDED)
        return Finding(outcome=Outcome.PASS if is_mended else Outcome.FAIL, said=said, facts=facts)

    def _from_process(self) -> tuple[str, Sequence[str]]:
        """Where its log is and the end of it; a file that is there and empty is a log, too."""
        if self._service is None:
            return "", ()
        target = self._service.target
        try:
            seen = self._service.supervisor.look(Deadline.after(LOOK_S))
        except UnreachableError:
            return "", ()
        if target.output and Path(target.output).exists() and not os.access(target.output, os.R_OK):
            return "", ()  # the log that the site names: what another one does not say proves nothing
        name, text = log_of(target, seen, Deadline.after(LOOK_S))
        if not name and target.output and Path(target.output).is_file():
            name = target.output
        return name, text.splitlines()

    def _from_server(self) -> Sequence[str]:
        if self._database is None:
            return ()
        try:
            with connected(self._database, self._tools, Deadline.after(LOOK_S)) as connection:
                return log_lines(connection) or ()
        except (UnreachableError, SecretError):
            return ()


class Sound(Looking):
    """After an end that was not clean, each collection is validated in the background, which locks nothing."""

    def __init__(self, target: MongodbTarget | None, tools: Tools) -> None:
        self._target, self._tools = target, tools

    def verify(self, task: Task) -> Finding:
        if self._target is None:
            return Finding(outcome=Outcome.FAIL, said=NO_DATABASE)
        seconds = max(task.step.timeout_s - MARGIN_S, MARGIN_S)
        try:
            with connected(self._target, self._tools, Deadline.after(seconds)) as connection:
                ended = last_end(connection)
                if ended == CLEAN:
                    said = say("its last end was clean: nothing needs to be validated")
                    return Finding(outcome=Outcome.PASS, said=said, facts={"unclean": False, "validated": 0})
                return self._validated(connection, time.monotonic() + seconds - MARGIN_S, task, HOW[ended])
        except (UnreachableError, SecretError) as error:
            return unreadable(error)

    def _validated(self, connection: Connection, ends: float, task: Task, how: Phrase) -> Finding:
        names = sorted(each for each in connection.collections() if not each.startswith("system."))
        bad, untold = list[str](), list[str]()
        for place, name in enumerate(names):
            left = ends - time.monotonic()
            told = connection.validate(name, left) if left > 0 and not task.halted() else None
            if told is None:
                untold.append(name)
            elif not told:
                bad.append(name)
            task.tell(
                say("{n:number} of {all:number} collections validated", n=place + 1, all=len(names)), {}
            )
        facts: dict[str, Fact] = {
            "unclean": how == HOW[UNCLEAN],
            "validated": len(names) - len(untold),
            "unsound": tuple(bad),
            "not_validated": tuple(untold),
        }
        if bad:
            said = say("damaged: {names}", names=_first(bad)).also(
                say("mend nothing, call the person in charge of the database")
            )
            return Finding(outcome=Outcome.FAIL, said=said, facts=facts)
        if untold:
            said = say("not validated: {names}", names=_first(untold))
            return Finding(outcome=Outcome.UNKNOWN, said=said, facts=facts)
        said = how.also(say("{n:number} collections are sound", n=len(names)))
        return Finding(outcome=Outcome.PASS, said=said, facts=facts)


def last_end(connection: Connection) -> str:
    """How its last end was, by the 1 024 newest lines that it keeps: once older ones fell out, silence proves nothing."""
    answer = connection.ask_if_told("getLog", "global")
    lines = [] if answer is None else [str(each) for each in answer.get("log") or ()]
    if unclean_shutdown(lines) is not None:
        return UNCLEAN
    if answer is None or answer.get("totalLinesWritten", 0) > len(lines):
        return NOT_TOLD
    return CLEAN


def log_lines(connection: Connection) -> Sequence[str] | None:
    """The newest lines that the server keeps itself; None when this account may not read them."""
    answer = connection.ask_if_told("getLog", "global")
    return None if answer is None else tuple(str(each) for each in answer.get("log") or ())


def _joined(phrases: Sequence[Phrase]) -> Phrase:
    return phrases[0].also(*phrases[1:])


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
