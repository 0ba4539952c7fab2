"""Who wants a run, why, and what they want of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from medflow_tui.model.access import NOWHERE, Origin, origin_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """Who wants this run, why, and which plan they confirmed by typing what.

    `session` tells two screens of one person apart. `override` is the reason for passing over a window or a limit.
    When a run is gone on with, `stop` asks for its end (`leave`, `roll_back`).
    `alone` is true when no person stands behind it. `origin` is where they sit; `login_age_s` how old their log-in was
    when they gave the order (-1: nobody knows).
    """

    who: str
    reason: str
    typed: str
    plan_hash: str
    session: str = ""
    override: str = ""
    stop: str = ""
    alone: bool = False
    login_age_s: int = -1
    origin: Origin = NOWHERE

    def record(self) -> dict[str, Any]:
        return asdict(self)


def mandate_from(record: Mapping[str, Any]) -> Mandate:
    """Raises KeyError, TypeError, ValueError for what is no mandate."""
    words = ("who", "reason", "typed", "plan_hash", "session", "override", "stop")
    if set(record) != {*words, "alone", "login_age_s", "origin"} or not isinstance(record["alone"], bool):
        raise ValueError("no mandate")
    return Mandate(
        alone=record["alone"],
        login_age_s=int(record["login_age_s"]),
        origin=origin_from(record["origin"]),
        **{name: str(record[name]) for name in words},
    )
