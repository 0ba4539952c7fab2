"""Marks a database as that of a site, once: what another site has marked is never written over."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import redis

from medflow_tui.clients.expected import IDENTITY, IDENTITY_KEY
from medflow_tui.clients.mongodb import Reached, client_of
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.tools import Tools


def record_of(site: str, environment: str, random: str, now: datetime) -> dict[str, str]:
    """What is planted."""
    created = now.isoformat(timespec="seconds")
    return {"site": site, "env": environment, "created": created, "random": random}


def plant_in_redis(client: redis.Redis, record: dict[str, str]) -> None:
    """Only where there is none."""
    client.set(IDENTITY_KEY, json.dumps(record, sort_keys=True), nx=True)


def plant_in_mongodb(target: Reached, tools: Tools, deadline: Deadline, record: dict[str, str]) -> None:
    """Only where there is none: two of them would be no identity, so that nobody could act. Raises UnreachableError."""
    with client_of(target, tools, deadline) as (client, _):
        place: Any = client[target.database][IDENTITY]
        if place.find_one({}) is None:
            place.insert_one({"_id": record["random"], **record})
