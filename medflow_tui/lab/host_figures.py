"""The figures of the invented host: always in order, whatever the machine under the lab does."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

EVERY_S = 5.0
GIB = 1 << 30


def figures(now: datetime) -> dict[str, Any]:
    """Bytes and percent of a small server with mains power."""
    return {
        "at": now.isoformat(),
        "cpu_percent": 12.0,
        "memory_total": 8 * GIB,
        "memory_used": 3 * GIB,
        "swap_total": 2 * GIB,
        "swap_used": 0,
        "disks": [
            {"mount": "/", "total": 100 * GIB, "free": 62 * GIB},
            {"mount": "/var/backups", "total": 500 * GIB, "free": 410 * GIB},
        ],
        "clock_offset_s": 0.02,
        "power": {"source": "mains", "percent": None},
    }


def write(path: Path, now: datetime) -> None:
    """Whole or not at all."""
    half = path.with_suffix(".part")
    half.write_text(json.dumps(figures(now)), encoding="utf-8")
    half.replace(path)


async def keep_fresh(path: Path) -> None:
    """Write them again and again, until cancelled."""
    while True:
        write(path, datetime.now(UTC))
        await asyncio.sleep(EVERY_S)
