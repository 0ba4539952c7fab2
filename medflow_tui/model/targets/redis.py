"""Redis as a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medflow_tui.model.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisTarget(Target):
    """`address` is a redis:// URL without a password; `password` is a reference (`env:NAME`, `file:PATH`).

    `client_names` are the library names by which the backend's own connections are known in `client list`,
    `client_programs` the programs that hold them, for a Redis before 7.2, which knows no library names.
    """

    kind: ClassVar[str] = "redis"

    address: str = ""
    password: str = ""
    contact: str = "database"
    memory_warning_percent: float = 80.0
    memory_critical_percent: float = 95.0
    scan_budget: int = 2000
    prefixes: tuple[str, ...] = ("device_sync:", "cache:", "session:", "2fa:used:", "rl:", "lock:", "celery")
    client_names: tuple[str, ...] = ("node-redis", "ioredis")
    client_programs: tuple[str, ...] = ("node",)
