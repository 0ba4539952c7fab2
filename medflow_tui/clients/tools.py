"""What every probe and action is given besides its target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from medflow_tui.model.health import Probe
from medflow_tui.model.site import Site
from medflow_tui.model.target import Target
from medflow_tui.model.words import Phrase

if TYPE_CHECKING:
    from medflow_tui.clients.expected import Expected


class Budget(Protocol):
    """The number of calls that a host allows in a window, shared between processes."""

    def take(self, host: str, limit: int, window_s: float, now: datetime) -> datetime | None:
        """Count one call; None when it may be made, else the moment from which it may."""

    def forbid(self, host: str, until: datetime, now: datetime | None = None) -> None:
        """The host itself said to wait (429 with Retry-After)."""

    def used(self, host: str, window_s: float, now: datetime) -> int:
        """Calls counted in the window, for the detail screen."""

    def notices(self) -> tuple[Phrase, ...]:
        """What people should know about the counting itself."""


def utc_now() -> datetime:
    """The moment, in UTC with its zone."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """`secret` turns a reference (`env:NAME`, `file:PATH`) into the secret, or raises SecretError.

    `state` is the folder of what this program remembers; `now` is the clock. `probe_of` lends an action the eyes of the
    dashboard (None: it has none). `expected` is what a server must say on each connection of a run (None: nothing).
    """

    site: Site
    secret: Callable[[str], str]
    budget: Budget
    state: Path
    now: Callable[[], datetime] = utc_now
    probe_of: Callable[[Target], Probe] | None = None
    expected: Expected | None = None
