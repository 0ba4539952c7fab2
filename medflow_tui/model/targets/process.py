"""A process of the site, known through its service manager, as a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medflow_tui.model.fitting import refuse_other
from medflow_tui.model.target import Target

MANAGERS = ("systemd", "pm2", "launchd", "windows", "pidfile")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessTarget(Target):
    """`manager` is one of MANAGERS; `unit` is the name by which it knows the process; `pid_file` is for pidfile.

    `pm2_home` is the PM2_HOME of the account that runs it (empty: this account's). `memory_limit_mb` (MiB, as PM2
    and systemd count) is used when the manager has no limit of its own; 0 is none.
    `restarts_warning` and `restarts_critical` are numbers in 24 h.
    """

    kind: ClassVar[str] = "process"

    interval_s: float = 60.0
    deadline_s: float = 8.0
    manager: str = "systemd"
    unit: str = ""
    pid_file: str = ""
    pm2_home: str = ""
    memory_limit_mb: float = 0.0
    memory_warning_percent: float = 80.0
    restarts_warning: int = 2
    restarts_critical: int = 10

    def __post_init__(self) -> None:
        refuse_other("manager", self.manager, MANAGERS)
