"""The commander of an incident at the door of whoever waits for them: as another user, where the state folder is not theirs."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from medflow_tui.model.access import Origin
from medflow_tui.model.errors import MedflowError, RefusedError
from medflow_tui.model.incident import HERE, Incident, Severity
from medflow_tui.model.words import SILENCE, Phrase
from medflow_tui.rules.leading import WHY_NOT_CONFIRM, incident_hash
from medflow_tui.runner.door import Door, Shown, agree, look, waiting_runs
from medflow_tui.runner.incidents import IncidentDesk
from medflow_tui.runner.origin import everybody

NAME = re.compile(r"incident/[^/]{1,60}/INC-\d{4}-\d{3,6}")


class Confirming:
    """Behind the door (see `runner.door.Host`). `changed` is called in its thread once the commander has confirmed."""

    def __init__(self, desk: IncidentDesk, incident: Incident, changed: Callable[[], object]) -> None:
        self._desk, self._changed = desk, changed
        self.name = f"incident/{desk.site.code}/{incident.id}"

    def show(self, other: Origin) -> dict[str, Any] | Phrase:
        """What it is, for its commander alone."""
        found = self._desk.the_open()
        if other.user != found.commander:
            return WHY_NOT_CONFIRM["no_role"]
        record = {
            "site": self._desk.site.code,
            "id": found.id,
            "severity": found.severity.value,
            "commander": found.commander,
            "opened_by": found.opened_by,
            "opened_at": found.opened_at.isoformat(),
            "text": found.text,
        }
        return {"run": self.name, "plan": record, "playbook": "", "who": found.opened_by, "uid": os.getuid()}

    def hear(self, other: Origin, plan_hash: str, typed: str) -> Phrase:
        """Nothing when it counts, else why not; `plan_hash` is that of the incident that was shown."""
        try:
            self._desk.confirm(typed, everybody(other), shown=plan_hash)
        except MedflowError as error:
            return error.phrase
        self._changed()
        return SILENCE


class Doorstep:
    """A door as long as its incident waits for a commander who is another user. Its methods may be called in any thread."""

    def __init__(self, changed: Callable[[], object]) -> None:
        self._changed = changed
        self._lock = threading.Lock()
        self._door: Door | None = None
        self._for: tuple[str, str] = ("", "")
        self._is_left = False

    def keep(self, desk: IncidentDesk, incident: Incident | None) -> None:
        """Open it, or close it, as is right for what is open now."""
        waits = incident is not None and not incident.is_confirmed and desk.way_to_confirm(incident) != HERE
        wanted = (incident.id, incident.commander) if incident is not None and waits else ("", "")
        with self._lock:
            if wanted == self._for or self._is_left:
                return
            self._close()
            if incident is not None and waits:
                host = Confirming(desk, incident, self._changed)
                self._door, self._for = Door(host.name, host).__enter__(), wanted

    def leave(self) -> None:
        """For good."""
        with self._lock:
            self._is_left = True
            self._close()

    def _close(self) -> None:
        door, self._door, self._for = self._door, None, ("", "")
        if door is not None:
            door.__exit__()


def awaited(ssh: str = "") -> Shown | None:
    """The incident of any user of this machine that waits for the one who asks; None where there is none."""
    for name in waiting_runs(NAME):
        try:
            return look(name, ssh=ssh)
        except RefusedError:
            continue
    return None


def incident_of(shown: Shown) -> Incident:
    """Raises KeyError, TypeError, ValueError for what is none."""
    record = shown.plan
    return Incident(
        id=str(record["id"]),
        severity=Severity(record["severity"]),
        commander=str(record["commander"]),
        opened_by=str(record["opened_by"]),
        opened_at=datetime.fromisoformat(record["opened_at"]),
        text=str(record["text"]),
    )


def confirm_at(shown: Shown, typed: str, ssh: str = "") -> None:
    """Raises RefusedError with the reason."""
    told = incident_hash(str(shown.plan["site"]), incident_of(shown))
    agree(shown.run, plan_hash=told, typed=typed, ssh=ssh)
