"""Looks at the separation of the clinics' data: counts by home clinic, joined with the registry of clinics.

The runbook groups patients by `clinic`, which does not exist, so that everything falls under "none" and passes. Patients
carry `homeClinic`, the `_id` of a clinic; invoices and devices carry `clinic`, users a list `clinics`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from medflow_tui.clients.mongodb import Connection, connected
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.one_reading import one_reading
from medflow_tui.clients.tenancy import GROUPS, SAMPLES, groups_of, registered
from medflow_tui.clients.tools import Tools
from medflow_tui.model.health import Probe, Reading
from medflow_tui.model.targets.isolation import IsolationTarget
from medflow_tui.model.words import say

HOW = say("counts by clinic in patients, invoices, users and devices, no record is read out")

Counts = Mapping[str, Any]


class IsolationProbe:
    """Values, counts only: absent (tuple of missing collections), clinics (number in the registry),

    clinic_of (mapping of the clinic's code, `clinicId`, to its number of patients), and for `patients` and each of
    SAMPLES that could be looked at a mapping {seen, complete, homeless (no clinic), stray (a clinic that does not
    exist), deleted (a clinic marked deleted), told (False: no document has the field)}; None when the collection is missing.
    """

    def __init__(self, target: IsolationTarget, tools: Tools) -> None:
        self._target, self._tools = target, tools

    def read(self, deadline_s: float) -> tuple[Reading, ...]:
        return (one_reading(self._target, self._tools, HOW, self._look, deadline_s),)

    def _look(self, deadline: Deadline) -> tuple[dict[str, Any], float]:
        with connected(self._target, self._tools, deadline) as server:
            latency = server.ping()
            return _counted(server, self._target), latency


def _counted(server: Connection, target: IsolationTarget) -> dict[str, Any]:
    present = server.collections()
    absent = tuple(each for each in ("clinics", "patients") if each not in present)
    values: dict[str, Any] = {"absent": absent, "clinics": 0, "patients": None, "clinic_of": {}}
    values |= dict.fromkeys(SAMPLES)
    if absent:
        return values
    registry = registered(server)
    values["clinics"] = len(registry)
    groups = groups_of(server, "patients", "homeClinic", target.patients_limit)
    values["patients"] = _sorted_out(groups, registry, target.patients_limit)
    values["clinic_of"] = MappingProxyType(
        {registry[each][0]: count for each, count in groups.items() if each in registry}
    )
    for collection, field in SAMPLES.items():
        if collection in present:
            found = groups_of(server, collection, field, target.sample_limit)
            values[collection] = _sorted_out(found, registry, target.sample_limit)
    return values


def _sorted_out(groups: Mapping[Any, int], registry: Mapping[Any, tuple[str, bool]], limit: int) -> Counts:
    seen = sum(groups.values())
    homeless = sum(count for each, count in groups.items() if each is None or each == "")
    known = {each: count for each, count in groups.items() if each in registry}
    return MappingProxyType(
        {
            "seen": seen,
            "complete": seen < limit and len(groups) < GROUPS,
            "homeless": homeless,
            "stray": seen - homeless - sum(known.values()),
            "deleted": sum(count for each, count in known.items() if registry[each][1]),
            "told": homeless < seen,
        }
    )


def build(target: IsolationTarget, tools: Tools) -> Probe:
    """The probe of one isolation target."""
    return IsolationProbe(target, tools)
