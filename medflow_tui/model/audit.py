"""The audit as data: how it is kept, who acts, and the points by which a chain is compared."""

from __future__ import annotations

from dataclasses import dataclass

from medflow_tui.model.errors import UnfitError
from medflow_tui.model.fitting import refuse_outside
from medflow_tui.model.words import say

MOST_MB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How a site keeps its audit: the table `[audit]` of the site file.

    `folder` is where it lies (empty: the state folder, where a relative one starts); `anchors` are files (or folders that
    are there, such as a mounted one of the central server) elsewhere; `group` may read the segments; `append_only` and
    `syslog` are tried, never required; a segment is closed at `segment_kb`; `reserve_mb` of the disk are held for the
    day on which it is full. `signing_key` (`file:PATH`) is the SSH key of the site that signs checkpoints, `signers` the
    allowed-signers file (ssh-keygen(1)) by which they are verified.
    """

    folder: str = ""
    signing_key: str = ""
    signers: str = ""
    anchors: tuple[str, ...] = ()
    group: str = ""
    append_only: bool = True
    syslog: bool = True
    segment_kb: int = 8192
    reserve_mb: int = 64

    def __post_init__(self) -> None:
        refuse_outside("segment_kb", self.segment_kb, 1, MOST_MB * 1024)
        refuse_outside("reserve_mb", self.reserve_mb, 0, MOST_MB)
        if self.signing_key and not self.signing_key.startswith("file:"):
            text = say("{file}: {key} says where the key is, as file:PATH", file="", key="signing_key")
            raise UnfitError("signing_key", text)


BARE = Keeping(append_only=False, syslog=False, reserve_mb=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """How long the chain is and what its last record's hash is; kept elsewhere, it shows when the end was cut off.

    From paper it has no count (-1), and of the head only the beginning.
    """

    count: int
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: a user of this system, the role, how they came (`ssh`, `local`, `service`), from which address, and by
    what they proved to be themselves (`reauth`, `otp`); `login` is who logged in, where that is another user (`sudo`)."""

    uid: int = -1
    name: str = ""
    role: str = ""
    via: str = ""
    origin: str = ""
    auth: str = ""
    login: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What an audit record speaks of: a run, a playbook as `id@version`, the plan, its class, the incident."""

    run: str = ""
    playbook: str = ""
    plan_hash: str = ""
    risk: str = ""
    incident: str = ""
    system: str = ""
    database: str = ""
    identity: str = ""


NO_WORK = Work()
