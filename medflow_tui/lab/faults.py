"""Faults on demand: each one breaks the running lab in one way, and mends it again."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from medflow_tui.lab import backup_folder, redis
from medflow_tui.lab.backend.jobs import LIFE_S, PREFIX, new_job
from medflow_tui.lab.layout import write_json
from medflow_tui.lab.people import FAR_CLINIC, NEAR_CLINIC, TIMEZONE
from medflow_tui.lab.site_file import ALL_DAY
from medflow_tui.lab.world import Lab
from medflow_tui.model.words import Phrase, say

Change = Callable[[Lab], Awaitable[None]]
ZONE = ZoneInfo(TIMEZONE)
WAITING, FAILED = 12, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`description` says what happens and what must be seen."""

    name: str
    break_: Change
    mend: Change
    description: Phrase


async def stop_redis(lab: Lab) -> None:
    await lab.servers["redis"].stop()
    lab.write_lab_file()


async def end_backend(lab: Lab) -> None:
    await lab.servers["backend"].stop()
    lab.write_lab_file()


async def bring_backend_back(lab: Lab) -> None:
    """Also when a playbook has started it since: that one has no worker."""
    await lab.restart_backend(start_worker="worker-not-started" not in lab.broken)


async def bring_redis_back(lab: Lab) -> None:
    """The backend has given up by then, or soon will: only a new one connects again."""
    await lab.start_again("redis")
    await lab.restart_backend(start_worker="worker-not-started" not in lab.broken)


async def interrupt_redis(lab: Lab) -> None:
    """Long enough for the backend to give up, which it does for good."""
    before = lab.times_given_up()
    await lab.servers["redis"].stop()
    await lab.backend_gave_up(before)
    await lab.start_again("redis")


async def freeze_mongodb(lab: Lab) -> None:
    lab.servers["mongodb"].freeze()


async def thaw_mongodb(lab: Lab) -> None:
    lab.servers["mongodb"].thaw()


async def leave_worker_out(lab: Lab) -> None:
    """A backend as after any restart: jobs wait, and of three failed ones the record of one has expired."""
    await lab.restart_backend(start_worker=False)
    now = datetime.now(UTC)
    devices = list(lab.layout.devices.values())
    orders: list[tuple[str | int, ...]] = []
    for number in range(WAITING):
        at = now - timedelta(minutes=40 - 3 * number)
        job = new_job("folder_index", {"deviceId": devices[number % len(devices)], "basePath": "/"}, {}, at)
        orders += [_record(job), ("LPUSH", f"{PREFIX}queue:{job['priority']}", job["id"])]
    for number in range(FAILED):
        job = new_job("file_process", {"deviceId": devices[number]}, {}, now - timedelta(hours=2))
        error = "Device not accessible: connect ETIMEDOUT"
        job |= {"status": "failed", "retriesLeft": 0, "failedAt": job["createdAt"], "error": error}
        orders += [_record(job), ("LPUSH", f"{PREFIX}failed", job["id"])]
    expired = new_job("file_process", {}, {}, now - timedelta(hours=30))
    orders.append(("LPUSH", f"{PREFIX}failed", expired["id"]))
    await redis.command(lab.layout.ports["redis"], *orders)


async def start_worker(lab: Lab) -> None:
    await redis.command(lab.layout.ports["redis"], ("DEL", f"{PREFIX}failed"))
    await lab.restart_backend(start_worker=True)


async def freeze_share(lab: Lab) -> None:
    lab.servers["own_share"].freeze()


async def thaw_share(lab: Lab) -> None:
    lab.servers["own_share"].thaw()


async def close_clinic(lab: Lab) -> None:
    """Its hours ended three hours ago and begin in three; it was last seen shortly before it closed."""
    now = datetime.now(UTC)
    closed, opens = (now - timedelta(hours=3)).astimezone(ZONE), (now + timedelta(hours=3)).astimezone(ZONE)
    hours = ALL_DAY | {"opens": f"{opens:%H}:00", "closes": f"{closed:%H}:00"}
    write_json(lab.layout.hours, {FAR_CLINIC: hours})
    await _lose(lab, FAR_CLINIC, closed.replace(minute=0) - timedelta(minutes=5))


async def reopen_clinic(lab: Lab) -> None:
    write_json(lab.layout.hours, {})
    await _find(lab, FAR_CLINIC)


