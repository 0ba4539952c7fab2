"""The commander of an incident at the door of whoever waits for them: as another user, where the state folder is not theirs."""

from __future__ import annotations

import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from medflow_tui.model.access import Origin
from medflow_tui.model.errors import MedflowError, RefusedError
from medflow_tui.model.incident import HERE, Incident, Severity
from medflow_tui.model.site import Site
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.leading import WHY_NOT_CONFIRM, incident_hash
from medflow_tui.runner.door import NO_RUN, BusyError, Door, Shown, StrangeError, agree, look, waiting_runs
from medflow_tui.runner.incidents import IncidentDesk
from medflow_tui.runner.origin import everybody, name_of, uid_of

NAME = re.compile(r"incident/[^/]{1,60}/INC-\d{4}-\d{3,6}/[0-9a-f]{8}")
TOLD = ("site", "id", "severity", "commander", "opened_by", "opened_at", "text")
ONE_DOOR_S, ALL_DOORS_S, AGAIN_S, MOST_NAMED = 2.0, 12.0, 0.01, 3


class Confirming:
    """Behind the door (see `runner.door.Host`). `changed` is called in its thread once the commander has confirmed."""

    def __init__(self, desk: IncidentDesk, incident: Incident, changed: Callable[[], object]) -> None:
        self._desk, self._changed = desk, changed
        self.name = f"incident/{desk.site.code}/{incident.id}/{token_hex(4)}"  # nobody can take it before

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
            "named": found.named,
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


def believed(site: Site | None, state: Path) -> frozenset[int]:
    """The users at whose doors an incident of this site may wait: root, whoever owns its state folder, whom its file names."""
    named = [uid_of(each) for each in site.access.people] if site is not None else []
    with suppress(OSError):  # not there, or not ours to look at
        named.append(state.stat().st_uid)
    return frozenset({0, *(each for each in named if each >= 0)})


def awaited(trusted: frozenset[int], ssh: str = "") -> Shown | None:
    """The incident that waits for the one who asks at the door of a trusted user; None where there is none.

    What is slow or malformed is passed over. Raises RefusedError, with who they are, where all doors are of other users.
    """
    ends, strangers, is_known = time.monotonic() + ALL_DOORS_S, set[int](), False
    names = deque(waiting_runs(NAME))
    while names and (left := ends - time.monotonic()) > 0:
        name = names.popleft()
        try:
            shown = look(name, ssh=ssh, believed=trusted, within_s=min(ONE_DOOR_S, left))
            incident_of(shown)
            return shown
        except StrangeError as error:
            strangers.add(error.uid)
        except BusyError:
            names.append(name)
            time.sleep(AGAIN_S)
        except (RefusedError, KeyError, TypeError, ValueError):
            is_known = True
    if strangers and not is_known:
        raise RefusedError(_strange(strangers))
    return None


def _strange(uids: set[int]) -> Phrase:
    names = [name_of(each) or str(each) for each in sorted(uids)[:MOST_NAMED]]
    return say(
        "nobody is believed who is not named in the site file, root, or the owner of the state folder; who waits here: {who}",
        who=", ".join(names),
    )


def incident_of(shown: Shown) -> Incident:
    """Raises KeyError, TypeError, ValueError for what is none."""
    record = shown.plan
    if not all(isinstance(record[each], str) for each in TOLD):
        raise ValueError(NO_RUN.text)
    at = datetime.fromisoformat(record["opened_at"])
    if at.tzinfo is None:
        raise ValueError(NO_RUN.text)
    return Incident(
        id=record["id"],
        severity=Severity(record["severity"]),
        commander=record["commander"],
        named=int(record["named"]),
        opened_by=record["opened_by"],
        opened_at=at,
        text=record["text"],
    )


def confirm_at(shown: Shown, typed: str, ssh: str = "") -> None:
    """At the door of the very user that was shown. Raises RefusedError with the reason."""
    told = incident_hash(shown.plan["site"], incident_of(shown))
    agree(shown.run, plan_hash=told, typed=typed, ssh=ssh, believed=frozenset({shown.uid}))
