"""An SMB share of an examination device as a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medflow_tui.model.site import Hours, hours_given
from medflow_tui.model.target import DEVICES, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareTarget(Target):
    """`address` is `smb://host:port/Share Name/folder` (port 445 without one, folder optional).

    `password` is a reference (`env:NAME`, `file:PATH`); without a username, or with `guest`, the guest is let in as
    the devices do it by default. `mount` is the folder under which the backend's host has mounted the share; with
    no `address` it is a local folder that a device writes to. The newest file is due every `expected_every_s`
    (0: its age is not judged), of which only hours of work count: `opens`, `closes` and `days`, or those of the site;
    where neither says any, day and night. A listing looks at `max_entries` names and `max_depth` folders deep at most.
    `window` connections are kept for loss and round trip; more than `loss_warning_percent` lost is a warning.
    """

    kind: ClassVar[str] = "share"
    pane: ClassVar[str] = DEVICES

    address: str = ""
    username: str = ""
    password: str = ""
    domain: str = ""
    mount: str = ""
    interval_s: float = 60.0
    deadline_s: float = 5.0
    contact: str = "devices"
    expected_every_s: float = 93600.0
    opens: str = ""
    closes: str = ""
    days: tuple[str, ...] = ()
    max_entries: int = 5000
    max_depth: int = 4
    window: int = 20
    loss_warning_percent: float = 10.0

    def __post_init__(self) -> None:
        hours_given(self.opens, self.closes, self.days)

    @property
    def hours(self) -> Hours | None:
        """Its own hours of work, or None: those of the site."""
        return hours_given(self.opens, self.closes, self.days)
