"""Separation of the clinics' data as a target: does every patient belong to a clinic that exists?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medflow_tui.model.target import SERVICES, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolationTarget(Target):
    """Reached as a MongoDB target is. The newest `patients_limit` patients and `sample_limit` of each other collection

    are looked at. Thresholds are numbers of patients: `stray` ones name a clinic that does not exist, `homeless` ones
    name none.
    """

    kind: ClassVar[str] = "isolation"
    pane: ClassVar[str] = SERVICES

    address: str = ""
    username: str = ""
    password: str = ""
    auth_source: str = "admin"
    contact: str = "security"
    interval_s: float = 900.0
    deadline_s: float = 15.0
    database: str = "medflow"
    patients_limit: int = 200_000
    sample_limit: int = 5_000
    stray_warning: int = 1
    stray_critical: int = 50
    homeless_warning: int = 1
