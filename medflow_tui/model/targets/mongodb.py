"""MongoDB as a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medflow_tui.model.fitting import refuse_other
from medflow_tui.model.target import Target

REPLICA_SET = ("auto", "yes", "no")


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index that should be there: `fields` in their order (direction does not matter).

    `expires_s` above 0 asks for an index that deletes documents after that many seconds.
    """

    collection: str
    fields: tuple[str, ...]
    expires_s: int = 0


AUDIT_KEPT_S = 189_345_600  # 6 years, models/AuditLog.js

COLLECTIONS = (
    "clinics",
    "patients",
    "invoices",
    "auditlogs",
    "devices",
    "deviceintegrationlogs",
    "syncqueues",
    "visits",
    "appointments",
    "users",
)

INDEXES = (
    Index(collection="invoices", fields=("clinic", "status")),
    Index(collection="invoices", fields=("status", "dueDate")),
    Index(collection="invoices", fields=("payments.date",)),
    Index(collection="patients", fields=("homeClinic", "createdAt")),
    Index(collection="devices", fields=("clinic", "integration.status")),
    Index(collection="syncqueues", fields=("clinicId", "status")),
    Index(collection="syncqueues", fields=("status", "nextAttempt", "priority")),
    Index(collection="auditlogs", fields=("createdAt",), expires_s=AUDIT_KEPT_S),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MongodbTarget(Target):
    """`address` is a mongodb:// URI without a password; `password` is a reference (`env:NAME`, `file:PATH`).

    `auth_source` is the database in which the user is known, unless the address says it. `collections` must exist,
    `never_empty` must have a document, `indexes` must be there. `expect_replica_set`: `auto` takes what is there unless
    the address names a replica set, `yes` wants one, `no` wants none. `slow_ms` counts operations of the profiler in the
    last `slow_window_s` seconds.
    """

    kind: ClassVar[str] = "mongodb"

    address: str = ""
    username: str = ""
    password: str = ""
    auth_source: str = "admin"
    contact: str = "database"
    database: str = "medflow"
    collections: tuple[str, ...] = COLLECTIONS
    never_empty: tuple[str, ...] = ("clinics", "patients", "users")
    indexes: tuple[Index, ...] = INDEXES
    connections_warning_percent: float = 80.0
    connections_critical_percent: float = 95.0
    slow_ms: int = 100
    slow_window_s: int = 3600
    slow_warning: int = 50
    expect_replica_set: str = "auto"
    lag_warning_s: float = 15.0
    lag_critical_s: float = 120.0

    def __post_init__(self) -> None:
        refuse_other("expect_replica_set", self.expect_replica_set, REPLICA_SET)