async def cut_clinic_off(lab: Lab) -> None:
    await _lose(lab, NEAR_CLINIC, datetime.now(UTC) - timedelta(hours=2))


async def connect_clinic(lab: Lab) -> None:
    await _find(lab, NEAR_CLINIC)


async def delay_backup(lab: Lab) -> None:
    backup_folder.make_late(lab.layout.backups, datetime.now(UTC))


async def truncate_backup(lab: Lab) -> None:
    backup_folder.truncate_newest(lab.layout.backups)


async def mend_backups(lab: Lab) -> None:
    backup_folder.mend(lab.layout.backups, datetime.now(UTC))


async def limit_rate(lab: Lab) -> None:
    lab.switches["rate_limited"] = True
    lab.write_switches()


async def unlimit_rate(lab: Lab) -> None:
    lab.switches.pop("rate_limited", None)
    lab.write_switches()


async def open_floodgate(lab: Lab) -> None:
    lab.writer.flooding = True


async def close_floodgate(lab: Lab) -> None:
    lab.writer.end_flood(datetime.now(UTC))


async def plant_patient(lab: Lab) -> None:
    lab.writer.plant_patient(datetime.now(UTC))


async def leave_it(lab: Lab) -> None:
    """What was written stays written; it must not have been shown or stored."""


def _record(job: dict[str, object]) -> tuple[str | int, ...]:
    return ("SET", f"{PREFIX}job:{job['id']}", json.dumps(job), "EX", LIFE_S)


async def _lose(lab: Lab, clinic: str, seen: datetime) -> None:
    lab.switches.setdefault("clinics_seen", {})[clinic] = seen.astimezone(UTC).isoformat()
    lab.write_switches()
    await lab.lines[clinic].cut()


async def _find(lab: Lab, clinic: str) -> None:
    lab.switches.get("clinics_seen", {}).pop(clinic, None)
    lab.write_switches()
    await lab.lines[clinic].open()


FAULTS = {
    each.name: each
    for each in (
        Fault(
            name="redis-down",
            break_=stop_redis,
            mend=bring_redis_back,
            description=say("Redis stops: redis critical, backend goes on without it, queue cannot be read"),
        ),
        Fault(
            name="redis-not-reconnected",
            break_=interrupt_redis,
            mend=bring_redis_back,
            description=say(
                "Redis is back, the backend gave it up: redis ok, backend warning until restarted"
            ),
        ),
        Fault(
            name="backend-down",
            break_=end_backend,
            mend=bring_backend_back,
            description=say("the backend has ended: backend critical until its playbook starts it again"),
        ),
        Fault(
            name="mongodb-frozen",
            break_=freeze_mongodb,
            mend=thaw_mongodb,
            description=say(
                "MongoDB accepts and answers nothing: mongodb and backend critical, all else in time"
            ),
        ),
        Fault(
            name="worker-not-started",
            break_=leave_worker_out,
            mend=start_worker,
            description=say("nobody works on the device queue: queue critical, jobs wait"),
        ),
        Fault(
            name="share-dead",
            break_=freeze_share,
            mend=thaw_share,
            description=say(
                "the share of a camera is dead while its host answers: device critical, nothing else late"
            ),
        ),
        Fault(
            name="clinic-closed",
            break_=close_clinic,
            mend=reopen_clinic,
            description=say("a clinic is closed and out of reach: expected, opens in a few hours"),
        ),
        Fault(
            name="clinic-offline",
            break_=cut_clinic_off,
            mend=connect_clinic,
            description=say("an open clinic is out of reach: warning, then critical"),
        ),
        Fault(
            name="backup-late",
            break_=delay_backup,
            mend=mend_backups,
            description=say("the last backup was not made: warning, late and not failed"),
        ),
        Fault(
            name="backup-truncated",
            break_=truncate_backup,
            mend=mend_backups,
            description=say("the newest backup is cut short: critical, shorter than its checksum says"),
        ),
        Fault(
            name="rate-limited",
            break_=limit_rate,
            mend=unlimit_rate,
            description=say(
                "the backend answers 429 to every call: unknown, and no call before the time it names"
            ),
        ),
        Fault(
            name="log-flood",
            break_=open_floodgate,
            mend=close_floodgate,
            description=say("thousands of log lines a second: the screen lives, what is left out is counted"),
        ),
        Fault(
            name="log-patient",
            break_=plant_patient,
            mend=leave_it,
            description=say("a patient's name and a password in the log: neither is shown or stored"),
        ),
    )
}
