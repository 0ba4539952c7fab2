"""A TCP port on which something of the site listens, as a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medflow_tui.model.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class PortTarget(Target):
    """`address` is `host:port`; `listener` is the name of the process that should own it (empty: any)."""

    kind: ClassVar[str] = "port"

    address: str = ""
    listener: str = ""
