"""Where a process comes from: its user, log-in, terminal and parents, as the kernel tells."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from medflow_tui.model.access import UNSET_SESSION, Origin
from medflow_tui.model.audit import Actor

MOST_PARENTS = 64
SESSION = 3  # of the fields of /proc/PID/stat, from `state` on


def here() -> Origin:
    """This process."""
    return origin_of(os.getpid(), os.getuid(), ssh=os.environ.get("SSH_CONNECTION", ""))


def acting(seat: Origin | None = None) -> tuple[Origin, ...]:
    """Everybody whom this process acts for: its user, and who logged in, whatever they became since (`sudo`, `su`); at
    the log-in `seat` (where the order came from), else at this one."""
    if os.name != "posix":
        return ()
    seat, uids = seat if seat is not None else here(), dict.fromkeys((os.getuid(), _login_uid()))
    return tuple(
        replace(seat, uid=each, user=name_of(each)) for each in uids if each not in (-1, UNSET_SESSION)
    )


def actor_of(people: Sequence[Origin], *, role: str = "", auth: str = "") -> Actor:
    """Those whom a process acts for (see `acting`), as the audit names them."""
    if not people:
        return Actor(role=role, auth=auth)
    user, *became = people
    login = (became[0].user or f"uid-{became[0].uid}") if became else ""
    address = user.ssh.partition(" ")[0]
    return Actor(uid=user.uid, name=user.user, role=role, origin=address, auth=auth, login=login)


def everybody(other: Origin) -> tuple[Origin, ...]:
    """The same of another process that stands here and waits: its user, and who logged in."""
    pid = other.ancestors[0].partition("@")[0] if other.ancestors else ""
    login = _login_uid(pid) if pid else -1
    if pid and process_named(int(pid)) != other.ancestors[0]:  # gone meanwhile: who logged in is not known
        return (unseen(other),)
    if login in (-1, UNSET_SESSION, other.uid):
        return (other,)
    return (other, replace(other, uid=login, user=name_of(login)))


def unseen(other: Origin) -> Origin:
    """Of somebody whose process cannot be looked at, or has ended: the user alone."""
    return Origin(uid=other.uid, user=other.user, ssh=other.ssh)


def process_named(pid: int) -> str:
    """A process as `pid@start`; empty when there is none, or it is hidden."""
    return _named(pid, _stat(pid))


def uids_of(pid: int) -> frozenset[int]:
    """The users that a process is and acts as (proc(5), the line `Uid` of `status`); empty when that is not told."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return frozenset()
    found = next((each.split()[1:3] for each in lines if each.startswith("Uid:")), [])
    return frozenset(int(each) for each in found if each.isdigit())


def origin_of(pid: int, uid: int, *, ssh: str = "") -> Origin:
    """A process by its number; what the kernel does not tell stays unknown. Init is nobody's log-in."""
    family = _family(pid)
    return Origin(
        uid=uid,
        user=name_of(uid),
        audit_session=_audit_session(pid),
        terminal=_number(family.get(pid, ()), 4),
        ssh=ssh[:200],
        session=_session(pid, family),
        ancestors=tuple(_named(each, fields) for each, fields in family.items() if each > 1),
    )


def name_of(uid: int) -> str:
    """The login of a user; empty when there is none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


def uid_of(name: str) -> int:
    """The number of a user of this machine; -1 when there is none of that name."""
    import pwd

    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return -1


def _login_uid(pid: str = "self") -> int:
    try:
        return int(Path(f"/proc/{pid}/loginuid").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return -1


def _family(pid: int) -> dict[int, tuple[str, ...]]:
    """The process and its parents, with what /proc says of each (from the field `state` on, see proc(5))."""
    found: dict[int, tuple[str, ...]] = {}
    while pid > 0 and pid not in found and len(found) < MOST_PARENTS:
        fields = _stat(pid)
        if not fields:
            break
        found[pid] = fields
        pid = _number(fields, 1)
    return found


def _session(pid: int, family: Mapping[int, tuple[str, ...]]) -> tuple[str, ...]:
    """Its leader, which may be gone or no parent any more (`nohup`, a shell that was left), and those it comes from in it.

    In a container the leader may be init, which is nobody's log-in, or outside (number 0): those it comes from remain.
    """
    number = _number(family.get(pid, ()), SESSION)
    members = {number: _stat(number)} if number > 1 else {}
    members |= {each: of for each, of in family.items() if each > 1 and _number(of, SESSION) == number}
    return tuple(filter(None, (_named(each, fields) for each, fields in members.items())))


def _stat(pid: int) -> tuple[str, ...]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ()
    return tuple(text.rpartition(")")[2].split())


def _number(fields: tuple[str, ...], place: int) -> int:
    try:
        return int(fields[place])
    except (IndexError, ValueError):
        return 0


def _named(pid: int, fields: tuple[str, ...]) -> str:
    return f"{pid}@{fields[19]}" if len(fields) > 19 else ""


def _audit_session(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/sessionid").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return -1
