"""The device sync queue as a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medflow_tui.model.target import DEVICES, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTarget(Target):
    """`address` and `password` reach Redis as in a redis target; `password` and `api_password` are references.

    `api` is the backend's URL; with `api_username` its own word on the worker is asked, at most every
    `api_every_s` (each call costs the backend one audit record, and one of 100 calls in 15 minutes).
    A waiting job that nobody takes for `stuck_after_s` is a warning; so is one whose record (it lives 24 h from its
    last change) ends within `expiry_warning_s`. A job that is in no list is lost when it stays so for `lost_after_s`:
    a job in hand is in no list either, for a minute at most.
    """

    kind: ClassVar[str] = "queue"
    pane: ClassVar[str] = DEVICES

    address: str = ""
    password: str = ""
    api: str = ""
    api_username: str = ""
    api_password: str = ""
    api_every_s: float = 60.0
    ca_file: str = ""
    deadline_s: float = 6.0
    contact: str = "devices"
    stuck_after_s: float = 600.0
    expiry_warning_s: float = 14400.0
    lost_after_s: float = 180.0
    failed_warning: int = 1
    id_budget: int = 5000
    record_budget: int = 500
    scan_budget: int = 20000
