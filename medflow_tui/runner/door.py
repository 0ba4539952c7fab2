"""The door of a run that waits for a second person: a socket that every user of this machine may knock at.

It has no file (an abstract address of Linux), because the folders of a run are nobody else's business; who knocks is told
by the kernel. Where there are no such addresses, agreement comes over the phone.
"""

from __future__ import annotations

import re
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from medflow_tui.journal.run_log import RUN_ID
from medflow_tui.model.access import Origin
from medflow_tui.model.errors import MedflowError, RefusedError
from medflow_tui.model.plan import phrase_from, phrase_record
from medflow_tui.model.words import Phrase, say
from medflow_tui.runner.listener import WITHIN_S, Listener, hear_line, peer_of, say_line, unix_socket
from medflow_tui.runner.origin import origin_of

PREFIX = "medflow-tui/approve/"
LONGEST_QUESTION, LONGEST_ANSWER = 4096, 2 * 1024 * 1024


class Host(Protocol):
    """Who is behind the door."""

    def show(self, other: Origin) -> dict[str, Any] | Phrase: ...

    def hear(self, other: Origin, plan_hash: str, typed: str) -> Phrase: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a run tells of itself: the record of its plan, its playbook as text, who asks, and as which user."""

    run: str
    plan: dict[str, Any]
    playbook: str
    who: str
    uid: int


class Door:
    """Open while in the block."""

    def __init__(self, run: str, host: Host) -> None:
        self._run, self._host = run, host
        self._listener = Listener("door", self._answer)

    def __enter__(self) -> Door:
        if sys.platform == "linux":
            with suppress(OSError):
                self._listener.listen(_bound(self._run), backlog=4)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _answer(self, one: socket.socket) -> dict[str, Any]:
        peer = peer_of(one)
        asked = hear_line(one, LONGEST_QUESTION)
        if peer is None or not isinstance(asked, dict):
            return _no(say("that is no order"))
        other = origin_of(peer.pid, peer.uid, ssh=str(asked.get("ssh", "")))
        try:
            if asked.get("what") == "show":
                found = self._host.show(other)
                return _no(found) if isinstance(found, Phrase) else {"ok": True, **found}
            why = self._host.hear(other, str(asked.get("plan_hash", "")), str(asked.get("typed", "")))
        except MedflowError as error:
            return _no(error.phrase)
        return _no(why) if why else {"ok": True}


def waiting_runs(form: re.Pattern[str] = RUN_ID) -> tuple[str, ...]:
    """Runs of any user of this machine that wait for a second person; or what else has a name of this form."""
    try:
        lines = Path("/proc/net/unix").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    found = {each.rpartition(f"@{PREFIX}")[2] for each in lines if f"@{PREFIX}" in each}
    return tuple(sorted(each for each in found if form.fullmatch(each)))


def look(run: str, *, ssh: str = "") -> Shown:
    """What a run that waits tells of itself. Raises RefusedError, also when it is not told to us."""
    found, uid = _speak(run, {"what": "show", "ssh": ssh})
    try:
        shown = Shown(
            run=str(found["run"]),
            plan=dict(found["plan"]),
            playbook=str(found["playbook"]),
            who=str(found["who"]),
            uid=uid,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RefusedError(say("what answers is no run of this program")) from error
    if shown.run != run:
        raise RefusedError(say("what answers is no run of this program"))
    return shown


def agree(run: str, *, plan_hash: str, typed: str, ssh: str = "") -> None:
    """Agree to the plan with this hash. Raises RefusedError with the reason."""
    _speak(run, {"what": "agree", "plan_hash": plan_hash, "typed": typed, "ssh": ssh})


def _speak(run: str, asked: dict[str, str]) -> tuple[dict[str, Any], int]:
    """The answer, and the user behind the door."""
    try:
        with unix_socket() as one:
            one.settimeout(WITHIN_S)
            one.connect(_address(run))
            peer = peer_of(one)
            say_line(one, asked)
            found = hear_line(one, LONGEST_ANSWER)
    except (OSError, ValueError, AttributeError) as error:
        raise RefusedError(say("no run named {run} waits for a second person here", run=run)) from error
    if not isinstance(found, dict) or found.get("ok") is not True:
        why = found.get("why", {}) if isinstance(found, dict) else {}
        raise RefusedError(phrase_from(why) or Phrase(text="?"))
    return found, peer.uid if peer is not None else -1


def _bound(run: str) -> socket.socket:
    bound = unix_socket()
    try:
        bound.bind(_address(run))
    except OSError:
        bound.close()
        raise
    return bound


def _address(run: str) -> str:
    return f"\0{PREFIX}{run}"


def _no(why: Phrase) -> dict[str, Any]:
    return {"ok": False, "why": phrase_record(why)}
