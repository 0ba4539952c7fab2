"""Looks at one SMB share of a device: host, share, newest file, and the folder where it is mounted."""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from medflow_tui.clients.child import NEWEST, Outstanding
from medflow_tui.clients.network import NO_PROCESS, Deadline, UnreachableError, connect
from medflow_tui.clients.smb import GUEST, Account, Place, greet, look, place_of
from medflow_tui.clients.smb_listing import Listing
from medflow_tui.clients.tools import Tools
from medflow_tui.journal.refusals import Refusals
from medflow_tui.model.errors import SecretError
from medflow_tui.model.health import Cause, Failure, Probe, Reading
from medflow_tui.model.targets.share import ShareTarget
from medflow_tui.model.words import Phrase, say

HOW = say("connection to its port, log-in, listing of the share")
HOW_LOCAL = say("listing of the folder")
TRY_AGAIN = timedelta(hours=1)
WALK_SHARE = 0.7  # of the time left: what was seen still arrives
AHEAD = timedelta(minutes=5)  # clocks of devices differ a little
ANSWERING = frozenset({Cause.REFUSED, Cause.SILENT, Cause.GARBLED, Cause.ABSENT, Cause.UNTRUSTED})


class ShareProbe:
    """Values: host ("answers", "none" when only a folder is watched), connects, loss (percent), rtt_ms (median),

    share ("answers", "no folder", "silent", "refused", "garbled", "absent", "none"), why (a Phrase, when it does not
    answer), newest (ISO, or None when there is no file), files, seen, ahead (files dated after now), complete,
    mount ("none", "answers", "empty", "stale", "absent", "forbidden"), hours (Hours of work, or None), zone. Never a name
    of a file or folder.

    A failure means that the host does not answer, or that we are not let in. A named user that was refused is not
    tried again within the hour by any process of this machine: a device that counts refusals would lock the account.
    """

    def __init__(self, target: ShareTarget, tools: Tools) -> None:
        self._target, self._tools = target, tools
        self._connects: deque[float | None] = deque(maxlen=max(1, target.window))
        self._children = Outstanding()
        self._refusals = Refusals(tools.state)

    def read(self, deadline_s: float) -> tuple[Reading, ...]:
        deadline = Deadline.after(deadline_s)
        values: dict[str, Any] = {
            "host": "none",
            "share": "none",
            "mount": "none",
            "ahead": 0,
            "hours": self._target.hours or self._tools.site.hours,
            "zone": self._tools.site.timezone,
        }
        try:
            latency = self._share(values, deadline) if self._target.address else None
        except UnreachableError as error:
            return (self._reading(failure=error.failure),)
        except SecretError as error:
            return (self._reading(failure=Failure(cause=Cause.DENIED, text=error.phrase)),)
        if self._target.mount:
            try:
                self._mount(values, deadline)
            except OSError:
                return (self._reading(failure=NO_PROCESS),)
        return (self._reading(values=values, latency_ms=latency),)

    def _share(self, values: dict[str, Any], deadline: Deadline) -> float | None:
        """Fill in host and share; the time to the first answer of the server in milliseconds."""
        place = _place(self._target)
        account = self._account()
        looking = Deadline(deadline.ends - (0.25 * deadline.left() if self._target.mount else 0.0))
        latency = None
        try:
            latency = self._greet(place, looking)
            found = self._look(place, account, looking)
            values |= {
                "share": "answers" if found.exists else "no folder",
                "newest": found.newest.isoformat() if found.newest else None,
                "files": found.files,
                "seen": found.seen,
                "ahead": found.ahead,
                "complete": found.complete,
            }
        except UnreachableError as error:
            if error.failure.cause not in ANSWERING:
                raise
            values |= {"share": error.failure.cause.value, "why": error.failure.text}
        values |= {"host": "answers", **self._window()}
        return latency

    def _look(self, place: Place, account: Account, deadline: Deadline) -> Listing:
        now, target = self._tools.now(), self._target
        who = f"{account.username}@{place.host}:{place.port}"
        before = "" if account.is_guest else self._refusals.find(who, account.password, now, TRY_AGAIN)
        if before:
            raise UnreachableError(Failure(cause=Cause.DENIED, text=Phrase(text=before)))
        try:
            return look(
                place, account, entries=target.max_entries, depth=target.max_depth, now=now, deadline=deadline
            )
        except UnreachableError as error:
            if error.failure.cause is Cause.DENIED and not account.is_guest:
                self._refusals.add(who, account.password, error.failure.text.text, now)
            raise

    def _greet(self, place: Place, deadline: Deadline) -> float:
        started = time.perf_counter()
        try:
            connected = connect(place.host, place.port, deadline)
        except UnreachableError as error:
            refused = error.failure.cause is Cause.REFUSED  # the host itself answered
            self._connects.append((time.perf_counter() - started) * 1000 if refused else None)
            raise
        with connected:
            self._connects.append((time.perf_counter() - started) * 1000)
            started = time.perf_counter()
            greet(connected, deadline)
        return (time.perf_counter() - started) * 1000

    def _window(self) -> dict[str, Any]:
        answered = sorted(each for each in self._connects if each is not None)
        lost = len(self._connects) - len(answered)
        return {
            "connects": len(self._connects),
            "loss": 100.0 * lost / len(self._connects) if self._connects else 0.0,
            "rtt_ms": answered[len(answered) // 2] if answered else None,
        }

    def _mount(self, values: dict[str, Any], deadline: Deadline) -> None:
        """Fill in what the mounted (or local) folder says; without an address its files are the device's."""
        budget = str(self._target.max_entries if not self._target.address else 1)
        until = str((self._tools.now() + AHEAD).timestamp())
        name, seconds = self._target.name, str(WALK_SHARE * deadline.left())
        asked = (self._target.mount, budget, until, seconds)
        found = self._children.run(name, NEWEST, asked, deadline.left())
        values["mount"] = _mount_state(found)
        if found is None or self._target.address or "newest" not in found:
            return
        newest = datetime.fromtimestamp(found["newest"], UTC).isoformat() if found["newest"] else None
        values |= {
            "newest": newest,
            "files": found["seen"],
            "seen": found["seen"],
            "ahead": found["ahead"],
            "complete": found["complete"],
        }

    def _account(self) -> Account:
        named = self._target.username or GUEST
        username = f"{self._target.domain}\\{named}" if self._target.domain else named
        return Account(
            username=username,
            password=self._tools.secret(self._target.password) if self._target.password else "",
        )

    def _reading(self, values: dict[str, Any] | None = None, **more: Any) -> Reading:
        return Reading(
            target=self._target.name,
            kind=self._target.kind,
            observed_at=self._tools.now(),
            how=HOW if self._target.address else HOW_LOCAL,
            values=MappingProxyType(values or {}),
            **more,
        )


def _place(target: ShareTarget) -> Place:
    try:
        return place_of(target.address)
    except ValueError:
        why: Phrase = say("the address is not smb://host/share")
        raise UnreachableError(Failure(cause=Cause.UNSUPPORTED, text=why)) from None


def _mount_state(found: dict[str, Any] | None) -> str:
    """A folder that does not answer in time, or answers that its server is gone, is a stale mount."""
    if found is None:
        return "stale"
    if "newest" in found:
        return "answers" if found["seen"] else "empty"
    match found.get("errno"):
        case 2 | 20:  # ENOENT, ENOTDIR
            return "absent"
        case 1 | 13:  # EPERM, EACCES
            return "forbidden"
    return "stale"


def build(target: ShareTarget, tools: Tools) -> Probe:
    """The probe of one share."""
    return ShareProbe(target, tools)
