"""The lab's device queue as tests of acting want it: read directly, counted from outside, filled with more jobs."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import redis
from pymongo import MongoClient
from redis.backoff import NoBackoff
from redis.retry import Retry

from medflow_tui.lab.backend.jobs import PREFIX, PRIORITIES, new_job
from tests.servers.lab import HOST, RunningLab

FAULT = "worker-not-started"
PLAYBOOK = "device-sync-failure"
REASON = "device images missing since morning"
_COUNT = re.compile(r'^medflow_http_requests_total\{method="(\w+)",route="([^"]*)",.*\} (\d+)$', re.MULTILINE)


def valkey(lab: RunningLab) -> redis.Redis:
    return redis.Redis(
        HOST, lab.port("redis"), decode_responses=True, socket_timeout=2, retry=Retry(NoBackoff(), 0)
    )


def changes(lab: RunningLab) -> dict[str, int]:
    """How often each route was called with anything but GET since the backend was started, by its own count."""
    found: dict[str, int] = {}
    for method, route, count in _COUNT.findall(lab.ask("GET", "/metrics").text):
        if method != "GET":
            found[route] = found.get(route, 0) + int(count)
    return found


def measured(lab: RunningLab) -> dict[str, int]:
    """Waiting, failed, expired and devices, read from Redis and MongoDB themselves."""
    client = valkey(lab)
    failed = client.lrange(f"{PREFIX}failed", 0, -1)
    with MongoClient[dict[str, Any]](HOST, lab.port("mongodb"), directConnection=True) as documents:
        devices = documents["medflow"]["devices"].count_documents({})
    return {
        "waiting": sum(client.llen(f"{PREFIX}queue:{each}") for each in PRIORITIES),
        "failed": len(failed),
        "expired": sum(not client.exists(f"{PREFIX}job:{each}") for each in failed),
        "devices": devices,
    }


def failed_ids(lab: RunningLab) -> set[str]:
    return set(valkey(lab).lrange(f"{PREFIX}failed", 0, -1))


def add_jobs(lab: RunningLab, count: int) -> None:
    """More jobs that wait, so that a run takes its time (the lab's worker takes twelve a second)."""
    client = valkey(lab)
    device = json.loads(client.get(f"{PREFIX}job:{client.lindex(f'{PREFIX}queue:5', 0)}"))["data"]["deviceId"]
    now = datetime.now(UTC) - timedelta(minutes=5)
    for _ in range(count):
        job = new_job("folder_index", {"deviceId": device, "basePath": "/"}, {}, now)
        client.set(f"{PREFIX}job:{job['id']}", json.dumps(job), ex=86_400)
        client.lpush(f"{PREFIX}queue:5", job["id"])


def plant_patient(lab: RunningLab, name: str) -> None:
    """A failed job whose record names a patient in a path and in its error, as real ones do."""
    client = valkey(lab)
    job = new_job("file_process", {"filePath": f"/{name}/OD 12-03.jpg"}, {}, datetime.now(UTC))
    job |= {"status": "failed", "retriesLeft": 0, "failedAt": job["createdAt"]}
    job["error"] = f"ENOENT: no such file or directory, open '/mnt/{name}/OD 12-03.jpg'"
    client.set(f"{PREFIX}job:{job['id']}", json.dumps(job), ex=86_400)
    client.lpush(f"{PREFIX}failed", job["id"])


def runs_of(state: Path) -> list[Path]:
    """The folders of all runs, oldest first."""
    return sorted((state / "runs").glob("*/")) if (state / "runs").exists() else []


def journal_of(folder: Path) -> list[dict[str, Any]]:
    path = folder / "journal.jsonl"
    text = path.read_text() if path.exists() else ""
    return [json.loads(each) for each in text.splitlines() if each.endswith("}")]
