"""Who is known at a site: people by their login on its machine, in which roles, and who may agree over the phone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from medflow_tui.model.health import EPOCH

UNSET_SESSION = (1 << 32) - 1  # what the kernel says of a process that nobody logged in for


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`name` is the login on this machine. `verifier` names the secret (`env:NAME`, `file:PATH`) by which their answers
    over the phone are proved; it is made for this site alone by `medflow-tui playbook key`."""

    name: str
    roles: tuple[str, ...] = ()
    verifier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The table `[access]` of the site file. `notices` are files or folders elsewhere, told of every override."""

    people: Mapping[str, Person] = field(default_factory=lambda: MappingProxyType({}))
    notices: tuple[str, ...] = ()

    def roles_of(self, name: str) -> tuple[str, ...]:
        """The roles of a login; none for somebody who is not named."""
        found = self.people.get(name)
        return found.roles if found is not None else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where somebody sits, as the kernel knows it: the log-in, the terminal, and whose child the process is.

    `session` (of its session, the leader and those it comes from) and `ancestors` are processes as `pid@start`; `ssh` is
    what the process itself says of its connection.
    Empty, and -1, is not known.
    """

    uid: int = -1
    user: str = ""
    audit_session: int = -1
    terminal: int = 0
    ssh: str = ""
    session: tuple[str, ...] = ()
    ancestors: tuple[str, ...] = ()


NOWHERE = Origin()


def origin_from(record: Mapping[str, Any]) -> Origin:
    """What `dataclasses.asdict` made of one. Raises KeyError, TypeError, ValueError for what is none."""
    return Origin(
        uid=int(record["uid"]),
        user=str(record["user"]),
        audit_session=int(record["audit_session"]),
        terminal=int(record["terminal"]),
        ssh=str(record["ssh"]),
        session=tuple(str(each) for each in record["session"]),
        ancestors=tuple(str(each) for each in record["ancestors"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """What a run that waits for a second person needs, and has.

    `challenge` is what is read out over the phone (empty: not allowed); nobody is locked out at EPOCH.
    """

    run: str
    needed: int = 0
    given: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    ends_at: datetime = EPOCH
    challenge: str = ""
    challenge_until: datetime = EPOCH
    locked_until: datetime = EPOCH
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passive:
    """Nothing of class R2 or above is started here, since when and by whose order."""

    since: datetime
    who: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """An override that nobody has looked at yet."""

    run: str
    playbook: str
    who: str
    at: datetime
    guards: tuple[str, ...]
    uid: int = -1  # of who used it; not known of older ones
