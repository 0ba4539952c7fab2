"""Who acts, on which machine, and whether its clock is set by others: what every audit record says of its writer."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from medflow_tui.model.audit import Actor

_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
_TIMEX = 256  # bytes, more than `struct timex` has


def whoever(environ: Mapping[str, str] = os.environ) -> Actor:
    """The user of this process, and how they came here."""
    origin = environ.get("SSH_CONNECTION", "").partition(" ")[0]
    via = "ssh" if origin else "service" if environ.get("INVOCATION_ID") else "local"
    return Actor(uid=os.getuid() if os.name == "posix" else -1, name=_login(), via=via, origin=origin)


def as_fields(actor: Actor) -> dict[str, Any]:
    """The actor as a record has it; what is not said is what this process knows itself."""
    here = whoever()
    if actor.uid < 0 and not actor.name:
        actor = replace(here, role=actor.role, auth=actor.auth)
    return {
        "uid": actor.uid,
        "name": actor.name,
        "role": actor.role,
        "via": actor.via or here.via,
        "from": actor.origin,
        "auth": actor.auth,
        **({"as": actor.login} if actor.login else {}),
    }


def told(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the caller knows better of the actor than this process."""
    actor = fields.get("actor") or {}
    return {name: value for name, value in actor.items() if value not in ("", None, -1)}


def host() -> str:
    """The name of this machine."""
    return socket.gethostname()


def clock_synced() -> bool:
    """Whether the clock follows others (NTP); False when that is not known."""
    try:
        import ctypes

        adjtimex = ctypes.CDLL(None).adjtimex
        return int(adjtimex(ctypes.create_string_buffer(_TIMEX))) not in (-1, _UNSYNCHRONISED)
    except (ImportError, OSError, AttributeError, TypeError):
        return False


def _login() -> str:
    """As the kernel and the user database know it: LOGNAME and its like are whatever somebody says."""
    try:
        if os.name != "posix":
            import getpass

            return getpass.getuser()
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (OSError, KeyError, ImportError):
        return ""
