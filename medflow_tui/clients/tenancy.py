"""Which clinic each document of MedFlow names, as counts, and the clinics that there are. No record is read out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from medflow_tui.clients.mongodb import Connection
from medflow_tui.model.targets.isolation import IsolationTarget

CLINICS = 1000
GROUPS = 2000
PATIENTS = "patients"
SAMPLES = {"invoices": "clinic", "users": "clinics", "devices": "clinic"}
SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Documents of one collection that name a clinic under which nobody finds them: `why` stray, deleted or homeless.

    `clinic` is the identifier that they name (empty: none).
    """

    collection: str
    why: str
    clinic: str
    count: int


def lost(server: Connection, target: IsolationTarget) -> tuple[Lost, ...]:
    """Counts by the clinic that is named, the largest first, at most SHOWN: enough to find them without reading one."""
    present, registry = server.collections(), registered(server)
    found: list[Lost] = []
    fields = {PATIENTS: "homeClinic", **SAMPLES}
    for collection, field in fields.items():
        if collection not in present:
            continue
        limit = target.patients_limit if collection == PATIENTS else target.sample_limit
        for clinic, count in groups_of(server, collection, field, limit).items():
            why = _why(clinic, registry)
            if why and (why != "homeless" or collection == PATIENTS):
                named = "" if why == "homeless" else _identifier(clinic)
                found.append(Lost(collection=collection, why=why, clinic=named, count=count))
    return tuple(sorted(found, key=lambda each: -each.count)[:SHOWN])


def _why(clinic: Any, registry: dict[Any, tuple[str, bool]]) -> str:
    if clinic is None or clinic == "":
        return "homeless"
    if clinic not in registry:
        return "stray"
    return "deleted" if registry[clinic][1] else ""


def _identifier(clinic: Any) -> str:
    """An ObjectId as text; what is none may be anything, even a name, and is not repeated."""
    return str(clinic) if type(clinic).__name__ == "ObjectId" else "?"


def registered(server: Connection) -> dict[Any, tuple[str, bool]]:
    """Code and "is deleted" of each clinic by its `_id`."""
    fields = {"$project": {"clinicId": 1, "isDeleted": 1}}
    return {
        each["_id"]: (str(each.get("clinicId", "?")), bool(each.get("isDeleted")))
        for each in server.rows("clinics", [fields, {"$limit": CLINICS}])
    }


def groups_of(server: Connection, collection: str, field: str, limit: int) -> dict[Any, int]:
    """Counts by the clinic that a document names (the first of a list), None for none, among the newest `limit`.

    Two groups never differ in type only: an identifier kept as text is not the identifier, and no clinic's.
    """
    named = {"$cond": [{"$isArray": f"${field}"}, {"$arrayElemAt": [f"${field}", 0]}, f"${field}"]}
    found = server.rows(
        collection,
        [
            {"$match": {"isDeleted": {"$ne": True}}},
            {"$sort": {"_id": -1}},
            {"$limit": limit},
            {"$project": {"clinic": {"$ifNull": [named, None]}}},
            {"$group": {"_id": "$clinic", "n": {"$sum": 1}}},
            {"$limit": GROUPS},
        ],
    )
    return {each["_id"]: int(each["n"]) for each in found if not isinstance(each["_id"], dict | list)} | {
        repr(each["_id"]): int(each["n"]) for each in found if isinstance(each["_id"], dict | list)
    }
