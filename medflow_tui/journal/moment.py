"""When a line was written: wall clock, a clock that never goes back, and which boot of the machine."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Names this boot of the machine; where the system has no such name, its start in whole minutes."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        import psutil

        return f"started-{int(psutil.boot_time()) // 60}"


def stamp(now: datetime | None = None) -> dict[str, Any]:
    """`ts` (UTC, milliseconds), `mono_ns` and `boot`: order is by sequence, because clocks in clinics are wrong."""
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    return {
        "ts": moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z",
        "mono_ns": time.monotonic_ns(),
        "boot": boot_id(),
    }


def moment_of(record: dict[str, Any]) -> datetime:
    """The wall clock time of a line."""
    return datetime.fromisoformat(str(record["ts"]).replace("Z", "+00:00"))
