"""The machine itself as a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medflow_tui.model.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class HostTarget(Target):
    """`figures` is the path of a JSON file from which the figures are read instead of this machine (an agent's).

    `mounts` are the disks to watch (empty: all local ones). `time_source` is the name of an http target whose Date
    header the clock is held against (empty: what the machine's own time service says). `power_expected` says that there is a
    battery or UPS here whose state must be readable.
    """

    kind: ClassVar[str] = "host"

    interval_s: float = 60.0
    deadline_s: float = 5.0
    figures: str = ""
    figures_max_age_s: float = 300.0
    mounts: tuple[str, ...] = ()
    time_source: str = ""
    power_expected: bool = False
    cpu_percent: float = 80.0
    cpu_for_s: float = 900.0
    memory_warning_percent: float = 90.0
    memory_critical_percent: float = 97.0
    swap_warning_percent: float = 80.0
    disk_free_warning_percent: float = 10.0
    disk_free_critical_percent: float = 5.0
    clock_warning_s: float = 5.0
    clock_critical_s: float = 60.0
    battery_critical_percent: float = 20.0
