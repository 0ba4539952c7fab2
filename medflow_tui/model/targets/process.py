"""A process of the site, known through its service manager, as a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medflow_tui.model.fitting import refuse_other
from medflow_tui.model.target import Target

MANAGERS = ("systemd", "pm2", "runit", "compose", "launchd", "windows", "pidfile")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessTarget(Target):
    """`manager` is one of MANAGERS; `unit` is the name by which it knows the process; `pid_file` is for pidfile.

    `unit` is for runit the name or the folder of the service, for compose that of the service in the project
    `compose_project` of the engine at `docker_socket` (empty: the usual one).
    `pm2_home` is the PM2_HOME of the account that runs it (empty: this account's). `memory_limit_mb` (MiB, as PM2
    and systemd count) is used when the manager has no limit of its own; 0 is none.
    `restarts_warning` and `restarts_critical` are numbers in 24 h.
    For acting: `runs_on` names another machine (empty: this one), `sudo` gives orders by way of `sudo -n`; a pid file
    needs `start` (the program and its arguments), may have `start_in` (a folder) and `output` (a file for what it
    prints), and `writes_pid_file` when the program does that itself. `environment_file` is the file from which a backend
    takes its secrets (`.env`): needed to make everybody log in again.
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
    compose_project: str = ""
    docker_socket: str = ""
    runs_on: str = ""
    sudo: bool = False
    start: tuple[str, ...] = ()
    start_in: str = ""
    output: str = ""
    writes_pid_file: bool = False
    environment_file: str = ""

    def __post_init__(self) -> None:
        refuse_other("manager", self.manager, MANAGERS)
