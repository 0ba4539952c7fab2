"""The examination devices that MedFlow knows, as a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medflow_tui.model.site import Hours, hours_given
from medflow_tui.model.target import DEVICES, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What the site file says of one device, by its `deviceId`; `every_s` 0 is what holds for all."""

    id: str
    every_s: float = 0.0
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicesTarget(Target):
    """Reached as a MongoDB target is. A device that is imported from is due every `expected_every_s` (0: not judged), of

    which only hours of work count: `opens`, `closes` and `days`, or those of the site (neither: day and night).
    `device` are the exceptions, and those that must be there. So many errors in a row are a warning.
    """

    kind: ClassVar[str] = "devices"
    pane: ClassVar[str] = DEVICES

    address: str = ""
    username: str = ""
    password: str = ""
    auth_source: str = "admin"
    database: str = "medflow"
    interval_s: float = 60.0
    deadline_s: float = 5.0
    contact: str = "devices"
    expected_every_s: float = 93600.0
    opens: str = ""
    closes: str = ""
    days: tuple[str, ...] = ()
    errors_warning: int = 1
    max_devices: int = 200
    device: tuple[Device, ...] = ()

    def __post_init__(self) -> None:
        hours_given(self.opens, self.closes, self.days)

    @property
    def hours(self) -> Hours | None:
        """Hours of work with the devices, or None: those of the site."""
        return hours_given(self.opens, self.closes, self.days)
