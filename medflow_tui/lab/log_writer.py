"""Writes what MedFlow writes: two JSON loggers and PM2's file of standard output, in the real formats (field 4)."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from medflow_tui.lab.backend.jobs import iso
from medflow_tui.lab.people import PLANTED_NAME, PLANTED_SECRET, TIMEZONE

ZONE = ZoneInfo(TIMEZONE)
CALM_S = 2.0
FLOOD_S, FLOOD_LINES = 0.1, 300
ROTATE_BYTES, KEPT = 10_000_000, 3
RED, GREEN, END = "\x1b[31M", "\x1b[32M", "\x1b[39M"  # a capital M: the level is upper-cased after colouring

PATHS = (
    "/api/patients?page=1",
    "/api/appointments/today",
    "/api/visits",
    "/api/queue",
    "/health/ready",
    "/api/invoices",
)
SERVICE_LINES = (
    ("BackupScheduler", "  - Daily backups: 2:00 AM every day"),
    ("DeviceSyncQueue", "Job completed: folder_index"),
    ("AutoSync", "Synced 5 devices, 2 jobs queued"),
    ("DataSync", "Pushed 3 changes to central server"),
    ("Auth", "Session refreshed"),
)
CONSOLE_LINES = (
    "✅ Redis client ready",
    "Appointment reminders checked: 0 sent",
    "🚀 Server running on port 5001",
    "Facture créée et enregistrée",
)


class LogWriter:
    """The three files of a site: `combined` (winston, rotated), `service` (structured, never rotated), `console` (PM2).

    `flooding` makes it write thousands of lines a second, as change streams on a standalone MongoDB do.
    """

    def __init__(self, folder: Path) -> None:
        self.combined, self.service, self.console = (
            combined_log(folder),
            service_log(folder),
            console_log(folder),
        )
        self.flooding = False
        for path in (self.combined, self.service, self.console):
            path.parent.mkdir(parents=True, exist_ok=True)

    def begin(self, now: datetime, lines: int = 60) -> None:
        """A history to open with: one line each two seconds until now."""
        turns = self._turns()
        for step in range(lines, 0, -1):
            self._write(*next(turns), now - timedelta(seconds=CALM_S * step))

    async def run(self) -> None:
        """Write until cancelled."""
        turns = self._turns()
        while True:
            if self.flooding:
                self._flood(datetime.now(UTC))
                await asyncio.sleep(FLOOD_S)
            else:
                self._write(*next(turns), datetime.now(UTC))
                await asyncio.sleep(CALM_S)

    def end_flood(self, now: datetime) -> None:
        """Calm lines in a new file; the flooded one is rotated away, so that nobody reads the flood as news."""
        self.flooding = False
        self._rotate(0)
        self._write("combined", PATHS[0], now)

    def plant_patient(self, now: datetime) -> None:
        """A patient's name, in several of the ways in which they get into these files, and a password."""
        last, first = PLANTED_NAME
        name = f"{last}_{first}_P99001_19710504_F_Fundus_20260118_101501_OD.jpg"
        append(
            self.service,
            service_line("FolderSync", "info", f"New file detected: /Volumes/ZEISS RETINO/{name}", now),
        )
        append(
            self.service, service_line("FolderSync", "info", f"ZEISS: {last}_{first}_P99001_19710504", now)
        )
        append(self.combined, access_line(f"/api/patients/search?q={last}%20{first}", 200, now))
        command = f"mongodump --uri mongodb://medflow:{PLANTED_SECRET}@127.0.0.1:27017/medflow --out /tmp/x"
        append(
            self.service, service_line("Backup", "error", "❌ Backup failed:", now, error={"cmd": command})
        )
        exploded = {str(place): letter for place, letter in enumerate(f"cannot read {name}")}
        append(self.service, service_line("OCR", "error", "❌ Import failed:", now, **exploded))
        append(
            self.console,
            console_line(f"login of {first.lower()}.{last.lower()}@example.invalid", "ERROR", now),
        )

    def _turns(self) -> Iterator[tuple[str, str]]:
        sources = zip(
            itertools.cycle(PATHS),
            itertools.cycle(SERVICE_LINES),
            itertools.cycle(CONSOLE_LINES),
            strict=False,
        )
        for path, (context, message), console in sources:
            yield "combined", path
            yield "service", f"{context}\n{message}"
            yield "combined", path
            yield "console", console

    def _write(self, source: str, text: str, at: datetime) -> None:
        match source:
            case "combined":
                self._rotate()
                append(self.combined, access_line(text, 200, at))
            case "service":
                context, message = text.split("\n", 1)
                append(self.service, service_line(context, "info", message, at))
            case _:
                append(self.console, console_line(text, "INFO", at))

    def _flood(self, now: datetime) -> None:
        self._rotate()
        line = json.dumps(
            {
                "level": "error",
                "message": "[SYNC] Change stream error: The $changeStream stage is only supported on replica sets",
                "service": "medflow-backend",
                "timestamp": local(now),
            }
        )
        append(self.combined, "\n".join([line] * FLOOD_LINES))

    def _rotate(self, largest: int = ROTATE_BYTES) -> None:
        """By rename, so that the inode changes: combined.log, combined1.log, combined2.log …"""
        if not self.combined.exists() or self.combined.stat().st_size < largest:
            return
        for number in range(KEPT, 0, -1):
            older = self.combined.with_name(f"combined{number}.log")
            newer = self.combined.with_name(f"combined{number - 1}.log") if number > 1 else self.combined
            if newer.exists():
                newer.replace(older)


def combined_log(folder: Path) -> Path:
    """The file of `config/logger.js`."""
    return folder / "backend" / "logs" / "combined.log"


def service_log(folder: Path) -> Path:
    """The file of `utils/structuredLogger.js`."""
    return folder / "logs" / "combined.log"


def console_log(folder: Path) -> Path:
    """Where PM2 puts standard output."""
    return folder / "backend" / "logs" / "backend-out.log"


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text + "\n")


def local(at: datetime) -> str:
    """The time of winston: that of the site, without its zone."""
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"


def access_line(path: str, status: int, at: datetime) -> str:
    """An access line of backend/logs/combined.log: morgan inside JSON with sorted keys; info also for 5xx."""
    when = f"{at.astimezone(UTC):%d/%b/%Y:%H:%M:%S +0000}"
    message = f'::ffff:127.0.0.1 - - [{when}] "GET {path} HTTP/1.1" {status} 608 "-" "Mozilla/5.0"'
    fields = {"level": "info", "message": message, "service": "medflow-backend", "timestamp": local(at)}
    return json.dumps(fields, ensure_ascii=False, sort_keys=True)


def service_line(context: str, level: str, message: str, at: datetime, **more: Any) -> str:
    """A line of the structured logger, its time in UTC."""
    fields = {
        "context": context,
        "level": level,
        "message": message,
        "service": "medflow-api",
        "timestamp": iso(at),
    }
    return json.dumps(fields | more, ensure_ascii=False, sort_keys=True)


def console_line(text: str, level: str, at: datetime) -> str:
    """A line of standard output with PM2's prefix and the malformed colours of the console."""
    colour = RED if level == "ERROR" else GREEN
    prefix = f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S} {at.astimezone(ZONE):%z}"
    prefix = f"{prefix[:-2]}:{prefix[-2:]}"
    fields = '{"service":"medflow-api"}'
    return f"{prefix}: {local(at)} {colour}{level}{END} [Console] {colour}{text}{END} {fields}"
