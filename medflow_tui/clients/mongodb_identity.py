"""Tells one MedFlow database from another with the same address."""

from __future__ import annotations

import hashlib

from medflow_tui.clients.expected import IDENTITY
from medflow_tui.clients.mongodb import Connection

CLINICS_AT_MOST = 1000


def identity_of(server: Connection) -> str:
    """By the document that was planted for it, else by the clinics that it registers, else by this start of the server.

    Only the first two outlive a restart. Empty when nothing tells.
    """
    present = server.collections()
    for collection in (IDENTITY, "clinics"):
        if collection in present:
            rows = server.rows(
                collection, [{"$sort": {"_id": 1}}, {"$limit": CLINICS_AT_MOST}, {"$project": {"_id": 1}}]
            )
            if rows:
                told = "\n".join(str(each["_id"]) for each in rows)
                return f"mongodb {hashlib.sha256(told.encode()).hexdigest()[:16]}"
    version = server.ask("hello").get("topologyVersion")
    return f"mongodb {version['processId']}" if isinstance(version, dict) and "processId" in version else ""
