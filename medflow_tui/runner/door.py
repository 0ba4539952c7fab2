"""The door of a run that waits for a second person: a socket that every user of this machine may knock at.

It has no file (an abstract address of Linux), because the folders of a run are nobody else's business; who knocks is told
by the kernel. Where there are no such addresses, agreement comes over the phone.
"""

from __future__ import annotations

import re
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from string import Formatter
from typing import Any, Protocol

from medflow_tui.journal.run_log import RUN_ID
from medflow_tui.model.access import Origin
from medflow_tui.model.errors import MedflowError, RefusedError
from medflow_tui.model.plan import phrase_from, phrase_record
from medflow_tui.model.words import Phrase, say
from medflow_tui.runner.knocking import watching
from medflow_tui.runner.listener import (
    MOST_AT_ONCE,
    WITHIN_S,
    Listener,
    hear_line,
    peer_of,
    say_line,
    unix_socket,
)
from medflow_tui.runner.origin import origin_of, unseen

PREFIX = "medflow-tui/approve/"
LONGEST_QUESTION, LONGEST_ANSWER, DEEPEST = 4096, 2 * 1024 * 1024, 8
AGAIN_S = 0.05
NO_RUN = say("what answers is no run of this program")


class StrangeError(RefusedError):
    """At the other end stands a user, `uid`, who is not believed."""

    def __init__(self, uid: int) -> None:
        super().__init__(say("no run named {run} waits for a second person here", run="?"))
        self.uid = uid


class BusyError(RefusedError):
    """Too many queue at this door now."""


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
        self._run, self._host, self._alone = run, host, threading.Lock()
        self._listener = Listener("door", self._answer)

    def __enter__(self) -> Door:
        if sys.platform == "linux":
            with suppress(OSError):
                self._listener.listen(_bound(self._run), backlog=MOST_AT_ONCE)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _answer(self, one: socket.socket) -> dict[str, Any]:
        peer = peer_of(one)
        if peer is None:
            return _no(say("that is no order"))
        with watching(one, peer) as is_there:
            try:
                asked = hear_line(one, LONGEST_QUESTION)
            except ValueError:
                asked = None
            if not isinstance(asked, dict) or not all(_is_plain(each) for each in asked.values()):
                return _no(say("that is no order"))
            other = origin_of(peer.pid, peer.uid, ssh=asked.get("ssh", ""))
            if not is_there():
                other = unseen(other)
            try:
                with self._alone:
                    return self._told(other, asked)
            except MedflowError as error:
                return _no(error.phrase)

    def _told(self, other: Origin, asked: dict[str, str]) -> dict[str, Any]:
        if asked.get("what") == "show":
            found = self._host.show(other)
            return _no(found) if isinstance(found, Phrase) else {"ok": True, **found}
        why = self._host.hear(other, asked.get("plan_hash", ""), asked.get("typed", ""))
        return _no(why) if why else {"ok": True}


def waiting_runs(form: re.Pattern[str] = RUN_ID) -> tuple[str, ...]:
    """Runs of any user of this machine that wait for a second person; or what else has a name of this form."""
    try:
        lines = Path("/proc/net/unix").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    found = {each.rpartition(f"@{PREFIX}")[2] for each in lines if f"@{PREFIX}" in each}
    return tuple(sorted(each for each in found if form.fullmatch(each)))


def look(
    run: str, *, ssh: str = "", believed: frozenset[int] | None = None, within_s: float = WITHIN_S
) -> Shown:
    """What a run that waits tells of itself. Raises RefusedError, also when it is not told to us, and StrangeError where one
    who is not `believed` (None: everybody is) stands behind the door: nothing is said to them."""
    found, uid = _speak(run, {"what": "show", "ssh": ssh}, believed, within_s)
    try:
        shown = Shown(
            run=str(found["run"]),
            plan=dict(found["plan"]),
            playbook=str(found["playbook"]),
            who=str(found["who"]),
            uid=uid,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RefusedError(NO_RUN) from error
    if shown.run != run:
        raise RefusedError(NO_RUN)
    return shown


def agree(
    run: str, *, plan_hash: str, typed: str, ssh: str = "", believed: frozenset[int] | None = None
) -> None:
    """Agree to the plan with this hash. Raises as `look`."""
    asked = {"what": "agree", "plan_hash": plan_hash, "typed": typed, "ssh": ssh}
    _speak(run, asked, believed, WITHIN_S)


def _speak(
    run: str, asked: dict[str, str], believed: frozenset[int] | None, within_s: float
) -> tuple[dict[str, Any], int]:
    """The answer, and the user behind the door."""
    ends = time.monotonic() + within_s
    try:
        with unix_socket() as one:
            one.settimeout(within_s)
            _connect(one, _address(run), ends if believed is None else 0.0)
            peer = peer_of(one)
            uid = peer.uid if peer is not None else -1
            if believed is not None and uid not in believed:
                raise StrangeError(uid)
            say_line(one, asked)
            found = hear_line(one, LONGEST_ANSWER, max(0.0, ends - time.monotonic()))
    except BlockingIOError as error:
        raise BusyError(say("no run named {run} waits for a second person here", run=run)) from error
    except (OSError, ValueError, AttributeError) as error:
        raise RefusedError(say("no run named {run} waits for a second person here", run=run)) from error
    if not isinstance(found, dict) or found.get("ok") is not True:
        raise RefusedError(_why(found) or Phrase(text="?"))
    return found, uid


def _connect(one: socket.socket, address: str, ends: float) -> None:
    """Also to a door at which many queue, until then. Raises OSError."""
    while True:
        try:
            return one.connect(address)
        except BlockingIOError:
            if time.monotonic() + AGAIN_S > ends:
                raise
            time.sleep(AGAIN_S)


def _why(found: Any) -> Phrase:
    """Why it was refused, in the words of whoever stands there: as a phrase of this program, or not at all."""
    try:
        why = phrase_from(found["why"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise RefusedError(NO_RUN) from error
    if not _is_sayable(why):
        raise RefusedError(NO_RUN)
    return why


def _is_sayable(phrase: Phrase, depth: int = DEEPEST) -> bool:
    """Whether its places are names of its plain values, and it is no tower of parts."""
    if not depth:
        return False
    try:
        places = {(name, how) for _, name, _, how in Formatter().parse(phrase.text) if name is not None}
    except ValueError:
        return False
    plain = all(isinstance(each, (str, int, float, datetime, type(None))) for each in phrase.values.values())
    known = places <= {(name, None) for name in phrase.values}
    return plain and known and all(_is_sayable(each, depth - 1) for each in phrase.parts)


def _is_plain(word: object) -> bool:
    """Text that can be written down."""
    return isinstance(word, str) and not any("\ud800" <= each <= "\udfff" for each in word)


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
